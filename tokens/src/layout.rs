//! How a value is pasted into a prompt: text as it is, records and lists in fences.
//!
//! ```text
//! <passage> has
//! <title> is
//! Returns </title>
//! <body> is
//! Shoes can be returned for 30 days. </body>
//! </passage>
//! ```
//!
//! Each text stands in a fence of its own, so that the tokens of the whole are the sum of the parts
//! and a reader sees what is data. [`shape`] bounds by the type what [`Paste`] writes for a value.

use crate::Measure;
use crate::capped::{Cut, cap};
use crate::fragment::Shape;
use crate::marks::without_marks;
use crate::size::leaf_tokens;
use ecow::{EcoString, eco_format};
use flow_plan::limits::MOST_KEY;
use flow_plan::{Hole, Parts, Type, Value};
use std::borrow::Cow;

/// A text inside a value, or the value itself, that has no bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaf(pub String);

/// What the fence of this name opens with.
pub fn fence_open(tag: &str) -> EcoString {
    eco_format!("<{tag}> is\n")
}

/// What the fence of this name closes with.
pub fn fence_close(tag: &str) -> EcoString {
    eco_format!(" </{tag}>")
}

fn block_open(tag: &str) -> EcoString {
    eco_format!("<{tag}> has\n")
}

fn block_close(tag: &str) -> EcoString {
    eco_format!("\n</{tag}>")
}

/// The name in the fences of a value: its type's, in small letters, or what it is.
pub fn tag_of(ty: &Type) -> EcoString {
    match ty.present() {
        Type::Known(known) => tag_of(&known.of),
        Type::Record(record) => match &record.name {
            Some(name) => snake(name),
            None => "item".into(),
        },
        _ => "item".into(),
    }
}

