//! What functions of the library make of the bound of a text.
//!
//! Sizes in characters and elements are certain. Where a text is bounded in tokens and changed, no
//! rule says for certain how many tokens come out; what is given here is planned generously, and a
//! hole cuts what is longer all the same.

use crate::limits::JOINT;
use crate::{Bound, Type};

/// The most tokens of a value that is shown as one text.
pub fn shown_tokens(ty: &Type) -> Option<u64> {
    match ty {
        Type::Text { bound, .. } | Type::Json(bound) => bound.map(Bound::tokens),
        Type::Enum(e) => e.variants.iter().map(|v| v.name.len() as u64).max(),
        Type::Optional(inner) => shown_tokens(inner),
        Type::Null => Some(0),
        Type::Int(_) => Some(20),
        Type::Float(_) | Type::Date | Type::Money => Some(32),
        Type::Duration => Some(24),
        Type::Time => Some(40),
        Type::Bool => Some(5),
        Type::List(item, n) => n.map(|n| shown_tokens(item).map(|m| (m + QUOTED).saturating_mul(n) + 2))?,
        Type::Map(item, n) => {
            n.map(|n| shown_tokens(item).map(|m| (m + 64 + 2 * QUOTED).saturating_mul(n) + 2))?
        }
        Type::Record(record) => record.fields.iter().try_fold(2u64, |sum, field| {
            let value = shown_tokens(&field.ty)?.saturating_mul(ESCAPED);
            Some(sum.saturating_add(value).saturating_add(field.name.len() as u64 + 2 * QUOTED))
        }),
        Type::Known(known) => shown_tokens(&known.of),
        Type::Image | Type::Error => None,
    }
}

// Quotes, a comma and two joints.
const QUOTED: u64 = 4 + 2 * JOINT;
// What JSON makes of line breaks and quotes.
const ESCAPED: u64 = 2;
// Capitals are cut into more pieces than small letters.
const RECASED: u64 = 4;
// The longest token of o200k and cl100k has 128 bytes: so many line breaks can be in one.
const IN_A_TOKEN: u64 = 128;

/// The type that a function's result has by the bounds of its arguments, where the function alone
/// does not know it.
pub(super) fn bound(name: &str, types: &[Type]) -> Option<Type> {
    let first = types.first()?;
    let text = |most: u64| Some(Type::Text { bound: Some(Bound::Tokens(most)), truncate: false });
    match name {
        "upper" | "lower" | "title" | "capitalize" => match first {
            Type::Text { bound: Some(Bound::Tokens(n)), .. } => text(n.saturating_mul(RECASED)),
            _ => None,
        },
        "replace" => {
            let to = shown_tokens(types.get(2)?)?;
            text(shown_tokens(first)?.saturating_mul(to.saturating_add(1)))
        }
        "indent" => text(shown_tokens(first)?.saturating_mul(RECASED)),
        "json" | "text" => text(shown_tokens(first)?.saturating_mul(ESCAPED).saturating_add(2)),
        "truncate" => {
            let chars = whole(types.get(1)?)?;
            text(shown_tokens(first)?.min(chars.saturating_mul(4)))
        }
        "split" | "lines" => {
            let n = match first {
                Type::Text { bound: Some(Bound::Chars(n)), .. } => n.saturating_add(1),
                other => shown_tokens(other)?.saturating_mul(IN_A_TOKEN).saturating_add(1),
            };
            Some(Type::List(Box::new(text(shown_tokens(first)?)?), Some(n)))
        }
        "join" => {
            let Type::List(item, n) = first else { return None };
            let sep = types.get(1).map_or(Some(0), shown_tokens)?;
            let each = shown_tokens(item)?.saturating_add(sep).saturating_add(2 * JOINT);
            text(each.saturating_mul((*n)?))
        }
        "format" => {
            let all = types.iter().map(shown_tokens).collect::<Option<Vec<u64>>>()?;
            text(all.into_iter().fold(0, |sum, n| sum.saturating_add(n).saturating_add(2 * JOINT)))
        }
        "keys" => match first {
            Type::Map(_, n) => Some(Type::List(Box::new(text(64)?), *n)),
            _ => None,
        },
        "take" => {
            let chars = whole(types.get(1)?)?;
            match first {
                Type::Text { .. } => text(shown_tokens(first)?.min(chars.saturating_mul(4))),
                _ => None,
            }
        }
        "min" | "max" | "default" if types.len() == 2 => match (first.present(), types[1].present()) {
            (Type::Text { .. }, Type::Text { .. }) => {
                text(shown_tokens(first)?.max(shown_tokens(&types[1])?))
            }
            _ => None,
        },
        _ => None,
    }
}

// The most a whole number from 0 is.
fn whole(ty: &Type) -> Option<u64> {
    match ty {
        Type::Int(Some((_, most))) => u64::try_from(*most).ok(),
        _ => None,
    }
}
