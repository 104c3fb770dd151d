//! Definition, references, rename and highlights in the protocol's terms.

use crate::ide::{names, rename};
use crate::snapshot::Snapshot;
use flow_compiler::ast::Item;
use flow_diagnostics::{FileId, Span};
use flow_plan::Type;
use std::collections::HashMap;
use std::sync::Arc;
use tower_lsp_server::ls_types::*;

/// Where the name at an offset is declared; of a file's name in quotes, the file.
pub(crate) fn definition(snapshot: &Snapshot, offset: usize) -> Option<GotoDefinitionResponse> {
    if let Some(named) = names::at(snapshot, offset) {
        return Some(GotoDefinitionResponse::Scalar(snapshot.location(named.declared)?));
    }
    let links = crate::ide::links::of(snapshot);
    let (_, uri) = links.into_iter().find(|(range, _)| range.contains(&offset))?;
    Some(GotoDefinitionResponse::Scalar(Location { uri, range: Range::default() }))
}

/// Where the type of the value at an offset is declared.
pub(crate) fn type_definition(snapshot: &Snapshot, offset: usize) -> Option<GotoDefinitionResponse> {
    let hir = snapshot.hir();
    let word = names::word_at(snapshot.text(), offset);
    let span = Span::new(FileId::default(), word.start, word.end);
    let field = hir.fields.iter().find(|f| f.span == span).map(|f| &f.ty);
    let ty = field.or_else(|| {
        let declared = names::at(snapshot, offset)?.declared;
        hir.typed.iter().find(|t| t.span == declared && !t.name.is_empty()).map(|t| &t.ty)
    })?;
    let name = named_type(ty)?;
    let files = snapshot.found.outcome.files.iter().flat_map(|f| f.items());
    let mut declared = files.filter(|i| matches!(i, Item::Type(_) | Item::Enum(_))).filter_map(Item::name);
    let at = declared.find(|n| n.name == name)?;
    Some(GotoDefinitionResponse::Scalar(snapshot.location(at.span)?))
}

fn named_type(ty: &Type) -> Option<&str> {
    match ty.present() {
        Type::Record(record) => record.name.as_deref(),
        Type::Enum(e) => Some(&e.name),
        Type::List(item, _) | Type::Map(item, _) => named_type(item),
        _ => None,
    }
}

/// Every place in these programs where the name stands that one of them has at an offset.
pub(crate) fn references(
    snapshot: &Snapshot,
    offset: usize,
    others: &[Arc<Snapshot>],
    with_declaration: bool,
) -> Vec<Location> {
    let Some(named) = names::at(snapshot, offset) else { return Vec::new() };
    let mut found = everywhere(snapshot, named.declared, others);
    if !with_declaration {
        let declared = snapshot.location(named.declared);
        found.retain(|place| Some(place) != declared.as_ref());
    }
    found
}

fn everywhere(snapshot: &Snapshot, declared: Span, others: &[Arc<Snapshot>]) -> Vec<Location> {
    let all = |program: &Snapshot, declared: Span| -> Vec<Location> {
        names::occurrences(program, declared).into_iter().filter_map(|at| program.location(at)).collect()
    };
    let mut found = all(snapshot, declared);
    let here = snapshot.location(declared).map(|l| l.uri);
    for other in others {
        // The declaring file is the same, so the declaration stands at the same bytes.
        let file = other.uris.iter().position(|uri| uri.is_some() && *uri == here);
        let Some(file) = file.and_then(|f| u32::try_from(f).ok()) else { continue };
        let there = Span { file: FileId(file), ..declared };
        if other.source(there) == snapshot.source(declared) {
            found.extend(all(other, there));
        }
    }
    let mut seen: Vec<Location> = Vec::new();
    for place in found {
        if !seen.contains(&place) {
            seen.push(place);
        }
    }
    seen
}

/// What would be renamed at an offset; an error says why nothing can be.
pub(crate) fn prepare_rename(snapshot: &Snapshot, offset: usize) -> Result<PrepareRenameResponse, String> {
    let named = rename::prepare(snapshot, offset)?;
    let placeholder = snapshot.source(named.at).to_owned();
    Ok(PrepareRenameResponse::RangeWithPlaceholder { range: snapshot.range(named.at), placeholder })
}

/// The change that renames what stands at an offset, in all these programs.
pub(crate) fn rename(
    snapshot: &Snapshot,
    offset: usize,
    name: &str,
    others: &[Arc<Snapshot>],
) -> Result<WorkspaceEdit, String> {
    let named = rename::prepare(snapshot, offset)?;
    rename::check(snapshot, named.declared, name)?;
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for place in everywhere(snapshot, named.declared, others) {
        changes.entry(place.uri).or_default().push(TextEdit::new(place.range, name.to_owned()));
    }
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

/// The places in the document where the name at an offset stands.
pub(crate) fn highlights(snapshot: &Snapshot, offset: usize) -> Vec<DocumentHighlight> {
    let Some(named) = names::at(snapshot, offset) else { return Vec::new() };
    let places = names::occurrences(snapshot, named.declared);
    let here = places.into_iter().filter(|span| snapshot.is_here(*span));
    here.map(|span| DocumentHighlight {
        range: snapshot.range(span),
        kind: Some(if span == named.declared {
            DocumentHighlightKind::WRITE
        } else {
            DocumentHighlightKind::READ
        }),
    })
    .collect()
}
