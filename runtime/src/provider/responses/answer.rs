//! The answer of the responses protocol, whole or as a stream of events.

use crate::provider::answer::{Answer, Reader, Text, json};
use crate::provider::failure::Failed;
use crate::provider::{Finish, Usage};
use flow_plan::Tokens;
use serde::Deserialize;

/// Reads the protocol.
#[derive(Debug, Default)]
pub(super) struct Events {
    refused: bool,
}

impl Reader for Events {
    fn event(&mut self, _: &str, data: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let event: Event<'_> = json(answer.spec, data)?;
        match event.r#type {
            "response.output_text.delta" => {
                if let Some(piece) = event.delta {
                    answer.say(&piece.0);
                }
            }
            "response.refusal.delta" => {
                self.refused = true;
                if let Some(piece) = event.delta {
                    answer.say_aside(&piece.0);
                }
            }
            "response.output_item.added" => {
                if let Some(Begun { r#type: Some("function_call"), name: Some(name) }) = &event.item {
                    answer.tool(event.output_index, &name.0);
                }
            }
            "response.function_call_arguments.delta" => {
                if let Some(piece) = event.delta {
                    answer.tool_piece(event.output_index, &piece.0);
                }
            }
            "response.created" => answer.id = event.response.and_then(|r| r.id),
            "response.completed" | "response.incomplete" | "response.failed" => {
                if let Some(response) = event.response {
                    self.end(response, answer)?;
                }
                answer.done = true;
            }
            "error" => {
                // The documentation has code and message in the event, the service also beside one another.
                let Reported { code, message } =
                    event.error.unwrap_or(Reported { code: event.code, message: event.message });
                return Err(answer.fail(&code.unwrap_or_default(), &message.unwrap_or_default()));
            }
            // The edges of parts, and what comes to be added.
            _ => {}
        }
        Ok(())
    }

    fn whole(&mut self, body: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let mut response: Response<'_> = json(answer.spec, body)?;
        answer.id = response.id.take();
        for (at, item) in response.output.iter().enumerate() {
            if let Item { r#type: Some("function_call"), name: Some(name), arguments, .. } = item {
                answer.tool(at as u64, &name.0);
                arguments.iter().for_each(|piece| answer.tool_piece(at as u64, &piece.0));
            }
        }
        for part in response.output.iter_mut().flat_map(|item| item.content.take().unwrap_or_default()) {
            match (part.r#type, part.text, part.refusal) {
                ("output_text", Some(text), _) => answer.say(&text.0),
                ("refusal", _, Some(refusal)) => {
                    self.refused = true;
                    answer.say_aside(&refusal.0);
                }
                _ => {}
            }
        }
        self.end(response, answer)
    }
}

impl Events {
    fn end(&self, response: Response<'_>, answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        if let Some(error) = response.error {
            return Err(answer.fail(&error.code.unwrap_or_default(), &error.message.unwrap_or_default()));
        }
        if let Some(used) = response.usage {
            let details = used.input_tokens_details.unwrap_or_default();
            answer.usage = Usage {
                input: Tokens(used.input_tokens),
                cached_input: Tokens(details.cached_tokens),
                cache_write: Tokens(details.cache_write_tokens),
                output: Tokens(used.output_tokens),
            };
        }
        let reason = response.incomplete_details.and_then(|d| d.reason);
        answer.finish = Some(match reason.as_deref() {
            Some("content_filter") => Finish::Refused,
            Some(_) => Finish::Cut,
            None if self.refused && answer.is_empty() => Finish::Refused,
            None => Finish::Done,
        });
        Ok(())
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    r#type: &'a str,
    #[serde(borrow, default)]
    delta: Option<Text<'a>>,
    #[serde(default)]
    output_index: u64,
    #[serde(borrow, default)]
    item: Option<Begun<'a>>,
    #[serde(borrow, default)]
    response: Option<Response<'a>>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    error: Option<Reported>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow, default)]
    output: Vec<Item<'a>>,
    #[serde(default)]
    usage: Option<Used>,
    #[serde(default)]
    error: Option<Reported>,
    #[serde(default)]
    incomplete_details: Option<Incomplete>,
}

// The beginning of an item of a stream.
#[derive(Deserialize)]
struct Begun<'a> {
    #[serde(borrow, default)]
    r#type: Option<&'a str>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default)]
    r#type: Option<&'a str>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    arguments: Option<Text<'a>>,
    #[serde(borrow, default)]
    content: Option<Vec<Part<'a>>>,
}

#[derive(Deserialize)]
struct Part<'a> {
    r#type: &'a str,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    refusal: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Used {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    input_tokens_details: Option<Details>,
}

#[derive(Deserialize, Default)]
struct Details {
    #[serde(default)]
    cached_tokens: u64,
    #[serde(default)]
    cache_write_tokens: u64,
}

#[derive(Deserialize)]
struct Reported {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
struct Incomplete {
    #[serde(default)]
    reason: Option<String>,
}
