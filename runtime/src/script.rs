//! Scripted answers: what stands in for the models in a test.
//!
//! In: answers by prompt. Out: a [`Provider`] before each real one, which answers what is scripted
//! and lets through only what simulated models answer. A scripted answer takes the same way as a
//! real one: it is text, counted and priced as the model's, and read by the prompt's type.

use crate::cassette::{Cassette, Hidden, Replay};
use crate::provider::{
    CallError, CallErrorKind, Embedded, Finish, OnText, Provider, Reply, Request, Texts, Usage,
};
use crate::{Context, RunError};
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{CapabilityKind, CapabilitySpec, Model, Plan, ReplyWith, Scripted, TestReply, Tokens, Value};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers by prompt, in order, and decisions of people; the last one answers all later calls.
#[derive(Debug, Default)]
pub struct Script {
    replies: HashMap<EcoString, Answers>,
    decisions: Vec<Scripted>,
    next: AtomicUsize,
}

#[derive(Debug, Default)]
struct Answers {
    texts: Vec<String>,
    next: AtomicUsize,
}

impl Script {
    /// What a test's `reply` lines say: the answers they write, and the cassettes that they name, from
    /// which calls are answered before that. E0810 where a recording is neither a cassette nor a list
    /// of answers nor `{"replies": […]}`.
    pub(crate) fn of(
        replies: &[TestReply],
        plan: &Plan,
        hidden: Hidden,
    ) -> Result<(Script, Option<Replay>), RunError> {
        let mut script = Script::default();
        let mut cassettes = Vec::new();
        for reply in replies {
            let Some(prompt) = plan.prompts.get(reply.prompt.index()) else { continue };
            match &reply.with {
                ReplyWith::Value(value) => script.push(&prompt.name, answer(value)),
                ReplyWith::Recording(recording) if Cassette::is_one(&recording.text) => {
                    let cassette = Cassette::read(&recording.file, &recording.text)
                        .map_err(|error| error.at(&prompt.name, reply.span))?;
                    cassettes.push((prompt.name.clone(), cassette));
                }
                ReplyWith::Recording(recording) => {
                    let json: Json = serde_json::from_str(&recording.text).unwrap_or_default();
                    let list = json.as_array().or_else(|| json.get("replies").and_then(Json::as_array));
                    let list = list.filter(|l| !l.is_empty()).ok_or_else(|| {
                        let message = format!(
                            "the recording for `{}` is neither a cassette nor a list of answers nor {{\"replies\": […]}}",
                            prompt.name
                        );
                        RunError::new(Code::E0810, message).at(&prompt.name, reply.span)
                    })?;
                    for answer in list {
                        script.push(&prompt.name, recorded(answer));
                    }
                }
            }
        }
        let replay = (!cassettes.is_empty()).then(|| Replay::of_prompts(cassettes, hidden));
        Ok((script, replay))
    }

    /// With these decisions of people.
    pub(crate) fn deciding(self, decisions: &[Scripted]) -> Script {
        Script { decisions: decisions.to_vec(), ..self }
    }

    /// The next decision; the last one decides on all later reviews.
    pub(crate) fn decision(&self) -> Option<&Scripted> {
        let i = self.next.fetch_add(1, Ordering::Relaxed).min(self.decisions.len().saturating_sub(1));
        self.decisions.get(i)
    }

    /// Whether there is an answer to a prompt.
    pub(crate) fn answers(&self, prompt: &str) -> bool {
        self.replies.contains_key(prompt)
    }

    /// Adds an answer to a prompt, as the text a model would send.
    pub fn push(&mut self, prompt: &str, text: impl Into<String>) {
        self.replies.entry(prompt.into()).or_default().texts.push(text.into());
    }

    /// The provider that answers for `model`: scripted, or else `real` where it is simulated.
    pub(crate) fn before(
        self: Arc<Self>,
        real: Option<Arc<dyn Provider>>,
        model: &Model,
    ) -> Arc<dyn Provider> {
        let simulated = real.filter(|_| model.provider == "sim");
        Arc::new(Standin { script: self, simulated })
    }

    fn next(&self, prompt: &str) -> Option<&str> {
        let answers = self.replies.get(prompt)?;
        let i = answers.next.fetch_add(1, Ordering::Relaxed).min(answers.texts.len().saturating_sub(1));
        answers.texts.get(i).map(String::as_str)
    }
}

/// A value as the text a model would send for it.
pub(crate) fn answer(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Image(text) => text.to_string(),
        other => other.to_json().to_string(),
    }
}

fn recorded(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

struct Standin {
    script: Arc<Script>,
    simulated: Option<Arc<dyn Provider>>,
}

static SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "script",
    doc: "Answers what a test scripts.",
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Provider for Standin {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(
        &self,
        context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        match (self.script.next(request.prompt), &self.simulated) {
            (Some(text), _) => {
                on_text(text);
                let output = Tokens(request.measure.scaled(request.measure.count(text)));
                Ok(Reply {
                    text: text.to_owned(),
                    usage: Usage { input: request.input, output, ..Usage::default() },
                    finish: Finish::Done,
                    request_id: None,
                    wish: None,
                })
            }
            (None, Some(simulated)) => simulated.call(context, request, on_text).await,
            (None, None) => Err(CallError {
                kind: CallErrorKind::Rejected,
                message: format!("prompt `{}` has no scripted reply", request.prompt),
                help: Some(format!("add `reply {} …` to the test", request.prompt)),
                retry_after: None,
            }),
        }
    }

    // No test asks the network: what is near is near by its words.
    async fn embed(&self, _context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        let vectors = request.texts.iter().map(|text| crate::provider::vector(text)).collect();
        Ok(Embedded { vectors, input: request.input, request_id: None })
    }
}
