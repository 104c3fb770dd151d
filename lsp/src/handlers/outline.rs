//! Symbols, folding and selection ranges, links, and formatting in the protocol's terms.

use crate::ide::symbols::{self, Fold, Kind, Symbol};
use crate::snapshot::Snapshot;
use crate::text::{Encoding, Text};
use tower_lsp_server::ls_types::*;

/// The outline of the document.
pub(crate) fn symbols(snapshot: &Snapshot) -> DocumentSymbolResponse {
    DocumentSymbolResponse::Nested(symbols::of(snapshot).into_iter().map(|s| nested(snapshot, s)).collect())
}

fn nested(snapshot: &Snapshot, symbol: Symbol) -> DocumentSymbol {
    let children: Vec<_> = symbol.inside.into_iter().map(|s| nested(snapshot, s)).collect();
    #[expect(deprecated, reason = "the structure has the field, and it cannot be left out")]
    DocumentSymbol {
        name: symbol.name,
        detail: (!symbol.detail.is_empty()).then_some(symbol.detail),
        kind: kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: snapshot.range(symbol.span),
        selection_range: snapshot.range(symbol.at),
        children: (!children.is_empty()).then_some(children),
    }
}

/// The protocol's word for a symbol.
pub(crate) fn kind(kind: Kind) -> SymbolKind {
    match kind {
        Kind::Const => SymbolKind::CONSTANT,
        Kind::Type => SymbolKind::STRUCT,
        Kind::Enum => SymbolKind::ENUM,
        Kind::Variant => SymbolKind::ENUM_MEMBER,
        Kind::Field => SymbolKind::FIELD,
        Kind::Step => SymbolKind::VARIABLE,
        Kind::Model => SymbolKind::OBJECT,
        Kind::Prompt | Kind::Lookup | Kind::Guard | Kind::Action => SymbolKind::FUNCTION,
        Kind::Flow | Kind::Batch => SymbolKind::CLASS,
        Kind::Test | Kind::Eval => SymbolKind::METHOD,
    }
}

/// The declarations of programs whose names have all letters of the query, in their order.
pub(crate) fn workspace<'s>(
    programs: impl Iterator<Item = &'s Snapshot>,
    query: &str,
) -> Vec<SymbolInformation> {
    let mut out = Vec::new();
    for program in programs {
        for symbol in symbols::of(program).into_iter().filter(|s| is_meant(&s.name, query)) {
            let Some(location) = program.location(symbol.at) else { continue };
            #[expect(deprecated, reason = "the structure has the field, and it cannot be left out")]
            out.push(SymbolInformation {
                name: symbol.name,
                kind: kind(symbol.kind),
                tags: None,
                deprecated: None,
                location,
                container_name: Some(program.job.name.clone()),
            });
        }
    }
    out
}

fn is_meant(name: &str, query: &str) -> bool {
    let mut name = name.chars().flat_map(char::to_lowercase);
    query.chars().flat_map(char::to_lowercase).all(|wanted| name.any(|c| c == wanted))
}

/// What can be folded.
pub(crate) fn folds(snapshot: &Snapshot) -> Vec<FoldingRange> {
    let range = |(first, last, fold): (usize, usize, Fold)| FoldingRange {
        start_line: u32::try_from(first).unwrap_or(u32::MAX),
        end_line: u32::try_from(last).unwrap_or(u32::MAX),
        kind: match fold {
            Fold::Code => None,
            Fold::Comment => Some(FoldingRangeKind::Comment),
            Fold::Imports => Some(FoldingRangeKind::Imports),
        },
        ..FoldingRange::default()
    };
    symbols::folds(snapshot).into_iter().map(range).collect()
}

/// The ranges around each position, from the smallest to the largest.
pub(crate) fn selections(snapshot: &Snapshot, positions: &[Position]) -> Vec<SelectionRange> {
    let one = |position: &Position| {
        let offset = snapshot.job.text.offset(*position, snapshot.job.encoding);
        let around = symbols::around(snapshot, offset);
        let outer = around.into_iter().rev().fold(None, |parent: Option<SelectionRange>, range| {
            Some(SelectionRange { range: snapshot.here(range), parent: parent.map(Box::new) })
        });
        outer.unwrap_or(SelectionRange { range: Range::new(*position, *position), parent: None })
    };
    positions.iter().map(one).collect()
}

/// The files that the document names.
pub(crate) fn links(snapshot: &Snapshot) -> Vec<DocumentLink> {
    let link = |(range, uri)| DocumentLink {
        range: snapshot.here(range),
        target: Some(uri),
        tooltip: None,
        data: None,
    };
    crate::ide::links::of(snapshot).into_iter().map(link).collect()
}

/// The edits that lay the document out anew; those alone that touch a range, where one is given. An
/// edit replaces whole lines, and each is the least that is needed.
pub(crate) fn format(text: &Text, range: Option<Range>, encoding: Encoding) -> Vec<TextEdit> {
    let formatted = flow_compiler::format::format(text.as_str());
    let old: Vec<&str> = text.as_str().split_inclusive('\n').collect();
    let new: Vec<&str> = formatted.split_inclusive('\n').collect();
    let front = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = (&old[front..], &new[front..]);
    let back = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(a, b)| a == b).count();
    let (removed, inserted) = (&old[front..old.len() - back], &new[front..new.len() - back]);
    if removed.is_empty() && inserted.is_empty() {
        return Vec::new();
    }
    let start: usize = old[..front].iter().map(|l| l.len()).sum();
    let end = start + removed.iter().map(|l| l.len()).sum::<usize>();
    // Lines that correspond one to one are edited one by one, so that a part of them can be chosen.
    let edits = match removed.len() == inserted.len() {
        true => {
            let mut at = start;
            let mut edits = Vec::new();
            for (a, b) in removed.iter().zip(inserted) {
                if a != b {
                    edits.push(TextEdit::new(text.range(at..at + a.len(), encoding), (*b).to_owned()));
                }
                at += a.len();
            }
            edits
        }
        false => vec![TextEdit::new(text.range(start..end, encoding), inserted.concat())],
    };
    let Some(wanted) = range else { return edits };
    let touches = |e: &TextEdit| e.range.start <= wanted.end && wanted.start <= e.range.end;
    edits.into_iter().filter(touches).collect()
}
