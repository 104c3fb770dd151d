//! The changes that are tried to mend a broken region, most likely first.

use super::Stop;
use crate::error::SyntaxError;
use crate::layout;
use crate::tokens::{ITEM_WORDS, Token, TokenKind};
use crate::trouble::{Trouble, TroubleKind};
use crate::{Kind, explain};
use flow_diagnostics::did_you_mean;
use std::ops::Range;

/// One change of the text.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    kind: CandidateKind,
}

#[derive(Clone, Copy, Debug)]
enum CandidateKind {
    /// These characters are missing.
    Insert(&'static str),
    /// Something of this sort is missing; what it is, only the author knows.
    Placeholder(&'static str),
    Remove,
    Replace,
}

impl Candidate {
    fn insert(at: usize, token: &'static str) -> Self {
        let text = match token {
            "{" | "=" | "->" | "=>" | "from" | "in" | "else" => format!(" {token} "),
            _ => token.to_owned(),
        };
        Candidate { range: at..at, text, kind: CandidateKind::Insert(token) }
    }

    fn placeholder(at: usize, text: &str, sort: &'static str) -> Self {
        Candidate { range: at..at, text: format!(" {text} "), kind: CandidateKind::Placeholder(sort) }
    }

    fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Candidate { range, text: text.into(), kind: CandidateKind::Replace }
    }

    fn remove(range: Range<usize>) -> Self {
        Candidate { range, text: String::new(), kind: CandidateKind::Remove }
    }

    pub(super) fn apply(&self, text: &str) -> String {
        [&text[..self.range.start], &self.text, &text[self.range.end..]].concat()
    }

    /// The mistake in words; `text` is what the candidate was found for.
    pub(super) fn explain(&self, text: &str, stop: &Stop) -> SyntaxError {
        let here = explain::first_line(text, self.range.clone());
        let old = &text[here.clone()];
        match self.kind {
            CandidateKind::Insert(token) => {
                let fix = self.text.trim_end();
                SyntaxError::new(here, format!("missing `{token}`")).fix(
                    format!("insert `{token}`"),
                    self.range.clone(),
                    fix,
                )
            }
            CandidateKind::Placeholder(sort) => {
                let found = stop.tokens.iter().find(|t| t.start >= self.range.start);
                let found = found.filter(|t| t.kind != TokenKind::Newline);
                let range = found.map_or(here, |t| explain::first_line(text, t.range()));
                SyntaxError::new(range.start..range.start, format!("expected {sort}"))
            }
            CandidateKind::Remove if old == ";" => SyntaxError::new(here, "`;` is not needed")
                .note("a statement ends with its line")
                .fix("remove `;`", self.range.clone(), ""),
            CandidateKind::Remove => {
                let error = SyntaxError::new(here.clone(), format!("unexpected `{old}`"));
                let sign = !old.bytes().any(|b| b.is_ascii_alphanumeric() || b == b'"');
                if sign { error.fix(format!("remove `{old}`"), self.range.clone(), "") } else { error }
            }
            CandidateKind::Replace => self.explain_replacement(here, old),
        }
    }

    fn explain_replacement(&self, here: Range<usize>, old: &str) -> SyntaxError {
        let new = self.text.as_str();
        let error = if old.starts_with('\'') {
            SyntaxError::new(here, "text stands in double quotes")
        } else if old.bytes().all(|b| b.is_ascii_alphabetic()) {
            SyntaxError::new(here, format!("unknown keyword `{old}`")).help(format!("did you mean `{new}`?"))
        } else {
            SyntaxError::new(here, format!("expected `{new}`, found `{old}`"))
        };
        error.fix(format!("replace by `{new}`"), self.range.clone(), new)
    }
}

/// What to try for a trouble.
pub(super) fn list(text: &str, trouble: &Trouble, stop: &Stop) -> Vec<Candidate> {
    let mut list = Vec::new();
    match trouble.kind {
        TroubleKind::Close => {
            list.extend(missing_close(text, stop));
            list.push(Candidate::insert(trouble.range.start, "}"));
        }
        TroubleKind::OpenText => close_text(text, trouble, stop, &mut list),
        TroubleKind::OpenBlock => close_block(text, trouble, &mut list),
        TroubleKind::Junk | TroubleKind::Bad(_) => {
            replacements(text, stop, &mut list);
            if matches!(trouble.kind, TroubleKind::Junk) {
                list.extend(
                    layout::missing_open(text, &stop.tokens).into_iter().map(|at| Candidate::insert(at, "{")),
                );
                unopened(text, stop, &mut list);
            }
            insertions(text, stop, BEHIND, &mut list);
            removals(text, stop, &mut list);
            openings(stop, &mut list);
            placeholders(stop, &mut list);
            insertions(text, stop, WORDS, &mut list);
            swallowed(text, trouble, stop, &mut list);
            split_text(text, stop, &mut list);
        }
    }
    list
}

fn missing_close<'a>(text: &'a str, stop: &'a Stop) -> impl Iterator<Item = Candidate> {
    layout::missing_close(text, &stop.tokens).into_iter().map(|at| Candidate::insert(at, "}"))
}

