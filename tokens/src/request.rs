//! What a request has around its texts: the framing of messages, a schema, images.
//!
//! Figures of OpenAI's chat protocol, from its cookbook "How to count tokens with tiktoken": three
//! tokens a message and its role, three for the start of the answer. What a provider makes of a
//! schema is not published; the figures here are above what was seen.

use crate::Measure;
use flow_plan::{ModelCard, Tokens, Type};
use serde_json::{Value as Json, json};

/// The framing of so many messages.
pub fn framing(messages: u64) -> u64 {
    messages.saturating_mul(MESSAGE).saturating_add(PRIMING)
}

const MESSAGE: u64 = 4;
const PRIMING: u64 = 3;

/// What a provider is sent beside the messages so that an answer has this type; plain text needs
/// nothing.
pub fn schema(measure: &Measure, provider: &str, output: &Type) -> u64 {
    if matches!(output, Type::Text { .. }) {
        return 0;
    }
    let around = if provider == "anthropic" { TOOL_PROMPT } else { 0 };
    // Each provider is sent one of the two.
    let sizes = [true, false].map(|strict| {
        let schema = at_top(output, output.schema(strict));
        measure.count(&schema.to_string()) + FUNCTION + PROPERTY * properties(&schema) + SCHEMA
    });
    sizes[0].max(sizes[1]) + around
}

// What is no record stands under a name in one.
fn at_top(output: &Type, schema: Json) -> Json {
    match output {
        Type::Record(_) => schema,
        _ => json!({
            "type": "object",
            "properties": {"value": schema},
            "required": ["value"],
            "additionalProperties": false
        }),
    }
}

// Anthropic puts a prompt of its own before a tool, and an answer is held to its type by one. Its page
// on tool use gives 313 tokens for a tool that must be used; newer models are planned with twice that.
const TOOL_PROMPT: u64 = 700;
const SCHEMA: u64 = 32;
const FUNCTION: u64 = 16;
const PROPERTY: u64 = 8;

fn properties(schema: &Json) -> u64 {
    match schema {
        Json::Object(map) => map
            .iter()
            .map(|(key, value)| match (key.as_str(), value) {
                ("properties", Json::Object(named)) => {
                    named.len() as u64 + named.values().map(properties).sum::<u64>()
                }
                (_, value) => properties(value),
            })
            .sum(),
        Json::Array(items) => items.iter().map(properties).sum(),
        _ => 0,
    }
}

/// The framing of so many messages behind others.
pub fn more(messages: u64) -> u64 {
    messages.saturating_mul(MESSAGE)
}

/// What so many images add: the published most of the model, or its whole window where there is none.
pub fn images(card: &ModelCard, images: u64) -> Tokens {
    match images {
        0 => Tokens(0),
        n => match card.image_tokens {
            Some(each) => Tokens(each.0.saturating_mul(n)),
            None => card.context,
        },
    }
}
