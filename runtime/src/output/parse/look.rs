//! Looking ahead: white space, comments, and whether a key stands at a place.

use super::{Keys, field_of};
use std::cell::Cell;

/// Where comments end, once looked for. A line full of signs that might begin a comment is then still
/// read once.
#[derive(Default)]
pub(super) struct Seen {
    /// A stretch without a line break, and its end.
    line: Cell<(usize, usize)>,
    /// A stretch without `*/`, and its end.
    block: Cell<(usize, usize)>,
    /// The last quote or closing brace of the text.
    last_mark: Cell<Option<usize>>,
}

impl Seen {
    fn line_end(&self, text: &str, at: usize) -> usize {
        let (from, to) = self.line.get();
        if (from..to).contains(&at) {
            return to;
        }
        let rest = &text.as_bytes()[at..];
        let end = match rest.iter().position(|b| *b == b'\n') {
            Some(len) => at + len,
            // All stands on one line, so the brackets in it are not part of the comment.
            None => at + rest.iter().position(|b| matches!(b, b'}' | b']')).unwrap_or(rest.len()),
        };
        self.line.set((at, end));
        end
    }

    fn block_end(&self, text: &str, at: usize) -> usize {
        let (from, to) = self.block.get();
        if (from..to).contains(&at) {
            return to;
        }
        let found = text.as_bytes()[at..].windows(2).position(|pair| pair == b"*/");
        let end = found.map_or(text.len(), |n| at + n + 2);
        self.block.set((at, end));
        end
    }

    /// Whether a quote or a closing brace stands from `at` on.
    pub(super) fn has_mark(&self, text: &str, at: usize) -> bool {
        let last = self.last_mark.get().unwrap_or_else(|| {
            let last = text.rfind(['"', '}']).unwrap_or(0);
            self.last_mark.set(Some(last));
            last
        });
        last >= at
    }
}

/// What was skipped besides white space.
#[derive(Clone, Copy, Default)]
pub(super) struct Skipped {
    pub(super) comment: bool,
    pub(super) invisible: bool,
}

/// The first byte from `at` on that is neither white space nor a comment.
#[inline]
pub(super) fn skip(text: &str, at: usize, seen: &Seen) -> (usize, Skipped) {
    match text.as_bytes().get(at) {
        // Most often there is nothing to skip.
        Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'"' | b',' | b':' | b'{' | b'}') => {
            (at, Skipped::default())
        }
        _ => skip_all(text, at, seen),
    }
}

fn skip_all(text: &str, mut at: usize, seen: &Seen) -> (usize, Skipped) {
    let bytes = text.as_bytes();
    let mut found = Skipped::default();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                found.comment = true;
                at = seen.line_end(text, at);
            }
            // `# ` as in Python; `#tag` is a word.
            b'#' if matches!(bytes.get(at + 1), Some(b' ' | b'#' | b'\n')) => {
                found.comment = true;
                at = seen.line_end(text, at);
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                found.comment = true;
                at = seen.block_end(text, at + 2);
            }
            b'-' | b'*' | 0xe2 if bullet(bytes, at) > 0 => {
                found.comment = true;
                at += bullet(bytes, at);
            }
            0..0x20 | 0x7f => {
                found.invisible = true;
                at += 1;
            }
            0xc2 if bytes.get(at + 1) == Some(&0xa0) => {
                found.invisible = true;
                at += 2;
            }
            0xe2 | 0xe3 | 0xef if invisible(&bytes[at..]) => {
                found.invisible = true;
                at += 3;
            }
            _ => break,
        }
    }
    (at, found)
}

// How long a bullet is that stands here at the start of a line, before a text in quotes: none is 0.
fn bullet(bytes: &[u8], at: usize) -> usize {
    let len =
        ["-", "*", "•"].iter().find(|sign| bytes[at..].starts_with(sign.as_bytes())).map_or(0, |s| s.len());
    let before = bytes[..at].iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
    let behind = spaces(bytes, at + len);
    let is_bullet =
        len > 0 && before == Some(&b'\n') && behind > at + len && bytes.get(behind) == Some(&b'"');
    if is_bullet { len } else { 0 }
}

/// The same where only a key or a brace can stand: a line that begins with `#note` is a comment there.
pub(super) fn skip_notes(text: &str, at: usize, seen: &Seen) -> (usize, Skipped) {
    let (mut at, mut found) = skip(text, at, seen);
    while let Some(end) = note_end(text.as_bytes(), at) {
        let (next, more) = skip(text, end, seen);
        found.comment = true;
        found.invisible |= more.invisible;
        at = next;
    }
    (at, found)
}

