//! Functions of whatever has parts: texts, lists and maps alike; and `default`.

use super::args::{Args, Types};
use super::text::start_of;
use super::{Function, LIST, Misfit, TEXTS, function, param, spec};
use crate::eval::contains;
use crate::{Bound, EvalError, Type, TypeSpec, Value};

pub(super) static LEN: Function = function(
    spec(
        "len",
        &[param("of", TypeSpec::Any, "A text, a list or a map.")],
        TypeSpec::Int,
        "How many characters, elements or entries there are.",
        &["len(reply) < 1200", "len(sources) > 0"],
    ),
    |types| {
        let most = match types.get(0) {
            Type::Text { bound: Some(Bound::Chars(n)), .. } => Some(*n),
            Type::List(_, most) | Type::Map(_, most) => *most,
            Type::Text { .. } | Type::Enum(_) | Type::Error => None,
            _ => return Err(types.misfit(0, "text, a list or a map")),
        };
        Ok(Type::Int(most.and_then(|n| i64::try_from(n).ok()).map(|n| (0, n))))
    },
    |args| {
        let len = match args.get(0) {
            Value::Text(t) => t.chars().count(),
            Value::List(l) => l.len(),
            Value::Record(r) => r.len(),
            _ => return Err(args.misfit(0, "text, a list or a map")),
        };
        Ok(Value::Int(len as i64))
    },
);

pub(super) static CONTAINS: Function = function(
    spec(
        "contains",
        &[
            param("of", TypeSpec::Any, "A text, a list or a map."),
            param("what", TypeSpec::Any, "The text, the element or the key that is looked for."),
        ],
        TypeSpec::Bool,
        "Whether a text has another in it, a list an element or a map a key. The same as `what in of`.",
        &["contains(reply, \"30 days\")", "contains(sources, \"returns\")"],
    ),
    |types| {
        match types.get(0) {
            Type::Text { .. } | Type::Map(..) | Type::Enum(_) => {
                types.text(1)?;
            }
            Type::List(item, _) => {
                let what = types.get(1);
                if !item.accepts(what) && !what.accepts(item) {
                    return Err(types.misfit(1, &format!("an element of `{}`", types.get(0).unbounded())));
                }
            }
            Type::Error => {}
            _ => return Err(types.misfit(0, "text, a list or a map")),
        }
        Ok(Type::Bool)
    },
    |args| contains(args.get(0), args.get(1)).map(Value::Bool),
);

pub(super) static TAKE: Function = function(
    spec(
        "take",
        &[
            param("from", TypeSpec::Any, "A list or a text."),
            param("count", TypeSpec::Int, "How many elements or characters at most."),
        ],
        TypeSpec::First,
        "The first elements of a list, or the first characters of a text.",
        &["take(passages, 3)", "take(title, 20)"],
    ),
    |types| {
        types.maybe_int(1)?;
        let most = types.most(1);
        match types.get(0) {
            Type::List(item, bound) => Ok(Type::List(item.clone(), least(*bound, most))),
            Type::Error => Ok(Type::Error),
            Type::Text { .. } | Type::Enum(_) => Ok(start_of(types.text(0)?, most)),
            _ => Err(types.misfit(0, "a list or text")),
        }
    },
    |args| {
        let count = args.count(1)?;
        match args.get(0) {
            Value::List(items) if count >= items.len() => Ok(args.get(0).clone()),
            Value::List(items) => Ok(Value::List(items[..count].into())),
            Value::Text(text) => Ok(Value::Text(text.chars().take(count).collect())),
            _ => Err(args.misfit(0, "a list or text")),
        }
    },
);

pub(super) static REVERSE: Function = function(
    spec(
        "reverse",
        &[param("of", TypeSpec::Any, "A list or a text.")],
        TypeSpec::First,
        "The elements or the characters from the last to the first.",
        &["reverse([1, 2]) == [2, 1]"],
    ),
    |types| match types.get(0) {
        list @ (Type::List(..) | Type::Error) => Ok(list.clone()),
        // The pieces a tokenizer knows are not there backwards.
        Type::Text { .. } | Type::Enum(_) => {
            let bound = types.text(0)?.filter(|b| matches!(b, Bound::Chars(_)));
            Ok(Type::Text { bound, truncate: false })
        }
        _ => Err(types.misfit(0, "a list or text")),
    },
    |args| match args.get(0) {
        Value::List(items) => Ok(Value::List(items.iter().rev().cloned().collect())),
        Value::Text(text) => Ok(Value::Text(text.chars().rev().collect())),
        _ => Err(args.misfit(0, "a list or text")),
    },
);

pub(super) static KEYS: Function = function(
    spec(
        "keys",
        &[param("map", TypeSpec::Any, "A map.")],
        TEXTS,
        "The keys of a map, in its order.",
        &["keys(scores)"],
    ),
    |types| {
        let (_, most) = map(types)?;
        Ok(Type::List(Box::new(Type::TEXT), most))
    },
    |args| Ok(Value::List(entries(args)?.map(|(key, _)| Value::Text(key.clone())).collect())),
);

pub(super) static VALUES: Function = function(
    spec(
        "values",
        &[param("map", TypeSpec::Any, "A map.")],
        LIST,
        "The values of a map, in its order.",
        &["sum(values(scores))"],
    ),
    |types| {
        let (value, most) = map(types)?;
        Ok(Type::List(Box::new(value), most))
    },
    |args| Ok(Value::List(entries(args)?.map(|(_, value)| value.clone()).collect())),
);

pub(super) static DEFAULT: Function = function(
    spec(
        "default",
        &[
            param("value", TypeSpec::Any, "What may be null."),
            param("otherwise", TypeSpec::Any, "What stands there instead."),
        ],
        TypeSpec::First,
        "The value, or another where it is null. The same as `value ?? otherwise`.",
        &["default(customer.name, \"friend\")"],
    ),
    |types| match (types.get(0), types.get(1)) {
        (Type::Null, otherwise) => Ok(otherwise.clone()),
        (value, otherwise) => value
            .present()
            .join(otherwise)
            .ok_or_else(|| types.misfit(1, &format!("something like `{}`", value.present().unbounded()))),
    },
    |args| Ok(args.get(if *args.get(0) == Value::Null { 1 } else { 0 }).clone()),
);

fn map(types: &Types<'_>) -> Result<(Type, Option<u64>), Misfit> {
    match types.get(0) {
        Type::Map(value, most) => Ok(((**value).clone(), *most)),
        Type::Error => Ok((Type::Error, None)),
        _ => Err(types.misfit(0, "a map")),
    }
}

fn entries<'a>(
    args: &Args<'a>,
) -> Result<impl Iterator<Item = (&'a ecow::EcoString, &'a Value)> + use<'a>, EvalError> {
    match args.get(0) {
        Value::Record(record) => Ok(record.iter()),
        _ => Err(args.misfit(0, "a map")),
    }
}

fn least(bound: Option<u64>, most: Option<u64>) -> Option<u64> {
    match (bound, most) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
