//! Where a text in quotes ends.
//!
//! A quote ends its text only where what follows fits: a colon behind a key, a comma and a key or a
//! brace behind a field, a comma and an element or a bracket behind an element.

use super::look;
use super::string::Seen;
use super::{Around, Parser, Spot, field_of};

/// Whether a quote ends its text.
pub(super) enum Ends {
    Yes,
    No,
    /// The quote that ends it is missing; the text ends at this byte.
    Before(usize),
    Unsure,
}

impl<'t> Parser<'t> {
    /// Whether the quote at a byte offset ends its text.
    pub(super) fn ends(&self, at: usize, len: usize, spot: Spot<'_>, seen: &Seen) -> Ends {
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
                b']' if seen.inner == 0 && seen.open == 0 && self.is_stray_bracket(next, keys) => Ends::Yes,
                b',' | b';' => {
                    let mut following = self.next_key(next + 1);
                    while bytes.get(following) == Some(&b',') {
                        following = self.next_key(following + 1);
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
                // `"x" key: …` on one line, where the type has the key.
                _ if next > after && seen.inner == 0 && look::is_known_word(self.text, next, keys) => {
                    Ends::Yes
                }
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
                // The number that counts the next element.
                b'0'..=b'9' if self.has_break(after, next) && look::label(self.text, next).is_some() => {
                    Ends::Yes
                }
                // A number or a word of JSON whose comma is missing.
                _ if next > after && seen.inner == 0 && self.is_element(next) => Ends::Yes,
                // A field that stands in a list.
                b':' if seen.open <= 0 => Ends::Unsure,
                b'`' if look::is_fence(self.text, next) => Ends::Yes,
                _ => Ends::No,
            },
        }
    }

    /// Whether a bracket in an object closes nothing: it stands for the brace at the very end, or a comma and
    /// a key of the type follow.
    pub(super) fn is_stray_bracket(&self, at: usize, keys: super::Keys<'_>) -> bool {
        if self.around.contains(&Around::List) {
            return false;
        }
        let next = self.next(at + 1);
        match self.text.as_bytes().get(next) {
            None => self.around.len() == 1,
            Some(b',') => look::is_known_key(self.text, self.next(next + 1), keys),
            Some(_) => false,
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
    pub(super) fn is_closing(&self, at: usize, len: usize, spot: Spot<'_>) -> bool {
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

    // Whether the line of the last quote and the line on which the text starts both begin with a quote, and
    // are indented alike.
    fn is_aligned(&self, seen: &Seen) -> bool {
        let indent = |at: usize| {
            let line = self.text[..at].rfind('\n').map_or(0, |n| n + 1);
            let rest = &self.text[line..];
            let len = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            rest[len..].starts_with('"').then(|| &rest[..len])
        };
        let of_key = indent(seen.start);
        of_key.is_some() && of_key == indent(seen.last + 1)
    }

    // A quote before a colon: the end of the next key, if a key of the type stands before it.
    fn missing_quote(&self, at: usize, seen: &Seen, keys: super::Keys<'_>) -> Ends {
        if seen.inner == 0 {
            return Ends::No;
        }
        let key = self.text[seen.last..at].trim_start_matches(['"', '\'', '`']);
        let before = self.text[seen.start..seen.last].trim_end();
        let ends_line = self.text[seen.start + before.len()..seen.last].contains('\n');
        let is_known = match keys {
            Some(record) => field_of(record, key).is_some(),
            // Any word, where its line is indented as the line of this field.
            None => ends_line && seen.open <= 0 && is_word(key) && self.is_aligned(seen),
        };
        match is_known && seen.inner == 1 {
            true if before.ends_with(',') => Ends::Before(seen.start + before.len() - 1),
            true if ends_line => Ends::Before(seen.start + before.len()),
            _ if is_known => Ends::Unsure,
            // A key that the type does not have, behind a text that may have ended before.
            _ if before.ends_with(',') && seen.open <= 0 => Ends::Unsure,
            _ => Ends::No,
        }
    }
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
}

/// Whether the quotes inside a text cannot be the one that ends it: the sign of a length, as in `5'10""`
/// and `a 24" screen"`, or each in the middle of a word.
pub(super) fn is_inner(text: &str, at: usize, spot: Spot<'_>, seen: &Seen) -> bool {
    if matches!(spot, Spot::Key(_)) {
        return false;
    }
    let before = &text[..seen.last];
    let after = text[seen.last..at].trim_start_matches(['"', '\'', '`', '“', '”', '‘', '’']);
    let is_length = seen.inner == 1
        && before.ends_with(|c: char| c.is_ascii_digit())
        && (after.is_empty()
            || after.starts_with([' ', ',', '.', ')', '-']) && matches!(spot, Spot::Field(_)));
    // The last quote of all may belong to it, and the one that ends the text be missing.
    // Between elements, a comma may be missing.
    let is_in_words = seen.inner == seen.in_words && !matches!(spot, Spot::Element);
    is_length || is_in_words && text.rfind('"').is_some_and(|last| last > at)
}

/// Whether the quote at a byte offset stands between two letters of a word.
pub(super) fn is_in_word(text: &str, at: usize, len: usize) -> bool {
    text[..at].ends_with(char::is_alphanumeric) && text[at + len..].starts_with(char::is_alphabetic)
}
