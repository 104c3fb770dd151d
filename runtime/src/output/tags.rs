//! Records that are written as tags, one a field: `<name>Ann</name><age>41</age>`.
//!
//! Taken only where each tag is a field of the type and none stands inside another. Words may stand before and
//! behind them, and other tags around them, but no second record.

use super::clean;
use super::lines::node_of;
use super::parse::{Object, field_of};
use super::{said_around, shown};
use flow_plan::RecordType;
use std::borrow::Cow;

/// The record that a text's tags are, and whether there is more around them than one tag.
pub(super) fn fields<'t>(text: &'t str, record: &RecordType) -> Option<(Object<'t>, bool)> {
    let text = text.trim();
    let (start, name) = tags(text).find(|(_, name)| field_of(record, name).is_some())?;
    let (object, rest) = read(&text[start..], record)?;
    let outer = clean::untagged(text).and_then(|inside| read(inside, record));
    let is_alone = start == 0 && rest.is_empty() || outer.is_some_and(|(_, rest)| rest.is_empty());
    // What a thought or an example says before is not the answer.
    let is_open = text[..start].contains(&format!("<{name}")) || text[..start].contains(['{', '[']);
    let goes_on = tags(rest).any(|(_, name)| field_of(record, name).is_some());
    // A field that the type does not have.
    let is_beside = tags(rest).next().is_some_and(|(at, _)| at == 0);
    let is_shown = shown::is_shown(text, (start, text.len())) || said_around::is_taken_back(rest);
    (!is_open && !goes_on && !is_beside && !is_shown).then_some((object, !is_alone))
}

/// The opening tags of a text, and where they stand.
pub(super) fn tags(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('<').take(MOST).filter_map(|(at, _)| {
        let name = &text[at + 1..];
        let name = &name[..name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))?];
        (!name.is_empty() && text[at + 1 + name.len()..].starts_with('>')).then_some((at, name))
    })
}

/// How many signs that may open a tag are looked at.
const MOST: usize = 256;

// The tags at the start, and what stands behind them.
fn read<'t>(text: &'t str, record: &RecordType) -> Option<(Object<'t>, &'t str)> {
    let mut object = Object::default();
    let mut rest = text;
    while let Some((name, behind)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        if name.starts_with('/') || field_of(record, name).is_none() && !object.entries.is_empty() {
            break;
        }
        let at = field_of(record, name)?;
        let (value, behind) = behind.split_once(&format!("</{name}>"))?;
        // A tag inside may be a part of the text or a field; `&amp;` is one of two signs.
        let is_plain = !value.contains('<') && !value.contains('&');
        let is_new = object.entries.iter().all(|(key, _)| field_of(record, key) != Some(at));
        if !is_plain || !is_new || value.trim().is_empty() {
            return None;
        }
        object.entries.push((Cow::Borrowed(name), node_of(value.trim(), &record.fields[at].ty)?));
        // A comma or a line between two.
        rest = behind.trim_start();
        let next = rest.trim_start_matches([',', '-', '*', ' ', '\n']);
        if next.starts_with('<') {
            rest = next;
        }
    }
    (!object.entries.is_empty()).then_some((object, rest))
}
