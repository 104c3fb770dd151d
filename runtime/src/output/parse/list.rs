//! Lists and tuples: elements, commas and brackets, some of which may be missing.

use super::look;
use super::{Around, Node, Parser, Repair, Spot};
use crate::output::fault::Fault;
use flow_plan::Type;
use std::borrow::Cow;

impl<'t> Parser<'t> {
    pub(super) fn list(&mut self, ty: Option<&Type>, close: u8) -> Result<Node<'t>, Fault> {
        self.enter(Around::List)?;
        self.at += 1;
        if close != b']' {
            self.repairs.add(Repair::Tuple);
        }
        let item = item_of(ty);
        let mut items = Vec::new();
        let first = self.at;
        let mut is_separated = true;
        let mut count = None;
        loop {
            self.skip();
            match self.peek() {
                None => return Err(self.cut("its list is not finished")),
                Some(byte)
                    if byte == close && items.is_empty() && self.text[first..self.at].contains('"') =>
                {
                    return Err(Fault::Unsure(first, "what a comment holds may be the value"));
                }
                Some(byte) if byte == close => {
                    self.at += 1;
                    if is_separated && !items.is_empty() && close == b']' {
                        self.repairs.add(Repair::ExtraComma);
                    }
                    break;
                }
                // Where an element may be null, it may be one that is left out.
                Some(b',' | b';') if is_separated && takes_null(ty) => {
                    return Err(Fault::Unsure(self.at, "an element may be missing"));
                }
                Some(b',' | b';') => {
                    if is_separated || self.peek() == Some(b';') {
                        self.repairs.add(Repair::ExtraComma);
                    }
                    self.at += 1;
                    is_separated = true;
                    continue;
                }
                Some(b'}') if items.is_empty() => {
                    return Err(Fault::Unsure(self.at, "its list may lack elements"));
                }
                Some(b'}') => match self.brace_in_list(&items)? {
                    Brace::Closes => {
                        self.at += 1;
                        break;
                    }
                    Brace::BelongsOutside => break,
                    Brace::Stray => {
                        self.at += 1;
                        continue;
                    }
                },
                Some(b']' | b')') => return Err(Fault::NotJson(self.at, "a bracket does not fit")),
                Some(b'`') if look::is_fence(self.text, self.at) => {
                    return Err(self.cut("its list is not finished"));
                }
                _ => {}
            }
            if self.leaves_out() {
                return Err(self.cut("it leaves elements out"));
            }
            if items.is_empty() || count.is_some() {
                count = self.label(count, item)?;
            }
            let start = self.at;
            let value = match self.lacks_brace(&items, item) {
                true => {
                    self.repairs.add(Repair::MissingBrace);
                    self.object_inside(item)?
                }
                false => self.value_in(Spot::Element, item)?,
            };
            if !is_separated {
                self.repairs.add(Repair::MissingComma);
                // `1 000` may be one number.
                let is_group = self.text[start..self.at].trim_end().len() == 3
                    && self.text[start..].starts_with(|c: char| c.is_ascii_digit());
                if is_group && matches!(items.last(), Some(Node::Number(before)) if before.len() <= 4) {
                    return Err(Fault::Unsure(start, "it is not clear where a number ends"));
                }
            }
            if self.may_be_note(&value, &items) {
                return Err(Fault::Unsure(start, "it is not clear whether an element is a comment"));
            }
            items.push(value);
            is_separated = false;
        }
        if let [Node::Bare(text)] = &items[..]
            && !is_separated
            && text.contains(' ')
            && item.is_none_or(|item| matches!(item.present(), Type::Text { .. } | Type::Json(_)))
        {
            return Err(Fault::Unsure(self.at, "it is not clear where an element without quotes ends"));
        }
        // Where others have quotes, commas may belong to one that has none.
        let is_bare = |item: &Node<'_>| matches!(item, Node::Bare(_));
        if items.windows(2).any(|pair| pair.iter().all(is_bare))
            && items.iter().any(|item| matches!(item, Node::Text(_)))
            && item.is_none_or(|item| matches!(item.present(), Type::Text { .. } | Type::Json(_)))
        {
            return Err(Fault::Unsure(first, "it is not clear where an element without quotes ends"));
        }
        self.around.pop();
        Ok(Node::List(items))
    }

    // The number that counts an element: `0: "a", 1: "b"`, `0 => "a"`, `[0]: "a"`. `12: 30` is none: it
    // counts only what it stands before from the first element on, one by one.
    fn label(&mut self, before: Option<u64>, item: Option<&Type>) -> Result<Option<u64>, Fault> {
        let label = look::label(self.text, self.at).filter(|label| {
            let value = &self.text[self.next(label.end)..];
            let is_clear = value.starts_with(['"', '\'', '{', '[']);
            // Of texts, a number and a colon may be the beginning.
            let is_text = item.is_none_or(|item| matches!(item.present(), Type::Text { .. } | Type::Json(_)));
            let is_next = match before {
                Some(before) => label.number == before + 1,
                None => label.number <= 1 || label.is_marked,
            };
            is_next && (is_clear || !is_text)
        });
        match label {
            Some(label) => {
                self.repairs.add(Repair::StrayText);
                self.at = self.next(label.end);
                Ok(Some(label.number))
            }
            None if before.is_none() => Ok(None),
            None => Err(Fault::Unsure(self.at, "it is not clear which elements its numbers count")),
        }
    }

    // A brace where the list's bracket is expected.
    fn brace_in_list(&mut self, items: &[Node<'_>]) -> Result<Brace, Fault> {
        let bytes = self.text.as_bytes();
        let next = self.next(self.at + 1);
        if !self.is_inside(Around::Object) {
            self.repairs.add(Repair::ExtraBrace);
            // The bracket of another kind, at the very end.
            if self.around.len() == 1 && next == self.text.len() {
                self.repairs.add(Repair::MissingBrace);
                return Ok(Brace::Closes);
            }
            return Ok(Brace::Stray);
        }
        self.repairs.add(Repair::MissingBrace);
        if bytes.get(next) != Some(&b',') {
            return match bytes.get(next) {
                Some(b']') if matches!(items.last(), Some(Node::Object(_))) && !self.has_list_outside() => {
                    self.repairs.add(Repair::ExtraBrace);
                    Ok(Brace::Stray)
                }
                _ => Ok(Brace::BelongsOutside),
            };
        }
        let after = self.next(next + 1);
        if look::is_quoted_key(self.text, after) {
            return Ok(Brace::Closes);
        }
        match (bytes.get(after), items.last()) {
            (Some(b'{'), Some(Node::Object(_))) => {
                Err(Fault::Unsure(self.at, "it is not clear which bracket is missing"))
            }
            _ => Ok(Brace::BelongsOutside),
        }
    }

    // Whether a field of an element stands here whose opening brace is missing. Behind another element it
    // must be one that this has already, or it may belong to it.
    fn lacks_brace(&self, items: &[Node<'_>], item: Option<&Type>) -> bool {
        let Some(Type::Record(record)) = item.map(Type::present) else { return false };
        if !look::is_quoted_key(self.text, self.at) || !look::is_known_key(self.text, self.at, Some(record)) {
            return false;
        }
        match items.last() {
            None => true,
            Some(Node::Object(before)) => {
                let has = |(key, _): &(Cow<'_, str>, Node<'_>)| look::is_this_key(self.text, self.at, key);
                before.entries.iter().any(has)
            }
            Some(_) => false,
        }
    }

    // Whether what was read is `#note` at the end of a line, behind an element that begins otherwise.
    fn may_be_note(&self, value: &Node<'_>, before: &[Node<'_>]) -> bool {
        let is_tag = |node: &Node<'_>| matches!(node, Node::Bare(text) if text.starts_with('#'));
        let behind = self.rest().trim_start_matches([' ', '\t', '\r']);
        is_tag(value) && behind.starts_with('\n') && before.last().is_some_and(|before| !is_tag(before))
    }

    fn has_list_outside(&self) -> bool {
        let outside = self.around.len().saturating_sub(1);
        self.around[..outside].contains(&Around::List)
    }
}

enum Brace {
    /// It stands for the bracket.
    Closes,
    /// The bracket is missing; the brace closes what is around.
    BelongsOutside,
    /// It is too many.
    Stray,
}

// Whether an element of the list may be null.
fn takes_null(ty: Option<&Type>) -> bool {
    match ty {
        Some(Type::List(item, _)) => matches!(**item, Type::Optional(_) | Type::Null | Type::Json(_)),
        Some(Type::Optional(inner)) => takes_null(Some(inner)),
        ty => matches!(ty, Some(Type::Json(_))),
    }
}

fn item_of(ty: Option<&Type>) -> Option<&Type> {
    match ty? {
        Type::Optional(inner) => item_of(Some(inner)),
        Type::List(item, _) => Some(item),
        // A list of one may stand where its element is wanted.
        ty => Some(ty),
    }
}
