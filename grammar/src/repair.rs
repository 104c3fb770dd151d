//! Reads a section and mends it: looks for the one token that makes sense of what is broken.
//!
//! In: a section's text. Out: its nodes, as if it had been mended, and an error for every mistake.
//! A mistake that no single token mends stays in the tree as it is, and is explained instead.
//! Not here: which changes are tried ([`candidates`]), and the words ([`crate::explain`]).

mod candidates;
mod change;
mod quotes;

use crate::cst::{Entry, Tree};
use crate::error::SyntaxError;
use crate::tokens::{self, Token, TokenKind};
use crate::trouble::{self, Trouble, TroubleKind};
use crate::{Kind, explain, parser};
use candidates::Candidate;
use change::Changes;

/// How much may still be read again in search of repairs, so that time stays in proportion.
pub(crate) struct Effort {
    bytes: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Effort { bytes: 500_000 }
    }
}

impl Effort {
    // What reading a text of this length costs at the least, whatever its length.
    const LEAST: usize = 200;

    fn is_spent(&self) -> bool {
        self.bytes == 0
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes.max(Self::LEAST));
        self.bytes = left.unwrap_or(0);
        left.is_some()
    }
}

const MOST_REPAIRS: usize = 8;
/// Declarations longer than this are explained, but not mended.
const LONGEST: usize = 16_000;

/// Reads a section, which stands at `start` in its file, into the tree; `nodes` is what the parser
/// made of it.
pub(crate) fn read(
    (section, nodes): (&str, Option<Vec<Entry>>),
    start: usize,
    effort: &mut Effort,
    tree: &mut Tree,
    errors: &mut Vec<SyntaxError>,
) {
    let Some(nodes) = nodes else {
        tree.junk(start..start + section.len());
        errors.push(explain::too_long(start..start + section.len()));
        return;
    };
    let troubles = trouble::find(&nodes, section);
    if troubles.is_empty() {
        tree.extend(&nodes, start);
        return;
    }
    let mut reading = Reading { text: section.to_owned(), nodes, troubles, changes: Changes::default() };
    let mut given_up = 0;
    let mut repairs = 0;
    while let Some(trouble) = reading.troubles.get(given_up).cloned() {
        let stop = Stop::of(&reading.text, &trouble);
        let mended = (repairs < MOST_REPAIRS && section.len() <= LONGEST && !effort.is_spent())
            .then(|| mend(&reading, given_up, &stop, effort))
            .flatten();
        let changes = reading.changes.clone();
        let error = match mended {
            Some((candidate, next)) => {
                repairs += 1;
                let error = candidate.explain(&reading.text, &stop);
                reading = next;
                error
            }
            None => {
                given_up += 1;
                explain::trouble(&reading.text, &trouble, stop.token(), &stop.tried)
            }
        };
        errors.push(placed(error, |offset| start + changes.original(offset)));
    }
    let changes = &reading.changes;
    tree.extend_changed(&reading.nodes, |node| {
        let (first, last) = (node.start as usize, node.end as usize);
        let end = start + changes.original(last);
        // What was inserted has no width.
        let begin = if first == last { end } else { start + changes.original_start(first) };
        begin.min(end)..end
    });
}

fn placed(mut error: SyntaxError, place: impl Fn(usize) -> usize) -> SyntaxError {
    error.range = place(error.range.start)..place(error.range.end);
    if let Some(fix) = &mut error.fix {
        fix.range = place(fix.range.start)..place(fix.range.end);
    }
    error
}

/// A section as it is read after some changes.
struct Reading {
    text: String,
    nodes: Vec<Entry>,
    troubles: Vec<Trouble>,
    changes: Changes,
}

/// Where understanding stopped.
struct Stop {
    tokens: Vec<Token>,
    /// Where the region in trouble begins, in `tokens`.
    first: usize,
    /// The token that was not understood, in `tokens`.
    at: usize,
    tried: Vec<Kind>,
    probe: Option<Kind>,
}

