//! The request of the chat completions protocol, borrowed from the prompt and written straight into
//! bytes.

use super::Dialect;
use crate::provider::schema::Schema;
use crate::provider::tools::{Choice, Functions, Turn, call_id, turns};
use crate::provider::{Message, Request};
use flow_plan::Role;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The functions of a request. A service that takes no schema beside tools gets a tool for the answer,
/// and at the end the schema alone.
pub(crate) fn functions<'a>(
    request: &Request<'a>,
    schema: Option<&'a Schema>,
    dialect: &Dialect,
) -> Option<Functions<'a>> {
    let tools = request.tools?;
    if dialect.both || schema.is_none() {
        return Functions::of(request, schema, false);
    }
    (!tools.withheld).then(|| Functions::of(request, schema, true)).flatten()
}

/// The body of a request, as a service of the protocol takes it.
pub(crate) fn body(
    request: &Request<'_>,
    (schema, functions): (Option<&Schema>, Option<&Functions<'_>>),
    dialect: &Dialect,
) -> serde_json::Result<Vec<u8>> {
    let schema = schema.filter(|_| functions.is_none_or(|functions| functions.answer.is_none()));
    let settings = &request.model.settings;
    let most = request.max_output.0;
    serde_json::to_vec(&Body {
        model: &request.model.model,
        messages: Messages(&request.messages, turns(request)),
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
        tools: functions.map(Tool::all),
        tool_choice: functions.map(|functions| match functions.choice {
            Choice::Auto => "auto",
            Choice::Any | Choice::Answer => "required",
            Choice::None => "none",
        }),
        parallel_tool_calls: functions.filter(|_| dialect.one_by_one).map(|_| false),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<Tool<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
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

/// A function, as this protocol and its likes are sent it.
#[derive(Serialize)]
pub(crate) struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    parameters: &'a RawValue,
}

impl<'a> Tool<'a> {
    /// All functions of a request.
    pub(crate) fn all(functions: &'a Functions<'_>) -> Vec<Tool<'a>> {
        let tool = |f: &'a crate::provider::tools::Function<'_>| Tool {
            r#type: "function",
            function: Function { name: &f.name, description: f.doc, parameters: f.schema },
        };
        functions.list.iter().map(tool).collect()
    }
}

/// A call that the model has made, as it goes back to it.
#[derive(Serialize)]
pub(crate) struct Made<'a> {
    id: String,
    r#type: &'static str,
    function: Arguments<'a>,
}

#[derive(Serialize)]
struct Arguments<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> Made<'a> {
    /// The call of a turn, from 0.
    pub(crate) fn of(number: usize, turn: &'a Turn) -> Made<'a> {
        let function = Arguments { name: &turn.tool, arguments: &turn.args };
        Made { id: call_id(number), r#type: "function", function }
    }
}

#[derive(Serialize)]
struct Asked<'a> {
    role: &'static str,
    content: &'static str,
    tool_calls: [Made<'a>; 1],
}

#[derive(Serialize)]
struct Found<'a> {
    role: &'static str,
    tool_call_id: String,
    content: &'a str,
}

// The messages, and behind them what was looked up.
struct Messages<'a>(&'a [Message], &'a [Turn]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len() + 2 * self.1.len()))?;
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
        for (number, turn) in self.1.iter().enumerate() {
            let tool_calls = [Made::of(number, turn)];
            list.serialize_element(&Asked { role: "assistant", content: "", tool_calls })?;
            let tool_call_id = call_id(number);
            list.serialize_element(&Found { role: "tool", tool_call_id, content: &turn.found })?;
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
