//! One run: from its inputs to its report.
//!
//! In: a [`Start`]. Out: a [`RunReport`], also where the run failed, was stopped or was cancelled;
//! cancelling drops everything under way at once.

use crate::budget::Ledger;
use crate::engine::Engine;
use crate::events::{Sink, What};
use crate::exec::{self, Cx, Halt, Run};
use crate::journal::{Recorded, RunHead, RunId};
use crate::{RunError, RunReport, RunStatus, Spent, StepPath, StepReport, StepStatus};
use flow_diagnostics::Code;
use flow_plan::{Block, Callee, Expr, Flow, FlowId, Millis, Plan, StepKind, Type, Value};
use petgraph::graph::NodeIndex;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What to run.
#[derive(Clone)]
pub struct Start {
    /// The flow.
    pub flow: FlowId,
    /// Its inputs, in the order of its parameters: what [`crate::read_inputs`] gives.
    pub inputs: Vec<Value>,
    /// The identity of the run; one that the journal knows goes on where it was. A new one, if
    /// missing.
    pub run: Option<RunId>,
    /// Who is told what happens.
    pub events: Option<Arc<dyn Sink>>,
    /// Fires when this run must stop; the context's, if missing.
    pub cancel: Option<CancellationToken>,
}

impl Start {
    /// A new run that nobody listens to.
    pub fn new(flow: FlowId, inputs: Vec<Value>) -> Start {
        Start { flow, inputs, run: None, events: None, cancel: None }
    }
}

impl Engine {
    /// Runs a flow to its end. Never panics on a plan that the compiler made.
    pub async fn run(&self, start: Start) -> RunReport {
        let flow = &self.plan.flows[start.flow.index()];
        let cancel = start.cancel.as_ref().unwrap_or(&self.context.cancel);
        let mut run = Run::new(self, start.run.unwrap_or_else(RunId::fresh), start.events);
        if let Some(journal) = &self.journal {
            let head = RunHead {
                run: run.id.clone(),
                plan: self.digest,
                flow: flow.name.clone(),
                inputs: start.inputs.clone(),
            };
            match journal.open(&head).await {
                Ok(recorded) => run.recorded = recorded,
                Err(error) => {
                    let halt = Halt::from(error);
                    return report(&run, flow, Err(halt), Spent::default());
                }
            }
        }
        if run.sink.is_some() {
            run.streams = streamed(&self.plan, flow);
        }
        run.tell(None, || What::RunStarted {
            flow: flow.name.clone(),
            resumed_steps: run.recorded.done.len(),
        });
        let ledger = Ledger::new(flow.settings.budget, spent_before(&run.recorded));
        let ledger = ledger.paid_from(self.budgets.iter().flat_map(|b| b.of_run(&flow.name)));
        let result = async {
            let inputs = self.hold_inputs(flow, start.inputs)?;
            let cx = Cx { run: &run, ledger: &ledger, inside: None };
            let work = exec::block(cx, &flow.body, inputs, None);
            let work = exec::within(flow.settings.deadline, &flow.name, work);
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(Halt::from(interrupted(self.journal.is_some(), &run.id))),
                result = work => result,
            }
        };
        let result: Result<Value, Halt> = result.await;
        report(&run, flow, result, ledger.spent())
    }
}

fn interrupted(recorded: bool, run: &RunId) -> RunError {
    let error = RunError::new(Code::E0812, "the run was interrupted");
    match recorded {
        true => error.help(format!("`--resume {run}` goes on where it was")),
        false => error,
    }
}

/// What the earlier parts of a run have spent; calls in doubt count with their worst case.
fn spent_before(recorded: &Recorded) -> Spent {
    let mut spent = Spent::default();
    for outcome in recorded.done.values() {
        spent.add(outcome.spent);
    }
    for worst in recorded.in_doubt.values().flatten() {
        spent.add(Spent { usd: *worst, ..Spent::default() });
    }
    spent
}

fn report(run: &Run<'_>, flow: &Flow, result: Result<Value, Halt>, spent: Spent) -> RunReport {
    let (status, output, error) = match result {
        Ok(value) => (RunStatus::Ok, Some(value), None),
        Err(halt) => {
            let (status, error) = halt.ends();
            (status, None, Some(error))
        }
    };
    let took = Millis::from(run.started.elapsed());
    run.tell(None, || What::RunFinished {
        status,
        output: output.clone(),
        error: error.clone(),
        spent,
        took,
    });
    let mut steps = run.steps();
    if status != RunStatus::Ok {
        skipped(&flow.body, &mut steps);
    }
    RunReport { run: run.id.clone(), flow: flow.name.clone(), status, output, error, spent, took, steps }
}

/// Adds the flow's own steps that never began.
fn skipped(body: &Block, steps: &mut Vec<StepReport>) {
    for node in body.steps.node_indices() {
        let step = &body.steps[node];
        let path = StepPath::new(None, step, node);
        let left_out = matches!(step.kind, StepKind::Compute(_)) && step.on_fail.is_none();
        if !left_out && !steps.iter().any(|s| s.path == path) {
            steps.push(StepReport {
                path,
                status: StepStatus::Skipped,
                model: None,
                attempts: 0,
                spent: Spent::default(),
                took: Millis(0),
            });
        }
    }
    steps.sort_by_cached_key(|s| s.path.order());
}

/// The step whose text is the flow's result as it is, whatever happens to it: its tokens can be
/// shown as they come.
fn streamed(plan: &Plan, flow: &Flow) -> Option<NodeIndex> {
    let body = &flow.body;
    let Some(Expr::Var(result)) = &body.result else { return None };
    let node = body.steps.node_indices().find(|n| body.var_of(*n) == *result)?;
    let step = &body.steps[node];
    let StepKind::Call(Callee::Prompt(id), _) = &step.kind else { return None };
    let plain = matches!(plan.prompts[id.index()].output, Type::Text { .. });
    let settings = &step.settings;
    (plain && step.on_fail.is_none() && settings.escalate.is_none() && settings.hedge.is_none())
        .then_some(node)
}
