//! What a run says to its journal, and what the journal knows of it when it goes on.

use super::{AttemptId, InDoubt};
use crate::{RunError, RunStatus, Spent};
use ecow::EcoString;
use flow_plan::{Cost, Millis, Value};
use std::collections::{HashMap, HashSet};

/// A call that is about to be made.
#[derive(Clone, PartialEq, Debug)]
pub struct Begun {
    /// The step: [`crate::StepPath`] as text.
    pub path: String,
    /// The attempt.
    pub attempt: AttemptId,
    /// Who is called: `provider/model`, or the action's name.
    pub whom: EcoString,
    /// What it may cost.
    pub worst: Cost,
    /// What becomes of it where nothing is heard of it again.
    pub in_doubt: InDoubt,
    /// By what an act is the same act; the program's `key` for it, as a digest.
    pub key: Option<EcoString>,
}

/// What a call has used.
#[derive(Clone, PartialEq, Debug)]
pub struct Used {
    /// What it used; its worst case where that is not known.
    pub spent: Spent,
    /// Why it failed.
    pub error: Option<String>,
}

/// How a step ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// Its value; or the error it failed with, when the program handles that.
    pub result: Result<Value, RunError>,
    /// What it used, all attempts together.
    pub spent: Spent,
    /// How many attempts it took.
    pub attempts: u32,
    /// The model that answered, as `provider/model`.
    pub model: Option<EcoString>,
    /// What was repaired in the model's answer.
    pub repaired: Vec<EcoString>,
    /// How near the words are of whose answer it is, where the cache has found it by similarity.
    pub similar: Option<f64>,
    /// How long it took.
    pub took: Millis,
}

/// How a run ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    /// How.
    pub status: RunStatus,
    /// Its result.
    pub output: Option<Value>,
    /// Why there is none.
    pub error: Option<RunError>,
    /// What it used, earlier parts included.
    pub spent: Spent,
}

/// What a journal knows of a run that goes on.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Recorded {
    /// The last outcome of each step, by its path.
    pub done: HashMap<String, Outcome>,
    /// What its calls have used; a call of which nothing was heard again counts with its worst case.
    pub spent: Spent,
    /// The steps with a call that may have happened and must not be repeated on a guess, by their
    /// paths, with the call's key.
    pub held: HashMap<String, Option<EcoString>>,
    /// The keys of acts that are done.
    pub acted: HashSet<EcoString>,
    /// How it ended, where that is final: with a result or a refusal.
    pub ended: Option<Ended>,
}

impl Recorded {
    /// Adds a call, behind the steps: what it used, or else its worst case; whether it is held, and
    /// its key.
    pub(super) fn call(
        &mut self,
        path: &str,
        used: Result<Spent, Cost>,
        (held, key): (bool, Option<EcoString>),
    ) {
        // An act in doubt is no call of a model, and costs nothing.
        let lost =
            |worst: Cost| Spent { usd: worst, calls: u64::from(worst > Cost::ZERO), ..Spent::default() };
        self.spent.add(used.unwrap_or_else(lost));
        if held {
            self.held.insert(path.to_owned(), key);
        } else if let Some(key) = key
            && self.done.get(path).is_some_and(|outcome| outcome.result.is_ok())
        {
            self.acted.insert(key);
        }
    }

    /// Adds the outcome of a step. Calls are counted by themselves; only what the cache answered has
    /// none.
    pub(super) fn step(&mut self, path: String, outcome: Outcome) {
        self.spent.cached_calls += outcome.spent.cached_calls;
        self.done.insert(path, outcome);
    }
}

impl Outcome {
    /// The outcome of an act that a person knows to have happened.
    pub(super) fn decided() -> Outcome {
        Outcome::noted(Ok(Value::Null))
    }

    /// The outcome of what is only noted: whatever it used is that of steps of their own.
    pub(crate) fn noted(result: Result<Value, RunError>) -> Outcome {
        Outcome {
            result,
            spent: Spent::default(),
            attempts: 1,
            model: None,
            repaired: Vec::new(),
            similar: None,
            took: Millis(0),
        }
    }
}
