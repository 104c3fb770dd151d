//! The request of `generateContent`.

use crate::provider::images::Image;
use crate::provider::schema::Schema;
use crate::provider::tools::{Choice, Functions, raw, turns};
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
    let settings = &request.model.settings;
    let (system, said): (Vec<&Message>, Vec<&Message>) =
        request.messages.iter().partition(|m| m.role == Role::System);
    let mut contents: Vec<Content<'_>> = said.into_iter().map(content).collect();
    for turn in turns(request) {
        let function_call = Call { name: &turn.tool, args: raw(&turn.args)? };
        let call = Item::Call { function_call, thought_signature: signature(&request.model.model) };
        contents.push(Content { role: "model", parts: vec![call] });
        let found = Part::FunctionResponse { name: &turn.tool, response: Found { output: &turn.found } };
        contents.push(Content { role: "user", parts: vec![Item::Part(found)] });
    }
    serde_json::to_vec(&Body {
        system_instruction: (!system.is_empty())
            .then(|| System { parts: system.iter().map(|m| Part::Text(&m.text)).collect() }),
        contents,
        tools: functions.map(|functions| {
            let list = functions.list.iter();
            let declared = list.map(|f| Declared {
                name: &f.name,
                description: f.doc,
                parameters_json_schema: f.schema,
            });
            [Declarations { function_declarations: declared.collect() }]
        }),
        tool_config: functions
            .map(|functions| ToolConfig { function_calling_config: Calling::of(functions) }),
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
    Content { role, parts: parts.into_iter().map(Item::Part).collect() }
}

// Models from version 3 on want the signature of the thoughts behind a call. What is sent back is written
// anew, without thoughts, and this is the value that the documentation has for that.
fn signature(model: &str) -> Option<&'static str> {
    let is_old = ["gemini-1", "gemini-2"].iter().any(|old| model.starts_with(old));
    (!is_old).then_some("skip_thought_signature_validator")
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
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Declarations<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declarations<'a> {
    function_declarations: Vec<Declared<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declared<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    parameters_json_schema: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    function_calling_config: Calling<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Calling<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_function_names: Option<[&'a str; 1]>,
}

impl Calling<'_> {
    fn of<'a>(functions: &'a Functions<'_>) -> Calling<'a> {
        let mode = match functions.choice {
            Choice::Auto => "AUTO",
            Choice::Any | Choice::Answer => "ANY",
            Choice::None => "NONE",
        };
        let only = functions.answer.as_deref().filter(|_| functions.choice == Choice::Answer);
        Calling { mode, allowed_function_names: only.map(|name| [name]) }
    }
}

#[derive(Serialize)]
struct System<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Content<'a> {
    role: &'static str,
    parts: Vec<Item<'a>>,
}

// A part of a message, or a call with the signature beside it.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Item<'a> {
    Part(Part<'a>),
    Call {
        function_call: Call<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<&'static str>,
    },
}

#[derive(Serialize)]
struct Call<'a> {
    name: &'a str,
    args: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Part<'a> {
    Text(&'a str),
    InlineData { mime_type: &'a str, data: &'a str },
    FileData { file_uri: &'a str },
    FunctionResponse { name: &'a str, response: Found<'a> },
}

#[derive(Serialize)]
struct Found<'a> {
    output: &'a str,
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
