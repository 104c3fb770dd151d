//! Records that are written as tags, one a field: `<name>Ann</name><age>41</age>`.
//!
//! Taken only where nothing but tags stands in the text, each is a field of the type and none stands
//! inside another.

use super::clean;
use super::lines::node_of;
use super::parse::{Object, field_of};
use flow_plan::RecordType;
use std::borrow::Cow;

/// The record that a text's tags are, with or without one tag around them all.
pub(super) fn fields<'t>(text: &'t str, record: &RecordType) -> Option<Object<'t>> {
    let text = text.trim();
    read(text, record).or_else(|| read(clean::untagged(text)?, record))
}

fn read<'t>(text: &'t str, record: &RecordType) -> Option<Object<'t>> {
    let mut object = Object::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, behind) = rest.strip_prefix('<')?.split_once('>')?;
        let at = field_of(record, name)?;
        let (value, behind) = behind.split_once(&format!("</{name}>"))?;
        // A tag inside may be a part of the text or a field; `&amp;` is one of two signs.
        let is_plain = !value.contains('<') && !value.contains('&');
        let is_new = object.entries.iter().all(|(key, _)| field_of(record, key) != Some(at));
        if !is_plain || !is_new || value.trim().is_empty() {
            return None;
        }
        object.entries.push((Cow::Borrowed(name), node_of(value.trim(), &record.fields[at].ty)?));
        // A comma between two.
        let behind = behind.trim_start();
        rest = behind.strip_prefix(',').map_or(behind, str::trim_start);
    }
    (!object.entries.is_empty()).then_some(object)
}
