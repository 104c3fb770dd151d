//! One run: from its inputs to its report.
//!
//! In: a [`Start`]. Out: a [`RunReport`], also where the run failed, was stopped or was cancelled;
//! cancelling drops everything under way at once, and
//! finishing waits for it.

use crate::budget::Ledger;
use crate::engine::Engine;
use crate::events::{Sink, What};
use crate::exec::{self, Cx, Finish, Halt, Run};
use crate::journal::{Ended, Opened, RunHead, RunId};
use crate::privacy;
use crate::{RunError, RunReport, RunStatus, Spent, StepPath, StepReport, StepStatus};
use ecow::EcoString;
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
    /// What the journal keeps beside the inputs for whoever resumes the run.
    pub note: EcoString,
    /// Who is told what happens.
    pub events: Option<Arc<dyn Sink>>,
    /// Fires when this run must stop; the context's, if missing.
    pub cancel: Option<CancellationToken>,
    /// Fires when this run should begin nothing more, and end when what is under way is done.
    pub finish: Option<CancellationToken>,
}

impl Start {
    /// A new run that nobody listens to.
    pub fn new(flow: FlowId, inputs: Vec<Value>) -> Start {
        Start { flow, inputs, run: None, note: EcoString::new(), events: None, cancel: None, finish: None }
    }
}

impl Engine {
    /// Runs a flow to its end. Never panics on a plan that the compiler made.
    pub async fn run(&self, start: Start) -> RunReport {
        let flow = &self.plan.flows[start.flow.index()];
        let cancel = start.cancel.as_ref().unwrap_or(&self.context.cancel);
        let mut run = Run::new(self, start.run.unwrap_or_else(RunId::fresh), start.events);
        run.finish = Finish::on(start.finish);
        run.flow = flow.name.clone();
        run.mask_params(&flow.params, &start.inputs);
        if self.tape.is_some() {
            run.private_inputs = exec::of_params(&flow.params, &start.inputs);
        }
        let kept = self.open(&mut run, flow, (&start.inputs, start.note)).await;
        let kept = match kept {
            Ok(kept) => kept,
            Err(error) => return report(&run, flow, ended(Err(Halt::from(error)), Spent::default())),
        };
        if run.sink.is_some() {
            let result = result_step(&self.plan, flow);
            run.streams = result.filter(|(_, ty)| matches!(ty, Type::Text { .. })).map(|(node, _)| node);
            run.grows = result.filter(|(_, ty)| has_parts(ty)).map(|(node, _)| node);
        }
        run.tell(None, || What::RunStarted {
            flow: flow.name.clone(),
            resumed_steps: run.recorded.done.len(),
        });
        if !kept {
            let message = "there is no place for a key, so what is private in this run is not recorded, and it \
                           can't be resumed; FLOW_STATE_KEY may hold one";
            run.tell(None, || What::Warned { message: message.to_owned() });
        }
        // A refusal is final: nothing is asked again. A result is made anew from what is recorded.
        if let Some(refused) = run.recorded.ended.as_ref().filter(|e| e.status == RunStatus::Stopped) {
            return report(&run, flow, refused.clone());
        }
        let ledger = Ledger::new(flow.settings.budget, run.recorded.spent);
        let ledger = ledger.paid_from(self.budgets.iter().flat_map(|b| b.of_run(&flow.name)));
        let result = async {
            let inputs = self.hold_inputs(flow, start.inputs)?;
            let cx = Cx { run: &run, ledger: &ledger, inside: None, why: None, hushed: false };
            let work = exec::block(cx, &flow.body, inputs, None);
            let work = exec::within(flow.settings.deadline, &flow.name, work);
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(Halt::from(interrupted(self.journal.is_some(), &run.id))),
                result = work => result,
                // Behind the work: what has just ended is recorded, and what follows it waits.
                () = run.finish.done() => Err(Halt::from(interrupted(self.journal.is_some(), &run.id))),
            }
        };
        let result: Result<Value, Halt> = result.await;
        let mut ended = ended(result, ledger.spent());
        run.audit_end(&ended);
        if let (Some(journal), Some(lease)) = (&self.journal, run.lease.take())
            && let Err(error) = journal.end(lease, &kept_of(&run, flow, &ended)).await
            && ended.status == RunStatus::Ok
        {
            // What is not recorded may be done again, so nobody is told of it.
            ended = Ended { status: RunStatus::Failed, output: None, error: Some(error), ..ended };
        }
        report(&run, flow, ended)
    }

    // Opens the run in its journal, if there is one. Says whether what is private in it is kept.
    async fn open(
        &self,
        run: &mut Run<'_>,
        flow: &Flow,
        (plain, note): (&[Value], EcoString),
    ) -> Result<bool, RunError> {
        let Some(journal) = &self.journal else { return Ok(true) };
        let kept = !privacy::concerns(&self.plan, flow) || self.vault.keeps()?;
        let about = run.id.0.as_bytes();
        let inputs = flow.params.iter().zip(plain);
        let inputs =
            inputs.map(|(param, v)| privacy::sealed(&self.vault, about, param.labels, (&param.ty, v)));
        let head = RunHead {
            run: run.id.clone(),
            plan: self.digest,
            flow: flow.name.clone(),
            inputs: inputs.collect(),
            note,
        };
        let Opened { recorded, lease } = match journal.open(&head).await {
            Ok(opened) => opened,
            Err(error) => {
                // Inputs that were sealed with another key are no others.
                let trace = journal.trace(&run.id).await.ok().flatten();
                let inputs = trace.iter().flat_map(|trace| &trace.inputs);
                return Err(inputs.map(|v| self.vault.open(v, about)).find_map(Result::err).unwrap_or(error));
            }
        };
        run.go_on(recorded, lease)?;
        run.audit_start(flow, plain);
        Ok(kept)
    }
}

