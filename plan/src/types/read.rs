//! Reading JSON by a type, strictly; what departs from it is said with its place.

use super::{Bound, Type};
use crate::{Cost, Entries, Millis, Value};
use ecow::EcoString;
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;

/// Where a value departs from its type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// The way to the place: `sources[2]`, `address.city`; empty at the top.
    pub path: String,
    /// What is wrong there: "expected a number, found text".
    pub message: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "`{}`: {}", self.path, self.message)
        }
    }
}

/// A step of the way to a place; written out only where something departs.
enum Part<'p> {
    Field(&'p str),
    Element(usize),
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Field(name) => write!(f, ".{name}"),
            Part::Element(at) => write!(f, "[{at}]"),
        }
    }
}

impl Type {
    /// Reads JSON by this type, strictly: nothing is repaired, records keep the type's field order,
    /// missing optional fields are `null`, missing fields with a default take it.
    ///
    /// Bounds in tokens are not checked here, since they depend on a tokenizer; bounds in characters
    /// and in elements, and ranges, are. A longer text is cut where the type says `truncate`.
    /// Unknown fields are refused.
    pub fn read(&self, json: &Json) -> Result<Value, Mismatch> {
        self.read_at(json, &mut Vec::new())
    }

    /// Reads a text by this type, as [`Type::read`] reads one in JSON.
    pub fn read_text(&self, text: &str) -> Result<Value, Mismatch> {
        match self.present() {
            Type::Json(_) | Type::Error => self.read(&text.into()),
            present => present.read_text_at(text, &[]),
        }
    }

    /// Whether a list or a map of this type may have so many elements or entries.
    pub fn check_count(&self, found: usize) -> Result<(), Mismatch> {
        self.check_count_at(found, &[])
    }

