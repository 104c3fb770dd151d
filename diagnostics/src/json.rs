//! Diagnostics for programs: the document `flowc check --format json` prints.

use crate::{Diagnostics, FlowDiagnostic, Severity, Sources, Span};
use serde_json::{Value, json};

/// The whole document: every diagnostic with the counts.
pub fn document(diagnostics: &Diagnostics, sources: &Sources) -> Value {
    let (errors, warnings) = diagnostics.counts();
    let list: Vec<Value> = diagnostics.iter().map(|d| one(d, sources)).collect();
    json!({ "diagnostics": list, "errors": errors, "warnings": warnings })
}

/// A span as `{"start": {"line", "column", "offset"}, "end": {…}}`.
pub fn range(span: Span, sources: &Sources) -> Value {
    let (start, end) = sources.range(span);
    let position = |p: crate::Position| json!({ "line": p.line, "column": p.column, "offset": p.offset });
    json!({ "start": position(start), "end": position(end) })
}

fn one(diagnostic: &FlowDiagnostic, sources: &Sources) -> Value {
    let file = |span: Span| sources.file(span.file).name();
    let primary = &diagnostic.labels[0];
    // The primary place is the diagnostic's own range; its label is listed only when it says something.
    let labels = diagnostic.labels.iter().enumerate().filter(|(i, l)| *i > 0 || !l.message.is_empty());
    json!({
        "code": diagnostic.code.name(),
        "severity": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": diagnostic.message,
        "help": diagnostic.help,
        "file": file(primary.span),
        "range": range(primary.span, sources),
        "labels": labels.map(|(_, l)| json!({
            "message": l.message, "file": file(l.span), "range": range(l.span, sources),
        })).collect::<Vec<_>>(),
        "fixes": diagnostic.fixes.iter().map(|fix| json!({
            "title": fix.title,
            "edits": fix.edits.iter().map(|e| json!({
                "file": file(e.span), "range": range(e.span, sources), "text": e.text,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}
