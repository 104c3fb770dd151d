//! What is shown of a flow, whichever way it is printed.

use super::runs::{Past, Ran};
use crate::lock::{Current, Place};
use flow_compiler::bounds::{Excess, Expected, FlowBound, Mean, Priced, StepBound};
use flow_plan::{Flow, FlowId, Plan};
use std::path::PathBuf;

/// A compiled program.
pub(super) struct Program {
    /// Its path from the working directory.
    pub(super) file: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// The program with its bounds.
    pub(super) priced: Priced,
    /// Where it stands in `flow.lock`.
    pub(super) place: Place,
    /// Whether numbers were set that are others in the source.
    pub(super) turned: bool,
}

/// A flow with its bounds.
pub(super) struct Shown<'a> {
    /// The program.
    pub(super) program: &'a Program,
    /// The flow.
    pub(super) flow: &'a Flow,
    /// What it takes.
    pub(super) bound: &'a FlowBound,
    /// What its runs took.
    pub(super) ran: Option<Ran>,
    /// What is expected by the rates that are assumed; nothing where none are.
    pub(super) assumed: Option<&'a Expected>,
    past: &'a Past,
}

impl Program {
    /// The program as the lock takes it; nothing where it has no bounds.
    pub(super) fn current(&self) -> Option<Current<'_>> {
        let bounds = self.priced.bounds.as_ref()?;
        Some(Current { place: &self.place, plan: &self.priced.plan, bounds })
    }

    /// The names of its flows.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.priced.plan.flows.iter().map(|f| f.name.as_str())
    }

    /// Its flows with bounds whose names are wanted.
    pub(super) fn flows(&self, wanted: impl Fn(&str) -> bool) -> Vec<FlowId> {
        let plan = &self.priced.plan;
        let bounds = self.priced.bounds.iter().flat_map(|b| &b.flows);
        bounds.map(|b| b.flow).filter(|id| wanted(&plan.flows[id.index()].name)).collect()
    }

    /// These flows, to be printed.
    pub(super) fn shown<'a>(
        &'a self,
        flows: &'a [FlowId],
        past: &'a Past,
        assumed: &'a [Expected],
    ) -> impl Iterator<Item = Shown<'a>> {
        let bounds = self.priced.bounds.iter().flat_map(|b| &b.flows);
        bounds.filter(|b| flows.contains(&b.flow)).map(move |bound| {
            let flow = &self.priced.plan.flows[bound.flow.index()];
            let assumed = assumed.iter().find(|e| e.flow == bound.flow);
            Shown { program: self, flow, bound, ran: past.flow(&flow.name), assumed, past }
        })
    }
}

impl Shown<'_> {
    /// The plan that the bounds belong to.
    pub(super) fn plan(&self) -> &Plan {
        &self.program.priced.plan
    }

    /// What a step took in the flow's runs; of a step with several models, for the first.
    pub(super) fn step_ran(&self, step: &StepBound) -> Option<Ran> {
        let first = self.bound.steps.iter().find(|s| s.step == step.step)?;
        if !std::ptr::eq(first, step) {
            return None;
        }
        self.past.step(&self.flow.name, &step.step)
    }

    /// What a step is expected to take of a model, by the rates.
    pub(super) fn step_assumed(&self, step: &StepBound) -> Option<Mean> {
        self.assumed.map(|all| all.step(&step.step, step.model))
    }

    /// What the flow exceeds.
    pub(super) fn excess(&self) -> Vec<Excess> {
        self.program.priced.excess(self.bound)
    }

    /// The `provider/model` of a step.
    pub(super) fn model(&self, step: &StepBound) -> String {
        self.plan().models[step.model.index()].id()
    }
}
