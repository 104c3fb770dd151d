//! What a condition says about null: inside `{% if x %}`, an optional `x` is there.

use ecow::EcoString;
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

fn compared_with_null(left: &ast::Expr<'_>, right: &ast::Expr<'_>) -> Option<EcoString> {
    let is_null = |e: &ast::Expr<'_>| matches!(e, ast::Expr::Const(c) if c.value.is_none());
    match (is_null(left), is_null(right)) {
        (false, true) => path(left),
        (true, false) => path(right),
        _ => None,
    }
}
