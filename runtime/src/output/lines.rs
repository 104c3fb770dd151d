//! Values that are written as lines: a list as bullets, a record as `name: value`, or as `tags` and
//! `tables`.
//!
//! Taken where every line is part of it, but for one line before that ends with a colon; with more words
//! around them, which lines those are is found by `amid`.

use super::Judge;
use super::amid;
use super::candidates::{self, Found};
use super::clean::{self, unbulleted, unmarked};
use super::fault::Fault;
use super::fit::{self, Fitting};
use super::parse::{self, Node, Object, field_of, folded};
use super::repair::{Repair, Repairs};
use super::{said, said_around, tables, tags};
use flow_plan::{RecordType, Type};
use std::borrow::Cow;

/// The list or record that a text's lines are.
pub(super) fn find(spaced: &str, judge: &Judge<'_>) -> Result<Option<Found>, Fault> {
    let mut repairs = Repairs::default();
    let text = spaced.trim_end();
    let body = match clean::only_fence(text) {
        Some(inside) if text.starts_with("```") && text.ends_with("```") => {
            repairs.add(Repair::Fence);
            inside
        }
        // The end of a fence that none has opened. In a text, it may begin one that was cut off.
        None => {
            match text.strip_suffix("```").filter(|text| !text.contains("```") && is_small_record(judge.ty)) {
                Some(inside) => {
                    repairs.add(Repair::Fence);
                    inside.trim_end()
                }
                None => text,
            }
        }
        Some(_) => text,
    };
    let body = match between_marks(body) {
        Some(inside) => {
            repairs.add(Repair::Tag);
            inside
        }
        None => body,
    };
    match judge.ty.present() {
        Type::List(item, _)
            if !matches!(item.present(), Type::Record(_) | Type::List(..) | Type::Map(..)) =>
        {
            let nodes = bullets(body, item)
                .or_else(|| commas(body, item))
                .or_else(|| numbers(body, item))
                .or_else(|| names(body, item))
                .or_else(|| {
                    let nodes = bullets(amid::bullets(body, item)?, item)?;
                    repairs.add(Repair::TextAround);
                    Some(nodes)
                });
            Ok(nodes.and_then(|nodes| {
                repairs.add(Repair::Lines);
                candidates::judged(Node::List(nodes), repairs, judge).ok()
            }))
        }
        Type::List(item, _) => {
            let Type::Record(record) = item.present() else { return Ok(None) };
            let Some(rows) = tables::rows(body, record) else { return Ok(None) };
            repairs.add(Repair::Lines);
            candidates::judged(Node::List(rows), repairs, judge).map(Some).map_err(Fault::Misfit)
        }
        Type::Record(record) => {
            if let Some(found) = unbraced(if body == text { spaced } else { body }, judge, repairs)? {
                return Ok(Some(found));
            }
            let object = match fields(body, record) {
                Some(object) => object,
                None => {
                    let Some((object, is_inside)) = tags::fields(body, record) else {
                        return Ok(fields_amid(body, record, judge, repairs));
                    };
                    if is_inside {
                        repairs.add(Repair::TextAround);
                    }
                    object
                }
            };
            repairs.add(Repair::Lines);
            candidates::judged(Node::Object(object), repairs, judge).map(Some).map_err(Fault::Misfit)
        }
        _ => Ok(None),
    }
}

fn is_small_record(ty: &Type) -> bool {
    matches!(ty.present(), Type::Record(record) if record.fields.iter().all(|field| amid::is_small(&field.ty)))
}

// A record's fields with words around their lines.
fn fields_amid(text: &str, record: &RecordType, judge: &Judge<'_>, mut repairs: Repairs) -> Option<Found> {
    let object = fields(amid::fields(text, record)?, record)?;
    repairs.add(Repair::TextAround);
    repairs.add(Repair::Lines);
    candidates::judged(Node::Object(object), repairs, judge).ok()
}

