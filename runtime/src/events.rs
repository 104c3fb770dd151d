//! What happens in a run, told as it happens.
//!
//! In: nothing but what the executor says. Out: [`Event`]s to a [`Sink`]; each serialises to one JSON
//! object, a line of `flowc run --events`, without what is private. Where nobody listens, no event is
//! made.

use crate::output::Repair;
use crate::privacy::PRIVATE;
use crate::report::{ErrorShape, hundredths};
use crate::{RunError, RunId, RunStatus, Spent, StepStatus};
use ecow::EcoString;
use flow_plan::{Cost, Millis, Value};
use flow_tokens::Cut;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Who listens. It is called in the run's own task and must not wait.
pub trait Sink: Send + Sync {
    /// Takes an event. Events of one run come in the order they happened.
    fn event(&self, event: Event);
}

impl<F: Fn(Event) + Send + Sync> Sink for F {
    fn event(&self, event: Event) {
        self(event);
    }
}

/// One thing that happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// In which run.
    pub run: RunId,
    /// At which step: [`crate::StepPath`] as text.
    pub step: Option<EcoString>,
    /// How long after the run's start.
    pub at: Millis,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// A run began, or goes on.
    RunStarted {
        /// The flow's name.
        flow: EcoString,
        /// How many steps are known from an earlier part of the run.
        resumed_steps: usize,
    },
    /// A step began.
    StepStarted {
        /// `prompt`, `lookup`, `guard`, `action`, `flow`, `if`, `match`, `each` or `repeat`.
        kind: &'static str,
        /// Whether the step's text is the run's result as it is, so that its tokens can be shown as
        /// they come.
        result: bool,
    },
    /// A model is asked.
    CallStarted {
        /// `provider/model`.
        model: EcoString,
        /// From 1, counted over all models of the step; 0 where its texts are asked for an embedding.
        attempt: u32,
        /// Whether the text streamed so far belongs to an earlier attempt and is void.
        restarts: bool,
        /// What is set aside for it: the most that it can cost.
        reserved: Cost,
        /// How long it had to wait for its turn.
        waited: Millis,
        /// What was cut from the prompt's holes.
        cuts: Vec<Cut>,
    },
    /// A model was not asked: its circuit is open, or its turn did not come. It cost nothing.
    CallSkipped {
        /// `provider/model`.
        model: EcoString,
        /// Why.
        error: RunError,
    },
    /// A piece of the answer.
    Token {
        /// The attempt it belongs to.
        attempt: u32,
        /// The piece.
        text: EcoString,
        /// Whether it is a piece of the run's result.
        result: bool,
        /// Whether it is for whoever runs the flow alone: it is left out where the event is written.
        private: bool,
    },
    /// What is complete of an answer that is the run's result and is no text.
    Partial {
        /// The attempt it belongs to.
        attempt: u32,
        /// The value so far; a field that is not complete is absent.
        value: Value,
        /// Whether it is for whoever runs the flow alone.
        private: bool,
    },
    /// A model has answered, or failed to.
    CallFinished {
        /// `provider/model`.
        model: EcoString,
        /// From 1, counted over all models of the step.
        attempt: u32,
        /// What it used.
        spent: Spent,
        /// How long it took.
        took: Millis,
        /// The provider's name for the call.
        request_id: Option<String>,
        /// Why the model can't be asked again: it reported more than was possible.
        excess: Option<String>,
        /// What was mended in the answer.
        repaired: Vec<Repair>,
        /// Why it failed.
        error: Option<RunError>,
    },
    /// A model has asked for a lookup before it answers.
    LookupAsked {
        /// The lookup.
        lookup: EcoString,
        /// Which of the rounds of the attempt, from 1.
        round: u32,
        /// Why it was not looked up: the model is told, and may ask again.
        refused: Option<String>,
    },
    /// A person is asked for the first time.
    ReviewWaiting {
        /// Who decides.
        by: EcoString,
        /// Until when.
        until: jiff::Timestamp,
    },
    /// Something is not as it should be, and the run goes on.
    Warned {
        /// What, in one line.
        message: String,
    },
    /// A step has ended.
    StepFinished {
        /// How.
        status: StepStatus,
        /// The model that answered last, as `provider/model`.
        model: Option<EcoString>,
        /// How many times it was tried.
        attempts: u32,
        /// What it used.
        spent: Spent,
        /// How long it took.
        took: Millis,
        /// What was mended in the answer that was used.
        repaired: Vec<EcoString>,
        /// How near the words are of whose answer it is, where the cache has found it by similarity.
        similar: Option<f64>,
        /// Why it failed.
        error: Option<RunError>,
    },
    /// The run has ended.
    RunFinished {
        /// How.
        status: RunStatus,
        /// Its result.
        output: Option<Value>,
        /// Whether the result is for whoever runs the flow alone.
        private: bool,
        /// Why there is none.
        error: Option<RunError>,
        /// What it used.
        spent: Spent,
        /// How long it took.
        took: Millis,
    },
}

