//! What a model answered, as a value of its type.
//!
//! In: the reply's text and a [`Type`]. Out: a [`Value`], or E0806 in one message that shows the
//! reply around the place where it departs. Reading is strict: nothing is repaired.

use crate::RunError;
use flow_diagnostics::Code;
use flow_plan::{Type, Value};
use flow_tokens::Measure;
use serde_json::Value as Json;

/// Reads a reply by its type.
///
/// Text is taken as it is, but for one line break at its end. Names, numbers and truth values may
/// stand bare or as JSON. Anything else must be one JSON value, with nothing but space around it.
pub fn read(ty: &Type, reply: &str) -> Result<Value, RunError> {
    let trimmed = reply.trim();
    match ty {
        Type::Text { .. } => {
            let text = reply.strip_suffix('\n').unwrap_or(reply);
            let text = text.strip_suffix('\r').unwrap_or(text);
            by_type(ty, &Json::from(text), reply)
        }
        Type::Image => by_type(ty, &Json::from(trimmed), reply),
        Type::Optional(_) | Type::Null if trimmed == "null" => Ok(Value::Null),
        // A provider that holds the answer to a schema gives a text in quotes, or `null`.
        Type::Optional(present) if matches!(**present, Type::Text { .. }) => {
            match serde_json::from_str::<String>(trimmed) {
                Ok(text) => by_type(present, &Json::from(text), reply),
                Err(_) => read(present, reply),
            }
        }
        Type::Optional(present) => read(present, reply),
        Type::Enum(_) | Type::Date | Type::Time if !trimmed.starts_with('"') => {
            by_type(ty, &Json::from(trimmed), reply)
        }
        _ => match serde_json::from_str::<Json>(trimmed) {
            Ok(json) => by_type(ty, &json, reply),
            Err(error) => {
                let at = place(trimmed, error.line(), error.column());
                let reason = error.to_string();
                let reason = reason.split(" at line ").next().unwrap_or(&reason);
                Err(departs(
                    &format!(
                        "the reply is not {}: {} at line {}, column {}",
                        ty.described(),
                        lower(reason),
                        error.line(),
                        error.column()
                    ),
                    trimmed,
                    at,
                ))
            }
        },
    }
}

/// The same, with the texts held to their bounds in tokens. Inside JSON they are counted as JSON
/// writes them.
pub fn read_held(ty: &Type, reply: &str, measure: &Measure) -> Result<Value, RunError> {
    let value = read(ty, reply)?;
    let is_json = !matches!(ty.present(), Type::Text { .. } | Type::Image | Type::Enum(_));
    flow_tokens::check(value, ty, std::slice::from_ref(measure), is_json)
        .map_err(|over| departs(&format!("the reply does not have its type: {over}"), reply.trim_end(), 0))
}

fn by_type(ty: &Type, json: &Json, reply: &str) -> Result<Value, RunError> {
    ty.read(json).map_err(|mismatch| {
        // The innermost name of the path, where it stands in the reply, shows the place.
        let name = mismatch.path.rsplit('.').next().unwrap_or("").split('[').next().unwrap_or("");
        let at = if name.is_empty() { 0 } else { reply.find(&format!("\"{name}\"")).unwrap_or(0) };
        departs(&format!("the reply does not have its type: {mismatch}"), reply.trim_end(), at)
    })
}

fn departs(what: &str, reply: &str, at: usize) -> RunError {
    RunError::new(Code::E0806, format!("{what}; the reply: {}", excerpt(reply, at)))
}

/// At most 160 characters of a text around a byte offset, on one line, in quotes as JSON has them.
fn excerpt(text: &str, at: usize) -> String {
    const BEFORE: usize = 60;
    const MOST: usize = 160;
    if text.chars().count() <= MOST {
        return Json::from(text).to_string();
    }
    let before = text.char_indices().take_while(|(i, _)| *i < at).count();
    let start = before.saturating_sub(BEFORE);
    let shown: String = text.chars().skip(start).take(MOST).collect();
    let more = text.chars().nth(start + MOST).is_some();
    let (head, tail) = (if start > 0 { "…" } else { "" }, if more { "…" } else { "" });
    Json::from(format!("{head}{shown}{tail}")).to_string()
}

