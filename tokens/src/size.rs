//! How many tokens a value of a type has at most: pasted alone, or as JSON.

use crate::layout::shown;
use crate::marks::without_marks;
use crate::{Counts, Measure};
use flow_plan::{Bound, Known, Parts, Type, Value};
use std::borrow::Cow;

/// The most tokens of a value that is pasted as one text; `None` where it has no bound, and for
/// records, maps and lists of them, which are laid out ([`crate::shape`]).
pub fn leaf_tokens(ty: &Type, counter: &dyn Counts) -> Option<u64> {
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
        Type::Date => longest(counter, DATES),
        Type::Time => longest(counter, TIMES),
        Type::Duration => longest(counter, DURATIONS),
        Type::Money => longest(counter, AMOUNTS),
        Type::Enum(e) => e.variants.iter().map(|v| counter.count(&v.name)).max().unwrap_or(0),
        Type::Optional(inner) => leaf_tokens(inner, counter)?,
        Type::Null => 0,
        Type::List(item, most) => {
            let most = *most.as_ref()?;
            let flat = list_tokens(&[&**item], most, counter);
            match flat.or_else(|| nested_tokens(&vec![&**item; most.min(MOST_ROWS + 1) as usize], counter)) {
                Some(tokens) => tokens,
                // The elements, the commas between them, and the brackets.
                None => {
                    let item = json_leaf(item, counter)?;
                    most.saturating_mul(item.saturating_add(1)).saturating_sub(1).saturating_add(2).max(2)
                }
            }
        }
        Type::Known(known) => known_tokens(known, counter)?,
        Type::Image | Type::Record(_) | Type::Map(..) | Type::Error => return None,
    })
}

fn known_tokens(known: &Known, counter: &dyn Counts) -> Option<u64> {
    match &known.parts {
        Parts::Constants(values) => values.iter().map(|v| pasted(v, counter)).max(),
        Parts::Items(items) => {
            let items: Vec<&Type> = items.iter().collect();
            list_tokens(&items, items.len() as u64, counter)
                .or_else(|| nested_tokens(&items, counter))
                .or_else(|| leaf_tokens(&known.of, counter))
        }
        Parts::Only(narrower) => {
            let (all, some) = (leaf_tokens(&known.of, counter), leaf_tokens(narrower, counter));
            all.zip(some).map(|(all, some)| all.min(some)).or(some)
        }
        Parts::Entries(_) => leaf_tokens(&known.of, counter),
    }
}

// A constant with and without the white space at its ends: less text can have more tokens.
fn pasted(value: &Value, counter: &dyn Counts) -> u64 {
    let text = shown(value);
    // As a model is shown it, and as it is.
    let plain = without_marks(&text);
    let ways = [&text, &*plain].into_iter().flat_map(|t| [t, t.trim_start(), t.trim_end(), t.trim()]);
    ways.map(|text| counter.count(text)).max().unwrap_or(0)
}

// A list as JSON: these elements, the last of them as often as it takes to make `most`. `None` where it
// is not known what is read together at the commas.
fn list_tokens(items: &[&Type], most: u64, counter: &dyn Counts) -> Option<u64> {
    if !counter.splits_at_fences() && !counter.adds() {
        return None;
    }
    let empty = counter.count("[]");
    if items.is_empty() || most == 0 {
        return Some(empty);
    }
    let elements: Vec<Written> = items.iter().map(|item| written(item)).collect::<Option<_>>()?;
    let quotes = elements.first().is_some_and(|w| w.quoted);
    if elements.iter().any(|w| w.quoted != quotes) {
        return None;
    }
    // Where text is split: a sign goes with the letters or the signs behind it, and never with a digit.
    // Between quotes nothing is read together with what is around them.
    let most_of = |samples: &[String], before: &str| {
        let count = |sample: &String| match quotes {
            true => counter.count(before).saturating_add(counter.count(sample)),
            false => counter.count(&format!("{before}{sample}")),
        };
        samples.iter().map(count).max().unwrap_or(0)
    };
    let (open, comma, close) = if quotes { ("[\"", "\",\"", "\"]") } else { ("[", ",", "]") };
    let mut tokens = most_of(&elements[0].samples, open);
    for next in &elements[1..] {
        tokens = tokens.saturating_add(most_of(&next.samples, comma));
    }
    let more = most.saturating_sub(elements.len() as u64);
    let last = elements.last().map_or(0, |last| most_of(&last.samples, comma));
    tokens = tokens.saturating_add(last.saturating_mul(more));
    Some(tokens.saturating_add(counter.count(close)).max(empty))
}

