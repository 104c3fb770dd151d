//! Journals: what a run has done, so that what was recorded is never done again. Each kind of
//! journal is one file with a [`Journal`] implementation.
//!
//! In: a [`StepKey`] and its [`Outcome`]. Out: the [`Recorded`] outcomes of a run that goes on.
//! The law of the executor: a step's outcome is recorded before any other step sees it, and a call's
//! worst cost is recorded before the call is made. So whatever crashes:
//!
//! - before `begin`, or after `record`: nothing is lost and nothing repeated;
//! - between them: the call may have happened. A prompt or a lookup is repeated, and what was
//!   reserved stays charged; an action is held for a person.

mod memory;

pub use memory::MemoryJournal;

use crate::{RunError, Spent};
use async_trait::async_trait;
use ecow::EcoString;
use flow_plan::{Cost, Millis, Value};
use std::collections::HashMap;
use std::fmt;

/// The identity of a run.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RunId(pub EcoString);

impl RunId {
    /// A new identity. Later ones sort behind earlier ones, to the millisecond.
    pub fn fresh() -> RunId {
        let ms = jiff::Timestamp::now().as_millisecond();
        RunId(ecow::eco_format!("{ms:011x}{:08x}", fastrand::u32(..)))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The BLAKE3 digest of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PlanDigest(pub [u8; 32]);

/// What a run is, when it begins or goes on.
#[derive(Clone, PartialEq, Debug)]
pub struct RunHead {
    /// Its identity.
    pub run: RunId,
    /// What it runs.
    pub plan: PlanDigest,
    /// The flow's name.
    pub flow: EcoString,
    /// The inputs, in the order of the flow's parameters.
    pub inputs: Vec<Value>,
}

/// The identity of one step of one run: the same whenever the run comes to it again.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StepKey {
    /// The run.
    pub run: RunId,
    /// What it runs.
    pub plan: PlanDigest,
    /// The step, with the element, the round and the try of everything it lies in:
    /// [`crate::StepPath`] as text.
    pub path: String,
}

/// One attempt at a call; made anew for each attempt, not for each process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AttemptId(pub u64);

impl AttemptId {
    /// A new identity.
    pub fn fresh() -> AttemptId {
        AttemptId(fastrand::u64(..))
    }
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
    /// How long it took.
    pub took: Millis,
}

/// What a journal knows of a run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Recorded {
    /// The last outcome of each step, by [`StepKey::path`].
    pub done: HashMap<String, Outcome>,
    /// Calls that began and have no outcome: the worst that each may have cost, by
    /// [`StepKey::path`].
    pub in_doubt: HashMap<String, Vec<Cost>>,
}

/// Where runs are recorded. A recorded entry is durable when the method returns.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Opens a run: what is recorded of it, which is nothing for a new one.
    /// An error (E0810) where the run has another plan or other inputs than the one recorded.
    async fn open(&self, head: &RunHead) -> Result<Recorded, RunError>;

    /// Says that a call is about to be made, which may cost `worst`.
    async fn begin(&self, key: &StepKey, attempt: AttemptId, worst: Cost) -> Result<(), RunError>;

    /// Records how a step ended, in place of what was recorded of it before. Its calls are then no
    /// longer in doubt.
    async fn record(&self, key: &StepKey, outcome: &Outcome) -> Result<(), RunError>;
}
