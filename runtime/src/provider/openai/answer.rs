//! The answer of the chat completions protocol, whole or in pieces, read without copying but for the
//! text itself.

use crate::provider::answer::{Answer, Reader, Text, json};
use crate::provider::failure::Failed;
use crate::provider::{Finish, Usage};
use flow_plan::Tokens;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Reads the protocol.
#[derive(Debug, Default)]
pub(crate) struct Chat {
    refused: bool,
}

impl Reader for Chat {
    fn event(&mut self, _: &str, data: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        if data == b"[DONE]" {
            answer.done = true;
            return Ok(());
        }
        let body: Body<'_> = json(answer.spec, data)?;
        self.take(body, answer)
    }

    fn whole(&mut self, body: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        let body: Body<'_> = json(answer.spec, body)?;
        self.take(body, answer)?;
        // A whole body is over, whatever it says of why.
        answer.finish.get_or_insert(Finish::Done);
        Ok(())
    }
}

impl Chat {
    fn take(&mut self, body: Body<'_>, answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        if let Some(error) = body.error {
            let (code, message) = error.said();
            return Err(answer.fail(&code, &message));
        }
        if answer.id.is_none() {
            answer.id = body.id.map(|id| id.0.into_owned()).filter(|id| !id.is_empty());
        }
        if let Some(used) = body.usage.or(body.x_groq.and_then(|x| x.usage)) {
            answer.usage = used.usage();
        }
        let Some(choice) = body.choices else { return Ok(()) };
        if let Some(said) = choice.delta.or(choice.message) {
            if let Some(refusal) = said.refusal {
                answer.say_aside(&refusal.0);
                self.refused |= !refusal.0.is_empty();
            }
            match said.content {
                Some(Content::Text(text)) => answer.words(&text),
                Some(Content::Parts(parts)) => {
                    parts.iter().filter_map(|p| p.text.as_ref()).for_each(|text| answer.words(&text.0));
                }
                None => {}
            }
            for (nth, call) in said.tool_calls.into_iter().flatten().enumerate() {
                let at = call.index.unwrap_or(nth as u64);
                let Some(function) = call.function else { continue };
                if let Some(name) = function.name.filter(|name| !name.0.is_empty()) {
                    answer.tool(at, &name.0);
                }
                if let Some(piece) = function.arguments {
                    answer.tool_piece(at, &piece.0);
                }
            }
        }
        match choice.finish_reason.as_ref().map(|reason| &*reason.0) {
            None | Some("") => {}
            Some("length" | "model_length") => answer.finish = Some(Finish::Cut),
            Some("content_filter") => answer.finish = Some(Finish::Refused),
            Some("error") => return Err(answer.fail("server_error", "the answer could not be finished")),
            Some("insufficient_system_resource") => {
                return Err(answer.fail("overloaded", "the answer was broken off for want of resources"));
            }
            Some(_) => answer.finish = Some(Finish::Done),
        }
        if self.refused && answer.is_empty() && answer.finish.is_some() {
            answer.finish = Some(Finish::Refused);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "first")]
    choices: Option<Choice<'a>>,
    #[serde(default)]
    usage: Option<Used>,
    /// Groq's place for the usage of a stream.
    #[serde(default)]
    x_groq: Option<Groq>,
    #[serde(default)]
    error: Option<Reported>,
}

#[derive(Deserialize)]
struct Groq {
    #[serde(default)]
    usage: Option<Used>,
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
    #[serde(borrow, default, deserialize_with = "content")]
    content: Option<Content<'a>>,
    #[serde(borrow, default)]
    refusal: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(default)]
    index: Option<u64>,
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

// Mistral's models that think send a list of parts, thoughts among them.
enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Used {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    #[serde(default)]
    total_tokens: u64,
    #[serde(default)]
    prompt_tokens_details: Option<Details>,
    /// DeepSeek's word for what came from its cache.
    #[serde(default)]
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Details {
    #[serde(default)]
    cached_tokens: Option<u64>,
    #[serde(default)]
    cache_write_tokens: Option<u64>,
}

impl Used {
    fn usage(self) -> Usage {
        let details = self.prompt_tokens_details.unwrap_or_default();
        // xAI counts reasoning in the total alone.
        let output = self.completion_tokens.max(self.total_tokens.saturating_sub(self.prompt_tokens));
        Usage {
            input: Tokens(self.prompt_tokens),
            cached_input: Tokens(details.cached_tokens.or(self.prompt_cache_hit_tokens).unwrap_or(0)),
            cache_write: Tokens(details.cache_write_tokens.unwrap_or(0)),
            output: Tokens(output),
        }
    }
}

// Some servers number their errors, and some send only words.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reported {
    Words(String),
    Error {
        #[serde(default)]
        message: String,
        #[serde(default)]
        r#type: Option<String>,
        #[serde(default)]
        code: Option<Json>,
    },
}

impl Reported {
    // Code and message.
    fn said(self) -> (String, String) {
        match self {
            Reported::Words(message) => (String::new(), message),
            Reported::Error { message, r#type, code } => {
                let kind = r#type.unwrap_or_default();
                let code = match code {
                    Some(Json::String(code)) => format!("{code} {kind}"),
                    // A type in words says more than a number.
                    Some(Json::Number(number)) if kind.is_empty() => number.to_string(),
                    _ => kind,
                };
                (code.trim().to_owned(), message)
            }
        }
    }
}

fn content<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Content<'a>>, D::Error> {
    struct Either;
    impl<'de> Visitor<'de> for Either {
        type Value = Option<Content<'de>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a list of parts")
        }

        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Some(Content::Text(Cow::Borrowed(text))))
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(Content::Text(Cow::Owned(text.to_owned()))))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut parts = Vec::new();
            while let Some(part) = list.next_element()? {
                parts.push(part);
            }
            Ok(Some(Content::Parts(parts)))
        }
    }
    deserializer.deserialize_any(Either)
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
