//! Diagnostics as the protocol has them: with the places that take part, and what to do.

use crate::snapshot::Snapshot;
use flow_diagnostics::{Code, FlowDiagnostic, Severity};
use tower_lsp_server::ls_types as lsp;

/// Where the page of a code is, if it can be opened.
pub(crate) type Explained<'e> = &'e dyn Fn(Code) -> Option<lsp::Uri>;

/// What was found in the files of a program, each with its diagnostics; the document is first, and
/// other files only where there is something to say of them.
pub(crate) fn of(snapshot: &Snapshot, explained: Explained<'_>) -> Vec<(lsp::Uri, Vec<lsp::Diagnostic>)> {
    let mut files: Vec<(lsp::Uri, Vec<lsp::Diagnostic>)> = vec![(snapshot.job.uri.clone(), Vec::new())];
    for found in snapshot.found.outcome.diagnostics.iter() {
        let Some(Some(uri)) = snapshot.uris.get(found.span().file.0 as usize) else { continue };
        let shown = shown(snapshot, found, explained);
        match files.iter_mut().find(|(u, _)| u == uri) {
            Some((_, list)) => list.push(shown),
            None => files.push((uri.clone(), vec![shown])),
        }
    }
    if let Some(reason) = &snapshot.trouble {
        files[0].1.insert(0, configuration(reason));
    }
    files
}

/// One diagnostic.
pub(crate) fn shown(
    snapshot: &Snapshot,
    found: &FlowDiagnostic,
    explained: Explained<'_>,
) -> lsp::Diagnostic {
    let related: Vec<lsp::DiagnosticRelatedInformation> = found
        .labels
        .iter()
        .skip(1)
        .filter_map(|label| {
            let message = if label.message.is_empty() { "here".to_owned() } else { label.message.clone() };
            Some(lsp::DiagnosticRelatedInformation { location: snapshot.location(label.span)?, message })
        })
        .collect();
    let unused = found.code == Code::W0701;
    lsp::Diagnostic {
        range: snapshot.range(found.span()),
        severity: Some(match found.severity {
            Severity::Error => lsp::DiagnosticSeverity::ERROR,
            Severity::Warning => lsp::DiagnosticSeverity::WARNING,
        }),
        code: Some(lsp::NumberOrString::String(found.code.name().to_owned())),
        code_description: explained(found.code).map(|href| lsp::CodeDescription { href }),
        source: Some("flowc".to_owned()),
        message: message(found),
        related_information: (!related.is_empty()).then_some(related),
        tags: unused.then(|| vec![lsp::DiagnosticTag::UNNECESSARY]),
        data: None,
    }
}

// The message, what stands at the place, and what to do, a line each.
fn message(found: &FlowDiagnostic) -> String {
    let here = found.labels.first().map(|l| l.message.as_str()).filter(|m| !m.is_empty());
    let help = found.help.as_ref().map(|help| format!("help: {help}"));
    let lines = [Some(found.message.clone()), here.map(str::to_owned), help];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn configuration(reason: &str) -> lsp::Diagnostic {
    lsp::Diagnostic {
        severity: Some(lsp::DiagnosticSeverity::ERROR),
        source: Some("flowc".to_owned()),
        message: format!("the project's configuration cannot be read: {reason}"),
        ..lsp::Diagnostic::default()
    }
}
