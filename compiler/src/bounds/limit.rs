//! What the time that a called flow has leaves room for: another try begins behind a wait, and a call
//! beside another when that has taken its time.

use super::call::{attempts, hedges};
use super::refusal::may_be_refused;
use super::walk::Walk;
use flow_plan::limits::least_waits;
use flow_plan::{Block, Callee, Millis, Plan, Step, StepKind, Type};

impl Walk<'_> {
    /// How many calls of one model a step can make in the time that its flow has, where that is fewer
    /// than its settings allow.
    pub(super) fn fewer_calls(&self, step: &Step) -> Option<u64> {
        // While it is looked at, a step is without its call.
        let asked = match &step.kind {
            StepKind::Call(Callee::Prompt(id), _) => Some(*id),
            _ => self.prompted,
        };
        let calls = calls_within(step, &self.plan.prompts[asked?.index()].output, self.limit?);
        (calls < most_calls(step)).then_some(calls)
    }
}

/// Whether it makes a difference for the steps of a flow that they have no more time than this.
pub(super) fn is_pressed(plan: &Plan, body: &Block, limit: Millis) -> bool {
    body.steps.node_weights().any(|step| {
        let mut found = match &step.kind {
            StepKind::Call(Callee::Flow(_), _) => true,
            StepKind::Call(Callee::Prompt(id), _) => {
                calls_within(step, &plan.prompts[id.index()].output, limit) < most_calls(step)
            }
            _ => false,
        };
        step.each_block(&mut |inner| found = found || is_pressed(plan, inner, limit));
        found
    })
}

fn most_calls(step: &Step) -> u64 {
    attempts(&step.settings).saturating_mul(if hedges(&step.settings) { 2 } else { 1 })
}

fn calls_within(step: &Step, output: &Type, limit: Millis) -> u64 {
    // Where an answer could not be used, there is nothing to wait for.
    let waits = !may_be_refused(output);
    let settings = &step.settings;
    let beside = settings.hedge.filter(|_| hedges(settings)).map(|after| after.0.max(1));
    let with = |tries: u64| {
        let waited = if waits { least_waits(tries - 1, settings.timeout).0 } else { 0 };
        let left = limit.0.checked_sub(waited)?;
        Some(tries + beside.map_or(0, |after| tries.min(left / after)))
    };
    // More tries leave less time for calls beside them.
    (1..=attempts(settings)).map_while(with).max().unwrap_or(1)
}