// Rows of so many lists are told apart where each may be empty.
const MOST_ROWS: u64 = 4;

// A list of lists as JSON. `None` where it is not known what is read together at the brackets.
fn nested_tokens(rows: &[&Type], counter: &dyn Counts) -> Option<u64> {
    if rows.len() as u64 > MOST_ROWS || !counter.splits_at_fences() && !counter.adds() {
        return None;
    }
    let rows: Vec<Vec<Written>> = rows.iter().map(|row| elements(row)).collect::<Option<_>>()?;
    let mut all = rows.iter().flatten();
    let quotes = all.next().is_some_and(|w| w.quoted);
    if all.any(|w| w.quoted != quotes) {
        return None;
    }
    // Signs that stand together are read together, and apart from the letters, digits and texts in
    // quotes behind them; a row that is empty joins those before it and behind it.
    let quote = if quotes { "\"" } else { "" };
    let most = |before: &str, element: &Written| {
        let count = |sample: &String| match quotes {
            true => counter.count(before).saturating_add(counter.count(sample)),
            false => counter.count(&format!("{before}{sample}")),
        };
        element.samples.iter().map(count).max().unwrap_or(0)
    };
    let whole = |filled: u32| {
        let (mut tokens, mut signs) = (0u64, "[".to_owned());
        for (at, row) in rows.iter().enumerate() {
            signs.push_str(if at > 0 { ",[" } else { "[" });
            for (n, element) in row.iter().enumerate().filter(|_| filled & (1 << at) != 0) {
                signs.push_str(if n > 0 { "," } else { "" });
                signs.push_str(quote);
                tokens = tokens.saturating_add(most(&signs, element));
                quote.clone_into(&mut signs);
            }
            signs.push(']');
        }
        signs.push(']');
        tokens.saturating_add(counter.count(&signs))
    };
    (0..1u32 << rows.len()).map(whole).max().map(|most| most.max(counter.count("[]")))
}

// The elements of a list, as they are written.
fn elements(list: &Type) -> Option<Vec<Written>> {
    match list {
        Type::List(item, Some(most)) if *most <= MOST_ELEMENTS => (0..*most).map(|_| written(item)).collect(),
        Type::Known(known) => match &known.parts {
            Parts::Items(items) => items.iter().map(written).collect(),
            _ => elements(&known.of),
        },
        _ => None,
    }
}

// So many elements of a list in a list are told apart.
const MOST_ELEMENTS: u64 = 16;

/// How the values of a type are written in JSON: the longest ones.
struct Written {
    samples: Vec<String>,
    /// Whether all of them stand in quotes, which the samples are without.
    quoted: bool,
}

fn written(ty: &Type) -> Option<Written> {
    let bare = |samples: &[&str]| {
        Some(Written { samples: samples.iter().map(|s| (*s).to_owned()).collect(), quoted: false })
    };
    match ty {
        Type::Int(range) => {
            let (low, high) = range.unwrap_or((i64::MIN, i64::MAX));
            bare(&[&low.to_string(), &high.to_string()])
        }
        Type::Float(Some((low, high))) if low == high => bare(&[&shown(&Value::Float(*low))]),
        Type::Float(_) => bare(FLOATS),
        Type::Bool => bare(&["true", "false"]),
        Type::Null => bare(&["null"]),
        Type::Duration => bare(SECONDS),
        Type::Money => bare(DOLLARS),
        Type::Date => in_quotes(DATES.iter().copied()),
        Type::Time => in_quotes(TIMES.iter().copied()),
        Type::Enum(e) => in_quotes(e.variants.iter().map(|v| v.name.as_str())),
        Type::Optional(inner) => {
            let mut inner = written(inner).filter(|w| !w.quoted)?;
            inner.samples.push("null".to_owned());
            Some(inner)
        }
        Type::Known(known) => match &known.parts {
            // With the sign that a model is shown besides it is no longer written so.
            Parts::Constants(values)
                if values.iter().any(|v| matches!(without_marks(&shown(v)), Cow::Owned(_))) =>
            {
                None
            }
            Parts::Constants(values) => match values.as_slice() {
                [Value::Text(_), ..] => {
                    in_quotes(values.iter().map(|v| v.as_text()).collect::<Option<Vec<_>>>()?.into_iter())
                }
                _ => {
                    let samples: Vec<String> = values.iter().map(|v| v.to_json().to_string()).collect();
                    samples.iter().all(|s| !s.starts_with('"')).then_some(Written { samples, quoted: false })
                }
            },
            _ => None,
        },
        _ => None,
    }
}

