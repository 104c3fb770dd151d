//! The words of a file: a flat list for everyone who needs tokens rather than a tree.
//!
//! In: text. Out: [`Token`]s in order, with blanks left out.
//! Not here: what they mean together. The literals agree with `flow.pest`, and a test keeps it so.

use std::ops::Range;

/// A word with its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// The offset of its first byte.
    pub start: usize,
    /// The offset behind its last byte.
    pub end: usize,
}

impl Token {
    /// Its bytes.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// The kinds of words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// A name or a keyword.
    Word,
    /// `12`, `0.5`, `40%`, `5s`, `2k`.
    Number,
    /// `$0.02`.
    Money,
    /// `"text"`.
    Text,
    /// `"text` up to the line's end.
    OpenText,
    /// `"""text"""`.
    TextBlock,
    /// `"""text` up to the next declaration.
    OpenTextBlock,
    /// `// …`.
    Comment,
    /// `/// …`.
    Doc,
    /// `//! …`.
    FileDoc,
    /// The end of a line.
    Newline,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// Operators and separators.
    Sign,
    /// A character that has no place in a program.
    Unknown,
}

/// The words of a text.
pub fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 5 + 1);
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        if matches!(byte, b' ' | b'\t' | b'\r') {
            at += 1;
            continue;
        }
        if text[at..].starts_with('\u{feff}') {
            at += '\u{feff}'.len_utf8();
            continue;
        }
        let (kind, end) = next(text, at);
        tokens.push(Token { kind, start: at, end });
        at = end;
    }
    tokens
}

const SIGNS: [&str; 10] = ["->", "=>", "==", "!=", "<=", ">=", "??", "..", "&&", "||"];

fn next(text: &str, at: usize) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    let rest = &text[at..];
    match bytes[at] {
        b'\n' => (TokenKind::Newline, at + 1),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => (TokenKind::Word, skip(bytes, at, is_word)),
        b'0'..=b'9' => (TokenKind::Number, number(bytes, at)),
        b'$' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
            (TokenKind::Money, suffix(bytes, digits(bytes, at + 1)))
        }
        b'"' if rest.starts_with("\"\"\"") => text_block(text, at),
        b'"' => text_line(bytes, at),
        b'/' if rest.starts_with("//") => {
            let kind = match bytes.get(at + 2) {
                Some(b'!') => TokenKind::FileDoc,
                Some(b'/') if bytes.get(at + 3) != Some(&b'/') => TokenKind::Doc,
                _ => TokenKind::Comment,
            };
            (kind, line_end(text, at))
        }
        b'(' | b'[' | b'{' => (TokenKind::Open, at + 1),
        b')' | b']' | b'}' => (TokenKind::Close, at + 1),
        _ if SIGNS.iter().any(|s| rest.starts_with(s)) => (TokenKind::Sign, at + 2),
        b'=' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/' | b'%' | b'?' | b':' | b',' | b'.' | b'|' => {
            (TokenKind::Sign, at + 1)
        }
        _ => (TokenKind::Unknown, at + rest.chars().next().map_or(1, char::len_utf8)),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn skip(bytes: &[u8], mut at: usize, while_true: impl Fn(u8) -> bool) -> usize {
    while bytes.get(at).is_some_and(|b| while_true(*b)) {
        at += 1;
    }
    at
}

// `12`, `1_000`, `0.5`, without a suffix.
fn digits(bytes: &[u8], at: usize) -> usize {
    let digit = |b: u8| b.is_ascii_digit() || b == b'_';
    let end = skip(bytes, at, digit);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        return skip(bytes, end + 1, digit);
    }
    end
}

fn suffix(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at).is_some_and(u8::is_ascii_alphabetic) { skip(bytes, at, is_word) } else { at }
}

