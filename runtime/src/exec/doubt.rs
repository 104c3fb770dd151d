//! What an escalation depends on besides the answer itself: its condition, and the variables that are
//! named there. A cached answer is one that was escalated by equal rules over equal values.

use super::step::Site;
use crate::cache::Digest;
use flow_plan::{Block, Escalate, Expr, OnFail, Plan, Scope, StepKind, VarId};
use std::collections::BTreeSet;

/// Adds it to a digest.
pub(super) fn parts(d: &mut Digest, site: Site<'_>, escalate: &Escalate) {
    let Some(unless) = &escalate.unless else { return };
    // Names of prompts, guards and templates stand for themselves in the same program alone.
    d.part(&site.run().engine.digest.0);
    d.part(site.path.name().as_bytes());
    let mut named = BTreeSet::new();
    in_block(&site.run().engine.plan, unless, &mut named);
    for var in named.into_iter().filter(|var| !unless.vars.contains(&var.0)) {
        if let Some(value) = site.frame.var(var) {
            d.part(&var.0.to_le_bytes());
            d.value(&value);
        }
    }
}

fn in_block(plan: &Plan, block: &Block, named: &mut BTreeSet<VarId>) {
    for step in block.steps.node_weights() {
        match &step.kind {
            StepKind::Compute(expr) | StepKind::If(expr, ..) | StepKind::Match(expr, _) => {
                in_expr(plan, expr, named);
            }
            StepKind::Call(_, args) => args.iter().for_each(|arg| in_expr(plan, arg, named)),
            StepKind::Each { list, .. } => in_expr(plan, list, named),
            StepKind::Repeat { from, .. } => in_expr(plan, from, named),
        }
        if let Some(OnFail::Stop(expr)) = &step.on_fail {
            in_expr(plan, expr, named);
        }
        step.each_block(&mut |inner| in_block(plan, inner, named));
    }
    block.result.iter().for_each(|expr| in_expr(plan, expr, named));
}

fn in_expr(plan: &Plan, expr: &Expr, named: &mut BTreeSet<VarId>) {
    match expr {
        Expr::Literal(_) => {}
        Expr::Var(var) => drop(named.insert(*var)),
        Expr::Template(id) => {
            plan.templates[id.0 as usize].vars.iter().for_each(|(_, e)| in_expr(plan, e, named));
        }
        Expr::Field(of, _) | Expr::Unary(_, of) | Expr::Cast(of, _) => in_expr(plan, of, named),
        Expr::Index(one, other) | Expr::Binary(_, one, other) | Expr::Over(_, one, _, other) => {
            in_expr(plan, one, named);
            in_expr(plan, other, named);
        }
        Expr::Call(_, of) | Expr::List(of) => of.iter().for_each(|e| in_expr(plan, e, named)),
        Expr::Record(fields) => fields.iter().for_each(|(_, e)| in_expr(plan, e, named)),
    }
}
