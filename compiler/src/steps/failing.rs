//! Whether a step can fail: an `else` on one that cannot is a mistake (E0403).

use flow_plan::{BinaryOp, Block, Expr, OnFail, Step, StepKind};

/// Whether the work can fail. A call is taken to be able to; the checker knows better of guards.
pub(crate) fn kind_can_fail(kind: &StepKind) -> bool {
    match kind {
        StepKind::Call(..) => true,
        StepKind::Compute(expr) => expr_can_fail(expr),
        StepKind::If(condition, then, otherwise) => {
            expr_can_fail(condition)
                || block_can_fail(then)
                || otherwise.as_ref().is_some_and(|b| block_can_fail(b))
        }
        StepKind::Match(subject, arms) => {
            expr_can_fail(subject) || arms.iter().any(|a| block_can_fail(&a.body))
        }
        StepKind::Each { list, body, .. } => expr_can_fail(list) || block_can_fail(body),
        StepKind::Repeat { from, body, until, .. } => {
            expr_can_fail(from) || block_can_fail(body) || until.as_ref().is_some_and(|b| block_can_fail(b))
        }
    }
}

fn block_can_fail(block: &Block) -> bool {
    block.steps.node_weights().any(step_can_fail) || block.result.as_ref().is_some_and(expr_can_fail)
}

fn step_can_fail(step: &Step) -> bool {
    match &step.on_fail {
        // What stands in may fail in turn; a stop ends the run, which nothing catches.
        Some(OnFail::Do(block)) => block_can_fail(block),
        Some(OnFail::Stop(_)) => false,
        Some(OnFail::Redact) => false,
        Some(OnFail::Retry(_)) | None => kind_can_fail(&step.kind),
    }
}

fn expr_can_fail(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) | Expr::Var(_) => false,
        Expr::Field(of, _) => expr_can_fail(of),
        // Out of range, over the largest number, a pattern, a template's fuel, a shape of JSON.
        Expr::Index(..) | Expr::Call(..) | Expr::Template(_) | Expr::Cast(..) => true,
        Expr::Unary(_, a) => expr_can_fail(a),
        Expr::Binary(op, a, b) => {
            let arithmetic = matches!(
                op,
                BinaryOp::Add
                    | BinaryOp::Subtract
                    | BinaryOp::Multiply
                    | BinaryOp::Divide
                    | BinaryOp::Remainder
            );
            arithmetic || expr_can_fail(a) || expr_can_fail(b)
        }
        Expr::Over(_, list, _, body) => expr_can_fail(list) || expr_can_fail(body),
        Expr::List(items) => items.iter().any(expr_can_fail),
        Expr::Record(entries) => entries.iter().any(|(_, e)| expr_can_fail(e)),
    }
}
