//! The prompts that guards ask, where a guard's failure is shown to a model again: what is wrong with a
//! judge's answer is then part of another request.

use flow_diagnostics::Span;
use flow_plan::{Block, Callee, OnFail, Plan, Step, StepKind};
use std::collections::HashSet;

/// Where they are written.
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
