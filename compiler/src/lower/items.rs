//! Declarations.

use super::{Documented, Lower};
use crate::ast::{
    Batch, Callable, Const, EnumDecl, Eval, Flow, Import, ImportFrom, ImportName, Model, Param, Prompt,
    Reply, Test, TestLine, TypeBody, TypeDecl,
};
use ecow::EcoString;
use flow_grammar::{Kind, Node};

impl Lower<'_> {
    pub(super) fn import(&mut self, node: Node<'_>) -> Import {
        let mut names = Vec::new();
        let mut from = None;
        for child in node.children() {
            match child.kind() {
                Kind::import_name => {
                    let mut idents =
                        child.children().filter(|c| c.kind() == Kind::ident).map(|c| self.ident(c));
                    if let Some(name) = idents.next() {
                        names.push(ImportName { name, alias: idents.next() });
                    }
                }
                Kind::path => from = Some(ImportFrom::Module(self.ident(child))),
                Kind::comment | Kind::doc => {}
                _ => {
                    if let Some(lit) = self.string(child) {
                        from = Some(ImportFrom::Path(crate::ast::Ident { name: lit.value, span: lit.span }));
                    }
                }
            }
        }
        let span = self.span(node);
        let nowhere = || ImportFrom::Path(crate::ast::Ident { name: EcoString::new(), span: span.after() });
        Import { names, from: from.unwrap_or_else(nowhere), span }
    }

    pub(super) fn constant(&mut self, node: Node<'_>, doc: EcoString) -> Const {
        Const {
            doc,
            name: self.named(node, Kind::ident),
            ty: node.child(Kind::type_expr).map(|t| self.type_expr(t)),
            value: self.expr_in(node),
            span: self.span(node),
        }
    }

    pub(super) fn type_decl(&mut self, node: Node<'_>, doc: EcoString) -> TypeDecl {
        let body = match (node.child(Kind::fields), node.child(Kind::type_expr)) {
            (Some(fields), _) => TypeBody::Record(self.params(fields)),
            (None, Some(alias)) => TypeBody::Alias(self.type_expr(alias)),
            (None, None) => TypeBody::Record(Vec::new()),
        };
        TypeDecl { doc, name: self.named(node, Kind::ident), body, span: self.span(node) }
    }

    pub(super) fn enum_decl(&mut self, node: Node<'_>, doc: EcoString) -> EnumDecl {
        let variants = match node.child(Kind::variants) {
            Some(variants) => self
                .documented(variants)
                .into_iter()
                .filter(|d| d.node.kind() == Kind::ident)
                .map(|d| (self.ident(d.node), d.doc))
                .collect(),
            None => Vec::new(),
        };
        EnumDecl { doc, name: self.named(node, Kind::ident), variants, span: self.span(node) }
    }

    pub(super) fn model(&mut self, node: Node<'_>, doc: EcoString) -> Model {
        let span = self.span(node);
        let id = node.children().find_map(|c| self.string(c));
        let nothing =
            || crate::ast::StringLit { value: EcoString::new(), pieces: Vec::new(), span: span.after() };
        Model {
            doc,
            name: self.named(node, Kind::ident),
            id: id.unwrap_or_else(nothing),
            settings: self.settings_of(node),
            span,
        }
    }

    pub(super) fn prompt(&mut self, node: Node<'_>, doc: EcoString) -> Prompt {
        let from = node.child(Kind::from);
        Prompt {
            doc,
            name: self.named(node, Kind::ident),
            params: self.params_of(node),
            output: self.output_of(node),
            from: from.and_then(|f| f.children().find_map(|c| self.string(c))),
            settings: self.settings_of(node),
            span: self.span(node),
        }
    }

    pub(super) fn callable(&mut self, node: Node<'_>, doc: EcoString) -> Callable {
        Callable {
            doc,
            name: self.named(node, Kind::ident),
            params: self.params_of(node),
            output: self.output_of(node),
            settings: self.settings_of(node),
            span: self.span(node),
        }
    }

    pub(super) fn flow(&mut self, node: Node<'_>, doc: EcoString) -> Flow {
        Flow {
            doc,
            name: self.named(node, Kind::ident),
            params: self.params_of(node),
            output: self.output_of(node),
            body: node.child(Kind::block).map(|b| self.block(b)).unwrap_or_default(),
            span: self.span(node),
        }
    }

    pub(super) fn batch(&mut self, node: Node<'_>, doc: EcoString) -> Batch {
        Batch {
            doc,
            name: self.named(node, Kind::ident),
            body: node.child(Kind::block).map(|b| self.block(b)).unwrap_or_default(),
            span: self.span(node),
        }
    }

    pub(super) fn test(&mut self, node: Node<'_>, doc: EcoString) -> Test {
        let span = self.span(node);
        let name = node.children().find_map(|c| self.string(c));
        let nameless =
            || crate::ast::StringLit { value: EcoString::new(), pieces: Vec::new(), span: span.before() };
        let mut lines = Vec::new();
        if let Some(body) = node.child(Kind::test_lines) {
            for Documented { node, doc } in self.documented(body) {
                lines.push(self.test_line(node, doc));
            }
        }
        Test { doc, name: name.unwrap_or_else(nameless), lines, span }
    }

    fn test_line(&mut self, node: Node<'_>, doc: EcoString) -> TestLine {
        let span = self.span(node);
        match node.kind() {
            Kind::reply => {
                let from = node.child(Kind::from).and_then(|f| f.children().find_map(|c| self.string(c)));
                let with = match from {
                    Some(lit) => Reply::From(lit),
                    None => Reply::Value(self.expr_in(node)),
                };
                TestLine::Reply { prompt: self.named(node, Kind::ident), with, span }
            }
            Kind::let_ => match node.child(Kind::step) {
                Some(step) => TestLine::Let(self.step(step, doc)),
                None => TestLine::Error(span),
            },
            Kind::expect => TestLine::Expect { value: self.expr_in(node), span },
            _ => TestLine::Error(span),
        }
    }

    pub(super) fn eval(&mut self, node: Node<'_>, doc: EcoString) -> Eval {
        let mut settings = Vec::new();
        let mut scores = Vec::new();
        if let Some(body) = node.child(Kind::eval_lines) {
            for Documented { node, doc } in self.documented(body) {
                match node.kind() {
                    Kind::score => scores.push((self.named(node, Kind::ident), self.expr_in(node))),
                    Kind::setting => settings.push(self.setting(node, doc)),
                    _ => {}
                }
            }
        }
        Eval { doc, name: self.named(node, Kind::ident), settings, scores, span: self.span(node) }
    }

    fn params_of(&mut self, node: Node<'_>) -> Vec<Param> {
        node.child(Kind::params).map(|p| self.params(p)).unwrap_or_default()
    }

    fn output_of(&mut self, node: Node<'_>) -> Option<crate::ast::TypeExpr> {
        let written = node.child(Kind::output)?.child(Kind::type_expr)?;
        Some(self.type_expr(written))
    }

    fn params(&mut self, list: Node<'_>) -> Vec<Param> {
        let mut params = Vec::new();
        for Documented { node, doc } in self.documented(list) {
            let name = self.named(node, Kind::ident);
            if node.kind() != Kind::param || name.name.is_empty() {
                continue;
            }
            let span = self.span(node);
            let ty = match node.child(Kind::type_expr) {
                Some(written) => self.type_expr(written),
                None => crate::ast::TypeExpr { kind: crate::ast::TypeExprKind::Error, span: span.after() },
            };
            let default = node.child(Kind::inner).map(|d| self.expr(d));
            params.push(Param { doc, name, ty, default, span });
        }
        params
    }
}
