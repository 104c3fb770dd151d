//! E0402 and E0303: what a step with `tools` needs of its models, and of the lookups that it offers.

use crate::checker::Checker;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::{LookupId, ModelId, Step, Tools};
use flow_tokens::BYTES;
use std::collections::HashSet;

pub(super) fn check(checker: &mut Checker<'_>) {
    let mut found = Vec::new();
    let mut offered: HashSet<LookupId> = HashSet::new();
    let plan = &checker.plan;
    let mut step = |step: &Step| {
        let Some(tools) = &step.settings.tools else { return };
        unable(plan, (step, tools), &mut found);
        for offer in &tools.offers {
            if offered.insert(offer.lookup) {
                unbounded(plan, offer, &mut found);
            }
        }
    };
    plan.flows.iter().for_each(|flow| flow.body.each_step(&mut step));
    plan.guards.iter().for_each(|guard| guard.body.each_step(&mut step));
    plan.tests.iter().for_each(|test| test.body.each_step(&mut step));
    found.into_iter().for_each(|d| checker.report(d));
}

// Every model that may run the step has to be able to call tools.
fn unable(plan: &flow_plan::Plan, (step, tools): (&Step, &Tools), found: &mut Vec<FlowDiagnostic>) {
    let settings = &step.settings;
    let asked = settings.model.iter().chain(&settings.fallback).copied();
    let mut seen: Vec<ModelId> = Vec::new();
    for id in asked.chain(settings.escalate.as_ref().map(|e| e.to)) {
        let Some(model) = plan.models.get(id.index()) else { continue };
        if model.card.abilities.tools || seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let message = format!("the model `{}` ({}) cannot ask for lookups", model.name, model.id());
        found.push(
            FlowDiagnostic::new(Code::E0402, step.span, message)
                .label(tools.span, "lookups are offered here")
                .label(model.span, "this model calls no tools")
                .help("choose a model that calls tools: `flowc models --can tools` lists them"),
        );
    }
}

// What a model chooses goes back to it in the next round, so it has a bound.
fn unbounded(plan: &flow_plan::Plan, offer: &flow_plan::Offer, found: &mut Vec<FlowDiagnostic>) {
    let Some(lookup) = plan.lookups.get(offer.lookup.index()) else { return };
    for param in lookup.params.iter().filter(|param| flow_tokens::json_most(&param.ty, &BYTES).is_none()) {
        let message = format!("`{}` has no bound, and a model may choose it", param.name);
        found.push(
            FlowDiagnostic::new(Code::E0303, param.span, message)
                .label(offer.span, format!("`{}` is offered to a model here", lookup.name))
                .help("say how much it may be at most: `text <= 50 tokens`"),
        );
    }
}
