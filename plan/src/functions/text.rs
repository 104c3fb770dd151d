//! Functions of text that do more than change its case.

use super::args::Types;
use super::{Function, Misfit, TEXTS, function, optional, param, spec};
use crate::{Bound, Type, TypeSpec, Value};
use ecow::EcoString;

pub(super) static TRIM: Function = function(
    spec(
        "trim",
        &[param("text", TypeSpec::Text, "The text.")],
        TypeSpec::Text,
        "The text without white space at its ends.",
        &["trim(\"  a b \") == \"a b\""],
    ),
    |types| Ok(Type::Text { bound: types.text(0)?, truncate: false }),
    |args| Ok(Value::text(args.text(0)?.trim())),
);

pub(super) static STARTS_WITH: Function = function(
    spec(
        "starts_with",
        &[
            param("text", TypeSpec::Text, "The text."),
            param("start", TypeSpec::Text, "What it may start with."),
        ],
        TypeSpec::Bool,
        "Whether the text starts with another.",
        &["starts_with(\"invoice 12\", \"invoice\")"],
    ),
    two_texts,
    |args| Ok(Value::Bool(args.text(0)?.starts_with(args.text(1)?))),
);

pub(super) static ENDS_WITH: Function = function(
    spec(
        "ends_with",
        &[param("text", TypeSpec::Text, "The text."), param("end", TypeSpec::Text, "What it may end with.")],
        TypeSpec::Bool,
        "Whether the text ends with another.",
        &["ends_with(\"photo.png\", \".png\")"],
    ),
    two_texts,
    |args| Ok(Value::Bool(args.text(0)?.ends_with(args.text(1)?))),
);

pub(super) static REPLACE: Function = function(
    spec(
        "replace",
        &[
            param("text", TypeSpec::Text, "The text."),
            param("from", TypeSpec::Text, "What is replaced, wherever it stands."),
            param("to", TypeSpec::Text, "What stands there afterwards."),
        ],
        TypeSpec::Text,
        "The text with every occurrence of another text replaced.",
        &["replace(\"a-b-c\", \"-\", \" \") == \"a b c\""],
    ),
    |types| {
        types.text(0)?;
        types.text(1)?;
        types.text(2)?;
        Ok(Type::TEXT)
    },
    |args| Ok(Value::Text(args.text(0)?.replace(args.text(1)?, args.text(2)?).into())),
);

pub(super) static SPLIT: Function = function(
    spec(
        "split",
        &[
            param("text", TypeSpec::Text, "The text."),
            optional("sep", TypeSpec::Text, "What stands between the pieces; white space unless given."),
        ],
        TEXTS,
        "The pieces of the text between separators.",
        &["split(\"a, b\", \", \") == [\"a\", \"b\"]"],
    ),
    |types| {
        types.maybe_text(1)?;
        pieces(types)
    },
    |args| {
        let text = args.text(0)?;
        if args.values.len() == 1 {
            return Ok(Value::List(text.split_whitespace().map(Value::text).collect()));
        }
        match args.text(1)? {
            "" => Err(args.failed("cannot split at an empty text")),
            sep => Ok(Value::List(text.split(sep).map(Value::text).collect())),
        }
    },
);

pub(super) static LINES: Function = function(
    spec(
        "lines",
        &[param("text", TypeSpec::Text, "The text.")],
        TEXTS,
        "The lines of the text, without their ends.",
        &["len(lines(reply)) <= 3"],
    ),
    pieces,
    |args| Ok(Value::List(args.text(0)?.lines().map(Value::text).collect())),
);

pub(super) static JOIN: Function = function(
    spec(
        "join",
        &[
            param("list", super::LIST, "Texts, numbers, amounts, days or moments."),
            optional("sep", TypeSpec::Text, "What stands between two of them; nothing unless given."),
        ],
        TypeSpec::Text,
        "The elements of a list in one text.",
        &["join([\"a\", \"b\"], \", \") == \"a, b\""],
    ),
    |types| {
        let (item, _) = types.list(0)?;
        types.maybe_text(1)?;
        match item {
            Type::List(..) | Type::Map(..) | Type::Record(_) | Type::Image => {
                Err(types.misfit(0, "a list of texts or numbers"))
            }
            _ => Ok(Type::TEXT),
        }
    },
    |args| {
        let sep = args.text_or(1, "")?;
        let mut out = EcoString::new();
        for (i, item) in args.list(0)?.iter().enumerate() {
            out.push_str(if i > 0 { sep } else { "" });
            push_shown(&mut out, item);
        }
        Ok(Value::Text(out))
    },
);