// Where the line ends that is a comment without a space behind its sign. A line that holds fields or
// brackets is more than a remark.
fn note_end(bytes: &[u8], at: usize) -> Option<usize> {
    let is_apart = at > 0 && matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b',' | b';' | b'{');
    if bytes.get(at) != Some(&b'#') || !is_apart {
        return None;
    }
    let is_sign = |b: &u8| matches!(b, b'\n' | b':' | b'=' | b'{' | b'}' | b'[' | b']');
    let end = at + bytes[at..].iter().take(LONGEST_NOTE).position(is_sign)?;
    (bytes[end] == b'\n').then_some(end)
}

/// Whether a key and its colon stand here.
///
/// A key in quotes may be any; one without is one that is known, or a single word where none is.
pub(super) fn is_key(text: &str, at: usize, keys: Keys<'_>) -> bool {
    key(text, at, keys).is_some()
}

/// Whether a key of the type stands here without its quotes and its colon, before a value in quotes.
pub(super) fn is_lone_key(text: &str, at: usize, keys: Keys<'_>) -> bool {
    let (Some(record), Some(end)) = (keys, bare_key_end(text, at)) else { return false };
    let behind = spaces(text.as_bytes(), end);
    behind > end && is_quote(&text.as_bytes()[behind..]) && field_of(record, &text[at..end]).is_some()
}

/// Whether a word without quotes and a colon stand here.
pub(super) fn is_bare_key(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    bare_key_end(text, at).is_some_and(|end| bytes.get(spaces(bytes, end)) == Some(&b':'))
}

/// Whether a key in quotes and its colon stand here.
pub(super) fn is_quoted_key(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    quoted(bytes, at).is_some_and(|(_, behind)| bytes.get(spaces(bytes, behind)) == Some(&b':'))
}

/// Whether a key in quotes stands here that the type has.
pub(super) fn is_known_key(text: &str, at: usize, keys: Keys<'_>) -> bool {
    let (Some(record), Some((end, _))) = (keys, quoted(text.as_bytes(), at)) else { return false };
    let name = text.get(at..end).unwrap_or("").trim_start_matches(QUOTES);
    field_of(record, name).is_some()
}

/// Whether this key stands here in quotes.
pub(super) fn is_this_key(text: &str, at: usize, key: &str) -> bool {
    let end = quoted(text.as_bytes(), at).map(|(end, _)| end);
    end.and_then(|end| text.get(at..end)).is_some_and(|found| found.trim_start_matches(QUOTES) == key)
}

/// Whether a text in quotes stands here, and behind it a comma or a brace, as in a set of Python.
pub(super) fn is_of_a_set(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let behind = quoted(bytes, at).map(|(_, behind)| spaces(bytes, behind));
    behind.is_some_and(|behind| matches!(bytes.get(behind), Some(b',' | b'}')))
}

/// Whether a key without quotes stands here that the type has, with its colon and a value.
pub(super) fn is_known_word(text: &str, at: usize, keys: Keys<'_>) -> bool {
    let is_word = text.as_bytes()[at].is_ascii_alphabetic();
    let colon = keys.and_then(|_| key(text, at, keys)).filter(|_| is_word);
    colon.is_some_and(|colon| is_value_start(text, spaces(text.as_bytes(), colon + 1)))
}

/// The number that counts an element of a list.
pub(super) struct Label {
    pub(super) number: u64,
    /// Whether an arrow behind it or brackets around it mark it as one that counts.
    pub(super) is_marked: bool,
    pub(super) end: usize,
}

/// The number and its sign that stand here: `0: `, `0 => `, `0 = `, `[0]: `.
pub(super) fn label(text: &str, at: usize) -> Option<Label> {
    let rest = text.get(at..)?;
    let inside = rest.strip_prefix('[');
    let digits = inside.unwrap_or(rest);
    let len = digits.bytes().take(5).take_while(u8::is_ascii_digit).count();
    let number = digits[..len].parse().ok().filter(|_| len <= 4)?;
    let mut behind = &digits[len..];
    if inside.is_some() {
        behind = behind.strip_prefix(']')?;
    }
    behind = behind.trim_start_matches(' ');
    let sign = behind.strip_prefix([':', '='])?;
    let arrow = sign.trim_start_matches(' ').strip_prefix('>').filter(|_| behind.starts_with('='));
    let value = arrow.unwrap_or(sign);
    // `12:30` is a time.
    let is_apart = value.starts_with(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '{' | '['));
    let end = text.len() - value.len();
    is_apart.then_some(Label { number, is_marked: arrow.is_some() || inside.is_some(), end })
}

const QUOTES: [char; 7] = ['"', '\'', '`', '“', '”', '‘', '’'];

/// Whether a fence of three backticks stands here.
pub(super) fn is_fence(text: &str, at: usize) -> bool {
    text.as_bytes()[at..].starts_with(b"```")
}

/// How long a key may be, in bytes.
pub(in crate::output) const LONGEST_KEY: usize = 128;

/// How long a comment of this kind may be, in bytes.
const LONGEST_NOTE: usize = 256;

