//! What a condition says about null: inside `{% if x %}`, an optional `x` is there. And which conditions
//! ask no more than that.

use super::Checker;
use ecow::EcoString;
use flow_plan::Type;
use minijinja::machinery::ast;

/// `customer.name` for an expression that names a value by its way; nothing for any other.
pub(super) fn path(expr: &ast::Expr<'_>) -> Option<EcoString> {
    match expr {
        ast::Expr::Var(var) => Some(var.id.into()),
        ast::Expr::GetAttr(attr) => path(&attr.expr).map(|of| ecow::eco_format!("{of}.{}", attr.name)),
        _ => None,
    }
}

/// The ways that are not null where the condition is as said.
pub(super) fn present_where(condition: &ast::Expr<'_>, is: bool) -> Vec<EcoString> {
    match condition {
        ast::Expr::UnaryOp(not) if matches!(not.op, ast::UnaryOpKind::Not) => present_where(&not.expr, !is),
        ast::Expr::BinOp(both) => match (both.op, is) {
            (ast::BinOpKind::ScAnd, true) | (ast::BinOpKind::ScOr, false) => {
                let mut found = present_where(&both.left, is);
                found.extend(present_where(&both.right, is));
                found
            }
            (ast::BinOpKind::Ne, true) | (ast::BinOpKind::Eq, false) => {
                compared_with_null(&both.left, &both.right).into_iter().collect()
            }
            _ => Vec::new(),
        },
        ast::Expr::Test(test) => match (test.name, is) {
            ("defined", true) | ("none" | "undefined", false) => path(&test.expr).into_iter().collect(),
            // What passes any other test is there.
            ("defined" | "none" | "undefined", _) => Vec::new(),
            (_, true) => path(&test.expr).into_iter().collect(),
            _ => Vec::new(),
        },
        other if is => path(other).into_iter().collect(),
        _ => Vec::new(),
    }
}

impl Checker<'_> {
    /// Notes the parts of a condition that only ask whether something is there: a text, a list, a record.
    pub(super) fn note_presence(&mut self, condition: &ast::Expr<'_>) {
        match condition {
            ast::Expr::UnaryOp(unary) => self.note_presence(&unary.expr),
            ast::Expr::BinOp(both) => {
                self.note_presence(&both.left);
                self.note_presence(&both.right);
            }
            ast::Expr::Var(_) | ast::Expr::GetAttr(_) => {
                let is_there = |ty: Type| {
                    let ty = ty.present();
                    matches!(
                        ty,
                        Type::Text { .. } | Type::List(..) | Type::Map(..) | Type::Record(_) | Type::Image
                    )
                };
                if self.known(condition).is_some_and(|ty| is_there(ty.plain())) {
                    self.presence.push(stretch(condition));
                }
            }
            _ => {}
        }
    }
}

/// Where an expression stands in its template.
pub(super) fn stretch(expr: &ast::Expr<'_>) -> (u32, u32) {
    let span = expr.span();
    (span.start_offset, span.end_offset)
}

pub(super) fn compared_with_null(left: &ast::Expr<'_>, right: &ast::Expr<'_>) -> Option<EcoString> {
    let is_null = |e: &ast::Expr<'_>| matches!(e, ast::Expr::Const(c) if c.value.is_none());
    match (is_null(left), is_null(right)) {
        (false, true) => path(left),
        (true, false) => path(right),
        _ => None,
    }
}
