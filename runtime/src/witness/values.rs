//! The largest value of a type: as many tokens as its bounds let through, for every model.
//!
//! In: a [`Type`] and what counts tokens. Out: JSON. What a run may decide by (truth values, numbers,
//! enums, what may be missing) is left to a [`Choose`].

use flow_plan::limits::{COMPLAINT, MOST_KEY};
use flow_plan::{Bound, EnumType, Tokens, Type};
use flow_tokens::Measure;
use serde_json::{Map, Value as Json, json};

/// What texts are made of: a letter and a digit by turns, of which every known tokenizer makes one
/// token a byte, which JSON does not escape and no fence trims.
const DENSE: &str = "q7x3w9k5";

/// The same where characters are counted: four bytes each, and a token a byte.
const WIDE: &str = "\u{10348}";

/// The longest as it is pasted, the longest as JSON, and none.
const AMOUNTS: [f64; 3] = [9_223_372_036.123_456, 1_234_567_890.123_456_7, 0.0];

/// So many line breaks stand in a text that is shown in quotes.
const BREAKS: usize = 100;

/// Where neither the type nor a cap bounds a text.
const FREE: u64 = 64;

/// Decides among a number of ways, of which 0 is the usual one.
pub(super) type Choose<'a> = dyn FnMut(&str, usize) -> usize + 'a;

/// What values are made by.
pub(super) struct Sizes<'a> {
    /// Everything that counts tokens.
    pub(super) measures: &'a [Measure],
    /// The tokens of a text without a bound.
    pub(super) free: u64,
    /// Numbers that the program compares with.
    pub(super) numbers: &'a [i64],
    /// Texts that the program compares with.
    pub(super) words: &'a [String],
}

