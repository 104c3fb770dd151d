//! Why a reply gives no value, and how that is said: one line that shows the reply around the place.

use crate::RunError;
use flow_diagnostics::Code;
use flow_plan::Mismatch;
use serde_json::Value as Json;

/// Why a stretch of a reply gives no value. Offsets are bytes from the start of the stretch's text.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Fault {
    /// It is not JSON, not even nearly.
    NotJson(usize, &'static str),
    /// It can be read in more than one way.
    Unsure(usize, &'static str),
    /// It ends before its value does.
    Cut(usize, String),
    /// It is nested too deeply.
    Deep(usize),
    /// It is a value of another type.
    Misfit(Misfit),
}

/// Where a value departs from its type.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Misfit {
    /// The way to the place, the innermost name last.
    pub(super) path: Vec<String>,
    /// What is wrong there.
    pub(super) message: String,
}

impl Misfit {
    pub(super) fn new(message: impl Into<String>) -> Misfit {
        Misfit { path: Vec::new(), message: message.into() }
    }

    /// The same, seen from one level further out.
    pub(super) fn under(mut self, name: &str) -> Misfit {
        self.path.insert(0, short(name, 60));
        self
    }
}

impl From<Mismatch> for Misfit {
    fn from(mismatch: Mismatch) -> Misfit {
        Misfit { path: vec![mismatch.path], message: mismatch.message }
    }
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.concat();
        match path.strip_prefix('.').unwrap_or(&path) {
            "" => f.write_str(&self.message),
            path => write!(f, "`{path}`: {}", self.message),
        }
    }
}

/// What departs from what, with the reply around a byte offset.
pub(super) fn departs(what: &str, reply: &str, at: usize) -> RunError {
    // What was found may go over lines.
    let what = what.replace('\r', "").replace('\n', "\\n");
    RunError::new(Code::E0806, format!("{what}; the reply: {}", excerpt(reply, at)))
}

/// The innermost name of a path, where it stands in the reply, shows the place.
pub(super) fn place_of(path: &str, reply: &str) -> usize {
    let name = path.rsplit('.').next().unwrap_or("").split('[').next().unwrap_or("");
    if name.is_empty() { 0 } else { reply.find(&format!("\"{name}\"")).unwrap_or(0) }
}

/// A text of at most so many characters, with what was left out shown as `…`.
pub(super) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// At most 160 characters of a text around a byte offset, on one line, in quotes as JSON has them.
pub(super) fn excerpt(text: &str, at: usize) -> String {
    const BEFORE: usize = 60;
    const MOST: usize = 160;
    if text.chars().nth(MOST).is_none() {
        return Json::from(text).to_string();
    }
    let before = text.char_indices().take_while(|(i, _)| *i < at).count();
    let start = before.saturating_sub(BEFORE);
    let shown: String = text.chars().skip(start).take(MOST).collect();
    let more = text.chars().nth(start + MOST).is_some();
    let (head, tail) = (if start > 0 { "…" } else { "" }, if more { "…" } else { "" });
    Json::from(format!("{head}{shown}{tail}")).to_string()
}
