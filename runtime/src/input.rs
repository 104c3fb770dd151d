//! A flow's inputs, read by their declared types.
//!
//! In: a JSON object, `name=value` pairs as they are typed, or both. Out: the values in the order of
//! the flow's parameters; or E0809, which names the input.

use crate::RunError;
use flow_diagnostics::{Code, did_you_mean};
use flow_plan::{Flow, Param, Type, Value};
use serde_json::{Map, Value as Json};

/// Reads the inputs of a flow. A pair stands in place of the object's entry of its name.
///
/// The value of a pair is taken as it is for text, and read as JSON for anything else; names, days
/// and numbers need no quotes. An input with a default, or that may be `null`, may be left out.
pub fn read_inputs(
    flow: &Flow,
    object: Option<&Json>,
    pairs: &[(String, String)],
) -> Result<Vec<Value>, RunError> {
    let empty = Map::new();
    let object = match object {
        None => &empty,
        Some(Json::Object(object)) => object,
        Some(_) => {
            return Err(wrong("the inputs are not a JSON object")
                .help(format!("give an object with {}", listed(flow))));
        }
    };
    let known = |name: &str| flow.params.iter().any(|p| p.name == name);
    let given = object.keys().chain(pairs.iter().map(|(name, _)| name));
    if let Some(unknown) = given.map(String::as_str).find(|name| !known(name)) {
        let error = wrong(format!("`{}` has no input `{unknown}`", flow.name));
        let names = flow.params.iter().map(|p| p.name.as_str());
        return Err(match did_you_mean(unknown, names) {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None if flow.params.is_empty() => error.help("it takes none"),
            None => error.help(format!("it takes {}", listed(flow))),
        });
    }
    flow.params
        .iter()
        .map(|param| {
            let typed = pairs.iter().rev().find(|(name, _)| param.name == name.as_str());
            match (typed, object.get(param.name.as_str()), &param.default) {
                (Some((_, text)), _, _) => read(param, &typed_json(&param.ty, text)),
                (None, Some(json), _) => read(param, json),
                (None, None, Some(default)) => Ok(default.clone()),
                (None, None, None) if matches!(param.ty, Type::Optional(_)) => Ok(Value::Null),
                (None, None, None) => Err(missing(flow, param)),
            }
        })
        .collect()
}

fn read(param: &Param, json: &Json) -> Result<Value, RunError> {
    param.ty.read(json).map_err(|mismatch| {
        let name = &param.name;
        let error = match mismatch.path.is_empty() {
            true => wrong(format!("input `{name}`: {}", mismatch.message)),
            false => wrong(format!("input `{name}`, at `{}`: {}", mismatch.path, mismatch.message)),
        };
        error.help(format!("`{name}` is `{}`", param.ty))
    })
}

fn missing(flow: &Flow, param: &Param) -> RunError {
    wrong(format!("`{}` needs the input `{}`", flow.name, param.name)).help(format!(
        "give `{}=…`: {}",
        param.name,
        described(param)
    ))
}

fn described(param: &Param) -> String {
    match param.doc.trim().lines().next() {
        Some(doc) if !doc.is_empty() => format!("`{}`, {doc}", param.ty),
        _ => format!("`{}`", param.ty),
    }
}

/// What was typed behind `name=`, as JSON.
fn typed_json(ty: &Type, text: &str) -> Json {
    match ty {
        Type::Text { .. } | Type::Image => Json::from(text),
        Type::Optional(present) => match text {
            "null" => Json::Null,
            _ => typed_json(present, text),
        },
        // A bare word that is no JSON is meant as text: a variant's name, a day, free JSON.
        _ => serde_json::from_str(text).unwrap_or_else(|_| Json::from(text)),
    }
}

fn listed(flow: &Flow) -> String {
    let names: Vec<String> = flow.params.iter().map(|p| format!("`{}`", p.name)).collect();
    names.join(", ")
}

fn wrong(message: impl Into<String>) -> RunError {
    RunError::new(Code::E0809, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_diagnostics::Span;
    use flow_plan::{Block, Bound, FlowSettings, Labels};
    use serde_json::json;

    fn flow() -> Flow {
        let param = |name: &str, ty: Type, default: Option<Value>| Param {
            name: name.into(),
            ty,
            labels: Labels::default(),
            doc: "".into(),
            default,
            span: Span::default(),
        };
        Flow {
            name: "support".into(),
            doc: "".into(),
            params: vec![
                param("question", Type::Text { bound: Some(Bound::Chars(20)), truncate: false }, None),
                param("rows", Type::List(Box::new(Type::INT), Some(2)), Some(Value::List([].into()))),
                param("day", Type::Optional(Box::new(Type::Date)), None),
            ],
            output: Type::TEXT,
            labels: Labels::default(),
            settings: FlowSettings::default(),
            body: Block::default(),
            span: Span::default(),
        }
    }

    fn refused(object: Json, pairs: &[(&str, &str)]) -> String {
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        match read_inputs(&flow(), Some(&object), &pairs) {
            Ok(values) => format!("read as {values:?}"),
            Err(e) => format!("{} {} ({})", e.code.short(), e.message, e.help.unwrap_or_default()),
        }
    }

    #[test]
    fn pairs_are_typed_and_stand_before_the_object() {
        let pairs = [
            ("question".to_owned(), "42".to_owned()),
            ("rows".to_owned(), "[1, 2]".to_owned()),
            ("day".to_owned(), "2026-03-14".to_owned()),
        ];
        let read = read_inputs(&flow(), Some(&json!({"question": "no"})), &pairs);
        let rows = Value::List([Value::Int(1), Value::Int(2)].into());
        let day = "2026-03-14".parse().map(Value::Date).ok();
        assert_eq!(read.as_ref().map(|v| &v[..2]), Ok(&[Value::text("42"), rows][..]));
        assert_eq!(read.ok().and_then(|v| v.get(2).cloned()), day);
    }

    #[test]
    fn what_may_be_left_out_takes_its_default() {
        let read = read_inputs(&flow(), Some(&json!({"question": "why?"})), &[]);
        assert_eq!(read, Ok(vec![Value::text("why?"), Value::List([].into()), Value::Null]));
    }

    #[test]
    fn each_mistake_names_the_input() {
        assert_eq!(
            refused(json!({}), &[]),
            "E0809 `support` needs the input `question` (give `question=…`: `text <= 20 chars`)"
        );
        assert_eq!(
            refused(json!({"qestion": 1}), &[]),
            "E0809 `support` has no input `qestion` (did you mean `question`?)"
        );
        assert_eq!(
            refused(json!({"question": 1}), &[]),
            "E0809 input `question`: expected text, found 1 (`question` is `text <= 20 chars`)"
        );
        assert_eq!(
            refused(json!({"question": "x"}), &[("rows", "[1, \"b\"]")]),
            "E0809 input `rows`, at `[1]`: expected a whole number, found the text \"b\" (`rows` is `[int] <= 2`)"
        );
        assert_eq!(
            refused(json!([]), &[]),
            "E0809 the inputs are not a JSON object (give an object with `question`, `rows`, `day`)"
        );
    }
}