fn bullets<'t>(text: &'t str, item: &Type) -> Option<Vec<Node<'t>>> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    // What comes, and a colon.
    if lines.peek().is_some_and(|first| unbulleted(first).is_none()) {
        lines.next().filter(|first| said_around::announces_list(first, item))?;
    }
    let is_text = matches!(item.present(), Type::Text { .. });
    // Numbers that go on are one list, however their lines are indented.
    let is_counted = lines.clone().zip(1..).all(|(line, n)| line.trim_start().starts_with(&format!("{n}.")));
    // A comma that ends every bullet but the last belongs to the list.
    let count = lines.clone().count();
    let has_commas = count > 1 && lines.clone().take(count - 1).all(|line| line.trim_end().ends_with(','));
    let nodes: Vec<Node<'t>> = lines
        .map(|line| {
            // What is indented belongs to another bullet.
            let bullet = unbulleted(line).filter(|_| is_counted || !line.starts_with([' ', '\t']))?;
            let bullet = if has_commas { bullet.trim_end_matches(',') } else { bullet };
            let bare = unmarked(bullet);
            // Of boxes, those with a cross may be meant; what is struck out is none.
            let is_open = ["[ ]", "[x]", "[X]", "~~"].iter().any(|mark| bullet.starts_with(mark));
            let is_none = count == 1 && fit::says_none(bare, item);
            if is_open || is_none || parse::is_rest(bare) || parse::is_slot(bare) {
                return None;
            }
            Some(if is_text { Node::Text(Cow::Borrowed(bare)) } else { Node::Bare(bare) })
        })
        .collect::<Option<_>>()?;
    (!nodes.is_empty()).then_some(nodes)
}

// Numbers and names with commas between them; texts may hold commas themselves.
fn commas<'t>(text: &'t str, item: &Type) -> Option<Vec<Node<'t>>> {
    // `1,500` is one number, `red,blue` are two names.
    let sign = if matches!(item.present(), Type::Enum(_)) { "," } else { ", " };
    // In brackets or quotes they are no lines.
    if text.contains(['\n', '[', '{', '"']) || !text.contains(sign) || text.len() > 4096 {
        return None;
    }
    let parts: Vec<&str> = text.trim_end_matches('.').split(sign).map(str::trim).collect();
    parts.iter().all(|part| is_exact(part, item)).then(|| parts.into_iter().map(Node::Bare).collect())
}

// Names, one a line.
fn names<'t>(text: &'t str, item: &Type) -> Option<Vec<Node<'t>>> {
    let Type::Enum(_) = item.present() else { return None };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(4096).collect();
    let are_names = lines.len() > 1 && lines.len() < 4096 && lines.iter().all(|line| is_exact(line, item));
    are_names.then(|| lines.into_iter().map(Node::Bare).collect())
}

// The elements of a list on a field's line: numbers and names, or texts in quotes.
fn elements<'t>(text: &'t str, item: &Type) -> Option<Node<'t>> {
    if is_exact(text, item) {
        return Some(Node::Bare(text));
    }
    let nodes = commas(text, item).or_else(|| numbers(text, item)).or_else(|| texts(text, item))?;
    Some(Node::List(nodes))
}

// Texts in quotes with commas between them.
fn texts<'t>(text: &'t str, item: &Type) -> Option<Vec<Node<'t>>> {
    let Type::Text { .. } = item.present() else { return None };
    let (mut nodes, mut rest) = (Vec::new(), text);
    loop {
        let (inside, behind) = rest.strip_prefix('"')?.split_once('"')?;
        if inside.contains('\\') {
            return None;
        }
        nodes.push(Node::Text(Cow::Borrowed(inside)));
        match behind.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return behind.trim().is_empty().then_some(nodes),
        }
    }
}

fn is_exact(part: &str, item: &Type) -> bool {
    match item.present() {
        Type::Enum(e) => fit::variant(e, part).is_some(),
        Type::Int(_) | Type::Float(_) => part.parse::<f64>().is_ok_and(f64::is_finite),
        _ => false,
    }
}

