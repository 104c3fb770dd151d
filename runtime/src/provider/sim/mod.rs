//! `sim/…`: models that run in the process, need no key and no network, and answer every prompt in the
//! shape of its output with words of the prompt itself.
//!
//! They are for the first try, for tests and for rehearsals: the same prompt always gets the same
//! answer, and the settings `latency`, `failure_rate` and `malformed_rate` make them as slow and as
//! unreliable as wished. In: a [`Request`]. Out: a [`Reply`] whose usage is counted with
//! the model's tokenizer.

mod answer;
mod embed;
mod facts;
mod prose;
mod reading;

use super::{
    CallError, CallErrorKind, Embedded, Finish, Message, OnText, Provider, Reply, Request, Texts, Usage, Wish,
};
use crate::Context;
use answer::{Purpose, Source};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, Role, Tokens, Type, TypeSpec};
use flow_tokens::Measure;
use reading::Reading;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) use embed::vector;

/// Models simulated in the process.
#[derive(Debug, Default)]
pub struct Sim {
    /// Calls so far: what fails once must not fail for ever.
    calls: AtomicU64,
}

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "sim",
    params: &[
        ParamSpec {
            name: "latency",
            ty: TypeSpec::Duration,
            required: false,
            doc: "How long an answer takes.",
        },
        ParamSpec {
            name: "failure_rate",
            ty: TypeSpec::Float,
            required: false,
            doc: "The share of calls that fail, 0 to 1.",
        },
        ParamSpec {
            name: "malformed_rate",
            ty: TypeSpec::Float,
            required: false,
            doc: "The share of answers that are broken, 0 to 1.",
        },
    ],
    returns: TypeSpec::Declared,
    doc: "Models simulated in the process: no key, no network, no cost, and always the same answer to the same prompt. \
          Any name may follow `sim/`; the usual ones are `sim/text`, `sim/fast`, `sim/careful`, `sim/judge` and `sim/json`, \
          which all answer alike; `sim/embed` makes embeddings, of words and not of their meaning. \
          Answers have the shape of the prompt's output and are put together from the prompt's own words.",
    examples: &[
        "model fast = \"sim/text\"",
        "model slow = \"sim/text\" { latency: 300ms, failure_rate: 10% }",
    ],
    embeds: true,
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Provider for Sim {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(
        &self,
        _context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let settings = &request.model.settings.sim;
        let latency = settings.latency.duration();
        let seed = seed(request);
        let chance = |what: &[u8]| unit(hash(&[what, &seed.to_le_bytes(), &call.to_le_bytes()]));
        if chance(b"failure") < settings.failure_rate {
            pause(latency).await;
            return Err(CallError {
                kind: CallErrorKind::Server,
                message: format!(
                    "the simulated model `{}` failed, as its `failure_rate` asks",
                    request.model.name
                ),
                help: None,
                retry_after: None,
            });
        }
        let wish = wish(request, seed);
        let mut text = wish.as_ref().map_or_else(|| answer(request, seed), |wish| wish.args.clone());
        if chance(b"malformed") < settings.malformed_rate {
            text = broken(&text);
        }
        let finish = cut(&mut text, request.max_output, request.measure);
        let usage = Usage {
            input: request.input,
            output: Tokens(request.measure.scaled(request.measure.count(&text))),
            ..Usage::default()
        };
        let request_id = Some(format!("sim-{seed:016x}-{call}"));
        if let Some(wish) = wish {
            pause(latency).await;
            let wish = Some(Wish { args: text, ..wish });
            return Ok(Reply { text: String::new(), usage, finish, request_id, wish });
        }
        if request.stream {
            stream(&text, latency, on_text).await;
        } else {
            pause(latency).await;
            on_text(&text);
        }
        Ok(Reply { text, usage, finish, request_id, wish: None })
    }

    async fn embed(&self, _context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        pause(request.model.settings.sim.latency.duration()).await;
        let vectors = request.texts.iter().map(|text| vector(text)).collect();
        Ok(Embedded { vectors, input: request.input, request_id: None })
    }
}

// The first lookup is asked for once, with words of the prompt.
fn wish(request: &Request<'_>, seed: u64) -> Option<Wish> {
    let tools = request.tools.filter(|tools| !tools.withheld && tools.turns.is_empty())?;
    let tool = tools.offered.first()?;
    let reading = Reading::of(&request.messages);
    let source = Source { reading: &reading, seed };
    let most = request.max_output.0.max(1);
    let args = source.answer(&tool.args, Purpose { name: &tool.name, doc: "", most, nth: 0 });
    Some(Wish { tool: tool.name.clone(), args: args.to_string() })
}

fn answer(request: &Request<'_>, seed: u64) -> String {
    let found = request.tools.iter().flat_map(|tools| tools.turns);
    let found = found.map(|turn| Message { role: Role::User, text: turn.found.clone(), images: vec![] });
    // What was found stands before what is asked, as in a prompt that shows it.
    let messages: Vec<Message> = found.chain(request.messages.iter().cloned()).collect();
    let reading = Reading::of(&messages);
    let source = Source { reading: &reading, seed };
    let purpose = Purpose { name: request.prompt, doc: "", most: request.max_output.0.max(1), nth: 0 };
    let json = match request.output {
        Type::Text { .. } => source.answer(request.output, Purpose { name: "answer", ..purpose }),
        output => source.answer(output, purpose),
    };
    match (request.output, json) {
        (Type::Text { .. }, serde_json::Value::String(text)) => text,
        (_, json) => json.to_string(),
    }
}

// Half of the time before the first piece, the rest between the pieces, as with a real model.
async fn stream(text: &str, latency: Duration, on_text: &mut OnText<'_>) {
    const PAUSES: usize = 20;
    let pieces: Vec<&str> = text.split_inclusive(' ').collect();
    let group = pieces.len().div_ceil(PAUSES).max(1);
    let gaps = pieces.len().div_ceil(group).max(1) as u32;
    pause(latency / 2).await;
    for group in pieces.chunks(group) {
        group.iter().for_each(|piece| on_text(piece));
        pause(latency / 2 / gaps).await;
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

// Too long an answer is cut where a real model would be cut: at the cap, wherever that falls.
fn cut(text: &mut String, most: Tokens, measure: &Measure) -> Finish {
    let kept = measure.counter().cut(text, most.0).len();
    if kept == text.len() {
        return Finish::Done;
    }
    text.truncate(kept);
    Finish::Cut
}

// Beyond what can be mended without asking again: the second half is missing, and with it the sense.
fn broken(text: &str) -> String {
    let half = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    format!("{{\"answer\": [{}", &text[..half])
}

fn seed(request: &Request<'_>) -> u64 {
    let mut parts: Vec<&[u8]> = vec![request.model.model.as_bytes(), request.prompt.as_bytes()];
    for Message { text, images, .. } in &request.messages {
        parts.push(text.as_bytes());
        parts.extend(images.iter().map(|i| i.as_bytes()));
    }
    for turn in request.tools.iter().flat_map(|tools| tools.turns) {
        parts.extend([turn.args.as_bytes(), turn.found.as_bytes()]);
    }
    hash(&parts)
}

fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        // The length keeps `ab`,`c` from `a`,`bc`.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests;
