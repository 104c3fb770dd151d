//! `matches`: regular expressions, compiled once for each thread.

use super::args::Args;
use super::text::two_texts;
use super::{Function, function, param, spec};
use crate::{EvalError, TypeSpec, Value};
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;

pub(super) static MATCHES: Function = function(
    spec(
        "matches",
        &[
            param("text", TypeSpec::Text, "The text."),
            param("pattern", TypeSpec::Text, "A regular expression; `(?i)` at its start ignores case."),
        ],
        TypeSpec::Bool,
        "Whether a regular expression matches anywhere in the text. \
         The syntax is that of Rust's `regex`, which takes linear time: there are no look-arounds and \
         no back-references.",
        &["matches(reply, \"(?i)refund|return\")", "matches(id, \"^[A-Z]{2}[0-9]+$\")"],
    ),
    two_texts,
    |args| with_regex(args, args.text(1)?, |regex, text| regex.is_match(text)),
);

/// Says what is wrong with a regular expression, so that a literal one is refused while checking.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    compile(pattern).map(|_| ())
}

const MOST_PATTERNS: usize = 64;

thread_local! {
    // Compiling a pattern costs a thousand times what a match does, and programs have few of them.
    static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
}

fn with_regex(args: &Args<'_>, pattern: &str, then: fn(&Regex, &str) -> bool) -> Result<Value, EvalError> {
    let text = args.text(0)?;
    PATTERNS.with_borrow_mut(|known| {
        if let Some(regex) = known.get(pattern) {
            return Ok(Value::Bool(then(regex, text)));
        }
        let regex = compile(pattern).map_err(|why| EvalError(format!("`matches`: {why}")))?;
        let found = then(&regex, text);
        if known.len() >= MOST_PATTERNS {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex);
        Ok(Value::Bool(found))
    })
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
        // The parser draws a picture of several lines; the last one says what is wrong.
        other => {
            let shown = other.to_string();
            let last = shown.lines().last().unwrap_or_default();
            format!("the pattern does not parse: {}", last.trim_start_matches("error: "))
        }
    })
}
