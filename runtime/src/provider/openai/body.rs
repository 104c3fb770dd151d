//! The request of the chat completions protocol, borrowed from the prompt and written straight into
//! bytes.

use super::Dialect;
use crate::provider::schema::Schema;
use crate::provider::{Message, Request};
use flow_plan::Role;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The body of a request, as a service of the protocol takes it.
pub(crate) fn body(
    request: &Request<'_>,
    schema: Option<&Schema>,
    dialect: &Dialect,
) -> serde_json::Result<Vec<u8>> {
    let settings = &request.model.settings;
    let most = request.max_output.0;
    serde_json::to_vec(&Body {
        model: &request.model.model,
        messages: Messages(&request.messages),
        max_completion_tokens: dialect.newer_cap.then_some(most),
        max_tokens: (!dialect.newer_cap).then_some(most),
        temperature: settings.temperature,
        top_p: settings.top_p,
        seed: settings.seed.filter(|_| !dialect.random_seed),
        random_seed: settings.seed.filter(|_| dialect.random_seed),
        stop: &settings.stop,
        reasoning_effort: settings.reasoning.as_deref(),
        response_format: schema.map(|schema| Format {
            r#type: "json_schema",
            json_schema: Named { name: name(request.prompt), strict: schema.strict, schema: &schema.text },
        }),
        stream: request.stream,
        stream_options: (request.stream && dialect.asks_usage)
            .then_some(StreamOptions { include_usage: true }),
    })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Messages<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    random_seed: Option<i64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [ecow::EcoString],
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    json_schema: Named<'a>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: String,
    strict: bool,
    schema: &'a RawValue,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

struct Messages<'a>(&'a [Message]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for message in self.0 {
            let role = match message.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            if message.images.is_empty() {
                list.serialize_element(&Said { role, content: message.text.as_str() })?;
            } else {
                list.serialize_element(&Said { role, content: Parts(message) })?;
            }
        }
        list.end()
    }
}

#[derive(Serialize)]
struct Said<T> {
    role: &'static str,
    content: T,
}

struct Parts<'a>(&'a Message);

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Message { text, images, .. } = self.0;
        let mut list = serializer.serialize_seq(Some(images.len() + 1))?;
        list.serialize_element(&Part::Text { text })?;
        for url in images {
            list.serialize_element(&Part::ImageUrl { image_url: Url { url } })?;
        }
        list.end()
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: Url<'a> },
}

#[derive(Serialize)]
struct Url<'a> {
    url: &'a str,
}

/// A prompt's name as the protocol takes names: letters, digits, `_` and `-`, and 64 of them.
pub(crate) fn name(prompt: &str) -> String {
    let kept = prompt.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' });
    let name: String = kept.take(64).collect();
    if name.is_empty() { "answer".to_owned() } else { name }
}
