//! Keeping text within its bound where the model that reads it is not known: a cut at a sentence or a
//! word by the tokens of o200k, and an estimate that errs on the high side. What simulated models say
//! and what lookups find is cut by it; it proves nothing, and what enters a step is counted again.

use flow_plan::Bound;
use flow_tokens::Counter;

/// The room a text has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// The most tokens.
    pub(crate) tokens: u64,
    /// The most characters.
    pub(crate) chars: u64,
}

impl Room {
    /// The room under a bound, and at most `most` tokens in any case.
    pub(crate) fn under(bound: Option<Bound>, most: u64) -> Room {
        match bound {
            Some(Bound::Tokens(tokens)) => Room { tokens: tokens.min(most), chars: u64::MAX },
            Some(Bound::Chars(chars)) => Room { tokens: most, chars },
            None => Room { tokens: most, chars: u64::MAX },
        }
    }

    /// Whether a text fits.
    pub(crate) fn holds(self, text: &str) -> bool {
        if text.chars().count() as u64 > self.chars {
            return false;
        }
        // Inside JSON a text is counted as JSON writes it.
        let quoted = serde_json::Value::from(text).to_string();
        let written = &quoted[1..quoted.len() - 1];
        Counter::O200k.count(text).max(Counter::O200k.count(written)) <= self.tokens
    }
}

/// The tokens of a text as a guess from above: a known tokenizer rarely finds more in plain prose.
///
/// A word of letters counts one for each four, digits one for each two, every other sign one, and all
/// together at least one for each three bytes.
pub(crate) fn tokens(text: &str) -> u64 {
    let (mut total, mut letters, mut digits) = (0u64, 0u64, 0u64);
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphabetic() => letters += 1,
            c if c.is_ascii_digit() => digits += 1,
            c => {
                total += letters.div_ceil(4) + digits.div_ceil(2);
                (letters, digits) = (0, 0);
                total += match c {
                    ' ' => 0,
                    c if c.is_ascii() => 1,
                    c => c.len_utf8() as u64 - 1,
                };
            }
        }
    }
    (total + letters.div_ceil(4) + digits.div_ceil(2)).max((text.len() as u64).div_ceil(3))
}

/// As many whole sentences as fit, joined; where not even the first does, its words.
pub(crate) fn fit<'a>(sentences: impl IntoIterator<Item = &'a str>, room: Room) -> String {
    let mut out = String::new();
    for sentence in sentences {
        let mut longer = out.clone();
        if !longer.is_empty() {
            longer.push(' ');
        }
        longer.push_str(sentence);
        if room.holds(&longer) {
            out = longer;
        } else if out.is_empty() {
            return fit_words(sentence, room);
        }
    }
    out
}

/// As many words as fit; where not even the first does, its characters.
pub(crate) fn fit_words(text: &str, room: Room) -> String {
    if room.holds(text) {
        return text.to_owned();
    }
    let words = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    let ends: Vec<usize> = words.collect();
    let whole = ends.partition_point(|&end| room.holds(&text[..end]));
    let cut = match whole.checked_sub(1) {
        Some(last) => &text[..ends[last]],
        None => {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let held = ends.partition_point(|&end| room.holds(&text[..end]));
            &text[..held.checked_sub(1).map_or(0, |last| ends[last])]
        }
    };
    cut.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '–' | '('))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_fall_between_sentences_then_words_then_characters() {
        let room = |tokens| Room { tokens, chars: u64::MAX };
        let sentences = ["You have 30 days.", "The box may be open, but whole."];
        assert_eq!(fit(sentences, room(100)), "You have 30 days. The box may be open, but whole.");
        assert_eq!(fit(sentences, room(6)), "You have 30 days.");
        assert_eq!(fit(sentences, room(4)), "You have 30");
        assert_eq!(fit(["incomprehensibility"], room(2)), "incompr");
        assert_eq!(fit(["anything"], room(0)), "");
        assert_eq!(fit(["thirty days"], Room { tokens: 9, chars: 7 }), "thirty");
    }
}