// Only what begins and ends with a letter or digit, and is not escaped, is apart from its quotes.
fn in_quotes<'s>(samples: impl Iterator<Item = &'s str>) -> Option<Written> {
    let plain = |s: &str| {
        let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let is_inside = |c: char| c.is_ascii_alphanumeric() || "_-:. ".contains(c);
        (is_end(s.chars().next()) && is_end(s.chars().next_back()) && s.chars().all(is_inside))
            .then(|| s.to_owned())
    };
    Some(Written { samples: samples.map(plain).collect::<Option<_>>()?, quoted: true })
}

// Written as JSON writes floats: 17 digits at most.
const FLOATS: &[&str] = &[
    "-1.7976931348623157e308",
    "-2.2250738585072014e-308",
    "-1234567890123456.7",
    "-0.00012345678901234567",
    "-123456789012345680.0",
];

const DATES: &[&str] = &["-009999-12-31", "2026-12-31"];
const TIMES: &[&str] = &["-009999-12-31T23:59:59.123456789Z"];
// A length of time is a trillion seconds at most.
const DURATIONS: &[&str] = &["999999999999999ms", "11574074073d"];
pub(crate) const SECONDS: &[&str] = &["999999999999.999"];
// Amounts of a billion dollars have six decimals here: what is finer is cut off.
const AMOUNTS: &[&str] = &["-$9,223,372,036.854775", "-$922,337,203.685477580", "$922,337,203.685477580"];
pub(crate) const DOLLARS: &[&str] = &["-9223372036.854775", "-1234567890.1234567"];

// In o200k and cl100k the count of a number follows from how many digits stand together; of other
// tokenizers nothing is known but that no text has more tokens than bytes.
pub(crate) fn longest(counter: &dyn Counts, samples: &[&str]) -> u64 {
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
fn json_leaf(ty: &Type, counter: &dyn Counts) -> Option<u64> {
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
    let counter: &dyn Counts = measure;
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
        Type::Known(known) => json_tokens(&known.of, measure),
        other => leaf_tokens(other, counter).unwrap_or(0),
    }
}

