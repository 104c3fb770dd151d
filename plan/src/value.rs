//! Values of a run.

use crate::{Cost, Millis};
use ecow::EcoString;
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::sync::Arc;

/// The entries of a record or a map. Keys come from outside too, so its hashes are seeded.
pub type Entries = IndexMap<EcoString, Value, foldhash::fast::RandomState>;

/// A value. Cheap to clone: everything large is shared.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Value {
    /// Nothing: the missing case of `T?`, and the result of an action.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text, and the name of an enum's variant.
    Text(EcoString),
    /// Money.
    Money(Cost),
    /// A length of time.
    Duration(Millis),
    /// A day.
    Date(jiff::civil::Date),
    /// A moment, in UTC.
    Time(jiff::Timestamp),
    /// A list.
    List(Arc<[Value]>),
    /// A record, with its fields in the order of the type, or a map.
    Record(Arc<Entries>),
    /// Any JSON.
    Json(Arc<Json>),
    /// An image: a `data:` URL, an `https:` URL, or the path of a file.
    Image(EcoString),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<EcoString>) -> Value {
        Value::Text(text.into())
    }

    /// A record or a map of these entries.
    pub fn record(entries: impl IntoIterator<Item = (EcoString, Value)>) -> Value {
        Value::Record(Arc::new(entries.into_iter().collect()))
    }

    /// The text of a `Text`.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The elements of a `List`.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(l) => Some(l),
            _ => None,
        }
    }

    /// The number of an `Int` or a `Float`.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Int(i) => Some(*i as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// A record's field or a map's entry; for `json`, the entry as `json`.
    pub fn get(&self, name: &str) -> Option<Value> {
        match self {
            Value::Record(r) => r.get(name).cloned(),
            Value::Json(j) => j.get(name).map(Value::from_json),
            _ => None,
        }
    }

    /// As JSON: money in dollars, durations in seconds, days and moments as RFC 3339 text.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::from(*b),
            Value::Int(i) => Json::from(*i),
            Value::Float(f) => Json::from(*f),
            Value::Text(t) | Value::Image(t) => Json::from(t.as_str()),
            Value::Money(c) => Json::from(c.dollars()),
            Value::Duration(m) => Json::from(m.0 as f64 / 1000.0),
            Value::Date(d) => Json::from(d.to_string()),
            Value::Time(t) => Json::from(t.to_string()),
            Value::List(l) => l.iter().map(Value::to_json).collect(),
            Value::Record(r) => Json::Object(r.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect()),
            Value::Json(j) => (**j).clone(),
        }
    }

    /// JSON as it is, without a type: objects become records, arrays lists.
    /// [`crate::Type::read`] reads JSON by a type.
    pub fn from_json(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => {
                n.as_i64().map(Value::Int).unwrap_or_else(|| Value::Float(n.as_f64().unwrap_or(f64::NAN)))
            }
            Json::String(s) => Value::text(s.as_str()),
            Json::Array(a) => Value::List(a.iter().map(Value::from_json).collect()),
            Json::Object(o) => {
                Value::record(o.iter().map(|(k, v)| (EcoString::from(k.as_str()), Value::from_json(v))))
            }
        }
    }
}

impl std::fmt::Display for Value {
    /// Text as it is, anything else as JSON: what `flowc run` prints and a template pastes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Text(t) | Value::Image(t) => f.write_str(t),
            Value::Money(c) => write!(f, "{c}"),
            Value::Duration(d) => write!(f, "{d}"),
            Value::Date(d) => write!(f, "{d}"),
            Value::Time(t) => write!(f, "{t}"),
            other => write!(f, "{}", other.to_json()),
        }
    }
}
