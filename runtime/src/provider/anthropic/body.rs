//! The request of the messages protocol, borrowed from the prompt and written straight into bytes.

use crate::provider::schema::Schema;
use crate::provider::{Message, Request};
use flow_plan::Role;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The name of the one tool that a typed answer must call.
const TOOL: &str = "answer";

/// The body of a request.
pub(super) fn body(request: &Request<'_>, schema: Option<&Schema>) -> serde_json::Result<Vec<u8>> {
    let settings = &request.model.settings;
    let system: Vec<&str> =
        request.messages.iter().filter(|m| m.role == Role::System).map(|m| m.text.as_str()).collect();
    serde_json::to_vec(&Body {
        model: &request.model.model,
        max_tokens: request.max_output.0,
        system: (!system.is_empty()).then(|| system.join("\n\n")),
        messages: Messages(&request.messages),
        temperature: settings.temperature,
        top_p: settings.top_p,
        stop_sequences: &settings.stop,
        tools: schema.map(|schema| {
            [Tool { name: TOOL, description: "Gives the answer in its form.", input_schema: &schema.text }]
        }),
        tool_choice: schema.map(|_| Choice { r#type: "tool", name: TOOL }),
        stream: request.stream,
    })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    messages: Messages<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [ecow::EcoString],
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tool<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice>,
    stream: bool,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    description: &'static str,
    input_schema: &'a RawValue,
}

#[derive(Serialize)]
struct Choice {
    r#type: &'static str,
    name: &'static str,
}

struct Messages<'a>(&'a [Message]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for message in self.0 {
            let role = match message.role {
                // Said beside the messages, not among them.
                Role::System => continue,
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
        for url in images {
            list.serialize_element(&Part::Image { source: source(url) })?;
        }
        list.serialize_element(&Part::Text { text })?;
        list.end()
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    Image { source: Source<'a> },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Url { url: &'a str },
}

fn source(url: &str) -> Source<'_> {
    let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match data {
        Some((media_type, data)) => Source::Base64 { media_type, data },
        None => Source::Url { url },
    }
}
