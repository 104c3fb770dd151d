//! Words and phrases in a text, as they stand: in any case, with look-alike letters, whole words alone.
//!
//! In: a text and the phrases of a list. Out: their places. `competitors` and `words` look with it, and
//! `copyright` compares its words.

use crate::words::is_unspaced;
use flow_plan::Value;
use std::ops::Range;

/// A word of a text: where it stands, and how it is compared.
pub(super) struct Word {
    pub(super) at: Range<usize>,
    pub(super) plain: String,
}

/// The words of a text; of writing without spaces, its characters.
pub(super) fn words_of(text: &str) -> Vec<Word> {
    let mut out = Vec::new();
    for word in crate::words::words(text) {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        if word.chars().any(is_unspaced) {
            for (at, c) in word.char_indices() {
                let at = start + at..start + at + c.len_utf8();
                out.push(Word { plain: text[at.clone()].to_lowercase(), at });
            }
            continue;
        }
        let plain = flow_injection::plain(word);
        // Whose it is does not make it another name.
        let plain = plain.strip_suffix("'s").map_or(plain.clone(), str::to_owned);
        let at = start..start + word.len();
        match out.last_mut() {
            // What nobody sees does not end a word.
            Some(before) if is_unseen(&text[before.at.end..start]) => {
                before.at.end = at.end;
                before.plain.push_str(&plain);
            }
            _ => out.push(Word { at, plain }),
        }
    }
    out
}

fn is_unseen(between: &str) -> bool {
    let unseen = |c| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    !between.is_empty() && between.chars().all(unseen)
}

/// A phrase of a list; `*` at its end stands for any ending.
pub(super) struct Phrase {
    /// As it is written.
    pub(super) written: String,
    words: Vec<String>,
    // The sign right behind them: `100 %`, `C++`.
    sign: String,
    is_open: bool,
}

/// The phrases of a list, or of one text.
pub(super) fn phrases(list: Option<&Value>) -> Vec<Phrase> {
    let texts = list.map(super::texts::texts).unwrap_or_default();
    let phrase = |written: String| {
        let (text, is_open) = match written.trim().strip_suffix('*') {
            Some(text) => (text, true),
            None => (written.as_str(), false),
        };
        let words = words_of(text);
        let sign = words.last().map_or("", |last| text[last.at.end..].trim()).to_owned();
        let sign = if sign.chars().all(is_sign) { sign } else { String::new() };
        let words: Vec<String> = words.into_iter().map(|w| w.plain).collect();
        (!words.is_empty()).then_some(Phrase { words, sign, is_open, written })
    };
    texts.into_iter().filter_map(phrase).collect()
}

// What makes a word another one, and is no punctuation.
fn is_sign(c: char) -> bool {
    matches!(c, '%' | '+' | '#' | '€' | '$' | '£' | '°' | '™' | '®')
}

/// Where phrases stand in a text, in its order and without overlaps: the longest counts.
pub(super) fn find<'p>(text: &str, phrases: &'p [Phrase]) -> Vec<(Range<usize>, &'p Phrase)> {
    let words = words_of(text);
    let mut out = Vec::new();
    let mut next = 0;
    while next < words.len() {
        let here =
            phrases.iter().filter_map(|phrase| phrase.stands_at(&words[next..], text).zip(Some(phrase)));
        match here.max_by_key(|(_, phrase)| phrase.words.len()) {
            Some((end, phrase)) => {
                out.push((words[next].at.start..end, phrase));
                next += phrase.words.len();
            }
            None => next += 1,
        }
    }
    out
}

/// The text with each of these places replaced.
pub(super) fn replaced(text: &str, places: impl Iterator<Item = Range<usize>>, with: &str) -> String {
    replaced_by(text, places.map(|at| (at, with)))
}

/// The text with each of these places replaced by a text of its own; they don't overlap, and come in order.
pub(super) fn replaced_by(
    text: &str,
    places: impl Iterator<Item = (Range<usize>, impl AsRef<str>)>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, with) in places {
        out.push_str(&text[from..at.start]);
        out.push_str(with.as_ref());
        from = at.end;
    }
    out.push_str(&text[from..]);
    out
}

impl Phrase {
    // Where it ends, if it stands at the first of these words.
    fn stands_at(&self, words: &[Word], text: &str) -> Option<usize> {
        let (last, first) = self.words.split_last()?;
        let end = words.get(first.len())?;
        let is_last = if self.is_open { end.plain.starts_with(last.as_str()) } else { end.plain == *last };
        if !is_last || !first.iter().zip(words).all(|(a, b)| *a == b.plain) {
            return None;
        }
        if self.sign.is_empty() {
            return Some(end.at.end);
        }
        let behind = &text[end.at.end..];
        let sign = behind.trim_start();
        sign.starts_with(&self.sign).then(|| end.at.end + (behind.len() - sign.len()) + self.sign.len())
    }
}
