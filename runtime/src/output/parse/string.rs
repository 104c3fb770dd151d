//! Texts in quotes of any kind, with what models forget to escape in them.
//!
//! A quote ends its text only where what follows fits: a colon behind a key, a comma and a key or a
//! brace behind a field, a comma and an element or a bracket behind an element.

use super::look;
use super::{Around, Parser, Repair, Spot, field_of};
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

/// Whether a quote ends its text.
enum Ends {
    Yes,
    No,
    /// The quote that ends it is missing; the text ends at this byte.
    Before(usize),
    Unsure,
}

/// What is known of a text so far.
struct Seen {
    /// Where it starts.
    start: usize,
    /// Quotes inside it that are not apostrophes.
    inner: usize,
    /// Whether there are apostrophes that could have ended it.
    apostrophe: bool,
    /// Where the last of them is.
    last: usize,
    /// Braces and brackets it has opened and not closed.
    open: i64,
    /// Whether an opening smart quote stands in it.
    smart: bool,
}

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
        let bytes = self.text.as_bytes();
        let mut at = self.at + quote.opening();
        let mut seen = Seen { start: at, inner: 0, apostrophe: false, last: at, open: 0, smart: false };
        let mut owned = String::new();
        let mut from = at;
        loop {
            let Some(&byte) = bytes.get(at) else { return self.other_quote(quote, spot, &seen) };
            match byte {
                b'\\' => {
                    owned.push_str(&self.text[from..at]);
                    at = self.escape(at, &mut owned)?;
                    from = at;
                    continue;
                }
                b'{' | b'[' => seen.open += 1,
                b'}' | b']' => seen.open -= 1,
                0..0x20 => self.repairs.add(Repair::ControlCharacter),
                b'"' | b'\'' | b'`' | 0xe2 => {
                    let len = closing(quote, &bytes[at..], seen.smart);
                    if len == 0 {
                        seen.smart |= self.text[at..].starts_with('“');
                        at += 1;
                        continue;
                    }
                    match self.ends(at, len, spot, &seen) {
                        // What was taken for a quote inside may be the start of what was cut off.
                        Ends::Yes if seen.inner > 0 && self.next(at + len) == bytes.len() => {
                            return Err(self.cut("a text may not be finished"));
                        }
                        // A key and its value may have become one.
                        Ends::Yes
                            if matches!(spot, Spot::Key(_))
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
                            self.repairs.add(Repair::MissingQuote);
                            self.at = end;
                            return Ok(Cow::Borrowed(&self.text[seen.start..end]));
                        }
                        Ends::Yes => {
                            if byte == 0xe2 {
                                self.repairs.add(Repair::Quotes);
                            }
                            if seen.inner > 0 || seen.apostrophe {
                                self.repairs.add(Repair::InnerQuote);
                            }
                            let tail = &self.text[from..at];
                            self.at = at + len;
                            return Ok(finished(owned, tail));
                        }
                        Ends::Before(end) if end >= from => {
                            self.repairs.add(Repair::MissingQuote);
                            self.at = end;
                            let tail = self.text[from..end].trim_end();
                            return Ok(finished(owned, tail));
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
                            seen.last = at;
                        }
                    }
                    at += len;
                    continue;
                }
                _ => {}
            }
            if matches!(spot, Spot::Key(_)) && at - seen.start > look::LONGEST_KEY {
                return Err(Fault::NotJson(seen.start, "a key is too long"));
            }
            at += 1;
        }
    }

    // A text that opens with a single quote and closes with a double one, behind which nothing stands but
    // the brackets around it.
    fn other_quote(&mut self, quote: Quote, spot: Spot<'_>, seen: &Seen) -> Result<Cow<'t, str>, Fault> {
        let cut = self.cut("a text is not finished");
        if quote != Quote::Single || matches!(spot, Spot::Key(_)) || seen.apostrophe {
            return Err(cut);
        }
        let Some((inside, behind)) = self.text[seen.start..].split_once('"') else { return Err(cut) };
        let brackets: String = behind.chars().filter(|c| matches!(c, '}' | ']')).collect();
        let wanted: String =
            self.around.iter().rev().map(|a| if *a == Around::List { ']' } else { '}' }).collect();
        let is_all = behind.chars().all(|c| c.is_whitespace() || matches!(c, '}' | ']' | '`'));
        if !is_all || brackets != wanted || inside.contains(['\\', '\n', '{', '[']) {
            return Err(cut);
        }
        self.at = seen.start + inside.len() + 1;
        Ok(Cow::Borrowed(inside))
    }

    fn ends(&self, at: usize, len: usize, spot: Spot<'_>, seen: &Seen) -> Ends {
        let bytes = self.text.as_bytes();
        let after = at + len;
        let next = self.next(after);
        let Some(&byte) = bytes.get(next) else { return Ends::Yes };
        match spot {
            Spot::Key(keys) => match byte {
                b':' | b'=' => Ends::Yes,
                b'-' if bytes.get(next + 1) == Some(&b'>') => Ends::Yes,
                _ if self.known_before_colon(at, seen, keys).is_some() => {
                    self.known_before_colon(at, seen, keys).map_or(Ends::No, Ends::Before)
                }
                _ if at - seen.start > 64 || !look::is_value_start(self.text, next) => Ends::No,
                _ => {
                    let key = &self.text[seen.start..at];
                    let is_known = keys.is_some_and(|record| field_of(record, key.trim()).is_some());
                    if is_known { Ends::Yes } else { Ends::No }
                }
            },
            Spot::Field(keys) => match byte {
                b'}' if seen.open > 0 && seen.inner > 0 => Ends::No,
                b'}' => Ends::Yes,
                b']' | b')' if self.is_inside(Around::List) => Ends::Yes,
                b',' | b';' => {
                    let mut following = self.next(next + 1);
                    while bytes.get(following) == Some(&b',') {
                        following = self.next(following + 1);
                    }
                    match bytes.get(following) {
                        None | Some(b'}') => Ends::Yes,
                        Some(b'`') if look::is_fence(self.text, following) => Ends::Yes,
                        // JSON inside the text has keys of its own.
                        _ if seen.open > 0
                            && seen.inner > 0
                            && !look::is_known_key(self.text, following, keys) =>
                        {
                            Ends::No
                        }
                        _ if look::is_key(self.text, following, keys) => Ends::Yes,
                        // Words before the next key.
                        Some(b) if b.is_ascii_alphabetic() && self.is_stray(following) => Ends::Yes,
                        Some(b'.') if self.text[following..].starts_with("...") => Ends::Yes,
                        _ => Ends::No,
                    }
                }
                b'`' if look::is_fence(self.text, next) => Ends::Yes,
                b':' => self.missing_quote(at, seen, keys),
                b'+' if self.is_joined(next) => Ends::Yes,
                b'"' | b'\'' if next > after && look::is_quoted_key(self.text, next) => Ends::Yes,
                // `"x""key": …`
                b'"' if look::is_quoted_key(self.text, next) => Ends::Yes,
                _ if self.has_break(after, next) && look::is_key(self.text, next, keys) => Ends::Yes,
                // Prose behind an object that lacks its brace.
                _ if self.around.len() == 1 && self.has_break(after, next) => {
                    if self.seen.has_mark(self.text, next) { Ends::No } else { Ends::Yes }
                }
                _ => Ends::No,
            },
            Spot::Element => match byte {
                b']' | b')' if seen.open > 0 && seen.inner > 0 => Ends::No,
                b']' | b')' => Ends::Yes,
                b'}' if seen.open > 0 => Ends::No,
                b'}' => Ends::Yes,
                b',' | b';' => {
                    let following = self.next(next + 1);
                    match bytes.get(following) {
                        None
                        | Some(
                            b'"'
                            | b'\''
                            | b'`'
                            | 0xe2
                            | b']'
                            | b')'
                            | b'{'
                            | b'['
                            | b'('
                            | b'-'
                            | b'0'..=b'9'
                            | b'}',
                        ) => Ends::Yes,
                        Some(b'.') if self.text[following..].starts_with("...") => Ends::Yes,
                        // A word may be an element without quotes, or the rest of this text.
                        _ if seen.inner % 2 == 1 && self.is_quoting(following) => Ends::No,
                        _ if seen.inner > 0 => Ends::Unsure,
                        _ => self.word_behind(following),
                    }
                }
                b'"' | b'\'' if next > after && seen.inner == 0 => Ends::Yes,
                b'+' if self.is_joined(next) => Ends::Yes,
                b'{' | b'[' if self.has_break(after, next) => Ends::Yes,
                // A number or a word of JSON whose comma is missing.
                _ if next > after && seen.inner == 0 && self.is_element(next) => Ends::Yes,
                // A field that stands in a list.
                b':' if seen.open <= 0 => Ends::Unsure,
                b'`' if look::is_fence(self.text, next) => Ends::Yes,
                _ => Ends::No,
            },
        }
    }

    // Another text that is added to this one.
    fn is_joined(&self, plus: usize) -> bool {
        let following = self.next(plus + 1);
        matches!(self.text.as_bytes().get(following), Some(b'"' | b'\'' | b'`'))
    }

    fn has_break(&self, from: usize, to: usize) -> bool {
        self.text.as_bytes()[from..to].contains(&b'\n')
    }

    // Whether some words stand here and then a key in quotes.
    fn is_stray(&self, at: usize) -> bool {
        let end = self.text.as_bytes()[at..]
            .iter()
            .take(look::LONGEST_KEY)
            .position(|b| matches!(b, b'"' | b'\n' | b'{' | b'}' | b':' | b','));
        end.is_some_and(|end| look::is_quoted_key(self.text, at + end))
    }

    // A word behind a comma in a list: an element if it ends like one, without a quote in it.
    fn word_behind(&self, at: usize) -> Ends {
        let end = self.text.as_bytes()[at..]
            .iter()
            .take(look::LONGEST_KEY)
            .find(|b| matches!(b, b'"' | b'\'' | b'\n' | b',' | b']' | b'}'));
        match end {
            Some(b',' | b']') => Ends::Yes,
            _ => Ends::Unsure,
        }
    }

    // Where a key ends whose closing quote is missing: before its colon, if the type has it.
    fn known_before_colon(&self, at: usize, seen: &Seen, keys: super::Keys<'_>) -> Option<usize> {
        let name = self.text[seen.start..at].trim_end().strip_suffix(':').filter(|_| seen.inner == 0)?;
        keys.is_some_and(|record| field_of(record, name).is_some()).then_some(seen.start + name.len())
    }

    // Whether a quote is no opening one by what stands around it: between two texts, or behind a word.
    fn is_closing(&self, at: usize, len: usize, spot: Spot<'_>) -> bool {
        let rest = self.rest_of(at + len);
        let behind = rest.trim_start().trim_start_matches(',').trim_start();
        let is_between = behind.len() < rest.len() && behind.starts_with('"');
        // `24"` is a length.
        let is_word = |c: char| c.is_alphabetic() || matches!(spot, Spot::Key(_)) && c.is_ascii_digit();
        let is_behind = self.text[..at].ends_with(is_word);
        let is_doubled = !matches!(spot, Spot::Field(_)) && rest.starts_with('"');
        is_between || is_doubled || is_behind && rest.starts_with(|c: char| !c.is_alphanumeric())
    }

    // Whether the words here go on to another quote that opens, and not to the end of an element.
    fn is_quoting(&self, at: usize) -> bool {
        let rest = &self.text.as_bytes()[at..];
        let mut stretch = rest.iter().take(look::LONGEST_KEY);
        let Some(end) = stretch.position(|b| matches!(b, b'"' | b'\n' | b',' | b']' | b'}')) else {
            return false;
        };
        rest[end] == b'"'
            && end > 0
            && rest[end - 1] == b' '
            && rest[0].is_ascii_alphabetic()
            && rest.get(end + 1).is_some_and(u8::is_ascii_alphanumeric)
    }

    // Whether a number or a word of JSON stands here that ends as an element does.
    fn is_element(&self, at: usize) -> bool {
        let Some(len) = super::bare::plain_len(self.rest_of(at)) else { return false };
        matches!(self.text.as_bytes().get(self.next(at + len)), Some(b',' | b']'))
    }

    fn rest_of(&self, at: usize) -> &'t str {
        self.text.get(at..).unwrap_or("")
    }

    // A quote before a colon: the end of the next key, if a key of the type stands before it.
    fn missing_quote(&self, at: usize, seen: &Seen, keys: super::Keys<'_>) -> Ends {
        if seen.inner == 0 {
            return Ends::No;
        }
        let key = self.text[seen.last..at].trim_start_matches(['"', '\'', '`']);
        let before = self.text[seen.start..seen.last].trim_end();
        let ends_line = self.text[seen.start + before.len()..seen.last].contains('\n');
        let is_known = keys.is_some_and(|record| field_of(record, key).is_some());
        match is_known && seen.inner == 1 {
            true if before.ends_with(',') => Ends::Before(seen.start + before.len() - 1),
            true if ends_line => Ends::Before(seen.start + before.len()),
            _ if is_known => Ends::Unsure,
            // A key that the type does not have, behind a text that may have ended before.
            _ if before.ends_with(',') && seen.open <= 0 => Ends::Unsure,
            _ => Ends::No,
        }
    }

    // What follows a backslash. Returns the byte behind it.
    fn escape(&mut self, at: usize, out: &mut String) -> Result<usize, Fault> {
        let Some(next) = self.text[at + 1..].chars().next() else {
            return Err(self.cut("a text is not finished"));
        };
        let plain = match next {
            '"' | '\\' | '/' => next,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => return self.code_point(at, out),
            'x' => {
                let code = self.text.get(at + 2..at + 4).and_then(|hex| u8::from_str_radix(hex, 16).ok());
                self.repairs.add(Repair::Escape);
                return match code {
                    Some(code) => {
                        out.push(char::from(code));
                        Ok(at + 4)
                    }
                    None => {
                        out.push_str("\\x");
                        Ok(at + 2)
                    }
                };
            }
            '\'' | '`' | '“' | '”' => {
                self.repairs.add(Repair::Escape);
                next
            }
            '\n' => {
                self.repairs.add(Repair::Escape);
                next
            }
            other => {
                // No escape of JSON: a path, a pattern or a formula.
                self.repairs.add(Repair::Escape);
                out.push('\\');
                other
            }
        };
        out.push(plain);
        Ok(at + 1 + next.len_utf8())
    }

    fn code_point(&mut self, at: usize, out: &mut String) -> Result<usize, Fault> {
        let unit = |at: usize| {
            let hex = self.text.get(at..at + 4)?;
            if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            u32::from_str_radix(hex, 16).ok()
        };
        let Some(high) = unit(at + 2) else {
            if self.text[at + 2..].bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(self.cut("a text is not finished"));
            }
            self.repairs.add(Repair::Escape);
            out.push_str("\\u");
            return Ok(at + 2);
        };
        if let Some(c) = char::from_u32(high) {
            out.push(c);
            return Ok(at + 6);
        }
        let low = self.text.get(at + 6..at + 8).filter(|s| *s == "\\u").and_then(|_| unit(at + 8));
        let paired = low.filter(|low| (0xdc00..0xe000).contains(low) && high < 0xdc00);
        let code = paired.and_then(|low| char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)));
        match code {
            Some(c) => {
                out.push(c);
                Ok(at + 12)
            }
            None => Err(Fault::Unsure(at, "half of a character is missing")),
        }
    }

    // A text in triple quotes, or in a fence: as it stands, without the indent that its lines share.
    fn block(&mut self, mark: &'static str) -> Result<Cow<'t, str>, Fault> {
        let start = self.at + mark.len();
        let mut from = start;
        let end = loop {
            let Some(found) = self.text[from..].find(mark) else {
                return Err(self.cut("a text is not finished"));
            };
            let end = from + found;
            let next = self.next(end + mark.len());
            match self.text.as_bytes().get(next) {
                None | Some(b',' | b'}' | b']' | b':') => break end,
                Some(_) if look::is_quoted_key(self.text, next) => break end,
                Some(_) => from = end + mark.len(),
            }
        };
        let mut inside = &self.text[start..end];
        if mark == "```" {
            // What stands behind the fence says which language it is.
            let Some(line) = inside.find('\n') else {
                return Err(Fault::Unsure(start, "it is not clear where a text starts"));
            };
            inside = &inside[line..];
        }
        self.at = end + mark.len();
        Ok(Cow::Owned(dedented(inside)))
    }
}

