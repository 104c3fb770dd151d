//! The request of the Converse protocol.

use crate::provider::failure::unsendable;
use crate::provider::images::Image;
use crate::provider::tools::{Choice, Functions, call_id, raw, turns};
use crate::provider::{CallError, CallErrorKind, Message, Request};
use flow_plan::{CapabilitySpec, Role};
use serde::Serialize;
use serde_json::value::RawValue;

/// What is said behind the last lookup of a text: the protocol can't forbid what it offers, and wants what
/// was called to be offered.
const LAST: &str = "No function can be called any more. Answer now.";

/// The body of a request; the first `fixed` messages are marked for the prompt cache.
pub(super) fn body<'a>(
    spec: &CapabilitySpec,
    request: &'a Request<'_>,
    functions: Option<&'a Functions<'_>>,
    fixed: usize,
) -> Result<Body<'a>, CallError> {
    let settings = &request.model.settings;
    let (mut system, mut messages): (Vec<Block<'_>>, Vec<Said<'_>>) = (Vec::new(), Vec::new());
    for (i, message) in request.messages.iter().enumerate() {
        // The mark goes to the end of what is fixed. What is said to the system stands before all
        // messages, and with a mark behind it all the same where messages follow that are fixed.
        let is_last = i + 1 == fixed;
        let mark = is_last.then_some(Block::CachePoint(CachePoint { r#type: "default" }));
        if message.role == Role::System {
            // An empty block is not taken.
            system.extend((!message.text.is_empty()).then_some(Block::Text(&message.text)));
            system.extend(mark);
        } else {
            let mut content = content(spec, message)?;
            content.extend(mark);
            let role = if message.role == Role::Assistant { "assistant" } else { "user" };
            // Roles have to take turns.
            match messages.last_mut().filter(|last| last.role == role) {
                Some(last) => last.content.extend(content),
                None => messages.push(Said { role, content }),
            }
        }
    }
    for (number, turn) in turns(request).iter().enumerate() {
        let input = raw(&turn.args).map_err(|e| unsendable(&e))?;
        let used = Used { tool_use_id: call_id(number), name: &turn.tool, input };
        messages.push(Said { role: "assistant", content: vec![Block::ToolUse(used)] });
        let found = Found { tool_use_id: call_id(number), content: [Words { text: &turn.found }] };
        messages.push(Said { role: "user", content: vec![Block::ToolResult(found)] });
    }
    if let (Some(Choice::None), Some(last)) = (functions.map(|f| f.choice), messages.last_mut()) {
        last.content.push(Block::Text(LAST));
    }
    Ok(Body {
        system,
        messages,
        inference_config: Inference {
            max_tokens: request.max_output.0,
            temperature: settings.temperature,
            top_p: settings.top_p,
            stop_sequences: &settings.stop,
        },
        tool_config: functions.map(config),
    })
}

fn config<'a>(functions: &'a Functions<'_>) -> ToolConfig<'a> {
    let tools = functions.list.iter().map(|f| Tool {
        tool_spec: ToolSpec {
            name: &f.name,
            description: f.doc,
            input_schema: InputSchema { json: f.schema },
        },
    });
    let tool_choice = match (functions.choice, &functions.answer) {
        (Choice::Answer, Some(name)) => Chosen::Tool { name },
        (Choice::Any, _) => Chosen::Any {},
        _ => Chosen::Auto {},
    };
    ToolConfig { tools: tools.collect(), tool_choice }
}

fn content<'a>(spec: &CapabilitySpec, message: &'a Message) -> Result<Vec<Block<'a>>, CallError> {
    let mut blocks = Vec::with_capacity(message.images.len() + 2);
    for url in &message.images {
        let Image::Bytes { media, data } = Image::of(url) else { return Err(Image::needs_bytes(spec)) };
        let format = match media {
            "image/png" => "png",
            "image/jpeg" | "image/jpg" => "jpeg",
            "image/gif" => "gif",
            "image/webp" => "webp",
            other => {
                let message = format!("`{}` takes no image of the kind `{other}`", spec.name);
                return Err(CallError::new(CallErrorKind::Rejected, message)
                    .help("use a PNG, JPEG, GIF or WebP file"));
            }
        };
        blocks.push(Block::Image(Picture { format, source: Source { bytes: data } }));
    }
    if blocks.is_empty() || !message.text.is_empty() {
        blocks.push(Block::Text(&message.text));
    }
    Ok(blocks)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Said<'a>>,
    inference_config: Inference<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
}

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Block<'a> {
    Text(&'a str),
    Image(Picture<'a>),
    CachePoint(CachePoint),
    ToolUse(Used<'a>),
    ToolResult(Found<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Used<'a> {
    tool_use_id: String,
    name: &'a str,
    input: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    tool_use_id: String,
    content: [Words<'a>; 1],
}

#[derive(Serialize)]
struct Words<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Picture<'a> {
    format: &'static str,
    source: Source<'a>,
}

#[derive(Serialize)]
struct Source<'a> {
    bytes: &'a str,
}

#[derive(Serialize)]
struct CachePoint {
    r#type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inference<'a> {
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [ecow::EcoString],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    tools: Vec<Tool<'a>>,
    tool_choice: Chosen<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tool<'a> {
    tool_spec: ToolSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: InputSchema<'a>,
}

#[derive(Serialize)]
struct InputSchema<'a> {
    json: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Chosen<'a> {
    Auto {},
    Any {},
    Tool { name: &'a str },
}
