//! The request of the responses protocol.

use crate::provider::openai::name;
use crate::provider::schema::Schema;
use crate::provider::{Message, Request};
use flow_plan::Role;
use serde::Serialize;
use serde_json::value::RawValue;

/// The body of a request.
pub(super) fn body(request: &Request<'_>, schema: Option<&Schema>) -> serde_json::Result<Vec<u8>> {
    let settings = &request.model.settings;
    serde_json::to_vec(&Body {
        model: &request.model.model,
        input: request.messages.iter().map(said).collect(),
        max_output_tokens: request.max_output.0,
        temperature: settings.temperature,
        top_p: settings.top_p,
        reasoning: settings.reasoning.as_deref().map(|effort| Reasoning { effort }),
        text: schema.map(|schema| Text {
            format: Format {
                r#type: "json_schema",
                name: name(request.prompt),
                strict: schema.strict,
                schema: &schema.text,
            },
        }),
        store: false,
        stream: request.stream,
    })
}

fn said(message: &Message) -> Said<'_> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    if message.images.is_empty() {
        return Said { role, content: Content::Text(&message.text) };
    }
    let mut parts = vec![Part::InputText { text: &message.text }];
    parts.extend(message.images.iter().map(|url| Part::InputImage { image_url: url, detail: "auto" }));
    Said { role, content: Content::Parts(parts) }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: Vec<Said<'a>>,
    max_output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    store: bool,
    stream: bool,
}

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a str),
    Parts(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    InputText { text: &'a str },
    InputImage { image_url: &'a str, detail: &'static str },
}

#[derive(Serialize)]
struct Reasoning<'a> {
    effort: &'a str,
}

#[derive(Serialize)]
struct Text<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    name: String,
    strict: bool,
    schema: &'a RawValue,
}
