//! Operators: what they take and what they give.

use crate::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::checker::Checker;
use crate::types::expr::clean;
use crate::types::{Scopes, Typed};
use flow_diagnostics::{Code, FlowDiagnostic, Span};
use flow_plan::limits::JOINT;
use flow_plan::{self as plan, Bound, Type};

impl Checker<'_> {
    pub(crate) fn unary(&mut self, scopes: &mut Scopes, op: UnaryOp, operand: &Expr) -> Typed {
        let wanted = if op == UnaryOp::Not { Type::Bool } else { Type::Error };
        let typed = self.expr_as(scopes, operand, &wanted);
        // A negative number is one literal, so that ranges see its value.
        if let (UnaryOp::Negate, plan::Expr::Literal(value)) = (op, &typed.expr) {
            match (value, &typed.ty) {
                (plan::Value::Int(i), Type::Int(_)) => {
                    return Typed::constant(plan::Value::Int(-i), Type::Int(Some((-i, -i))));
                }
                (plan::Value::Float(f), Type::Float(_)) => {
                    return Typed::constant(plan::Value::Float(-f), Type::Float(Some((-f, -f))));
                }
                _ => {}
            }
        }
        let ty = match (op, &typed.ty) {
            (UnaryOp::Not, _) => Type::Bool,
            (UnaryOp::Negate, Type::Int(_)) => Type::INT,
            (UnaryOp::Negate, Type::Float(_)) => Type::FLOAT,
            (UnaryOp::Negate, ty @ (Type::Money | Type::Error)) => ty.clone(),
            (UnaryOp::Negate, ty) => {
                let message = format!("`-` needs a number, found `{}`", ty.unbounded());
                self.report(FlowDiagnostic::new(Code::E0201, operand.span, message));
                return Typed::error();
            }
        };
        Typed::new(plan::Expr::Unary(op, Box::new(typed.expr)), ty, typed.labels)
    }

    pub(crate) fn binary(
        &mut self,
        scopes: &mut Scopes,
        op: BinaryOp,
        (left, right): (&Expr, &Expr),
        (span, expected): (Span, Option<&Type>),
    ) -> Typed {
        use BinaryOp::{
            And, Default, Equal, Greater, GreaterEqual, In, Less, LessEqual, NotEqual, NotIn, Or,
        };
        let (a, b) = match op {
            Or | And => {
                let a = self.expr_as(scopes, left, &Type::Bool);
                let b = self.maybe_run(scopes, |c, s| c.expr_as(s, right, &Type::Bool));
                (a, b)
            }
            Default => {
                let a = self.expr(scopes, left, expected);
                let wanted = a.ty.present().clone();
                let b = self.maybe_run(scopes, |c, s| c.expr(s, right, Some(&wanted)));
                (a, b)
            }
            In | NotIn => self.needle_and_list(scopes, left, right),
            Equal | NotEqual => self.both_sides(scopes, left, right),
            _ => (self.expr(scopes, left, None), self.expr(scopes, right, None)),
        };
        let ty = match op {
            Or | And => Some(Type::Bool),
            Default => a.ty.present().join(&b.ty),
            Equal | NotEqual => a.ty.join(&b.ty).map(|_| Type::Bool),
            Less | LessEqual | Greater | GreaterEqual => {
                let ordered = a.ty.is_ordered() && b.ty.is_ordered();
                (ordered && a.ty.join(&b.ty).is_some()).then_some(Type::Bool)
            }
            In | NotIn => contains(&b.ty, &a.ty).then_some(Type::Bool),
            _ => arithmetic(op, &a.ty, &b.ty),
        };
        let Some(ty) = ty else {
            self.report_operands(op, (&a.ty, left.span), (&b.ty, right.span), span);
            return Typed::error();
        };
        let labels = clean(a.labels.join(b.labels), &ty);
        Typed::new(plan::Expr::Binary(op, Box::new(a.expr), Box::new(b.expr)), ty, labels)
    }

    /// Checks something that does not always run: a call that costs cannot hide in it.
    pub(crate) fn maybe_run(
        &mut self,
        scopes: &mut Scopes,
        check: impl FnOnce(&mut Self, &mut Scopes) -> Typed,
    ) -> Typed {
        let before = scopes.no_calls;
        scopes.no_calls =
            before.or(Some("what stands here does not always run, so a call needs a step of its own"));
        let typed = check(self, scopes);
        scopes.no_calls = before;
        typed
    }

    // The side with a known type gives a bare variant on the other side its meaning.
    fn both_sides(&mut self, scopes: &mut Scopes, left: &Expr, right: &Expr) -> (Typed, Typed) {
        let left_is_bare = matches!(&left.kind, ExprKind::Name(n) if scopes.get(n).is_none());
        if left_is_bare && !matches!(right.kind, ExprKind::Name(_)) {
            let b = self.expr(scopes, right, None);
            let a = self.expr(scopes, left, Some(&b.ty));
            return (a, b);
        }
        let a = self.expr(scopes, left, None);
        let b = self.expr(scopes, right, Some(&a.ty));
        (a, b)
    }

    fn needle_and_list(&mut self, scopes: &mut Scopes, left: &Expr, right: &Expr) -> (Typed, Typed) {
        if matches!(right.kind, ExprKind::List(_)) {
            let a = self.expr(scopes, left, None);
            let wanted = Type::List(Box::new(a.ty.clone()), None);
            let b = self.expr(scopes, right, Some(&wanted));
            return (a, b);
        }
        let b = self.expr(scopes, right, None);
        let wanted = match &b.ty {
            Type::List(item, _) => Some((**item).clone()),
            _ => None,
        };
        (self.expr(scopes, left, wanted.as_ref()), b)
    }

    fn report_operands(
        &mut self,
        op: BinaryOp,
        (a, left): (&Type, Span),
        (b, right): (&Type, Span),
        span: Span,
    ) {
        let (a, b) = (&a.unbounded(), &b.unbounded());
        let message = format!("`{}` does not go between `{a}` and `{b}`", op.symbol());
        let mut diagnostic = FlowDiagnostic::new(Code::E0201, span, message)
            .label(left, format!("this is `{a}`"))
            .label(right, format!("this is `{b}`"));
        let optional = matches!(a, Type::Optional(_)) || matches!(b, Type::Optional(_));
        if optional {
            diagnostic = diagnostic.help("one side may be null: say what stands in for it with `??`");
        } else if op == BinaryOp::Add && (matches!(a, Type::Text { .. }) || matches!(b, Type::Text { .. })) {
            diagnostic = diagnostic.help("paste a value into a text: `\"{{ … }}\"`");
        }
        self.report(diagnostic);
    }
}