// Whole numbers with bare commas between them, or one a line. What may be one number in groups is none.
fn numbers<'t>(text: &'t str, item: &Type) -> Option<Vec<Node<'t>>> {
    if !matches!(item.present(), Type::Int(_) | Type::Float(_)) || text.len() > 4096 {
        return None;
    }
    let sign = if text.contains('\n') { '\n' } else { ',' };
    let parts: Vec<&str> = text.trim_end().trim_end_matches(',').split(sign).map(str::trim).collect();
    let is_number = |part: &&str| part.parse::<i64>().is_ok();
    let may_be_one = sign == ',' && parts[1..].iter().all(|part| part.len() == 3);
    let are_many = parts.len() > 1 && !may_be_one && parts.iter().all(is_number);
    are_many.then(|| parts.into_iter().map(Node::Bare).collect())
}

// A text in quotes with something escaped inside, or in three quotes, as it would be read in an object: nothing
// where it is neither, and none where it can't be read.
fn quoted<'t>(value: &'t str, ty: &Type) -> Option<Option<Node<'t>>> {
    let Type::Text { .. } = ty.present() else { return None };
    let value = value.trim();
    for mark in ["'''", "\"\"\""] {
        if let Some(inside) = value.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark)) {
            return (!inside.contains(mark)).then(|| Some(Node::Text(Cow::Borrowed(inside.trim()))));
        }
    }
    let is_escaped = value.contains('\\') && serde_json::from_str::<String>(value).is_ok();
    // `"C:\new"` is a path and no line break.
    let is_path = value.get(2..4) == Some(":\\");
    is_escaped.then(|| {
        let parsed =
            parse::value_at(value, 0, ty).ok().filter(|parsed| !is_path && parsed.end == value.len())?;
        Some(parsed.node)
    })
}

// What stands between two lines that are marks of a template: `[CONTENT]` and `[/CONTENT]`.
fn between_marks(text: &str) -> Option<&str> {
    let (first, rest) = text.split_once('\n')?;
    let name = first.trim().strip_prefix('[')?.strip_suffix(']')?;
    let (inside, last) = rest.trim_end().rsplit_once('\n')?;
    let closing = last.trim().strip_prefix('[')?.strip_suffix(']')?;
    let is_shown = said_around::is_label(&folded(name)) || folded(name) == "thinking";
    let is_name = !is_shown && name.len() > 2 && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    (is_name && closing.strip_prefix('/').unwrap_or(closing) == name).then(|| inside.trim())
}

// An object whose opening brace is missing.
fn unbraced(text: &str, judge: &Judge<'_>, mut repairs: Repairs) -> Result<Option<Found>, Fault> {
    let Some(start) = first_key(text) else { return Ok(None) };
    if start > 0 {
        repairs.add(Repair::TextAround);
    }
    let parsed = parse::object_inside(text, start, judge.ty)?;
    if !text[parsed.end..].trim_matches(['}', '`', ' ', '\n']).is_empty() {
        return Ok(None);
    }
    repairs.join(parsed.repairs);
    candidates::judged(parsed.node, repairs, judge).map(Some).map_err(|misfit| {
        match misfit.message == fit::OPEN {
            true => Fault::Cut(text.len(), misfit.to_string()),
            false => Fault::Misfit(misfit),
        }
    })
}

// Where the first key in quotes stands: at the start, or behind lines of which the last ends with a colon.
fn first_key(text: &str) -> Option<usize> {
    let is_key = |at: usize| text[at..].starts_with(['"', '\'']) && parse::is_key(text, at);
    if is_key(0) {
        return Some(0);
    }
    let (at, _) = text.match_indices('\n').take(8).find(|(at, _)| is_key(at + 1))?;
    let before = text[..at].trim_end();
    (before.ends_with(':') && !before.contains(['{', '['])).then_some(at + 1)
}

/// Which field of the type a line is, its key and its value.
pub(super) fn field_line<'t>(line: &'t str, record: &RecordType) -> Option<(usize, &'t str, &'t str)> {
    let line = unbulleted(line).unwrap_or(line);
    // Where the whole line is in bold.
    let bold = line.strip_prefix("**").and_then(|line| line.strip_suffix("**"));
    let line = bold.filter(|line| !line.contains("**")).unwrap_or(line);
    // `name = value`, too.
    let (key, value) = line.split_once([':', '='])?;
    let key = key.trim_start_matches(['*', '_', '#', ' ']).trim_end_matches(['*', '_', ' ']);
    // `> name: Ann` is a quotation.
    if !key.starts_with(char::is_alphanumeric) {
        return None;
    }
    let value = value.trim_start_matches(['*', '_']).trim();
    // JSON that could not be read is no line of fields.
    if key.contains(['{', '}', '[', ']', '"', '\'', ',']) {
        return None;
    }
    Some((field_of(record, key)?, key, value))
}

