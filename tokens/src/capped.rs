//! Holding values to the bounds of their types: at a hole a text is cut, at an edge it is refused.

use crate::size::text_tokens;
use crate::{Counter, Measure};
use ecow::EcoString;
use flow_plan::{Bound, Type, Value};
use std::sync::Arc;

/// A text that was cut at a hole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// The hole or field.
    pub what: EcoString,
    /// The most tokens it may have.
    pub most: u64,
    /// How many bytes were left out.
    pub bytes: u64,
}

/// A text, list or map that is over its bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Over {
    /// The way to it: `passages[2].body`; empty at the top.
    pub path: String,
    /// What is counted: `tokens`, `elements` or `entries`.
    pub unit: &'static str,
    /// How many it has.
    pub found: u64,
    /// How many it may have.
    pub most: u64,
}

impl std::fmt::Display for Over {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}` ", self.path)?;
        }
        write!(f, "has {} {}, and {} is the most", self.found, self.unit, self.most)
    }
}

/// The longest start of a text with at most so many tokens. What is cut has no white space at the
/// ends that say so.
pub fn cap<'t>(counter: &Counter, text: &'t str, most: u64, trim: (bool, bool)) -> &'t str {
    // No text has more tokens than bytes.
    if text.len() as u64 <= most && !matches!(counter, Counter::Bytes) {
        return text;
    }
    let mut kept = counter.cut(text, most);
    if kept.len() == text.len() {
        return text;
    }
    if trim.1 {
        // Without its end it may have more tokens again.
        while kept.trim_end().len() < kept.len() {
            kept = counter.cut(kept.trim_end(), most);
        }
    }
    kept
}

/// Holds the texts of a value to their bounds in tokens, and its lists and maps to theirs: a text that
/// says `truncate` is cut, and anything else that is over its bound is an error. `json` where the texts are counted as JSON writes them.
pub fn check(value: Value, ty: &Type, measures: &[Measure], json: bool) -> Result<Value, Over> {
    if measures.is_empty() || !has_bounds(ty) {
        return Ok(value);
    }
    at(value, ty, &Edge { measures, json }, &mut String::new())
}

struct Edge<'a> {
    measures: &'a [Measure],
    json: bool,
}

fn has_bounds(ty: &Type) -> bool {
    match ty {
        Type::Text { bound, .. } | Type::Json(bound) => matches!(bound, Some(Bound::Tokens(_))),
        Type::List(item, most) | Type::Map(item, most) => most.is_some() || has_bounds(item),
        Type::Optional(item) => has_bounds(item),
        Type::Record(record) => record.fields.iter().any(|f| has_bounds(&f.ty)),
        _ => false,
    }
}

fn at(value: Value, ty: &Type, edge: &Edge<'_>, path: &mut String) -> Result<Value, Over> {
    if !has_bounds(ty) {
        return Ok(value);
    }
    match (value, ty) {
        (Value::Text(text), Type::Text { bound: Some(bound), truncate }) => {
            edge.text(text, text_tokens(*bound), *truncate, path).map(Value::Text)
        }
        (Value::Json(json), Type::Json(Some(bound))) => {
            let text = EcoString::from(json.to_string());
            edge.text(text, text_tokens(*bound), false, path)?;
            Ok(Value::Json(json))
        }
        (Value::List(items), Type::List(item, most)) => {
            counted(items.len(), *most, "elements", path)?;
            if !has_bounds(item) {
                return Ok(Value::List(items));
            }
            let mut out = Vec::with_capacity(items.len());
            for (i, value) in items.iter().enumerate() {
                out.push(below(path, &format!("[{i}]"), |path| at(value.clone(), item, edge, path))?);
            }
            Ok(Value::List(out.into()))
        }
        (Value::Record(entries), Type::Record(_) | Type::Map(..)) => {
            if let Type::Map(_, most) = ty {
                counted(entries.len(), *most, "entries", path)?;
            }
            let mut out = entries.clone();
            for (name, value) in entries.iter() {
                let field = match ty {
                    Type::Record(record) => record.field(name).map(|f| &f.ty),
                    Type::Map(item, _) => Some(&**item),
                    _ => None,
                };
                let Some(field) = field.filter(|f| has_bounds(f)) else { continue };
                let dot = if path.is_empty() { "" } else { "." };
                let held = below(path, &format!("{dot}{name}"), |path| at(value.clone(), field, edge, path))?;
                if held != *value {
                    Arc::make_mut(&mut out).insert(name.clone(), held);
                }
            }
            Ok(Value::Record(out))
        }
        (value, Type::Optional(inner)) if value != Value::Null => at(value, inner, edge, path),
        (value, _) => Ok(value),
    }
}

fn counted(found: usize, most: Option<u64>, unit: &'static str, path: &str) -> Result<(), Over> {
    match most {
        Some(most) if found as u64 > most => {
            Err(Over { path: path.to_owned(), unit, found: found as u64, most })
        }
        _ => Ok(()),
    }
}

fn below<T>(path: &mut String, name: &str, f: impl FnOnce(&mut String) -> T) -> T {
    let before = path.len();
    path.push_str(name);
    let done = f(path);
    path.truncate(before);
    done
}

impl Edge<'_> {
    fn text(&self, text: EcoString, most: u64, truncate: bool, path: &str) -> Result<EcoString, Over> {
        if text.len() as u64 <= most && !self.json {
            return Ok(text);
        }
        let mut kept = text;
        for measure in self.measures {
            let counter = measure.counter();
            let found = match self.json {
                true => counter.count(&escaped(&kept)),
                false => counter.count(&kept),
            };
            if found <= most {
                continue;
            }
            if !truncate {
                return Err(Over { path: path.to_owned(), unit: "tokens", found, most });
            }
            kept = counter.cut(&kept, most).into();
        }
        Ok(kept)
    }
}

// As it stands between the quotes of a JSON text.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
