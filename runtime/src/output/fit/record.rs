//! Objects as records: keys in another form, fields too many, a value in an object of its own.

use super::{Fitting, Misfit, Node, Object, Repair, fit, twice};
use crate::output::parse::{field_of, folded};
use flow_plan::{Field, RecordType, Type, Value};
use std::borrow::Cow;

/// An object as a record.
pub(super) fn object(
    object: Object<'_>,
    record: &RecordType,
    fitting: &mut Fitting,
) -> Result<Value, Misfit> {
    let is_known = |(key, _): &(Cow<'_, str>, Node<'_>)| field_of(record, key.trim()).is_some();
    if !object.entries.is_empty() && !object.entries.iter().any(is_known) {
        return wrapped_record(object, record, fitting);
    }
    let is_open = object.is_open;
    let mut values: Vec<Option<Value>> = vec![None; record.fields.len()];
    let mut unknown = Vec::new();
    let mut inner = Vec::new();
    for (key, node) in object.entries {
        let Some(at) = field_of(record, key.trim()) else {
            if let Node::Object(object) = &node {
                inner.extend(object.entries.iter().map(|(key, _)| key.to_string()));
            }
            unknown.push(key);
            continue;
        };
        let field = &record.fields[at];
        if field.name != *key {
            fitting.add(Repair::Key);
        }
        let value = fit(node, &field.ty, fitting).map_err(|m| m.under(&format!(".{}", field.name)))?;
        match &values[at] {
            Some(first) if *first == value => fitting.add(Repair::KeyTwice),
            Some(_) => return Err(twice(&field.name)),
            None => values[at] = Some(value),
        }
    }
    for (at, field) in record.fields.iter().enumerate() {
        let may_miss = field.default.is_some() || matches!(field.ty, Type::Optional(_));
        if values[at].is_none() && !may_miss {
            let missing = Misfit::new(if is_open { super::OPEN } else { "is missing" });
            return Err(missing.under(&format!(".{}", field.name)));
        }
        if values[at].is_none() && is_open {
            return Err(Misfit::new(super::OPEN).under(&format!(".{}", field.name)));
        }
        // What is left out must not be the field that is missing, under another name.
        if let (None, Some(key)) = (&values[at], unknown.iter().find(|key| is_like(key, &field.name))) {
            let what = format!("unknown field `{}`; the fields are {}", short(key), record.names());
            return Err(Misfit::new(what));
        }
        // Nor may it stand inside of that: `{"contact": {"email": …}}`.
        if values[at].is_none() && inner.iter().any(|key| is_like(key, &field.name)) {
            return Err(Misfit::new("stands in another object").under(&format!(".{}", field.name)));
        }
    }
    if !unknown.is_empty() {
        fitting.add(Repair::ExtraField);
    }
    if is_open {
        fitting.add(Repair::MissingBrace);
    }
    let value = |(f, given): (&Field, Option<Value>)| {
        // Of a field without a default, only null may be left out.
        (f.name.clone(), given.or_else(|| f.default.clone()).unwrap_or_default())
    };
    Ok(Value::record(record.fields.iter().zip(values).map(value)))
}

/// A value that is no object, as a record with this one field.
pub(super) fn of_value(node: Node<'_>, record: &RecordType, fitting: &mut Fitting) -> Result<Value, Misfit> {
    let wanted = match &record.name {
        Some(name) => format!("a record `{name}`"),
        None => "a record".to_owned(),
    };
    let misfit = Misfit::new(format!("expected {wanted}, found {}", super::describe(&node)));
    let [field] = &record.fields[..] else { return Err(misfit) };
    if matches!(node, Node::Null) || matches!(field.ty.present(), Type::Record(_) | Type::Map(..)) {
        return Err(misfit);
    }
    // A text without quotes may be anything, also a refusal to answer.
    let takes_any = |ty: &Type| matches!(ty.present(), Type::Text { .. } | Type::Json(_));
    let is_any = match field.ty.present() {
        Type::List(item, _) => takes_any(item),
        ty => takes_any(ty),
    };
    if is_any && matches!(node, Node::Bare(_)) {
        return Err(misfit);
    }
    fitting.add(Repair::ValueAsRecord);
    let value = fit(node, &field.ty, fitting).map_err(|m| m.under(&format!(".{}", field.name)))?;
    Ok(Value::record([(field.name.clone(), value)]))
}

