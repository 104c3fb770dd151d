//! Journals: what runs have done, so that what was recorded is never done again. Each kind of journal
//! is one file or folder with a [`Journal`] implementation.
//!
//! In: what a run begins and how it ends. Out: what is [`Recorded`] of a run that goes on, and its
//! [`History`] for people. The law of the executor: a step's outcome is recorded before any other step
//! sees it, and a call's worst cost is recorded before the call is made. So whatever crashes:
//!
//! - before `begin`, or after `record`: nothing is lost and nothing repeated;
//! - between them: the call may have happened. What may be done twice is repeated, and what was
//!   reserved stays charged; anything else is held for a person ([`InDoubt`]).
//!
//! No two processes drive one run: a [`Lease`] says who does, and its fence, which grows with each
//! driver, keeps what an earlier one still writes out.

mod audited;
mod driver;
mod durable;
mod entry;
mod forget;
mod history;
mod lease;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
mod review;
mod row;
mod sqlite;

pub use durable::DurableJournal;
pub use entry::{Begun, Ended, Outcome, Recorded, Used};
pub use forget::{Forget, Forgotten, Kept};
pub use history::{CallRow, Decision, Doubt, History, RunRow, RunState, StepRow, Trace, Wanted};
pub use lease::Lease;
pub use memory::MemoryJournal;
pub use review::{Asked, Judged, ReviewRow, Standing, Verdict};

use crate::RunError;
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::Value;
use jiff::Timestamp;
use serde_json::Value as Json;
use std::fmt;

/// Where runs are recorded. What was recorded outlives the process when the method returns.
#[async_trait]
pub trait Journal: History {
    /// Opens a run and takes its lease: a new one, or one that goes on where it was. One that has
    /// ended with a result or a refusal is opened too, and nothing more is written of it.
    ///
    /// An error (E0810) where the run has another plan or other inputs than the one recorded, or
    /// where it is driven already.
    async fn open(&self, head: &RunHead) -> Result<Opened, RunError>;

    /// Says that a call is about to be made.
    async fn begin(&self, lease: &Lease, begun: Begun) -> Result<(), RunError>;

    /// Says what a call has used. It is under way when this returns; what can't be written leaves
    /// the call charged with its worst case, and the next entry says why.
    fn settle(&self, lease: &Lease, attempt: AttemptId, used: Used);

    /// Records how a step ended, in place of what was recorded of it before. Its calls are then no
    /// longer in doubt.
    async fn record(&self, lease: &Lease, path: &str, outcome: &Outcome) -> Result<(), RunError>;

    /// Asks a person, or finds how the question stands that was asked before. Another value in the same
    /// place is another question. What nobody has decided on in time is then decided.
    async fn ask(&self, lease: &Lease, asked: Asked) -> Result<Standing, RunError>;

    /// Says that those who wanted to hear of a question were told.
    async fn told(&self, lease: &Lease, path: &str) -> Result<(), RunError>;

    /// Adds to the audit record: it is there before anything that is asked of the journal behind it. What can't
    /// be written is written with what comes next.
    fn audit(&self, lease: &Lease, at: Timestamp, fields: Json);

    /// Records how a run ended, and gives its lease back.
    async fn end(&self, lease: Lease, ended: &Ended) -> Result<(), RunError>;
}

/// The identity of a run.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RunId(pub EcoString);

impl RunId {
    /// A new identity. Later ones sort behind earlier ones, to the millisecond.
    pub fn fresh() -> RunId {
        let ms = Timestamp::now().as_millisecond();
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
    /// What whoever started it wants to know when it goes on; of the first start, when it goes on.
    pub note: EcoString,
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

/// What becomes of a call that may or may not have happened, when its run goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InDoubt {
    /// It is made again: at most it is paid twice, or the receiver knows that it is the same.
    Repeat,
    /// The run waits for a person.
    Hold,
}

/// A run that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The right to drive it.
    pub lease: Lease,
    /// What is recorded of it; nothing for a new one.
    pub recorded: Recorded,
}

fn another_program(run: &RunId) -> RunError {
    RunError::new(Code::E0810, format!("run `{run}` is of another program"))
        .help("resume it with the program, the models and the flowc as they were, or start a new run")
}

fn other_inputs(run: &RunId) -> RunError {
    RunError::new(Code::E0810, format!("run `{run}` has other inputs"))
        .help("resume it with the inputs it was started with, or start a new run")
}

fn driven_already(run: &RunId) -> RunError {
    RunError::new(Code::E0810, format!("run `{run}` is under way in another process"))
        .help(format!("wait for its end, or end that process; `flowc trace {run}` shows how far it is"))
}

fn unknown_run(run: &RunId) -> RunError {
    RunError::new(Code::E0810, format!("there is no run `{run}`")).help("`flowc runs` lists them")
}

fn no_doubt(run: &RunId, path: &str) -> RunError {
    RunError::new(Code::E0810, format!("nothing at step `{path}` of run `{run}` waits for a decision"))
        .help("`flowc runs --in-doubt` lists what does")
}

fn lost() -> RunError {
    RunError::new(Code::E0810, "another process has taken the run over")
        .help("let that process end it; what this one did is not recorded any more")
}