impl What {
    /// The event's name: `run_started`.
    pub fn name(&self) -> &'static str {
        match self {
            What::RunStarted { .. } => "run_started",
            What::StepStarted { .. } => "step_started",
            What::CallStarted { .. } => "call_started",
            What::CallSkipped { .. } => "call_skipped",
            What::Token { .. } => "token",
            What::Partial { .. } => "partial",
            What::CallFinished { .. } => "call_finished",
            What::LookupAsked { .. } => "lookup_asked",
            What::ReviewWaiting { .. } => "review_waiting",
            What::Warned { .. } => "warned",
            What::StepFinished { .. } => "step_finished",
            What::RunFinished { .. } => "run_finished",
        }
    }

    /// The same with the texts of errors and warnings changed.
    pub(crate) fn without(mut self, hide: impl Fn(&str) -> String) -> What {
        let change = |error: &mut RunError| *error = error.clone().without(&hide);
        match &mut self {
            What::CallSkipped { error, .. } => change(error),
            What::CallFinished { error, .. }
            | What::StepFinished { error, .. }
            | What::RunFinished { error, .. } => error.iter_mut().for_each(change),
            What::Warned { message } => *message = hide(message),
            What::LookupAsked { refused, .. } => refused.iter_mut().for_each(|r| *r = hide(r)),
            What::RunStarted { .. }
            | What::StepStarted { .. }
            | What::CallStarted { .. }
            | What::ReviewWaiting { .. }
            | What::Token { .. }
            | What::Partial { .. } => {}
        }
        self
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", self.what.name())?;
        map.serialize_entry("run", self.run.0.as_str())?;
        map.serialize_entry("step", &self.step.as_deref())?;
        map.serialize_entry("t_ms", &self.at)?;
        match &self.what {
            What::RunStarted { flow, resumed_steps } => {
                map.serialize_entry("flow", flow.as_str())?;
                map.serialize_entry("resumed_steps", resumed_steps)?;
            }
            What::StepStarted { kind, result } => {
                map.serialize_entry("kind", kind)?;
                map.serialize_entry("result", result)?;
            }
            What::CallStarted { model, attempt, restarts, reserved, waited, cuts } => {
                map.serialize_entry("model", model.as_str())?;
                map.serialize_entry("attempt", attempt)?;
                map.serialize_entry("restarts", restarts)?;
                map.serialize_entry("reserved_usd", &reserved.dollars())?;
                if waited.0 > 0 {
                    map.serialize_entry("waited_ms", waited)?;
                }
                if !cuts.is_empty() {
                    let cuts: Vec<CutShape<'_>> = cuts.iter().map(CutShape::of).collect();
                    map.serialize_entry("cut", &cuts)?;
                }
            }
            What::CallSkipped { model, error } => {
                map.serialize_entry("model", model.as_str())?;
                map.serialize_entry("error", &ErrorShape(error))?;
            }
            What::Token { attempt, text, result, private } => {
                map.serialize_entry("attempt", attempt)?;
                map.serialize_entry("text", if *private { PRIVATE } else { text.as_str() })?;
                map.serialize_entry("result", result)?;
            }
            What::Partial { attempt, value, private } => {
                map.serialize_entry("attempt", attempt)?;
                map.serialize_entry("value", &written(value, *private))?;
            }
            What::CallFinished { model, attempt, spent, took, request_id, excess, repaired, error } => {
                map.serialize_entry("model", model.as_str())?;
                map.serialize_entry("attempt", attempt)?;
                usage(&mut map, spent, *took)?;
                map.serialize_entry("request_id", request_id)?;
                if let Some(excess) = excess {
                    map.serialize_entry("excess", excess)?;
                }
                mended(&mut map, repaired)?;
                map.serialize_entry("error", &error.as_ref().map(ErrorShape))?;
            }
            What::LookupAsked { lookup, round, refused } => {
                map.serialize_entry("lookup", lookup.as_str())?;
                map.serialize_entry("round", round)?;
                if let Some(refused) = refused {
                    map.serialize_entry("refused", refused)?;
                }
            }
            What::ReviewWaiting { by, until } => {
                map.serialize_entry("by", by.as_str())?;
                map.serialize_entry("expires", &until.to_string())?;
            }
            What::Warned { message } => map.serialize_entry("message", message)?,
            What::StepFinished { status, model, attempts, spent, took, repaired, similar, error } => {
                map.serialize_entry("status", status)?;
                map.serialize_entry("model", &model.as_deref())?;
                map.serialize_entry("attempts", attempts)?;
                usage(&mut map, spent, *took)?;
                mended(&mut map, repaired)?;
                if let Some(similar) = similar {
                    map.serialize_entry("similar", &hundredths(*similar))?;
                }
                map.serialize_entry("error", &error.as_ref().map(ErrorShape))?;
            }
            What::RunFinished { status, output, private, error, spent, took } => {
                map.serialize_entry("status", status)?;
                map.serialize_entry("output", &output.as_ref().map(|output| written(output, *private)))?;
                map.serialize_entry("error", &error.as_ref().map(ErrorShape))?;
                map.serialize_entry("spent", spent)?;
                map.serialize_entry("ms", took)?;
            }
        }
        map.end()
    }
}

#[derive(Serialize)]
struct CutShape<'a> {
    what: &'a str,
    most_tokens: u64,
    bytes: u64,
}

impl<'a> CutShape<'a> {
    fn of(cut: &'a Cut) -> CutShape<'a> {
        CutShape { what: &cut.what, most_tokens: cut.most, bytes: cut.bytes }
    }
}

fn written(value: &Value, private: bool) -> serde_json::Value {
    if private { PRIVATE.into() } else { value.to_json() }
}

fn mended<M: SerializeMap>(map: &mut M, repaired: &[impl Serialize]) -> Result<(), M::Error> {
    if repaired.is_empty() { Ok(()) } else { map.serialize_entry("repaired", repaired) }
}

fn usage<M: SerializeMap>(map: &mut M, spent: &Spent, took: Millis) -> Result<(), M::Error> {
    map.serialize_entry("usd", &spent.usd.dollars())?;
    map.serialize_entry("input_tokens", &spent.input)?;
    map.serialize_entry("output_tokens", &spent.output)?;
    map.serialize_entry("ms", &took)
}