impl Sizes<'_> {
    /// A value of the type; `at` is its place, by which choices are told apart.
    pub(super) fn largest(&self, ty: &Type, at: &str, choose: &mut Choose<'_>) -> Json {
        match ty {
            Type::Text { bound, .. } => Json::from(self.worded(*bound, at, choose)),
            Type::Json(bound) => Json::from(self.quoted(bound.unwrap_or(Bound::Tokens(self.free)))),
            Type::Bool => Json::from(choose(at, 2) == 1),
            Type::Int(range) => self.int(range.unwrap_or((i64::MIN, i64::MAX)), at, choose),
            Type::Float(range) => self.float(*range, at, choose),
            Type::Enum(of) => self.variant(of, at, choose),
            Type::Money => Json::from(AMOUNTS[choose(at, AMOUNTS.len())]),
            Type::Duration => Json::from([999_999_999_999.999, 0.0][choose(at, 2)]),
            Type::Date => json!(["-009999-12-31", "2026-03-14"][choose(at, 2)]),
            Type::Time => json!("-009998-12-31T23:59:59.123456789Z"),
            Type::Image => json!("https://example.com/a.png"),
            Type::Record(of) => {
                let field = |f: &flow_plan::Field, choose: &mut Choose<'_>| {
                    (f.name.to_string(), self.largest(&f.ty, &format!("{at}.{}", f.name), choose))
                };
                Json::Object(of.fields.iter().map(|f| field(f, choose)).collect::<Map<_, _>>())
            }
            Type::List(item, most) => match choose(at, 2) {
                0 => {
                    let item = self.largest(item, &format!("{at}[]"), choose);
                    std::iter::repeat_n(item, most.unwrap_or(3) as usize).collect()
                }
                _ => json!([]),
            },
            Type::Map(item, most) => {
                let item = self.largest(item, &format!("{at}[]"), choose);
                let key = |i: u64| self.filled(&format!("k{i}"), Bound::Tokens(MOST_KEY));
                let entries = (0..most.unwrap_or(3)).map(|i| (key(i), item.clone()));
                Json::Object(entries.collect())
            }
            Type::Optional(present) => match choose(&format!("{at}?"), 2) {
                0 => self.largest(present, at, choose),
                _ => Json::Null,
            },
            // What is asked of the world has its plain type.
            Type::Known(known) => self.largest(&known.of, at, choose),
            Type::Null | Type::Error => Json::Null,
        }
    }

    /// A text that has as many tokens as a bound allows.
    pub(super) fn text(&self, bound: Bound) -> String {
        self.filled("", bound)
    }

    /// A text that is no answer, and of which even a short excerpt has many tokens.
    pub(super) fn nonsense(&self, most: Tokens, letters: u8) -> String {
        // In quotes as JSON has them, each of these has several tokens.
        if letters == 0 {
            let escaped = "\u{1}".repeat(most.0 as usize);
            if self.count(&escaped) <= most.0 {
                return self.filled(&escaped, Bound::Tokens(most.0));
            }
        }
        // A line break is two characters in quotes, and many of them are one token as they stand.
        if letters == 1 {
            let few = "\u{1}".repeat(most.0 as usize / 2);
            let text = |more: usize| format!("{few}{}{}", "\n".repeat(BREAKS), "\u{1}".repeat(more));
            let fits = |more: &usize| self.count(&text(*more)) <= most.0;
            if let Some(more) = (0..=few.len()).rev().find(fits) {
                return self.filled(&text(more), Bound::Tokens(most.0));
            }
        }
        let letters = usize::from(letters.saturating_sub(2)).min(most.0 as usize);
        let wide = dense(letters) + &WIDE.repeat((most.0 as usize - letters) / WIDE.len());
        match self.count(&wide) <= most.0 {
            true => self.filled(&wide, Bound::Tokens(most.0)),
            false => self.text(Bound::Tokens(most.0)),
        }
    }

    // A text that is full, begins with a word of the program, or is nothing else.
    fn worded(&self, bound: Option<Bound>, at: &str, choose: &mut Choose<'_>) -> String {
        let bound = bound.unwrap_or(Bound::Tokens(self.free));
        let words: Vec<&String> = self.words.iter().filter(|word| self.holds(bound, word)).collect();
        let ways = if words.is_empty() { 1 } else { 2 + 2 * words.len() };
        match choose(at, ways) {
            0 => self.text(bound),
            1 => String::new(),
            n if n < 2 + words.len() => self.filled(words[n - 2], bound),
            n => words[n - 2 - words.len()].clone(),
        }
    }

    fn holds(&self, bound: Bound, text: &str) -> bool {
        match bound {
            // As JSON writes it, which is never shorter.
            Bound::Tokens(n) => self.count(Json::from(text).to_string().trim_matches('"')) <= n,
            Bound::Chars(n) => text.chars().count() as u64 <= n,
        }
    }

    fn filled(&self, start: &str, bound: Bound) -> String {
        match bound {
            Bound::Chars(n) => {
                let wide = (n as usize).saturating_sub(start.chars().count());
                let text = format!("{start}{}", WIDE.repeat(wide));
                text.chars().take(n as usize).collect()
            }
            Bound::Tokens(n) => {
                let text = |bytes: usize| format!("{start}{}", dense(bytes));
                let fits = |bytes: usize| self.count(&text(bytes)) <= n;
                let (mut low, mut high) = (0, n as usize + 1);
                // Nearly always as many bytes as tokens.
                let left = (n as usize).saturating_sub(self.count(start) as usize);
                if fits(left) && !fits(left + 1) {
                    return text(left);
                }
                while fits(high) {
                    (low, high) = (high, high * 2);
                }
                while high - low > 1 {
                    let middle = low + (high - low) / 2;
                    if fits(middle) { low = middle } else { high = middle }
                }
                text(low)
            }
        }
    }

    // A text that keeps to its bound with its quotes.
    fn quoted(&self, bound: Bound) -> String {
        let mut keep = bound;
        loop {
            let text = self.text(keep);
            let whole = Json::from(text.as_str()).to_string();
            let fits = match bound {
                Bound::Tokens(n) => self.count(&whole) <= n,
                Bound::Chars(n) => whole.chars().count() as u64 <= n,
            };
            keep = match keep {
                _ if fits => return text,
                Bound::Tokens(0) | Bound::Chars(0) => return text,
                Bound::Tokens(n) => Bound::Tokens(n - 1),
                Bound::Chars(n) => Bound::Chars(n - 1),
            };
        }
    }

    fn int(&self, (low, high): (i64, i64), at: &str, choose: &mut Choose<'_>) -> Json {
        let tokens = |n: i64| self.count(&n.to_string());
        let ends = if tokens(low) >= tokens(high) { [low, high] } else { [high, low] };
        let near = self.numbers.iter().flat_map(|n| [Some(*n), n.checked_add(1), n.checked_sub(1)]);
        let mut all = ends.to_vec();
        for n in near.flatten().filter(|n| (low..=high).contains(n)) {
            if !all.contains(&n) {
                all.push(n);
            }
        }
        Json::from(all[choose(at, all.len())])
    }

    fn float(&self, range: Option<(f64, f64)>, at: &str, choose: &mut Choose<'_>) -> Json {
        let (low, high) = range.unwrap_or((-1.797_693_134_862_315_7e308, 1.797_693_134_862_315_7e308));
        // As many digits as there are, and still within the range.
        let long = match range {
            None => low,
            Some(_) => low + (high - low) * 0.123_456_789_012_345_67,
        };
        let mut all = vec![long, high, low];
        let near = self.numbers.iter().map(|n| *n as f64).flat_map(|n| [n, n + 0.5, n - 0.5]);
        all.extend(near.filter(|n| (low..=high).contains(n)));
        Json::from(all[choose(at, all.len())])
    }

    // The longest first.
    fn variant(&self, of: &EnumType, at: &str, choose: &mut Choose<'_>) -> Json {
        let mut names: Vec<&str> = of.variants.iter().map(|v| v.name.as_str()).collect();
        names.sort_by_key(|name| std::cmp::Reverse(self.count(name)));
        names.get(choose(at, names.len())).map_or(Json::Null, |name| Json::from(*name))
    }

    fn count(&self, text: &str) -> u64 {
        self.measures.iter().map(|m| m.count(text)).max().unwrap_or(text.len() as u64)
    }
}

impl Default for Sizes<'_> {
    fn default() -> Self {
        Sizes { measures: &[], free: FREE, numbers: &[], words: &[] }
    }
}

/// What a guard of the library says in a witness: no more is shown to a model.
pub(super) fn reason() -> String {
    dense(2 * COMPLAINT.0 as usize)
}

fn dense(bytes: usize) -> String {
    DENSE.chars().cycle().take(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_tokens::{BYTES, Measure};

    #[test]
    fn texts_have_exactly_as_many_tokens_as_allowed_for_every_model() {
        let known = ["o200k_base", "cl100k_base"].map(|name| Measure::named(name, None));
        let measures: Vec<Measure> = known.into_iter().flatten().chain([BYTES.clone()]).collect();
        assert_eq!(measures.len(), 3);
        let sizes = Sizes { measures: &measures, ..Sizes::default() };
        for n in [0, 1, 2, 3, 17, 400] {
            let text = sizes.text(Bound::Tokens(n));
            assert!(measures.iter().all(|m| m.count(&text) == n), "{n}: {text}");
            assert_eq!(sizes.text(Bound::Chars(n)).chars().count() as u64, n);
        }
    }
}
