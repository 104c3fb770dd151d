//! The answer of the chat completions protocol, whole or in pieces, read without copying but for the
//! text itself.

use crate::provider::http::{self, Service};
use crate::provider::{CallError, Finish, OnText, Reply, Usage};
use flow_plan::Tokens;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// An answer as it comes together.
#[derive(Debug, Default)]
pub(super) struct Answer {
    text: String,
    refusal: String,
    finish: Option<Finish>,
    usage: Option<Usage>,
    id: Option<String>,
    /// Whether the stream has said that it is over.
    pub(super) done: bool,
}

impl Answer {
    /// Takes in one event of a stream.
    pub(super) fn event(
        &mut self,
        service: &Service,
        data: &[u8],
        on_text: &mut OnText<'_>,
    ) -> Result<(), CallError> {
        if data == b"[DONE]" {
            self.done = true;
            return Ok(());
        }
        let chunk: Body<'_> = serde_json::from_slice(data).map_err(|e| http::malformed(service, &e))?;
        let content = self.take(service, chunk)?;
        if let Some(text) = content {
            self.text.push_str(&text);
            on_text(&text);
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
        let whole: Body<'_> = serde_json::from_slice(body).map_err(|e| http::malformed(service, &e))?;
        if let Some(text) = self.take(service, whole)? {
            self.text = text.into_owned();
            on_text(&self.text);
        }
        // A whole body is over, whatever it says of why.
        self.finish.get_or_insert(Finish::Done);
        Ok(())
    }

    /// The reply; `input` is the estimate of the input for a provider that reports no usage.
    pub(super) fn reply(self, input: impl FnOnce() -> u64) -> Result<Reply, CallError> {
        let finish = match (self.finish, self.done) {
            (Some(finish), _) => finish,
            (None, true) => Finish::Done,
            (None, false) => return Err(http::broke_off()),
        };
        let refused = self.text.is_empty() && !self.refusal.is_empty();
        let text = if refused { self.refusal } else { self.text };
        let usage = self.usage.unwrap_or_else(|| Usage {
            input: Tokens(input()),
            output: Tokens(crate::size::tokens(&text)),
            ..Usage::default()
        });
        Ok(Reply { text, usage, finish: if refused { Finish::Refused } else { finish }, request_id: self.id })
    }

    fn take<'a>(&mut self, service: &Service, body: Body<'a>) -> Result<Option<Cow<'a, str>>, CallError> {
        if let Some(error) = body.error {
            let kind =
                error.code.as_ref().and_then(Code::text).or(error.r#type.as_deref()).unwrap_or_default();
            return Err(http::reported(service, kind, &error.message));
        }
        if self.id.is_none() {
            self.id = body.id.map(|id| id.0.into_owned());
        }
        if let Some(usage) = body.usage {
            let details = usage.prompt_tokens_details.unwrap_or_default();
            self.usage = Some(Usage {
                input: Tokens(usage.prompt_tokens),
                cached_input: Tokens(details.cached_tokens.unwrap_or(0)),
                cache_write: Tokens(details.cache_write_tokens.unwrap_or(0)),
                output: Tokens(usage.completion_tokens),
            });
        }
        let Some(choice) = body.choices else { return Ok(None) };
        if let Some(reason) = choice.finish_reason {
            self.finish = Some(match &*reason.0 {
                "length" => Finish::Cut,
                "content_filter" => Finish::Refused,
                _ => Finish::Done,
            });
        }
        let Some(said) = choice.delta.or(choice.message) else { return Ok(None) };
        if let Some(refusal) = said.refusal {
            self.refusal.push_str(&refusal.0);
        }
        Ok(said.content.map(|text| text.0))
    }
}

/// A text that is borrowed where it holds no escapes; `Option<Cow>` would always be copied.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "first")]
    choices: Option<Choice<'a>>,
    #[serde(default)]
    usage: Option<Used>,
    #[serde(default)]
    error: Option<Reported>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    /// A piece of the answer, in a stream.
    #[serde(borrow, default)]
    delta: Option<Said<'a>>,
    /// The whole answer.
    #[serde(borrow, default)]
    message: Option<Said<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    content: Option<Text<'a>>,
    #[serde(borrow, default)]
    refusal: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Used {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    #[serde(default)]
    prompt_tokens_details: Option<Details>,
}

#[derive(Deserialize, Default)]
struct Details {
    #[serde(default)]
    cached_tokens: Option<u64>,
    #[serde(default)]
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Reported {
    #[serde(default)]
    message: String,
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    code: Option<Code>,
}

// Some servers number their errors.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Text(String),
    Other(IgnoredAny),
}

impl Code {
    fn text(&self) -> Option<&str> {
        match self {
            Code::Text(text) => Some(text),
            Code::Other(_) => None,
        }
    }
}

// Only one choice is ever asked for, so the list needs no room.
fn first<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct First<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for First<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of choices")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<T>, A::Error> {
            let first = list.next_element()?;
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(first)
        }

        fn visit_unit<E>(self) -> Result<Option<T>, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(First(PhantomData))
}
