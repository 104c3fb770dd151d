//! A syntax error: one mistake with its place and, where it is certain, the change that mends it.

use std::ops::Range;

/// Something that is not understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// The bytes it is about; empty where something is missing.
    pub range: Range<usize>,
    /// What is wrong, or what was expected: one line in lower case, source text in backticks.
    pub message: String,
    /// What stands at the place; may be empty.
    pub note: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The change that mends it, where there is only one that can be meant.
    pub fix: Option<Replacement>,
}

/// A change of the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// What the change does, as an editor's menu shows it.
    pub title: String,
    /// The bytes that are replaced; empty for an insertion.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub text: String,
}

impl SyntaxError {
    pub(crate) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        SyntaxError { range, message: message.into(), note: String::new(), help: None, fix: None }
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn fix(mut self, title: impl Into<String>, range: Range<usize>, text: &str) -> Self {
        self.fix = Some(Replacement { title: title.into(), range, text: text.to_owned() });
        self
    }
}
