//! Objects: keys, colons, commas and braces, some of which may be missing.

use super::look::{self, LONGEST_KEY};
use super::{Around, Keys, Node, Object, Parser, Repair, Spot, field_of};
use crate::output::fault::Fault;
use flow_plan::Type;
use std::borrow::Cow;

impl<'t> Parser<'t> {
    pub(super) fn object(&mut self, ty: Option<&Type>) -> Result<Node<'t>, Fault> {
        self.at += 1;
        self.object_inside(ty)
    }

    /// The entries, up to the closing brace or what stands for it.
    pub(super) fn object_inside(&mut self, ty: Option<&Type>) -> Result<Node<'t>, Fault> {
        self.enter(Around::Object)?;
        let ty = inside_object(ty);
        let keys = match ty {
            Some(Type::Record(record)) => Some(&**record),
            _ => None,
        };
        let mut object = Object::default();
        let start = self.at;
        // Whether a comma, or the opening brace, stands before the place.
        let mut is_separated = true;
        loop {
            self.skip_notes();
            match self.peek() {
                None => {
                    object.is_open = true;
                    break;
                }
                Some(b'}') if object.entries.is_empty() && self.text[start..self.at].contains('"') => {
                    return Err(Fault::Unsure(start, "what a comment holds may be the value"));
                }
                Some(b'}') => {
                    self.at += 1;
                    if is_separated && !object.entries.is_empty() {
                        self.repairs.add(Repair::ExtraComma);
                    }
                    if self.goes_on(keys) {
                        self.repairs.add(Repair::ExtraBrace);
                        is_separated = false;
                        continue;
                    }
                    break;
                }
                Some(b',' | b';') => {
                    if is_separated || self.peek() == Some(b';') {
                        self.repairs.add(Repair::ExtraComma);
                    }
                    self.at += 1;
                    is_separated = true;
                    continue;
                }
                Some(b']' | b')') if self.is_inside(Around::List) => {
                    self.repairs.add(Repair::MissingBrace);
                    object.is_open = object.entries.is_empty();
                    break;
                }
                // The bracket of another kind, at the very end.
                Some(b']') if self.around.len() == 1 && self.next(self.at + 1) == self.text.len() => {
                    self.at += 1;
                    self.repairs.add(Repair::ExtraBrace);
                    object.is_open = true;
                    break;
                }
                // A bracket that closes nothing, behind what is no list.
                Some(b']')
                    if !is_separated
                        && self.is_stray_bracket(self.at, keys)
                        && !self.may_be_list(&object, keys) =>
                {
                    self.at += 1;
                    self.repairs.add(Repair::ExtraBrace);
                    continue;
                }
                // The next object of a list, which begins as this one does.
                Some(b'{') if self.is_inside(Around::List) && self.is_next(&object) => {
                    self.repairs.add(Repair::MissingBrace);
                    break;
                }
                Some(b'{') if !is_separated || object.entries.is_empty() => {
                    return Err(Fault::NotJson(self.at, "a key is missing"));
                }
                Some(b'`') if look::is_fence(self.text, self.at) => {
                    object.is_open = true;
                    break;
                }
                _ => {}
            }
            if self.leaves_out() {
                return Err(self.cut("it leaves fields out"));
            }
            if !is_separated && !object.entries.is_empty() {
                if !look::is_key(self.text, self.at, keys) {
                    if self.around.len() == 1 && self.is_behind(&object) {
                        object.is_open = true;
                        break;
                    }
                    return Err(Fault::Unsure(self.at, "it is not clear what belongs to the value"));
                }
                self.repairs.add(Repair::MissingComma);
            }
            if keys.is_none() && self.quote().is_none() && self.is_after_bare(&object, start) {
                return Err(Fault::Unsure(self.at, "it is not clear where a text without quotes ends"));
            }
            let key = self.key(keys)?;
            self.skip();
            let ty = match ty {
                Some(Type::Record(record)) => field_of(record, key.trim()).map(|at| &record.fields[at].ty),
                Some(Type::Map(item, _)) => Some(&**item),
                Some(Type::Json(_)) => ty,
                _ => None,
            };
            let value = match self.peek() {
                // Nothing, where nothing is allowed.
                Some(b',' | b'}') if matches!(ty, Some(Type::Optional(_))) => {
                    self.repairs.add(Repair::MissingValue);
                    Node::Null
                }
                _ => self.value_in(Spot::Field(keys), ty)?,
            };
            object.entries.push((key, value));
            is_separated = false;
        }
        self.around.pop();
        Ok(Node::Object(object))
    }

    // A key and its colon.
    fn key(&mut self, keys: Keys<'_>) -> Result<Cow<'t, str>, Fault> {
        let start = self.at;
        let key = match self.quote() {
            Some(quote) => {
                let key = self.string(quote, Spot::Key(keys))?;
                if key.starts_with([',', ':']) {
                    return Err(Fault::Unsure(start, "it is not clear where a text ends"));
                }
                key
            }
            None => {
                let known = look::is_key(self.text, self.at, keys)
                    || look::is_key(self.text, self.at, None)
                    || look::is_lone_key(self.text, self.at, keys);
                if !known
                    && keys.is_none()
                    && let Some(end) = look::odd_key_end(self.text, self.at)
                {
                    let key = &self.text[self.at..end];
                    self.at = end + 1;
                    self.repairs.add(Repair::BareKey);
                    return Ok(Cow::Borrowed(key));
                }
                if !known && !self.is_any_key() {
                    self.stray(keys)?;
                    return self.key(keys);
                }
                let Some(end) = look::bare_key_end(self.text, self.at) else {
                    return Err(Fault::NotJson(self.at, "a key is missing"));
                };
                let key = &self.text[self.at..end];
                self.at = end;
                if self.rest().starts_with('"') {
                    self.repairs.add(Repair::MissingQuote);
                    self.at += 1;
                } else {
                    self.repairs.add(Repair::BareKey);
                }
                Cow::Borrowed(key.trim_end())
            }
        };
        if self.rest().starts_with(['"', '\'']) {
            return Err(Fault::Unsure(self.at, "it is not clear where a key ends"));
        }
        self.skip();
        self.at += match self.rest().as_bytes() {
            [b'=', b'>', ..] | [b':', b'=', ..] | [b'-', b'>', ..] => {
                self.repairs.add(Repair::MissingColon);
                2
            }
            [b':', ..] => 1,
            [b'=', ..] => {
                self.repairs.add(Repair::MissingColon);
                1
            }
            [] => return Err(self.cut("a value is missing")),
            _ if keys.is_some_and(|record| field_of(record, key.trim()).is_some()) => {
                self.repairs.add(Repair::MissingColon);
                0
            }
            _ => return Err(Fault::NotJson(start, "a colon is missing")),
        };
        Ok(key)
    }

    // Whether the last value has no quotes and the first key has: what looks like a key may go on with it.
    fn is_after_bare(&self, object: &Object<'_>, start: usize) -> bool {
        let is_bare = matches!(object.entries.last(), Some((_, Node::Bare(_))));
        is_bare && self.text[self.next(start)..].starts_with(['"', '\'', '“', '‘'])
    }

    // Some words and a colon, where nothing but a key can stand.
    fn is_any_key(&self) -> bool {
        let end = look::bare_key_end(self.text, self.at);
        end.is_some_and(|end| self.text[end..].trim_start_matches(' ').starts_with(": "))
    }

    // Words where a key is expected, right before a key in quotes.
    fn stray(&mut self, keys: Keys<'_>) -> Result<(), Fault> {
        let fault = Err(Fault::NotJson(self.at, "a key is missing"));
        let rest = self.rest();
        if !rest.starts_with(|c: char| c.is_alphabetic()) {
            return fault;
        }
        let end = rest
            .bytes()
            .take(LONGEST_KEY)
            .position(|b| matches!(b, b'"' | b'\n' | b'{' | b'}' | b':' | b','));
        let Some(end) = end.filter(|_| !self.around.is_empty()) else {
            return if rest.len() < LONGEST_KEY { Err(self.cut("a key is missing")) } else { fault };
        };
        let next = self.next(self.at + end);
        if !look::is_key(self.text, next, keys) || !matches!(self.text.as_bytes().get(next), Some(b'"')) {
            return fault;
        }
        self.repairs.add(Repair::StrayText);
        self.at = next;
        Ok(())
    }

    // Whether the last field is one of lists, or the type does not say.
    fn may_be_list(&self, object: &Object<'_>, keys: Keys<'_>) -> bool {
        let (Some(record), Some((key, _))) = (keys, object.entries.last()) else { return true };
        let ty = field_of(record, key.trim()).map(|at| record.fields[at].ty.present());
        ty.is_none_or(|ty| matches!(ty, Type::List(..) | Type::Json(_)))
    }

    // Whether the object that starts here has the first key of the one before.
    fn is_next(&self, object: &Object<'_>) -> bool {
        let Some((key, _)) = object.entries.first() else { return false };
        let start = self.next(self.at + 1);
        let rest = self.text.get(start..).unwrap_or("");
        let rest = rest.trim_start_matches(['"', '\'']);
        rest.strip_prefix(&**key)
            .is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
    }

    // A brace of the outermost object that more fields follow was too early.
    fn goes_on(&self, keys: Keys<'_>) -> bool {
        if self.around.len() != 1 {
            return false;
        }
        let next = self.next(self.at);
        match self.text.as_bytes().get(next) {
            Some(b',') => look::is_quoted_key(self.text, self.next(next + 1)),
            _ => look::is_quoted_key(self.text, next) && look::is_known_key(self.text, next, keys),
        }
    }

    // Whether what stands here is prose behind an object that lacks its brace.
    fn is_behind(&self, object: &Object<'_>) -> bool {
        let before = &self.text[..self.at];
        let is_new_line = before[before.trim_end().len()..].contains('\n');
        let is_whole = !matches!(object.entries.last(), Some((_, Node::Bare(_))));
        is_new_line && is_whole && !self.rest().contains(['{', '}', '"'])
    }
}

// The type that the object's keys belong to.
pub(super) fn inside_object(ty: Option<&Type>) -> Option<&Type> {
    match ty? {
        Type::Optional(inner) => inside_object(Some(inner)),
        // A single one may stand where a list is wanted.
        Type::List(inner, _) => inside_object(Some(inner)),
        ty => Some(ty),
    }
}
