//! Quick fixes: the compiler's own, for what it found at a place.

use crate::ide::diagnostics::{self, Explained};
use crate::snapshot::Snapshot;
use flow_diagnostics::{Fix, FlowDiagnostic};
use std::collections::HashMap;
use tower_lsp_server::ls_types::*;

/// Every fix of what was found in these bytes of the document.
pub(crate) fn at(
    snapshot: &Snapshot,
    range: std::ops::Range<usize>,
    explained: Explained<'_>,
) -> Vec<CodeAction> {
    let found = snapshot.found.outcome.diagnostics.iter();
    let near = found.filter(|d| {
        let span = d.span().range();
        snapshot.is_here(d.span()) && span.start <= range.end && range.start <= span.end
    });
    near.flat_map(|found| {
        let first_only = found.fixes.len() == 1;
        let actions = found.fixes.iter().filter_map(move |fix| {
            Some(CodeAction {
                title: fix.title.clone(),
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![diagnostics::shown(snapshot, found, explained)]),
                edit: Some(edit(snapshot, fix)?),
                is_preferred: Some(first_only),
                ..CodeAction::default()
            })
        });
        actions.collect::<Vec<_>>()
    })
    .collect()
}

/// All fixes of the document that leave no choice, as one change; nothing where there are none.
pub(crate) fn all(snapshot: &Snapshot) -> Option<CodeAction> {
    let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    let certain = |d: &&FlowDiagnostic| d.fixes.len() == 1;
    for found in snapshot.found.outcome.diagnostics.iter().filter(certain) {
        let fix = &found.fixes[0];
        let ranges: Vec<_> = fix.edits.iter().map(|e| e.span.range()).collect();
        let apart = |a: &std::ops::Range<usize>| taken.iter().all(|b| a.end < b.start || b.end < a.start);
        // What touches another fix waits for the next time: the two may not agree.
        if !fix.edits.iter().all(|e| snapshot.is_here(e.span)) || !ranges.iter().all(apart) {
            continue;
        }
        taken.extend(ranges);
        for (uri, edits) in edit(snapshot, fix)?.changes.unwrap_or_default() {
            changes.entry(uri).or_default().extend(edits);
        }
    }
    (!changes.is_empty()).then(|| CodeAction {
        title: "Fix all that flowc can fix".to_owned(),
        kind: Some(CodeActionKind::SOURCE_FIX_ALL),
        edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
        ..CodeAction::default()
    })
}

// Nothing where a part of it is in a file that cannot be changed.
fn edit(snapshot: &Snapshot, fix: &Fix) -> Option<WorkspaceEdit> {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for edit in &fix.edits {
        let Location { uri, range } = snapshot.location(edit.span)?;
        changes.entry(uri).or_default().push(TextEdit::new(range, edit.text.clone()));
    }
    Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}