/// A value that stands in an object of its own: `{"result": …}`.
pub(super) fn unwrapped(object: Object<'_>, ty: &Type, fitting: &mut Fitting) -> Result<Value, Misfit> {
    let departs = || super::departs(ty, "an object");
    if object.is_open {
        return Err(Misfit::new(super::OPEN));
    }
    let count = object.entries.len();
    let mut inside = None;
    for (key, node) in object.entries {
        if is_wrapper(&key, ty) {
            if inside.replace(node).is_some() {
                return Err(departs());
            }
        } else if !is_aside(&key) {
            return Err(departs());
        }
    }
    let Some(node) = inside else { return Err(departs()) };
    if count > 1 {
        fitting.add(Repair::ExtraField);
    }
    if !fitting.unpack(Repair::Wrapped) {
        return Err(departs());
    }
    fit(node, ty, fitting)
}

/// Whether an object is there to hold a list, and not an element of it.
pub(super) fn wraps_list(object: &Object<'_>, list: &Type, item: &Type) -> bool {
    let [(key, node)] = &object.entries[..] else { return false };
    let is_item = match item.present() {
        Type::Record(record) => field_of(record, key.trim()).is_some(),
        Type::Map(..) | Type::Json(_) => true,
        _ => false,
    };
    // Words may say that there is none.
    let is_one = match (item.present(), node) {
        (Type::Text { .. }, Node::Text(text)) => {
            !text.contains(char::is_whitespace) && !is_wrapper(key, item)
        }
        (Type::Enum(_) | Type::Int(_) | Type::Float(_), Node::Text(_) | Node::Number(_) | Node::Bare(_)) => {
            !is_wrapper(key, item)
        }
        _ => false,
    };
    (is_one || matches!(node, Node::List(_))) && !is_item && is_wrapper(key, list)
}

/// Whether a key is a name for what is answered, and not for a part of it.
fn is_wrapper(key: &str, ty: &Type) -> bool {
    const NAMES: &[&str] = &[
        "value",
        "result",
        "answer",
        "output",
        "response",
        "finalanswer",
        "final",
        "content",
        "return",
        "returnvalue",
    ];
    // No text is called so.
    const WHOLES: &[&str] = &["data", "json", "object"];
    const LISTS: &[&str] = &[
        "values",
        "results",
        "answers",
        "outputs",
        "responses",
        "items",
        "list",
        "array",
        "records",
        "entries",
        "elements",
        "rows",
        "matches",
        "choices",
        "selections",
    ];
    const CHOICES: &[&str] =
        &["label", "category", "class", "classification", "choice", "prediction", "selection", "verdict"];
    let key = folded(key);
    let key = key.as_str();
    let named = |ty: &Type| match ty {
        Type::Enum(e) => Some(folded(&e.name)),
        Type::Record(r) => r.name.as_deref().map(folded),
        _ => None,
    };
    if NAMES.contains(&key) || WHOLES.contains(&key) && !matches!(ty.present(), Type::Text { .. }) {
        return true;
    }
    match ty.present() {
        Type::List(item, _) => {
            let plural =
                |name: String| key == format!("{name}s") || key == format!("{name}list") || key == name;
            LISTS.contains(&key) || named(item.present()).is_some_and(plural)
        }
        ty @ Type::Enum(_) => CHOICES.contains(&key) || named(ty).as_deref() == Some(key),
        ty => named(ty).as_deref() == Some(key),
    }
}

