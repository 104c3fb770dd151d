//! Conditions that hold in every run, or in none, by the ranges of what they compare: a judge that gives
//! `int 1..5` is always at least 1. What never runs costs nothing.

use super::infer::{Env, Inference};
use flow_plan::{BinaryOp, Expr, Type, UnaryOp, Value};

impl Inference<'_> {
    /// Whether a condition holds, where that is the same in every run in which it can be computed.
    pub(crate) fn known(&self, expr: &Expr, env: &Env) -> Option<bool> {
        match expr {
            Expr::Literal(Value::Bool(known)) => Some(*known),
            Expr::Unary(UnaryOp::Not, of) => self.known(of, env).map(|known| !known),
            Expr::Binary(BinaryOp::And, a, b) => match (self.known(a, env), self.known(b, env)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Expr::Binary(BinaryOp::Or, a, b) => match (self.known(a, env), self.known(b, env)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Expr::Binary(op, a, b) => compared(*op, range(&self.ty(a, env))?, range(&self.ty(b, env))?),
            _ => None,
        }
    }

    /// Whether a condition can be computed in every run, and holds in all of them.
    pub(crate) fn surely_holds(&self, expr: &Expr, env: &Env) -> bool {
        !may_fail(expr) && self.known(expr, env) == Some(true)
    }
}

fn may_fail(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) | Expr::Var(_) => false,
        Expr::Unary(UnaryOp::Not, of) => may_fail(of),
        Expr::Binary(op, a, b) => {
            let is_asked =
                matches!(op, BinaryOp::And | BinaryOp::Or) || compared(*op, (0, 0), (0, 0)).is_some();
            !is_asked || may_fail(a) || may_fail(b)
        }
        _ => true,
    }
}

// The least and the most of a whole number.
fn range(ty: &Type) -> Option<(i64, i64)> {
    match ty {
        Type::Int(range) => *range,
        _ => None,
    }
}

fn compared(op: BinaryOp, (a, b): (i64, i64), (c, d): (i64, i64)) -> Option<bool> {
    let (always, never) = match op {
        BinaryOp::Less => (b < c, a >= d),
        BinaryOp::LessEqual => (b <= c, a > d),
        BinaryOp::Greater => (a > d, b <= c),
        BinaryOp::GreaterEqual => (a >= d, b < c),
        BinaryOp::Equal => (a == b && c == d && a == c, b < c || d < a),
        BinaryOp::NotEqual => (b < c || d < a, a == b && c == d && a == c),
        _ => (false, false),
    };
    match (always, never) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_decide_only_what_they_decide_for_every_value() {
        let ops = [
            (BinaryOp::Less, i64::lt as fn(&i64, &i64) -> bool),
            (BinaryOp::LessEqual, i64::le),
            (BinaryOp::Greater, i64::gt),
            (BinaryOp::GreaterEqual, i64::ge),
            (BinaryOp::Equal, i64::eq),
            (BinaryOp::NotEqual, i64::ne),
        ];
        let ranges: Vec<(i64, i64)> = (0..4).flat_map(|a| (a..4).map(move |b| (a, b))).collect();
        for (op, holds) in ops {
            for (x, y) in ranges.iter().flat_map(|x| ranges.iter().map(move |y| (*x, *y))) {
                let mut all = (x.0..=x.1).flat_map(|a| (y.0..=y.1).map(move |b| (a, b)));
                let first = all.next().is_some_and(|(a, b)| holds(&a, &b));
                let same = all.all(|(a, b)| holds(&a, &b) == first);
                assert_eq!(compared(op, x, y), same.then_some(first), "{op:?} {x:?} {y:?}");
            }
        }
    }
}
