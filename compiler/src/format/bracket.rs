//! What stands in brackets: on one line, or an element a line.

use super::doc::{Doc, must_break};
use super::statement::Writer;
use flow_grammar::{Kind, Node};

/// How the inside of brackets is laid out.
#[derive(Clone, Copy)]
struct Shape {
    /// Between a bracket and what is inside, on one line.
    padding: &'static str,
    /// Whether elements have a comma behind them also on lines of their own.
    commas: bool,
    /// Whether the last one has it too.
    trailing_comma: bool,
    /// Whether the opening bracket touches what is before it.
    tight: bool,
    /// Whether a line break inside an element indents what follows.
    indents: bool,
}

/// Whether nodes of this kind are brackets with elements in between.
pub(super) fn is_bracket(kind: Kind) -> bool {
    shape(kind).is_some()
}

fn shape(kind: Kind) -> Option<Shape> {
    let list = Shape { padding: "", commas: true, trailing_comma: true, tight: false, indents: true };
    Some(match kind {
        Kind::args | Kind::params => Shape { tight: true, ..list },
        Kind::list => list,
        Kind::index => Shape { tight: true, trailing_comma: false, ..list },
        Kind::list_type => Shape { trailing_comma: false, ..list },
        Kind::paren | Kind::paren_type => Shape { trailing_comma: false, indents: false, ..list },
        Kind::anonymous => Shape { padding: " ", ..list },
        Kind::fields
        | Kind::variants
        | Kind::settings
        | Kind::call_settings
        | Kind::block
        | Kind::arms
        | Kind::test_lines
        | Kind::eval_lines => Shape { padding: " ", commas: false, trailing_comma: false, ..list },
        _ => return None,
    })
}

fn is_remark(kind: Kind) -> bool {
    matches!(kind, Kind::comment | Kind::doc)
}

impl<'t> Writer<'t> {
    /// Brackets as a group of their own.
    pub(super) fn bracket(&mut self, node: Node<'_>, out: &mut Vec<Doc<'t>>) {
        let Some(shape) = shape(node.kind()) else { return };
        self.before(shape, out);
        let mut parts = Vec::new();
        let broken = self.inside(node, shape, &mut parts) || must_break(&parts);
        out.push(Doc::Group { broken, parts });
    }

    /// `if a { … } else { … }`: one group, so that its blocks are open or closed together.
    pub(super) fn branches(&mut self, node: Node<'_>, out: &mut Vec<Doc<'t>>) {
        let mut parts = Vec::new();
        let mut broken = false;
        if let Some(first) = self.peek() {
            self.gap(first, out);
        }
        for child in node.children() {
            self.until(child.start(), &mut parts);
            match shape(child.kind()) {
                Some(shape) => {
                    self.before(shape, &mut parts);
                    broken |= self.inside(child, shape, &mut parts);
                }
                None => self.node(child, &mut parts),
            }
        }
        let broken = broken || must_break(&parts);
        out.push(Doc::Group { broken, parts });
    }

    fn before(&mut self, shape: Shape, out: &mut Vec<Doc<'t>>) {
        if shape.tight {
            self.tighten();
        }
        if let Some(opening) = self.peek() {
            self.gap(opening, out);
        }
    }

    // The brackets and what stands in them; gives whether the author opened them.
    fn inside(&mut self, node: Node<'_>, shape: Shape, out: &mut Vec<Doc<'t>>) -> bool {
        let opening = self.peek().map_or(node.start(), |t| t.end);
        self.token(out);
        let first = self.peek().map_or(opening, |t| t.start);
        let opened = self.text[opening..first].contains('\n') && node.children().next().is_some();
        let mut elements = self.elements(node, shape, opening);
        self.skip_commas();
        self.fresh();
        match elements.as_mut_slice() {
            [] => {}
            [only] if !opened && shape.padding.is_empty() && only.opens() => out.append(&mut only.parts),
            _ => {
                out.push(Doc::Indent(lines(elements, shape)));
                out.push(Doc::Line(shape.padding));
            }
        }
        self.token(out);
        opened
    }

    fn elements(&mut self, node: Node<'_>, shape: Shape, opening: usize) -> Vec<Element<'t>> {
        let mut elements: Vec<Element<'t>> = Vec::new();
        let mut behind = opening;
        let mut documented: Option<usize> = None;
        for child in node.children() {
            if let Some(comma) = self.skip_commas() {
                behind = behind.max(comma);
            }
            let gap = self.text.get(behind..child.start()).unwrap_or("");
            let trails = match child.kind() {
                // Behind another comment there is no room.
                Kind::comment => !gap.contains('\n') && elements.last().is_none_or(|e| !e.remark),
                // It documents what ends on its line, but not what a bracket there opens.
                Kind::doc => documented.is_some_and(|end| !self.text[end..child.start()].contains('\n')),
                _ => false,
            };
            if !is_remark(child.kind()) {
                documented = Some(child.end());
            }
            let mut element = Element {
                parts: Vec::new(),
                remark: is_remark(child.kind()),
                trails,
                blank: !elements.is_empty() && gap.matches('\n').count() > 1,
            };
            self.fresh();
            self.with_indent(shape.indents, |writer| writer.node(child, &mut element.parts));
            elements.push(element);
            behind = child.end();
        }
        elements
    }

    // Gives where the last comma ends.
    fn skip_commas(&mut self) -> Option<usize> {
        let mut end = None;
        while let Some(comma) = self.peek().filter(|t| self.of(*t) == ",") {
            end = Some(comma.end);
            self.skip();
        }
        end
    }
}

/// Something between brackets.
struct Element<'t> {
    parts: Vec<Doc<'t>>,
    /// A comment.
    remark: bool,
    /// A comment behind something on its line.
    trails: bool,
    /// An empty line stands before it.
    blank: bool,
}

impl Element<'_> {
    // Whether it ends in brackets of its own, which can open in the place of those around it.
    fn opens(&self) -> bool {
        match self.parts.split_last() {
            Some((Doc::Group { .. } | Doc::Block(_), before)) => {
                before.iter().all(|d| matches!(d, Doc::Text(_)))
            }
            _ => false,
        }
    }
}

fn lines<'t>(elements: Vec<Element<'t>>, shape: Shape) -> Vec<Doc<'t>> {
    let mut out = Vec::new();
    let last = elements.iter().rposition(|e| !e.remark);
    for (i, element) in elements.into_iter().enumerate() {
        if element.trails {
            out.push(Doc::Text("  ".into()));
        } else {
            if element.blank {
                out.push(Doc::Blank);
            }
            let between = if shape.commas { " " } else { ", " };
            out.push(Doc::Line(if i == 0 { shape.padding } else { between }));
        }
        out.extend(element.parts);
        if element.remark || !shape.commas {
            continue;
        }
        if Some(i) != last {
            out.push(Doc::Text(",".into()));
        } else if shape.trailing_comma {
            out.push(Doc::IfBroken(","));
        }
    }
    out
}
