//! How many tokens a value has at most that is written as compact JSON by us: what a model has chosen, as
//! it goes back to it.
//!
//! What stands beside one another may be read together, so that each joint counts with its slack.

use crate::size::{DOLLARS, SECONDS, leaf_tokens, longest};
use crate::{Counts, JOINT, Measure};
use flow_plan::limits::MOST_KEY;
use flow_plan::{Bound, Type};

/// The most tokens of a value as compact JSON, its texts escaped; `None` where it has no bound. Texts
/// with a bound in tokens are held to it in their escaped form.
pub fn json_most(ty: &Type, measure: &Measure) -> Option<u64> {
    let counter: &dyn Counts = measure;
    let all = |parts: &[u64]| parts.iter().fold(0u64, |sum, part| sum.saturating_add(*part));
    Some(match ty {
        Type::Text { bound, .. } => all(&[escaped((*bound)?), QUOTES]),
        Type::Json(bound) => match (*bound)? {
            Bound::Tokens(n) => n,
            Bound::Chars(n) => n.saturating_mul(4),
        },
        Type::Enum(_) | Type::Date | Type::Time => all(&[leaf_tokens(ty, counter)?, QUOTES]),
        Type::Duration => longest(counter, SECONDS),
        Type::Money => longest(counter, DOLLARS),
        Type::Bool | Type::Int(_) | Type::Float(_) => leaf_tokens(ty, counter)?,
        Type::Null => counter.count("null"),
        Type::Optional(inner) => json_most(inner, measure)?.max(counter.count("null")),
        Type::Record(record) => {
            let mut sum = BRACKETS;
            for field in &record.fields {
                let name = counter.count(&format!(",\"{}\":", field.name));
                sum = all(&[sum, name, json_most(&field.ty, measure)?, 2 * JOINT]);
            }
            sum
        }
        Type::List(item, most) => {
            let item = all(&[json_most(item, measure)?, counter.count(","), 2 * JOINT]);
            (*most)?.saturating_mul(item).saturating_add(BRACKETS)
        }
        Type::Map(item, most) => {
            let key = MOST_KEY.saturating_mul(MOST_ESCAPE).saturating_add(QUOTES);
            let item = all(&[key, json_most(item, measure)?, counter.count(",:"), 4 * JOINT]);
            (*most)?.saturating_mul(item).saturating_add(BRACKETS)
        }
        Type::Known(known) => json_most(&known.of, measure)?,
        Type::Image | Type::Error => return None,
    })
}

// What stands between the quotes of a text.
fn escaped(bound: Bound) -> u64 {
    match bound {
        Bound::Tokens(n) => n,
        Bound::Chars(n) => n.saturating_mul(MOST_ESCAPE),
    }
}

// A character is four bytes at most, and one that is escaped six; no text has more tokens than bytes.
const MOST_ESCAPE: u64 = 6;
// Two signs, and where they meet what they stand around.
const QUOTES: u64 = 2 + 2 * JOINT;
const BRACKETS: u64 = 2 + 2 * JOINT;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BYTES, check};
    use flow_plan::{EnumType, Field, RecordType, Value, Variant};
    use std::sync::Arc;

    fn field(name: &str, ty: Type) -> Field {
        Field { name: name.into(), ty, doc: "".into(), labels: Default::default(), default: None }
    }

    fn text(random: &mut fastrand::Rng, most: usize) -> String {
        const SIGNS: &[&str] = &[
            "a", "the ", "9", "\"", "\\", "\n", "\u{1}", "日", "🙂", "},{", "\":\"", "  ", "'s", "</a>", "ß",
            "e\u{301}",
        ];
        (0..random.usize(..=most)).map(|_| SIGNS[random.usize(..SIGNS.len())]).collect()
    }

    #[test]
    fn no_arguments_have_more_tokens_than_their_type_says() {
        let tokens = |n| Type::Text { bound: Some(Bound::Tokens(n)), truncate: false };
        let chars = Type::Text { bound: Some(Bound::Chars(9)), truncate: false };
        let variant = |name: &str| Variant { name: name.into(), doc: "".into() };
        let kind = Type::Enum(Arc::new(EnumType {
            name: "Kind".into(),
            doc: "".into(),
            variants: vec![variant("returns_and_refunds"), variant("x")],
        }));
        let ty = Type::Record(Arc::new(RecordType {
            name: None,
            doc: "".into(),
            fields: vec![
                field("question", tokens(12)),
                field("short", chars),
                field("most", Type::Optional(Box::new(Type::Int(Some((-5, 1_000_000)))))),
                field("kind", kind),
                field("tags", Type::List(Box::new(tokens(5)), Some(3))),
                field("price", Type::Money),
            ],
        }));
        let mut random = fastrand::Rng::with_seed(11);
        let measures =
            ["o200k_base", "cl100k_base"].map(|name| Measure::named(name, None).expect("it is known"));
        for measure in measures.iter().chain([&BYTES]) {
            let most = json_most(&ty, measure).expect("it has a bound");
            let mut tried = 0;
            while tried < 2_000 {
                let many = random.usize(..=3);
                let tags: Vec<Value> = (0..many).map(|_| Value::text(text(&mut random, 5))).collect();
                let value = Value::record([
                    ("question".into(), Value::text(text(&mut random, 12))),
                    ("short".into(), Value::text(text(&mut random, 9).chars().take(9).collect::<String>())),
                    (
                        "most".into(),
                        if random.bool() { Value::Null } else { Value::Int(random.i64(-5..1_000_000)) },
                    ),
                    ("kind".into(), Value::text("returns_and_refunds")),
                    ("tags".into(), Value::List(tags.into())),
                    ("price".into(), Value::Money(flow_plan::Cost(random.i64(..)))),
                ]);
                let Ok(value) = check(value, &ty, std::slice::from_ref(measure), true) else { continue };
                tried += 1;
                let written = value.to_json().to_string();
                let found = measure.count(&written);
                assert!(found <= most, "{found} of {most}: {written}");
            }
        }
    }

    #[test]
    fn what_has_no_bound_has_none_here() {
        for ty in [Type::TEXT, Type::Json(None), Type::Image, Type::List(Box::new(Type::INT), None)] {
            assert_eq!(json_most(&ty, &BYTES), None, "{ty}");
        }
    }
}
