//! `injection(value)`: attempts to make a text an instruction, by [`flow_injection`]: a small linear
//! model, phrases where it is in doubt, and a second look at what is spelled out or encoded.
//!
//! It tells how a text is worded, not what it wants: an order that reads like an ordinary request passes,
//! and the labels hold there. Which texts it looks at is decided here, how it looks in `injection/`.

use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, TypeSpec, Value};

/// Attempts to instruct.
#[derive(Debug)]
pub(super) struct Injection;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "injection",
    params: &[VALUE],
    returns: TypeSpec::First,
    doc: "Fails where a text tries to become an instruction: it orders to ignore earlier instructions, forges role marks, asks for hidden instructions or secrets, or sets up a persona without rules. \
          What passes may instruct. \
          It goes by how a text is worded, in a dozen languages, also where the words are spelled out, encoded or hidden; the reason says how sure it is. \
          An order that reads like an ordinary request passes, so don't let it stand alone before an action that can't be undone. \
          [Guards](guards.md#how-good-they-are) says what it finds and what it refuses wrongly.",
    examples: &["ask = injection(question) else stop \"This question can't be answered.\""],
    endorses: true,
    streams: true,
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for Injection {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let texts = args.first().map(texts::texts).unwrap_or_default();
        let found = texts.iter().filter_map(|text| flow_injection::look(text));
        Ok(match found.max_by(|a, b| a.confidence.total_cmp(&b.confidence)) {
            Some(found) => Verdict::Fail(format!(
                "it looks like an attempt to instruct: it {} (confidence {:.2})",
                found.what,
                // Nothing is certain by its words alone.
                found.confidence.min(0.99)
            )),
            None => Verdict::Pass,
        })
    }
}
