//! A [`Node`] made to fit a type.
//!
//! In: what was read, and the type. Out: a value of the type, or where it departs. Only forms are
//! changed, never what they mean; ranges and bounds are judged by [`Type::read`] and what is beside it.

mod moments;
mod names;
mod numbers;
mod record;

pub(super) use names::{names_in, variant, variant_in};

use super::fault::{Misfit, short};
use super::parse::{self, Node, Object};
use super::repair::{Repair, Repairs};
use ecow::EcoString;
use flow_plan::{Entries, Type, Value};
use indexmap::map::Entry;
use serde_json::Value as Json;
use std::sync::Arc;

/// How often a value may be unpacked: out of an object of its own, or out of a text that holds it.
const UNPACKED: u8 = 2;

/// What is mended on the way.
#[derive(Clone, Copy, Default)]
pub(super) struct Fitting {
    pub(super) repairs: Repairs,
    unpacked: u8,
}

impl Fitting {
    /// After these.
    pub(super) fn after(repairs: Repairs) -> Fitting {
        Fitting { repairs, unpacked: 0 }
    }

    fn add(&mut self, repair: Repair) {
        self.repairs.add(repair);
    }

    fn unpack(&mut self, repair: Repair) -> bool {
        self.unpacked += 1;
        self.add(repair);
        self.unpacked <= UNPACKED
    }
}

/// The value of a node, where it fits the type.
pub(super) fn fit(node: Node<'_>, ty: &Type, fitting: &mut Fitting) -> Result<Value, Misfit> {
    match (ty, node) {
        (Type::Optional(_) | Type::Null, Node::Null) => Ok(Value::Null),
        (Type::Optional(inner), node) => optional(node, inner, fitting),
        (Type::Json(None) | Type::Error, node) => Ok(Value::Json(Arc::new(any(node, fitting)?))),
        (Type::Json(_), node) => Ok(ty.read(&any(node, fitting)?)?),
        (Type::List(item, _), node) => list(node, ty, item, fitting),
        (Type::Map(item, _), Node::Object(object)) => map(object, ty, item, fitting),
        (Type::Record(record), Node::Object(object)) => record::object(object, record, fitting),
        (Type::Map(..) | Type::Record(_), Node::Text(text)) if holds_json(&text) => {
            encoded(&text, ty, fitting)
        }
        // A list of one stands for its element.
        (ty, Node::List(mut items)) if items.len() == 1 => {
            fitting.add(Repair::ListOfOne);
            match items.pop() {
                Some(Node::List(_)) | None => Err(departs(ty, "a list")),
                // Without quotes, the brackets may belong to the text.
                Some(Node::Bare(_)) if matches!(ty, Type::Text { .. }) => Err(departs(ty, "a list")),
                Some(node) => fit(node, ty, fitting),
            }
        }
        (Type::Record(record), node) => record::of_value(node, record, fitting),
        (ty, Node::Object(object)) => record::unwrapped(object, ty, fitting),
        (ty, node) => scalar(node, ty, fitting),
    }
}

fn optional(node: Node<'_>, inner: &Type, fitting: &mut Fitting) -> Result<Value, Misfit> {
    let is_text = matches!(inner.present(), Type::Text { .. } | Type::Json(_));
    let is_number = matches!(inner.present(), Type::Int(_) | Type::Float(_));
    let says_nothing = |text: &str| !is_text && is_null_word(text) || is_number && is_no_number(text);
    let is_nothing = match &node {
        // Without quotes it is the word of JSON or Python, however it is written, and no text.
        Node::Bare(text) if is_text && is_word_for_null(text) => {
            fitting.add(Repair::Literal);
            return Ok(Value::Null);
        }
        Node::Text(text) => says_nothing(text),
        Node::Bare(text) => says_nothing(text),
        _ => false,
    };
    if !is_nothing {
        return fit(node, inner, fitting);
    }
    let mut present = *fitting;
    if let Ok(value) = fit(node, inner, &mut present) {
        *fitting = present;
        return Ok(value);
    }
    fitting.add(Repair::NullWord);
    Ok(Value::Null)
}

