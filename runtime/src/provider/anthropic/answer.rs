//! The answer of the messages protocol, whole or as a stream of events.

use crate::provider::http::{self, Service};
use crate::provider::{CallError, Finish, OnText, Reply, Usage};
use flow_plan::Tokens;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// An answer as it comes together.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Whether the answer is what the tool was called with, and not what was said beside it.
    typed: bool,
    text: String,
    /// What was said beside the tool.
    aside: String,
    finish: Option<Finish>,
    used: Used,
    id: Option<String>,
    /// Whether the stream has said that it is over.
    pub(super) done: bool,
}

impl Answer {
    /// An answer in a tool's input, or in plain text.
    pub(super) fn new(typed: bool) -> Answer {
        Answer { typed, ..Answer::default() }
    }

    /// Takes in one event of a stream.
    pub(super) fn event(
        &mut self,
        service: &Service,
        data: &[u8],
        on_text: &mut OnText<'_>,
    ) -> Result<(), CallError> {
        let event: Event<'_> = serde_json::from_slice(data).map_err(|e| http::malformed(service, &e))?;
        match event.r#type {
            "message_start" => {
                if let Some(message) = event.message {
                    self.id = message.id;
                    self.used.add(message.usage);
                }
            }
            "content_block_delta" => {
                let mut delta = event.delta.unwrap_or_default();
                let piece = if self.typed { delta.partial_json } else { delta.text.take() };
                if let Some(Text(piece)) = piece {
                    self.text.push_str(&piece);
                    on_text(&piece);
                }
                if let Some(Text(piece)) = delta.text {
                    self.aside.push_str(&piece);
                }
            }
            "message_delta" => {
                self.used.add(event.usage);
                if let Some(reason) = event.delta.and_then(|d| d.stop_reason) {
                    self.finish = Some(finish(&reason.0));
                }
            }
            "message_stop" => self.done = true,
            "error" => return Err(error(service, event.error)),
            // Pings, the edges of blocks, and what comes to be added.
            _ => {}
        }
        Ok(())
    }

    /// Takes in a body that is not a stream.
    pub(super) fn whole(
        &mut self,
        service: &Service,
        body: &[u8],
        on_text: &mut OnText<'_>,
    ) -> Result<(), CallError> {
        let whole: Whole<'_> = serde_json::from_slice(body).map_err(|e| http::malformed(service, &e))?;
        if whole.error.is_some() {
            return Err(error(service, whole.error));
        }
        for block in whole.content {
            match (self.typed, block.text, block.input) {
                (true, _, Some(input)) => self.text.push_str(input.get()),
                (false, Some(Text(text)), _) => self.text.push_str(&text),
                (true, Some(Text(text)), _) => self.aside.push_str(&text),
                _ => {}
            }
        }
        self.id = whole.id;
        self.used.add(whole.usage);
        self.finish = Some(whole.stop_reason.map_or(Finish::Done, |reason| finish(&reason.0)));
        on_text(&self.text);
        Ok(())
    }

    /// The reply; an answer that ended before its end is an error.
    pub(super) fn reply(self) -> Result<Reply, CallError> {
        let finish = match (self.finish, self.done) {
            (Some(finish), _) => finish,
            (None, true) => Finish::Done,
            (None, false) => return Err(http::broke_off()),
        };
        let Used { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } =
            self.used;
        let usage = Usage {
            // What was read from the cache or written to it is not among the input here.
            input: Tokens(
                input_tokens.unwrap_or(0)
                    + cache_read_input_tokens.unwrap_or(0)
                    + cache_creation_input_tokens.unwrap_or(0),
            ),
            cached_input: Tokens(cache_read_input_tokens.unwrap_or(0)),
            cache_write: Tokens(cache_creation_input_tokens.unwrap_or(0)),
            output: Tokens(output_tokens.unwrap_or(0)),
        };
        // Some servers, and a model that refuses, answer beside the tool.
        let text = if self.text.is_empty() { self.aside } else { self.text };
        Ok(Reply { text, usage, finish, request_id: self.id })
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Cut,
        "refusal" => Finish::Refused,
        _ => Finish::Done,
    }
}

fn error(service: &Service, error: Option<Reported<'_>>) -> CallError {
    let error = error.unwrap_or_default();
    let text = |part: Option<Text<'_>>| part.map(|t| t.0.into_owned()).unwrap_or_default();
    http::reported(service, &text(error.r#type), &text(error.message))
}

/// A text that is borrowed where it holds no escapes; `Option<Cow>` would always be copied.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Event<'a> {
    r#type: &'a str,
    #[serde(default)]
    message: Option<Start>,
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
}
