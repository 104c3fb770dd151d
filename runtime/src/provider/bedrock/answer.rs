//! The answer of the Converse protocol, whole or as a stream of events.

use crate::provider::answer::{Answer, Reader, Text, json};
use crate::provider::failure::Failed;
use crate::provider::{Finish, Usage};
use flow_plan::Tokens;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads the protocol.
#[derive(Debug)]
pub(super) struct Converse;

impl Reader for Converse {
    fn event(&mut self, kind: &str, data: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let event: Event<'_> = json(answer.spec, data)?;
        match kind {
            "contentBlockStart" => {
                if let Some(tool) = event.start.and_then(|start| start.tool_use) {
                    answer.tool(event.content_block_index, &tool.name);
                }
            }
            "contentBlockDelta" => {
                let Some(delta) = event.delta else { return Ok(()) };
                if let Some(text) = delta.text {
                    answer.words(&text.0);
                }
                if let Some(tool) = delta.tool_use {
                    answer.tool_piece(event.content_block_index, &tool.input.0);
                }
            }
            "messageStop" => answer.finish = Some(finish(event.stop_reason, answer)?),
            "metadata" => {
                answer.usage = event.usage.unwrap_or_default().usage();
                answer.done = answer.finish.is_some();
            }
            // The edges of blocks, and what comes to be added.
            _ => {}
        }
        Ok(())
    }

    fn whole(&mut self, body: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let whole: Whole<'_> = json(answer.spec, body)?;
        let blocks = whole.output.and_then(|o| o.message).map(|m| m.content).unwrap_or_default();
        for (at, block) in blocks.into_iter().enumerate() {
            if let Some(text) = block.text {
                answer.words(&text.0);
            }
            if let Some(tool) = block.tool_use {
                tool.name.iter().for_each(|name| answer.tool(at as u64, &name.0));
                answer.tool_piece(at as u64, tool.input.get());
            }
        }
        answer.usage = whole.usage.unwrap_or_default().usage();
        if whole.stop_reason.is_some() {
            answer.finish = Some(finish(whole.stop_reason, answer)?);
        }
        Ok(())
    }
}

fn finish(reason: Option<String>, answer: &Answer<'_, '_>) -> Result<Finish, Failed> {
    Ok(match reason.as_deref() {
        Some("max_tokens" | "model_context_window_exceeded") => Finish::Cut,
        Some("guardrail_intervened" | "content_filtered") => Finish::Refused,
        Some(reason @ ("malformed_model_output" | "malformed_tool_use")) => {
            return Err(answer.fail("server_error", &format!("the answer ended with {reason}")));
        }
        _ => Finish::Done,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(default)]
    content_block_index: u64,
    #[serde(default)]
    start: Option<Start>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Option<Used>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    #[serde(default)]
    tool_use: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_use: Option<Input<'a>>,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    input: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    #[serde(borrow, default)]
    output: Option<Output<'a>>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Option<Used>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Vec<Block<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_use: Option<Tool<'a>>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    input: &'a RawValue,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Used {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    cache_read_input_tokens: u64,
    #[serde(default)]
    cache_write_input_tokens: u64,
}

impl Used {
    // What was read from the cache or written to it is not among the input here.
    fn usage(&self) -> Usage {
        let (read, write) = (self.cache_read_input_tokens, self.cache_write_input_tokens);
        Usage {
            input: Tokens(self.input_tokens.saturating_add(read).saturating_add(write)),
            cached_input: Tokens(read),
            cache_write: Tokens(write),
            output: Tokens(self.output_tokens),
        }
    }
}
