//! One step: from what is recorded of it, through its work and its `else`, to its record and report.

use super::finish::Work;
use super::frame::Frame;
use super::halt::{Failure, Halt};
use super::state::{Cx, Given, Run};
use super::{block, call, guarded, handler, repeating};
use crate::events::What;
use crate::journal::Outcome;
use crate::output::Repair;
use crate::provider::Message;
use crate::{RunError, Spent, StepPath, StepReport, StepStatus};
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Block, Callee, Millis, Step, StepKind, Value};
use futures::future::BoxFuture;
use petgraph::graph::NodeIndex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// Where a step's work happens.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) cx: Cx<'a>,
    pub(super) block: &'a Block,
    pub(super) step: &'a Step,
    pub(super) path: &'a StepPath,
    pub(super) frame: &'a Frame<'a>,
    pub(super) tally: &'a Tally,
    /// Which of the further tries that `else retry` asks for; 0 for the first.
    pub(super) round: u32,
    /// Whether the step's text is the run's result as it is.
    pub(super) streams: bool,
    /// Whether its value is the run's result as it is, and is shown in parts.
    pub(super) grows: bool,
}

impl<'a> Site<'a> {
    /// The run.
    pub(super) fn run(&self) -> &'a Run<'a> {
        self.cx.run
    }

    /// Where a block inside the step runs.
    pub(super) fn enter<'b>(&self, path: &'b Arc<StepPath>) -> Cx<'b>
    where
        'a: 'b,
    {
        let listens = self.run().sink.is_some();
        let hushed = self.cx.hushed || listens && guarded::is_guarded(*self);
        Cx { hushed, ..self.cx.inside(path) }
    }

    /// The path of what is inside the step at its `number`th try, from 1.
    pub(super) fn inside(&self, number: u32) -> Arc<StepPath> {
        self.at_try(number).inside()
    }

    /// The path of what is inside one element or round of the step, from 0.
    pub(super) fn inside_item(&self, item: usize) -> Arc<StepPath> {
        self.at_try(1).inside_item(item)
    }

    /// The path of a block beside the step's work, or beside the work of one round.
    pub(super) fn inside_part(&self, item: Option<usize>, name: &str) -> Arc<StepPath> {
        match item {
            Some(item) => StepPath::part(&self.inside_item(item), name),
            None => StepPath::part(&self.inside(1), name),
        }
    }

    /// The step's outcome, should it fail now.
    pub(super) fn failed(&self, error: &RunError) -> Outcome {
        self.tally.outcome(Err(error.clone()))
    }

    // Tries are counted over `retry` and `else retry` together, so that no two share a path.
    fn at_try(&self, number: u32) -> StepPath {
        let tries = self.step.settings.retry.saturating_add(1);
        self.path.at_try(self.round.saturating_mul(tries).saturating_add(number))
    }
}

/// What is told among the repairs where a model was asked for other arguments of a lookup.
const MISFIT: &str = "lookup_arguments";

/// What a step has used so far.
pub(super) struct Tally {
    started: Instant,
    state: Mutex<TallyState>,
    /// Whether a listener was shown a part of an answer.
    pub(super) shown: AtomicBool,
    /// Whether the cache answered.
    pub(super) cached: AtomicBool,
    /// Whether it was not needed after all.
    pub(super) skipped: AtomicBool,
    /// Whether it has something under way.
    pub(super) work: Work,
}

#[derive(Clone, Default)]
struct TallyState {
    attempts: u32,
    spent: Spent,
    model: Option<EcoString>,
    repaired: Vec<EcoString>,
    similar: Option<f64>,
    // Whether what a model chose for a lookup did not fit, in any attempt.
    misfits: bool,
}

impl Tally {
    fn new() -> Tally {
        let off = || AtomicBool::new(false);
        Tally {
            started: Instant::now(),
            state: Mutex::default(),
            shown: off(),
            cached: off(),
            skipped: off(),
            work: Work::default(),
        }
    }

    /// Counts an attempt and gives its number, from 1.
    pub(super) fn attempt(&self) -> u32 {
        self.with(|t| {
            t.attempts += 1;
            t.attempts
        })
    }

    /// The number of the attempt that goes on. Where its first rounds were recorded in an earlier part of the
    /// run, nothing has counted it here.
    pub(super) fn attempts(&self) -> u32 {
        self.with(|t| {
            t.attempts = t.attempts.max(1);
            t.attempts
        })
    }

    /// Notes that what a model chose for a lookup did not fit.
    pub(super) fn misfit(&self) {
        self.with(|t| t.misfits = true);
    }

    /// Counts what an attempt used.
    pub(super) fn spend(&self, spent: Spent) {
        self.with(|t| t.spent.add(spent));
    }

    /// What was used so far.
    pub(super) fn spent(&self) -> Spent {
        self.with(|t| t.spent)
    }