fn snake(name: &str) -> EcoString {
    let mut out = EcoString::new();
    for (i, c) in name.char_indices() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Whether a value of the type is laid out over several lines, with a fence for each part.
pub fn is_laid_out(ty: &Type) -> bool {
    match ty.present() {
        Type::Known(known) => {
            !matches!(known.parts, Parts::Constants(_) | Parts::Only(_)) && is_laid_out(&known.of)
        }
        Type::Record(_) | Type::Map(..) => true,
        Type::List(item, _) => {
            matches!(item.present(), Type::Text { .. } | Type::Json(_)) || is_laid_out(item)
        }
        _ => false,
    }
}

/// Whether values of a type are laid out as those of another that holds them, in all their parts: only
/// then is what is pasted of the one what is pasted of the other.
pub fn lays_out_alike(ty: &Type, wider: &Type) -> bool {
    let parts = |ty: &Type| match ty {
        Type::Known(known) => match &known.parts {
            Parts::Items(items) => Some(items.clone()),
            Parts::Entries(entries) => Some(entries.iter().map(|(_, value)| value.clone()).collect()),
            Parts::Constants(_) | Parts::Only(_) => None,
        },
        _ => None,
    };
    let (ty, wider) = (ty.present(), wider.present());
    if is_laid_out(ty) != is_laid_out(wider) {
        return false;
    }
    if let (Some(narrow), Some(all)) = (parts(ty), parts(wider))
        && narrow.len() == all.len()
    {
        return narrow.iter().zip(&all).all(|(a, b)| lays_out_alike(a, b));
    }
    match (by_type(ty), by_type(wider)) {
        (Type::List(item, _), Type::List(wide, _)) | (Type::Map(item, _), Type::Map(wide, _)) => {
            let items = parts(ty).unwrap_or_else(|| vec![Type::clone(item)]);
            items.iter().all(|item| lays_out_alike(item, wide))
        }
        (Type::Record(record), Type::Record(wide)) => record
            .fields
            .iter()
            .all(|field| wide.field(&field.name).is_some_and(|wide| lays_out_alike(&field.ty, &wide.ty))),
        (Type::Record(_) | Type::List(..) | Type::Map(..), _) => false,
        _ => true,
    }
}

/// What pasting a value of this type adds at most. An error names a text without a bound.
pub fn shape(ty: &Type, hole: &Hole, measure: &Measure) -> Result<Shape, Leaf> {
    match &hole.fence {
        Some(tag) => fenced(ty, tag, tag, measure),
        None if is_laid_out(ty) => {
            let laid = inside(ty.present(), "", measure)?;
            Ok(if matches!(ty, Type::Optional(_)) { laid.or(Shape::empty(), measure) } else { laid })
        }
        None => pasted(ty, "", (hole.trim_start, hole.trim_end), measure),
    }
}

// A value that is pasted as one text. In a fence its tokens add up; anywhere else, what is one of a few
// texts is counted with what stands around it.
fn pasted(ty: &Type, path: &str, trim: (bool, bool), measure: &Measure) -> Result<Shape, Leaf> {
    let texts =
        few(ty).map(|texts| texts.iter().map(|t| trimmed(t, trim).into()).collect::<Vec<EcoString>>());
    match texts {
        Some(texts) if trim == (true, true) => {
            let most = texts.iter().map(|text| measure.count(text)).max().unwrap_or(0);
            Ok(Shape::hole(most, trim))
        }
        Some(texts) => {
            let mut texts = texts.into_iter().map(Shape::text);
            let first = texts.next().unwrap_or_else(Shape::empty);
            Ok(texts.fold(first, |so_far, text| so_far.or(text, measure)))
        }
        None => Ok(Shape::hole(leaf(ty, path, measure)?, trim)),
    }
}

// More texts than these are not told apart.
const FEW: usize = 4;

// What values of the type are shown as, where they are few.
fn few(ty: &Type) -> Option<Vec<EcoString>> {
    let texts: Vec<EcoString> = match ty {
        Type::Bool => vec!["true".into(), "false".into()],
        Type::Null => vec!["".into()],
        Type::Enum(of) => of.variants.iter().map(|v| v.name.clone()).collect(),
        Type::List(item, Some(0)) if !is_laid_out(ty) && !item.knows() => vec!["[]".into()],
        Type::Optional(inner) => {
            let mut texts = few(inner)?;
            texts.push("".into());
            texts
        }
        Type::Known(known) => match &known.parts {
            // A model is shown control marks as plain text, anybody else the constant as it is.
            Parts::Constants(values) => values
                .iter()
                .map(shown)
                .flat_map(|text| {
                    let plain = match without_marks(&text) {
                        Cow::Owned(plain) => Some(plain.into()),
                        Cow::Borrowed(_) => None,
                    };
                    std::iter::once(text).chain(plain)
                })
                .collect(),
            Parts::Items(items) if items.is_empty() && !is_laid_out(ty) => vec!["[]".into()],
            Parts::Only(narrower) if matches!(known.of, Type::Text { .. }) => few(narrower)?,
            _ => return None,
        },
        _ => return None,
    };
    (texts.len() <= FEW).then_some(texts)
}

fn trimmed(text: &str, (start, end): (bool, bool)) -> &str {
    let text = if start { text.trim_start() } else { text };
    if end { text.trim_end() } else { text }
}

fn leaf(ty: &Type, path: &str, measure: &Measure) -> Result<u64, Leaf> {
    leaf_tokens(ty, measure).ok_or_else(|| Leaf(path.to_owned()))
}

// A value with its name around it.
fn fenced(ty: &Type, tag: &str, path: &str, measure: &Measure) -> Result<Shape, Leaf> {
    if !is_laid_out(ty) {
        let open = Shape::text(fence_open(tag));
        let value = pasted(ty, path, (true, true), measure)?;
        return Ok(open.then(&value, measure).then(&Shape::text(fence_close(tag)), measure));
    }
    let open = Shape::text(block_open(tag));
    let block = open.then(&inside(ty.present(), path, measure)?, measure);
    let block = block.then(&Shape::text(block_close(tag)), measure);
    match ty {
        Type::Optional(_) => {
            let missing = Shape::text(eco_format!("{}{}", fence_open(tag), fence_close(tag)));
            Ok(block.or(missing, measure))
        }
        _ => Ok(block),
    }
}

// The lines of a record, list or map.
fn inside(ty: &Type, path: &str, measure: &Measure) -> Result<Shape, Leaf> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match ty {
        Type::Record(record) => {
            let mut out = Shape::empty();
            for (i, field) in record.fields.iter().enumerate() {
                if i > 0 {
                    out = out.then(&Shape::text("\n"), measure);
                }
                out = out.then(&fenced(&field.ty, &field.name, &below(&field.name), measure)?, measure);
            }
            Ok(out)
        }
        Type::List(item, most) => {
            let most = most.ok_or_else(|| Leaf(path.to_owned()))?;
            let item = fenced(item, &tag_of(item), &below("[…]"), measure)?;
            Ok(lines(&item, most, measure))
        }
        Type::Map(item, most) => {
            let most = most.ok_or_else(|| Leaf(path.to_owned()))?;
            let entry = entry(MOST_KEY, item, &below("{…}"), measure)?;
            Ok(lines(&entry, most, measure))
        }
        Type::Known(known) => match (&known.parts, known.of.present()) {
            (Parts::Items(items), Type::List(item, _)) => {
                let tag = tag_of(item);
                let items = items.iter().map(|item| fenced(item, &tag, &below("[…]"), measure));
                listed(items, measure)
            }
            (Parts::Entries(entries), Type::Map(..)) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = key.trim();
                    let plain = without_marks(key);
                    let most = if key.contains("</") || plain != key { MOST_KEY } else { measure.count(key) };
                    entry(most.min(MOST_KEY), value, &below("{…}"), measure)
                });
                listed(entries, measure)
            }
            (_, of) => inside(of, path, measure),
        },
        _ => Err(Leaf(path.to_owned())),
    }
}

