//! Semantic tokens in the protocol's terms: five numbers each, counted from the one before.

use crate::ide::tokens::{self, NAMES};
use crate::snapshot::Snapshot;
use tower_lsp_server::ls_types::*;

/// The classes and modifiers that the numbers mean.
pub(crate) fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: NAMES.iter().map(|name| SemanticTokenType::new(name)).collect(),
        token_modifiers: vec![SemanticTokenModifier::DECLARATION],
    }
}

/// The tokens of the document, or of a range of it.
pub(crate) fn of(snapshot: &Snapshot, range: Option<Range>) -> SemanticTokens {
    let (text, encoding) = (&snapshot.job.text, snapshot.job.encoding);
    let bytes = range.map_or(0..text.as_str().len(), |r| text.bytes(r, encoding));
    let mut before = Position::default();
    let mut data = Vec::new();
    for token in tokens::of(snapshot, bytes) {
        let range = snapshot.here(token.range);
        let delta_line = range.start.line - before.line;
        let from = if delta_line == 0 { before.character } else { 0 };
        data.push(SemanticToken {
            delta_line,
            delta_start: range.start.character - from,
            length: range.end.character - range.start.character,
            token_type: token.class as u32,
            token_modifiers_bitset: u32::from(token.declares),
        });
        before = range.start;
    }
    SemanticTokens { result_id: None, data }
}