// One field a line, each once.
fn fields<'t>(text: &'t str, record: &RecordType) -> Option<Object<'t>> {
    let mut object = Object::default();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let field = |line: &'t str| field_line(line, record);
    if lines.peek().is_some_and(|first| field(first).is_none() && first.ends_with(':')) {
        lines.next().filter(|first| !said_around::holds_back(first))?;
    }
    while let Some(line) = lines.next() {
        let (at, key, mut value) = field(line)?;
        // A list as bullets below its name.
        if value.is_empty()
            && let Type::List(item, _) = record.fields[at].ty.present()
            && object.entries.iter().all(|(k, _)| field_of(record, k) != Some(at))
        {
            let mut bulleted = Vec::new();
            while let Some(next) = lines.next_if(|next| field(next).is_none()) {
                bulleted.push(node_of(unmarked(unbulleted(next)?), item)?);
            }
            if bulleted.is_empty() {
                return None;
            }
            object.entries.push((Cow::Borrowed(key), Node::List(bulleted)));
            continue;
        }
        // The value of a field that must have one, on the next line.
        if value.is_empty() && !matches!(record.fields[at].ty, Type::Optional(_)) {
            let is_plain = |next: &&str| unbulleted(next).is_none() && !next.starts_with("```");
            value = lines.next_if(|next| field(next).is_none()).filter(is_plain)?;
        }
        let bare = unmarked(value);
        // A quote that nothing closes, or the format for a value.
        let is_half = value.starts_with('"') && value.matches('"').count() % 2 == 1 || value.contains("''");
        if is_half && !value.starts_with("'''") && quoted(value, &record.fields[at].ty).is_none()
            || parse::is_rest(bare)
            || parse::is_slot(bare)
        {
            return None;
        }
        if bare.is_empty() || object.entries.iter().any(|(k, _)| field_of(record, k) == Some(at)) {
            return None;
        }
        let node = match quoted(value, &record.fields[at].ty) {
            Some(node) => node?,
            None => node_of(bare, &record.fields[at].ty)?,
        };
        // A comment, or a part of the text.
        if bare.contains(" # ") && matches!(node, Node::Text(_)) {
            return None;
        }
        object.entries.push((Cow::Borrowed(key), node));
    }
    (!object.entries.is_empty()).then_some(object)
}

/// What a text is that stands for a field of the type, without quotes; `None` where it is none.
pub(super) fn node_of<'t>(text: &'t str, ty: &Type) -> Option<Node<'t>> {
    match ty {
        Type::Optional(inner) => match text {
            "null" | "None" | "none" | "N/A" | "n/a" => Some(Node::Null),
            text => node_of(text, inner),
        },
        Type::Text { .. } if matches!(text, "null" | "~") => None,
        Type::Text { .. } => Some(Node::Text(Cow::Borrowed(text))),
        Type::List(item, _) => {
            let whole = parse::value_at(text, 0, ty).ok().filter(|parsed| parsed.end == text.len());
            let whole = whole.map(|parsed| parsed.node).or_else(|| elements(text, item));
            // On one line, it is not certain which dashes begin an element.
            let is_below = text.contains('\n') && unbulleted(text).is_some();
            whole.or_else(|| is_below.then(|| bullets(text, item)).flatten().map(Node::List))
        }
        Type::Record(_) | Type::Map(..) | Type::Json(_) => {
            let parsed = parse::value_at(text, 0, ty).ok()?;
            (parsed.end == text.len()).then_some(parsed.node)
        }
        Type::Enum(e) => {
            let name = fit::variant(e, text).or_else(|| said::before_reason(text, e));
            name.map(|name| Node::Text(Cow::Owned(name)))
        }
        ty => {
            fit::small(text, ty, &mut Fitting::default())?;
            Some(Node::Bare(text))
        }
    }
}