/// The lines of a text that starts and ends on lines of their own, without their common indent.
fn dedented(text: &str) -> String {
    let Some(body) = text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n")) else {
        return text.to_owned();
    };
    let body = match body.rfind('\n') {
        Some(last) if body[last..].trim().is_empty() => &body[..last],
        _ => body,
    };
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = body.lines().filter(|l| !l.trim().is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<&str> = body.lines().map(|l| l.get(common..).unwrap_or("").trim_end()).collect();
    lines.join("\n")
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

// Whether the only quote inside a text cannot be the one that ends it: the sign of a length, as in
// `5'10""` and `a 24" screen"`, or in the middle of a word.
fn is_inner(text: &str, at: usize, spot: Spot<'_>, seen: &Seen) -> bool {
    if seen.inner != 1 || matches!(spot, Spot::Key(_)) {
        return false;
    }
    let before = &text[..seen.last];
    let after = text[seen.last..at].trim_start_matches(['"', '\'', '`', '“', '”', '‘', '’']);
    let is_length = before.ends_with(|c: char| c.is_ascii_digit())
        && (after.is_empty()
            || after.starts_with([' ', ',', '.', ')', '-']) && matches!(spot, Spot::Field(_)));
    let is_word = before.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphabetic);
    // The last quote of all may belong to it, and the one that ends the text be missing.
    is_length || is_word && text.rfind('"').is_some_and(|last| last > at)
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

fn finished<'t>(mut owned: String, tail: &'t str) -> Cow<'t, str> {
    if owned.is_empty() {
        return Cow::Borrowed(tail);
    }
    owned.push_str(tail);
    Cow::Owned(owned)
}
