//! Texts in quotes of any kind, with what models forget to escape in them.
//!
//! Here a text is read up to its end; where that is, `ends` decides.

use super::ends::{Ends, is_in_word, is_inner};
use super::escape::{Escapes, unescaped};
use super::look;
use super::{Around, Parser, Repair, Spot, doubt};
use crate::output::fault::Fault;
use std::borrow::Cow;

/// How a text opens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    Double,
    Single,
    Backtick,
    SmartDouble,
    SmartSingle,
    Triple(&'static str),
}

impl Quote {
    fn opening(self) -> usize {
        match self {
            Quote::Double | Quote::Single | Quote::Backtick => 1,
            Quote::SmartDouble | Quote::SmartSingle | Quote::Triple(_) => 3,
        }
    }
}

/// What is known of a text so far.
pub(super) struct Seen {
    /// Where it starts.
    pub(super) start: usize,
    /// Quotes inside it that are not apostrophes.
    pub(super) inner: usize,
    /// How many of them stand inside a word.
    pub(super) in_words: usize,
    /// Whether there are apostrophes that could have ended it.
    pub(super) apostrophe: bool,
    /// Where the last of them is.
    pub(super) last: usize,
    /// Braces and brackets it has opened and not closed.
    pub(super) open: i64,
    /// Its escapes.
    pub(super) escapes: Escapes,
    /// Whether an opening smart quote stands in it.
    pub(super) smart: bool,
    /// Whether it has escapes, or line breaks that are not escaped.
    pub(super) escaped: bool,
    pub(super) broken: bool,
}

/// The bytes of a text that are looked at; any other is a part of it.
const SIGNS: [bool; 256] = {
    let mut signs = [false; 256];
    let mut byte = 0;
    while byte < signs.len() {
        let is_sign = matches!(byte as u8, b'\\' | b'{' | b'[' | b'}' | b']' | b'"' | b'\'' | b'`' | 0xe2);
        signs[byte] = is_sign || byte < 0x20;
        byte += 1;
    }
    signs
};

impl<'t> Parser<'t> {
    /// The quote that a text opens with here.
    pub(super) fn quote(&self) -> Option<Quote> {
        let rest = self.rest();
        match rest.as_bytes().first()? {
            b'"' if rest.starts_with("\"\"\"") => Some(Quote::Triple("\"\"\"")),
            b'"' => Some(Quote::Double),
            b'\'' if rest.starts_with("'''") => Some(Quote::Triple("'''")),
            b'\'' => Some(Quote::Single),
            b'`' if rest.starts_with("```") => Some(Quote::Triple("```")),
            b'`' => Some(Quote::Backtick),
            0xe2 if rest.starts_with(['“', '”', '„']) => Some(Quote::SmartDouble),
            0xe2 if rest.starts_with(['‘', '’']) => Some(Quote::SmartSingle),
            _ => None,
        }
    }

