//! Words and sentences of plain text, for whoever weighs texts against each other: the simulated
//! models, full-text search and the `grounded` guard.
//!
//! Rules, not a model: good for languages that set words apart with spaces; writing without spaces
//! (Chinese, Japanese, Thai) is taken apart into pairs of characters.

/// The sentences of a text, in order, each trimmed and with its line breaks turned into spaces.
///
/// A line break ends a sentence where a paragraph, heading, list item or labelled line does; inside a
/// wrapped paragraph it does not.
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut block = String::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || begins_block(line) || ends_block(&block, line) {
            split_block(&block, &mut out);
            block.clear();
        }
        if !block.is_empty() {
            block.push(' ');
        }
        block.push_str(line);
    }
    split_block(&block, &mut out);
    out
}

/// The words of a text as they stand: runs of letters and digits, with inner apostrophes and, between
/// digits, inner points and commas.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(char::is_alphanumeric)?;
        rest = &rest[start..];
        let end = word_end(rest);
        let (word, tail) = rest.split_at(end);
        rest = tail;
        Some(word)
    })
}

/// The words that carry meaning, in lower case and without their endings; pairs of characters for
/// writing without spaces.
pub(crate) fn stems(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for word in words(text) {
        if word.chars().any(is_unspaced) {
            out.extend(pairs(word));
            continue;
        }
        let lower = word.to_lowercase();
        if !is_stop_word(&lower) {
            out.push(stem(&lower));
        }
    }
    out
}

/// The pairs of neighbouring characters of a word in writing without spaces.
pub(crate) fn pairs(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    match chars.len() {
        0 | 1 => vec![word.to_owned()],
        _ => chars.windows(2).map(|w| w.iter().collect()).collect(),
    }
}

/// Whether a character belongs to writing without spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{2FA1F}')
}

/// A word without its English ending; any other word as it is. `word` is in lower case.
pub(crate) fn stem(word: &str) -> String {
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
    if word.len() <= 3 || !word.is_ascii() {
        return word.to_owned();
    }
    let cut = |suffix: &str, least: usize| word.strip_suffix(suffix).filter(|s| s.len() >= least);
    let base = if let Some(base) = cut("ies", 2).or_else(|| cut("ied", 2)) {
        return format!("{base}y");
    } else if let Some(base) = cut("sses", 1) {
        return format!("{base}ss");
    } else if let Some(base) = cut("ing", 3).or_else(|| cut("ed", 3)) {
        undouble(base)
    } else if word.ends_with("ss") || word.ends_with("us") {
        word
    } else if let Some(base) = cut("es", 3) {
        base
    } else if let Some(base) = cut("s", 3) {
        base
    } else {
        word
    };
    // `return`, `arrive` and `arriving` must meet, so a last silent `e` goes too.
    base.strip_suffix('e').filter(|b| b.len() >= 3).unwrap_or(base).to_owned()
}

/// Whether a word says nothing by itself. `word` is in lower case.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

#[rustfmt::skip]
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
    "because", "been", "before", "being", "but", "by", "can", "could", "did", "do", "does", "doing",
    "don't", "for", "from", "get", "had", "has", "have", "having", "he", "her", "here", "him", "his",
    "how", "i", "i'm", "if", "in", "into", "is", "it", "it's", "its", "just", "let", "like", "may", "me",
    "might", "more", "most", "much", "must", "my", "no", "not", "of", "on", "only", "or", "other", "our",
    "out", "over", "please", "s", "shall", "she", "should", "so", "some", "such", "t", "than", "thank",
    "thanks", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to",
    "too", "under", "up", "us", "very", "was", "we", "were", "what", "when", "where", "which", "while",
    "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
];

fn undouble(base: &str) -> &str {
    let bytes = base.as_bytes();
    match bytes {
        [.., a, b] if a == b && !matches!(a, b'l' | b's' | b'z' | b'e' | b'o') => &base[..base.len() - 1],
        _ => base,
    }
}

fn word_end(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, n)| *n);
        let inner = match c {
            '\'' | '’' => before.is_alphabetic() && next.is_alphabetic(),
            '.' | ',' => before.is_ascii_digit() && next.is_ascii_digit(),
            _ => false,
        };
        if !(c.is_alphanumeric() || inner) {
            return at;
        }
        before = c;
    }
    text.len()
}

