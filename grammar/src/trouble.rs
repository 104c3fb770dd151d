//! Finds what the grammar did not understand in the tree of a section.

use crate::Kind;
use crate::cst::Entry;
use std::ops::Range;

/// A region that is not understood, or a token that is missing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Trouble {
    pub(crate) kind: TroubleKind,
    pub(crate) range: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TroubleKind {
    /// Text between declarations.
    Junk,
    /// A line between the braces of a node of this kind.
    Bad(Kind),
    /// A brace that is not closed.
    Close,
    /// A text that is not closed on its line.
    OpenText,
    /// A text block that is not closed.
    OpenBlock,
}

/// The troubles of a section, in the order of the text; lines that follow one another are one.
pub(crate) fn find(nodes: &[Entry], text: &str) -> Vec<Trouble> {
    let mut found: Vec<Trouble> = Vec::new();
    // The enclosing nodes, each with the index behind its last descendant.
    let mut parents: Vec<(usize, Kind)> = Vec::new();
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        while parents.last().is_some_and(|(end, _)| *end <= at) {
            parents.pop();
        }
        let end = at + node.size as usize;
        let range = node.start as usize..node.end as usize;
        let parent = parents.last().map_or(Kind::file, |(_, kind)| *kind);
        match node.kind {
            Kind::junk => add(&mut found, text, Trouble { kind: TroubleKind::Junk, range }),
            Kind::bad_member => {
                let open = nodes[at + 1..end].iter().find_map(open_text);
                let trouble = open.unwrap_or(Trouble { kind: TroubleKind::Bad(parent), range });
                add(&mut found, text, trouble);
                at = end;
                continue;
            }
            Kind::missing_close => found.push(Trouble { kind: TroubleKind::Close, range }),
            _ => found.extend(open_text(node)),
        }
        if node.size > 1 {
            parents.push((end, node.kind));
        }
        at += 1;
    }
    found
}

fn open_text(node: &Entry) -> Option<Trouble> {
    let kind = match node.kind {
        Kind::open_quoted => TroubleKind::OpenText,
        Kind::open_text_block => TroubleKind::OpenBlock,
        _ => return None,
    };
    Some(Trouble { kind, range: node.start as usize..node.end as usize })
}

// A broken line right behind a broken line most likely belongs to the same mistake.
fn add(found: &mut Vec<Trouble>, text: &str, trouble: Trouble) {
    if let Some(last) = found.last_mut() {
        let broken = matches!(
            last.kind,
            TroubleKind::Junk | TroubleKind::Bad(_) | TroubleKind::OpenText | TroubleKind::OpenBlock
        );
        let gap = text.get(last.range.end..trouble.range.start);
        if broken && gap.is_some_and(|g| g.trim().is_empty()) {
            last.range.end = trouble.range.end;
            return;
        }
    }
    found.push(trouble);
}
