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

/// The change that makes tokens of others: what is the same at the start and at the end stays.
pub(crate) fn changes(before: &[SemanticToken], now: &[SemanticToken]) -> Vec<SemanticTokensEdit> {
    let start = before.iter().zip(now).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[start..], &now[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    vec![SemanticTokensEdit {
        start: numbers(start),
        delete_count: numbers(old.len()),
        data: (!new.is_empty()).then(|| new.to_vec()),
    }]
}

// The protocol counts the numbers of tokens, five each.
fn numbers(tokens: usize) -> u32 {
    u32::try_from(tokens.saturating_mul(5)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(starts: &[u32]) -> Vec<SemanticToken> {
        let token = |delta_start: &u32| SemanticToken {
            delta_line: 0,
            delta_start: *delta_start,
            length: 1,
            token_type: 0,
            token_modifiers_bitset: 0,
        };
        starts.iter().map(token).collect()
    }

    #[test]
    fn a_change_names_what_is_not_the_same() {
        let all: [&[u32]; 7] = [&[], &[1], &[1, 2, 3], &[1, 9, 3], &[1, 3], &[2, 3], &[1, 1, 1]];
        for before in all {
            for now in all {
                let (before, now) = (tokens(before), tokens(now));
                let edits = changes(&before, &now);
                assert_eq!(edits.is_empty(), before == now);
                let mut made = before.clone();
                for edit in edits {
                    let (start, gone) = ((edit.start / 5) as usize, (edit.delete_count / 5) as usize);
                    made.splice(start..start + gone, edit.data.unwrap_or_default());
                }
                assert_eq!(made, now);
            }
        }
    }
}
