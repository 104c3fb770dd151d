//! The answer of the messages protocol, whole or as a stream of events.

use crate::provider::answer::{Answer, Reader, Text, json};
use crate::provider::failure::Failed;
use crate::provider::{Finish, Usage};
use flow_plan::Tokens;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads the protocol.
#[derive(Debug, Default)]
pub(super) struct Messages {
    used: Used,
}

impl Reader for Messages {
    fn event(&mut self, _: &str, data: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let event: Event<'_> = json(answer.spec, data)?;
        match event.r#type {
            "message_start" => {
                if let Some(message) = event.message {
                    answer.id = message.id;
                    self.used.add(message.usage);
                }
            }
            "content_block_start" => {
                if let Some(Start { name: Some(name), .. }) = event.content_block {
                    answer.tool(event.index, &name);
                }
            }
            "content_block_delta" => {
                let delta = event.delta.unwrap_or_default();
                match (delta.text, delta.partial_json) {
                    (_, Some(piece)) => answer.tool_piece(event.index, &piece.0),
                    (Some(piece), None) => answer.words(&piece.0),
                    (None, None) => {}
                }
            }
            "message_delta" => {
                self.used.add(event.usage);
                if let Some(reason) = event.delta.and_then(|d| d.stop_reason) {
                    answer.finish = Some(finish(&reason.0));
                }
            }
            "message_stop" => answer.done = true,
            "error" => return Err(failed(answer, event.error)),
            // Pings, the edges of blocks, and what comes to be added.
            _ => {}
        }
        answer.usage = self.used.usage();
        Ok(())
    }

    fn whole(&mut self, body: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let whole: Whole<'_> = json(answer.spec, body)?;
        if whole.error.is_some() {
            return Err(failed(answer, whole.error));
        }
        for (at, block) in whole.content.into_iter().enumerate() {
            match (block.text, block.input) {
                (_, Some(input)) => {
                    block.name.iter().for_each(|name| answer.tool(at as u64, &name.0));
                    answer.tool_piece(at as u64, input.get());
                }
                (Some(Text(text)), None) => answer.words(&text),
                (None, None) => {}
            }
        }
        answer.id = whole.id;
        self.used.add(whole.usage);
        answer.usage = self.used.usage();
        answer.finish = Some(whole.stop_reason.map_or(Finish::Done, |reason| finish(&reason.0)));
        Ok(())
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Cut,
        "refusal" => Finish::Refused,
        _ => Finish::Done,
    }
}

fn failed(answer: &Answer<'_, '_>, error: Option<Reported<'_>>) -> Failed {
    let error = error.unwrap_or_default();
    let text = |part: Option<Text<'_>>| part.map(|t| t.0.into_owned()).unwrap_or_default();
    answer.fail(&text(error.r#type), &text(error.message))
}

#[derive(Deserialize)]
struct Event<'a> {
    r#type: &'a str,
    #[serde(default)]
    message: Option<Start>,
    #[serde(default)]
    index: u64,
    #[serde(default)]
    content_block: Option<Start>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(default)]
    usage: Option<Used>,
    #[serde(borrow, default)]
    error: Option<Reported<'a>>,
}

#[derive(Deserialize)]
struct Start {
    #[serde(default)]
    id: Option<String>,
    /// Of the block of a tool: which it is.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    usage: Option<Used>,
}

#[derive(Deserialize, Default)]
struct Delta<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow, default)]
    content: Vec<Block<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
    #[serde(default)]
    usage: Option<Used>,
    #[serde(borrow, default)]
    error: Option<Reported<'a>>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Reported<'a> {
    #[serde(borrow, default)]
    r#type: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
}

#[derive(Deserialize, Debug, Default)]
struct Used {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
}

impl Used {
    // Later counts are totals so far, and those that are missing stand as they were.
    fn add(&mut self, later: Option<Used>) {
        let Some(later) = later else { return };
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens =
            later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
    }

    // What was read from the cache or written to it is not among the input here.
    fn usage(&self) -> Usage {
        let read = self.cache_read_input_tokens.unwrap_or(0);
        let write = self.cache_creation_input_tokens.unwrap_or(0);
        Usage {
            input: Tokens(self.input_tokens.unwrap_or(0).saturating_add(read).saturating_add(write)),
            cached_input: Tokens(read),
            cache_write: Tokens(write),
            output: Tokens(self.output_tokens.unwrap_or(0)),
        }
    }
}
