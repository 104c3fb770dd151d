//! Labels: where untrusted text and private data can come to, in every flow of a program.
//!
//! In: a checked [`Plan`]. Out: E0501 to E0506, each with the shortest way from the source to where it
//! must not come; and in the plan, the labels of what each step makes. Labels follow the data: of records and lists each part has its own, a field that no
//! template shows counts for nothing, and a flow is looked at anew for each set of labels it is called
//! with. Nothing here costs a token or a call.

mod eval;
mod marks;
mod report;
mod walk;

use crate::World;
use flow_diagnostics::Diagnostics;
use flow_plan::{Block, CapabilityKind, CapabilitySpec, Plan, StepKind};
use std::sync::Arc;
use walk::Made;

/// Reports what comes where it must not, and notes the labels of each step's result.
pub(crate) fn check(world: &dyn World, plan: &mut Plan, diagnostics: &mut Diagnostics) {
    let mut leaks = report::Leaks::default();
    let guards: Vec<&CapabilitySpec> =
        world.capabilities().iter().copied().filter(|s| s.kind == CapabilityKind::Guard).collect();
    let made = walk::Walk::new(plan, &guards, &mut leaks).flows();
    leaks.report(diagnostics);
    let bodies =
        plan.flows.iter_mut().map(|f| &mut f.body).chain(plan.guards.iter_mut().map(|g| &mut g.body));
    for body in bodies {
        note(body, &made);
    }
}

// Also in what bounds have made of the steps: those of a flow for one call, those of a first round.
fn note(block: &mut Block, made: &Made) {
    block.each_step_mut(&mut |step| {
        if let Some(found) = made.get(&(step.span, step.name.clone())) {
            step.labels = found.labels;
            if let Some(bounds) = &mut step.bounds {
                Arc::make_mut(bounds).shows = found.shows;
            }
        }
        if let StepKind::Repeat { first: Some(first), .. } = &mut step.kind {
            note(&mut first.body, made);
            first.until.iter_mut().for_each(|until| note(until, made));
        }
        if let Some(called) = &mut step.called {
            note(Arc::make_mut(called), made);
        }
    });
}
