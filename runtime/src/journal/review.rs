//! What runs ask of people, and what these decide: once, whoever is first.
//!
//! A question stands as long as its run does not come to another one at the same place. Silence is decided
//! too: when the time is over, the next who looks finds that nobody has.

use super::{RunId, RunState};
use crate::RunError;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::Value;
use jiff::Timestamp;

/// What a run asks a person.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// The step: [`crate::StepPath`] as text.
    pub path: String,
    /// Who decides, as the program calls them.
    pub by: EcoString,
    /// What is to be approved; `None` where a step has come to nothing and a person gives the value.
    pub value: Option<Value>,
    /// Whether it is about a person, so that it is shown to nobody who does not ask for it.
    pub private: bool,
    /// Why a person is asked, where a step before has failed.
    pub why: Option<String>,
    /// When it was asked.
    pub since: Timestamp,
    /// Until when somebody may decide.
    pub until: Timestamp,
}

/// How a question stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
    /// The question, with the times of when it was first asked.
    pub asked: Asked,
    /// Whether those who wanted to hear of it were told.
    pub told: bool,
    /// What was decided.
    pub judged: Option<Judged>,
}

/// A decision.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    /// What.
    pub verdict: Verdict,
    /// Who; nobody where the time was over.
    pub who: EcoString,
    /// Why, in the words of who decided.
    pub reason: Option<String>,
    /// The value in place of the one that was shown.
    pub value: Option<Value>,
    /// When.
    pub at: Timestamp,
}

/// What was decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The run goes on with the value.
    Approved,
    /// The step fails.
    Rejected,
    /// Nobody has decided in time: the step fails.
    Expired,
}

impl Verdict {
    /// Its name: `approved`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Approved => "approved",
            Verdict::Rejected => "rejected",
            Verdict::Expired => "expired",
        }
    }

    /// The verdict of this name.
    pub fn named(name: &str) -> Option<Verdict> {
        [Verdict::Approved, Verdict::Rejected, Verdict::Expired].into_iter().find(|v| v.name() == name)
    }
}

/// A question with its run.
#[derive(Clone, PartialEq, Debug)]
pub struct ReviewRow {
    /// The run.
    pub run: RunId,
    /// The flow's name.
    pub flow: EcoString,
    /// The run's state.
    pub state: RunState,
    /// The question, and what was decided.
    pub standing: Standing,
}

impl Standing {
    /// A question that is asked for the first time.
    pub(super) fn new(asked: Asked) -> Standing {
        Standing { asked, told: false, judged: None }
    }

    /// Asks again: the same question goes on, and another takes its place. `asked.since` is now.
    pub(super) fn asked_again(self, asked: Asked) -> Standing {
        let known = &self.asked;
        if (&known.value, &known.by) != (&asked.value, &asked.by) {
            return Standing::new(asked);
        }
        match &self.judged {
            None if asked.since >= known.until => {
                let nobody = EcoString::new();
                let (reason, value, at) = (None, None, asked.since);
                let judged = Judged { verdict: Verdict::Expired, who: nobody, reason, value, at };
                Standing { judged: Some(judged), ..self }
            }
            _ => self,
        }
    }

    /// Why a decision comes too late or can't be taken; nothing where it can.
    pub(super) fn refuses(&self, run: &RunId, judged: &Judged) -> Option<RunError> {
        let Asked { path, value, until, .. } = &self.asked;
        if let Some(before) = &self.judged {
            let message = match before.verdict {
                Verdict::Expired => format!("nobody has decided on `{path}` of run `{run}` in time"),
                verdict => format!(
                    "`{path}` of run `{run}` is decided already: {} {} it at {}",
                    before.who,
                    verdict.name(),
                    before.at
                ),
            };
            return Some(
                RunError::new(Code::E0810, message)
                    .help(format!("`flowc run --resume {run}` goes on with what was decided")),
            );
        }
        if judged.at >= *until {
            let message =
                format!("nobody has decided on `{path}` of run `{run}` in time: it was until {until}");
            return Some(
                RunError::new(Code::E0810, message)
                    .help(format!("`flowc run --resume {run}` goes on with what the program does then")),
            );
        }
        let empty = judged.verdict == Verdict::Approved && value.is_none() && judged.value.is_none();
        empty.then(|| {
            RunError::new(Code::E0810, format!("at `{path}` of run `{run}` there is no value to approve"))
                .help("the step has come to nothing: give the value with `--value`")
        })
    }
}

pub(super) fn no_review(run: &RunId, path: &str) -> RunError {
    RunError::new(Code::E0810, format!("nobody is asked at step `{path}` of run `{run}`"))
        .help("`flowc runs --waiting` lists what waits for a person")
}