// How a run ended, as its journal keeps it.
fn kept_of(run: &Run<'_>, flow: &Flow, ended: &Ended) -> Ended {
    let output = ended.output.as_ref();
    Ended {
        output: if flow.labels.private { output.map(|v| run.sealed(v)) } else { output.cloned() },
        error: ended.error.clone().map(|error| run.told(error)),
        ..*ended
    }
}

fn interrupted(recorded: bool, run: &RunId) -> RunError {
    let error = RunError::new(Code::E0812, "the run was interrupted");
    match recorded {
        true => error.help(format!("`--resume {run}` goes on where it was")),
        false => error,
    }
}

fn ended(result: Result<Value, Halt>, spent: Spent) -> Ended {
    match result {
        Ok(value) => Ended { status: RunStatus::Ok, output: Some(value), error: None, spent },
        Err(halt) => {
            let (status, error) = halt.ends();
            Ended { status, output: None, error, spent }
        }
    }
}

fn report(run: &Run<'_>, flow: &Flow, ended: Ended) -> RunReport {
    let Ended { status, output, error, spent } = ended;
    let error = error.map(|error| run.told(error));
    let took = Millis::from(run.started.elapsed());
    run.tell(None, || What::RunFinished {
        status,
        output: output.clone(),
        private: flow.labels.private,
        error: error.clone(),
        spent,
        took,
    });
    let mut steps = run.steps();
    if status != RunStatus::Ok {
        skipped(&flow.body, &mut steps);
    }
    let waiting = if status == RunStatus::Waiting { run.waiting() } else { Vec::new() };
    RunReport {
        run: run.id.clone(),
        flow: flow.name.clone(),
        status,
        output,
        error,
        spent,
        took,
        steps,
        waiting,
    }
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
                repaired: Vec::new(),
                similar: None,
            });
        }
    }
    steps.sort_by_cached_key(|s| s.path.order());
}

/// The step whose answer is the flow's result as it is, or as guards that stream let it pass, whatever
/// happens to it: it can be shown as it comes.
fn result_step<'p>(plan: &'p Plan, flow: &Flow) -> Option<(NodeIndex, &'p Type)> {
    let body = &flow.body;
    let Some(Expr::Var(result)) = &body.result else { return None };
    let node = exec::source(body, body.steps.node_indices().find(|n| body.var_of(*n) == *result)?)?;
    let step = &body.steps[node];
    let StepKind::Call(Callee::Prompt(id), _) = &step.kind else { return None };
    let settings = &step.settings;
    let is_final = step.on_fail.is_none() && settings.escalate.is_none() && settings.hedge.is_none();
    is_final.then_some((node, &plan.prompts[id.index()].output))
}

fn has_parts(ty: &Type) -> bool {
    matches!(ty.present(), Type::Record(_) | Type::Map(..) | Type::List(..))
}
