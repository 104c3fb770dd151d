//! `pii_replace(value)` and `pii_restore(value, from)`: personal data taken out before a model is asked, and
//! put back into its answer.
//!
//! Each datum becomes a numbered placeholder, the same one wherever it stands: `[email 1]`, `[phone 2]`.
//! Nothing is kept between the two: what stood where is found again in the value that it was taken from.

use super::phrases::replaced_by;
use super::pii::{KINDS, Kinds, find};
use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};

/// Takes personal data out.
#[derive(Debug)]
pub(super) struct Replace;

/// Puts it back.
#[derive(Debug)]
pub(super) struct Restore;

const REPLACE: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "pii_replace",
    params: &[VALUE, KINDS],
    returns: TypeSpec::First,
    doc: "Passes a value on with numbered placeholders for personal data: `[email 1]`, `[phone 1]`. \
          The same datum has the same placeholder, so a model can tell two of them apart. \
          It finds what `pii` finds, and what passes is private no more. \
          `pii_restore` puts the data back.",
    examples: &["asked = pii_replace(letter)"],
    can_fail: false,
    clears: true,
    ..CapabilitySpec::BASE
};

const RESTORE: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "pii_restore",
    params: &[
        VALUE,
        ParamSpec {
            name: "from",
            ty: TypeSpec::Any,
            required: true,
            doc: "The value that `pii_replace` was given.",
        },
    ],
    returns: TypeSpec::First,
    doc: "Passes a value on with the personal data back in place of the placeholders of `pii_replace`. \
          What passes is private where the data is. \
          A placeholder that was not made from `from` stays.",
    examples: &["reply = pii_restore(draft, letter)"],
    can_fail: false,
    joins: true,
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for Replace {
    fn spec(&self) -> &'static CapabilitySpec {
        &REPLACE
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let Some(value) = args.first() else { return Ok(Verdict::Pass) };
        let wanted = Kinds::of(args.get(1));
        let known = data(value, wanted);
        let replace = |text: &str| {
            let places = find(text, wanted).into_iter().map(|(at, _)| {
                let datum = &text[at.clone()];
                let placeholder = known.iter().find(|(_, known)| known == datum).map(|(p, _)| p.clone());
                (at, placeholder.unwrap_or_default())
            });
            replaced_by(text, places)
        };
        Ok(Verdict::Become(texts::map(value, &replace)))
    }
}

#[async_trait]
impl Guard for Restore {
    fn spec(&self) -> &'static CapabilitySpec {
        &RESTORE
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let (Some(value), Some(from)) = (args.first(), args.get(1)) else { return Ok(Verdict::Pass) };
        // Whichever kinds were taken out, as far as their placeholders are there.
        let known = data(from, Kinds::placed(&texts::texts(value)));
        let restore = |text: &str| {
            let mut places: Vec<_> = known
                .iter()
                .flat_map(|(placeholder, datum)| {
                    text.match_indices(placeholder.as_str())
                        .map(move |(at, _)| (at..at + placeholder.len(), datum.clone()))
                })
                .collect();
            places.sort_by_key(|(at, _)| at.start);
            replaced_by(text, places.into_iter())
        };
        Ok(Verdict::Become(texts::map(value, &restore)))
    }
}

// The personal data of a value, each once and in order, with its placeholder.
fn data(value: &Value, wanted: Kinds) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for text in texts::texts(value) {
        for (at, kind) in find(&text, wanted) {
            let datum = &text[at];
            if out.iter().any(|(_, known)| known == datum) {
                continue;
            }
            let name = kind.placeholder().trim_matches(['[', ']']);
            let number = match counts.iter_mut().find(|(counted, _)| *counted == name) {
                Some((_, number)) => {
                    *number += 1;
                    *number
                }
                None => {
                    counts.push((name, 1));
                    1
                }
            };
            out.push((format!("[{name} {number}]"), datum.to_owned()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;
    use crate::Environment;
    use futures::FutureExt;

    #[test]
    fn what_was_taken_out_comes_back() {
        let context = Context::new(Environment::default(), ".", ".flow");
        let run =
            |guard: &dyn Guard, args: &[Value]| match guard.check(&context, args).now_or_never().unwrap() {
                Ok(Verdict::Become(value)) => value,
                other => panic!("{other:?}"),
            };
        let letter = Value::record([
            ("from".into(), Value::text("ada@example.org")),
            ("text".into(), Value::text("Write to ada@example.org or bob@example.org, from 203.0.113.7.")),
        ]);
        let replaced = run(&Replace, std::slice::from_ref(&letter));
        assert_eq!(
            replaced.to_json(),
            serde_json::json!({"from": "[email 1]", "text": "Write to [email 1] or [email 2], from [ip 1]."})
        );
        assert_eq!(run(&Restore, &[replaced, letter.clone()]), letter);
        let answer = Value::text("I wrote to [email 2]; [email 3] is nobody's.");
        let restored = run(&Restore, &[answer, letter]);
        assert_eq!(restored, Value::text("I wrote to bob@example.org; [email 3] is nobody's."));

        let letter = Value::text("Dear Mr. John Smith, write to ada@example.org.");
        let all = Value::List([Value::text("all")].into());
        let replaced = run(&Replace, &[letter.clone(), all]);
        assert_eq!(replaced, Value::text("Dear Mr. [person 1], write to [email 1]."));
        assert_eq!(run(&Restore, &[replaced, letter.clone()]), letter);
    }
}