    /// Notes who answered, as `provider/model`.
    pub(super) fn answered_by(&self, model: EcoString) {
        self.with(|t| t.model = Some(model));
    }

    /// Notes what was mended in the answer that is used.
    pub(super) fn repaired(&self, repaired: &[Repair]) {
        self.with(|t| t.repaired = repaired.iter().map(|r| r.name().into()).collect());
    }

    /// Notes that the answer is that to words which are so near.
    pub(super) fn similar(&self, similarity: f64) {
        self.with(|t| t.similar = Some(similarity));
    }

    fn with<T>(&self, f: impl FnOnce(&mut TallyState) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The step's outcome with this result.
    fn outcome(&self, result: Result<Value, RunError>) -> Outcome {
        let TallyState { attempts, spent, model, repaired, similar, .. } = self.taken();
        let took = Millis::from(self.started.elapsed());
        Outcome { result, spent, attempts, model, repaired, similar, took }
    }

    fn taken(&self) -> TallyState {
        let mut taken = self.with(|t| t.clone());
        if taken.misfits && !taken.repaired.iter().any(|name| name == MISFIT) {
            taken.repaired.push(MISFIT.into());
        }
        taken
    }
}

/// Runs a step and gives its value.
pub(super) fn step<'a>(
    cx: Cx<'a>,
    block: &'a Block,
    node: NodeIndex,
    frame: &'a Frame<'a>,
) -> BoxFuture<'a, Given<Value>> {
    let step = &block.steps[node];
    if let (StepKind::Compute(expr), None) = (&step.kind, &step.on_fail) {
        let path = || StepPath::new(cx.inside, step, node);
        let value = frame.eval(expr).map_err(|halt| halt.at(&path(), step.span));
        if let Ok(value) = &value {
            cx.run.mask_made(step, value);
        }
        return Box::pin(std::future::ready(value));
    }
    Box::pin(async move {
        let path = StepPath::new(cx.inside, step, node);
        let tally = Tally::new();
        let is_result = |result| cx.inside.is_none() && result == Some(node);
        let (streams, grows) = (is_result(cx.run.streams), is_result(cx.run.grows));
        let site = Site { cx, block, step, path: &path, frame, tally: &tally, round: 0, streams, grows };
        let mut open = Open::new(site);
        let result = match recorded(site)? {
            Some(outcome) => {
                open.resume(outcome);
                match &outcome.result {
                    Ok(value) => Ok(value.clone()),
                    Err(error) => handler::handled(site, Err(Failure::lasting(error.clone()).into())).await,
                }
            }
            None => handler::handled(site, work(site, Again::FIRST).await).await,
        };
        if let Ok(value) = &result {
            cx.run.mask_made(step, value);
        }
        let result = match result {
            Ok(value) if !open.resumed && is_recorded(step) => {
                let outcome = || open.outcome(Ok(value.clone()));
                site.work();
                cx.run.record((&path, step), outcome).await.map(|()| value).map_err(Halt::from)
            }
            other => other,
        };
        let result = result.map_err(|halt| halt.at(&path, step.span));
        open.close(result.as_ref().err());
        result
    })
}

// Expressions and blocks are worked out again from what is recorded of the steps inside.
fn is_recorded(step: &Step) -> bool {
    step.on_fail.is_some()
        || matches!(&step.kind, StepKind::Call(callee, _) if !matches!(callee, Callee::Flow(_)))
}

/// What an earlier part of the run has recorded: a value, or a failure that the program handles.
fn recorded<'a>(site: Site<'a>) -> Given<Option<&'a Outcome>> {
    match site.cx.run.recorded(site.path) {
        Some(outcome) if outcome.result.is_ok() => {
            call::claim_again(site)?;
            Ok(Some(outcome))
        }
        Some(outcome) if site.step.on_fail.is_some() => Ok(Some(outcome)),
        _ => Ok(None),
    }
}

/// What is different when a step is tried again.
#[derive(Clone, Copy)]
pub(super) struct Again<'a> {
    /// What is said to a model behind the prompt.
    pub(super) said: Said<'a>,
    /// What stands in place of the first argument.
    pub(super) first: Option<&'a Value>,
}

impl Again<'_> {
    /// Nothing: it is the first try.
    pub(super) const FIRST: Again<'static> = Again { said: Said::NOTHING, first: None };
}

/// What is said to a model behind a prompt.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    /// An answer, and what is wrong with it; or nothing.
    pub(super) messages: &'a [Message],
    /// Whether a guard has not let the answer pass.
    pub(super) is_refused: bool,
}

impl Said<'_> {
    pub(super) const NOTHING: Said<'static> = Said { messages: &[], is_refused: false };

    pub(super) fn is_nothing(&self) -> bool {
        self.messages.is_empty()
    }
}