// A record in an object of its own.
fn wrapped_record(object: Object<'_>, record: &RecordType, fitting: &mut Fitting) -> Result<Value, Misfit> {
    let first = object.entries.first().map(|(key, _)| short(key)).unwrap_or_default();
    let unknown = || Misfit::new(format!("unknown field `{first}`; the fields are {}", record.names()));
    if object.is_open {
        return Err(Misfit::new(super::OPEN));
    }
    let is_name = |key: &str| {
        let is_own = record.name.as_deref().is_some_and(|name| folded(name) == folded(key));
        is_own || is_wrapper(key, &Type::Null)
    };
    let count = object.entries.len();
    let mut inside = None;
    // A name that says nothing, where what stands in it can be nothing else.
    // Where braces had to be mended, it is not certain that they stand around it.
    let doubts = [Repair::SingleAsList, Repair::MissingBrace, Repair::ExtraBrace];
    let is_unknown = !doubts.into_iter().any(|repair| fitting.repairs.has(repair))
        && !object.entries.iter().any(|(key, _)| is_name(key));
    for (key, node) in object.entries {
        if is_unknown && !is_aside(&key) && inside.is_none() && is_whole(&key, &node, record) {
            fitting.repairs.guess();
            inside = Some(node);
            continue;
        }
        match is_name(&key) {
            true if inside.is_none() => inside = Some(node),
            false if is_aside(&key) => {}
            _ => return Err(unknown()),
        }
    }
    let node = match inside {
        Some(Node::Object(inner)) => Node::Object(inner),
        Some(Node::List(items)) if items.len() == 1 => Node::List(items),
        Some(Node::Text(text)) if super::holds_json(&text) => Node::Text(text),
        _ => return Err(unknown()),
    };
    if count > 1 {
        fitting.add(Repair::ExtraField);
    }
    if !fitting.unpack(Repair::Wrapped) {
        return Err(unknown());
    }
    let inner = match node {
        Node::Object(inner) => inner,
        Node::List(mut items) => match items.pop() {
            Some(Node::Object(inner)) => {
                fitting.add(Repair::ListOfOne);
                inner
            }
            _ => return Err(unknown()),
        },
        Node::Text(text) => {
            let parsed = crate::output::parse::value_at(text.trim(), 0, &Type::Json(None));
            return match parsed {
                Ok(parsed) if parsed.end == text.trim().len() => match parsed.node {
                    Node::Object(inner) => {
                        fitting.add(Repair::DoubleEncoded);
                        fitting.repairs.join(parsed.repairs);
                        self::object(inner, record, fitting)
                    }
                    _ => Err(unknown()),
                },
                _ => Err(unknown()),
            };
        }
        _ => return Err(unknown()),
    };
    self::object(inner, record, fitting)
}

// Whether an object under an unknown name holds all that the record must have, which is more than one
// field, and the name does not say that it is something else.
fn is_whole(key: &str, node: &Node<'_>, record: &RecordType) -> bool {
    const OTHERS: &[&str] = &[
        "error",
        "example",
        "schema",
        "propert",
        "sample",
        "attempt",
        "expected",
        "fallback",
        "initial",
        "fail",
        "alternat",
        "placeholder",
        "prior",
        "earlier",
        "dummy",
        "mock",
        "draft",
        "previous",
        "old",
        "original",
        "input",
        "request",
        "before",
        "wrong",
        "invalid",
        "incorrect",
        "bad",
        "not",
        "rejected",
        "template",
        "default",
        "format",
    ];
    let Node::Object(inner) = node else { return false };
    let must = |field: &&Field| field.default.is_none() && !matches!(field.ty, Type::Optional(_));
    let has = |field: &Field| {
        inner.entries.iter().any(|(key, _)| {
            field_of(record, key.trim()).is_some_and(|at| record.fields[at].name == field.name)
        })
    };
    let count = record.fields.iter().filter(must).count();
    let key = folded(key);
    count > 1 && record.fields.iter().filter(must).all(has) && !OTHERS.iter().any(|word| key.contains(word))
}

// What models put beside an answer to explain it.
fn is_aside(key: &str) -> bool {
    const NAMES: &[&str] = &[
        "reasoning",
        "reason",
        "thinking",
        "thought",
        "thoughts",
        "explanation",
        "rationale",
        "analysis",
        "confidence",
        "justification",
        "comment",
        "comments",
        "note",
        "notes",
        "steps",
    ];
    NAMES.contains(&folded(key).as_str())
}

// Whether a key may be a field's name, misspelt or with more words.
fn is_like(key: &str, name: &str) -> bool {
    let (key, name) = (folded(key), folded(name));
    if key.len() > 128 || key.is_empty() || name.is_empty() {
        return false;
    }
    key.contains(&name) || (key.len() > 2 && name.contains(&key)) || is_near(&key, &name)
}

// Whether at most two letters, or one in a short word, differ.
fn is_near(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let most = if a.len().min(b.len()) < 5 { 1 } else { 2 };
    if a.len().abs_diff(b.len()) > most {
        return false;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()] <= most
}

fn short(key: &str) -> String {
    crate::output::fault::short(key, 60)
}
