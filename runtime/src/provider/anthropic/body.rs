//! The request of the messages protocol, borrowed from the prompt and written straight into bytes.

use crate::provider::images::Image;
use crate::provider::schema::Schema;
use crate::provider::{Message, Request};
use flow_plan::Role;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The name of the one tool that a typed answer must call.
const TOOL: &str = "answer";

/// The body of a request; the first `fixed` messages are marked for the prompt cache.
pub(super) fn body(
    request: &Request<'_>,
    schema: Option<&Schema>,
    fixed: usize,
) -> serde_json::Result<Vec<u8>> {
    let settings = &request.model.settings;
    // An empty block is not taken.
    let system = request.messages.iter().filter(|m| m.role == Role::System && !m.text.is_empty());
    let mut system: Vec<Part<'_>> = system.map(|m| Part::text(&m.text)).collect();
    // The mark goes to the end of what is fixed. What is said to the system stands before all messages.
    let marked = fixed.checked_sub(1).filter(|last| request.messages[*last].role != Role::System);
    if let (true, None, Some(Part::Text { cache_control, .. })) = (fixed > 0, marked, system.last_mut()) {
        *cache_control = Some(EPHEMERAL);
    }
    serde_json::to_vec(&Body {
        model: &request.model.model,
        max_tokens: request.max_output.0,
        system,
        messages: Messages(&request.messages, marked),
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Part<'a>>,
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

// The messages, and which of them is marked.
struct Messages<'a>(&'a [Message], Option<usize>);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (i, message) in self.0.iter().enumerate() {
            let role = match message.role {
                // Said beside the messages, not among them.
                Role::System => continue,
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            let is_marked = self.1 == Some(i);
            if message.images.is_empty() && !is_marked {
                list.serialize_element(&Said { role, content: message.text.as_str() })?;
            } else {
                list.serialize_element(&Said { role, content: Parts(message, is_marked) })?;
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

struct Parts<'a>(&'a Message, bool);

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Message { text, images, .. } = self.0;
        let mut list = serializer.serialize_seq(Some(images.len() + 1))?;
        for url in images {
            let source = match Image::of(url) {
                Image::Bytes { media, data } => Source::Base64 { media_type: media, data },
                Image::Url(url) => Source::Url { url },
            };
            list.serialize_element(&Part::Image { source })?;
        }
        list.serialize_element(&Part::Text { text, cache_control: self.1.then_some(EPHEMERAL) })?;
        list.end()
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Cache>,
    },
    Image {
        source: Source<'a>,
    },
}

impl Part<'_> {
    fn text(text: &str) -> Part<'_> {
        Part::Text { text, cache_control: None }
    }
}

#[derive(Serialize)]
struct Cache {
    r#type: &'static str,
}

const EPHEMERAL: Cache = Cache { r#type: "ephemeral" };

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Url { url: &'a str },
}
