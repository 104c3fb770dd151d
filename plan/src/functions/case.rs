//! Upper and lower case.
//!
//! Every character becomes exactly one, so that a bound in characters still holds: `ß` in capitals
//! stays `ß`. A bound in tokens does not survive, since tokenizers cut capitals into more pieces.

use super::args::{Args, Types};
use super::{Function, Misfit, function, param, spec};
use crate::{Bound, EvalError, Type, TypeSpec, Value};

const TEXT: &[crate::ParamSpec] = &[param("text", TypeSpec::Text, "The text.")];

pub(super) static LOWER: Function = function(
    spec("lower", TEXT, TypeSpec::Text, "The text in small letters.", &["lower(\"ABC\") == \"abc\""]),
    recased,
    |args| each_char(args, |_, c| lower(c)),
);

pub(super) static UPPER: Function = function(
    spec("upper", TEXT, TypeSpec::Text, "The text in capitals.", &["upper(\"abc\") == \"ABC\""]),
    recased,
    |args| each_char(args, |_, c| upper(c)),
);

pub(super) static TITLE: Function = function(
    spec(
        "title",
        TEXT,
        TypeSpec::Text,
        "The text with a capital at the start of each word and small letters after it.",
        &["title(\"the big QUESTION\") == \"The Big Question\""],
    ),
    recased,
    |args| each_char(args, |before, c| if is_in_word(before) { lower(c) } else { upper(c) }),
);

pub(super) static CAPITALIZE: Function = function(
    spec(
        "capitalize",
        TEXT,
        TypeSpec::Text,
        "The text with a capital at its start and small letters after it.",
        &["capitalize(\"hELLO world\") == \"Hello world\""],
    ),
    recased,
    |args| each_char(args, |before, c| if before.is_none() { upper(c) } else { lower(c) }),
);

fn recased(types: &Types<'_>) -> Result<Type, Misfit> {
    let bound = types.text(0)?.filter(|b| matches!(b, Bound::Chars(_)));
    Ok(Type::Text { bound, truncate: false })
}

// `change` sees the character before, too.
fn each_char(args: &Args<'_>, change: fn(Option<char>, char) -> char) -> Result<Value, EvalError> {
    let mut before = None;
    let changed = args.text(0)?.chars().map(|c| {
        let new = change(before, c);
        before = Some(c);
        new
    });
    Ok(Value::Text(changed.collect()))
}

fn is_in_word(before: Option<char>) -> bool {
    before.is_some_and(|c| c.is_alphanumeric() || c == '\'' || c == '’')
}

fn upper(c: char) -> char {
    single(c, c.to_uppercase())
}

fn lower(c: char) -> char {
    single(c, c.to_lowercase())
}

fn single(c: char, mut changed: impl ExactSizeIterator<Item = char>) -> char {
    match (changed.len(), changed.next()) {
        (1, Some(new)) => new,
        _ => c,
    }
}