// Headings, list items, table rows, quotes, `[id]` lines, tags, and `Label: …` lines.
fn begins_block(line: &str) -> bool {
    if line.starts_with(['#', '[', '|', '>', '<', '•', '{', '}'])
        || ["- ", "* ", "+ "].iter().any(|bullet| line.starts_with(bullet))
    {
        return true;
    }
    let after_digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    if after_digits.len() < line.len() && (after_digits.starts_with(". ") || after_digits.starts_with(") ")) {
        return true;
    }
    let label = line.split_once(':').map_or("", |(label, _)| label);
    !label.is_empty() && label.split(' ').count() <= 3 && label.starts_with(char::is_uppercase)
}

// What stands alone on its line, short and without a stop, is a title; so is a heading.
fn ends_block(block: &str, next: &str) -> bool {
    block.starts_with(['#', '[', '|'])
        || block.ends_with(['.', '!', '?', ':', '。', '！', '？'])
        || (block.chars().count() < 40 && !next.starts_with(char::is_lowercase))
}

fn split_block(block: &str, out: &mut Vec<String>) {
    let mut start = 0;
    let mut chars = block.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut end = at + c.len_utf8();
        match c {
            '。' | '！' | '？' => {}
            '.' | '!' | '?' => {
                while let Some((_, closing)) =
                    chars.next_if(|(_, c)| matches!(c, '.' | '!' | '?' | '"' | '\'' | ')' | '”' | '’' | ']'))
                {
                    end += closing.len_utf8();
                }
                let mut after = block[end..].chars();
                let spaced = after.next().is_some_and(char::is_whitespace);
                let begins = after.next().is_some_and(|c| !c.is_lowercase());
                if !spaced || !begins || (c == '.' && is_abbreviation(&block[start..at])) {
                    continue;
                }
            }
            _ => continue,
        }
        push_sentence(&block[start..end], out);
        start = end;
    }
    push_sentence(&block[start..], out);
}

fn push_sentence(sentence: &str, out: &mut Vec<String>) {
    let sentence = sentence.trim();
    if sentence.contains(char::is_alphanumeric) {
        out.push(sentence.to_owned());
    }
}

/// Whether the word at the end of a text, without its point, is one that is shortened.
pub(crate) fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit([' ', '(', '"']).next().unwrap_or_default();
    matches!(
        word,
        "Mr" | "Mrs"
            | "Ms"
            | "Dr"
            | "Prof"
            | "St"
            | "No"
            | "Nr"
            | "vs"
            | "e.g"
            | "i.e"
            | "etc"
            | "approx"
            | "Inc"
            | "Ltd"
            | "Co"
    ) || (word.chars().count() == 1 && word.starts_with(char::is_uppercase))
        // A list number: `2. Send it back`.
        || (before.trim() == word && word.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_survive_abbreviations_wraps_and_lists() {
        let text = "# Returns\nDr. Ann allows returns within 30\ndays, e.g. shoes, of any size. Refunds cost $1.50!\n\n- No fee\n2. Keep the box";
        assert_eq!(
            sentences(text),
            [
                "# Returns",
                "Dr. Ann allows returns within 30 days, e.g. shoes, of any size.",
                "Refunds cost $1.50!",
                "- No fee",
                "2. Keep the box",
            ]
        );
        assert_eq!(sentences("三十天。可以退货。"), ["三十天。", "可以退货。"]);
    }

    #[test]
    fn words_keep_apostrophes_and_decimals() {
        let found: Vec<&str> = words("Don't pay 1,200.50 (or 'more').").collect();
        assert_eq!(found, ["Don't", "pay", "1,200.50", "or", "more"]);
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        for forms in [
            ["return", "returns", "returned", "returning"],
            ["arrive", "arrives", "arrived", "arriving"],
            ["ship", "ships", "shipped", "shipping"],
            ["reply", "replies", "replied", "reply's"],
        ] {
            let stems: Vec<String> = forms.iter().map(|f| stem(f)).collect();
            assert!(stems.iter().all(|s| *s == stems[0]), "{stems:?}");
        }
    }

    #[test]
    fn stop_words_are_sorted_and_dropped() {
        assert!(STOP_WORDS.is_sorted());
        assert_eq!(stems("How long do I have to return shoes?"), ["long", "return", "sho"]);
        assert_eq!(stems("退货政策"), ["退货", "货政", "政策"]);
    }
}
