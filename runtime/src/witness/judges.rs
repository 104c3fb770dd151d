//! The prompts that guards ask, and those that they guard, where a guard's failure is shown to a model
//! again: what is wrong with an answer is then part of another request.

use flow_diagnostics::Span;
use flow_plan::{Block, Callee, Expr, OnFail, Plan, Step, StepKind};
use std::collections::{HashMap, HashSet};

/// Where the prompts are written that guards have asked again, and how often at most.
pub(super) fn authors(plan: &Plan) -> HashMap<Span, u32> {
    let mut found = HashMap::new();
    plan.flows.iter().for_each(|flow| authors_in(&flow.body, &mut found));
    found
}

fn authors_in(block: &Block, found: &mut HashMap<Span, u32>) {
    for step in block.steps.node_weights() {
        if let (Some(OnFail::Retry(times)), StepKind::Call(Callee::Guard(_) | Callee::Builtin(_), args)) =
            (&step.on_fail, &step.kind)
            && let Some(Expr::Var(guarded)) = args.first()
            && let Some(author) = block.steps.node_indices().find(|node| block.var_of(*node) == *guarded)
        {
            let most = found.entry(block.steps[author].span).or_default();
            *most = (*most).max(*times);
        }
        step.each_block(&mut |inner| authors_in(inner, found));
    }
}

/// Where the prompts are written that such guards ask themselves.
pub(super) fn judges(plan: &Plan) -> HashSet<Span> {
    let mut is_tried_again = false;
    let mut guard = |step: &Step| {
        let is_guard = matches!(step.kind, StepKind::Call(Callee::Guard(_), _));
        is_tried_again |= is_guard && matches!(step.on_fail, Some(OnFail::Retry(_)));
    };
    plan.flows.iter().for_each(|flow| each_step(&flow.body, &mut guard));
    let mut found = HashSet::new();
    if is_tried_again {
        let mut prompt = |step: &Step| {
            if matches!(step.kind, StepKind::Call(Callee::Prompt(_), _)) {
                found.insert(step.span);
            }
        };
        plan.guards.iter().for_each(|guard| each_step(&guard.body, &mut prompt));
    }
    found
}

fn each_step(block: &Block, see: &mut dyn FnMut(&Step)) {
    for step in block.steps.node_weights() {
        see(step);
        step.each_block(&mut |inner| each_step(inner, see));
    }
}
