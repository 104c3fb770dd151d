//! What a model answered, as a value of its type.
//!
//! In: the reply's text and a [`Type`]. Out: a [`Read`] with the value and what was mended on the way,
//! or E0806 in one message that shows the reply around the place where it departs.
//!
//! A reply that is as it should be is read by `strict` and costs nothing more. Any other is looked
//! through for the value (`mended`): first what the model thought is taken off (`clean`), then
//! everything that is nearly JSON is read (`candidates`, `parse`) and made to fit the type (`fit`),
//! and small answers are looked for in sentences and lines (`said`, `lines`). What can be meant in
//! two ways, and what may not be whole, is refused.

mod amid;
mod candidates;
mod clean;
mod fault;
mod fit;
mod lines;
mod parse;
mod partial;
mod repair;
mod said;
mod said_around;
mod shown;
mod tables;
mod tags;
mod unique;

pub use partial::Partial;
pub use repair::Repair;

use crate::RunError;
use candidates::Found;
use fault::{Fault, Misfit, departs, place_of};
use flow_plan::{Type, Value};
use flow_tokens::Measure;
use parse::Node;
use repair::Repairs;
use serde_json::Value as Json;
use std::borrow::Cow;

/// What was read.
#[derive(Clone, PartialEq, Debug)]
pub struct Read {
    /// The value, of the type.
    pub value: Value,
    /// What was mended; empty where the reply was as it should be.
    pub repairs: Vec<Repair>,
}

/// Reads a reply by its type.
///
/// Text is taken as it is, but for one line break at its end. Names, numbers and truth values may
/// stand bare or as JSON. Anything else is JSON; where it is not well formed, or not alone, it is
/// mended if that can be done in one way only.
pub fn read(ty: &Type, reply: &str) -> Result<Read, RunError> {
    read_by(&Judge { ty, measure: None }, reply)
}

/// The same, with the texts held to their bounds in tokens. Inside JSON they are counted as JSON
/// writes them.
pub fn read_held(ty: &Type, reply: &str, measure: &Measure) -> Result<Read, RunError> {
    read_by(&Judge { ty, measure: Some(measure) }, reply)
}

/// What decides whether a value is of its type.
struct Judge<'a> {
    ty: &'a Type,
    measure: Option<&'a Measure>,
}

impl Judge<'_> {
    fn value(&self, json: &Json) -> Result<Value, Misfit> {
        self.held(self.ty.read(json)?)
    }

    fn held(&self, value: Value) -> Result<Value, Misfit> {
        let Some(measure) = self.measure else { return Ok(value) };
        let is_json = !matches!(self.ty.present(), Type::Text { .. } | Type::Image | Type::Enum(_));
        flow_tokens::check(value, self.ty, std::slice::from_ref(measure), is_json)
            .map_err(|over| Misfit::new(over.to_string()))
    }
}

fn read_by(judge: &Judge<'_>, reply: &str) -> Result<Read, RunError> {
    let failed = match strict(judge, reply) {
        Ok(value) => return Ok(Read { value, repairs: Vec::new() }),
        Err(failed) => failed,
    };
    // Text is as it is.
    if matches!(judge.ty.present(), Type::Text { .. } | Type::Image) {
        return Err(refused(judge, reply, failed, None));
    }
    match mended(judge, reply) {
        Ok(found) => Ok(Read { value: found.value, repairs: found.repairs.list() }),
        Err(fault) => Err(refused(judge, reply, failed, fault)),
    }
}

/// Why a reply is not as it should be.
enum Failed {
    Json(serde_json::Error),
    Misfit(Misfit),
}

/// Reads a reply that is as it should be.
fn strict(judge: &Judge<'_>, reply: &str) -> Result<Value, Failed> {
    let trimmed = reply.trim();
    let by_type = |json: Json| judge.value(&json).map_err(Failed::Misfit);
    match judge.ty {
        Type::Text { .. } => {
            let text = reply.strip_suffix('\n').unwrap_or(reply);
            by_type(text.strip_suffix('\r').unwrap_or(text).into())
        }
        Type::Optional(_) | Type::Null if trimmed == "null" => Ok(Value::Null),
        Type::Image => by_type(trimmed.into()),
        Type::Optional(present) => {
            // A provider that holds the answer to a schema gives a text in quotes, or `null`.
            if let (Type::Text { .. }, Ok(text)) = (&**present, serde_json::from_str::<String>(trimmed)) {
                return by_type(text.into());
            }
            strict(&Judge { ty: present, ..*judge }, reply)
        }
        Type::Enum(_) | Type::Date | Type::Time if !trimmed.starts_with('"') => by_type(trimmed.into()),
        _ => by_type(unique::read(trimmed).map_err(Failed::Json)?),
    }
}

