//! From the concrete tree to the syntax tree: leaves layout behind, gives every construct its place.
//!
//! In: a [`Cst`] with its text. Out: [`ast::File`]; broken regions become `Error` nodes, about which
//! the syntax error was already reported. Reports only what is well-formed but has no meaning:
//! numbers that are too large, unknown escapes, steps without a name.

mod blocks;
mod exprs;
mod items;
mod literals;
mod numbers;
mod settings;
mod types;

pub(crate) use literals::block_lines;

use crate::ast::{self, Ident, Item};
use ecow::EcoString;
use flow_diagnostics::{Code, Diagnostics, FileId, FlowDiagnostic, Span};
use flow_grammar::{Cst, Kind, Node};
use std::sync::Arc;

/// Lowers one file.
pub fn lower(cst: &Cst, text: &str, file: FileId, diagnostics: &mut Diagnostics) -> ast::File {
    let mut parts = Parts::new(text, file, diagnostics);
    let items = parts.part(cst).items;
    parts.file(items)
}

/// A file that is lowered part by part, in the order of its text.
pub(crate) struct Parts<'t> {
    lower: Lower<'t>,
    // Doc comments that belong to what comes next.
    above: Vec<&'t str>,
    docs: Vec<&'t str>,
}

/// The declarations of a part of a file.
pub(crate) struct Part {
    pub(crate) items: Vec<Arc<Item>>,
    /// Whether they are the same wherever the part stands: nothing was reported, and no comment belongs to
    /// what is before it or behind it, or to the file.
    pub(crate) alone: bool,
    /// The same, but for the file's comments.
    pub(crate) own: bool,
}

impl<'t> Parts<'t> {
    pub(crate) fn new(text: &'t str, file: FileId, diagnostics: &'t mut Diagnostics) -> Parts<'t> {
        let lower = Lower { text, file, out: diagnostics };
        Parts { lower, above: Vec::new(), docs: Vec::new() }
    }

    /// Whether no comment before belongs to what comes next.
    pub(crate) fn is_between(&self) -> bool {
        self.above.is_empty()
    }

    /// The declarations of a part.
    pub(crate) fn part(&mut self, cst: &Cst) -> Part {
        let (root, before) = (cst.root(), self.lower.out.len());
        let docs = root.children().filter(|n| n.kind() == Kind::file_doc);
        let known = self.docs.len();
        self.docs.extend(docs.map(|n| comment_text(self.lower.of(n), "//!")));
        let mut own = self.is_between();
        let mut items = Vec::new();
        for Documented { node, doc } in self.lower.documented_below(root, &mut self.above) {
            items.push(Arc::new(self.lower.item(node, doc)));
        }
        own &= self.is_between() && self.lower.out.len() == before;
        Part { items, alone: own && self.docs.len() == known, own }
    }

    /// The file with all its declarations.
    pub(crate) fn file(self, items: Vec<Arc<Item>>) -> ast::File {
        ast::File { doc: self.docs.join("\n").into(), items }
    }
}

/// What lowering needs everywhere.
struct Lower<'t> {
    text: &'t str,
    file: FileId,
    out: &'t mut Diagnostics,
}

/// A part of a tree, with the doc comment that belongs to it.
struct Documented<'c> {
    node: Node<'c>,
    doc: EcoString,
}

impl<'t> Lower<'t> {
    /// The text of a node.
    fn of(&self, node: Node<'_>) -> &'t str {
        &self.text[node.range()]
    }

    fn span(&self, node: Node<'_>) -> Span {
        Span::new(self.file, node.start(), node.end())
    }

    /// A name; empty where one is missing, which was reported.
    fn ident(&self, node: Node<'_>) -> Ident {
        Ident { name: self.of(node).into(), span: self.span(node) }
    }

    /// The first child of a kind as a name; an empty one at the start if there is none.
    fn named(&self, node: Node<'_>, kind: Kind) -> Ident {
        match node.child(kind) {
            Some(child) => self.ident(child),
            None => Ident { name: EcoString::new(), span: self.span(node).before() },
        }
    }

    fn error(&mut self, at: Span, message: impl Into<String>) -> FlowDiagnostic {
        FlowDiagnostic::new(Code::E0001, at, message)
    }

    /// The children that are not comments, each with the `///` lines above it and behind it.
    fn documented<'c>(&self, parent: Node<'c>) -> Vec<Documented<'c>> {
        self.documented_below(parent, &mut Vec::new())
    }

    /// The same, below these lines; what is left of them belongs to what comes next.
    fn documented_below<'c>(&self, parent: Node<'c>, above: &mut Vec<&'t str>) -> Vec<Documented<'c>> {
        let mut out: Vec<Documented<'c>> = Vec::new();
        for node in parent.children() {
            match node.kind() {
                Kind::doc => {
                    let text = comment_text(self.of(node), "///");
                    match out.last_mut().filter(|last| self.same_line(last.node, node)) {
                        Some(last) => append(&mut last.doc, text),
                        None => above.push(text),
                    }
                }
                Kind::comment | Kind::file_doc | Kind::missing_close => {}
                _ => out.push(Documented { node, doc: std::mem::take(above).join("\n").into() }),
            }
        }
        out
    }

    fn same_line(&self, before: Node<'_>, after: Node<'_>) -> bool {
        !self.text[before.end()..after.start()].contains('\n')
    }
}

fn append(doc: &mut EcoString, text: &str) {
    if !doc.is_empty() {
        doc.push('\n');
    }
    doc.push_str(text);
}

fn comment_text<'x>(comment: &'x str, marker: &str) -> &'x str {
    let text = comment.strip_prefix(marker).unwrap_or(comment);
    text.strip_prefix(' ').unwrap_or(text).trim_end()
}

impl Lower<'_> {
    fn item(&mut self, node: Node<'_>, doc: EcoString) -> Item {
        match node.kind() {
            Kind::import_item => Item::Import(self.import(node)),
            Kind::const_item => Item::Const(self.constant(node, doc)),
            Kind::type_item => Item::Type(self.type_decl(node, doc)),
            Kind::enum_item => Item::Enum(self.enum_decl(node, doc)),
            Kind::model_item => Item::Model(self.model(node, doc)),
            Kind::prompt_item => Item::Prompt(self.prompt(node, doc)),
            Kind::lookup_item => Item::Lookup(self.callable(node, doc)),
            Kind::guard_item => Item::Guard(self.callable(node, doc)),
            Kind::action_item => Item::Action(self.callable(node, doc)),
            Kind::flow_item => Item::Flow(self.flow(node, doc)),
            Kind::batch_item => Item::Batch(self.batch(node, doc)),
            Kind::test_item => Item::Test(self.test(node, doc)),
            Kind::eval_item => Item::Eval(self.eval(node, doc)),
            _ => Item::Error(self.span(node)),
        }
    }
}
