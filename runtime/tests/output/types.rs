//! Types out of a short notation in JSON: `"int 1..5"`, `"a|b"`, `["text"]`, `{"name": "text?"}`,
//! `{"*": "int"}` for a map, `{"?": …}` for what may be null.

use flow_plan::{Bound, EnumType, Field, Labels, RecordType, Type, Variant};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// The types of the suite, by name.
pub(crate) fn declared() -> Map<String, Json> {
    serde_json::from_str(include_str!("types.json")).unwrap()
}

/// A declared type, or a plain one.
pub(crate) fn named(types: &Map<String, Json>, name: &str) -> Type {
    match types.get(name) {
        Some(json) => of(json, Some(name)),
        None => plain(name, None),
    }
}

fn of(json: &Json, name: Option<&str>) -> Type {
    match json {
        Json::String(text) => plain(text, name),
        Json::Array(items) => match items[0].as_str().and_then(|t| t.split_once(" <= ")) {
            Some((item, most)) if !most.contains("chars") => {
                Type::List(Box::new(plain(item, None)), Some(most.parse().unwrap()))
            }
            _ => Type::List(Box::new(of(&items[0], None)), None),
        },
        Json::Object(fields) => match fields.iter().next().map(|(key, ty)| (key.as_str(), ty)) {
            Some(("*", item)) => Type::Map(Box::new(of(item, None)), None),
            Some(("?", inner)) => Type::Optional(Box::new(of(inner, None))),
            _ => {
                let field = |(name, ty): (&String, &Json)| Field {
                    name: name.as_str().into(),
                    ty: of(ty, None),
                    doc: "".into(),
                    labels: Labels::default(),
                    default: None,
                };
                let fields = fields.iter().map(field).collect();
                Type::Record(Arc::new(RecordType { name: name.map(Into::into), doc: "".into(), fields }))
            }
        },
        other => panic!("{other} is no type"),
    }
}

fn plain(text: &str, name: Option<&str>) -> Type {
    if let Some(inner) = text.strip_suffix('?') {
        return Type::Optional(Box::new(plain(inner, name)));
    }
    if text.contains('|') {
        let variants = text.split('|').map(|v| Variant { name: v.into(), doc: "".into() }).collect();
        let name = name.unwrap_or("Mood").into();
        return Type::Enum(Arc::new(EnumType { name, doc: "".into(), variants }));
    }
    if let Some(most) = text.strip_prefix("text <= ").and_then(|t| t.strip_suffix(" chars")) {
        return Type::Text { bound: Some(Bound::Chars(most.parse().unwrap())), truncate: false };
    }
    if let Some((low, high)) = text.strip_prefix("int ").and_then(|t| t.split_once("..")) {
        return Type::Int(Some((low.parse().unwrap(), high.parse().unwrap())));
    }
    if let Some((low, high)) = text.strip_prefix("float ").and_then(|t| t.split_once("..")) {
        return Type::Float(Some((low.parse().unwrap(), high.parse().unwrap())));
    }
    match text {
        "text" => Type::TEXT,
        "int" => Type::INT,
        "float" => Type::FLOAT,
        "bool" => Type::Bool,
        "date" => Type::Date,
        "time" => Type::Time,
        "duration" => Type::Duration,
        "money" => Type::Money,
        "json" => Type::Json(None),
        other => panic!("{other} is no type"),
    }
}