fn contains(within: &Type, needle: &Type) -> bool {
    match (within, needle) {
        (Type::Error, _) | (_, Type::Error) | (Type::Json(_), _) => true,
        (Type::Text { .. }, Type::Text { .. } | Type::Enum(_)) => true,
        (Type::List(item, _), needle) => item.join(needle).is_some(),
        (Type::Map(..), Type::Text { .. } | Type::Enum(_)) => true,
        _ => false,
    }
}

fn arithmetic(op: BinaryOp, a: &Type, b: &Type) -> Option<Type> {
    use BinaryOp::{Add, Divide, Multiply, Subtract};
    Some(match (op, a, b) {
        (_, Type::Error, _) | (_, _, Type::Error) => Type::Error,
        (Add, Type::Text { bound: x, .. }, Type::Text { bound: y, .. }) => {
            let bound = match (x, y) {
                (Some(Bound::Tokens(x)), Some(Bound::Tokens(y))) => {
                    Some(Bound::Tokens(x.saturating_add(*y).saturating_add(JOINT)))
                }
                (Some(Bound::Chars(x)), Some(Bound::Chars(y))) => Some(Bound::Chars(x.saturating_add(*y))),
                (Some(x), Some(y)) => {
                    Some(Bound::Tokens(x.tokens().saturating_add(y.tokens()).saturating_add(JOINT)))
                }
                _ => None,
            };
            Type::Text { bound, truncate: false }
        }
        (Add, Type::List(x, m), Type::List(y, n)) => {
            Type::List(Box::new(x.join(y)?), m.zip(*n).map(|(m, n)| m.saturating_add(n)))
        }
        (Divide, Type::Int(_), Type::Int(_)) => Type::FLOAT,
        (_, Type::Int(_), Type::Int(_)) => Type::INT,
        (_, Type::Int(_) | Type::Float(_), Type::Int(_) | Type::Float(_)) => Type::FLOAT,
        (Add | Subtract, Type::Money, Type::Money) => Type::Money,
        (Multiply, Type::Money, Type::Int(_)) | (Multiply, Type::Int(_), Type::Money) => Type::Money,
        (Add | Subtract, Type::Duration, Type::Duration) => Type::Duration,
        _ => return None,
    })
}
