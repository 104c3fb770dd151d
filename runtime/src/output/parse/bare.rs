//! What has no quotes: numbers, words of JSON and of Python, and texts.

use super::look;
use super::{Around, Keys, Node, Parser, Repair, Spot, doubt};
use crate::output::fault::Fault;
use flow_plan::Type;

impl<'t> Parser<'t> {
    pub(super) fn bare(&mut self, spot: Spot<'_>, ty: Option<&Type>) -> Result<Node<'t>, Fault> {
        let rest = self.rest();
        if let Some(len) = number_len(rest)
            && self.is_ended(self.at + len, spot)
        {
            let number = &rest[..len];
            self.at += len;
            // A number at the very end may have had more digits.
            if self.at == self.text.len() {
                return Err(self.cut("its last number may not be whole"));
            }
            return Ok(Node::Number(number));
        }
        if let Some((word, node)) = literal(rest)
            && self.is_ended(self.at + word.len(), spot)
        {
            // The first word of a text without quotes, it may be.
            let may_go_on = matches!(ty.map(Type::present), Some(Type::Text { .. }));
            let behind = &rest[word.len()..];
            if may_go_on && behind.is_empty() {
                return Err(self.cut("a text without quotes is not finished"));
            }
            if may_go_on && behind.trim_start_matches(' ').starts_with(char::is_alphanumeric) {
                return Err(Fault::Unsure(self.at, "it is not clear where a text without quotes ends"));
            }
            if !matches!(word, "true" | "false" | "null") {
                self.repairs.add(Repair::Literal);
            }
            self.at += word.len();
            return Ok(node);
        }
        let start = self.at;
        let end = match spot {
            Spot::Field(keys) => self.field_end(keys)?,
            Spot::Element | Spot::Key(_) => self.element_end()?,
        };
        let text = self.text[start..end].trim_end();
        if text.is_empty() || text.starts_with('\\') {
            return Err(Fault::NotJson(start, "a value is missing"));
        }
        if is_rest(text) || is_slot(text) {
            return Err(Fault::Unsure(start, "it leaves something out"));
        }
        // Most texts have none of the signs that are looked for.
        let has = |sign: u8| memchr::memchr(sign, text.as_bytes()).is_some();
        if (has(b'/') || has(b'#')) && doubt::holds_note(text) {
            return Err(Fault::Unsure(start, "it is not clear where a text without quotes ends"));
        }
        if may_hold_note(text, &self.text[start + text.len()..]) {
            return Err(Fault::Unsure(start, "it is not clear where a text without quotes ends"));
        }
        if text.rsplit_once(',').is_some_and(|(_, rest)| matches!(rest.trim(), "..." | "…")) {
            return Err(self.cut("it leaves something out"));
        }
        self.at = end;
        if let Some(inside) = called(text) {
            self.repairs.add(Repair::Literal);
            return Ok(inside);
        }
        if let (Some(inside), Spot::Field(_)) = (half_quoted(text), spot) {
            self.repairs.add(Repair::MissingQuote);
            return Ok(Node::Bare(inside));
        }
        // A number that has one of its two quotes, where no text is wanted.
        if let Some(number) = text.strip_suffix('"').filter(|n| number_len(n) == Some(n.len()))
            && matches!(ty.map(Type::present), Some(Type::Int(_) | Type::Float(_) | Type::Money))
        {
            self.repairs.add(Repair::MissingQuote);
            return Ok(Node::Number(number));
        }
        // As in a text in quotes, they would stand for other signs.
        if has(b'\\') && ["\\n", "\\t", "\\r", "\\\"", "\\u"].iter().any(|escape| text.contains(escape)) {
            return Err(Fault::Unsure(start, "it is not clear what its backslashes stand for"));
        }
        let is_quoted = text.starts_with(['\'', '‘', '“', '`', '"']);
        let begins = |line: &str| line.trim_start().starts_with('"');
        let holds_quotes =
            || has(b'"') && (text.contains("\"\"") || has(b'\n') && text.lines().skip(1).any(begins));
        if doubt::ends_with_quote(text) && !is_quoted || holds_quotes() {
            return Err(Fault::Unsure(start, "another quote may end a text"));
        }
        // A quote before a comma or a colon ended something else.
        if has(b'"') && (text.contains("\",") || text.contains("\":")) || is_of_a_language(text) {
            return Err(Fault::Unsure(start, "it is not clear which text is meant"));
        }
        Ok(Node::Bare(text))
    }

    /// A text in braces without quotes, as it stands, up to the brace that closes it.
    pub(super) fn braced(&mut self) -> Result<Node<'t>, Fault> {
        let (start, mut depth) = (self.at, 0_usize);
        for (at, byte) in self.rest().bytes().enumerate() {
            match byte {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => depth -= 1,
                b'"' | b'\'' | b'`' => {
                    return Err(Fault::Unsure(start + at, "it is not clear which text a quote belongs to"));
                }
                _ => {}
            }
            if depth == 0 {
                self.at = start + at + 1;
                return match self.is_ended(self.at, Spot::Element) {
                    true => Ok(Node::Bare(&self.text[start..self.at])),
                    false => Err(Fault::Unsure(self.at, "it is not clear where a text without quotes ends")),
                };
            }
        }
        Err(self.cut("a text without quotes is not finished"))
    }