fn is_null_word(text: &str) -> bool {
    ["", "null", "none", "n/a", "nil"].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

fn is_word_for_null(text: &str) -> bool {
    text.eq_ignore_ascii_case("null") || text.eq_ignore_ascii_case("none")
}

// What programs write for a number that is none. JavaScript gives `null` for each.
fn is_no_number(text: &str) -> bool {
    let word = text.trim().trim_start_matches(['+', '-']);
    word.eq_ignore_ascii_case("nan") || word.eq_ignore_ascii_case("infinity")
}

fn any(node: Node<'_>, fitting: &mut Fitting) -> Result<Json, Misfit> {
    Ok(match node {
        Node::Null => Json::Null,
        Node::Bool(b) => b.into(),
        Node::Number(raw) if is_too_long(raw) => {
            return Err(Misfit::new(format!("`{}` is too long a number to be held exactly", short(raw, 40))));
        }
        Node::Number(raw) => number(raw)?,
        Node::Text(text) => text.into_owned().into(),
        Node::Bare(text) if numbers::is_broken(text) || is_no_number(text) => {
            return Err(Misfit::new(format!("`{text}` is no number, and no text")));
        }
        // In some languages they are truth values, in others texts.
        Node::Bare(text) if ["yes", "no"].iter().any(|word| text.eq_ignore_ascii_case(word)) => {
            return Err(Misfit::new(format!("`{text}` without quotes may be a text or a truth value")));
        }
        Node::Bare(text) => match numbers::of_a_language(text) {
            Some(number) => {
                fitting.add(Repair::Number);
                number
            }
            None => {
                fitting.add(Repair::BareText);
                text.into()
            }
        },
        Node::List(items) => {
            items.into_iter().map(|node| any(node, fitting)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Node::Object(object) if object.is_open => return Err(open()),
        Node::Object(object) => {
            let mut out = serde_json::Map::with_capacity(object.entries.len());
            for (key, node) in object.entries {
                let json = any(node, fitting).map_err(|m| m.under(&format!(".{key}")))?;
                match out.get(&*key) {
                    Some(first) if *first == json => fitting.add(Repair::KeyTwice),
                    Some(_) => return Err(twice(&key)),
                    None => {
                        out.insert(key.into_owned(), json);
                    }
                }
            }
            Json::Object(out)
        }
    })
}

// A whole number that does not fit into 64 bits.
fn is_too_long(raw: &str) -> bool {
    let is_whole = !raw.contains(['.', 'e', 'E']);
    is_whole && raw.parse::<i64>().is_err() && raw.parse::<u64>().is_err()
}

fn list(node: Node<'_>, ty: &Type, item: &Type, fitting: &mut Fitting) -> Result<Value, Misfit> {
    match node {
        // The list in a list of its own.
        Node::List(mut items) if is_doubled(&items, item) => {
            fitting.add(Repair::ListOfOne);
            list(items.pop().unwrap_or(Node::Null), ty, item, fitting)
        }
        Node::List(items) => {
            ty.check_count(items.len())?;
            let mut out = Vec::with_capacity(items.len());
            for (i, node) in items.into_iter().enumerate() {
                if let Node::Bare(text) = &node
                    && numbers::may_be_group(text)
                    && !matches!(item.present(), Type::Text { .. })
                {
                    return Err(
                        Misfit::new(format!("`{text}` may be a part of a number")).under(&format!("[{i}]"))
                    );
                }
                out.push(fit(node, item, fitting).map_err(|m| m.under(&format!("[{i}]")))?);
            }
            Ok(Value::List(out.into()))
        }
        Node::Text(text) if text.trim_start().starts_with('[') => encoded(&text, ty, fitting),
        Node::Object(object) => {
            if record::wraps_list(&object, ty, item) {
                return record::unwrapped(object, ty, fitting);
            }
            fitting.add(Repair::SingleAsList);
            let one = fit(Node::Object(object), item, fitting)?;
            match one.as_text().filter(|text| says_none(text, item)) {
                Some(text) => Err(Misfit::new(format!("expected a list, found the text \"{text}\""))),
                None => single(one, ty),
            }
        }
        Node::Null => Err(Misfit::new("expected a list, found null")),
        // The beginning of a text, it may be.
        Node::Bool(_) if matches!(item.present(), Type::Text { .. }) => {
            Err(Misfit::new("expected a list, found a truth value"))
        }
        // Several may stand in one text, and where one ends is not certain.
        Node::Text(text) if holds_several(&text) || says_none(&text, item) => {
            Err(Misfit::new("expected a list, found a text"))
        }
        Node::Bare(text) if holds_several(text) || says_none(text, item) => {
            Err(Misfit::new("expected a list, found a text"))
        }
        node => {
            fitting.add(Repair::SingleAsList);
            single(fit(node, item, fitting)?, ty)
        }
    }
}

// One value as the list that is wanted.
fn single(one: Value, list: &Type) -> Result<Value, Misfit> {
    list.check_count(1)?;
    Ok(Value::List([one].into()))
}

// Whether a list's only element is a list of several, where no element is a list itself.
fn is_doubled(items: &[Node<'_>], item: &Type) -> bool {
    let [Node::List(inner)] = items else { return false };
    let are_objects = inner.iter().all(|node| matches!(node, Node::Object(_)));
    let takes_list = match item.present() {
        Type::List(..) | Type::Json(_) | Type::Error => true,
        Type::Record(record) => record.fields.len() == 1 && !are_objects,
        _ => false,
    };
    inner.len() > 1 && !takes_list
}

/// A word for nothing, where a text is wanted: the list may be empty.
pub(in crate::output) fn says_none(text: &str, item: &Type) -> bool {
    let text = text.trim();
    let is_null = || {
        let first = text.split(' ').next().unwrap_or_default();
        let denies = ["no", "none", "not", "nothing"].iter().any(|word| first.eq_ignore_ascii_case(word));
        is_null_word(text) || denies && text.split(' ').count() <= 4
    };
    matches!(item.present(), Type::Text { .. } | Type::Json(_)) && is_null()
}

fn holds_several(text: &str) -> bool {
    let signs = [" and ", " & ", " + ", " / ", " · ", " und ", " et ", " y ", " #"];
    let is_cut = text.ends_with(']') && !text.contains('[');
    is_cut
        || !text.contains(char::is_alphanumeric)
        || text.contains([',', ';', '\n', '|', '•'])
        || signs.iter().any(|sign| text.contains(sign))
}

fn map(object: Object<'_>, ty: &Type, item: &Type, fitting: &mut Fitting) -> Result<Value, Misfit> {
    if object.is_open {
        return Err(open());
    }
    let mut out = Entries::with_capacity_and_hasher(object.entries.len(), Default::default());
    for (key, node) in object.entries {
        let value = fit(node, item, fitting).map_err(|m| m.under(&format!(".{key}")))?;
        match out.entry(EcoString::from(&*key)) {
            Entry::Occupied(first) if *first.get() == value => fitting.add(Repair::KeyTwice),
            Entry::Occupied(_) => return Err(twice(&key)),
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
        }
    }
    ty.check_count(out.len())?;
    Ok(Value::Record(Arc::new(out)))
}

/// A text that holds the JSON of the value.
fn encoded(text: &str, ty: &Type, fitting: &mut Fitting) -> Result<Value, Misfit> {
    if !fitting.unpack(Repair::DoubleEncoded) {
        return Err(departs(ty, "a text"));
    }
    let text = text.trim();
    let parsed = parse::value_at(text, 0, ty).ok().filter(|parsed| parsed.end == text.len());
    let Some(parsed) = parsed else { return Err(departs(ty, "a text")) };
    fitting.repairs.join(parsed.repairs);
    fit(parsed.node, ty, fitting)
}

fn holds_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

fn scalar(node: Node<'_>, ty: &Type, fitting: &mut Fitting) -> Result<Value, Misfit> {
    let found = match (ty, &node) {
        (Type::Text { .. } | Type::Image, Node::Text(text)) => return Ok(ty.read_text(text)?),
        (Type::Text { .. }, Node::Number(raw)) => {
            fitting.add(Repair::TextOfValue);
            return Ok(ty.read_text(raw)?);
        }
        (Type::Text { .. }, Node::Bool(b)) => {
            fitting.add(Repair::TextOfValue);
            return Ok(ty.read_text(if *b { "true" } else { "false" })?);
        }
        (Type::Text { .. } | Type::Image, Node::Bare(text)) => {
            fitting.add(Repair::BareText);
            return Ok(ty.read_text(text)?);
        }
        (Type::Bool, Node::Bool(b)) => return Ok(Value::Bool(*b)),
        (Type::Int(_) | Type::Float(_) | Type::Money | Type::Duration, Node::Number(raw)) => {
            Some(number(raw)?)
        }
        (Type::Bool, Node::Number(raw)) => small(raw, ty, fitting),
        (_, Node::Text(text)) => small(text, ty, fitting),
        (_, Node::Bare(text)) => {
            let found = small(text, ty, fitting);
            if found.as_ref().is_some_and(|json| json.as_str() == Some(*text)) {
                fitting.add(Repair::BareText);
            }
            found
        }
        _ => None,
    };
    match found {
        Some(json) => Ok(ty.read(&json)?),
        None => Err(departs(ty, &describe(&node))),
    }
}

/// A small value out of its words: a number, a name, a date, true or false.
pub(super) fn small(text: &str, ty: &Type, fitting: &mut Fitting) -> Option<Json> {
    let text = text.trim();
    if text.len() > 4096 {
        return None;
    }
    let (json, repair) = match ty.present() {
        Type::Bool => (truth(text)?, Repair::Literal),
        Type::Int(range) => (numbers::whole(text, *range)?, Repair::Number),
        Type::Float(range) => (numbers::number(text, *range)?, Repair::Number),
        Type::Money => (numbers::dollars(text)?, Repair::Number),
        Type::Duration => (moments::seconds(text)?, Repair::Moment),
        Type::Date => (moments::date(text)?, Repair::Moment),
        Type::Time => (moments::time(text)?, Repair::Moment),
        Type::Enum(e) => match variant(e, text) {
            Some(name) => (name.into(), Repair::Name),
            None => (variant_in(e, text)?.into(), Repair::NameInSentence),
        },
        _ => return None,
    };
    // What is as it should be was not mended.
    if json.as_str() != Some(text) {
        fitting.add(repair);
    }
    Some(json)
}

fn truth(text: &str) -> Option<Json> {
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    match () {
        () if ["true", "yes", "on", "1"].iter().any(is) => Some(true.into()),
        () if ["false", "no", "off", "0"].iter().any(is) => Some(false.into()),
        () => None,
    }
}

fn number(raw: &str) -> Result<Json, Misfit> {
    // Most are small and whole. `-0` is a float.
    if let Ok(whole) = raw.parse::<i64>()
        && whole != 0
    {
        return Ok(whole.into());
    }
    serde_json::from_str(raw).map_err(|_| Misfit::new(format!("`{raw}` is not a number that can be held")))
}

fn departs(ty: &Type, found: &str) -> Misfit {
    Misfit::new(format!("expected {}, found {found}", ty.described()))
}

fn twice(key: &str) -> Misfit {
    Misfit::new(format!("`{}` is given twice, with different values", short(key, 60)))
}

fn open() -> Misfit {
    Misfit::new(OPEN)
}

/// What is said of an object that is not finished, and may lack more than its brace.
pub(super) const OPEN: &str = "its object is not finished";

fn describe(node: &Node<'_>) -> String {
    let quoted = |text: &str| format!("the text \"{}\"", short(text, 40));
    match node {
        Node::Null => "null".into(),
        Node::Bool(b) => b.to_string(),
        Node::Number(raw) => short(raw, 40),
        Node::Text(text) => quoted(text),
        Node::Bare(text) => quoted(text),
        Node::List(_) => "a list".into(),
        Node::Object(_) => "an object".into(),
    }
}
