//! The request of the messages protocol, borrowed from the prompt and written straight into bytes.

use crate::provider::images::Image;
use crate::provider::tools::{Choice, Functions, Turn, call_id, raw, turns};
use crate::provider::{Message, Request};
use flow_plan::Role;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The body of a request; the first `fixed` messages are marked for the prompt cache.
pub(super) fn body(
    request: &Request<'_>,
    functions: Option<&Functions<'_>>,
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
        messages: Messages(&request.messages, marked, turns(request)),
        temperature: settings.temperature,
        top_p: settings.top_p,
        stop_sequences: &settings.stop,
        tools: functions.map(|functions| {
            let list = functions.list.iter();
            list.map(|f| Tool { name: &f.name, description: f.doc, input_schema: f.schema }).collect()
        }),
        tool_choice: functions.map(Chosen::of),
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
    tools: Option<Vec<Tool<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Chosen<'a>>,
    stream: bool,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: &'a RawValue,
}

#[derive(Serialize)]
struct Chosen<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

impl Chosen<'_> {
    fn of<'a>(functions: &'a Functions<'_>) -> Chosen<'a> {
        let (r#type, name) = match functions.choice {
            Choice::Auto => ("auto", None),
            Choice::Any => ("any", None),
            Choice::None => ("none", None),
            Choice::Answer => ("tool", functions.answer.as_deref()),
        };
        let may_choose = matches!(functions.choice, Choice::Auto | Choice::Any);
        Chosen { r#type, name, disable_parallel_tool_use: may_choose.then_some(true) }
    }
}

// The messages, which of them is marked, and behind them what was looked up.
struct Messages<'a>(&'a [Message], Option<usize>, &'a [Turn]);

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
        for (number, turn) in self.2.iter().enumerate() {
            let id = call_id(number);
            let input = raw(&turn.args).map_err(S::Error::custom)?;
            let used = Part::ToolUse { id: &id, name: &turn.tool, input };
            list.serialize_element(&Said { role: "assistant", content: [used] })?;
            let found = Part::ToolResult { tool_use_id: &id, content: &turn.found };
            list.serialize_element(&Said { role: "user", content: [found] })?;
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
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: &'a RawValue,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: &'a str,
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
