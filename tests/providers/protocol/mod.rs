//! The server's side of each protocol, written from its documentation and not from our clients.

mod anthropic;
mod bedrock;
mod chat;
mod cohere;
mod google;
mod ollama;
mod responses;
pub(crate) mod tools;

use crate::server::Asked;
use serde_json::Value as Json;

/// What a request says, in the words of no protocol.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) key: String,
    pub(crate) model: String,
    pub(crate) system: String,
    pub(crate) user: String,
    /// Each as `media;base64` or an address.
    pub(crate) images: Vec<String>,
    pub(crate) cap: u64,
    pub(crate) temperature: Option<f64>,
    /// The names of the fields that the answer must have.
    pub(crate) schema: Option<Vec<String>>,
    pub(crate) streams: bool,
    /// Whether the beginning is marked for the prompt cache.
    pub(crate) marked: bool,
}

/// An answer, in the words of no protocol.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) pieces: Vec<&'static str>,
    /// Whether it is held to a type.
    pub(crate) typed: bool,
    pub(crate) end: End,
}

/// Why an answer ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Done,
    Cut,
    Refused,
}

/// What every answer has used: input with all its parts, and output with what was thought.
pub(crate) const USED: Used = Used { input: 140, cached: 100, written: 30, output: 10, thought: 3 };

pub(crate) struct Used {
    pub(crate) input: u64,
    pub(crate) cached: u64,
    pub(crate) written: u64,
    pub(crate) output: u64,
    pub(crate) thought: u64,
}

/// An error that every provider has, each in its own words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    Key,
    /// Come again in seven seconds.
    TooOften,
    Overloaded,
    Broken,
    TooLong,
    Wrong,
    UnknownModel,
    /// A filter turned the prompt away.
    Filtered,
}

/// A protocol, seen from the server.
pub(crate) trait Protocol: Sync {
    /// The provider's name in a program.
    fn provider(&self) -> &'static str;

    /// The variables that bring a client to this server.
    fn variables(&self, url: &str) -> Vec<(&'static str, String)>;

    /// What of the usage is told besides input and output: read from a cache, written to it.
    fn tells(&self) -> (bool, bool);

    /// Reads a request; panics where it is not the protocol.
    fn heard(&self, asked: &Asked) -> Heard;

    /// The whole answer.
    fn whole(&self, said: &Said) -> Json;

    /// The answer as events.
    fn stream(&self, said: &Said) -> Vec<Vec<u8>>;

    /// An event that says that the server is overloaded.
    fn overload(&self) -> Vec<u8>;

    /// An error: status, headers and body.
    fn error(&self, trouble: Trouble) -> (u16, Vec<(&'static str, &'static str)>, Json);

    /// Whether the answer's filter is heard of before the answer, with the status of an error.
    fn filters_prompts(&self) -> bool {
        true
    }

    fn content_type(&self) -> &'static str {
        "text/event-stream"
    }
}

/// Every protocol, and of the chat completions protocol several who speak it.
pub(crate) const ALL: &[&dyn Protocol] = &[
    &chat::OPENAI,
    &chat::AZURE,
    &chat::AZURE_VERSIONED,
    &chat::COMPATIBLE,
    &chat::MISTRAL,
    &chat::GROQ,
    &chat::TOGETHER,
    &chat::OPENROUTER,
    &chat::DEEPSEEK,
    &chat::XAI,
    &responses::Responses,
    &anthropic::Anthropic,
    &google::Google,
    &bedrock::Bedrock { signed: false },
    &bedrock::Bedrock { signed: true },
    &cohere::Cohere,
    &ollama::Ollama,
];

/// One server-sent event.
fn event(data: &Json) -> Vec<u8> {
    format!("data: {data}\n\n").into_bytes()
}

/// One server-sent event with its name.
fn named(name: &str, data: &Json) -> Vec<u8> {
    format!("event: {name}\ndata: {data}\n\n").into_bytes()
}

/// A field that must be text.
#[track_caller]
fn text(json: &Json) -> String {
    json.as_str().unwrap_or_else(|| panic!("text is missing: {json}")).to_owned()
}

/// The fields that a schema of an object asks for.
#[track_caller]
fn required(schema: &Json) -> Vec<String> {
    assert_eq!(schema["type"], "object", "{schema}");
    schema["required"].as_array().unwrap().iter().map(text).collect()
}

/// The end of a header that begins so.
#[track_caller]
fn header(asked: &Asked, name: &str, begin: &str) -> String {
    let value = asked.headers.get(name).unwrap_or_else(|| panic!("{name} is missing")).to_str().unwrap();
    value.strip_prefix(begin).unwrap_or_else(|| panic!("{name}: {value}")).to_owned()
}

/// An image that must be a `data:` URL or an address, as `media;base64` or the address.
fn image(url: &str) -> String {
    match url.strip_prefix("data:") {
        Some(data) => data.replace(";base64,", ";"),
        None => url.to_owned(),
    }
}

/// The request has these fields and no others.
#[track_caller]
fn fields(json: &Json, allowed: &[&str]) {
    for name in json.as_object().unwrap().keys() {
        assert!(allowed.contains(&name.as_str()), "`{name}` is not a field of the protocol: {json}");
    }
}
