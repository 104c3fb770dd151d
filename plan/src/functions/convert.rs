//! From one kind of value to another.

use super::args::{Args, Types};
use super::text::push_shown;
use super::{Function, Misfit, function, optional, param, spec};
use crate::{Bound, EvalError, Type, TypeSpec, Value};
use ecow::EcoString;

pub(super) static TEXT: Function = function(
    spec(
        "text",
        &[param("value", TypeSpec::Any, "The value.")],
        TypeSpec::Text,
        "The value as text: what a template pastes. Records and lists become JSON, null nothing.",
        &["text(12) == \"12\"", "text($0.5) == \"$0.50\""],
    ),
    |types| Ok(Type::Text { bound: shown_bound(types.get(0)), truncate: false }),
    |args| {
        let mut out = EcoString::new();
        push_shown(&mut out, args.get(0));
        Ok(Value::Text(out))
    },
);

pub(super) static INT: Function = function(
    spec(
        "int",
        &[param("value", TypeSpec::Any, "A number, a truth value or text.")],
        TypeSpec::Int,
        "The value as a whole number: a fraction is dropped, and text that is no number gives null.",
        &["int(\"12\") ?? 0", "int(2.9) == 2"],
    ),
    |types| match types.get(0) {
        Type::Int(range) => Ok(Type::Int(*range)),
        Type::Bool => Ok(Type::Int(Some((0, 1)))),
        Type::Float(_) => Ok(Type::INT),
        Type::Text { .. } | Type::Error | Type::Null => Ok(Type::Optional(Box::new(Type::INT))),
        Type::Optional(t) if is_numeric(t) => Ok(Type::Optional(Box::new(Type::INT))),
        _ => Err(types.misfit(0, "a number, a truth value or text")),
    },
    |args| {
        Ok(match args.get(0) {
            Value::Null => Value::Null,
            Value::Int(i) => Value::Int(*i),
            Value::Bool(b) => Value::Int(i64::from(*b)),
            Value::Float(f) => match super::rounding::to_int(f.trunc()) {
                Some(i) => Value::Int(i),
                None => return Err(args.failed("gives a number that is too large")),
            },
            Value::Text(t) => t.trim().parse().map(Value::Int).unwrap_or_default(),
            _ => return Err(args.misfit(0, "a number, a truth value or text")),
        })
    },
);

pub(super) static FLOAT: Function = function(
    spec(
        "float",
        &[param("value", TypeSpec::Any, "A number, a truth value or text.")],
        TypeSpec::Float,
        "The value as a number; text that is no number gives null.",
        &["float(\"0.5\") ?? 0.0"],
    ),
    |types| match types.get(0) {
        Type::Float(range) => Ok(Type::Float(*range)),
        Type::Int(range) => Ok(Type::Float(range.map(|(low, high)| (low as f64, high as f64)))),
        Type::Bool => Ok(Type::Float(Some((0.0, 1.0)))),
        Type::Text { .. } | Type::Error | Type::Null => Ok(Type::Optional(Box::new(Type::FLOAT))),
        Type::Optional(t) if is_numeric(t) => Ok(Type::Optional(Box::new(Type::FLOAT))),
        _ => Err(types.misfit(0, "a number, a truth value or text")),
    },
    |args| {
        Ok(match args.get(0) {
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Float(f64::from(u8::from(*b))),
            Value::Text(t) => match t.trim().parse::<f64>() {
                // `inf` and `nan` are words in a text, not numbers.
                Ok(f) if f.is_finite() => Value::Float(f),
                _ => Value::Null,
            },
            other => match other.as_number() {
                Some(f) => Value::Float(f),
                None => return Err(args.misfit(0, "a number, a truth value or text")),
            },
        })
    },
);

pub(super) static JSON: Function = function(
    spec(
        "json",
        &[
            param("value", TypeSpec::Any, "The value."),
            optional("indent", TypeSpec::Int, "Spaces for each level; one line unless given."),
        ],
        TypeSpec::Text,
        "The value as JSON text.",
        &["json({ a: 1 }) == \"{\\\"a\\\":1}\""],
    ),
    json_type,
    |args| {
        let json = args.get(0).to_json();
        if args.values.len() == 1 {
            return Ok(Value::text(json.to_string()));
        }
        indented(args, &json)
    },
);

fn json_type(types: &Types<'_>) -> Result<Type, Misfit> {
    types.maybe_int(1)?;
    Ok(Type::TEXT)
}

fn indented(args: &Args<'_>, json: &serde_json::Value) -> Result<Value, EvalError> {
    use serde::Serialize;
    let width = args.count(1)?.min(16);
    let spaces = [b' '; 16];
    let format = serde_json::ser::PrettyFormatter::with_indent(&spaces[..width]);
    let mut out = Vec::new();
    json.serialize(&mut serde_json::Serializer::with_formatter(&mut out, format))
        .map_err(|error| args.failed(&error.to_string()))?;
    Ok(Value::text(String::from_utf8_lossy(&out).as_ref()))
}

fn is_numeric(ty: &Type) -> bool {
    matches!(ty, Type::Int(_) | Type::Float(_) | Type::Bool | Type::Text { .. } | Type::Error)
}

/// The most text that a value of the type is when it is pasted, where its type says it.
fn shown_bound(ty: &Type) -> Option<Bound> {
    Some(match ty {
        Type::Text { bound, .. } | Type::Json(bound) => (*bound)?,
        Type::Bool => Bound::Chars(5),
        // The longest is `-9223372036854775808`.
        Type::Int(None) => Bound::Chars(20),
        Type::Int(Some((low, high))) => {
            Bound::Chars(low.to_string().len().max(high.to_string().len()) as u64)
        }
        Type::Date => Bound::Chars(13),
        Type::Enum(e) => {
            Bound::Chars(e.variants.iter().map(|v| v.name.chars().count() as u64).max().unwrap_or(0))
        }
        Type::Optional(t) => shown_bound(t)?,
        Type::Null => Bound::Chars(0),
        _ => return None,
    })
}