    pub(super) fn string(&mut self, quote: Quote, spot: Spot<'_>) -> Result<Cow<'t, str>, Fault> {
        if quote != Quote::Double {
            self.repairs.add(Repair::Quotes);
        }
        if let Quote::Triple(mark) = quote {
            return self.block(mark);
        }
        let (bytes, before) = (self.text.as_bytes(), self.repairs);
        let mut at = self.at + quote.opening();
        let mut seen = Seen {
            start: at,
            inner: 0,
            in_words: 0,
            apostrophe: false,
            last: at,
            open: 0,
            escapes: Escapes::default(),
            smart: false,
            escaped: false,
            broken: false,
        };
        let mut owned = String::new();
        let mut from = at;
        let is_key = matches!(spot, Spot::Key(_));
        let last = if is_key { bytes.len().min(at + look::LONGEST_KEY + 1) } else { bytes.len() };
        loop {
            while at < last && !SIGNS[usize::from(bytes[at])] {
                at += 1;
            }
            if is_key && at - seen.start > look::LONGEST_KEY {
                return Err(Fault::NotJson(seen.start, "a key is too long"));
            }
            let Some(&byte) = bytes.get(at) else {
                self.repairs = before;
                return self.other_quote(quote, spot, &seen);
            };
            match byte {
                b'\\' => {
                    owned.push_str(&self.text[from..at]);
                    seen.escapes.note(&bytes[at + 1..]);
                    seen.escaped = true;
                    at = self.escape(at, &mut owned)?;
                    from = at;
                    continue;
                }
                b'{' | b'[' => seen.open += 1,
                b'}' | b']' => seen.open -= 1,
                0..0x20 => {
                    self.repairs.add(Repair::ControlCharacter);
                    seen.broken |= byte == b'\n';
                }
                b'"' | b'\'' | b'`' | 0xe2 => {
                    let len = closing(quote, &bytes[at..], seen.smart);
                    if len == 0 {
                        seen.smart |= self.text[at..].starts_with('“');
                        at += 1;
                        continue;
                    }
                    if quote == Quote::Backtick && look::is_fence(self.text, at) {
                        return Err(Fault::Unsure(at, "another quote may end a text"));
                    }
                    match self.ends(at, len, spot, &seen) {
                        // What was taken for a quote inside may be the start of what was cut off, and so may
                        // a quote that opens a quotation.
                        Ends::Yes
                            if (seen.inner > 0 || at > seen.start && is_opening(&self.text[..at]))
                                && self.next(at + len) == bytes.len() =>
                        {
                            return Err(self.cut("a text may not be finished"));
                        }
                        // A key and its value may have become one.
                        Ends::Yes
                            if is_key
                                && seen.inner > 0
                                && self.text[seen.start..at].contains([':', ',', '\n', '{', '[', ']']) =>
                        {
                            return Err(Fault::Unsure(at, "it is not clear where a key ends"));
                        }
                        // One quote inside: it may as well be the other one that ends the text.
                        Ends::Yes if seen.inner % 2 == 1 && !is_inner(self.text, at, spot, &seen) => {
                            let Some(end) = line_end(self.text, spot, &seen) else {
                                return Err(Fault::Unsure(at, "it is not clear where a text ends"));
                            };
                            if doubt::is_past_its_end(&self.text[seen.start..end]) {
                                return Err(Fault::Unsure(at, "another quote may end a text"));
                            }
                            self.repairs.add(Repair::MissingQuote);
                            self.at = end;
                            return Ok(Cow::Borrowed(&self.text[seen.start..end]));
                        }
                        // `""yes""`: the quotes are doubled, or they belong to the text.
                        Ends::Yes if is_doubled(&self.text[seen.start..at], &seen) => {
                            return Err(Fault::Unsure(
                                seen.start,
                                "its quotes may be doubled or a part of it",
                            ));
                        }
                        // An apostrophe, with the rest of the text cut off.
                        Ends::Yes
                            if matches!(quote, Quote::Single | Quote::SmartSingle)
                                && self.text[..at].ends_with(char::is_alphabetic)
                                && self.next(at + len) == bytes.len()
                                && !self.around.is_empty() =>
                        {
                            return Err(self.cut("a text may not be finished"));
                        }
                        // `"a,""key": …`
                        Ends::Yes
                            if self.text[..at].ends_with(',') && self.text[at + len..].starts_with('"') =>
                        {
                            return Err(Fault::Unsure(at, "it is not clear where a text ends"));
                        }
                        Ends::Yes if doubt::is_swallowing(quote, spot, &self.text[seen.start..at], &seen) => {
                            return Err(Fault::Unsure(at, "it is not clear where a text ends"));
                        }
                        Ends::Yes => {
                            if byte == 0xe2 {
                                self.repairs.add(Repair::Quotes);
                            }
                            if seen.inner > 0 || seen.apostrophe {
                                self.repairs.add(Repair::InnerQuote);
                            }
                            let tail = &self.text[from..at];
                            // `'a', 'b's, 'c'`: a quote that opens the next element stands in this one.
                            if matches!((quote, spot), (Quote::Single, Spot::Element))
                                && self.text[seen.start..at].contains(", '")
                            {
                                return Err(Fault::Unsure(at, "it is not clear where a text ends"));
                            }
                            self.at = at + len;
                            return self.settled(&seen, at, finished(owned, tail));
                        }
                        Ends::Before(end) if end >= from => {
                            self.repairs.add(Repair::MissingQuote);
                            self.at = end;
                            let tail = self.text[from..end].trim_end();
                            let inside = &self.text[seen.start..from + tail.len()];
                            // The quote behind a backslash, too: `"C:\dir\", "next"`.
                            let is_other = tail.is_empty() && doubt::ends_with_quote(&owned);
                            if seen.open < 0 || is_other || doubt::is_past_its_end(inside) {
                                return Err(Fault::Unsure(at, "another quote may end a text"));
                            }
                            return self.settled(&seen, from + tail.len(), finished(owned, tail));
                        }
                        Ends::Before(_) | Ends::Unsure => {
                            return Err(Fault::Unsure(at, "it is not clear where a text ends"));
                        }
                        Ends::No if is_apostrophe(self.text, at, len) => seen.apostrophe = true,
                        // What would open a quotation here closes one.
                        Ends::No if seen.inner.is_multiple_of(2) && self.is_closing(at, len, spot) => {
                            return Err(Fault::Unsure(at, "it is not clear where a text ends"));
                        }
                        Ends::No => {
                            seen.inner += 1;
                            seen.in_words += usize::from(is_in_word(self.text, at, len));
                            seen.last = at;
                        }
                    }
                    at += len;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    // A text that ends at a byte offset, where its escapes can be trusted.
    fn settled(&self, seen: &Seen, end: usize, text: Cow<'t, str>) -> Result<Cow<'t, str>, Fault> {
        if !seen.escapes.are_mixed() {
            return Ok(text);
        }
        match unescaped(&self.text[seen.start..end]) {
            Some(text) => Ok(Cow::Owned(text)),
            None => Err(Fault::Unsure(seen.start, "it is not clear what its backslashes stand for")),
        }
    }

    // A text at the end of all whose closing quote is missing or another one, where the brackets around it
    // show that it is whole.
    fn other_quote(&mut self, quote: Quote, spot: Spot<'_>, seen: &Seen) -> Result<Cow<'t, str>, Fault> {
        let cut = self.cut("a text is not finished");
        if matches!(spot, Spot::Key(_)) || self.around.is_empty() || seen.inner > 0 || seen.apostrophe {
            return Err(cut);
        }
        let rest = &self.text[seen.start..];
        // `'text"}`, or a text and the brackets on lines of their own.
        let (inside, behind, len) = match rest.split_once('"').filter(|_| quote == Quote::Single) {
            Some((inside, behind)) => (inside, behind, 1),
            None => match rest.split_once('\n') {
                Some((inside, behind)) if !inside.trim().is_empty() => (inside.trim_end(), behind, 0),
                _ => return Err(cut),
            },
        };
        let brackets: String = behind.chars().filter(|c| matches!(c, '}' | ']')).collect();
        let wanted: String =
            self.around.iter().rev().map(|a| if *a == Around::List { ']' } else { '}' }).collect();
        if len == 0 && doubt::is_past_its_end(inside) {
            return Err(Fault::Unsure(seen.start, "another quote may end a text"));
        }
        let is_all = behind.chars().all(|c| c.is_whitespace() || matches!(c, '}' | ']' | '`'));
        let is_plain = !inside.contains(['\\', '\n', '{', '[', '"']) && (len > 0 || !inside.ends_with(','));
        if !is_all || brackets != wanted || !is_plain {
            return Err(cut);
        }
        self.at = seen.start + inside.len() + len;
        if len == 0 {
            self.repairs.add(Repair::MissingQuote);
        }
        Ok(Cow::Borrowed(inside))
    }
}

// How long the quote at the start is, where it may close a text; 0 where it may not.
fn closing(quote: Quote, bytes: &[u8], has_smart: bool) -> usize {
    let starts = |text: &str| bytes.starts_with(text.as_bytes());
    match quote {
        Quote::Double if bytes[0] == b'"' => 1,
        // A text that opens straight and closes bent.
        Quote::Double if starts("”") && !has_smart => 3,
        Quote::Single if bytes[0] == b'\'' => 1,
        Quote::Backtick if bytes[0] == b'`' => 1,
        Quote::SmartDouble if bytes[0] == b'"' => 1,
        Quote::SmartDouble if starts("”") || starts("“") => 3,
        Quote::SmartSingle if bytes[0] == b'\'' => 1,
        Quote::SmartSingle if starts("’") || starts("‘") => 3,
        _ => 0,
    }
}

fn is_apostrophe(text: &str, at: usize, len: usize) -> bool {
    let is_letter = |c: char| c.is_alphanumeric();
    let is_double = text[at..].starts_with(['"', '“', '”']);
    let is_inside = text[..at].ends_with(is_letter) && text[at + len..].starts_with(is_letter);
    !is_double && (is_inside || !text[at..].starts_with('`'))
}

// Whether a text is nothing but words in quotes of their own.
fn is_doubled(text: &str, seen: &Seen) -> bool {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    seen.inner == 2 && inside.is_some_and(|inside| !inside.contains('"'))
}

// Where an element ends whose quote is missing: at the comma that ends its line, before the quote of the
// next.
fn line_end(text: &str, spot: Spot<'_>, seen: &Seen) -> Option<usize> {
    let before = &text[seen.start..seen.last];
    let line = before.trim_end();
    let is_line = before[line.len()..].contains('\n') && !line.contains(['\n', '\\']);
    let is_only = matches!(spot, Spot::Element) && seen.inner == 1;
    (is_only && is_line && line.ends_with(',')).then(|| seen.start + line.len() - 1)
}

// Whether a quote behind this would open a quotation.
fn is_opening(before: &str) -> bool {
    before.ends_with(|c: char| c.is_whitespace() || "([{<:=,".contains(c))
}

fn finished<'t>(mut owned: String, tail: &'t str) -> Cow<'t, str> {
    if owned.is_empty() {
        return Cow::Borrowed(tail);
    }
    owned.push_str(tail);
    Cow::Owned(owned)
}