// The tokens around the stop, nearest first, with their indices.
fn around(stop: &Stop) -> impl Iterator<Item = (usize, Token)> {
    let at = stop.at;
    let near = [
        at,
        at.wrapping_sub(1),
        at + 1,
        at.wrapping_sub(2),
        at + 2,
        stop.first,
        stop.first + 1,
        stop.first + 2,
    ];
    near.into_iter()
        .enumerate()
        .filter(move |(i, index)| !near[..*i].contains(index))
        .filter_map(|(_, index)| Some((index, *stop.tokens.get(index)?)))
        .filter(|(index, token)| *index + 2 >= stop.first && token.kind != TokenKind::Newline)
}

fn replacements(text: &str, stop: &Stop, list: &mut Vec<Candidate>) {
    const WORDS: [&str; 21] = [
        "return", "yield", "if", "match", "each", "repeat", "else", "until", "from", "in", "up", "to",
        "stop", "redact", "retry", "hold", "reply", "let", "expect", "score", "unless",
    ];
    if let Some(first) = stop.tokens.get(stop.first).filter(|t| t.kind == TokenKind::Word)
        && stop.probe == Some(Kind::probe_item)
        && let Some(meant) = did_you_mean(&text[first.range()], ITEM_WORDS)
    {
        list.push(Candidate::replace(first.range(), meant));
    }
    for (_, token) in around(stop) {
        let word = &text[token.range()];
        let meant: &[&str] = match (token.kind, word) {
            (TokenKind::Unknown, "'") => {
                list.extend(single_quoted(text, token));
                continue;
            }
            (TokenKind::Unknown, ";") => {
                list.push(Candidate::remove(token.range()));
                continue;
            }
            (TokenKind::Word, _) => {
                list.extend(did_you_mean(word, WORDS).map(|meant| Candidate::replace(token.range(), meant)));
                continue;
            }
            (_, "=") => &[":", "=="],
            (_, ":") => &["="],
            (_, "==") => &["=", ":"],
            (_, "=>") => &["->", "="],
            (_, "->") => &["=>"],
            (_, "&&") => &["and"],
            (_, "||") => &["or"],
            _ => continue,
        };
        list.extend(meant.iter().map(|meant| Candidate::replace(token.range(), *meant)));
    }
}

// `'text'` up to the next single quote on the line.
fn single_quoted(text: &str, quote: Token) -> Option<Candidate> {
    let rest = text[quote.end..].split('\n').next()?;
    let inner = &rest[..rest.find('\'')?];
    let end = quote.end + inner.len() + 1;
    (!inner.contains(['"', '\\'])).then(|| Candidate::replace(quote.start..end, format!("\"{inner}\"")))
}

/// Signs that may be missing behind a token.
const BEHIND: &[&str] = &[")", ":", ",", "{", "]", "}", "=", "->", "=>", "."];
/// Words that may be missing there; they would pass for names, so a missing name is tried before.
const WORDS: &[&str] = &["from", "in"];