    // Whether a number or a word of JSON may end here.
    fn is_ended(&self, at: usize, spot: Spot<'_>) -> bool {
        let bytes = self.text.as_bytes();
        let next = self.next(at);
        match (bytes.get(next), spot) {
            (None | Some(b'}' | b']' | b')' | b';'), _) => true,
            (Some(b','), Spot::Field(keys)) if next == at => {
                // `1,234` is one number, unless a key follows.
                let after = self.next(next + 1);
                !bytes.get(next + 1).is_some_and(u8::is_ascii_digit)
                    || look::is_key(self.text, after, keys)
                    || look::is_key(self.text, after, None)
            }
            (Some(b','), _) => true,
            (Some(b'`'), _) => look::is_fence(self.text, next),
            // The next object of a list.
            (Some(b'{'), Spot::Field(_)) => self.is_inside(Around::List),
            // A key or an element whose comma is missing.
            (Some(_), Spot::Field(keys)) => {
                next > at && (look::is_key(self.text, next, keys) || self.has_new_line(at, next))
            }
            (Some(_), _) => next > at,
        }
    }

    fn has_new_line(&self, from: usize, to: usize) -> bool {
        self.text.as_bytes()[from..to].contains(&b'\n')
    }

    // Where a text without quotes ends that is a field's value: before the next key, or the brace.
    fn field_end(&mut self, keys: Keys<'_>) -> Result<usize, Fault> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        let mut depth = 0_usize;
        let mut has_note = false;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'#' => has_note = true,
                b'{' | b'[' | b'(' => depth += 1,
                b'}' if depth == 0 => return Ok(at),
                b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                // A remark behind the comma, up to the line's end.
                b',' | b';' if !has_note && depth == 0 && self.has_note(at + 1, keys) => return Ok(at),
                b',' | b';' | b'\n' => {
                    let next = self.next(at + 1);
                    let is_end = match bytes.get(next) {
                        None => false,
                        Some(b'}') => depth == 0,
                        Some(_) => {
                            look::is_key(self.text, next, keys)
                                || keys.is_none() && look::odd_key_end(self.text, next).is_some()
                        }
                    };
                    if is_end {
                        return Ok(at);
                    }
                    at = next.max(at + 1);
                    continue;
                }
                // A text with a key of its own in it, on the same line.
                b' ' if depth == 0 && look::is_quoted_key(self.text, at + 1) => return Ok(at),
                // A word.
                _ => {
                    let rest = &bytes[at + 1..];
                    at += rest.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
                }
            }
            at += 1;
        }
        Err(self.cut("a text without quotes is not finished"))
    }

    // Whether a comment without a space behind its sign stands here, and then a key or the brace.
    fn has_note(&self, at: usize, keys: Keys<'_>) -> bool {
        let next = self.next_key(at);
        let is_key = || {
            look::is_key(self.text, next, keys)
                || keys.is_none() && look::odd_key_end(self.text, next).is_some()
        };
        next > self.next(at) && (self.text.as_bytes().get(next) == Some(&b'}') || is_key())
    }

    // The same for an element of a list.
    fn element_end(&mut self) -> Result<usize, Fault> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        let mut depth = 0_usize;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'(' | b'{' | b'[' => depth += 1,
                b']' | b'}' | b')' if depth == 0 => return Ok(at),
                b']' | b'}' | b')' => depth -= 1,
                b',' | b';' | b'\n' if depth == 0 => return Ok(at),
                b'"' => return Err(Fault::Unsure(at, "it is not clear which text a quote belongs to")),
                _ => {}
            }
            at += 1;
        }
        Err(self.cut("its list is not finished"))
    }
}

// Whether the end of a text's line may be a comment: `Foo #note`, `Foo, -- note`. A text that begins with
// the sign holds tags.
fn may_hold_note(text: &str, behind: &str) -> bool {
    let behind = behind.trim_start_matches([' ', '\t', '\r']);
    let ends_line = behind.starts_with('\n');
    let is_word = |at: usize| {
        let is_apart = text[..at].ends_with(|c: char| c.is_whitespace() || c == ',' || c == ';');
        let is_last = ends_line || text[at..].contains('\n');
        is_apart && is_last && text[at + 1..].starts_with(char::is_alphabetic)
    };
    let is_sign = |rest: &str| ["--", "<-", "<!--"].iter().any(|sign| rest.trim_start().starts_with(sign));
    !text.starts_with('#') && text.match_indices('#').take(64).any(|(at, _)| is_word(at))
        || ends_line && text.rsplit_once(',').is_some_and(|(_, rest)| is_sign(rest))
}

