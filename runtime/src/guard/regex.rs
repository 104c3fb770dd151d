//! `regex(value, pattern)`: every text must match a pattern.

use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};
use regex::RegexBuilder;

/// A pattern that must match.
#[derive(Debug)]
pub(super) struct Pattern;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "regex",
    params: &[
        VALUE,
        ParamSpec {
            name: "pattern",
            ty: TypeSpec::Text,
            required: true,
            doc: "A regular expression; `^` and `$` tie it to the ends of the text.",
        },
    ],
    returns: TypeSpec::First,
    doc: "Fails where a text does not match a regular expression. The time it takes is linear in the text.",
    examples: &["id = regex(answer.id, \"^[A-Z]{2}-[0-9]+$\")"],
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for Pattern {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let written = args.get(1).and_then(Value::as_text).unwrap_or_default();
        let pattern = RegexBuilder::new(written).size_limit(1 << 20).build().map_err(|error| {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            RunError::new(Code::E0813, format!("`{written}` is not a regular expression: {last}"))
        })?;
        let texts = args.first().map(texts::texts).unwrap_or_default();
        Ok(match texts.iter().all(|text| pattern.is_match(text)) {
            true => Verdict::Pass,
            false => Verdict::Fail(format!("it does not match `{written}`")),
        })
    }
}
