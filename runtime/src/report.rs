//! What a run came to: its result or error, what was spent, and how each step went.
//!
//! [`RunReport`] serialises to what `flowc run --format json` prints; other programs rely on it.

use crate::journal::Standing;
use crate::{RunError, RunId, StepPath};
use ecow::EcoString;
use flow_plan::{Cost, Millis, Tokens, Value};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

/// What a run came to.
#[derive(Clone, PartialEq, Debug)]
pub struct RunReport {
    /// Its identity, by which it can be resumed.
    pub run: RunId,
    /// The flow's name.
    pub flow: EcoString,
    /// How it ended.
    pub status: RunStatus,
    /// The flow's result; there exactly when the status is `Ok`.
    pub output: Option<Value>,
    /// Why there is no result; not there where a person is waited for.
    pub error: Option<RunError>,
    /// What was spent, earlier parts of a resumed run included.
    pub spent: Spent,
    /// How long it took.
    pub took: Millis,
    /// The steps in the order of the program, those inside other steps behind them; pure expressions
    /// are left out.
    pub steps: Vec<StepReport>,
    /// What people are asked; there only where the status is `Waiting`.
    pub waiting: Vec<Standing>,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// With a result.
    Ok,
    /// With a refusal of its own, by `else stop`.
    Stopped,
    /// With an error.
    Failed,
    /// Not yet: it waits for a person.
    Waiting,
}

/// How one step went.
#[derive(Clone, PartialEq, Debug)]
pub struct StepReport {
    /// The step.
    pub path: StepPath,
    /// How it ended.
    pub status: StepStatus,
    /// The model that answered last, as `provider/model`; for prompts only.
    pub model: Option<EcoString>,
    /// How many times it was tried.
    pub attempts: u32,
    /// What it spent itself; the steps inside it count for themselves.
    pub spent: Spent,
    /// How long it took.
    pub took: Millis,
    /// What was mended in the answer that was used.
    pub repaired: Vec<EcoString>,
    /// How near the words are of whose answer it is, where the cache has found it by similarity.
    pub similar: Option<f64>,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// With a value.
    Ok,
    /// With a value from the cache or from the journal of an earlier part of the run.
    Cached,
    /// It was not needed, or the run ended before it began.
    Skipped,
    /// With an error, or because the run ended meanwhile.
    Failed,
    /// Not yet: it waits for a person.
    Waiting,
}

/// What was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spent {
    /// Money. A call whose usage is not known, since it was cut off, counts with its worst case.
    pub usd: Cost,
    /// Calls of models that were made.
    pub calls: u64,
    /// Input tokens as reported.
    pub input: Tokens,
    /// Output tokens as reported.
    pub output: Tokens,
    /// Calls that the cache answered.
    pub cached_calls: u64,
}

impl Spent {
    /// Adds what else was used.
    pub fn add(&mut self, other: Spent) {
        self.usd = self.usd.plus(other.usd);
        self.calls += other.calls;
        self.input.0 += other.input.0;
        self.output.0 += other.output.0;
        self.cached_calls += other.cached_calls;
    }
}

impl Serialize for RunReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(7))?;
        map.serialize_entry("run", self.run.0.as_str())?;
        map.serialize_entry("flow", self.flow.as_str())?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("output", &self.output.as_ref().map(Value::to_json))?;
        map.serialize_entry("error", &self.error.as_ref().map(ErrorShape))?;
        map.serialize_entry("spent", &self.spent)?;
        map.serialize_entry("steps", &self.steps)?;
        if !self.waiting.is_empty() {
            map.serialize_entry("waiting", &self.waiting)?;
        }
        map.end()
    }
}

/// A similarity as people are told it: down to the hundredth, so that it is never more than it is.
pub fn hundredths(similar: f64) -> f64 {
    (similar * 100.0 + 1e-6).floor() / 100.0
}

/// An error as the report and the events show it.
pub(crate) struct ErrorShape<'a>(pub(crate) &'a RunError);

impl Serialize for ErrorShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.0.code.name())?;
        map.serialize_entry("message", &self.0.message)?;
        if let Some(help) = &self.0.help {
            map.serialize_entry("help", help)?;
        }
        if let Some(step) = &self.0.step {
            map.serialize_entry("step", step)?;
        }
        map.end()
    }
}

impl Serialize for Standing {
    /// What is asked; the value is left out where it is private.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let asked = &self.asked;
        let shown = |json: Json| if asked.private { Json::Null } else { json };
        let mut map = serializer.serialize_map(Some(7))?;
        map.serialize_entry("step", &asked.path)?;
        map.serialize_entry("by", asked.by.as_str())?;
        map.serialize_entry("since", &asked.since.to_string())?;
        map.serialize_entry("expires", &asked.until.to_string())?;
        map.serialize_entry("private", &asked.private)?;
        map.serialize_entry("value", &shown(asked.value.as_ref().map_or(Json::Null, Value::to_json)))?;
        map.serialize_entry("why", &shown(asked.why.as_deref().into()))?;
        map.end()
    }
}

impl Serialize for Spent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("usd", &self.usd.dollars())?;
        map.serialize_entry("calls", &self.calls)?;
        map.serialize_entry("input_tokens", &self.input)?;
        map.serialize_entry("output_tokens", &self.output)?;
        map.serialize_entry("cached_calls", &self.cached_calls)?;
        map.end()
    }
}

impl Serialize for StepReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(8))?;
        map.serialize_entry("name", &self.path.to_string())?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("model", &self.model.as_deref())?;
        map.serialize_entry("attempts", &self.attempts)?;
        map.serialize_entry("usd", &self.spent.usd.dollars())?;
        map.serialize_entry("input_tokens", &self.spent.input)?;
        map.serialize_entry("output_tokens", &self.spent.output)?;
        map.serialize_entry("ms", &self.took)?;
        if !self.repaired.is_empty() {
            map.serialize_entry("repaired", &self.repaired)?;
        }
        if let Some(similar) = self.similar {
            map.serialize_entry("similar", &hundredths(similar))?;
        }
        map.end()
    }
}
