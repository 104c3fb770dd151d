//! The call hierarchy: which flows and guards call which flows, prompts, lookups, guards and actions.

use super::names;
use crate::snapshot::Snapshot;
use flow_compiler::ast::Item;
use flow_diagnostics::Span;

/// The declaration at an offset that can be called or calls.
pub(crate) fn prepare(snapshot: &Snapshot, offset: usize) -> Option<&Item> {
    let named = names::at(snapshot, offset)?;
    names::item_of(snapshot, named.declared).filter(|item| is_called(item))
}

fn is_called(item: &Item) -> bool {
    matches!(
        item,
        Item::Flow(_) | Item::Prompt(_) | Item::Lookup(_) | Item::Guard(_) | Item::Action(_) | Item::Test(_)
    )
}

/// What names a declaration, each with the places where it does.
pub(crate) fn incoming(snapshot: &Snapshot, name: Span) -> Vec<(&Item, Vec<Span>)> {
    let uses = snapshot.hir().uses.iter().filter(|(_, declared)| *declared == name);
    grouped(uses.filter_map(|(at, _)| Some((around(snapshot, *at)?, *at))))
}

/// What a declaration names, each with the places where it does.
pub(crate) fn outgoing(snapshot: &Snapshot, name: Span) -> Vec<(&Item, Vec<Span>)> {
    let Some(item) = names::item_of(snapshot, name) else { return Vec::new() };
    let span = item.span();
    let inside = |at: Span| at.file == span.file && span.contains(at.start as usize);
    let uses = snapshot.hir().uses.iter().filter(|(at, _)| inside(*at));
    let called = uses.filter_map(|(at, declared)| Some((names::item_of(snapshot, *declared)?, *at)));
    grouped(called.filter(|(item, _)| is_called(item)))
}

fn around(snapshot: &Snapshot, at: Span) -> Option<&Item> {
    let file = snapshot.found.outcome.files.get(at.file.0 as usize)?;
    file.items().find(|item| is_called(item) && item.span().contains(at.start as usize))
}

fn grouped<'s>(uses: impl Iterator<Item = (&'s Item, Span)>) -> Vec<(&'s Item, Vec<Span>)> {
    let mut out: Vec<(&Item, Vec<Span>)> = Vec::new();
    for (item, at) in uses {
        match out.iter_mut().find(|(known, _)| known.span() == item.span()) {
            Some((_, places)) => places.push(at),
            None => out.push((item, vec![at])),
        }
    }
    out
}