fn insertions(text: &str, stop: &Stop, missing: &[&'static str], list: &mut Vec<Candidate>) {
    // What may be missing at the end of an earlier line without joining it to this one.
    const ENDING: [&str; 5] = [")", "{", "]", "}", "\"\"\""];
    for (index, token) in around(stop) {
        let last = stop.tokens[..index].iter().rev().find(|t| t.kind != TokenKind::Newline);
        let here = &text[token.range()];
        if index < stop.first {
            list.extend(ENDING.iter().map(|t| Candidate::insert(token.end, t)));
            continue;
        }
        let behind = last.filter(|_| index > stop.first).map_or(token.start, |t| t.end);
        list.extend(missing.iter().filter(|t| **t != here).map(|t| Candidate::insert(behind, t)));
        // At the end of a line, what is missing may be the last thing on it.
        if stop.tokens.get(index + 1).is_none_or(|t| t.kind == TokenKind::Newline) {
            list.extend(missing.iter().map(|t| Candidate::insert(token.end, t)));
            list.push(Candidate::insert(token.end, "\"\"\""));
        }
    }
}

fn openings(stop: &Stop, list: &mut Vec<Candidate>) {
    const BEFORE: [&str; 4] = ["(", "[", "\"", "{"];
    for (_, token) in around(stop).filter(|(index, _)| *index >= stop.first) {
        list.extend(BEFORE.iter().map(|t| Candidate::insert(token.start, t)));
    }
}

fn removals(text: &str, stop: &Stop, list: &mut Vec<Candidate>) {
    for (index, token) in around(stop) {
        if index + 1 < stop.first {
            continue;
        }
        if matches!(token.kind, TokenKind::OpenTextBlock | TokenKind::TextBlock)
            && text[token.range()].contains('\n')
        {
            list.push(Candidate::remove(token.start..token.start + 3));
        }
        if token.kind == TokenKind::OpenText {
            list.push(Candidate::remove(token.start..token.start + 1));
        }
        list.push(Candidate::remove(token.range()));
    }
}

fn placeholders(stop: &Stop, list: &mut Vec<Candidate>) {
    const SORTS: [(&str, &str); 8] = [
        ("x", "a name"),
        ("\"\"", "a text in quotes"),
        ("0", "a number"),
        ("x: text", "a parameter"),
        ("x = ", "a name and `=`"),
        ("x: ", "a name and `:`"),
        ("prompt", "a declaration's keyword, such as `prompt` or `flow`"),
        ("type", "a declaration's keyword, such as `type`"),
    ];
    for (index, token) in around(stop) {
        let line_end = stop.tokens.get(index + 1).is_none_or(|t| t.kind == TokenKind::Newline);
        for (text, sort) in SORTS {
            if index >= stop.first {
                list.push(Candidate::placeholder(token.start, text, sort));
            }
            if line_end {
                list.push(Candidate::placeholder(token.end, text, sort));
            }
        }
    }
    for word in ITEM_WORDS {
        if let Some(first) = stop.tokens.get(stop.first) {
            list.push(Candidate::placeholder(first.start, word, "a declaration's keyword"));
        }
    }
}

// A brace too many closes a declaration early, and what follows is between declarations.
fn unopened(text: &str, stop: &Stop, list: &mut Vec<Candidate>) {
    let closes = stop.tokens[..stop.first.min(stop.tokens.len())].iter().rev();
    let braces = closes.filter(|t| &text[t.range()] == "}").take(6);
    list.extend(braces.map(|t| Candidate::remove(t.range())));
}

// A text block whose end is missing ends at the start of the next one.
fn swallowed(text: &str, trouble: &Trouble, stop: &Stop, list: &mut Vec<Candidate>) {
    let blocks =
        stop.tokens.iter().rev().filter(|t| t.kind == TokenKind::TextBlock && t.start < trouble.range.end);
    for block in blocks.take(2) {
        close_inside(text, block.range(), list);
    }
}

// A quote that is missing further to the left makes text of what is not, and the reverse.
fn split_text(text: &str, stop: &Stop, list: &mut Vec<Candidate>) {
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

fn close_text(text: &str, trouble: &Trouble, stop: &Stop, list: &mut Vec<Candidate>) {
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

fn close_block(text: &str, trouble: &Trouble, list: &mut Vec<Candidate>) {
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
