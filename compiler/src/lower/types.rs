//! Types.

use super::Lower;
use crate::ast::{Expr, ExprKind, TypeExpr, TypeExprKind};
use flow_grammar::{Kind, Node};

/// The most bounds behind one another: what walks over the type recurses that deep.
const MOST_BOUNDS: usize = 8;

impl Lower<'_> {
    pub(super) fn type_expr(&mut self, node: Node<'_>) -> TypeExpr {
        let suffixes = node.children().filter(|c| matches!(c.kind(), Kind::bound | Kind::range)).count();
        if suffixes > MOST_BOUNDS {
            let span = self.span(node);
            let diagnostic = self
                .error(span.before(), format!("this type has more than {MOST_BOUNDS} bounds"))
                .help("a type has one bound; a list and its elements have one each");
            self.out.push(diagnostic);
            return TypeExpr { kind: TypeExprKind::Error, span };
        }
        let mut labels = Vec::new();
        let mut ty: Option<TypeExpr> = None;
        for child in node.children() {
            let span = self.span(child);
            match (child.kind(), ty.take()) {
                (Kind::label, inner) => {
                    // The blanks of the grammar behind it belong to it.
                    let word = self.of(child).trim_end_matches([' ', '\t', '\r', '\u{feff}']);
                    let span = flow_diagnostics::Span { end: span.start + word.len() as u32, ..span };
                    labels.push(crate::ast::Ident { name: word.into(), span });
                    ty = inner;
                }
                // `T??` is `T?`: nested as it is written, ten thousand signs would overflow the stack.
                (Kind::optional, Some(inner)) if matches!(inner.kind, TypeExprKind::Optional(_)) => {
                    ty = Some(TypeExpr { span: inner.span.to(span), ..inner });
                }
                (Kind::optional, Some(inner)) => {
                    let span = inner.span.to(span);
                    ty = Some(TypeExpr { kind: TypeExprKind::Optional(Box::new(inner)), span });
                }
                (Kind::bound, Some(inner)) => {
                    let span = inner.span.to(span);
                    let truncate = child.child(Kind::truncate).is_some();
                    let bound = Box::new(self.bound(child));
                    ty = Some(TypeExpr {
                        kind: TypeExprKind::Bounded { inner: Box::new(inner), bound, truncate },
                        span,
                    });
                }
                (Kind::range, Some(inner)) => {
                    let span = inner.span.to(span);
                    let mut ends = child
                        .children()
                        .filter(|c| c.kind() == Kind::signed)
                        .map(|c| Box::new(self.signed(c)));
                    if let (Some(low), Some(high)) = (ends.next(), ends.next()) {
                        let inner = Box::new(inner);
                        ty = Some(TypeExpr { kind: TypeExprKind::Range { inner, low, high }, span });
                    }
                }
                (Kind::comment | Kind::doc, inner) => ty = inner,
                (_, _) => ty = Some(self.base(child)),
            }
        }
        let span = self.span(node);
        let ty = ty.unwrap_or(TypeExpr { kind: TypeExprKind::Error, span });
        match labels.is_empty() {
            true => ty,
            false => TypeExpr { kind: TypeExprKind::Labelled { labels, inner: Box::new(ty) }, span },
        }
    }

    fn base(&mut self, node: Node<'_>) -> TypeExpr {
        let span = self.span(node);
        let inner = node.child(Kind::type_expr);
        let kind = match (node.kind(), inner) {
            (Kind::ident, _) if !node.range().is_empty() => TypeExprKind::Named(self.ident(node)),
            (Kind::list_type, Some(inner)) => TypeExprKind::List(Box::new(self.type_expr(inner))),
            (Kind::map_type, Some(inner)) => {
                if let Some(key) = node.child(Kind::ident).filter(|k| self.of(*k) != "text") {
                    let at = self.span(key);
                    let diagnostic =
                        self.error(at, "the keys of a map are `text`").fix("change it to `text`", at, "text");
                    self.out.push(diagnostic);
                }
                TypeExprKind::Map(Box::new(self.type_expr(inner)))
            }
            (Kind::paren_type, Some(inner)) => return self.type_expr(inner),
            _ => TypeExprKind::Error,
        };
        TypeExpr { kind, span }
    }

    fn bound(&mut self, node: Node<'_>) -> Expr {
        let unit = node.child(Kind::unit);
        match (node.child(Kind::number), node.child(Kind::path)) {
            (Some(number), _) => self.number(number, unit),
            (None, Some(path)) => self.name_or_path(path),
            (None, None) => Expr { kind: ExprKind::Error, span: self.span(node) },
        }
    }

    fn signed(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(node);
        let value = match (node.child(Kind::number), node.child(Kind::ident)) {
            (Some(number), _) => self.number(number, None),
            (None, Some(name)) => self.name(name),
            (None, None) => Expr { kind: ExprKind::Error, span },
        };
        match self.of(node).starts_with('-') {
            true => Expr { kind: ExprKind::Unary(crate::ast::UnaryOp::Negate, Box::new(value)), span },
            false => value,
        }
    }
}