// One entry of a map, with a key of so many tokens at most.
fn entry(key: u64, value: &Type, path: &str, measure: &Measure) -> Result<Shape, Leaf> {
    let key = Shape::text(eco_format!("{}{}", block_open("entry"), fence_open("key")))
        .then(&Shape::hole(key, (true, true)), measure)
        .then(&Shape::text(eco_format!("{}\n", fence_close("key"))), measure);
    let entry = key.then(&fenced(value, "value", path, measure)?, measure);
    Ok(entry.then(&Shape::text(block_close("entry")), measure))
}

// These, each on a line of its own.
fn listed(items: impl Iterator<Item = Result<Shape, Leaf>>, measure: &Measure) -> Result<Shape, Leaf> {
    let mut out: Option<Shape> = None;
    for item in items {
        let item = item?;
        out = Some(match out {
            None => item,
            Some(before) => before.then(&Shape::text("\n"), measure).then(&item, measure),
        });
    }
    Ok(out.unwrap_or_else(Shape::empty))
}

// Up to `most` of these, each on a line of its own.
fn lines(item: &Shape, most: u64, measure: &Measure) -> Shape {
    match most {
        0 => Shape::empty(),
        1 => item.clone().or(Shape::empty(), measure),
        _ => {
            let next = Shape::text("\n").then(item, measure);
            item.then(&next.repeated(most - 1, measure), measure).or(Shape::empty(), measure)
        }
    }
}

/// Writes values as they are pasted, each text cut at its bound.
#[derive(Debug)]
pub struct Paste<'a> {
    measure: Option<&'a Measure>,
    // Whether it is for a model: control marks are written as plain text.
    for_model: bool,
    // The fences that are open around what is written.
    open: Vec<EcoString>,
    /// What was cut.
    pub cuts: Vec<Cut>,
}

impl<'a> Paste<'a> {
    /// Cuts by this measure; without one, nothing is cut.
    pub fn new(measure: Option<&'a Measure>) -> Paste<'a> {
        Paste { measure, for_model: false, open: Vec::new(), cuts: Vec::new() }
    }

    /// The same for a model to read, which must take nothing of it for a control mark.
    pub fn for_model(self, for_model: bool) -> Paste<'a> {
        Paste { for_model, ..self }
    }

    /// Writes the value of a hole. `ty` bounds it.
    pub fn hole(&mut self, out: &mut String, value: &Value, ty: Option<&Type>, hole: &Hole) {
        match &hole.fence {
            Some(tag) => self.fenced(out, value, ty, tag),
            None if laid_out(value, ty) => self.inside(out, value, ty),
            None => {
                let text = shown(value);
                let trim = (hole.trim_start, hole.trim_end);
                self.capped(out, trimmed(&text, trim), ty, &hole.name, trim);
            }
        }
    }

    fn fenced(&mut self, out: &mut String, value: &Value, ty: Option<&Type>, tag: &str) {
        self.open.push(tag.into());
        if laid_out(value, ty) {
            out.push_str(&block_open(tag));
            self.inside(out, value, ty);
            out.push_str(&block_close(tag));
        } else {
            out.push_str(&fence_open(tag));
            let text = self.kept_inside(shown(value));
            self.capped(out, text.trim(), ty, tag, (true, true));
            out.push_str(&fence_close(tag));
        }
        self.open.pop();
    }

    // Data cannot close a fence that it stands in.
    fn kept_inside(&self, mut text: EcoString) -> EcoString {
        if text.contains("</") {
            for tag in &self.open {
                let close = eco_format!("</{tag}>");
                if text.contains(close.as_str()) {
                    text = text.replace(close.as_str(), &eco_format!("< /{tag}>"));
                }
            }
        }
        text
    }

