//! One file from text to syntax tree, with what is not understood reported (E0001).

use crate::ast::{self, Item};
use crate::changes::Part;
use crate::kept::Memo;
use crate::lower::{self, Parts};
use ecow::EcoString;
use flow_diagnostics::{Code, Diagnostics, FileId, FlowDiagnostic, Span};
use flow_grammar::{Made, SyntaxError};
use std::collections::HashMap;
use std::sync::Arc;

/// Parses a file, whatever its text.
pub fn parse_file(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> ast::File {
    let parsed = flow_grammar::parse(text);
    for error in parsed.errors {
        diagnostics.push(reported(error, file));
    }
    lower::lower(&parsed.cst, text, file, diagnostics)
}

/// What is kept from one compilation to the next: the declarations of each file, and what was worked
/// out of what is the same.
#[derive(Debug, Default)]
pub struct Before {
    files: HashMap<EcoString, KeptFile>,
    // The next stamp of a part.
    stamp: u64,
    memo: Memo,
}

/// A file as it was parsed.
#[derive(Debug, Default)]
struct KeptFile {
    parsed: flow_grammar::Parsed,
    file: FileId,
    parts: Vec<Lowered>,
}

/// The declarations of a part of a file.
#[derive(Debug)]
struct Lowered {
    start: usize,
    items: Vec<Arc<Item>>,
    // Whether they are the same wherever it stands.
    alone: bool,
    // Whether no text but its own is in them.
    own: bool,
    // The same as long as its text is.
    stamp: u64,
}

impl Before {
    /// Parses a file, with the declarations taken over that are as they were; and gives its parts.
    pub(crate) fn parse(
        &mut self,
        path: &EcoString,
        text: &str,
        file: FileId,
        diagnostics: &mut Diagnostics,
    ) -> (Arc<ast::File>, Vec<Part>) {
        let kept = self.files.entry(path.clone()).or_default();
        let mut parts = flow_grammar::parse_again(text, &mut kept.parsed);
        let mut errors: Vec<SyntaxError> = Vec::new();
        for part in &mut parts {
            if let Made::New(parse) = &mut part.made {
                errors.append(&mut parse.errors);
            }
        }
        errors.sort_by_key(|e| e.range.start);
        for error in errors {
            diagnostics.push(reported(error, file));
        }
        let mut lower = Parts::new(text, file, diagnostics);
        let mut lowered = Vec::with_capacity(parts.len());
        let mut items = Vec::with_capacity(parts.len());
        for (number, part) in parts.iter().enumerate() {
            let start = part.range.start;
            self.stamp += 1;
            let part = match &part.made {
                Made::New(parse) => Lowered::new(&mut lower, &parse.cst, (start, self.stamp)),
                Made::Before(before) => match kept.parts.get(*before).filter(|_| kept.file == file) {
                    Some(known) if known.alone && lower.is_between() => known.at(start),
                    known => {
                        let new = Lowered::new(&mut lower, &kept.parsed.tree(number), (start, self.stamp));
                        let same = known.filter(|known| known.own && new.own).map(|known| known.stamp);
                        Lowered { stamp: same.unwrap_or(new.stamp), ..new }
                    }
                },
            };
            items.extend(part.items.iter().cloned());
            lowered.push(part);
        }
        let whole = Arc::new(lower.file(items));
        let part = |part: &Lowered| Part {
            stamp: part.stamp,
            start: part.start as u32,
            items: part.items.len() as u32,
        };
        let parts = lowered.iter().map(part).collect();
        (kept.file, kept.parts) = (file, lowered);
        (whole, parts)
    }

    /// What was worked out before.
    pub(crate) fn memo(&self) -> &Memo {
        &self.memo
    }

    /// Forgets the files that are not among these.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        self.files.retain(|path, _| wanted(path));
    }
}

impl Lowered {
    fn new(lower: &mut Parts<'_>, cst: &flow_grammar::Cst, (start, stamp): (usize, u64)) -> Lowered {
        let lower::Part { items, alone, own } = lower.part(cst);
        Lowered { start, items, alone, own, stamp }
    }

    // The same where it stands by now.
    fn at(&self, start: usize) -> Lowered {
        let by = start.wrapping_sub(self.start) as u32;
        let moved = |item: &Arc<Item>| match by {
            0 => item.clone(),
            by => {
                let mut item = Item::clone(item);
                item.shift(by);
                Arc::new(item)
            }
        };
        let items = self.items.iter().map(moved).collect();
        Lowered { start, items, ..*self }
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
