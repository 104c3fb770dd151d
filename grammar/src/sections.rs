//! Cuts a file into sections of one declaration each, before any of it is parsed.
//!
//! In: the text and its tokens. Out: [`Section`]s that cover the text without gaps.
//! A line at column 0 that begins like a declaration opens a section wherever it stands, except in
//! a text block that is closed; so nothing that is broken before it can reach it.

use crate::tokens::{Token, TokenKind, item_line, line};
use std::ops::Range;

/// How deep brackets may be nested: the parser recurses once a bracket.
pub(crate) const MAX_DEPTH: usize = 64;

/// A declaration with the comments above it and what follows it.
pub(crate) struct Section {
    pub(crate) range: Range<usize>,
    /// The bracket that is nested too deep to be parsed.
    pub(crate) too_deep: Option<Range<usize>>,
}

/// The sections of a text, in order; none for an empty text.
pub(crate) fn split(text: &str, tokens: &[Token]) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut section = Section { range: 0..0, too_deep: None };
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Word
                if at_line_start(text, token.start) && item_line(line(text, token.start)).is_some() =>
            {
                let start = with_comments(text, &tokens[..i], token.start);
                section.range.end = start;
                if !section.range.is_empty() {
                    sections.push(section);
                }
                section = Section { range: start..start, too_deep: None };
                depth = 0;
            }
            TokenKind::Open => {
                depth += 1;
                if depth > MAX_DEPTH && section.too_deep.is_none() {
                    section.too_deep = Some(token.range());
                }
            }
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    section.range.end = text.len();
    if !section.range.is_empty() {
        sections.push(section);
    }
    sections
}

fn at_line_start(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes()[at - 1] == b'\n' || &text[..at] == "\u{feff}"
}

// The start of the comment lines right above a declaration.
fn with_comments(text: &str, before: &[Token], mut start: usize) -> usize {
    for pair in before.rchunks(2) {
        let [comment, newline] = pair else { break };
        let is_comment = matches!(comment.kind, TokenKind::Comment | TokenKind::Doc);
        if newline.kind != TokenKind::Newline || !is_comment || !at_line_start(text, comment.start) {
            break;
        }
        start = comment.start;
    }
    start
}
