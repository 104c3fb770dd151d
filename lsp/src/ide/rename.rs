//! Renaming: what may be renamed, to what, and whether the new name is free.

use super::names::{self, Named};
use crate::snapshot::Snapshot;
use flow_compiler::ast::Item;
use flow_diagnostics::Span;

/// The name at an offset that can be renamed; or why it cannot be.
pub(crate) fn prepare(snapshot: &Snapshot, offset: usize) -> Result<Named, String> {
    let Some(named) = names::at(snapshot, offset) else {
        return Err("there is no name of this program here".to_owned());
    };
    if snapshot.location(named.declared).is_none() {
        return Err("what stands in a module of `std` cannot be renamed".to_owned());
    }
    if snapshot.source(named.at) != snapshot.source(named.declared) {
        return Err("it has another name here than where it is declared; rename it there".to_owned());
    }
    Ok(named)
}

/// Whether a name may take the place of one; an error is the reason.
pub(crate) fn check(snapshot: &Snapshot, declared: Span, name: &str) -> Result<(), String> {
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !fits {
        return Err(format!("`{name}` is not a name: letters, digits and `_`, and no digit first"));
    }
    if RESERVED.contains(&name) {
        return Err(format!("`{name}` is a word of the language"));
    }
    if name == snapshot.source(declared) {
        return Ok(());
    }
    let taken = |span: Span| Err(format!("`{name}` is taken: {}", place(snapshot, span)));
    let hir = snapshot.hir();
    let is_top = hir.decls.iter().any(|d| d.span == declared);
    let same_file = |span: Span| span.file == declared.file;
    if let Some(other) = hir.decls.iter().find(|d| is_top && d.name == name && same_file(d.span)) {
        return taken(other.span);
    }
    let file = snapshot.found.outcome.files.get(declared.file.0 as usize);
    let item = file.and_then(|f| f.items().find(|i| i.span().contains(declared.start as usize)));
    if let (Some(item), false) = (item, is_top) {
        let inside = |span: Span| same_file(span) && item.span().contains(span.start as usize);
        if let Some(other) = hir.typed.iter().find(|t| t.name == name && inside(t.span)) {
            return taken(other.span);
        }
        if let Item::Type(d) = item
            && let flow_compiler::ast::TypeBody::Record(fields) = &d.body
            && let Some(other) = fields.iter().find(|f| f.name.name == name)
        {
            return taken(other.name.span);
        }
    }
    Ok(())
}

fn place(snapshot: &Snapshot, span: Span) -> String {
    let (start, _) = snapshot.found.outcome.sources.range(span);
    format!("{}:{}", snapshot.found.outcome.sources.file(span.file).name(), start.line)
}

const RESERVED: &[&str] = &[
    "and", "or", "not", "in", "else", "return", "yield", "true", "false", "null", "it", "if", "match",
    "each", "repeat",
];