// `u'text'`, `ObjectId("7")`, or a text with one of its two quotes.
fn is_of_a_language(text: &str) -> bool {
    let word = text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    let len = text.len() - word.len();
    let is_prefixed = (1..=2).contains(&len) && word.starts_with(['"', '\'']);
    let is_call = len > 0 && word.starts_with('(') && word.ends_with(')');
    is_prefixed || is_call || text.matches('"').count() % 2 == 1
}

// A text whose opening quote is missing. A quote behind a digit may be the sign of a length.
fn half_quoted(text: &str) -> Option<&str> {
    let inside = text.strip_suffix('"')?;
    let is_word = plain_len(inside) == Some(inside.len());
    let is_plain = !is_word && !inside.contains(['"', '\'', '\n', '(', '{', '[', '\\']);
    (is_plain && inside.ends_with(|c: char| c.is_alphabetic() || ".!?".contains(c))).then_some(inside)
}

// What a database's shell or Python writes around a plain value: `ObjectId("7")`, `Decimal('1.5')`.
// Any other call may be a text of its own.
fn called(text: &str) -> Option<Node<'_>> {
    const NAMES: &[&str] =
        &["ObjectId", "ISODate", "NumberLong", "NumberInt", "NumberDecimal", "Decimal", "UUID"];
    let (name, rest) = text.split_once('(')?;
    let inside = rest.strip_suffix(')')?.trim();
    if !NAMES.contains(&name) || inside.is_empty() {
        return None;
    }
    let quoted = ['"', '\''].iter().find_map(|q| inside.strip_prefix(*q)?.strip_suffix(*q));
    match quoted {
        Some(text) if !text.contains(['"', '\'', '\\']) => Some(Node::Text(text.into())),
        None if number_len(inside) == Some(inside.len()) => Some(Node::Number(inside)),
        _ => None,
    }
}

/// Whether a text says that more was left out: `...`, `etc.`, `and 3 more`.
pub(in crate::output) fn is_rest(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || "()[]*_,".contains(c));
    let plain = text.trim_matches(['.', '…']).trim();
    let is_counted = || {
        let rest = plain.strip_prefix("and ").unwrap_or(plain).trim_start_matches('+');
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        matches!(rest.trim(), "more" | "others" | "so on" | "so forth" | "more items" | "several others")
    };
    !text.is_empty()
        && (plain.is_empty()
            || ["etc", "etcetera", "etcétera", "usw"].iter().any(|word| plain.eq_ignore_ascii_case(word))
            || is_counted())
}

/// Whether a text without quotes is the format for a value, and not a value: `<string>`, `<your answer>`.
pub(in crate::output) fn is_slot(text: &str) -> bool {
    let inside = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    inside.is_some_and(|inside| {
        inside.starts_with(char::is_alphabetic) && !inside.contains(['<', '>', '=', ':', '@', '/'])
    })
}

/// How long the number, or the word of JSON, at the start is.
pub(super) fn plain_len(text: &str) -> Option<usize> {
    number_len(text).or_else(|| literal(text).map(|(word, _)| word.len()))
}

/// How long the number at the start is, as JSON writes it.
fn number_len(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let start = usize::from(bytes.first() == Some(&b'-'));
    let mut at = digits(start);
    if at == start || (bytes[start] == b'0' && at > start + 1) {
        return None;
    }
    if bytes.get(at) == Some(&b'.') {
        let end = digits(at + 1);
        if end == at + 1 {
            return None;
        }
        at = end;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = digits(sign);
        if end == sign {
            return None;
        }
        at = end;
    }
    Some(at)
}

/// The word of JSON, or of a language near it, at the start.
fn literal(text: &str) -> Option<(&'static str, Node<'static>)> {
    if !text.starts_with(['t', 'f', 'n', 'T', 'F', 'N', 'u']) {
        return None;
    }
    let words = [
        ("true", Node::Bool(true)),
        ("false", Node::Bool(false)),
        ("null", Node::Null),
        ("True", Node::Bool(true)),
        ("False", Node::Bool(false)),
        ("None", Node::Null),
        ("TRUE", Node::Bool(true)),
        ("FALSE", Node::Bool(false)),
        ("Null", Node::Null),
        ("NULL", Node::Null),
        ("nil", Node::Null),
        ("undefined", Node::Null),
    ];
    words.into_iter().find(|(word, _)| text.starts_with(word))
}