fn number(bytes: &[u8], at: usize) -> usize {
    let end = digits(bytes, at);
    let percent = bytes.get(end) == Some(&b'%')
        && !bytes.get(end + 1).is_some_and(|b| is_word(*b) || matches!(b, b'(' | b'$'));
    if percent { end + 1 } else { suffix(bytes, end) }
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |i| at + i)
}

fn text_line(bytes: &[u8], start: usize) -> (TokenKind, usize) {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None | Some(b'\n') => return (TokenKind::OpenText, at),
            Some(b'"') => return (TokenKind::Text, at + 1),
            Some(b'\\') if bytes.get(at + 1).is_some_and(|b| *b != b'\n') => at += 2,
            Some(_) => at += 1,
        }
    }
}

fn text_block(text: &str, start: usize) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    let mut at = start + 3;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' if bytes[at..].starts_with(b"\"\"\"") => return (TokenKind::TextBlock, at + 3),
            b'\\' if bytes.get(at + 1).is_some_and(|b| *b != b'\n') => at += 2,
            b'\n' if declares(line(text, at + 1)) => return (TokenKind::OpenTextBlock, at),
            _ => at += 1,
        }
    }
    (TokenKind::OpenTextBlock, text.len())
}

pub(crate) fn line(text: &str, start: usize) -> &str {
    &text[start..line_end(text, start)]
}

/// The keywords that open a declaration.
pub const ITEM_WORDS: [&str; 13] = [
    "import", "const", "type", "enum", "model", "prompt", "lookup", "guard", "action", "flow", "batch",
    "test", "eval",
];

/// Every word that `flow.pest` names, in the order of the alphabet. Each is a keyword in its place,
/// and may be a name in any other.
pub const KEYWORDS: [&str; 48] = [
    "action",
    "and",
    "as",
    "batch",
    "bit",
    "bits",
    "char",
    "chars",
    "const",
    "each",
    "else",
    "enum",
    "eval",
    "expect",
    "flow",
    "from",
    "guard",
    "hold",
    "if",
    "import",
    "in",
    "let",
    "lookup",
    "match",
    "model",
    "not",
    "or",
    "private",
    "prompt",
    "redact",
    "repeat",
    "reply",
    "retry",
    "return",
    "score",
    "similar",
    "stop",
    "test",
    "to",
    "token",
    "tokens",
    "truncate",
    "trusted",
    "type",
    "until",
    "untrusted",
    "up",
    "yield",
];

/// The declaration's keyword and what follows it, where a line begins like a declaration.
pub(crate) fn item_line(line: &str) -> Option<(&str, &str)> {
    // Most lines are indented.
    line.as_bytes().first().filter(|b| b.is_ascii_lowercase())?;
    let word = ITEM_WORDS.into_iter().find(|w| line.starts_with(w))?;
    let rest = &line[word.len()..];
    let after = rest.trim_start_matches([' ', '\t']);
    let first = after.as_bytes().first()?;
    let named = first.is_ascii_alphabetic() || matches!(first, b'_' | b'"');
    (after.len() < rest.len() && named).then_some((word, after))
}

/// Whether a line can only be the head of a declaration, even where text is expected: a text block
/// that is not closed ends in front of it.
fn declares(line: &str) -> bool {
    let Some((word, after)) = item_line(line) else { return false };
    let name = skip(after.as_bytes(), 0, is_word);
    let next = after[name..].trim_start();
    match word {
        "import" => after.rsplit_once(" from ").is_some_and(|(_, from)| {
            let from = from.trim_start();
            from.starts_with('"')
                || from.split_once('.').is_some_and(|(m, _)| !m.is_empty() && m.bytes().all(is_word))
        }),
        "const" => next.starts_with([':', '=']),
        "type" => next.starts_with(['{', '=']),
        "model" => next.starts_with('='),
        "prompt" | "lookup" | "guard" | "action" => next.starts_with('('),
        "flow" => next.starts_with(['(', '{']) || next.starts_with("->"),
        "test" => after.starts_with('"') && line.trim_end().ends_with('{'),
        _ => next.starts_with('{'),
    }
}
