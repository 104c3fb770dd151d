//! JSON as models write it, read into [`Node`]s from one place of a text on.
//!
//! In: a text, an offset, and the type that is wanted, whose field names tell where an unquoted or
//! badly quoted value ends. Out: a [`Node`], with what was mended, or a [`Fault`]. Nothing is made up:
//! where two readings are possible it is [`Fault::Unsure`], and where the text ends too early
//! [`Fault::Cut`].
//!
//! Work is linear in the text: looking ahead never goes past the next quote or separator twice.

mod bare;
mod doubt;
mod ends;
mod escape;
mod list;
mod look;
mod object;
mod string;

use super::fault::Fault;
use super::repair::{Repair, Repairs};
use flow_plan::{RecordType, Type};
use std::borrow::Cow;

pub(super) use bare::{is_rest, is_slot};
pub(super) use look::LONGEST_KEY;

/// Whether a key and its colon stand at a byte offset.
pub(super) fn is_key(text: &str, at: usize) -> bool {
    look::is_key(text, at, None)
}

/// The same, of an object of the type, whose keys may be more broken.
pub(super) fn is_key_of(text: &str, at: usize, ty: &Type) -> bool {
    let keys = match object::inside_object(Some(ty)) {
        Some(Type::Record(record)) => Some(&**record),
        _ => None,
    };
    look::is_key(text, at, None)
        || matches!(ty.present(), Type::Map(..) | Type::Json(_)) && look::odd_key_end(text, at).is_some()
        || keys.is_some() && (look::is_key(text, at, keys) || look::is_lone_key(text, at, keys))
}

/// How many lists and objects may stand inside one another.
const DEEPEST: usize = 96;

/// What was read.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node<'t> {
    Null,
    Bool(bool),
    /// A number as it is written in JSON.
    Number(&'t str),
    /// A text in quotes.
    Text(Cow<'t, str>),
    /// A text without quotes.
    Bare(&'t str),
    List(Vec<Node<'t>>),
    Object(Object<'t>),
}

/// An object.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Object<'t> {
    pub(super) entries: Vec<(Cow<'t, str>, Node<'t>)>,
    /// Whether the text ended before its brace did.
    pub(super) is_open: bool,
}

/// What a reading gives.
pub(super) struct Parsed<'t> {
    pub(super) node: Node<'t>,
    /// The byte behind it.
    pub(super) end: usize,
    pub(super) repairs: Repairs,
}

/// Reads one value that starts at a byte offset.
pub(super) fn value_at<'t>(text: &'t str, at: usize, ty: &Type) -> Result<Parsed<'t>, Fault> {
    let mut parser = Parser::new(text, at);
    let node = parser.value_in(Spot::Element, Some(ty))?;
    Ok(Parsed { node, end: parser.at, repairs: parser.repairs })
}

/// Reads the inside of an object whose opening brace is missing.
pub(super) fn object_inside<'t>(text: &'t str, at: usize, ty: &Type) -> Result<Parsed<'t>, Fault> {
    let mut parser = Parser::new(text, at);
    parser.repairs.add(Repair::MissingBrace);
    let node = parser.object_inside(Some(ty))?;
    Ok(Parsed { node, end: parser.at, repairs: parser.repairs })
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    repairs: Repairs,
    /// The lists and objects around the place, the outermost first.
    around: Vec<Around>,
    seen: look::Seen,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    List,
    Object,
}