// Where the colon is, or the sign that stands for it.
fn key(text: &str, at: usize, keys: Keys<'_>) -> Option<usize> {
    let bytes = text.as_bytes();
    if let Some((end, behind)) = quoted(bytes, at) {
        let colon = spaces(bytes, behind);
        return match bytes.get(colon) {
            Some(b':' | b'=') => Some(colon),
            Some(b'-') if bytes.get(colon + 1) == Some(&b'>') => Some(colon),
            Some(_) if is_value_start(text, colon) => {
                let name = text.get(at..end)?.trim_start_matches(QUOTES);
                keys.is_some_and(|record| field_of(record, name).is_some()).then_some(colon)
            }
            _ => None,
        };
    }
    let end = bare_key_end(text, at)?;
    // A key whose opening quote is missing.
    let behind = end + usize::from(bytes.get(end) == Some(&b'"'));
    let colon = spaces(bytes, behind);
    let is_url = bytes.get(colon + 1) == Some(&b'/') && bytes.get(colon + 2) == Some(&b'/');
    let is_colon = matches!(bytes.get(colon), Some(b':' | b'='));
    if !is_colon || is_url {
        return None;
    }
    let word = text[at..end].trim_end();
    let is_known = match keys {
        Some(record) => field_of(record, word).is_some(),
        None => behind == end && !word.contains(' ') && bytes[colon] == b':',
    };
    is_known.then_some(colon)
}

/// Whether a value in quotes, a number, a list, an object or a word of JSON begins here.
pub(super) fn is_value_start(text: &str, at: usize) -> bool {
    let Some(rest) = text.get(at..) else { return false };
    let is_word = ["true", "false", "null"].iter().any(|word| {
        rest.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    });
    is_word
        || is_quote(rest.as_bytes())
        || rest.starts_with(|c: char| matches!(c, '{' | '[' | '-') || c.is_ascii_digit())
}

fn is_quote(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'"' | b'\''))
        || ["“", "”", "‘", "’"].iter().any(|q| bytes.starts_with(q.as_bytes()))
}

/// Where a key of other signs than those of a name ends, right before its colon: `a/b!: 1`.
pub(super) fn odd_key_end(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let is_sign = |c: char| c.is_whitespace() || "\"'`“”‘’{}[](),;:=".contains(c);
    let end = rest.char_indices().take(LONGEST_KEY).find(|(_, c)| is_sign(*c))?.0;
    // What follows a colon without a space may be an address or a time.
    let is_key = end > 0 && rest[end..].starts_with(": ");
    is_key.then_some(at + end)
}

/// Where a key without quotes that starts here ends, spaces inside it included.
pub(super) fn bare_key_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let last = bytes.len().min(at + LONGEST_KEY);
    let (mut end, mut next) = (at, at);
    while next < last {
        match bytes[next] {
            b'_' | b'-' | b'$' | b'.' => next += 1,
            byte if byte.is_ascii_alphanumeric() => next += 1,
            b' ' if next > at => {
                next += 1;
                continue;
            }
            0x80.. => {
                let letter = text.get(next..)?.chars().next().filter(|c| c.is_alphanumeric());
                let Some(letter) = letter else { break };
                next += letter.len_utf8();
            }
            _ => break,
        }
        end = next;
    }
    (end > at).then_some(end)
}

// Where a short text in quotes that starts here ends, and its quote.
fn quoted(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let open = *bytes.get(at)?;
    let (close, open_len): (&[&[u8]], usize) = match open {
        b'"' | b'\'' | b'`' => (&[], 1),
        0xe2 if bytes[at..].starts_with("“".as_bytes()) || bytes[at..].starts_with("”".as_bytes()) => {
            (&["”".as_bytes(), "“".as_bytes(), b"\""], 3)
        }
        0xe2 if bytes[at..].starts_with("‘".as_bytes()) || bytes[at..].starts_with("’".as_bytes()) => {
            (&["’".as_bytes(), "‘".as_bytes(), b"'"], 3)
        }
        _ => return None,
    };
    let start = at + open_len;
    let last = bytes.len().min(start + LONGEST_KEY);
    let mut i = start;
    while i < last {
        match bytes[i] {
            b'\n' => return None,
            b'\\' => {
                i += 2;
                continue;
            }
            byte if byte == open && open_len == 1 => return (i > start).then_some((i, i + 1)),
            _ => {}
        }
        if let Some(close) = close.iter().find(|close| bytes[i..].starts_with(close)) {
            return (i > start).then_some((i, i + close.len()));
        }
        i += 1;
    }
    None
}

fn spaces(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

// A byte order mark, a space of another width, or a separator of lines.
fn invisible(bytes: &[u8]) -> bool {
    if let [0xe2, 0x80, 0x80..=0x8d, ..] | [0xe3, 0x80, 0x80, ..] = bytes {
        return true;
    }
    ["\u{feff}", "\u{2060}", "\u{2028}", "\u{2029}", "\u{202f}", "\u{205f}"]
        .iter()
        .any(|c| bytes.starts_with(c.as_bytes()))
}