    fn inside(&mut self, out: &mut String, value: &Value, ty: Option<&Type>) {
        let ty = ty.map(Type::present);
        match value {
            Value::List(items) => {
                let item_ty = match ty.map(by_type) {
                    Some(Type::List(item, _)) => Some(&**item),
                    _ => None,
                };
                let known = match ty {
                    Some(Type::Known(known)) => match &known.parts {
                        Parts::Items(items) => items.as_slice(),
                        _ => &[],
                    },
                    _ => &[],
                };
                let tag = item_ty.map_or_else(|| "item".into(), tag_of);
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { "\n" } else { "" });
                    self.fenced(out, item, known.get(i).or(item_ty), &tag);
                }
            }
            Value::Record(entries) => match ty.map(by_type) {
                Some(Type::Map(item, _)) => {
                    let known = match ty {
                        Some(Type::Known(known)) => match &known.parts {
                            Parts::Entries(entries) => entries.as_slice(),
                            _ => &[],
                        },
                        _ => &[],
                    };
                    let of =
                        |key: &EcoString| known.iter().find(|(k, _)| k == key).map_or(&**item, |(_, ty)| ty);
                    self.entries(out, entries.iter().map(|(key, value)| (key, value, of(key))));
                }
                _ => {
                    for (i, (name, entry)) in entries.iter().enumerate() {
                        let field = match ty {
                            Some(Type::Record(record)) => record.field(name).map(|f| &f.ty),
                            _ => None,
                        };
                        out.push_str(if i > 0 { "\n" } else { "" });
                        self.fenced(out, entry, field, name);
                    }
                }
            },
            _ => {}
        }
    }

    fn entries<'v>(
        &mut self,
        out: &mut String,
        entries: impl Iterator<Item = (&'v EcoString, &'v Value, &'v Type)>,
    ) {
        let key_ty = Type::Text { bound: Some(flow_plan::Bound::Tokens(MOST_KEY)), truncate: true };
        for (i, (key, value, item)) in entries.enumerate() {
            out.push_str(if i > 0 { "\n" } else { "" });
            out.push_str(&block_open("entry"));
            self.open.push("entry".into());
            self.fenced(out, &Value::Text(key.clone()), Some(&key_ty), "key");
            out.push('\n');
            self.fenced(out, value, Some(item), "value");
            self.open.pop();
            out.push_str(&block_close("entry"));
        }
    }

    fn capped(&mut self, out: &mut String, text: &str, ty: Option<&Type>, what: &str, trim: (bool, bool)) {
        let plain = if self.for_model { without_marks(text) } else { text.into() };
        let text: &str = &plain;
        let most = self.measure.and_then(|m| Some((m, leaf_tokens(ty?, m.counter())?)));
        let Some((measure, most)) = most else { return out.push_str(text) };
        let kept = cap(measure.counter(), text, most, trim);
        if kept.len() < text.len() {
            self.cuts.push(Cut { what: what.into(), most, bytes: (text.len() - kept.len()) as u64 });
        }
        out.push_str(kept);
    }
}

// The type that a value is laid out by.
fn by_type(ty: &Type) -> &Type {
    match ty {
        Type::Known(known) => known.of.present(),
        ty => ty,
    }
}

fn laid_out(value: &Value, ty: Option<&Type>) -> bool {
    match (value, ty) {
        (Value::Null, _) => false,
        (_, Some(ty)) => is_laid_out(ty) && matches!(value, Value::List(_) | Value::Record(_)),
        (Value::Record(_), None) => true,
        (Value::List(items), None) => {
            items.iter().any(|i| matches!(i, Value::Text(_) | Value::Json(_)) || laid_out(i, None))
        }
        _ => false,
    }
}

pub(crate) fn shown(value: &Value) -> EcoString {
    match value {
        Value::Null => EcoString::new(),
        Value::Text(text) => text.clone(),
        other => eco_format!("{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_plan::EnumType;
    use std::sync::Arc;

    #[test]
    fn lists_of_texts_are_laid_out_unlike_lists_of_names() {
        let list = |item: Type| Type::List(Box::new(item), Some(3));
        let kind = Type::Enum(Arc::new(EnumType { name: "Kind".into(), doc: "".into(), variants: vec![] }));
        let (names, texts) = (list(kind.clone()), list(Type::TEXT));
        assert!(lays_out_alike(&names, &names) && lays_out_alike(&texts, &texts));
        assert!(!lays_out_alike(&names, &texts));
        // And so in the parts.
        assert!(!lays_out_alike(&list(names.clone()), &list(texts.clone())));
        assert!(lays_out_alike(&kind, &Type::TEXT));
        let known = Type::of_items(names.clone(), vec![kind]);
        assert!(lays_out_alike(&known, &names) && !lays_out_alike(&known, &texts));
    }
}
