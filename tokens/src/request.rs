//! What a request has around its texts: the framing of messages, a schema, images.
//!
//! Figures of OpenAI's chat protocol, from its cookbook "How to count tokens with tiktoken": three
//! tokens a message and its role, three for the start of the answer. What a provider makes of a
//! schema is not published; the figures here are above what was seen. What other providers add is in
//! `AROUND`, one line each.

use crate::Measure;
use flow_plan::{ModelCard, Tokens, Type};
use serde_json::{Value as Json, json};

/// The framing of so many messages, with what the provider puts before all of them.
pub fn framing(provider: &str, messages: u64) -> u64 {
    messages.saturating_mul(MESSAGE).saturating_add(PRIMING).saturating_add(around(provider).before)
}

const MESSAGE: u64 = 4;
const PRIMING: u64 = 3;

// What a provider puts around a prompt of its own accord.
struct Around {
    provider: &'static str,
    // Before every prompt.
    before: u64,
    // Before a tool that an answer is held to its type by.
    tool: u64,
}

// Anthropic's page on tool use gives 313 tokens for a tool that must be used; newer models are planned
// with twice that, and Bedrock holds every model to its type by a tool.
//
// Chat templates of open models say more than roles: that of Llama 3.1 names dates, 25 tokens, that of
// gpt-oss a system message of its own, about 70. Who serves open models is planned with 128. Cohere does
// not say how long the prompt is that it puts before others, nor does it bill it; 1,024 are kept of the
// window. Who is not listed adds nothing that its documentation tells of.
const AROUND: &[Around] = &[
    Around { provider: "anthropic", before: 0, tool: 700 },
    Around { provider: "bedrock", before: 128, tool: 700 },
    Around { provider: "cohere", before: 1024, tool: 0 },
    Around { provider: "ollama", before: 128, tool: 0 },
    Around { provider: "openai-compatible", before: 128, tool: 0 },
    Around { provider: "openrouter", before: 128, tool: 0 },
    Around { provider: "groq", before: 128, tool: 0 },
    Around { provider: "together", before: 128, tool: 0 },
    Around { provider: "cerebras", before: 128, tool: 0 },
    Around { provider: "deepseek", before: 128, tool: 0 },
    Around { provider: "qwen", before: 128, tool: 0 },
    Around { provider: "xai", before: 128, tool: 0 },
    Around { provider: "mistral", before: 128, tool: 0 },
];

// What is said of how functions are called, besides: templates of open models, such as those of Llama 3.1
// and Hermes, take 100 to 200 tokens for it. Where it is not published it is planned with as much.
const CALLING: &[(&str, u64)] = &[
    ("google", 256),
    ("cohere", 512),
    ("ollama", 256),
    ("openai-compatible", 256),
    ("openrouter", 256),
    ("groq", 256),
    ("together", 256),
    ("cerebras", 256),
    ("deepseek", 256),
    ("qwen", 256),
    ("xai", 256),
    ("mistral", 256),
];

fn calling(provider: &str) -> u64 {
    CALLING.iter().find(|(name, _)| *name == provider).map_or(0, |(_, tokens)| *tokens)
}

fn around(provider: &str) -> &'static Around {
    const NOTHING: &Around = &Around { provider: "", before: 0, tool: 0 };
    AROUND.iter().find(|a| a.provider == provider).unwrap_or(NOTHING)
}

/// What a provider is sent beside the messages so that an answer has this type; plain text needs
/// nothing.
pub fn schema(measure: &Measure, provider: &str, output: &Type) -> u64 {
    if matches!(output, Type::Text { .. }) {
        return 0;
    }
    // Each provider is sent one of the two.
    let sizes = [true, false].map(|strict| {
        let schema = at_top(output, output.schema(strict));
        measure.count(&schema.to_string()) + FUNCTION + PROPERTY * properties(&schema) + SCHEMA
    });
    sizes[0].max(sizes[1]) + around(provider).tool
}

/// What a provider is sent beside the messages so that a model may ask for these lookups: of each its
/// name, what it is for, and what it takes. `held` where the answer is held to a type by a tool as well.
pub fn tools<'t>(
    measure: &Measure,
    provider: &str,
    offered: impl Iterator<Item = (&'t str, &'t str, &'t Type)>,
    held: bool,
) -> u64 {
    let one = |(name, doc, args): (&str, &str, &Type)| {
        let schema = args.schema(false);
        let texts = measure.count(&schema.to_string()) + measure.count(name) + measure.count(doc);
        texts + FUNCTION + PROPERTY * properties(&schema) + SCHEMA
    };
    let before = calling(provider) + if held { 0 } else { around(provider).tool };
    offered.map(one).fold(before, u64::saturating_add)
}

/// What is around a lookup that a model has asked for, and around what was found: two messages, with the
/// name of the lookup and the call's own name in each.
pub fn turn(measure: &Measure, name: &str) -> u64 {
    more(2).saturating_add(2 * (measure.count(name) + FUNCTION)).saturating_add(SCHEMA)
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
