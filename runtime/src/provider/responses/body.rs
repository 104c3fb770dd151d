//! The request of the responses protocol.

use crate::provider::openai::name;
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
    let turns = turns(request).iter().enumerate().flat_map(|(number, turn)| {
        let (call_id, output_id) = (call_id(number), call_id(number));
        [
            Item::Call { call_id, name: &turn.tool, arguments: &turn.args },
            Item::Found { call_id: output_id, output: &turn.found },
        ]
    });
    let tool = |f: &'_ crate::provider::tools::Function<'_>| -> serde_json::Result<serde_json::Value> {
        // Without `strict` the protocol takes it for wanted.
        Ok(serde_json::json!({
            "type": "function", "name": f.name, "description": f.doc, "strict": false,
            "parameters": serde_json::from_str::<serde_json::Value>(f.schema.get())?,
        }))
    };
    let tools = functions.map(|f| f.list.iter().map(tool).collect::<Result<Vec<_>, _>>()).transpose()?;
    let settings = &request.model.settings;
    serde_json::to_vec(&Body {
        model: &request.model.model,
        input: request.messages.iter().map(|m| Item::Said(said(m))).chain(turns).collect(),
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
        tools,
        tool_choice: functions.map(|functions| match functions.choice {
            Choice::Auto => "auto",
            Choice::Any | Choice::Answer => "required",
            Choice::None => "none",
        }),
        parallel_tool_calls: functions.map(|_| false),
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
    input: Vec<Item<'a>>,
    max_output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    store: bool,
    stream: bool,
}

// A message, or a lookup that was asked for and what was found.
enum Item<'a> {
    Said(Said<'a>),
    Call { call_id: String, name: &'a str, arguments: &'a str },
    Found { call_id: String, output: &'a str },
}

impl Serialize for Item<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let entries: Vec<(&str, &str)> = match self {
            Item::Said(said) => return said.serialize(serializer),
            Item::Call { call_id, name, arguments } => vec![
                ("type", "function_call"),
                ("call_id", call_id),
                ("name", name),
                ("arguments", arguments),
            ],
            Item::Found { call_id, output } => {
                vec![("type", "function_call_output"), ("call_id", call_id), ("output", output)]
            }
        };
        let mut map = serializer.serialize_map(Some(entries.len()))?;
        entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
        map.end()
    }
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
