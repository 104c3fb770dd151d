//! How many tokens a value of a type has at most: pasted alone, or as JSON.

use crate::layout::shown;
use crate::{Counter, Measure};
use flow_plan::{Bound, Type, Value};

/// The most tokens of a value that is pasted as one text; `None` where it has no bound, and for
/// records, maps and lists of them, which are laid out ([`crate::shape`]).
pub fn leaf_tokens(ty: &Type, counter: &Counter) -> Option<u64> {
    Some(match ty {
        Type::Text { bound, .. } | Type::Json(bound) => text_tokens((*bound)?),
        Type::Int(range) => {
            let (low, high) = range.unwrap_or((i64::MIN, i64::MAX));
            longest(counter, &[&low.to_string(), &high.to_string()])
        }
        // A constant is itself.
        Type::Float(Some((low, high))) if low == high => counter.count(&shown(&Value::Float(*low))),
        Type::Float(_) => longest(counter, FLOATS),
        Type::Bool => longest(counter, &["true", "false"]),
        Type::Date => longest(counter, &["-009999-12-31", "2026-12-31"]),
        Type::Time => longest(counter, &["-009999-12-31T23:59:59.123456789Z"]),
        Type::Duration => longest(counter, &["18446744073709551615ms", "213503982334d"]),
        Type::Money => longest(counter, &["-$9,223,372,036.854775808", "$9,223,372,036.854775807"]),
        Type::Enum(e) => e.variants.iter().map(|v| counter.count(&v.name)).max().unwrap_or(0),
        Type::Optional(inner) => leaf_tokens(inner, counter)?,
        Type::Null => 0,
        Type::List(item, most) => {
            // As JSON: the elements, the commas between them, and the brackets.
            let (item, most) = (json_leaf(item, counter)?, *most.as_ref()?);
            most.saturating_mul(item.saturating_add(1)).saturating_sub(1).saturating_add(2).max(2)
        }
        Type::Image | Type::Record(_) | Type::Map(..) | Type::Error => return None,
    })
}

// Written as JSON writes floats: 17 digits at most.
const FLOATS: &[&str] = &[
    "-1.7976931348623157e+308",
    "-2.2250738585072014e-308",
    "-1234567890123456.7",
    "-0.00012345678901234567",
    "-123456789012345680.0",
];

// In o200k and cl100k the count of a number follows from how many digits stand together; of other
// tokenizers nothing is known but that no text has more tokens than bytes.
fn longest(counter: &Counter, samples: &[&str]) -> u64 {
    let count = |sample: &&str| match counter.splits_at_fences() {
        true => counter.count(sample),
        false => sample.len() as u64,
    };
    samples.iter().map(count).max().unwrap_or(0)
}

/// The most tokens of a text with this bound: a character is four bytes at most, and a byte a token.
pub(crate) fn text_tokens(bound: Bound) -> u64 {
    match bound {
        Bound::Tokens(n) => n,
        Bound::Chars(n) => n.saturating_mul(4),
    }
}

// Elements of a list that is pasted as JSON. A text in quotes may be read together with them.
fn json_leaf(ty: &Type, counter: &Counter) -> Option<u64> {
    match ty {
        Type::Text { .. } | Type::Json(_) | Type::Record(_) | Type::Map(..) => None,
        Type::List(..) => leaf_tokens(ty, counter),
        Type::Int(_) => leaf_tokens(ty, counter),
        Type::Optional(inner) => Some(json_leaf(inner, counter)?.max(1)),
        other => Some(leaf_tokens(other, counter)?.saturating_add(3)),
    }
}

/// The most tokens of a value as compact JSON, as a model writes it; texts without a bound count
/// nothing, since the output cap is theirs. What a model's own way to split its answer adds at the
/// quotes is planned with a few tokens for each text.
pub fn json_tokens(ty: &Type, measure: &Measure) -> u64 {
    let counter = measure.counter();
    match ty {
        Type::Text { bound, .. } => bound.map_or(0, text_tokens).saturating_add(QUOTES),
        Type::Json(bound) => bound.map_or(0, text_tokens),
        Type::Record(record) => {
            let fields = record.fields.iter().map(|f| {
                counter.count(&format!(",\"{}\":", f.name)).saturating_add(json_tokens(&f.ty, measure))
            });
            fields.fold(2, u64::saturating_add)
        }
        Type::List(item, most) => {
            let item = json_tokens(item, measure).saturating_add(1);
            most.unwrap_or(0).saturating_mul(item).saturating_add(2)
        }
        Type::Map(item, most) => {
            let item = json_tokens(item, measure).saturating_add(flow_plan::limits::MOST_KEY + 2 * QUOTES);
            most.unwrap_or(0).saturating_mul(item).saturating_add(2)
        }
        Type::Optional(inner) => json_tokens(inner, measure).max(1),
        Type::Enum(_) | Type::Date | Type::Time => {
            leaf_tokens(ty, counter).unwrap_or(0).saturating_add(QUOTES)
        }
        other => leaf_tokens(other, counter).unwrap_or(0),
    }
}

/// What quotes around a text are planned to add in a model's answer.
const QUOTES: u64 = 2;
