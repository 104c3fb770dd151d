//! The changes that are tried to mend a broken region, most likely first.

use super::{Stop, quotes};
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
    pub(super) fn insert(at: usize, token: &'static str) -> Self {
        let text = match token {
            "{" | "=" | "->" | "=>" | "from" | "in" | "else" => format!(" {token} "),
            _ => token.to_owned(),
        };
        Candidate { range: at..at, text, kind: CandidateKind::Insert(token) }
    }

    fn placeholder(at: usize, text: &str, sort: &'static str) -> Self {
        Candidate { range: at..at, text: format!(" {text} "), kind: CandidateKind::Placeholder(sort) }
    }

    pub(super) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Candidate { range, text: text.into(), kind: CandidateKind::Replace }
    }

    pub(super) fn remove(range: Range<usize>) -> Self {
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
        } else if old == "#" {
            SyntaxError::new(here, "a comment begins with `//`")
        } else if old == "!" {
            SyntaxError::new(here, "`!` is written `not`")
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
        TroubleKind::OpenText => quotes::close_text(text, trouble, stop, &mut list),
        TroubleKind::OpenBlock => quotes::close_block(text, trouble, &mut list),
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
            placeholders(text, stop, &mut list);
            insertions(text, stop, WORDS, &mut list);
            quotes::swallowed(text, trouble, stop, &mut list);
            quotes::split_text(text, stop, &mut list);
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
                list.extend(quotes::single_quoted(text, token));
                continue;
            }
            (TokenKind::Unknown, ";") => {
                list.push(Candidate::remove(token.range()));
                continue;
            }
            (TokenKind::Unknown, "!") => {
                list.push(Candidate::replace(token.range(), "not "));
                continue;
            }
            (TokenKind::Unknown, "#") => {
                list.push(Candidate::replace(token.range(), "//"));
                continue;
            }
            (TokenKind::Word, _) => {
                list.extend(did_you_mean(word, WORDS).map(|meant| Candidate::replace(token.range(), meant)));
                continue;
            }
            (_, "=") if assigns(text, token) => &[":"],
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

// Whether `=` stands behind the first word of its line.
fn assigns(text: &str, sign: Token) -> bool {
    let line = text[..sign.start].rsplit('\n').next().unwrap_or("");
    line.split_whitespace().count() == 1
}

/// Signs that may be missing behind a token.
/// The settings of flows and batches.
const SETTINGS: [&str; 18] = [
    "assume",
    "at",
    "budget",
    "cache",
    "dead_letter",
    "deadline",
    "escalate",
    "fallback",
    "hedge",
    "key",
    "model",
    "parallel",
    "rate",
    "retry",
    "row",
    "rows",
    "timeout",
    "tools",
];

const BEHIND: &[&str] = &[")", ":", ",", "{", "]", "}", "=", "->", "=>", "."];
/// Words that may be missing there; they would pass for names, so a missing name is tried before.
const WORDS: &[&str] = &["from", "in"];

fn insertions(text: &str, stop: &Stop, missing: &[&'static str], list: &mut Vec<Candidate>) {
    // What may be missing at the end of an earlier line without joining it to this one.
    const ENDING: [&str; 5] = [")", "{", "]", "}", "\"\"\""];
    // An output type stands in the head of a declaration only.
    let is_head = stop.probe == Some(Kind::probe_item);
    // Behind the first word of a line in a block, most likely a step's sign.
    let first = stop.tokens.get(stop.first).map_or("", |t| &text[t.range()]);
    let is_step = stop.probe == Some(Kind::probe_block) && !SETTINGS.contains(&first);
    let step: &[&str] = if is_step { &["="] } else { &[] };
    let missing = || step.iter().chain(missing).filter(move |t| is_head || **t != "->");
    for (index, token) in around(stop) {
        let last = stop.tokens[..index].iter().rev().find(|t| t.kind != TokenKind::Newline);
        let here = &text[token.range()];
        if index < stop.first {
            list.extend(ENDING.iter().map(|t| Candidate::insert(token.end, t)));
            continue;
        }
        let behind = last.filter(|_| index > stop.first).map_or(token.start, |t| t.end);
        list.extend(
            missing()
                .filter(|t| **t != here && (**t != "." || behind == token.start))
                .map(|t| Candidate::insert(behind, t)),
        );
        // At the end of a line, what is missing may be the last thing on it.
        if stop.tokens.get(index + 1).is_none_or(|t| t.kind == TokenKind::Newline) {
            list.extend(missing().filter(|t| **t != ".").map(|t| Candidate::insert(token.end, t)));
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

// Whether a line that is broken ended before this token: nothing in brackets was open.
fn ended(text: &str, stop: &Stop, index: usize) -> bool {
    let mut depth = 0_usize;
    stop.tokens[stop.first.min(index)..index].iter().any(|token| {
        match (token.kind, &text[token.range()]) {
            (TokenKind::Open, _) => depth += 1,
            (TokenKind::Close, _) => depth = depth.saturating_sub(1),
            _ => {}
        }
        token.kind == TokenKind::Newline && depth == 0
    })
}

fn removals(text: &str, stop: &Stop, list: &mut Vec<Candidate>) {
    for (index, token) in around(stop) {
        if index + 1 < stop.first || stop.probe != Some(Kind::probe_item) && ended(text, stop, index) {
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

fn placeholders(text: &str, stop: &Stop, list: &mut Vec<Candidate>) {
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
        // What is missing in front of a line was to stand on the one before.
        let before =
            index.checked_sub(1).filter(|i| *i > stop.first && stop.tokens[*i].kind == TokenKind::Newline);
        let last = before.and_then(|i| stop.tokens[..i].iter().rfind(|t| t.kind != TokenKind::Newline));
        let start = last.map_or(token.start, |t| t.end);
        for (placeholder, sort) in SORTS {
            if index >= stop.first {
                let sort = if placeholder == "x" { expected_behind(text, start, stop) } else { sort };
                list.push(Candidate::placeholder(start, placeholder, sort));
            }
            if line_end {
                let sort = if placeholder == "x" { expected_behind(text, token.end, stop) } else { sort };
                list.push(Candidate::placeholder(token.end, placeholder, sort));
            }
        }
    }
    for word in ITEM_WORDS {
        if let Some(first) = stop.tokens.get(stop.first) {
            list.push(Candidate::placeholder(first.start, word, "a declaration's keyword"));
        }
    }
}

// What a name would be in this place, by the word in front of it.
fn expected_behind(text: &str, at: usize, stop: &Stop) -> &'static str {
    let before = stop.tokens[..stop.tokens.partition_point(|t| t.end <= at)].last();
    let declares = matches!(stop.probe, Some(Kind::probe_item | Kind::probe_field));
    match before.map_or("", |t| &text[t.range()]) {
        ":" | "->" if declares => "a type",
        ":" | "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" | "??" | "and"
        | "or" | "not" | "in" | "if" | "else" | "return" | "yield" | "expect" => "a value",
        _ => "a name",
    }
}

// A brace too many closes a declaration early, and what follows is between declarations.
fn unopened(text: &str, stop: &Stop, list: &mut Vec<Candidate>) {
    let closes = stop.tokens[..stop.first.min(stop.tokens.len())].iter().rev();
    let braces = closes.filter(|t| &text[t.range()] == "}").take(6);
    list.extend(braces.map(|t| Candidate::remove(t.range())));
}