pub(super) static FORMAT: Function = Function {
    repeats: true,
    ..function(
        spec(
            "format",
            &[
                param("pattern", TypeSpec::Text, "A text with `{}` for each value."),
                optional("value", TypeSpec::Any, "What the next `{}` stands for."),
            ],
            TypeSpec::Text,
            "The text with each `{}` replaced by the next value.",
            &["format(\"{} of {}\", 1, 3) == \"1 of 3\""],
        ),
        |types| types.text(0).map(|_| Type::TEXT),
        |args| {
            let (pattern, values) = (args.text(0)?, &args.values[1..]);
            check_format(pattern, values.len()).map_err(|why| args.failed(&why))?;
            let mut out = EcoString::new();
            for (i, piece) in pattern.split("{}").enumerate() {
                // There is one hole fewer than there are pieces, and one value for each hole.
                if let Some(value) = i.checked_sub(1).map(|hole| &values[hole]) {
                    push_shown(&mut out, value);
                }
                out.push_str(piece);
            }
            Ok(Value::Text(out))
        },
    )
};

pub(super) static TRUNCATE: Function = function(
    spec(
        "truncate",
        &[
            param("text", TypeSpec::Text, "The text."),
            param(
                "chars",
                TypeSpec::Int,
                "The most characters the result has, the mark of the cut included.",
            ),
            optional("mark", TypeSpec::Text, "What stands at the cut; `…` unless given."),
        ],
        TypeSpec::Text,
        "The text, cut at a whole character if it is longer.",
        &["truncate(\"abcdef\", 4) == \"abc…\""],
    ),
    |types| {
        let bound = types.text(0)?;
        types.maybe_int(1)?;
        types.maybe_text(2)?;
        Ok(start_of(bound, types.most(1)))
    },
    |args| {
        let (text, most, mark) = (args.text(0)?, args.count(1)?, args.text_or(2, "…")?);
        if text.chars().nth(most).is_none() {
            return Ok(args.get(0).clone());
        }
        let kept = most.saturating_sub(mark.chars().count());
        Ok(Value::Text(text.chars().take(kept).chain(mark.chars()).take(most).collect()))
    },
);

pub(super) static INDENT: Function = function(
    spec(
        "indent",
        &[
            param("text", TypeSpec::Text, "The text."),
            optional("width", TypeSpec::Int, "How many spaces; 4 unless given."),
        ],
        TypeSpec::Text,
        "The text with spaces before each line but the first and the empty ones.",
        &["indent(\"a\\nb\", 2) == \"a\\n  b\""],
    ),
    |types| {
        types.text(0)?;
        types.maybe_int(1)?;
        Ok(Type::TEXT)
    },
    |args| {
        let width = if args.values.len() > 1 { args.count(1)? } else { 4 };
        if width > MOST_INDENT {
            return Err(args.failed(&format!("takes a width of {MOST_INDENT} at most")));
        }
        let space = " ".repeat(width);
        let mut out = EcoString::new();
        for (i, line) in args.text(0)?.split('\n').enumerate() {
            out.push_str(if i > 0 { "\n" } else { "" });
            out.push_str(if i > 0 && !line.is_empty() { &space } else { "" });
            out.push_str(line);
        }
        Ok(Value::Text(out))
    },
);

pub(super) static WORD_COUNT: Function = function(
    spec(
        "word_count",
        &[param("text", TypeSpec::Text, "The text.")],
        TypeSpec::Int,
        "How many words the text has, by the white space between them.",
        &["word_count(reply) <= 100"],
    ),
    |types| {
        let most = match types.text(0)? {
            Some(Bound::Chars(n)) => i64::try_from(n.div_ceil(2)).ok(),
            _ => None,
        };
        Ok(Type::Int(most.map(|n| (0, n))))
    },
    |args| Ok(Value::Int(args.text(0)?.split_whitespace().count() as i64)),
);

/// Says where the holes of a `format` pattern and the number of its values differ.
pub fn check_format(pattern: &str, values: usize) -> Result<(), String> {
    let holes = pattern.matches("{}").count();
    if holes == values {
        return Ok(());
    }
    let one = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    Err(format!("has {} for {}", one(values, "value"), one(holes, "`{}`").replace("`s", "`")))
}

pub(super) fn two_texts(types: &Types<'_>) -> Result<Type, Misfit> {
    types.text(0)?;
    types.text(1)?;
    Ok(Type::Bool)
}

// No piece is longer than the whole, and between n characters there are at most n + 1 pieces.
fn pieces(types: &Types<'_>) -> Result<Type, Misfit> {
    let bound = types.text(0)?;
    let most = match bound {
        Some(Bound::Chars(n)) => n.checked_add(1),
        _ => None,
    };
    Ok(Type::List(Box::new(Type::Text { bound, truncate: false }), most))
}

/// The start of a text with this bound, of at most so many characters.
pub(super) fn start_of(bound: Option<Bound>, most: Option<u64>) -> Type {
    let bound = match (bound, most) {
        (Some(Bound::Chars(n)), Some(most)) => Some(Bound::Chars(n.min(most))),
        (None, Some(most)) => Some(Bound::Chars(most)),
        (bound, _) => bound,
    };
    Type::Text { bound, truncate: false }
}

/// Appends a value as a template pastes it: `null` as nothing.
pub(super) fn push_shown(out: &mut EcoString, value: &Value) {
    match value {
        Value::Null => {}
        Value::Text(t) => out.push_str(t),
        other => out.push_str(&other.to_string()),
    }
}

const MOST_INDENT: usize = 200;
