//! The request of Cohere's chat protocol.

use crate::provider::openai::{Made, Tool};
use crate::provider::schema::Schema;
use crate::provider::tools::{Choice, Functions, call_id, turns};
use crate::provider::{Message, Request};
use flow_plan::Role;
use serde::Serialize;
use serde_json::value::RawValue;

/// The body of a request.
pub(super) fn body(
    request: &Request<'_>,
    schema: Option<&Schema>,
    functions: Option<&Functions<'_>>,
) -> serde_json::Result<Vec<u8>> {
    let schema = schema.filter(|_| functions.is_none());
    let turns = turns(request).iter().enumerate().flat_map(|(number, turn)| {
        let made = Item::Asked { role: "assistant", tool_calls: [Made::of(number, turn)] };
        [made, Item::Found { role: "tool", tool_call_id: call_id(number), content: &turn.found }]
    });
    let choice = functions.map(|functions| functions.choice);
    let mut tools = functions.map(Tool::all);
    if let (Some(Choice::Answer), Some(tools)) = (choice, &mut tools) {
        // One of them has to be called, so only the answer's own is there at the end.
        tools.truncate(1);
    }
    let settings = &request.model.settings;
    serde_json::to_vec(&Body {
        model: &request.model.model,
        messages: request.messages.iter().map(|m| Item::Said(said(m))).chain(turns).collect(),
        max_tokens: request.max_output.0,
        temperature: settings.temperature,
        p: settings.top_p,
        seed: settings.seed,
        stop_sequences: &settings.stop,
        response_format: schema.map(|s| Format { r#type: "json_object", json_schema: &s.text }),
        tools,
        tool_choice: choice.and_then(|choice| match choice {
            Choice::Auto => None,
            Choice::Any | Choice::Answer => Some("REQUIRED"),
            Choice::None => Some("NONE"),
        }),
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
    let mut parts = vec![Part::Text { text: &message.text }];
    parts.extend(message.images.iter().map(|url| Part::ImageUrl { image_url: Url { url } }));
    Said { role, content: Content::Parts(parts) }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Item<'a>>,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [ecow::EcoString],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<Tool<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    stream: bool,
}

// A message, or a lookup that was asked for and what was found.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Said(Said<'a>),
    Asked { role: &'static str, tool_calls: [Made<'a>; 1] },
    Found { role: &'static str, tool_call_id: String, content: &'a str },
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
    Text { text: &'a str },
    ImageUrl { image_url: Url<'a> },
}

#[derive(Serialize)]
struct Url<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    json_schema: &'a RawValue,
}
