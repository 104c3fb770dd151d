//! `length(value, max)`: at most so many characters of text, or elements of a list.

use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};

/// A most for texts and lists.
#[derive(Debug)]
pub(super) struct Length;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "length",
    params: &[
        ParamSpec { name: "value", ty: TypeSpec::Any, required: true, doc: "A text, or a list." },
        ParamSpec {
            name: "max",
            ty: TypeSpec::Int,
            required: true,
            doc: "The most characters, or elements.",
        },
    ],
    returns: TypeSpec::First,
    doc: "Fails where a text has more than so many characters, or a list more than so many elements.",
    examples: &["short = length(reply, 280)"],
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for Length {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let most = args.get(1).and_then(Value::as_number).unwrap_or(f64::INFINITY);
        let (found, unit) = match args.first() {
            Some(Value::List(list)) => (list.len(), "elements"),
            Some(Value::Record(record)) => (record.len(), "entries"),
            Some(value) => (value.to_string().chars().count(), "characters"),
            None => (0, "characters"),
        };
        Ok(match found as f64 > most {
            true => Verdict::Fail(format!("it has {found} {unit}, more than {most}")),
            false => Verdict::Pass,
        })
    }
}
