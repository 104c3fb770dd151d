//! Bounds of whole flows that are kept from one analysis to the next.
//!
//! In: a plan, and what has changed since the analysis before. Out: the bounds of the flows that are as they
//! were, with what is proven of their calls written into the plan, as [`Walk`](super::walk::Walk) would do
//! it. Only such flows are kept as have nothing in them that is said of anywhere but in their own bounds and
//! their own steps: no calls of flows or of guards of the program, no reviews, nothing that is told apart by
//! cases, and nothing that was reported.

use super::walk::FlowWorst;
use super::{Bounds, FlowBound};
use crate::changes::{Changes, Places};
use crate::kept::Memo;
use flow_diagnostics::Span;
use flow_plan::{CallBounds, Callee, FlowId, Plan, Step, StepKind, Tokens};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::sync::Arc;

/// The bounds of a program's flows.
pub(crate) type Flows = RefCell<FxHashMap<FlowId, KeptFlow>>;

/// A flow with what was worked out of it.
#[derive(Debug)]
pub(crate) struct KeptFlow {
    version: u64,
    // Where the flow stands, and where everything stood.
    at: Span,
    places: Arc<Places>,
    bound: FlowBound,
    // For flows that call it, as long as it stands where it stood.
    worst: Option<FlowWorst>,
    // What is proven of each step, as they are walked.
    calls: Vec<Option<Arc<CallBounds>>>,
    // What each `each` goes through at most.
    elements: Vec<(Span, u64)>,
}

/// What is known of a program's flows, for each of them.
#[derive(Default)]
pub(super) struct Known {
    pub(super) bounds: Vec<Option<FlowBound>>,
    /// What flows need that call it.
    pub(super) worst: Vec<Option<FlowWorst>>,
    /// What each `each` goes through at most.
    pub(super) elements: FxHashMap<Span, u64>,
}

/// The bounds of the flows that are as they were, written into the plan.
pub(super) fn known(memo: &Memo, plan: &mut Plan) -> Known {
    let (changes, mut kept) = (memo.changes.borrow(), memo.requests.flows.borrow_mut());
    let mut elements = FxHashMap::default();
    let flows = plan.flows.iter_mut().enumerate().map(|(number, flow)| {
        let id = FlowId(number as u32);
        let known = kept.get_mut(&id).filter(|known| Some(known.version) == changes.version(id))?;
        known.follow(changes.places());
        let mut calls = known.calls.iter();
        flow.body.each_step_mut(&mut |step| step.bounds = calls.next().cloned().flatten());
        elements.extend(known.elements.iter().copied());
        Some((known.bound.clone(), known.worst.clone()))
    });
    let (bounds, worst) = flows.map(|known| known.map_or((None, None), |(b, w)| (Some(b), w))).unzip();
    Known { bounds, worst, elements }
}

/// Keeps what was worked out of flows, but for those that something was reported of.
pub(super) fn keep(memo: &Memo, (plan, bounds): (&Plan, &Bounds), reported: &FxHashSet<FlowId>) {
    if !bounds.unbounded.is_empty() {
        return;
    }
    let (changes, mut kept) = (memo.changes.borrow(), memo.requests.flows.borrow_mut());
    let told = bounds.needless.iter().map(|found| found.span).chain(bounds.pasted.keys().map(|(at, _)| *at));
    let told: FxHashSet<FlowId> = told.filter_map(|at| changes.flow_at(at)).collect();
    let mut walked = memo.requests.walked.take();
    for bound in bounds.flows.iter().filter(|bound| !bounds.known.contains(&bound.flow)) {
        let id = bound.flow;
        let Some(version) = changes.version(id) else { continue };
        let worst = walked.get_mut(id.index()).and_then(Option::take);
        let entry = || KeptFlow { worst, ..KeptFlow::of((plan, bounds), bound, (version, &changes))? }.into();
        match Some(id).filter(|id| !told.contains(id) && !reported.contains(id)).and_then(|_| entry()) {
            Some(entry) => drop(kept.insert(id, entry)),
            None => drop(kept.remove(&id)),
        }
    }
}

impl KeptFlow {
    fn of(
        (plan, bounds): (&Plan, &Bounds),
        bound: &FlowBound,
        (version, changes): (u64, &Changes),
    ) -> Option<KeptFlow> {
        let (mut calls, mut elements, mut is_alone) = (Vec::new(), Vec::new(), true);
        let flow = plan.flows.get(bound.flow.index())?;
        flow.body.each_step(&mut |step| {
            is_alone = is_alone && stands_alone(plan, step);
            calls.push(step.bounds.clone());
            elements.extend(bounds.elements.get(&step.span).map(|most| (step.span, *most)));
        });
        let bound = bound.clone();
        is_alone.then(|| KeptFlow {
            version,
            at: flow.span,
            places: changes.places().clone(),
            bound,
            worst: None,
            calls,
            elements,
        })
    }

    // Where the flow's steps stand by now.
    fn follow(&mut self, places: &Arc<Places>) {
        if Arc::ptr_eq(&self.places, places) {
            return;
        }
        let before = std::mem::replace(&mut self.places, places.clone());
        let at = places.moved(&before, self.at);
        if self.at == at {
            return;
        }
        self.at = at;
        // All of its steps have moved as it has.
        self.worst = None;
        let follow = |span: &mut Span| *span = places.moved(&before, *span);
        self.bound.steps.iter_mut().for_each(|step| follow(&mut step.span));
        let lines = self.bound.spent_on.iter_mut().chain(&mut self.bound.waited_for);
        lines.for_each(|line| follow(&mut line.span));
        self.elements.iter_mut().for_each(|(span, _)| follow(span));
    }
}

// Whether all that is found of a step lies in its bounds and in those of its flow.
fn stands_alone(plan: &Plan, step: &Step) -> bool {
    let is_simple = match &step.kind {
        StepKind::Call(callee, _) => {
            matches!(callee, Callee::Prompt(_) | Callee::Lookup(_) | Callee::Builtin(_) | Callee::Action(_))
        }
        StepKind::Compute(_) | StepKind::If(..) | StepKind::Match(..) => true,
        StepKind::Each { apart, .. } => apart.is_empty(),
        StepKind::Repeat { .. } => false,
    };
    let asked = step.bounds.iter().flat_map(|calls| {
        calls.requests.iter().map(|request| request.model).chain(calls.embedding.map(|by| by.model))
    });
    // What is noted of single cases is the plan's.
    let most = Tokens(u64::MAX);
    let mut in_cases = asked.map(|model| plan.cases.least((step.span, model), Tokens(0), most) != most);
    is_simple
        && step.called.is_none()
        && step.settings.escalate.is_none()
        && step.settings.tools.is_none()
        && !in_cases.any(|is_noted| is_noted)
}
