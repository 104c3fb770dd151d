//! The private parts of a value, by its type and the labels of where it stands.

use super::Vault;
use ecow::EcoString;
use flow_plan::{Labels, Type, Value};
use serde_json::Value as Json;

/// What stands for private data where it is left out.
pub(crate) const PRIVATE: &str = "<private>";

/// Gives the texts of a value that are private, each with the name of its input or field; keys of private
/// maps, numbers and dates are among them.
pub(crate) fn private_texts(
    (name, labels): (&EcoString, Labels),
    (ty, value): (&Type, &Value),
    found: &mut dyn FnMut(&EcoString, &str),
) {
    match (ty.present(), value) {
        (_, Value::Null | Value::Bool(_)) => {}
        (Type::Record(record), Value::Record(entries)) => {
            for field in &record.fields {
                if let Some(value) = entries.get(&field.name) {
                    let labels = labels.join(field.labels);
                    private_texts((&field.name, labels), (&field.ty, value), found);
                }
            }
        }
        (Type::List(element, _), Value::List(items)) => {
            items.iter().for_each(|item| private_texts((name, labels), (element, item), found));
        }
        (Type::Map(element, _), Value::Record(entries)) => {
            for (key, value) in entries.iter() {
                if labels.private {
                    found(name, key);
                }
                private_texts((name, labels), (element, value), found);
            }
        }
        (_, value) if labels.private || labels.secret => all_texts(name, value, found),
        _ => {}
    }
}

/// The value with each private part sealed; `about` is what it belongs to.
pub(crate) fn sealed(vault: &Vault, about: &[u8], labels: Labels, (ty, value): (&Type, &Value)) -> Value {
    match (ty.present(), value) {
        (_, Value::Null) => Value::Null,
        (_, value) if labels.private => vault.seal(value, about),
        (Type::Record(record), Value::Record(entries)) => {
            Value::record(entries.iter().map(|(name, value)| {
                let field = record.fields.iter().find(|f| f.name == *name);
                let inner = field.map(|f| sealed(vault, about, f.labels, (&f.ty, value)));
                (name.clone(), inner.unwrap_or_else(|| value.clone()))
            }))
        }
        (Type::List(element, _), Value::List(items)) => {
            Value::List(items.iter().map(|item| sealed(vault, about, labels, (element, item))).collect())
        }
        (Type::Map(element, _), Value::Record(entries)) => Value::record(
            entries.iter().map(|(key, v)| (key.clone(), sealed(vault, about, labels, (element, v)))),
        ),
        (_, value) => value.clone(),
    }
}

/// Gives every text of a value, numbers and dates too, with a name.
pub(crate) fn all_texts(name: &EcoString, value: &Value, found: &mut dyn FnMut(&EcoString, &str)) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Text(text) | Value::Image(text) => found(name, text),
        Value::Json(json) => json_texts(name, json, found),
        Value::List(items) => items.iter().for_each(|item| all_texts(name, item, found)),
        Value::Record(entries) => entries.values().for_each(|value| all_texts(name, value, found)),
        other => found(name, &other.to_string()),
    }
}

fn json_texts(name: &EcoString, json: &Json, found: &mut dyn FnMut(&EcoString, &str)) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| json_texts(name, item, found)),
        Json::Object(entries) => entries.values().for_each(|v| json_texts(name, v, found)),
        Json::String(text) => found(name, text),
        Json::Number(number) => found(name, &number.to_string()),
        Json::Null | Json::Bool(_) => {}
    }
}
