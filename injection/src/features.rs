//! What a text consists of, for the model: n-grams of characters inside words, of words and of what words can
//! mean to an attack (`senses`), each hashed into one of [`BUCKETS`].
//!
//! Every feature belongs to the word it ends at, so that a window's sum is a difference of two sums.
//! In: a text that [`crate::plain`] gave. What trains the model and what asks it both come through here.

use crate::senses::{self, Sense};

/// How many features are told apart: two that share a bucket share a weight.
pub const BUCKETS: usize = 1 << 18;

/// What a word n-gram counts beside a character n-gram, of which there are more.
const WORD_GRAM: i32 = 2;

/// What a pair or a row of senses counts, of which there are few.
const SENSES: i32 = 3;

/// Calls `emit(word, bucket, times)` for each feature, and returns how many words there are.
/// `word` never falls, from 0; `bucket` is below [`BUCKETS`]; `times` is 1 to 3.
pub fn each(plain: &str, mut emit: impl FnMut(usize, usize, i32)) -> usize {
    let mut last = [0u32; 4];
    let mut count = 0;
    let mut row = Row::default();
    let mut sign_before = None;
    for word in words(plain) {
        match word {
            Word::Letters(text) => {
                let mut own = SEED;
                for c in text.chars().map(folded) {
                    own = step(own, c);
                }
                let alone = text.chars().next().filter(|c| is_alone(*c));
                let sense = match (sign_before, alone) {
                    (Some(before), Some(sign)) => senses::of_pair(before, sign),
                    _ => senses::of(text),
                };
                sign_before = alone;
                if let Some(sense) = sense {
                    row.meet(count, sense, |hash, times| emit(count, bucket(hash), times));
                }
                letters(text, |hash| emit(count, bucket(hash), 1));
                emit(count, bucket(own ^ 0x5bd1), WORD_GRAM);
                let gram = |kind: u32, before: u32| bucket(step(step(kind, before), own));
                let [one, two, three, four] = last;
                if one != 0 {
                    emit(count, gram(11, one), WORD_GRAM);
                }
                if two != 0 {
                    emit(count, bucket(step(step(step(13, two), one), own)), WORD_GRAM);
                    emit(count, gram(17, two), WORD_GRAM);
                }
                // Two words with others between them: `ignore … instructions`.
                if three != 0 {
                    emit(count, gram(19, three), WORD_GRAM);
                }
                if four != 0 {
                    emit(count, gram(19, four), WORD_GRAM);
                }
                last = [own, one, two, three];
            }
            Word::Marks(text) => {
                let hash = text.chars().take(4).fold(29, step);
                emit(count, bucket(hash), WORD_GRAM);
                emit(count, bucket(step(step(31, last[0]), hash)), 1);
            }
        }
        count += 1;
    }
    count
}

const SEED: u32 = 0x811c_9dc5;

// The senses met last, each with its word.
#[derive(Default)]
struct Row {
    met: [(usize, Sense); 4],
}

// How far two senses may stand apart, in words, to be a pair.
const APART: usize = 8;

impl Row {
    // The sense alone, with those before it, and with the last two in a row.
    fn meet(&mut self, word: usize, sense: Sense, mut emit: impl FnMut(u32, i32)) {
        emit(step(37, sense), 1);
        let near = |(at, before): &(usize, Sense)| *before != 0 && word - at <= APART;
        for (_, before) in self.met.iter().filter(|m| near(m)) {
            emit(step(step(41, *before), sense), SENSES);
        }
        let [one, two, three, _] = self.met;
        if near(&one) && near(&two) {
            emit(step(step(step(43, two.1), one.1), sense), SENSES);
            if near(&three) {
                emit(step(step(step(step(47, three.1), two.1), one.1), sense), SENSES);
            }
        }
        self.met = [(word, sense), one, two, three];
    }
}

enum Word<'t> {
    Letters(&'t str),
    Marks(&'t str),
}

// Runs of letters and digits, runs of marks; a script without spaces is a word a sign.
fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || is_quiet(c));
        let first = rest.chars().next()?;
        let end = match first {
            c if is_alone(c) => c.len_utf8(),
            c if c.is_alphanumeric() => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '\'' || is_alone(c)).unwrap_or(rest.len())
            }
            _ => rest.find(|c: char| c.is_alphanumeric() || c.is_whitespace()).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(if first.is_alphanumeric() { Word::Letters(word) } else { Word::Marks(word) })
    })
}

// What stands in every kind of text and says nothing.
fn is_quiet(c: char) -> bool {
    matches!(c, ',' | '.' | '\'' | '-' | ';' | '(' | ')' | '、' | '。' | '，')
}

pub(crate) fn is_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

fn folded(c: char) -> char {
    if c.is_ascii_digit() { '0' } else { c }
}

// Two to five signs in a row, with the word's ends as signs of their own.
fn letters(word: &str, mut emit: impl FnMut(u32)) {
    let mut signs = ['\u{2}'; 26];
    let mut length = 1;
    for c in word.chars().take(24).map(folded) {
        signs[length] = c;
        length += 1;
    }
    length += 1;
    for start in 0..length - 1 {
        let mut hash = step(SEED, signs[start]);
        for &sign in &signs[start + 1..length.min(start + 5)] {
            hash = step(hash, sign);
            emit(hash);
        }
    }
}

// FNV-1a, a sign at a time.
fn step(hash: u32, sign: impl Into<u32>) -> u32 {
    (hash ^ sign.into()).wrapping_mul(0x0100_0193)
}

fn bucket(hash: u32) -> usize {
    let mixed = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
    ((mixed ^ (mixed >> 13)) as usize) & (BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_and_signs_of_scripts_without_spaces() {
        let shown: Vec<&str> = words("it's <|im 忽略, ok. #9")
            .map(|w| match w {
                Word::Letters(text) | Word::Marks(text) => text,
            })
            .collect();
        assert_eq!(shown, ["it's", "<|", "im", "忽", "略", "ok", "#", "9"]);
    }

    #[test]
    fn equal_texts_have_equal_features_whatever_their_digits() {
        let all = |text: &str| {
            let mut out = Vec::new();
            let words = each(text, |word, bucket, times| out.push((word, bucket, times)));
            assert!(out.iter().all(|(word, bucket, _)| *word < words && *bucket < BUCKETS));
            out
        };
        assert_eq!(all("call 12 now"), all("call 97 now"));
        assert_ne!(all("call 12 now"), all("now 12 call"));
    }
}