    fn read_at<'p>(&'p self, json: &'p Json, path: &mut Vec<Part<'p>>) -> Result<Value, Mismatch> {
        let wrong = |path: &[Part<'_>], wanted: &str| Err(wrong(path, wanted, &describe(json)));
        match (self, json) {
            (Type::Error | Type::Json(None), j) => Ok(Value::Json(Arc::new(j.clone()))),
            (Type::Json(bound), j) => {
                check_chars(*bound, &j.to_string(), path)?;
                Ok(Value::Json(Arc::new(j.clone())))
            }
            (Type::Null | Type::Optional(_), Json::Null) => Ok(Value::Null),
            (Type::Optional(t), j) => t.read_at(j, path),
            (ty, Json::String(s)) => ty.read_text_at(s, path),
            (Type::Bool, Json::Bool(b)) => Ok(Value::Bool(*b)),
            (Type::Int(range), Json::Number(n)) => {
                // 3.0 is a whole number too; JSON does not tell the two apart.
                let whole = n
                    .as_i64()
                    .or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64));
                let Some(i) = whole else { return wrong(path, "a whole number") };
                match range {
                    Some((low, high)) if i < *low || i > *high => Err(mismatch(
                        path,
                        format!("expected a whole number from {low} to {high}, found {i}"),
                    )),
                    _ => Ok(Value::Int(i)),
                }
            }
            (Type::Float(range), Json::Number(n)) => {
                let f = n.as_f64().unwrap_or(f64::NAN);
                match range {
                    Some((low, high)) if !(*low..=*high).contains(&f) => {
                        Err(mismatch(path, format!("expected a number from {low} to {high}, found {f}")))
                    }
                    _ => Ok(Value::Float(f)),
                }
            }
            (Type::Money, Json::Number(n)) => match dollars(n) {
                Some(c) => Ok(Value::Money(c)),
                None => wrong(path, "an amount in dollars"),
            },
            (Type::Duration, Json::Number(n)) => {
                let seconds = n.as_f64().unwrap_or(-1.0);
                if !(0.0..=1e12).contains(&seconds) {
                    return wrong(path, "a number of seconds");
                }
                Ok(Value::Duration(Millis((seconds * 1000.0).round() as u64)))
            }
            (Type::List(item, _), Json::Array(list)) => {
                self.check_count_at(list.len(), path)?;
                let mut out = Vec::with_capacity(list.len());
                for (i, j) in list.iter().enumerate() {
                    path.push(Part::Element(i));
                    out.push(item.read_at(j, path)?);
                    path.pop();
                }
                Ok(Value::List(out.into()))
            }
            (Type::Map(item, _), Json::Object(map)) => {
                self.check_count_at(map.len(), path)?;
                let mut out = Entries::with_capacity_and_hasher(map.len(), Default::default());
                for (key, j) in map {
                    path.push(Part::Field(key));
                    out.insert(EcoString::from(key.as_str()), item.read_at(j, path)?);
                    path.pop();
                }
                Ok(Value::Record(Arc::new(out)))
            }
            (Type::Record(record), Json::Object(map)) => {
                if let Some(unknown) = map.keys().find(|k| record.field(k).is_none()) {
                    return Err(mismatch(
                        path,
                        format!("unknown field `{unknown}`; the fields are {}", record.names()),
                    ));
                }
                let mut out = Entries::with_capacity_and_hasher(record.fields.len(), Default::default());
                for field in &record.fields {
                    path.push(Part::Field(&field.name));
                    let value = match (map.get(field.name.as_str()), &field.default) {
                        (Some(j), _) => field.ty.read_at(j, path)?,
                        (None, Some(default)) => default.clone(),
                        (None, None) if matches!(field.ty, Type::Optional(_)) => Value::Null,
                        (None, None) => return Err(mismatch(path, "is missing".to_owned())),
                    };
                    path.pop();
                    out.insert(field.name.clone(), value);
                }
                Ok(Value::Record(Arc::new(out)))
            }
            _ => wrong(path, &self.described()),
        }
    }

    fn read_text_at(&self, text: &str, path: &[Part<'_>]) -> Result<Value, Mismatch> {
        let wrong = |wanted: &str| Err(wrong(path, wanted, &described(text)));
        match self {
            Type::Text { bound: Some(Bound::Chars(most)), truncate: true } => {
                let most = usize::try_from(*most).unwrap_or(usize::MAX);
                Ok(Value::Text(text.chars().take(most).collect()))
            }
            Type::Text { bound, .. } => {
                check_chars(*bound, text, path)?;
                Ok(Value::text(text))
            }
            Type::Enum(e) => match e.variants.iter().find(|v| v.name == text) {
                Some(v) => Ok(Value::Text(v.name.clone())),
                None => Err(mismatch(path, format!("expected one of {}, found \"{text}\"", e.names()))),
            },
            Type::Date => match text.parse() {
                Ok(d) => Ok(Value::Date(d)),
                Err(_) => wrong("a date such as 2026-03-14"),
            },
            Type::Time => match text.parse() {
                Ok(t) => Ok(Value::Time(t)),
                Err(_) => wrong("a time such as 2026-03-14T09:30:00Z"),
            },
            Type::Image => Ok(Value::Image(text.into())),
            _ => wrong(&self.described()),
        }
    }

    fn check_count_at(&self, found: usize, path: &[Part<'_>]) -> Result<(), Mismatch> {
        let (most, what) = match self {
            Type::List(_, most) => (*most, "elements"),
            Type::Map(_, most) => (*most, "entries"),
            _ => return Ok(()),
        };
        match most {
            Some(most) if found as u64 > most => {
                Err(mismatch(path, format!("has more than {most} {what}: it has {found}")))
            }
            _ => Ok(()),
        }
    }
}

fn check_chars(bound: Option<Bound>, text: &str, path: &[Part<'_>]) -> Result<(), Mismatch> {
    let Some(Bound::Chars(most)) = bound else { return Ok(()) };
    let found = text.chars().count() as u64;
    if found > most {
        return Err(mismatch(path, format!("is longer than {most} characters: it has {found}")));
    }
    Ok(())
}

fn mismatch(path: &[Part<'_>], message: String) -> Mismatch {
    let path: String = path.iter().map(Part::to_string).collect();
    Mismatch { path: path.strip_prefix('.').unwrap_or(&path).to_owned(), message }
}

fn wrong(path: &[Part<'_>], wanted: &str, found: &str) -> Mismatch {
    mismatch(path, format!("expected {wanted}, found {found}"))
}

fn describe(json: &Json) -> String {
    match json {
        Json::Null => "null".into(),
        Json::Bool(b) => b.to_string(),
        Json::Number(n) => n.to_string(),
        Json::String(s) => described(s),
        Json::Array(_) => "a list".into(),
        Json::Object(_) => "an object".into(),
    }
}

fn described(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("the text \"{}…\"", &text[..cut]),
        None => format!("the text \"{text}\""),
    }
}

// Small amounts are written with an exponent in JSON: one nano-dollar is `1e-9`.
fn dollars(n: &serde_json::Number) -> Option<Cost> {
    let shown = n.to_string();
    if !shown.contains(['e', 'E']) {
        return Cost::parse_dollars(&shown);
    }
    let nanos = n.as_f64()? * 1e9;
    let whole = nanos.round();
    // What is finer than a nano-dollar, or too large for floats to count exactly, is refused.
    let is_exact = (nanos - whole).abs() < 1e-6 && (0.0..=9e15).contains(&whole);
    is_exact.then_some(Cost(whole as i64))
}
