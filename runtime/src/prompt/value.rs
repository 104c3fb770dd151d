//! Values of a run as minijinja sees them, and back.
//!
//! Texts are copied; lists, records and amounts are held as they are and shared. An element is made
//! when a template asks for it.

use flow_plan::{Value, compare, equal, filters};
use minijinja::value::{DynObject, Enumerator, Object, ObjectExt, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, Output, Value as Shown};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A value for a template.
pub(super) fn shown(value: &Value) -> Shown {
    match value {
        Value::Null => Shown::from(()),
        Value::Bool(b) => Shown::from(*b),
        Value::Int(i) => Shown::from(*i),
        Value::Float(f) => Shown::from(*f),
        Value::Text(t) => Shown::from(t.as_str()),
        Value::Json(j) => shown(&Value::from_json(j)),
        held => Shown::from_object(Held(held.clone())),
    }
}

/// A value from a template; what it lacks is null.
pub(super) fn value(shown: &Shown) -> Result<Value, Error> {
    if let Some(Held(value)) = shown.downcast_object_ref() {
        return Ok(value.clone());
    }
    if let Some(text) = shown.as_str() {
        return Ok(Value::text(text));
    }
    let odd = || Error::new(ErrorKind::InvalidOperation, format!("a {} is no value here", shown.kind()));
    Ok(match shown.kind() {
        ValueKind::Undefined | ValueKind::None => Value::Null,
        ValueKind::Bool => Value::Bool(shown.is_true()),
        ValueKind::Number if shown.is_integer() => match shown.as_i64() {
            Some(i) => Value::Int(i),
            None => return Err(Error::new(ErrorKind::InvalidOperation, "the number is too large")),
        },
        ValueKind::Number => Value::Float(f64::try_from(shown.clone())?),
        ValueKind::Seq | ValueKind::Iterable => {
            Value::List(shown.try_iter()?.map(|item| value(&item)).collect::<Result<Vec<_>, _>>()?.into())
        }
        ValueKind::Map => {
            let mut entries = Vec::new();
            for key in shown.try_iter()? {
                let name = key.as_str().ok_or_else(odd)?.into();
                entries.push((name, value(&shown.get_item(&key)?)?));
            }
            Value::record(entries)
        }
        _ => return Err(odd()),
    })
}

/// Writes a value into the text.
pub(super) fn paste(out: &mut Output<'_>, shown: &Shown) -> Result<(), Error> {
    if let Some(text) = shown.as_str() {
        out.write_str(text)?;
        return Ok(());
    }
    match value(shown)? {
        Value::Null => Ok(()),
        value => write!(out, "{value}").map_err(Error::from),
    }
}

/// A value that minijinja has no kind of its own for, or that is too large to copy.
#[derive(Debug)]
struct Held(Value);

impl Object for Held {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match &self.0 {
            Value::List(_) => ObjectRepr::Seq,
            Value::Record(_) => ObjectRepr::Map,
            _ => ObjectRepr::Plain,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Shown) -> Option<Shown> {
        match &self.0 {
            Value::List(items) => {
                let at = key.as_i64()?;
                let from_end = if at < 0 { items.len() as i64 } else { 0 };
                items.get(usize::try_from(at + from_end).ok()?).map(shown)
            }
            Value::Record(_) => self.get_value_by_str(key.as_str()?),
            _ => None,
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Shown> {
        match &self.0 {
            Value::Record(entries) => entries.get(key).map(shown),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.0 {
            Value::List(items) => Enumerator::Seq(items.len()),
            Value::Record(_) => self.mapped_enumerator(|held| match &held.0 {
                Value::Record(entries) => Box::new(entries.keys().map(|key| Shown::from(key.as_str()))),
                _ => Box::new(std::iter::empty()),
            }),
            _ => Enumerator::NonEnumerable,
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        match &self.0 {
            Value::List(items) => Some(items.len()),
            Value::Record(entries) => Some(entries.len()),
            _ => None,
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        filters::holds(&self.0)
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let Held(other) = other.downcast_ref()?;
        match compare(&self.0, other) {
            Ok(order) => Some(order),
            Err(_) if equal(&self.0, other) => Some(Ordering::Equal),
            Err(_) => None,
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
