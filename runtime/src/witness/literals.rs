//! The numbers and texts that a program decides by: what a witness tries for the values that it may
//! choose.

use flow_plan::{Block, Expr, Plan, StepKind, Value};

/// More of them make a search long and seldom better.
const MOST: usize = 4;

/// The numbers and texts in a plan's conditions and computations, each once, up to a few.
pub(super) fn literals(plan: &Plan) -> (Vec<i64>, Vec<String>) {
    let (mut numbers, mut words) = (Vec::new(), Vec::new());
    let mut see = |value: &Value| match value {
        Value::Int(n) if numbers.len() < MOST && !numbers.contains(n) => numbers.push(*n),
        Value::Float(f) if numbers.len() < MOST && !numbers.contains(&(*f as i64)) => numbers.push(*f as i64),
        Value::Text(text) if words.len() < MOST && !text.is_empty() => {
            let text = text.to_string();
            if !words.contains(&text) {
                words.push(text);
            }
        }
        _ => {}
    };
    plan.flows.iter().for_each(|flow| of_block(&flow.body, &mut see));
    for guard in &plan.guards {
        of_block(&guard.body, &mut see);
        guard.requires.iter().for_each(|require| of_expr(&require.holds, &mut see));
    }
    (numbers, words)
}

fn of_block(block: &Block, see: &mut dyn FnMut(&Value)) {
    block.steps.node_weights().for_each(|step| {
        match &step.kind {
            StepKind::Compute(expr) | StepKind::If(expr, ..) => of_expr(expr, see),
            StepKind::Match(subject, arms) => {
                of_expr(subject, see);
                arms.iter().flat_map(|arm| &arm.values).for_each(&mut *see);
            }
            StepKind::Call(..) | StepKind::Each { .. } | StepKind::Repeat { .. } => {}
        }
        step.each_block(&mut |inner| of_block(inner, see));
    });
    block.result.iter().for_each(|expr| of_expr(expr, see));
}

fn of_expr(expr: &Expr, see: &mut dyn FnMut(&Value)) {
    match expr {
        Expr::Literal(value) => see(value),
        Expr::Var(_) | Expr::Template(_) => {}
        Expr::Field(of, _) | Expr::Unary(_, of) | Expr::Cast(of, _) => of_expr(of, see),
        Expr::Index(a, b) | Expr::Binary(_, a, b) | Expr::Over(_, a, _, b) => {
            of_expr(a, see);
            of_expr(b, see);
        }
        Expr::Call(_, all) | Expr::List(all) => all.iter().for_each(|e| of_expr(e, see)),
        Expr::Record(entries) => entries.iter().for_each(|(_, e)| of_expr(e, see)),
    }
}
