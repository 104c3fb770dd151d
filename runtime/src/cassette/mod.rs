//! Cassettes: what was said to models in a run and what they answered, in a file, to be played again.
//!
//! The seam is a call of a model: a [`Request`](crate::provider::Request) on one side, and a reply or an
//! error on the other. It lies above the protocols, so a cassette is the same whoever answered, holds no
//! header, and can be read in a pull request. `asked` is what makes two calls equal, `written` the form
//! in a file, `hidden` what is kept out of it; `recorder` writes, `replay` answers, and `differs` says why
//! it can't. What a call does with them is the executor's.

mod asked;
mod differs;
mod hidden;
mod recorder;
mod replay;
mod written;

pub(crate) use asked::{Asked, Offered, Said};
pub use hidden::Hidden;
pub(crate) use hidden::{Privates, add as add_private};
pub(crate) use recorder::Take;
pub use recorder::{Recorder, Unrecordable};
pub(crate) use replay::Played;
pub use replay::Replay;
pub use written::Cassette;

use crate::RunError;
use crate::provider::{CallError, Reply};
use ecow::EcoString;
use flow_plan::Millis;
use std::sync::Arc;

/// What a run does with a cassette.
#[derive(Clone)]
pub enum Tape {
    /// Each call of a model is written down.
    Record(Arc<Recorder>),
    /// No model is asked: each call is answered as it was recorded.
    Replay(Arc<Replay>),
}

/// One call of a model.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Exchange {
    /// The step that asked.
    pub(crate) step: EcoString,
    /// What was asked.
    pub(crate) asked: Asked,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// What came of a call.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Outcome {
    /// An answer.
    Answered(Reply),
    /// An error, and the text that had come before it.
    Failed(CallError, String),
    /// Nothing, or not all of it, within the step's time; with the text that had come.
    Late(String),
    /// It was given up before its end, since another answer was there first or the run had ended; with
    /// the text that had come.
    Dropped(String),
    /// The model was not asked, since it had failed too often or its limits did not allow it; whether
    /// another try makes sense, and when.
    NotAsked(RunError, Option<Option<Millis>>),
}
