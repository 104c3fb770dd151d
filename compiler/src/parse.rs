//! One file from text to syntax tree, with what is not understood reported (E0001).

use crate::ast;
use flow_diagnostics::{Code, Diagnostics, FileId, FlowDiagnostic, Span};
use flow_grammar::SyntaxError;

/// Parses a file, whatever its text.
pub fn parse_file(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> ast::File {
    let parsed = flow_grammar::parse(text);
    for error in parsed.errors {
        diagnostics.push(reported(error, file));
    }
    crate::lower::lower(&parsed.cst, text, file, diagnostics)
}

fn reported(error: SyntaxError, file: FileId) -> FlowDiagnostic {
    let span = |range: std::ops::Range<usize>| Span::new(file, range.start, range.end);
    let diagnostic = FlowDiagnostic::new(Code::E0001, span(error.range), error.message)
        .here(error.note)
        .maybe_help(error.help);
    match error.fix {
        Some(fix) => diagnostic.fix(fix.title, span(fix.range), fix.text),
        None => diagnostic,
    }
}
