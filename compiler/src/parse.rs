//! One file from text to syntax tree, with what is not understood reported (E0001).

use crate::ast;
use ecow::EcoString;
use flow_diagnostics::{Code, Diagnostics, FileId, FlowDiagnostic, Span};
use flow_grammar::SyntaxError;
use std::collections::HashMap;
use std::sync::Arc;

/// Parses a file, whatever its text.
pub fn parse_file(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> ast::File {
    let parsed = flow_grammar::parse(text);
    for error in parsed.errors {
        diagnostics.push(reported(error, file));
    }
    crate::lower::lower(&parsed.cst, text, file, diagnostics)
}

/// What is kept from one compilation to the next: the sections of each file as they were parsed, and
/// the tokens that were counted.
#[derive(Debug, Default)]
pub struct Before {
    files: HashMap<EcoString, flow_grammar::Parsed>,
    counted: Arc<flow_tokens::Memo>,
}

impl Before {
    /// Parses a file, with the sections that are as they were taken over.
    pub(crate) fn parse(
        &mut self,
        path: &EcoString,
        text: &str,
        file: FileId,
        diagnostics: &mut Diagnostics,
    ) -> Arc<ast::File> {
        let kept = self.files.entry(path.clone()).or_default();
        let parsed = flow_grammar::parse_again(text, kept);
        for error in parsed.errors {
            diagnostics.push(reported(error, file));
        }
        Arc::new(crate::lower::lower(&parsed.cst, text, file, diagnostics))
    }

    /// The tokens of texts that were counted.
    pub(crate) fn counted(&self) -> &Arc<flow_tokens::Memo> {
        &self.counted
    }

    /// Forgets the files that are not among these.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        self.files.retain(|path, _| wanted(path));
    }
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
