//! The changes that are tried where quotes may be missing, or too many.

use super::Stop;
use super::candidates::Candidate;
use crate::explain;
use crate::tokens::{Token, TokenKind};
use crate::trouble::Trouble;
use std::ops::Range;

// A text block whose end is missing ends at the start of the next one.
pub(super) fn swallowed(text: &str, trouble: &Trouble, stop: &Stop, list: &mut Vec<Candidate>) {
    let blocks =
        stop.tokens.iter().rev().filter(|t| t.kind == TokenKind::TextBlock && t.start < trouble.range.end);
    for block in blocks.take(2) {
        close_inside(text, block.range(), list);
    }
}

// A quote that is missing further to the left makes text of what is not, and the reverse.
pub(super) fn split_text(text: &str, stop: &Stop, list: &mut Vec<Candidate>) {
    let line =
        stop.tokens[stop.first.min(stop.tokens.len())..].iter().take_while(|t| t.kind != TokenKind::Newline);
    for token in line.filter(|t| t.kind == TokenKind::Text).take(6) {
        let inside = &text[token.range()];
        let ends = inside.char_indices().filter(|(i, c)| *i > 0 && matches!(c, ')' | ']' | '}' | ','));
        list.extend(ends.take(4).map(|(i, _)| Candidate::insert(token.start + i, "\"")));
    }
}

// Behind the last line of a text block that is followed by a line like `user: `.
fn close_inside(text: &str, block: Range<usize>, list: &mut Vec<Candidate>) {
    let mut at = block.start;
    let mut behind = None;
    for line in text[block.clone()].split('\n') {
        let key = line.trim_start().split_once(':').map_or("", |(key, _)| key);
        let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if let (true, Some(end)) = (is_key, behind) {
            list.push(Candidate::insert(end, "\"\"\""));
        }
        behind = Some(at + line.len());
        at += line.len() + 1;
    }
}

pub(super) fn close_text(text: &str, trouble: &Trouble, stop: &Stop, list: &mut Vec<Candidate>) {
    let range = explain::first_line(text, trouble.range.clone());
    let end = range.start + text[range.clone()].trim_end().len();
    list.push(Candidate::insert(end, "\""));
    let inside = &text[range.start + 1..end.max(range.start + 1)];
    let ends = inside.char_indices().rev().filter(|(_, c)| matches!(c, ')' | ']' | '}' | ',' | '{' | ' '));
    list.extend(ends.take(16).map(|(i, _)| Candidate::insert(range.start + 1 + i, "\"")));
    list.push(Candidate::remove(range.start..range.start + 1));
    // Or the one that opens it is missing, further to the left.
    let before = stop.tokens[..stop.first.min(stop.tokens.len())].iter().rev();
    for token in before.take_while(|t| t.kind != TokenKind::Newline).take(12) {
        list.push(Candidate::insert(token.start, "\""));
    }
}

pub(super) fn close_block(text: &str, trouble: &Trouble, list: &mut Vec<Candidate>) {
    list.push(Candidate::remove(trouble.range.start..trouble.range.start + 3));
    close_inside(text, trouble.range.clone(), list);
    // In front of what most likely is code again: a line with a brace alone.
    let mut at = trouble.range.start;
    let mut behind = None;
    for line in text[trouble.range.clone()].split('\n') {
        if let (true, Some(end)) = (line.trim() == "}", behind) {
            list.push(Candidate::insert(end, "\"\"\""));
        }
        behind = Some(at + line.len());
        at += line.len() + 1;
    }
    list.push(Candidate::insert(trouble.range.end, "\"\"\""));
}

// `'text'` up to the next single quote on the line.
pub(super) fn single_quoted(text: &str, quote: Token) -> Option<Candidate> {
    let rest = text[quote.end..].split('\n').next()?;
    let inner = &rest[..rest.find('\'')?];
    let end = quote.end + inner.len() + 1;
    (!inner.contains(['"', '\\'])).then(|| Candidate::replace(quote.start..end, format!("\"{inner}\"")))
}
