//! The answer of Cohere's chat protocol, whole or as a stream of events.

use crate::provider::answer::{Answer, Reader, Text, json};
use crate::provider::failure::Failed;
use crate::provider::{Finish, Usage};
use flow_plan::Tokens;
use serde::Deserialize;

/// Reads the protocol.
#[derive(Debug)]
pub(super) struct Events;

impl Reader for Events {
    fn event(&mut self, _: &str, data: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        if data == b"[DONE]" {
            answer.done = true;
            return Ok(());
        }
        let event: Event<'_> = json(answer.spec, data)?;
        match event.r#type {
            "message-start" => answer.id = event.id,
            "content-delta" => {
                let message = event.delta.and_then(|d| d.message);
                if let Some(text) = message.and_then(|m| m.content).and_then(|c| c.text) {
                    answer.words(&text.0);
                }
            }
            "tool-call-start" | "tool-call-delta" => {
                let message = event.delta.and_then(|d| d.message);
                if let Some(call) = message.and_then(|m| m.tool_calls) {
                    called(event.index, call, answer);
                }
            }
            "message-end" => {
                if let Some(delta) = event.delta {
                    let End { finish_reason, usage, error } = delta.end;
                    end(finish_reason, usage, error, answer)?;
                }
                answer.done = true;
            }
            // The edges of parts, citations, and what comes to be added.
            _ => {}
        }
        Ok(())
    }

    fn whole(&mut self, body: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let whole: Whole<'_> = json(answer.spec, body)?;
        let message = whole.message.unwrap_or_default();
        for part in message.content.unwrap_or_default() {
            if let Some(text) = part.text {
                answer.words(&text.0);
            }
        }
        for (at, call) in message.tool_calls.unwrap_or_default().into_iter().enumerate() {
            called(at as u64, call, answer);
        }
        answer.id = whole.id;
        let End { finish_reason, usage, error } = whole.end;
        end(finish_reason, usage, error, answer)
    }
}

fn called(at: u64, call: Call<'_>, answer: &mut Answer<'_, '_>) {
    let Some(function) = call.function else { return };
    function.name.iter().for_each(|name| answer.tool(at, &name.0));
    function.arguments.iter().for_each(|piece| answer.tool_piece(at, &piece.0));
}

fn end(
    reason: Option<String>,
    usage: Option<Used>,
    error: Option<String>,
    answer: &mut Answer<'_, '_>,
) -> Result<(), Failed> {
    if let Some(used) = usage {
        answer.usage = used.usage();
    }
    let error = |what: &str| error.clone().unwrap_or_else(|| what.to_owned());
    answer.finish = Some(match reason.as_deref() {
        Some("MAX_TOKENS") => Finish::Cut,
        Some("ERROR_TOXIC") => Finish::Refused,
        Some("ERROR_LIMIT") => {
            return Err(answer.fail("context_length_exceeded", &error("the context is full")));
        }
        Some("ERROR" | "TIMEOUT" | "USER_CANCEL") => {
            return Err(answer.fail("server_error", &error("the answer could not be finished")));
        }
        Some(_) => Finish::Done,
        // A body that ends without a reason is not an answer.
        None => return Ok(()),
    });
    Ok(())
}

#[derive(Deserialize)]
struct Event<'a> {
    r#type: &'a str,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    index: u64,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    message: Option<Said<'a>>,
    #[serde(flatten)]
    end: End,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    content: Option<Part<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Call<'a>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    arguments: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(flatten)]
    end: End,
}

#[derive(Deserialize, Default)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<Part<'a>>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct End {
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    usage: Option<Used>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
struct Used {
    #[serde(default)]
    billed_units: Option<Units>,
    #[serde(default)]
    tokens: Option<Units>,
    #[serde(default)]
    cached_tokens: Option<f64>,
}

// The protocol writes them as numbers that may have a fraction.
#[derive(Deserialize, Clone, Copy, Default)]
struct Units {
    #[serde(default)]
    input_tokens: Option<f64>,
    #[serde(default)]
    output_tokens: Option<f64>,
}

impl Used {
    // What is billed leaves out the prompt that Cohere puts before ours.
    fn usage(&self) -> Usage {
        let units = self.billed_units.or(self.tokens).unwrap_or_default();
        let whole = |count: Option<f64>| Tokens(count.unwrap_or(0.0).max(0.0).ceil() as u64);
        Usage {
            input: whole(units.input_tokens),
            cached_input: whole(self.cached_tokens),
            cache_write: Tokens(0),
            output: whole(units.output_tokens),
        }
    }
}
