//! Code actions: the compiler's fixes, and what is offered beside them.

use super::fixes;
use crate::host::Host;
use crate::ide::actions;
use crate::ide::diagnostics::Explained;
use crate::ide::refactor::{self, Trial};
use crate::snapshot::Snapshot;
use crate::world::Open;
use std::collections::HashMap;
use tower_lsp_server::ls_types::*;

/// The actions for a range of the document, of the kinds that are asked for.
pub(crate) fn of(
    snapshot: &Snapshot,
    params: &CodeActionParams,
    explained: Explained<'_>,
    (open, host): (&Open, &dyn Host),
) -> CodeActionResponse {
    let range = snapshot.job.text.bytes(params.range, snapshot.job.encoding);
    let mut found = fixes::at(snapshot, range.clone(), explained);
    // A kind that is asked for stands for all kinds below it.
    let asked = |kind: &CodeActionKind| {
        let is = |o: &CodeActionKind| {
            kind == o || kind.as_str().strip_prefix(o.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        params.context.only.as_ref().is_none_or(|only| only.iter().any(is))
    };
    let offered = |kind: CodeActionKind| move |a: actions::Action| action(snapshot, kind.clone(), a);
    let rewrite = offered(CodeActionKind::REFACTOR_REWRITE);
    found.extend(actions::at(snapshot, range.start, host).into_iter().map(rewrite));
    let trial = Trial { snapshot, open, host };
    // They are tried, which takes longer than the others.
    if asked(&CodeActionKind::REFACTOR_EXTRACT) {
        let extracted = refactor::extract(&trial, range.start);
        found.extend(extracted.map(offered(CodeActionKind::REFACTOR_EXTRACT)));
    }
    if asked(&CodeActionKind::REFACTOR_INLINE) {
        found.extend(refactor::inline(&trial, range.start).map(offered(CodeActionKind::REFACTOR_INLINE)));
    }
    found.extend(fixes::all(snapshot));
    found.retain(|a| a.kind.as_ref().is_some_and(asked));
    found.into_iter().map(CodeActionOrCommand::CodeAction).collect()
}

fn action(snapshot: &Snapshot, kind: CodeActionKind, action: actions::Action) -> CodeAction {
    let edits =
        action.edits.into_iter().map(|(range, text)| TextEdit::new(snapshot.here(range), text)).collect();
    CodeAction {
        title: action.title,
        kind: Some(kind),
        edit: Some(WorkspaceEdit {
            changes: Some(HashMap::from([(snapshot.job.uri.clone(), edits)])),
            ..WorkspaceEdit::default()
        }),
        ..CodeAction::default()
    }
}
