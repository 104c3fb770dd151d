//! Why a step has no value, and what may be done about it.

use crate::{RunError, RunStatus};
use ecow::EcoString;
use flow_diagnostics::{Code, Span};
use flow_plan::{EvalError, Millis};

/// Why a step, or a block, has no value.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It failed; `retry` and `else` may handle that.
    Fail(Box<Failure>),
    /// The program refuses (`else stop`): the flow ends, whatever stands around the step.
    Stop(Box<RunError>),
    /// A person must decide first.
    Hold(Box<RunError>),
    /// It has no value yet: these are asked, and everything else goes on.
    Wait(EcoString),
    /// The run is not the one that was recorded: nothing in the program handles that.
    Lost(Box<RunError>),
}

/// A failure and what is known of asking again.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What happened.
    pub(crate) error: RunError,
    /// Whether the same attempt may succeed later.
    pub(crate) again: Again,
    /// The model's answer that could not be used.
    pub(crate) reply: Option<String>,
}

/// Whether the same attempt may succeed later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Again {
    /// It would fail the same way.
    Never,
    /// It would fail the same way whichever model is asked.
    Nowhere,
    /// It may, and not before this much time has passed where the other side said so.
    May(Option<Millis>),
}

impl Failure {
    /// A failure that would be the same again.
    pub(crate) fn lasting(error: RunError) -> Failure {
        Failure { error, again: Again::Never, reply: None }
    }

    /// A failure that may pass.
    pub(crate) fn passing(error: RunError) -> Failure {
        Failure { error, again: Again::May(None), reply: None }
    }
}

impl Halt {
    /// An expression that cannot be computed.
    pub(crate) fn eval(error: EvalError) -> Halt {
        Halt::from(RunError::new(Code::E0813, error.0))
    }

    /// The error, whatever kind it is; what waits for a person has none.
    pub(crate) fn error(&self) -> Option<&RunError> {
        match self {
            Halt::Fail(failure) => Some(&failure.error),
            Halt::Stop(error) | Halt::Hold(error) | Halt::Lost(error) => Some(error),
            Halt::Wait(_) => None,
        }
    }

    /// The same without a model's answer that could not be used.
    pub(crate) fn without_reply(self) -> Halt {
        match self {
            Halt::Fail(failure) => Halt::Fail(Box::new(Failure { reply: None, ..*failure })),
            other => other,
        }
    }

    /// The error with the place of the step, unless a deeper place is already known.
    pub(crate) fn at(self, step: &dyn std::fmt::Display, span: Span) -> Halt {
        let place = |error: RunError| {
            if error.step.is_some() { error } else { error.at(&step.to_string(), span) }
        };
        match self {
            Halt::Fail(failure) => Halt::Fail(Box::new(Failure { error: place(failure.error), ..*failure })),
            Halt::Stop(error) => Halt::Stop(Box::new(place(*error))),
            Halt::Hold(error) => Halt::Hold(Box::new(place(*error))),
            Halt::Wait(by) => Halt::Wait(by),
            Halt::Lost(error) => Halt::Lost(Box::new(place(*error))),
        }
    }

    /// How a run ends with it.
    pub(crate) fn ends(self) -> (RunStatus, Option<RunError>) {
        match self {
            Halt::Fail(failure) => (RunStatus::Failed, Some(failure.error)),
            Halt::Stop(error) => (RunStatus::Stopped, Some(*error)),
            Halt::Hold(error) => (RunStatus::Waiting, Some(*error)),
            Halt::Wait(_) => (RunStatus::Waiting, None),
            Halt::Lost(error) => (RunStatus::Failed, Some(*error)),
        }
    }
}

impl From<RunError> for Halt {
    /// A failure of what is outside may pass; anything else is as it is.
    fn from(error: RunError) -> Halt {
        let passes = matches!(error.code, Code::E0805 | Code::E0807 | Code::E0811);
        Halt::from(if passes { Failure::passing(error) } else { Failure::lasting(error) })
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Halt {
        Halt::Fail(Box::new(failure))
    }
}

impl From<Box<Failure>> for Halt {
    fn from(failure: Box<Failure>) -> Halt {
        Halt::Fail(failure)
    }
}
