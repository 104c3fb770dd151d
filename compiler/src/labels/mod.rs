//! Labels: where untrusted text and private data can come to, in every flow of a program.
//!
//! In: a checked [`Plan`]. Out: E0501 to E0506, each with the shortest way from the source to where it
//! must not come; and in the plan, the labels of what each step is given and makes, which the runtime
//! keeps to. Labels follow the data: of records and lists each part has its own, a field that no template
//! shows counts for nothing, and a flow is looked at anew for each set of labels it is called with.
//! Nothing here costs a token or a call.

mod eval;
mod marks;
mod report;
mod sway;
mod walk;

use crate::World;
use flow_diagnostics::Diagnostics;
use flow_plan::{CapabilityKind, CapabilitySpec, FlowId, Plan};

/// Reports what comes where it must not, and notes the labels of what each step and flow takes and makes.
pub(crate) fn check(world: &dyn World, plan: &mut Plan, diagnostics: &mut Diagnostics) {
    let mut leaks = report::Leaks::default();
    let guards: Vec<&CapabilitySpec> =
        world.capabilities().iter().copied().filter(|s| s.kind == CapabilityKind::Guard).collect();
    let made = walk::Walk::new(plan, &guards, &mut leaks).flows();
    leaks.report(diagnostics);
    for (i, flow) in plan.flows.iter_mut().enumerate() {
        flow.labels = made.flow(FlowId(i as u32));
    }
    let bodies =
        plan.flows.iter_mut().map(|f| &mut f.body).chain(plan.guards.iter_mut().map(|g| &mut g.body));
    for body in bodies {
        body.each_step_mut(&mut |step| {
            if let Some(ends) = made.step(step) {
                (step.labels, step.given) = (ends.made, ends.given);
            }
        });
    }
}
