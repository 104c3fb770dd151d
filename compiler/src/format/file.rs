//! The declarations of a file and the empty lines between them.

use super::{doc, statement};
use flow_grammar::{Cst, Kind, Node};
use std::ops::Range;

/// Something that stands at the outermost level.
struct Piece {
    range: Range<usize>,
    kind: PieceKind,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PieceKind {
    FileDoc,
    Doc,
    Comment,
    /// A declaration; of this kind if it is an import, a constant or a model, on one line.
    Item(Option<Kind>),
    /// Text that is left as it is.
    Broken,
}

pub(super) fn format(text: &str) -> String {
    let cst = flow_grammar::parse_as_written(text);
    let pieces = pieces(text, &cst);
    let mut out = String::with_capacity(text.len());
    for (i, piece) in pieces.iter().enumerate() {
        if let Some(last) = i.checked_sub(1).and_then(|i| pieces.get(i)) {
            out.push_str(between(text, last, piece, &pieces[i..]));
        }
        out.push_str(&piece.text);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn pieces(text: &str, cst: &Cst) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let tokens = flow_grammar::tokens::lex(text);
    for node in cst.root().children() {
        let kind = kind(node);
        let same_line = pieces.last().is_some_and(|last| !text[last.range.end..node.start()].contains('\n'));
        if same_line
            && let Some(last) = pieces.last_mut()
            && (last.kind == PieceKind::Broken || kind == PieceKind::Broken)
        {
            // Where the line is broken, how its parts hang together is anyone's guess.
            last.range.end = node.end();
            last.kind = PieceKind::Broken;
            continue;
        }
        pieces.push(Piece { range: node.range(), kind, text: String::new() });
        if !matches!(kind, PieceKind::Broken)
            && let Some(piece) = pieces.last_mut()
        {
            piece.text = match kind {
                PieceKind::Item(_) => doc::print(&statement::item(text, &tokens, node), 0),
                _ => text[node.range()].trim_end().to_owned(),
            };
            if let PieceKind::Item(Some(_)) = kind
                && piece.text.contains('\n')
            {
                piece.kind = PieceKind::Item(None);
            }
        }
    }
    for piece in pieces.iter_mut().filter(|p| p.kind == PieceKind::Broken) {
        let line = text[..piece.range.start].rfind('\n').map_or(0, |i| i + 1);
        if text[line..piece.range.start].trim_matches([' ', '\t']).is_empty() {
            piece.range.start = line;
        }
        piece.text = text[piece.range.clone()].trim_end_matches([' ', '\t', '\r', '\n']).to_owned();
    }
    pieces
}

fn kind(node: Node<'_>) -> PieceKind {
    match node.kind() {
        Kind::file_doc => PieceKind::FileDoc,
        Kind::doc => PieceKind::Doc,
        Kind::comment => PieceKind::Comment,
        _ if is_broken(node) => PieceKind::Broken,
        Kind::import_item | Kind::const_item | Kind::model_item => PieceKind::Item(Some(node.kind())),
        _ => PieceKind::Item(None),
    }
}

fn is_broken(node: Node<'_>) -> bool {
    let broken =
        [Kind::junk, Kind::bad_member, Kind::missing_close, Kind::open_quoted, Kind::open_text_block];
    broken.contains(&node.kind()) || node.children().any(is_broken)
}

// What separates two pieces; `rest` begins with the second.
fn between(text: &str, last: &Piece, next: &Piece, rest: &[Piece]) -> &'static str {
    let gap = &text[last.range.end..next.range.start.max(last.range.end)];
    let lines = gap.matches('\n').count();
    let comment = |p: &Piece| matches!(p.kind, PieceKind::Comment | PieceKind::Doc | PieceKind::FileDoc);
    if lines == 0 && comment(next) && !comment(last) {
        return "  ";
    }
    let as_written = if lines > 1 { "\n\n" } else { "\n" };
    match (last.kind, next.kind) {
        (PieceKind::Broken, _) | (_, PieceKind::Broken) => as_written,
        (PieceKind::Doc, _) => "\n",
        (PieceKind::FileDoc, PieceKind::FileDoc) => as_written,
        (PieceKind::FileDoc, _) => "\n\n",
        (PieceKind::Comment, _) if lines > 0 => as_written,
        (PieceKind::Item(one), _) => {
            // A comment between belongs to the declaration that follows it.
            let other = rest.iter().find(|p| !comment(p)).map(|p| p.kind);
            match (one, other) {
                (Some(one), Some(PieceKind::Item(Some(other)))) if one == other => as_written,
                (_, None) => as_written,
                _ => "\n\n",
            }
        }
        _ => as_written,
    }
}
