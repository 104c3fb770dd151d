//! The concrete syntax tree: every construct with its place, in one flat array.
//!
//! Nodes stand in the order of the text, parents before their children; what lies between the
//! nodes (punctuation, keywords, blanks) is read from the text.

use crate::Kind;
use std::ops::Range;

/// The tree of one file. The root is a `file` node that covers the whole text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cst {
    nodes: Vec<Entry>,
}

/// One construct as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// How many nodes it is made of, itself included: the next sibling is that many further on.
    pub(crate) size: u32,
}

/// One construct of a [`Cst`].
#[derive(Clone, Copy)]
pub struct Node<'c> {
    cst: &'c Cst,
    at: usize,
}

impl Cst {
    /// The whole file.
    pub fn root(&self) -> Node<'_> {
        Node { cst: self, at: 0 }
    }

    /// Every node, parents before their children.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.nodes.len()).map(|at| Node { cst: self, at })
    }

    /// The tree as stable text, a node a line, indented by depth; leaves show their text.
    pub fn dump(&self, text: &str) -> String {
        let mut out = String::new();
        dump(self.root(), text, 0, &mut out);
        out
    }
}

fn dump(node: Node<'_>, text: &str, depth: usize, out: &mut String) {
    use std::fmt::Write;
    let leaf = node.children().next().is_none();
    let shown = if leaf { format!(" {:?}", &text[node.range()]) } else { String::new() };
    // Writing into a string cannot fail.
    let _ = writeln!(
        out,
        "{:indent$}{:?} {}..{}{shown}",
        "",
        node.kind(),
        node.start(),
        node.end(),
        indent = depth * 2
    );
    for child in node.children() {
        dump(child, text, depth + 1, out);
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.kind(), self.range())
    }
}

impl<'c> Node<'c> {
    /// What it is.
    pub fn kind(self) -> Kind {
        self.entry().kind
    }

    /// The offset of its first byte.
    pub fn start(self) -> usize {
        self.entry().start as usize
    }

    /// The offset behind its last byte.
    pub fn end(self) -> usize {
        self.entry().end as usize
    }

    /// Its bytes.
    pub fn range(self) -> Range<usize> {
        self.start()..self.end()
    }

    /// The constructs it is made of, in the order of the text.
    pub fn children(self) -> impl Iterator<Item = Node<'c>> + Clone {
        let end = self.at + self.entry().size as usize;
        let cst = self.cst;
        let first = (self.at + 1 < end).then_some(self.at + 1);
        std::iter::successors(first, move |&at| {
            let next = at + cst.nodes[at].size as usize;
            (next < end).then_some(next)
        })
        .map(move |at| Node { cst, at })
    }

    /// The first child of a kind.
    pub fn child(self, kind: Kind) -> Option<Node<'c>> {
        self.children().find(|c| c.kind() == kind)
    }

    fn entry(self) -> &'c Entry {
        &self.cst.nodes[self.at]
    }
}

/// A tree that is being put together, declaration by declaration.
pub(crate) struct Tree {
    nodes: Vec<Entry>,
}

impl Tree {
    pub(crate) fn new(text: &str) -> Self {
        let mut tree = Tree::of(0..text.len());
        tree.nodes.reserve(text.len() / 8);
        tree
    }

    /// A tree of a part of a file.
    pub(crate) fn of(range: Range<usize>) -> Self {
        let root = Entry { kind: Kind::file, start: offset(range.start), end: offset(range.end), size: 1 };
        Tree { nodes: vec![root] }
    }

    /// Adds all that is in another tree of the same file.
    #[cfg(test)]
    pub(crate) fn append(&mut self, other: &Cst) {
        self.extend(&other.nodes, 0);
    }

    /// Adds the children of a parsed section's root, which begins at this offset of the file.
    pub(crate) fn extend(&mut self, section: &[Entry], at: usize) {
        let at = offset(at);
        let below = section.iter().skip(1).filter(|e| e.kind != Kind::EOI);
        self.nodes.extend(below.map(|e| Entry { start: e.start + at, end: e.end + at, ..*e }));
    }

    /// The same for a section that was changed, where `place` finds the way back. What is left of
    /// each node lies inside its parent and behind what is before it.
    pub(crate) fn extend_changed(&mut self, section: &[Entry], place: impl Fn(&Entry) -> Range<usize>) {
        let first = self.nodes.len();
        let mut behind = 0;
        for entry in section.iter().skip(1).filter(|e| e.kind != Kind::EOI) {
            let range = place(entry);
            let mut entry = Entry { start: offset(range.start), end: offset(range.end), ..*entry };
            if entry.size == 1 {
                entry.start = entry.start.max(behind);
                entry.end = entry.end.max(entry.start);
                behind = entry.end;
            }
            self.nodes.push(entry);
        }
        // From the last to the first, so that a node's children are in place before it is.
        for parent in (first..self.nodes.len()).rev() {
            let end = parent + self.nodes[parent].size as usize;
            let mut child = parent + 1;
            if child < end {
                self.nodes[parent].start = self.nodes[child].start.min(self.nodes[parent].start);
            }
            while child < end {
                self.nodes[parent].end = self.nodes[child].end.max(self.nodes[parent].end);
                child += self.nodes[child].size as usize;
            }
        }
    }

    /// Adds a region that is not understood at all.
    pub(crate) fn junk(&mut self, range: Range<usize>) {
        self.nodes.push(Entry {
            kind: Kind::junk,
            start: offset(range.start),
            end: offset(range.end),
            size: 1,
        });
    }

    pub(crate) fn finish(mut self) -> Cst {
        self.nodes[0].size = offset(self.nodes.len());
        Cst { nodes: self.nodes }
    }
}

// A source file is refused above 4 GiB long before it gets here.
pub(crate) fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
