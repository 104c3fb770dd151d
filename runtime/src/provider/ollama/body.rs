//! The request of Ollama's chat protocol.

use crate::provider::images::Image;
use crate::provider::openai::Tool;
use crate::provider::schema::Schema;
use crate::provider::tools::{Functions, raw, turns};
use crate::provider::{CallError, Message, Request};
use flow_plan::{CapabilitySpec, Role};
use serde::Serialize;
use serde_json::value::RawValue;

/// Whether, or how much, a model thinks.
#[derive(Serialize, Clone, Copy, Debug)]
#[serde(untagged)]
pub(super) enum Think {
    Is(bool),
    Level(&'static str),
}

impl Think {
    /// Reads the setting.
    pub(super) fn of(word: &str) -> Option<Think> {
        Some(match word {
            "on" | "true" => Think::Is(true),
            "off" | "false" | "none" => Think::Is(false),
            "low" => Think::Level("low"),
            "medium" => Think::Level("medium"),
            "high" => Think::Level("high"),
            _ => return None,
        })
    }
}

/// The images of each message, as base64: the protocol takes no addresses.
pub(super) fn images<'a>(
    spec: &CapabilitySpec,
    messages: &'a [Message],
) -> Result<Vec<Vec<&'a str>>, CallError> {
    let data = |url: &'a String| match Image::of(url) {
        Image::Bytes { data, .. } => Ok(data),
        Image::Url(_) => Err(Image::needs_bytes(spec)),
    };
    messages.iter().map(|m| m.images.iter().map(data).collect()).collect()
}

/// The body of a request.
pub(super) fn body(
    request: &Request<'_>,
    (schema, functions): (Option<&Schema>, Option<&Functions<'_>>),
    (think, images): (Option<Think>, Vec<Vec<&str>>),
) -> serde_json::Result<Vec<u8>> {
    let schema = schema.filter(|_| functions.is_none());
    let said = request.messages.iter().zip(images).map(|(m, images)| said(m, images));
    let mut messages: Vec<Said<'_>> = said.collect();
    for turn in turns(request) {
        let call = Call { function: Made { name: &turn.tool, arguments: raw(&turn.args)? } };
        let asked = Said { tool_calls: Some([call]), ..Said::of("assistant", "") };
        let found = Said { tool_name: Some(&turn.tool), ..Said::of("tool", &turn.found) };
        messages.extend([asked, found]);
    }
    let (settings, card) = (&request.model.settings, &request.model.card);
    serde_json::to_vec(&Body {
        model: &request.model.model,
        messages,
        stream: request.stream,
        format: schema.map(|schema| &*schema.text),
        tools: functions.map(Tool::all),
        think,
        options: Options {
            num_ctx: card.context.0,
            num_predict: request.max_output.0,
            temperature: settings.temperature,
            top_p: settings.top_p,
            seed: settings.seed,
            stop: &settings.stop,
        },
    })
}

fn said<'a>(message: &'a Message, images: Vec<&'a str>) -> Said<'a> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    Said { images, ..Said::of(role, &message.text) }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Said<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<Tool<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    options: Options<'a>,
}

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[Call<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
}

impl<'a> Said<'a> {
    fn of(role: &'static str, content: &'a str) -> Said<'a> {
        Said { role, content, images: Vec::new(), tool_calls: None, tool_name: None }
    }
}

#[derive(Serialize)]
struct Call<'a> {
    function: Made<'a>,
}

#[derive(Serialize)]
struct Made<'a> {
    name: &'a str,
    arguments: &'a RawValue,
}

#[derive(Serialize)]
struct Options<'a> {
    num_ctx: u64,
    num_predict: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [ecow::EcoString],
}
