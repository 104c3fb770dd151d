//! What was found of flows by themselves, kept from one analysis to the next.
//!
//! A flow that calls no flow and no guard of the program is walked once for each set of labels that it is
//! given. What its steps take and make then, and what it gives back, holds as long as neither it nor anything
//! that it names has changed. The ways that marks have come are of an earlier text: they are shown only where
//! something leaks, and then everything is followed anew.

use super::marks::{Mark, Marks};
use super::walk::Ends;
use crate::changes::Changes;
use flow_plan::{Callee, FlowId, Plan, StepKind};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::sync::Arc;

/// What is kept of a program's labels.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    // Which of the models are cleared for private data, which may be configured.
    cleared: RefCell<Vec<bool>>,
    flows: RefCell<FxHashMap<FlowId, Walked>>,
}

/// The version of a flow, and what was found of it with each set of labels.
type Walked = (u64, Vec<(Labelled, Found)>);

/// The labels that a flow is given, as [`Marks::signature`] writes them.
pub(super) type Labelled = Vec<u64>;

/// What was found of a flow that was given certain labels.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What it gives back.
    pub(super) result: Marks,
    /// By what a guard may stop it, if one may.
    pub(super) stops: Option<Mark>,
    /// What each of its steps takes and makes, as they are walked; nothing of those that it never comes to.
    pub(super) ends: Arc<[Option<Ends>]>,
}

impl Followed {
    /// Begins a round with these models; with others, nothing that was kept holds.
    pub(super) fn begin(&self, plan: &Plan) {
        let cleared: Vec<bool> = plan.models.iter().map(|model| model.cleared).collect();
        if *self.cleared.borrow() != cleared {
            self.flows.borrow_mut().clear();
            self.cleared.replace(cleared);
        }
    }

    /// What was found of a flow with these labels.
    pub(super) fn get(&self, changes: &Changes, flow: FlowId, given: &[u64]) -> Option<Found> {
        let flows = self.flows.borrow();
        let (version, all) = flows.get(&flow)?;
        if changes.version(flow) != Some(*version) {
            return None;
        }
        all.iter().find(|(labels, _)| labels == given).map(|(_, found)| found.clone())
    }

    /// Keeps what was found of flows in a program in which nothing leaks.
    pub(super) fn put(&self, changes: &Changes, found: Vec<(FlowId, Labelled, Found)>) {
        let mut flows = self.flows.borrow_mut();
        for (flow, given, found) in found {
            let Some(version) = changes.version(flow) else { continue };
            let known = flows.entry(flow).or_insert_with(|| (version, Vec::new()));
            if known.0 != version {
                *known = (version, Vec::new());
            }
            known.1.push((given, found));
        }
    }
}

/// Whether all that is found of a flow lies in its own steps.
pub(super) fn stands_alone(plan: &Plan, flow: FlowId) -> bool {
    let Some(flow) = plan.flows.get(flow.index()) else { return false };
    let mut is_alone = true;
    flow.body.each_step(&mut |step| {
        is_alone &= !matches!(step.kind, StepKind::Call(Callee::Flow(_) | Callee::Guard(_), _));
    });
    is_alone
}
