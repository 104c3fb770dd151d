//! The call hierarchy in the protocol's terms.

use super::outline::kind;
use crate::ide::{calls, names, symbols};
use crate::snapshot::Snapshot;
use flow_compiler::ast::Item;
use flow_diagnostics::{FileId, Span};
use tower_lsp_server::ls_types::*;

/// What can be called at an offset.
pub(crate) fn prepare(snapshot: &Snapshot, offset: usize) -> Option<Vec<CallHierarchyItem>> {
    Some(vec![item(snapshot, calls::prepare(snapshot, offset)?)?])
}

/// What calls an item.
pub(crate) fn incoming(snapshot: &Snapshot, of: &CallHierarchyItem) -> Vec<CallHierarchyIncomingCall> {
    let Some(name) = span(snapshot, of) else { return Vec::new() };
    let calls = calls::incoming(snapshot, name).into_iter().filter_map(|(from, at)| {
        let from_ranges = at.iter().map(|span| snapshot.range(*span)).collect();
        Some(CallHierarchyIncomingCall { from: item(snapshot, from)?, from_ranges })
    });
    calls.collect()
}

/// What an item calls.
pub(crate) fn outgoing(snapshot: &Snapshot, of: &CallHierarchyItem) -> Vec<CallHierarchyOutgoingCall> {
    let Some(name) = span(snapshot, of) else { return Vec::new() };
    let calls = calls::outgoing(snapshot, name).into_iter().filter_map(|(to, at)| {
        let from_ranges = at.iter().map(|span| snapshot.range(*span)).collect();
        Some(CallHierarchyOutgoingCall { to: item(snapshot, to)?, from_ranges })
    });
    calls.collect()
}

fn item(snapshot: &Snapshot, item: &Item) -> Option<CallHierarchyItem> {
    let (name, at, sort) = match item {
        Item::Test(test) => (test.name.value.to_string(), test.name.span, symbols::Kind::Test),
        item => {
            let name = item.name()?;
            let sort = match item {
                Item::Prompt(_) => symbols::Kind::Prompt,
                Item::Lookup(_) => symbols::Kind::Lookup,
                Item::Guard(_) => symbols::Kind::Guard,
                Item::Action(_) => symbols::Kind::Action,
                _ => symbols::Kind::Flow,
            };
            (name.name.to_string(), name.span, sort)
        }
    };
    let Location { uri, range } = snapshot.location(item.span())?;
    Some(CallHierarchyItem {
        name,
        kind: kind(sort),
        tags: None,
        detail: Some(item.keyword().to_owned()),
        uri,
        range,
        selection_range: snapshot.range(at),
        data: None,
    })
}

fn span(snapshot: &Snapshot, item: &CallHierarchyItem) -> Option<Span> {
    let file = snapshot.uris.iter().position(|uri| uri.as_ref() == Some(&item.uri))?;
    let text = snapshot.texts.get(file)?;
    let at = text.offset(item.selection_range.start, snapshot.job.encoding);
    let word = names::word_at(text.as_str(), at);
    Some(Span::new(FileId(u32::try_from(file).ok()?), word.start, word.end))
}
