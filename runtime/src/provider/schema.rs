//! The schema that holds a model's output to its type, as JSON text, made once for each type.
//!
//! The APIs want an object at the top, so what is no record stands under `value` in one, and is taken
//! out again.

use super::failure::unsendable;
use super::{CallError, Request};
use flow_plan::{EnumType, RecordType, Type};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A schema, and how to read what comes back by it.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    /// The schema.
    pub(super) text: Arc<RawValue>,
    /// Whether the output stands under `value`.
    pub(super) wrapped: bool,
    /// Whether the schema keeps to the subset that strict output takes.
    pub(super) strict: bool,
}

/// The schemas made so far.
///
/// A declared type is known by its address. Its `Arc` is kept beside the schema, so the address can't
/// come to stand for another type.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    made: Mutex<HashMap<usize, (Kept, Schema)>>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held so that its address stays taken")]
enum Kept {
    Record(Arc<RecordType>),
    Enum(Arc<EnumType>),
}

/// How many schemas are kept; a program has far fewer types.
const MOST: usize = 1024;

impl Schemas {
    /// The schema that an answer is held to; `None` for plain text, and for a model that can't be held
    /// to one: then the prompt says the shape in words, and no room is reserved for a schema.
    pub(super) fn held(&self, request: &Request<'_>, strict: bool) -> Result<Option<Schema>, CallError> {
        match request.output {
            Type::Text { .. } => Ok(None),
            output if request.model.card.abilities.json_schema => {
                self.of(output, strict).map(Some).map_err(|e| unsendable(&e))
            }
            _ => Ok(None),
        }
    }

    /// The schema of an output that is not plain text. `strict` asks for the strict subset, which a type
    /// with maps or any JSON in it can't have.
    fn of(&self, output: &Type, strict: bool) -> Result<Schema, serde_json::Error> {
        let (at, kept) = match output {
            Type::Record(r) => (Arc::as_ptr(r).addr(), Kept::Record(Arc::clone(r))),
            Type::Enum(e) => (Arc::as_ptr(e).addr(), Kept::Enum(Arc::clone(e))),
            _ => return make(output, strict),
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, schema)) = made.get(&at) {
            return Ok(schema.clone());
        }
        if made.len() >= MOST {
            made.clear();
        }
        let schema = make(output, strict)?;
        made.insert(at, (kept, schema.clone()));
        Ok(schema)
    }
}

/// What stands under `value`, where it does; else the text as it is.
pub(super) fn unwrap(text: String) -> String {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        value: &'a RawValue,
    }
    match serde_json::from_str::<Wrapped<'_>>(&text) {
        Ok(wrapped) => wrapped.value.get().to_owned(),
        // What is not quite JSON is taken out as it stands, and read like any other answer.
        Err(_) => loosely_wrapped(&text).map(str::to_owned).unwrap_or(text),
    }
}

fn loosely_wrapped(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim_start();
    let value = inside.strip_prefix("\"value\"")?.trim_start().strip_prefix(':')?;
    Some(value.trim())
}

fn make(output: &Type, strict: bool) -> Result<Schema, serde_json::Error> {
    let strict = strict && can_be_strict(output);
    let wrapped = !matches!(output, Type::Record(_));
    let mut schema = output.schema(strict);
    if wrapped {
        schema = json!({
            "type": "object",
            "properties": {"value": schema},
            "required": ["value"],
            "additionalProperties": false,
        });
    }
    Ok(Schema { text: serde_json::value::to_raw_value(&schema)?.into(), wrapped, strict })
}

fn can_be_strict(ty: &Type) -> bool {
    match ty {
        Type::Map(..) | Type::Json(_) | Type::Error => false,
        Type::List(inner, _) | Type::Optional(inner) => can_be_strict(inner),
        Type::Record(record) => record.fields.iter().all(|f| can_be_strict(&f.ty)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_wrapped_and_unwrapped() {
        assert_eq!(unwrap("{\"value\": [1, 2]}".into()), "[1, 2]");
        assert_eq!(unwrap("[1, 2]".into()), "[1, 2]");
        assert_eq!(unwrap("{\"value\": 1, ".into()), "{\"value\": 1, ");
        assert_eq!(unwrap("{\"value\": {'a': 1,}}".into()), "{'a': 1,}");
    }

    #[test]
    fn maps_and_any_json_are_not_strict() {
        let strict = |ty: &Type| make(ty, true).map(|s| (s.strict, s.wrapped)).ok();
        assert_eq!(strict(&Type::List(Box::new(Type::INT), None)), Some((true, true)));
        assert_eq!(
            strict(&Type::List(Box::new(Type::Map(Box::new(Type::INT), None)), None)),
            Some((false, true))
        );
    }
}
