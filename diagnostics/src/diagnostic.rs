//! The diagnostic itself: one mistake, its places, what to do about it.

use crate::{Code, Span};

/// How bad it is. An error means there is no plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The program cannot run.
    Error,
    /// The program runs, but something is probably not meant.
    Warning,
}

/// A place that takes part in a diagnostic, with what it contributes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What stands there, in lower case; may be empty at the primary place.
    pub message: String,
}

/// One replacement of source text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// A change that is certain to mend the mistake, ready to apply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What the change does, as an editor's menu shows it.
    pub title: String,
    /// The edits, which do not overlap.
    pub edits: Vec<Edit>,
}

/// Something a phase says about the program.
///
/// The message is one line in lower case without a final stop, with the user's text in backticks.
/// The first label is the primary place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlowDiagnostic {
    /// The stable code.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Every place involved, the primary one first; never empty.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// Changes an editor can apply.
    pub fixes: Vec<Fix>,
}

impl FlowDiagnostic {
    /// An error, or a warning where the code says so, at its primary place.
    pub fn new(code: Code, at: Span, message: impl Into<String>) -> Self {
        FlowDiagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            labels: vec![Label { span: at, message: String::new() }],
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Says what stands at the primary place.
    pub fn here(mut self, message: impl Into<String>) -> Self {
        self.labels[0].message = message.into();
        self
    }

    /// Adds another place.
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what to do, where there is something to say.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Offers to replace the text at `span`.
    pub fn fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Fix { title: title.into(), edits: vec![Edit { span, text: text.into() }] });
        self
    }

    /// The primary place.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}

/// Where phases put what they find.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<FlowDiagnostic>,
}

impl Diagnostics {
    /// Takes one in.
    pub fn push(&mut self, diagnostic: FlowDiagnostic) {
        self.list.push(diagnostic);
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// How many errors and how many warnings there are.
    pub fn counts(&self) -> (usize, usize) {
        let errors = self.list.iter().filter(|d| d.severity == Severity::Error).count();
        (errors, self.list.len() - errors)
    }

    /// All of them, in the order of [`Diagnostics::sort`] if that was called.
    pub fn iter(&self) -> impl Iterator<Item = &FlowDiagnostic> {
        self.list.iter()
    }

    /// Orders them by file and place and drops exact repeats.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|d| (d.span().file, d.span().start, d.code));
        self.list.dedup();
    }

    /// Keeps the first `len` of them.
    pub fn truncate(&mut self, len: usize) {
        self.list.truncate(len);
    }

    /// Keeps those for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&FlowDiagnostic) -> bool) {
        self.list.retain(keep);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes another phase's findings in.
    pub fn append(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }
}
