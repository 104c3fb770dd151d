//! `json_schema(value, schema)`: a value must fit a JSON schema, for what types don't say.
//!
//! Drafts 4 to 2020-12, by `$schema`. Nothing is fetched: a `$ref` to an address is an error.

use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};
use serde_json::Value as Json;

/// A schema that a value must fit.
#[derive(Debug)]
pub(super) struct JsonSchema;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "json_schema",
    params: &[
        ParamSpec {
            name: "value",
            ty: TypeSpec::Any,
            required: true,
            doc: "A value of any type; a text is read as JSON.",
        },
        ParamSpec {
            name: "schema",
            ty: TypeSpec::Any,
            required: true,
            doc: "The schema: a text with JSON, or a value of type `json`.",
        },
    ],
    returns: TypeSpec::First,
    doc: "Fails where a value does not fit a JSON schema, and says where and why. \
          A text is read as JSON first, and fails where it is none. \
          Drafts 4, 6, 7, 2019-09 and 2020-12 are known; nothing is fetched from an address.",
    examples: &[
        "checked = json_schema(reply, \"\"\"{\"type\": \"array\", \"minItems\": 2}\"\"\") else retry 1",
    ],
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for JsonSchema {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let wrong =
            |why: String| RunError::new(Code::E0813, format!("the schema of `json_schema` is none: {why}"));
        let schema = args.get(1).ok_or_else(|| wrong("there is none".to_owned()))?;
        let schema = json(schema).map_err(&wrong)?;
        let validator = jsonschema::validator_for(&schema).map_err(|e| wrong(e.to_string()))?;
        let value = match args.first().map(json) {
            Some(Ok(value)) => value,
            Some(Err(why)) => return Ok(Verdict::Fail(format!("it is no JSON: {why}"))),
            None => Json::Null,
        };
        let mut errors = validator.iter_errors(&value);
        let Some(first) = errors.next() else { return Ok(Verdict::Pass) };
        let place = match first.instance_path().to_string() {
            path if path.is_empty() => String::new(),
            path => format!("`{path}`: "),
        };
        let more = match errors.count() {
            0 => String::new(),
            n => format!(" (and {n} more)"),
        };
        // What the value has there is not repeated: the reason may be logged.
        Ok(Verdict::Fail(format!("{place}{}{more}", first.masked())))
    }
}

fn json(value: &Value) -> Result<Json, String> {
    match value {
        Value::Text(text) => serde_json::from_str(text.trim()).map_err(|e| e.to_string()),
        other => Ok(other.to_json()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;
    use crate::Environment;
    use futures::FutureExt;

    #[test]
    fn what_does_not_fit_is_named_by_its_place() {
        let context = Context::new(Environment::default(), ".", ".flow");
        let schema = r#"{"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "maxLength": 3}}}"#;
        let check = |value: Value, schema: &str| {
            JsonSchema.check(&context, &[value, Value::text(schema)]).now_or_never().unwrap()
        };
        assert_eq!(check(Value::text(r#"{"id": "a1"}"#), schema), Ok(Verdict::Pass));
        assert_eq!(check(Value::record([("id".into(), Value::text("a1"))]), schema), Ok(Verdict::Pass));
        for (value, reason) in [
            (r#"{"id": "secret"}"#, "`/id`: value is longer than 3 characters"),
            ("{}", "\"id\" is a required property"),
            ("no", "it is no JSON: expected"),
        ] {
            let Ok(Verdict::Fail(found)) = check(Value::text(value), schema) else { panic!("{value} fits") };
            assert!(found.starts_with(reason), "{found}");
        }
        let far = r#"{"$ref": "https://example.com/schema.json"}"#;
        for (schema, why) in [("{", "EOF"), (far, "example.com")] {
            let error = check(Value::Null, schema).unwrap_err();
            assert!(error.message.contains(why), "{error}");
        }
    }
}