/// Where a text stands; it decides what may follow its end.
#[derive(Clone, Copy)]
enum Spot<'k> {
    Key(Keys<'k>),
    Field(Keys<'k>),
    Element,
}

/// The keys that are known of an object.
type Keys<'k> = Option<&'k RecordType>;

impl<'t> Parser<'t> {
    fn new(text: &'t str, at: usize) -> Parser<'t> {
        Parser { text, at, repairs: Repairs::default(), around: Vec::new(), seen: look::Seen::default() }
    }

    fn value_in(&mut self, spot: Spot<'_>, ty: Option<&Type>) -> Result<Node<'t>, Fault> {
        match self.peek() {
            // A text without quotes that begins with a brace, as a type or a snippet of code does.
            Some(b'{')
                if matches!(ty.map(Type::present), Some(Type::Text { .. }))
                    && matches!(spot, Spot::Field(_))
                    && look::is_bare_key(self.text, self.next(self.at + 1)) =>
            {
                self.braced()
            }
            // A set of Python, where a list of texts is wanted.
            Some(b'{') if is_list_of_texts(ty) && look::is_of_a_set(self.text, self.next(self.at + 1)) => {
                self.list(ty, b'}')
            }
            Some(b'{') => self.object(ty),
            Some(b'[') => self.list(ty, b']'),
            Some(b'(')
                if !self.around.is_empty()
                    || matches!(ty.map(Type::present), Some(Type::List(..) | Type::Json(_))) =>
            {
                self.list(ty, b')')
            }
            Some(b'}' | b']' | b')' | b',' | b':' | b';') => {
                Err(Fault::NotJson(self.at, "a value is missing"))
            }
            None => Err(self.cut("a value is missing")),
            Some(_) => match self.quote() {
                Some(quote) => {
                    let mut text = self.string(quote, spot)?;
                    // Texts that are added to one another, as in JavaScript.
                    while self.text.as_bytes().get(self.next(self.at)) == Some(&b'+') {
                        self.at = self.next(self.next(self.at) + 1);
                        let Some(quote) = self.quote() else {
                            return Err(Fault::Unsure(self.at, "it is not clear what belongs to a text"));
                        };
                        self.repairs.add(Repair::Quotes);
                        text.to_mut().push_str(&self.string(quote, spot)?);
                    }
                    Ok(Node::Text(text))
                }
                None => self.bare(spot, ty),
            },
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn enter(&mut self, around: Around) -> Result<(), Fault> {
        if self.around.len() >= DEEPEST {
            return Err(Fault::Deep(self.at));
        }
        self.around.push(around);
        Ok(())
    }

    /// Whether the innermost but this is a list, or an object.
    fn is_inside(&self, what: Around) -> bool {
        self.around.len() > 1 && self.around[self.around.len() - 2] == what
    }

    /// Skips white space and comments.
    fn skip(&mut self) {
        self.skipped(look::skip(self.text, self.at, &self.seen));
    }

    /// The same where only a key or a brace can stand.
    fn skip_notes(&mut self) {
        self.skipped(look::skip_notes(self.text, self.at, &self.seen));
    }

    fn skipped(&mut self, (at, found): (usize, look::Skipped)) {
        self.at = at;
        if found.comment {
            self.repairs.add(Repair::Comment);
        }
        if found.invisible {
            self.repairs.add(Repair::Invisible);
        }
    }

    /// The first byte from `at` on that is neither white space nor a comment.
    fn next(&self, at: usize) -> usize {
        look::skip(self.text, at, &self.seen).0
    }

    /// The same where only a key or a brace can stand.
    fn next_key(&self, at: usize) -> usize {
        look::skip_notes(self.text, at, &self.seen).0
    }

    /// Whether dots stand here for what was left out.
    fn leaves_out(&self) -> bool {
        matches!(self.peek(), Some(b'.' | 0xe2))
            && ["...", "…"].iter().any(|dots| self.rest().starts_with(dots))
    }

    fn cut(&self, what: &str) -> Fault {
        Fault::Cut(self.text.len(), what.to_owned())
    }
}

fn is_list_of_texts(ty: Option<&Type>) -> bool {
    let Some(Type::List(item, _)) = ty.map(Type::present) else { return false };
    matches!(item.present(), Type::Text { .. } | Type::Enum(_))
}

/// A name without case, accents, spaces, dashes and underscores, as keys and variants are compared.
pub(super) fn folded(name: &str) -> String {
    letters(name).collect()
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(|c| {
        // Unicode folds this one to two letters.
        let second = matches!(c, 'ß' | 'ẞ').then_some('s');
        plain_letter(c).to_lowercase().chain(second)
    })
}

// A letter of the Latin alphabet without its accent; any other as it is.
fn plain_letter(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    if matches!(c, 'ß' | 'ẞ') {
        return 's';
    }
    let mut base = None;
    unicode_normalization::char::decompose_canonical(c, |part| base = base.or(Some(part)));
    base.filter(char::is_ascii_alphabetic).unwrap_or(c)
}

/// The field that a key stands for: of this name, or else the only one whose name differs from it in
/// case, accents, dashes and spaces alone.
pub(super) fn field_of(record: &RecordType, key: &str) -> Option<usize> {
    if let Some(at) = record.fields.iter().position(|f| f.name == key) {
        return Some(at);
    }
    if key.len() > 256 {
        return None;
    }
    let wanted = folded(key);
    let mut found = None;
    for (at, field) in record.fields.iter().enumerate() {
        if !wanted.is_empty() && is_folded(&field.name, &wanted) {
            if found.is_some() {
                return None;
            }
            found = Some(at);
        }
    }
    found
}

// Whether a name, folded, is this, without making it.
fn is_folded(name: &str, folded: &str) -> bool {
    letters(name).eq(folded.chars())
}