/// The work of a step, without its `else`.
pub(super) async fn work(site: Site<'_>, again: Again<'_>) -> Given<Value> {
    let Site { frame, .. } = site;
    match &site.step.kind {
        StepKind::Compute(expr) => frame.eval(expr),
        StepKind::Call(callee, args) => {
            let mut args = args.iter().map(|a| frame.eval(a)).collect::<Result<Vec<_>, _>>()?;
            if let (Some(first), Some(slot)) = (again.first, args.first_mut()) {
                *slot = first.clone();
            }
            call::call(site, callee, args, again.said).await
        }
        StepKind::If(condition, yes, no) => {
            let chosen = if frame.holds(condition)? { Some(yes) } else { no.as_ref() };
            match chosen {
                Some(chosen) => block(site.enter(&site.inside(1)), chosen, vec![], Some(frame)).await,
                None => Ok(Value::Null),
            }
        }
        StepKind::Match(subject, arms) => {
            let value = frame.eval(subject)?;
            let fits = |v: &Value| flow_plan::equal(v, &value);
            match arms.iter().find(|arm| arm.values.is_empty() || arm.values.iter().any(fits)) {
                Some(arm) => block(site.enter(&site.inside(1)), &arm.body, vec![], Some(frame)).await,
                None => {
                    let message = format!("no arm of `match` is for {}", value.to_json());
                    Err(Halt::from(RunError::new(Code::E0813, message)))
                }
            }
        }
        StepKind::Each { list, parallel, body, apart } => {
            let elements = repeating::Elements { list, parallel: *parallel, body, apart };
            repeating::each(site, elements).await
        }
        StepKind::Repeat { up_to, from, body, until, first } => {
            let first = first.as_deref();
            let rounds = repeating::Rounds { up_to: *up_to, from, body, until: until.as_deref(), first };
            repeating::repeat(site, rounds).await
        }
    }
}

/// A step under way. However it ends, by its end or by being dropped, it is reported.
struct Open<'a> {
    site: Site<'a>,
    resumed: bool,
    closed: bool,
}

impl<'a> Open<'a> {
    fn new(site: Site<'a>) -> Open<'a> {
        site.run().tell(Some(site.path), || What::StepStarted {
            kind: kind(&site.step.kind),
            result: site.streams,
        });
        Open { site, resumed: false, closed: false }
    }

    /// Takes over what an earlier part of the run has recorded.
    fn resume(&mut self, outcome: &Outcome) {
        self.resumed = outcome.result.is_ok();
        self.site.tally.with(|t| {
            *t = TallyState {
                attempts: outcome.attempts,
                spent: outcome.spent,
                model: outcome.model.clone(),
                repaired: outcome.repaired.clone(),
                similar: outcome.similar,
                misfits: false,
            };
        });
    }

    fn outcome(&self, result: Result<Value, RunError>) -> Outcome {
        self.site.tally.outcome(result)
    }

    fn close(mut self, halt: Option<&Halt>) {
        let flag = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let status = match halt {
            Some(Halt::Hold(_) | Halt::Wait(_)) => StepStatus::Waiting,
            Some(_) => StepStatus::Failed,
            None if flag(&self.site.tally.skipped) => StepStatus::Skipped,
            None if self.resumed || flag(&self.site.tally.cached) => StepStatus::Cached,
            None => StepStatus::Ok,
        };
        self.report(status, halt.and_then(Halt::error));
    }

    fn report(&mut self, status: StepStatus, error: Option<&RunError>) {
        self.closed = true;
        self.site.rest();
        let TallyState { attempts, spent, model, repaired, similar, .. } = self.site.tally.taken();
        let took = Millis::from(self.site.tally.started.elapsed());
        self.site.run().tell(Some(self.site.path), || What::StepFinished {
            status,
            model: model.clone(),
            attempts,
            spent,
            took,
            repaired: repaired.clone(),
            similar,
            error: error.cloned(),
        });
        self.site.run().note(StepReport {
            path: self.site.path.clone(),
            status,
            model,
            attempts,
            spent,
            took,
            repaired,
            similar,
        });
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.closed {
            let error = RunError::new(Code::E0812, "the run ended before the step did");
            self.report(StepStatus::Failed, Some(&error));
        }
    }
}

fn kind(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Compute(_) => "compute",
        StepKind::If(..) => "if",
        StepKind::Match(..) => "match",
        StepKind::Each { .. } => "each",
        StepKind::Repeat { .. } => "repeat",
        StepKind::Call(callee, _) => match callee {
            Callee::Prompt(_) => "prompt",
            Callee::Lookup(_) => "lookup",
            Callee::Guard(_) | Callee::Builtin(_) => "guard",
            Callee::Action(_) => "action",
            Callee::Flow(_) => "flow",
            Callee::Review(_) => "review",
        },
    }
}
