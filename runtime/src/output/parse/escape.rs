//! What stands behind a backslash, and texts in triple quotes, in which nothing is escaped.

use super::look;
use super::{Parser, Repair};
use crate::output::fault::Fault;
use std::borrow::Cow;

/// What kinds of escapes stand in a text.
///
/// `C:\Users\bin` has one that JSON does not have, so `\b` is none either: who wrote it has not escaped.
#[derive(Clone, Copy, Default)]
pub(super) struct Escapes {
    /// One that JSON does not have.
    odd: bool,
    /// One of JSON's for a control character, right before a letter or a digit.
    doubtful: bool,
}

impl Escapes {
    /// Takes notice of the bytes behind a backslash.
    pub(super) fn note(&mut self, behind: &[u8]) {
        match behind {
            [b'b' | b'f' | b'n' | b'r' | b't', next, ..] if next.is_ascii_alphanumeric() => {
                self.doubtful = true;
            }
            [b'u', hex @ ..] => {
                let is_code = hex.len() >= 4 && hex[..4].iter().all(u8::is_ascii_hexdigit);
                self.odd |= !is_code;
            }
            // Escapes of JSON, and of languages near it.
            [b'b' | b'f' | b'n' | b'r' | b't' | b'x' | b'"' | b'\\' | b'/' | b'\'' | b'`' | b'\n', ..] => {}
            [byte, ..] => self.odd |= byte.is_ascii(),
            [] => {}
        }
    }

    /// Whether some are none of JSON.
    pub(super) fn are_odd(self) -> bool {
        self.odd
    }

    /// Whether some may be none.
    pub(super) fn are_mixed(self) -> bool {
        self.odd && self.doubtful
    }
}

/// A text of which some escapes are none of JSON: those before a word are backslashes, too. A line break
/// or a tab before a small letter is one only in a path; elsewhere it can be either, which is `None`.
pub(super) fn unescaped(raw: &str) -> Option<String> {
    let is_drive = |at: usize| raw[..at].ends_with(|c: char| c.is_ascii_alphabetic());
    let is_path = raw.match_indices(":\\").any(|(at, _)| is_drive(at));
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let sign = rest[at + 1..].chars().next()?;
        rest = &rest[at + 1 + sign.len_utf8()..];
        let is_word = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        let is_small = rest.starts_with(|c: char| c.is_ascii_lowercase());
        let plain = match sign {
            '"' | '\\' | '/' | '\'' | '`' | '“' | '”' | '\n' => sign,
            'b' | 'f' | 'r' if is_word => {
                out.push('\\');
                sign
            }
            'n' | 't' if is_path && is_small => {
                out.push('\\');
                sign
            }
            'n' | 't' if is_small || is_path && is_word => return None,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' | 'f' => return None,
            'u' if rest.len() >= 4 && rest.as_bytes()[..4].iter().all(u8::is_ascii_hexdigit) => return None,
            'x' => return None,
            other => {
                out.push('\\');
                other
            }
        };
        out.push(plain);
    }
    out.push_str(rest);
    Some(out)
}

impl<'t> Parser<'t> {
    /// What follows a backslash. Returns the byte behind it.
    pub(super) fn escape(&mut self, at: usize, out: &mut String) -> Result<usize, Fault> {
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

    /// A text in triple quotes, or in a fence: as it stands, without the indent that its lines share.
    pub(super) fn block(&mut self, mark: &'static str) -> Result<Cow<'t, str>, Fault> {
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
