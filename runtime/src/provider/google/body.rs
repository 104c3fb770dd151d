//! The request of `generateContent`.

use crate::provider::images::Image;
use crate::provider::schema::Schema;
use crate::provider::{Message, Request};
use flow_plan::Role;
use serde::Serialize;
use serde_json::value::RawValue;

/// The body of a request.
pub(super) fn body(request: &Request<'_>, schema: Option<&Schema>) -> serde_json::Result<Vec<u8>> {
    let settings = &request.model.settings;
    let (system, said): (Vec<&Message>, Vec<&Message>) =
        request.messages.iter().partition(|m| m.role == Role::System);
    serde_json::to_vec(&Body {
        system_instruction: (!system.is_empty())
            .then(|| System { parts: system.iter().map(|m| Part::Text(&m.text)).collect() }),
        contents: said.into_iter().map(content).collect(),
        generation_config: Generation {
            max_output_tokens: request.max_output.0,
            temperature: settings.temperature,
            top_p: settings.top_p,
            seed: settings.seed,
            stop_sequences: &settings.stop,
            response_mime_type: schema.map(|_| "application/json"),
            response_json_schema: schema.map(|schema| &*schema.text),
            thinking_config: settings.reasoning.as_deref().map(Thinking::of),
        },
    })
}

fn content(message: &Message) -> Content<'_> {
    let role = if message.role == Role::Assistant { "model" } else { "user" };
    let mut parts: Vec<Part<'_>> = message.images.iter().map(|url| image(url)).collect();
    if parts.is_empty() || !message.text.is_empty() {
        parts.push(Part::Text(&message.text));
    }
    Content { role, parts }
}

fn image(url: &str) -> Part<'_> {
    match Image::of(url) {
        Image::Bytes { media, data } => Part::InlineData { mime_type: media, data },
        Image::Url(url) => Part::FileData { file_uri: url },
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<System<'a>>,
    contents: Vec<Content<'a>>,
    generation_config: Generation<'a>,
}

#[derive(Serialize)]
struct System<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Content<'a> {
    role: &'static str,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Part<'a> {
    Text(&'a str),
    InlineData { mime_type: &'a str, data: &'a str },
    FileData { file_uri: &'a str },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Generation<'a> {
    max_output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [ecow::EcoString],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Thinking>,
}

// Older models take a budget of tokens, newer ones a word.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[serde(untagged)]
enum Thinking {
    Budget { thinking_budget: i64 },
    Level { thinking_level: String },
}

impl Thinking {
    fn of(setting: &str) -> Thinking {
        match setting.parse() {
            Ok(thinking_budget) => Thinking::Budget { thinking_budget },
            Err(_) => Thinking::Level { thinking_level: setting.to_uppercase() },
        }
    }
}