/// Looks for the value in a reply that is not as it should be; `None` where nothing is like it.
fn mended(judge: &Judge<'_>, reply: &str) -> Result<Found, Option<Fault>> {
    let mut repairs = Repairs::default();
    // Where the type has a field `reasoning`, the tag is no thought.
    if let Type::Record(record) = judge.ty.present()
        && let Some((object, false)) = tags::fields(reply, record)
        && object.entries.len() > 1
    {
        repairs.add(Repair::Lines);
        return candidates::judged(Node::Object(object), repairs, judge).map_err(|m| Some(Fault::Misfit(m)));
    }
    let text = clean::answer(reply, &mut repairs)?;
    if text.trim().is_empty() {
        return Err(None);
    }
    let mut found = inside(judge, text, 0)?;
    found.repairs.join(repairs);
    Ok(found)
}

/// How often a reply may be packed into a text.
const PACKED: u8 = 2;

fn inside(judge: &Judge<'_>, spaced: &str, packed: u8) -> Result<Found, Option<Fault>> {
    let text = spaced.trim_end();
    let fenced = text.starts_with("```").then(|| clean::only_fence(text)).flatten();
    let fenced = fenced.filter(|inside| inside.starts_with('"'));
    if let Some(inner) = unpacked(fenced.unwrap_or(text)).filter(|_| packed < PACKED) {
        let is_packed = |text: &str| packed + 1 < PACKED && text.starts_with('"') && unpacked(text).is_some();
        let is_inside =
            inner.trim_start().starts_with(['{', '[', '`']) || !is_small(judge.ty) && is_packed(inner.trim());
        if is_inside || inner != text && is_small(judge.ty) {
            let mut found = inside(judge, inner.trim(), packed + 1)?;
            found.repairs.add(Repair::DoubleEncoded);
            if fenced.is_some() {
                found.repairs.add(Repair::Fence);
            }
            return Ok(found);
        }
    }
    let is_null = |t: &str| matches!(t, "null" | "None");
    if matches!(judge.ty, Type::Optional(_)) && clean::only_fence(text).is_some_and(is_null) {
        let mut repairs = Repairs::default();
        repairs.add(Repair::Fence);
        return Ok(Found { value: Value::Null, repairs });
    }
    let found = match is_small(judge.ty) {
        true => said::find(text, judge)?,
        false => match candidates::find(spaced, judge) {
            // Lines, or a single value, where no JSON stands.
            Ok(None) => {
                single(text, judge).map_or_else(|| lines::find(spaced, judge), |found| Ok(Some(found)))?
            }
            // A list that stands in a field's line.
            Err(Fault::Misfit(misfit)) => match lines::find(spaced, judge) {
                Ok(Some(found)) => Some(found),
                _ => return Err(Some(Fault::Misfit(misfit))),
            },
            other => other?,
        },
    };
    found.ok_or(None)
}

/// The types whose values may stand in a sentence.
fn is_small(ty: &Type) -> bool {
    let ty = ty.present();
    let is_moment = matches!(ty, Type::Date | Type::Time | Type::Duration | Type::Money);
    is_moment || matches!(ty, Type::Int(_) | Type::Float(_) | Type::Bool | Type::Enum(_))
}

/// A text that holds the reply: in quotes, or with its quotes escaped.
fn unpacked(text: &str) -> Option<Cow<'_, str>> {
    if text.starts_with('"') {
        return serde_json::from_str::<String>(text).ok().map(Cow::Owned);
    }
    let rest = text.strip_prefix(['{', '['])?;
    let rest = rest.trim_start_matches(['{', '[', ' ', '\n', '\t']);
    if rest.strip_prefix("\"\"").is_some_and(|rest| rest.starts_with(char::is_alphanumeric)) {
        return undoubled(text).map(Cow::Owned);
    }
    let broken = rest.strip_prefix("\\n").map(|rest| rest.trim_start_matches([' ', '\n', '\t']));
    let rest = broken.unwrap_or(rest);
    if !rest.starts_with("\\\"") {
        return text.contains("\\n").then(|| unbroken(text)).flatten().map(Cow::Owned);
    }
    serde_json::from_str::<String>(&format!("\"{}\"", text.replace('\n', "\\n"))).ok().map(Cow::Owned)
}

/// A reply that has `\n` for line breaks between its texts, and is JSON without them.
fn unbroken(text: &str) -> Option<String> {
    let text = text.strip_suffix("```").unwrap_or(text);
    let (mut out, mut is_text, mut chars) = (String::with_capacity(text.len()), false, text.chars());
    let mut is_broken = false;
    while let Some(c) = chars.next() {
        is_text ^= c == '"';
        match c {
            '\\' if is_text => out.extend([c, chars.next()?]),
            '\\' => {
                out.push(matches!(chars.next()?, 'n' | 'r' | 't').then_some(' ')?);
                is_broken = true;
            }
            _ => out.push(c),
        }
    }
    (is_broken && serde_json::from_str::<serde::de::IgnoredAny>(&out).is_ok()).then_some(out)
}

/// A reply in which every quote is doubled, as in a field of CSV.
fn undoubled(text: &str) -> Option<String> {
    let are_even = |quote: char| {
        let mut runs = text.split(|c| c != quote).map(str::len);
        runs.all(|len| len % 2 == 0)
    };
    let single = |text: String| if are_even('\'') { text.replace("''", "'") } else { text };
    are_even('"').then(|| single(text.replace("\"\"", "\"")))
}

