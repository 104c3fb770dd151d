//! The answer of `generateContent`, whole or in pieces: both are the same message.

use crate::provider::answer::{Answer, Reader, Text, json};
use crate::provider::failure::Failed;
use crate::provider::{Finish, Usage};
use flow_plan::Tokens;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads the protocol.
#[derive(Debug)]
pub(super) struct Candidates;

impl Reader for Candidates {
    fn event(&mut self, _: &str, data: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let piece: Piece<'_> = json(answer.spec, data)?;
        if let Some(error) = piece.error {
            let code = error.status.or(error.code.map(|code| code.to_string())).unwrap_or_default();
            return Err(answer.fail(&code, &error.message.unwrap_or_default()));
        }
        if answer.id.is_none() {
            answer.id = piece.response_id;
        }
        if let Some(used) = piece.usage_metadata {
            answer.usage = used.usage();
        }
        // The prompt was turned away, and there is no candidate.
        if piece.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some()) {
            answer.finish = Some(Finish::Refused);
        }
        let Some(candidate) = piece.candidates.into_iter().next() else { return Ok(()) };
        for part in candidate.content.and_then(|c| c.parts).unwrap_or_default() {
            if let (Some(text), false) = (part.text, part.thought) {
                answer.words(&text.0);
            }
            // A call comes whole, and only the first counts.
            if let Some(call) = part.function_call.filter(|_| answer.calls_nothing()) {
                answer.tool(0, &call.name.0);
                answer.tool_piece(0, call.args.map_or("{}", RawValue::get));
            }
        }
        if let Some(reason) = candidate.finish_reason {
            answer.finish = Some(match &*reason {
                "MAX_TOKENS" => Finish::Cut,
                "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE"
                | "MODEL_ARMOR" => Finish::Refused,
                "OTHER" | "MALFORMED_FUNCTION_CALL" | "MALFORMED_RESPONSE" | "UNEXPECTED_TOOL_CALL" => {
                    let message =
                        candidate.finish_message.unwrap_or(format!("the answer ended with {reason}"));
                    return Err(answer.fail("server_error", &message));
                }
                _ => Finish::Done,
            });
        }
        Ok(())
    }

    fn whole(&mut self, body: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        self.event("", body, answer)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece<'a> {
    #[serde(borrow, default)]
    candidates: Vec<Candidate<'a>>,
    #[serde(default)]
    usage_metadata: Option<Used>,
    #[serde(default)]
    prompt_feedback: Option<Feedback>,
    #[serde(default)]
    response_id: Option<String>,
    #[serde(default)]
    error: Option<Reported>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(borrow, default)]
    content: Option<Content<'a>>,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    finish_message: Option<String>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    parts: Option<Vec<Part<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(borrow, default)]
    function_call: Option<Call<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(default)]
    thought: bool,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    #[serde(default)]
    block_reason: Option<String>,
}

#[derive(Deserialize)]
struct Reported {
    #[serde(default)]
    code: Option<u16>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Used {
    #[serde(default)]
    prompt_token_count: u64,
    #[serde(default)]
    cached_content_token_count: u64,
    #[serde(default)]
    candidates_token_count: u64,
    #[serde(default)]
    thoughts_token_count: u64,
}

impl Used {
    // What came from the cache is among the prompt here; thoughts are not among the candidates.
    fn usage(&self) -> Usage {
        Usage {
            input: Tokens(self.prompt_token_count),
            cached_input: Tokens(self.cached_content_token_count),
            cache_write: Tokens(0),
            output: Tokens(self.candidates_token_count.saturating_add(self.thoughts_token_count)),
        }
    }
}
