//! The answer of Ollama's chat protocol, whole or in pieces: both are the same message.

use crate::provider::answer::{Answer, Reader, Text, json};
use crate::provider::failure::Failed;
use crate::provider::{Finish, Usage};
use flow_plan::Tokens;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads the protocol.
#[derive(Debug)]
pub(super) struct Pieces;

impl Reader for Pieces {
    fn event(&mut self, _: &str, data: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let piece: Piece<'_> = json(answer.spec, data)?;
        if let Some(error) = piece.error {
            return Err(answer.fail("", &error));
        }
        if let Some(message) = piece.message {
            message.content.iter().for_each(|text| answer.words(&text.0));
            // A call comes whole, and only the first counts.
            let call = message.tool_calls.unwrap_or_default().into_iter().next();
            if let Some(Call { function }) = call.filter(|_| answer.calls_nothing()) {
                answer.tool(0, &function.name.0);
                answer.tool_piece(0, function.arguments.map_or("{}", RawValue::get));
            }
        }
        if piece.done {
            answer.done = true;
            answer.finish =
                Some(if piece.done_reason.as_deref() == Some("length") { Finish::Cut } else { Finish::Done });
            answer.usage = Usage {
                input: Tokens(piece.prompt_eval_count),
                output: Tokens(piece.eval_count),
                ..Usage::default()
            };
        }
        Ok(())
    }

    fn whole(&mut self, body: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        self.event("", body, answer)
    }
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow, default)]
    message: Option<Said<'a>>,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    done_reason: Option<String>,
    #[serde(default)]
    prompt_eval_count: u64,
    #[serde(default)]
    eval_count: u64,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    content: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}
