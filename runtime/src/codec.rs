//! Values as text and back without loss, for journals and caches.
//!
//! In: a [`Value`]. Out: JSON in which everything that JSON has no word for stands in an object with
//! one key that begins with `$`: `{"$money": 20000000}`. No type is needed to read it back.
//! Not for people: [`Value::to_json`] is what they see.

use ecow::EcoString;
use flow_plan::{Cost, Entries, Millis, Value};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// The value as text.
pub fn encode(value: &Value) -> String {
    tagged(value).to_string()
}

/// The value of a text that [`encode`] wrote; the reason where it is not one.
pub fn decode(text: &str) -> Result<Value, String> {
    let json: Json = serde_json::from_str(text).map_err(|e| e.to_string())?;
    untagged(json)
}

fn tagged(value: &Value) -> Json {
    match value {
        // JSON has no word for these three; as text they read back exactly.
        Value::Float(f) if !f.is_finite() => json!({"$float": f.to_string()}),
        Value::Money(c) => json!({"$money": c.0}),
        Value::Duration(d) => json!({"$duration": d.0}),
        Value::Date(d) => json!({"$date": d.to_string()}),
        Value::Time(t) => json!({"$time": t.to_string()}),
        Value::Image(i) => json!({"$image": i.as_str()}),
        Value::Json(j) => json!({"$json": **j}),
        Value::List(items) => items.iter().map(tagged).collect(),
        Value::Record(entries) => {
            let object: Map<String, Json> = entries.iter().map(|(k, v)| (k.to_string(), tagged(v))).collect();
            match entries.keys().any(|k| k.starts_with('$')) {
                true => json!({"$record": object}),
                false => Json::Object(object),
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) => value.to_json(),
    }
}

fn untagged(json: Json) -> Result<Value, String> {
    Ok(match json {
        Json::Array(items) => {
            Value::List(items.into_iter().map(untagged).collect::<Result<Vec<_>, _>>()?.into())
        }
        Json::Object(object) => match object.iter().next() {
            Some((tag, _)) if object.len() == 1 && tag.starts_with('$') => {
                let tag = tag.clone();
                let inner = object.into_iter().next().map(|(_, v)| v).unwrap_or_default();
                of_tag(&tag, inner)?
            }
            _ => record(object)?,
        },
        plain => Value::from_json(&plain),
    })
}

fn record(object: Map<String, Json>) -> Result<Value, String> {
    let mut entries = Entries::with_capacity_and_hasher(object.len(), Default::default());
    for (key, value) in object {
        entries.insert(EcoString::from(key), untagged(value)?);
    }
    Ok(Value::Record(Arc::new(entries)))
}

fn of_tag(tag: &str, inner: Json) -> Result<Value, String> {
    let value = match (tag, &inner) {
        ("$json", _) => return Ok(Value::Json(Arc::new(inner))),
        ("$record", Json::Object(_)) => match inner {
            Json::Object(object) => return record(object),
            _ => None,
        },
        ("$money", Json::Number(n)) => n.as_i64().map(|n| Value::Money(Cost(n))),
        ("$duration", Json::Number(n)) => n.as_u64().map(|n| Value::Duration(Millis(n))),
        ("$image", Json::String(s)) => Some(Value::Image(s.as_str().into())),
        ("$float", Json::String(s)) => s.parse().ok().map(Value::Float),
        ("$date", Json::String(s)) => s.parse().ok().map(Value::Date),
        ("$time", Json::String(s)) => s.parse().ok().map(Value::Time),
        _ => None,
    };
    value.ok_or_else(|| format!("`{tag}` is not a kind of value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_comes_back_as_it_was() {
        let all = [
            Value::Null,
            Value::Bool(true),
            Value::Int(-3),
            Value::Float(3.0),
            Value::Float(0.1),
            Value::Float(f64::INFINITY),
            Value::text("\"quoted\"\n"),
            Value::Money(Cost(1)),
            Value::Duration(Millis(1)),
            Value::Image("cat.png".into()),
            Value::Json(Arc::new(json!({"$money": 1, "a": [null]}))),
            Value::record([("$odd".into(), Value::Int(1))]),
            Value::record([("b".into(), Value::Int(1)), ("a".into(), Value::Null)]),
        ];
        for value in all.iter().cloned().chain([Value::List(all.to_vec().into())]) {
            assert_eq!(decode(&encode(&value)), Ok(value));
        }
        for dated in ["2026-03-14".parse().map(Value::Date), "2026-03-14T09:30:00Z".parse().map(Value::Time)]
        {
            let value = dated.ok();
            assert_eq!(value.as_ref().and_then(|v| decode(&encode(v)).ok()), value);
            assert!(value.is_some());
        }
        assert_eq!(decode("{\"$nothing\":1}"), Err("`$nothing` is not a kind of value".to_owned()));
    }
}
