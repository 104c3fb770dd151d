//! Code actions: the compiler's fixes, and what is offered beside them.

use super::fixes;
use crate::host::Host;
use crate::ide::actions;
use crate::ide::diagnostics::Explained;
use crate::snapshot::Snapshot;
use std::collections::HashMap;
use tower_lsp_server::ls_types::*;

/// The actions for a range of the document, of the kinds that are asked for.
pub(crate) fn of(
    snapshot: &Snapshot,
    params: &CodeActionParams,
    explained: Explained<'_>,
    host: &dyn Host,
) -> CodeActionResponse {
    let range = snapshot.job.text.bytes(params.range, snapshot.job.encoding);
    let mut found = fixes::at(snapshot, range.clone(), explained);
    found.extend(actions::at(snapshot, range.start, host).into_iter().map(|a| action(snapshot, a)));
    found.extend(fixes::all(snapshot));
    if let Some(only) = &params.context.only {
        // A kind that is asked for stands for all kinds below it.
        let asked = |kind: &CodeActionKind| {
            only.iter().any(|o| {
                kind == o || kind.as_str().strip_prefix(o.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        found.retain(|a| a.kind.as_ref().is_some_and(asked));
    }
    found.into_iter().map(CodeActionOrCommand::CodeAction).collect()
}

fn action(snapshot: &Snapshot, action: actions::Action) -> CodeAction {
    let edits =
        action.edits.into_iter().map(|(range, text)| TextEdit::new(snapshot.here(range), text)).collect();
    CodeAction {
        title: action.title,
        kind: Some(CodeActionKind::REFACTOR_REWRITE),
        edit: Some(WorkspaceEdit {
            changes: Some(HashMap::from([(snapshot.job.uri.clone(), edits)])),
            ..WorkspaceEdit::default()
        }),
        ..CodeAction::default()
    }
}