/// What quotes around a text are planned to add in a model's answer.
const QUOTES: u64 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BYTES;
    use std::sync::Arc;

    fn measures() -> Vec<Measure> {
        let known = ["o200k_base", "cl100k_base"].map(|name| Measure::named(name, None));
        known.into_iter().flatten().chain([BYTES.clone()]).collect()
    }

    fn list(item: Type, most: u64) -> Type {
        Type::List(Box::new(item), Some(most))
    }

    #[test]
    fn a_constant_with_a_control_mark_is_counted_as_a_model_is_shown_it() {
        for measure in measures() {
            for mark in ["<|im_start|>", "[INST] go", "</s>"] {
                let most = leaf_tokens(&Type::constant(Type::TEXT, Value::text(mark)), &measure).unwrap_or(0);
                assert!(most >= measure.count(&without_marks(mark)) && most >= measure.count(mark), "{mark}");
            }
        }
    }

    #[test]
    fn lists_of_lists_as_json_have_no_more_tokens_than_their_bound_and_reach_it() {
        let names = ["billing", "a", "shipping_and_handling"];
        let variants = names.map(|n| flow_plan::Variant { name: n.into(), doc: "".into() }).to_vec();
        let kind =
            Type::Enum(Arc::new(flow_plan::EnumType { name: "Kind".into(), doc: "".into(), variants }));
        let cases: [(Type, Vec<Value>); 3] = [
            (Type::Bool, vec![Value::Bool(true), Value::Bool(false)]),
            (Type::Int(Some((-559, 1158))), [-559, 1158, 0, -1].map(Value::Int).to_vec()),
            (kind, names.map(Value::text).to_vec()),
        ];
        for measure in measures() {
            for (item, values) in &cases {
                let bound =
                    leaf_tokens(&list(list(item.clone(), 2), 3), measure.counter()).expect("it has one");
                let pairs =
                    values.iter().flat_map(|a| values.iter().map(move |b| vec![a.clone(), b.clone()]));
                let ones = values.iter().map(|a| vec![a.clone()]);
                let rows: Vec<Value> =
                    pairs.chain(ones).chain([vec![]]).map(|row| Value::List(row.into())).collect();
                let mut most = 0;
                for i in 0..rows.len().pow(3) {
                    let at = |n: usize| rows[i / rows.len().pow(n as u32) % rows.len()].clone();
                    for long in 0..=3 {
                        let text = shown(&Value::List((0..long).map(at).collect()));
                        most = most.max(measure.count(&text));
                    }
                }
                assert!(most <= bound, "{item}: {most} of {bound}");
                assert_eq!(most, bound, "{item}");
            }
        }
    }

    #[test]
    fn lists_as_json_have_no_more_tokens_than_their_bound_and_reach_it() {
        let names = ["billing", "a", "shipping_and_handling", "x9"];
        let variants = names.map(|n| flow_plan::Variant { name: n.into(), doc: "".into() }).to_vec();
        let kind =
            Type::Enum(Arc::new(flow_plan::EnumType { name: "Kind".into(), doc: "".into(), variants }));
        let cases: [(Type, Vec<Value>); 4] = [
            (Type::Bool, vec![Value::Bool(true), Value::Bool(false)]),
            (Type::Int(Some((-559, 1158))), [-559, 1158, 0, 7, -1].map(Value::Int).to_vec()),
            (kind, names.map(Value::text).to_vec()),
            (Type::Float(None), [0.5, -1.7976931348623157e308, 1e-7, -123456.75].map(Value::Float).to_vec()),
        ];
        for measure in measures() {
            for (item, values) in &cases {
                let bound = leaf_tokens(&list(item.clone(), 3), measure.counter()).expect("it has one");
                let mut most = 0;
                for i in 0..values.len().pow(3) {
                    let at = |n: usize| values[i / values.len().pow(n as u32) % values.len()].clone();
                    for long in 0..=3 {
                        let text = shown(&Value::List((0..long).map(at).collect()));
                        most = most.max(measure.count(&text));
                    }
                }
                assert!(most <= bound, "{item}: {most} of {bound}");
                assert!(most == bound || matches!(item, Type::Float(_)), "{item}: {most} of {bound}");
            }
        }
    }

    #[test]
    fn constants_and_known_elements_count_as_what_they_are() {
        let (price, text) = (Value::Money(flow_plan::Cost(50_000_000)), Value::text("日本語の文章"));
        for measure in measures() {
            let leaf = |ty: &Type| leaf_tokens(ty, measure.counter());
            let constant = Type::constant(Type::Money, price.clone());
            assert_eq!(leaf(&constant), Some(measure.count("$0.05")));
            let constant = Type::constant(Type::TEXT, text.clone());
            assert_eq!(leaf(&constant), Some(measure.count("日本語の文章")));
            let items = vec![Type::constant(Type::INT, Value::Int(3)), Type::Bool];
            let known = Type::of_items(list(Type::Json(None), 2), items);
            assert_eq!(leaf(&known), Some(measure.count("[3,false]").max(measure.count("[3,true]"))));
        }
    }

    #[test]
    fn no_number_or_amount_is_longer_than_its_bound() {
        let mut random = fastrand::Rng::with_seed(7);
        for measure in measures() {
            let leaf = |ty: &Type| leaf_tokens(ty, measure.counter()).unwrap_or(0);
            let (float, time) = (leaf(&Type::FLOAT), leaf(&Type::Duration));
            for _ in 0..4000 {
                let number = f64::from_bits(random.u64(..));
                if number.is_finite() {
                    let text = shown(&Value::Float(number));
                    assert!(measure.count(&text) <= float, "{text}");
                }
                let text = flow_plan::Millis(random.u64(..=flow_plan::limits::LONGEST_TIME.0)).to_string();
                assert!(measure.count(&text) <= time, "{text}");
                // A billion dollars have six decimals.
                let nanos = random.i64(-999_999_999_999_999_999..=999_999_999_999_999_999);
                let text = flow_plan::Cost(nanos).to_string();
                assert!(measure.count(&text) <= leaf(&Type::Money), "{text}");
            }
        }
    }
}
