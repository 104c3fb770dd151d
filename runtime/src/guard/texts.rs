//! The texts inside a value: guards look at every one, however deep it stands.

use ecow::EcoString;
use flow_plan::{ParamSpec, TypeSpec, Value};
use serde_json::Value as Json;
use std::sync::Arc;

/// The parameter that most guards begin with.
pub(super) const VALUE: ParamSpec = ParamSpec {
    name: "value",
    ty: TypeSpec::Any,
    required: true,
    doc: "What is looked through, however deep.",
};

/// Every text of a value, in order. Names of fields and keys of maps are not among them.
pub(super) fn texts(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    collect(value, &mut out);
    out
}

/// The value with every text put through `change`.
pub(super) fn map(value: &Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::Text(text) => Value::text(change(text)),
        Value::List(list) => Value::List(list.iter().map(|v| map(v, change)).collect()),
        Value::Record(record) => {
            Value::record(record.iter().map(|(name, v)| (EcoString::clone(name), map(v, change))))
        }
        Value::Json(json) => Value::Json(Arc::new(map_json(json, change))),
        other => other.clone(),
    }
}

fn collect(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Text(text) => out.push(text.to_string()),
        Value::List(list) => list.iter().for_each(|v| collect(v, out)),
        Value::Record(record) => record.values().for_each(|v| collect(v, out)),
        Value::Json(json) => collect_json(json, out),
        _ => {}
    }
}

fn collect_json(json: &Json, out: &mut Vec<String>) {
    match json {
        Json::String(text) => out.push(text.clone()),
        Json::Array(list) => list.iter().for_each(|j| collect_json(j, out)),
        Json::Object(map) => map.values().for_each(|j| collect_json(j, out)),
        _ => {}
    }
}

fn map_json(json: &Json, change: &dyn Fn(&str) -> String) -> Json {
    match json {
        Json::String(text) => change(text).into(),
        Json::Array(list) => list.iter().map(|j| map_json(j, change)).collect(),
        Json::Object(map) => {
            Json::Object(map.iter().map(|(name, j)| (name.clone(), map_json(j, change))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_found_and_changed_at_any_depth() {
        let json = json!({"a": ["x", 1, {"b": "y"}], "c": null});
        for value in [Value::from_json(&json), Value::Json(Arc::new(json.clone()))] {
            assert_eq!(texts(&value), ["x", "y"]);
            let changed = map(&value, &|text| text.to_uppercase());
            assert_eq!(changed.to_json(), json!({"a": ["X", 1, {"b": "Y"}], "c": null}));
        }
    }
}