impl Stop {
    fn of(text: &str, trouble: &Trouble) -> Stop {
        let tokens = tokens::lex(text);
        let probe = match trouble.kind {
            TroubleKind::Junk => Some(Kind::probe_item),
            TroubleKind::Bad(Kind::settings | Kind::call_settings) => Some(Kind::probe_setting),
            TroubleKind::Bad(Kind::fields) => Some(Kind::probe_field),
            TroubleKind::Bad(Kind::variants) => Some(Kind::probe_variant),
            TroubleKind::Bad(Kind::arms) => Some(Kind::probe_arm),
            TroubleKind::Bad(Kind::test_lines) => Some(Kind::probe_test),
            TroubleKind::Bad(Kind::eval_lines) => Some(Kind::probe_eval),
            TroubleKind::Bad(_) => Some(Kind::probe_block),
            _ => None,
        };
        let start = trouble.range.start;
        let failed = probe.and_then(|p| parser::furthest(p, &text[start..]));
        let (offset, tried) = failed.map_or((start, Vec::new()), |(at, tried)| (start + at, tried));
        let first = tokens.partition_point(|t| t.end <= start);
        // Blanks are skipped, but not line ends: they may be what was not expected.
        let at = tokens.partition_point(|t| t.end <= offset);
        Stop { tokens, first, at, tried, probe }
    }

    // The token to point at: one that has no place in a program, or the end of the line before
    // where the next line is at fault.
    fn token(&self) -> Option<Token> {
        let line = self.tokens.iter().skip(self.first).take_while(|t| t.kind != TokenKind::Newline);
        if let Some(unknown) = line.into_iter().find(|t| t.kind == TokenKind::Unknown) {
            return Some(*unknown);
        }
        let last = (self.first..self.at).rev().find(|&i| self.tokens[i].kind != TokenKind::Newline);
        match last {
            Some(last) if last + 1 < self.at => Some(self.tokens[last + 1]),
            _ => self.tokens.get(self.at).copied(),
        }
    }
}

// The best change for the trouble at this index, with the reading it leads to.
fn mend(reading: &Reading, trouble: usize, stop: &Stop, effort: &mut Effort) -> Option<(Candidate, Reading)> {
    let was = &reading.troubles[trouble];
    let before = reading.troubles.len();
    // Where a change only moves the trouble, it must move it beyond what was broken; lines that
    // are broken one after the other may be so for reasons of their own.
    let understood = match was.kind {
        TroubleKind::Bad(_) => explain::first_line(&reading.text, was.range.clone()).end,
        _ => was.range.end,
    };
    let mut best: Option<(Candidate, Reading)> = None;
    for candidate in candidates::list(&reading.text, was, stop) {
        let text = candidate.apply(&reading.text);
        // Most candidates fail within the line, which is cheap to find out.
        if let Some(probe) = stop.probe
            && candidate.range.start >= was.range.start
            && let Some(region) = rest(&text[was.range.start..])
        {
            let reach = region.find('\n').map_or(region.len(), |i| i + 1);
            if !effort.spend(reach) {
                return best;
            }
            if parser::furthest(probe, region).is_some() {
                continue;
            }
        }
        if !effort.spend(text.len()) {
            return best;
        }
        let Some(nodes) = parser::parse(&text) else { continue };
        let troubles = trouble::find(&nodes, &text);
        let after = troubles.len();
        let next = troubles.get(trouble).map_or(usize::MAX, |t| t.range.start);
        let better = after < before || after == before && next > understood;
        let best_yet = best.as_ref().map_or((usize::MAX, 0), |(_, r)| {
            (r.troubles.len(), r.troubles.get(trouble).map_or(usize::MAX, |t| t.range.start))
        });
        if better && (after < best_yet.0 || after == best_yet.0 && next > best_yet.1) {
            let mut changes = reading.changes.clone();
            changes.add(&candidate);
            best = Some((candidate, Reading { text, nodes, troubles, changes }));
            if after <= trouble {
                break;
            }
        }
    }
    best
}

// What has to be understood of a region once it is changed; `None` where nothing is left of its line.
fn rest(region: &str) -> Option<&str> {
    let region = region.trim_start_matches([' ', '\t', '\r']);
    (!region.is_empty() && !region.starts_with(['\n', '}']) && !region.starts_with("//")).then_some(region)
}