/// A reply that is one word or one text, where a list or a record of one is wanted.
fn single(text: &str, judge: &Judge<'_>) -> Option<Found> {
    let node = match serde_json::from_str::<Json>(text) {
        Ok(Json::String(text)) => Node::Text(Cow::Owned(text)),
        Ok(Json::Number(_)) => Node::Number(text),
        Ok(Json::Bool(b)) => Node::Bool(b),
        Ok(_) => return None,
        // A fence is no quote.
        Err(_) if text.starts_with("```") => return None,
        // A text in other quotes, or with what JSON wants escaped; or a word of another language.
        Err(_) if matches!(judge.ty.present(), Type::Json(_)) => {
            let parsed = parse::value_at(text, 0, judge.ty).ok().filter(|p| p.end == text.len())?;
            let is_sure = match &parsed.node {
                Node::Text(inside) => {
                    let is_escaped = text.matches('\\').count() == text.matches("\\'").count();
                    inside.contains(char::is_alphanumeric)
                        && (is_escaped || !parsed.repairs.has(Repair::Escape))
                }
                Node::Null | Node::Bool(_) => true,
                _ => false,
            };
            if !is_sure {
                return None;
            }
            return candidates::judged(parsed.node, parsed.repairs, judge).ok();
        }
        Err(_) => {
            let is_text = match judge.ty.present() {
                Type::List(item, _) => matches!(item.present(), Type::Text { .. } | Type::Json(_)),
                Type::Record(_) => false,
                _ => true,
            };
            if is_text || text.len() > 100 || text.contains('\n') {
                return None;
            }
            Node::Bare(clean::unmarked(text))
        }
    };
    candidates::judged(node, Repairs::default(), judge).ok()
}

/// The error: what the mending reader found, or why the reply is not JSON.
fn refused(judge: &Judge<'_>, reply: &str, failed: Failed, fault: Option<Fault>) -> RunError {
    let trimmed = reply.trim();
    let ty = judge.ty.described();
    match (fault, failed) {
        (Some(Fault::Cut(at, what)), _) => departs(&format!("the reply is cut off: {what}"), trimmed, at)
            .help("raise `max_output`, or ask for less"),
        (Some(Fault::Deep(at)), _) => departs("the reply is nested too deeply", trimmed, at),
        (Some(Fault::Unsure(at, what)), _) => {
            departs(&format!("the reply is not certainly {ty}: {what}"), trimmed, at)
        }
        (_, Failed::Misfit(misfit)) | (Some(Fault::Misfit(misfit)), _) => {
            let at = place_of(&misfit.path.concat(), trimmed);
            departs(&format!("the reply does not have its type: {misfit}"), trimmed, at)
        }
        (_, Failed::Json(error)) => {
            let at = place(trimmed, error.line(), error.column());
            let reason = error.to_string();
            let reason = lower(reason.split(" at line ").next().unwrap_or(&reason));
            let (line, column) = (error.line(), error.column());
            departs(&format!("the reply is not {ty}: {reason} at line {line}, column {column}"), trimmed, at)
        }
    }
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

    fn plainly(ty: &Type, reply: &str) -> Option<Value> {
        read(ty, reply).ok().filter(|read| read.repairs.is_empty()).map(|read| read.value)
    }

    fn message(ty: &Type, reply: &str) -> String {
        read(ty, reply).map(|v| format!("read as {v:?}")).unwrap_or_else(|e| e.message)
    }

    #[test]
    fn text_is_as_it_is_but_for_one_line_break() {
        assert_eq!(plainly(&Type::TEXT, " a\n\n"), Some(Value::text(" a\n")));
        assert_eq!(plainly(&Type::TEXT, "a\r\n"), Some(Value::text("a")));
        assert_eq!(plainly(&Type::TEXT, "null"), Some(Value::text("null")));
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
            assert_eq!(plainly(&ty, bare), Some(value.clone()));
            assert_eq!(plainly(&ty, json), Some(value));
        }
    }

    #[test]
    fn line_ends_of_windows_are_no_reason_to_refuse() {
        let read =
            read(&answer(), "```json\r\n{\r\n  \"reply\": \"hi\",\r\n  \"score\": 3,\r\n}\r\n```\r\n").ok();
        assert_eq!(read.map(|r| r.repairs), Some(vec![Repair::Fence, Repair::ExtraComma]));
    }

    #[test]
    fn what_departs_is_shown_in_one_line() {
        let long = format!("{{\"reply\": \"{}\", \"score\": 9}}", "x".repeat(300));
        let shown = [
            message(&kind(), "Refunds"),
            message(&answer(), "```json\n{}\n```"),
            message(&answer(), "{\"reply\": \"hi\",\n \"score\": }"),
            message(&answer(), "{\"reply\": \"hi\"}"),
            message(&answer(), &long),
            message(&Type::Text { bound: Some(Bound::Chars(3)), truncate: false }, "four"),
        ];
        assert_eq!(
            shown[..4],
            [
                "the reply does not have its type: expected one of `billing` or `other`, found \"Refunds\"; the reply: \"Refunds\"",
                "the reply does not have its type: `reply`: is missing; the reply: \"```json\\n{}\\n```\"",
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