// serde_json counts lines from 1 and columns in bytes from 1; 0 means before the first.
fn place(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}

fn lower(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        // `EOF` stays as it is.
        Some(first) if chars.as_str().starts_with(char::is_lowercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_plan::{Bound, EnumType, Field, Labels, RecordType, Variant};
    use std::sync::Arc;

    fn kind() -> Type {
        let variant = |name: &str| Variant { name: name.into(), doc: "".into() };
        Type::Enum(Arc::new(EnumType {
            name: "Kind".into(),
            doc: "".into(),
            variants: vec![variant("billing"), variant("other")],
        }))
    }

    fn answer() -> Type {
        let field = |name: &str, ty: Type| Field {
            name: name.into(),
            ty,
            doc: "".into(),
            labels: Labels::default(),
            default: None,
        };
        Type::Record(Arc::new(RecordType {
            name: Some("Answer".into()),
            doc: "".into(),
            fields: vec![field("reply", Type::TEXT), field("score", Type::Int(Some((1, 5))))],
        }))
    }

    fn message(ty: &Type, reply: &str) -> String {
        read(ty, reply).map(|v| format!("read as {v}")).unwrap_or_else(|e| e.message)
    }

    #[test]
    fn text_is_as_it_is_but_for_one_line_break() {
        assert_eq!(read(&Type::TEXT, " a\n\n"), Ok(Value::text(" a\n")));
        assert_eq!(read(&Type::TEXT, "a\r\n"), Ok(Value::text("a")));
        assert_eq!(read(&Type::TEXT, "null"), Ok(Value::text("null")));
    }

    #[test]
    fn small_answers_stand_bare_or_as_json() {
        for (ty, bare, json, value) in [
            (kind(), " billing\n", "\"billing\"", Value::text("billing")),
            (Type::INT, "3", " 3 ", Value::Int(3)),
            (Type::Bool, "true", "true\n", Value::Bool(true)),
            (Type::Optional(Box::new(Type::INT)), "null", " null ", Value::Null),
            (Type::Optional(Box::new(kind())), "other", "\"other\"", Value::text("other")),
        ] {
            assert_eq!(read(&ty, bare), Ok(value.clone()));
            assert_eq!(read(&ty, json), Ok(value));
        }
    }

    #[test]
    fn what_departs_is_shown_in_one_line() {
        let long = format!("{{\"reply\": \"{}\", \"score\": 9}}", "x".repeat(300));
        let shown = [
            message(&kind(), "Billing"),
            message(&answer(), "```json\n{}\n```"),
            message(&answer(), "{\"reply\": \"hi\",\n \"score\": }"),
            message(&answer(), "{\"reply\": \"hi\"}"),
            message(&answer(), &long),
            message(&Type::Text { bound: Some(Bound::Chars(3)), truncate: false }, "four"),
        ];
        assert_eq!(
            shown[..4],
            [
                "the reply does not have its type: expected one of `billing` or `other`, found \"Billing\"; the reply: \"Billing\"",
                "the reply is not a record `Answer`: expected value at line 1, column 1; the reply: \"```json\\n{}\\n```\"",
                "the reply is not a record `Answer`: expected value at line 2, column 11; the reply: \"{\\\"reply\\\": \\\"hi\\\",\\n \\\"score\\\": }\"",
                "the reply does not have its type: `score`: is missing; the reply: \"{\\\"reply\\\": \\\"hi\\\"}\"",
            ]
        );
        assert!(shown[4].contains("`score`: expected a whole number from 1 to 5, found 9"), "{}", shown[4]);
        assert!(shown[4].contains("score\\\": 9}"), "the excerpt shows the place: {}", shown[4]);
        assert!(shown[4].len() < 400 && !shown[4].contains('\n'), "{}", shown[4]);
        assert!(shown[5].contains("character"), "{}", shown[5]);
    }
}
