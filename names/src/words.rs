//! A text cut into words, and what is known of each: its hash, shape, ends and the lists it stands in.
//!
//! In: a text and the model's set of common words. Out: [`Word`]s. What they mean together is not asked
//! here.

use crate::lists::{self, COMMON};

/// A word, a number, a sign or the end of a line.
#[derive(Clone, Copy, Default, Debug)]
pub struct Word {
    /// Byte offset of its start.
    pub start: usize,
    /// Byte offset of its end.
    pub end: usize,
    /// Hash of its lower-case letters.
    pub lower: u32,
    /// Hash of its shape, runs shortened: `Xx`, `d5`.
    pub shape: u32,
    /// What kind of a word it is; one of the constants of [`class`].
    pub class: u8,
    /// The lists it stands in, as bits.
    pub lists: u8,
    /// Hashes of its first two, three and four letters, zero where it has no more than that.
    pub heads: [u32; 3],
    /// Hashes of its last two, three and four letters.
    pub tails: [u32; 3],
}

/// The classes of words.
pub mod class {
    /// In lower case.
    pub const LOWER: u8 = 1;
    /// With a capital first.
    pub const CAPITALISED: u8 = 2;
    /// In capitals alone.
    pub const UPPER: u8 = 3;
    /// With capitals inside.
    pub const MIXED: u8 = 4;
    /// One capital.
    pub const INITIAL: u8 = 5;
    /// Of digits alone.
    pub const NUMBER: u8 = 6;
    /// Of digits and letters.
    pub const CODE: u8 = 7;
    /// Of a script without capitals.
    pub const UNCASED: u8 = 8;
    /// A sign.
    pub const SIGN: u8 = 9;
    /// The end of a line.
    pub const LINE: u8 = 10;
}

/// How many letters of a word are looked at.
const LOOKED_AT: usize = 48;

/// Mixes a value into a hash.
#[inline]
pub fn mix(hash: u32, value: u32) -> u32 {
    let sum =
        (u64::from(hash) ^ u64::from(value).wrapping_mul(0x9E37_79B9)).wrapping_mul(0x9FB2_1C65_1E98_DF25);
    (sum >> 32) as u32 ^ sum as u32
}

/// The words from byte `from` on, at most `most` of them, added to `words`; returns where the next begins.
pub fn cut(text: &str, from: usize, most: usize, common: &[u8], words: &mut Vec<Word>) -> usize {
    let mut at = from;
    while words.len() < most {
        let Some(first) = text[at..].chars().next() else { break };
        if first == '\n' {
            let line = &text[at..];
            let end = at + line.len() - line.trim_start().len();
            words.push(sign(at, at + 1, '\n', class::LINE));
            at = end;
        } else if first.is_whitespace() {
            at += first.len_utf8();
        } else if first.is_alphanumeric() {
            let end = at + word_length(&text[at..]);
            words.push(known(text, at, end, common));
            at = end;
        } else {
            let rest = text[at..].trim_start_matches(first);
            let end = text.len() - rest.len();
            words.push(sign(at, end, first, class::SIGN));
            at = end;
        }
    }
    at
}

fn sign(start: usize, end: usize, c: char, class: u8) -> Word {
    let hash = mix(7, u32::from(c));
    Word { start, end, lower: hash, shape: hash, class, ..Word::default() }
}

// Letters and digits, with an apostrophe or a hyphen between two letters, and accents written apart.
fn word_length(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        let inside = c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}');
        let joint = matches!(c, '\'' | '’' | '-') && before.is_alphabetic();
        let goes_on = joint
            && chars.peek().is_some_and(|(next, n)| n.is_alphabetic() && !is_possessive(&text[*next..], c));
        if !inside && !goes_on {
            return at;
        }
        before = c;
    }
    text.len()
}

fn is_possessive(rest: &str, joint: char) -> bool {
    joint != '-' && rest.starts_with('s') && !rest[1..].starts_with(char::is_alphanumeric)
}

fn known(text: &str, start: usize, end: usize, common: &[u8]) -> Word {
    let mut word = Word { start, end, lower: 1, shape: 2, ..Word::default() };
    let mut folded = 3;
    let mut letters = [' '; LOOKED_AT];
    let (mut count, mut capitals, mut smalls, mut digits) = (0usize, 0usize, 0usize, 0usize);
    let mut first_is_capital = false;
    let mut last_kind = ('\0', 0u32);
    for c in text[start..end].chars().take(LOOKED_AT) {
        let (low, kind) = match c {
            'a'..='z' => (c, 'x'),
            'A'..='Z' => (c.to_ascii_lowercase(), 'X'),
            '0'..='9' => ('0', 'd'),
            _ if c.is_uppercase() => (c.to_lowercase().next().unwrap_or(c), 'X'),
            _ if c.is_lowercase() => (c, 'x'),
            _ if c.is_numeric() => ('0', 'd'),
            _ if c.is_alphabetic() => (c, 'u'),
            _ => (c, c),
        };
        match kind {
            'X' => capitals += 1,
            'x' => smalls += 1,
            'd' => digits += 1,
            _ => {}
        }
        first_is_capital |= count == 0 && kind == 'X';
        letters[count] = low;
        count += 1;
        word.lower = mix(word.lower, u32::from(low));
        folded = lists::fold(folded, low);
        // Numbers keep their length, which tells a postcode.
        if kind != last_kind.0 || kind == 'd' && last_kind.1 < 7 {
            word.shape = mix(word.shape, u32::from(kind));
            last_kind.1 = if kind == last_kind.0 { last_kind.1 + 1 } else { 1 };
            last_kind.0 = kind;
        }
    }
    word.class = match (capitals, smalls, digits) {
        (0, 0, 0) => class::UNCASED,
        (0, 0, _) => class::NUMBER,
        (_, _, 1..) => class::CODE,
        (0, ..) => class::LOWER,
        (1, 0, _) => class::INITIAL,
        (_, 0, _) => class::UPPER,
        (1, ..) if first_is_capital => class::CAPITALISED,
        _ => class::MIXED,
    };
    if digits == 0 {
        word.lists = lists::of(folded);
        if is_in(common, word.lower) {
            word.lists |= COMMON;
        }
        for n in 2..=4 {
            if count >= n {
                word.heads[n - 2] = letters[..n].iter().fold(n as u32, |h, c| mix(h, u32::from(*c)));
                word.tails[n - 2] =
                    letters[count - n..count].iter().fold(n as u32 + 9, |h, c| mix(h, u32::from(*c)));
            }
        }
    }
    word
}

/// Whether the set of common words, a bit for each hash, holds a word.
pub fn is_in(common: &[u8], lower: u32) -> bool {
    let bit = lower as usize % (common.len() * 8).max(1);
    common.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
}
