//! Why a run, or a step of it, failed.

use flow_diagnostics::{Code, Span};

/// A failure with its code: one line that says what happened, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunError {
    /// One of E0801 to E0815.
    pub code: Code,
    /// What happened, in lower case, one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The step it happened at.
    pub step: Option<String>,
    /// Where the step is written.
    pub span: Option<Span>,
    /// Whether it is the disk or a server that failed where runs and budgets are kept, and not what
    /// was asked of them.
    pub is_outside: bool,
}

impl RunError {
    /// A failure that no step is known of yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        RunError { code, message: message.into(), help: None, step: None, span: None, is_outside: false }
    }

    /// What keeps runs or budgets has failed: a disk, a server.
    pub(crate) fn outside(message: impl Into<String>) -> Self {
        RunError { is_outside: true, ..RunError::new(Code::E0810, message) }
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with its texts changed.
    pub(crate) fn without(self, hide: impl Fn(&str) -> String) -> Self {
        RunError { message: hide(&self.message), help: self.help.as_deref().map(hide), ..self }
    }

    /// Says where, unless a deeper place is already known.
    pub fn at(mut self, step: &str, span: Span) -> Self {
        self.step.get_or_insert_with(|| step.to_owned());
        self.span.get_or_insert(span);
        self
    }
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for RunError {}
