//! Operators of templates, with minijinja's meaning: `/` gives a number, `//` a whole one, `~` text.

use super::Checker;
use super::presence::present_where;
use flow_diagnostics::Code;
use flow_plan::limits::JOINT;
use flow_plan::{Bound, Type, functions};
use minijinja::machinery::ast::{self, BinOpKind};

impl Checker<'_> {
    pub(super) fn binary(&mut self, whole: &ast::Expr<'_>, e: &ast::BinOp<'_>) -> Type {
        if matches!(e.op, BinOpKind::ScAnd | BinOpKind::ScOr) {
            return self.and_or(e);
        }
        let (a, b) = (self.expr(&e.left), self.expr(&e.right));
        self.operands(whole, e.op, (&a, &e.left), (&b, &e.right))
    }

    // `a < b < c`.
    pub(super) fn compare(&mut self, whole: &ast::Expr<'_>, e: &ast::Compare<'_>) -> Type {
        let mut left = (self.expr(&e.expr), &e.expr);
        for op in &e.ops {
            let right = (self.expr(&op.expr), &op.expr);
            let kind = match op.op {
                ast::CompareOpKind::Eq => BinOpKind::Eq,
                ast::CompareOpKind::Ne => BinOpKind::Ne,
                ast::CompareOpKind::Lt => BinOpKind::Lt,
                ast::CompareOpKind::Lte => BinOpKind::Lte,
                ast::CompareOpKind::Gt => BinOpKind::Gt,
                ast::CompareOpKind::Gte => BinOpKind::Gte,
                ast::CompareOpKind::In | ast::CompareOpKind::NotIn => BinOpKind::In,
            };
            self.operands(whole, kind, (&left.0, left.1), (&right.0, right.1));
            left = right;
        }
        Type::Bool
    }

    // They give one of their sides; the right one is looked at only when it decides.
    fn and_or(&mut self, e: &ast::BinOp<'_>) -> Type {
        let a = self.expr(&e.left);
        let is_and = matches!(e.op, BinOpKind::ScAnd);
        let before = self.bindings.clone();
        self.bindings.assume(present_where(&e.left, is_and));
        let b = self.expr(&e.right);
        self.bindings = before;
        // What `or` passes on from its left is there.
        let left = if is_and { &a } else { a.present() };
        left.join(&b).unwrap_or(Type::Error)
    }

    fn operands(
        &mut self,
        whole: &ast::Expr<'_>,
        op: BinOpKind,
        (a, left): (&Type, &ast::Expr<'_>),
        (b, right): (&Type, &ast::Expr<'_>),
    ) -> Type {
        // `json` is looked at when it is there.
        let (x, y) = (dynamic(a), dynamic(b));
        if let Some(ty) = result(op, &x, &y) {
            return ty;
        }
        let message =
            format!("`{}` does not go between `{}` and `{}`", symbol(op), a.unbounded(), b.unbounded());
        let mut found = self
            .wrong(Code::E0201, whole, message)
            .label(self.span_of(left), format!("this is `{}`", a.unbounded()))
            .label(self.span_of(right), format!("this is `{}`", b.unbounded()));
        if let Some((_, optional)) =
            [(a, left), (b, right)].iter().find(|(t, _)| matches!(t, Type::Optional(_)))
        {
            let name = self.source_of(optional);
            found = found.help(format!(
                "`{name}` may be null: put this into `{{% if {name} %}}`, or pipe it through `default`"
            ));
        } else if matches!(op, BinOpKind::Add) {
            found = found.help("`~` joins any two values into text");
        } else if is_amount(a) || is_amount(b) {
            found = found.help("compute it in a step of the flow and paste the result");
        }
        self.report(found)
    }
}

fn result(op: BinOpKind, a: &Type, b: &Type) -> Option<Type> {
    use BinOpKind::{Add, Concat, Div, Eq, Gt, Gte, In, Lt, Lte, Ne};
    match op {
        Eq | Ne => a.join(b).map(|_| Type::Bool),
        Lt | Lte | Gt | Gte => {
            let fits = a.is_ordered() && b.is_ordered() && a.join(b).is_some();
            fits.then_some(Type::Bool)
        }
        In => match (b, a) {
            (Type::Error, _) | (_, Type::Error) => Some(Type::Bool),
            (Type::Text { .. } | Type::Map(..), Type::Text { .. } | Type::Enum(_)) => Some(Type::Bool),
            (Type::List(item, _), needle) => item.join(needle).map(|_| Type::Bool),
            _ => None,
        },
        Concat => Some(Type::Text { bound: both(text_bound(a)?, text_bound(b)?), truncate: false }),
        Add if is_text(a) && is_text(b) => result(Concat, a, b),
        _ => match (a, b) {
            (Type::Error, _) | (_, Type::Error) => Some(Type::Error),
            (Type::Int(_), Type::Int(_)) => Some(if matches!(op, Div) { Type::FLOAT } else { Type::INT }),
            (Type::Int(_) | Type::Float(_), Type::Int(_) | Type::Float(_)) => Some(Type::FLOAT),
            _ => None,
        },
    }
}

// The bound of a value as text; nothing for what `~` refuses: null and images.
fn text_bound(ty: &Type) -> Option<Option<Bound>> {
    if matches!(ty, Type::Optional(_) | Type::Null | Type::Image) {
        return None;
    }
    match functions::find("text")?.check(std::slice::from_ref(ty)) {
        Ok(Type::Text { bound, .. }) => Some(bound),
        _ => Some(None),
    }
}

fn both(a: Option<Bound>, b: Option<Bound>) -> Option<Bound> {
    match (a?, b?) {
        (Bound::Chars(a), Bound::Chars(b)) => a.checked_add(b).map(Bound::Chars),
        (a, b) => Some(Bound::Tokens(a.tokens().saturating_add(b.tokens()).saturating_add(JOINT))),
    }
}

fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::Text { .. } | Type::Enum(_))
}

fn is_amount(ty: &Type) -> bool {
    matches!(ty, Type::Money | Type::Duration | Type::Date | Type::Time)
}

fn dynamic(ty: &Type) -> Type {
    match ty {
        Type::Json(_) => Type::Error,
        other => other.clone(),
    }
}

fn symbol(op: BinOpKind) -> &'static str {
    match op {
        BinOpKind::Eq => "==",
        BinOpKind::Ne => "!=",
        BinOpKind::Lt => "<",
        BinOpKind::Lte => "<=",
        BinOpKind::Gt => ">",
        BinOpKind::Gte => ">=",
        BinOpKind::ScAnd => "and",
        BinOpKind::ScOr => "or",
        BinOpKind::Add => "+",
        BinOpKind::Sub => "-",
        BinOpKind::Mul => "*",
        BinOpKind::Div => "/",
        BinOpKind::FloorDiv => "//",
        BinOpKind::Rem => "%",
        BinOpKind::Pow => "**",
        BinOpKind::Concat => "~",
        BinOpKind::In => "in",
    }
}
