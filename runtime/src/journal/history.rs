//! What journals tell people and tools: which runs there were, how each went, and what waits for a
//! decision.

use super::{Forget, Forgotten, Judged, PlanDigest, ReviewRow, RunId, Standing};
use crate::audit::Trail;
use crate::{RunError, RunStatus, Spent};
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Cost, Millis, Value};
use jiff::Timestamp;

/// What a journal tells.
#[async_trait]
pub trait History: Send + Sync {
    /// The runs, newest first.
    async fn runs(&self, wanted: &Wanted) -> Result<Vec<RunRow>, RunError>;

    /// One run with its steps and calls; `None` where it is not known.
    async fn trace(&self, run: &RunId) -> Result<Option<Trace>, RunError>;

    /// The calls that wait for a person, oldest first: the run was cut off in the middle of them, and
    /// nobody drives it.
    async fn in_doubt(&self) -> Result<Vec<Doubt>, RunError>;

    /// Decides what became of a step's call that is in doubt. An error (E0810) where there is none,
    /// or where the run is driven.
    async fn decide(&self, run: &RunId, path: &str, decision: Decision) -> Result<(), RunError>;

    /// What people were asked in runs that are not over, oldest first; also what is decided already, and
    /// what nobody has decided on in time.
    async fn reviews(&self) -> Result<Vec<ReviewRow>, RunError>;

    /// Decides on what a step asks, once: whoever comes second is refused (E0810), and so is who comes too
    /// late, where nobody is asked, and where there is no value to approve.
    async fn judge(&self, run: &RunId, path: &str, judged: Judged) -> Result<(), RunError>;

    /// The audit record of a run, or of all; it outlives what is forgotten of runs.
    async fn audit_trail(&self, run: Option<&RunId>) -> Result<Trail, RunError>;

    /// Forgets runs with all that is recorded of them, and gives the room back that they took. An error
    /// (E0810) where one that is named is not there; nothing is forgotten then.
    async fn forget(&self, which: &Forget) -> Result<Forgotten, RunError>;
}

/// Which runs are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Of this flow.
    pub flow: Option<String>,
    /// In one of these states; in any, if empty.
    pub states: Vec<RunState>,
    /// So many at most.
    pub limit: Option<usize>,
}

/// The state of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunState {
    /// A process drives it.
    Running,
    /// It was cut off: stopped from outside, or its process died.
    Interrupted,
    /// It has a result.
    Ok,
    /// It has refused.
    Stopped,
    /// It has failed.
    Failed,
    /// It waits for a person.
    Waiting,
}

impl RunState {
    /// Every state.
    pub const ALL: [RunState; 6] = [
        RunState::Running,
        RunState::Interrupted,
        RunState::Ok,
        RunState::Stopped,
        RunState::Failed,
        RunState::Waiting,
    ];

    /// Its name: `ok`.
    pub fn name(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Interrupted => "interrupted",
            RunState::Ok => "ok",
            RunState::Stopped => "stopped",
            RunState::Failed => "failed",
            RunState::Waiting => "waiting",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<RunState> {
        RunState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more can come of it.
    pub fn is_final(self) -> bool {
        matches!(self, RunState::Ok | RunState::Stopped)
    }

    /// The state of a run that ended so.
    pub(super) fn after(status: RunStatus, error: Option<&RunError>) -> RunState {
        match status {
            RunStatus::Ok => RunState::Ok,
            RunStatus::Stopped => RunState::Stopped,
            RunStatus::Waiting => RunState::Waiting,
            RunStatus::Failed if error.is_some_and(|e| e.code == Code::E0812) => RunState::Interrupted,
            RunStatus::Failed => RunState::Failed,
        }
    }
}

/// A run in the list.
#[derive(Clone, PartialEq, Debug)]
pub struct RunRow {
    /// Its identity.
    pub run: RunId,
    /// The flow's name.
    pub flow: EcoString,
    /// Its state.
    pub state: RunState,
    /// When it first began.
    pub started: Timestamp,
    /// When it ended, or was last heard of.
    pub ended: Option<Timestamp>,
    /// How long it was driven, the time between its parts left out; of a part whose process died,
    /// nothing is known.
    pub took: Millis,
    /// What it used; a call of which nothing was heard again counts with its worst case.
    pub spent: Spent,
    /// Why it has no result.
    pub error: Option<RunError>,
}

/// A run with all that is recorded of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// The run.
    pub run: RunRow,
    /// What it runs.
    pub plan: PlanDigest,
    /// Its inputs, in the order of the flow's parameters.
    pub inputs: Vec<Value>,
    /// What whoever started it has noted: [`super::RunHead::note`].
    pub note: EcoString,
    /// Its result.
    pub output: Option<Value>,
    /// The steps with an outcome, in the order they were recorded.
    pub steps: Vec<StepRow>,
    /// The calls, in the order they began.
    pub calls: Vec<CallRow>,
    /// What people were asked, in the order it was asked.
    pub reviews: Vec<Standing>,
}

/// A step with its outcome.
#[derive(Clone, PartialEq, Debug)]
pub struct StepRow {
    /// Its path.
    pub path: String,
    /// When it ended.
    pub ended: Timestamp,
    /// How.
    pub outcome: super::Outcome,
}

/// A call.
#[derive(Clone, PartialEq, Debug)]
pub struct CallRow {
    /// The path of the step that made it.
    pub path: String,
    /// Who was called: `provider/model`, or the action's name.
    pub whom: EcoString,
    /// When it began.
    pub began: Timestamp,
    /// What it was thought to cost at most.
    pub worst: Cost,
    /// How long it took; `None` where nothing was heard of it again.
    pub took: Option<Millis>,
    /// What it used; nothing where nothing was heard of it again.
    pub spent: Spent,
    /// Why it failed.
    pub error: Option<String>,
}

/// A call that waits for a person.
#[derive(Clone, PartialEq, Debug)]
pub struct Doubt {
    /// The run.
    pub run: RunId,
    /// The flow's name.
    pub flow: EcoString,
    /// The step's path.
    pub path: String,
    /// The action.
    pub action: EcoString,
    /// When it began.
    pub since: Timestamp,
}

/// What a person has found out of a call in doubt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It has happened: the step is done.
    Done,
    /// It has not: it is done when the run goes on.
    Again,
}
