//! What all steps of a run share: its identity, clock, events, journal and the list of how each
//! step went.

use super::finish::Finish;
use super::halt::Halt;
use crate::budget::Ledger;
use crate::engine::Engine;
use crate::events::{Event, Sink, What};
use crate::journal::{AttemptId, Begun, InDoubt, Lease, Outcome, Recorded, Standing, Used};
use crate::privacy::{Masks, all_texts, is_private, private_texts};
use crate::{RunError, RunId, Spent, StepPath, StepReport};
use ecow::EcoString;
use flow_plan::{Callee, Cost, Millis, Param, Step, StepKind, Value};
use petgraph::graph::NodeIndex;
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// Private values by name.
type Private = Vec<(EcoString, String)>;

/// One run.
pub(crate) struct Run<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) id: RunId,
    /// The name of the flow that runs; empty in tests.
    pub(crate) flow: EcoString,
    pub(crate) started: Instant,
    pub(crate) sink: Option<Arc<dyn Sink>>,
    pub(crate) recorded: Recorded,
    /// The right to drive it; there exactly where there is a journal.
    pub(crate) lease: Option<Lease>,
    /// The wish that it ends in good order.
    pub(crate) finish: Finish,
    /// The step of the flow's own block whose text is the run's result as it is.
    pub(crate) streams: Option<NodeIndex>,
    /// The step whose value is the run's result as it is, where that is a record, a map or a list.
    pub(crate) grows: Option<NodeIndex>,
    steps: Mutex<Vec<StepReport>>,
    // The keys of the actions that this run has done or is doing.
    acts: Mutex<HashSet<EcoString>>,
    /// The flow's private inputs, where a cassette has to do without them.
    pub(crate) private_inputs: Private,
    // All private values that calls were given so far.
    privates: Mutex<Private>,
    // All that must not be told of the run.
    masks: Masks,
    // What people are asked.
    waiting: Mutex<Vec<Standing>>,
    /// Whether what was told of the result so far does not hold.
    pub(crate) void: AtomicBool,
}

/// Where a block runs: in which run, at whose expense, inside which step.
#[derive(Clone, Copy)]
pub(crate) struct Cx<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) ledger: &'a Ledger<'a>,
    pub(crate) inside: Option<&'a Arc<StepPath>>,
    /// Why it runs, where it stands in for a step that has failed.
    pub(crate) why: Option<&'a str>,
    /// Whether a guard around looks at what is made here, so that nothing of an answer is told before.
    pub(crate) hushed: bool,
}

impl<'e> Run<'e> {
    pub(crate) fn new(engine: &'e Engine, id: RunId, sink: Option<Arc<dyn Sink>>) -> Run<'e> {
        Run {
            engine,
            id,
            flow: EcoString::new(),
            started: Instant::now(),
            sink,
            recorded: Recorded::default(),
            lease: None,
            finish: Finish::default(),
            streams: None,
            grows: None,
            steps: Mutex::default(),
            acts: Mutex::default(),
            private_inputs: Private::new(),
            privates: Mutex::default(),
            masks: Masks::default(),
            waiting: Mutex::default(),
            void: AtomicBool::new(false),
        }
    }

    /// Tells the listener, without private data; `what` is only made when there is one.
    pub(crate) fn tell(&self, step: Option<&StepPath>, what: impl FnOnce() -> What) {
        if let Some(sink) = &self.sink {
            sink.event(Event {
                run: self.id.clone(),
                step: step.map(|s| ecow::eco_format!("{s}")),
                at: Millis::from(self.started.elapsed()),
                what: what().without(|text| self.hide(text)),
            });
        }
    }

    /// How a step ended in an earlier part of the run.
    pub(crate) fn recorded(&self, path: &StepPath) -> Option<&Outcome> {
        if self.recorded.done.is_empty() {
            return None;
        }
        self.recorded.done.get(&path.to_string())
    }

    /// Takes over what is recorded of its earlier parts: E0810 where what is private in it can't be read.
    pub(crate) fn go_on(&mut self, mut recorded: Recorded, lease: Lease) -> Result<(), RunError> {
        let open = |value: &mut Value| {
            *value = self.engine.vault.open(value, self.id.0.as_bytes())?;
            Ok::<_, RunError>(())
        };
        recorded.done.values_mut().filter_map(|o| o.result.as_mut().ok()).try_for_each(open)?;
        recorded.ended.iter_mut().filter_map(|e| e.output.as_mut()).try_for_each(open)?;
        let acts = self.acts.get_mut().unwrap_or_else(PoisonError::into_inner);
        acts.extend(recorded.acted.iter().cloned());
        (self.recorded, self.lease) = (recorded, Some(lease));
        Ok(())
    }

    /// Whether it is not known if an act of an earlier part of the run happened: one of this step, or
    /// one with this key.
    pub(crate) fn is_held(
        &self,
        path: &StepPath,
        key: impl FnOnce() -> Given<Option<EcoString>>,
    ) -> Given<bool> {
        let held = &self.recorded.held;
        if held.is_empty() {
            return Ok(false);
        }
        let key = key()?;
        Ok(held.contains_key(&path.to_string()) || key.is_some() && held.values().any(|k| *k == key))
    }

    /// Records how a step ended, before any other step sees it; private data sealed.
    pub(crate) async fn record(
        &self,
        (path, step): (&StepPath, &Step),
        outcome: impl FnOnce() -> Outcome,
    ) -> Result<(), RunError> {
        match (&self.engine.journal, &self.lease) {
            (Some(journal), Some(lease)) => {
                let mut outcome = outcome();
                outcome.result = match outcome.result {
                    Ok(value) if step.labels.private => Ok(self.sealed(&value)),
                    other => other.map_err(|error| self.told(error)),
                };
                journal.record(lease, &path.to_string(), &outcome).await
            }
            _ => Ok(()),
        }
    }

    /// A value as the journal keeps it.
    pub(crate) fn sealed(&self, value: &Value) -> Value {
        self.engine.vault.seal(value, self.id.0.as_bytes())
    }

    /// An error as it may be told.
    pub(crate) fn told(&self, error: RunError) -> RunError {
        error.without(|text| self.hide(text))
    }

    /// A text as it may be told.
    pub(crate) fn hide(&self, text: &str) -> String {
        match self.masks.is_empty() {
            true => text.to_owned(),
            false => self.masks.hide(text, self.engine.words()),
        }
    }

    /// Takes what is private among these for what must not be told.
    pub(crate) fn mask_params(&self, params: &[Param], values: &[Value]) {
        for (param, value) in params.iter().zip(values).filter(|(param, _)| is_private(param)) {
            let labelled = (&param.name, param.labels);
            private_texts(labelled, (&param.ty, value), &mut |name, text| self.masks.add(name, text));
        }
    }

    /// Takes what a step has made for what must not be told, where that is private.
    pub(crate) fn mask_made(&self, step: &Step, value: &Value) {
        if !step.labels.private {
            return;
        }
        let mut add = |name: &EcoString, text: &str| self.masks.add(name, text);
        match &step.kind {
            // Some fields may be private, and others not, but where it was found for something private.
            StepKind::Call(Callee::Lookup(id), _) if !step.given.private => {
                let lookup = &self.engine.plan.lookups[id.index()];
                private_texts((&step.name, lookup.labels), (&lookup.output, value), &mut add);
            }
            _ => all_texts(&step.name, value, &mut add),
        }
    }

    /// Takes everything of a value that was found for what must not be told.
    pub(crate) fn mask_found(&self, name: &EcoString, found: &serde_json::Value) {
        let found = Value::Json(Arc::new(found.clone()));
        all_texts(name, &found, &mut |name, text| self.masks.add(name, text));
    }

    /// Takes a model's words for what must not be told, where it was given private data or its answer is
    /// private.
    pub(crate) fn mask_said(&self, step: &Step, said: &str) {
        if !step.labels.private && !step.given.private {
            return;
        }
        let none = EcoString::new();
        match serde_json::from_str(said) {
            Ok(json) => {
                let json = Value::Json(Arc::new(json));
                all_texts(&none, &json, &mut |name, text| self.masks.add(name, text));
            }
            Err(_) => self.masks.add(&none, said),
        }
    }

    /// Records that a call is about to be made; `None` where nothing is recorded.
    pub(crate) async fn begin(
        &self,
        path: &StepPath,
        attempt: AttemptId,
        call: About,
    ) -> Result<Option<AttemptId>, RunError> {
        let (Some(journal), Some(lease)) = (&self.engine.journal, &self.lease) else { return Ok(None) };
        let About { whom, worst, in_doubt, key } = call;
        journal.begin(lease, Begun { path: path.to_string(), attempt, whom, worst, in_doubt, key }).await?;
        Ok(Some(attempt))
    }

    /// Records what a call has used.
    pub(crate) fn settle(&self, attempt: Option<AttemptId>, spent: Spent, error: Option<&RunError>) {
        if let (Some(journal), Some(lease), Some(attempt)) = (&self.engine.journal, &self.lease, attempt) {
            journal.settle(lease, attempt, Used { spent, error: error.map(|e| self.hide(&e.message)) });
        }
    }

    /// Says that an act is done now; `false` where it already was in this run.
    pub(crate) fn claims(&self, key: EcoString) -> bool {
        self.acts.lock().unwrap_or_else(PoisonError::into_inner).insert(key)
    }

    /// Notes private values that a call is given.
    pub(crate) fn add_privates(&self, found: Private) {
        let mut all = self.privates.lock().unwrap_or_else(PoisonError::into_inner);
        for one in found {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }

    /// The private values of the flow's inputs, and those of all calls so far.
    pub(crate) fn privates(&self) -> (Private, Private) {
        let all = self.privates.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.private_inputs.clone(), all)
    }

    /// Notes what a person is asked.
    pub(crate) fn waits(&self, standing: Standing) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(standing);
    }

    /// What people are asked, by their places.
    pub(crate) fn waiting(&self) -> Vec<Standing> {
        let mut all = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        all.sort_by(|a, b| a.asked.path.cmp(&b.asked.path));
        all
    }

    /// Notes how a step went.
    pub(crate) fn note(&self, report: StepReport) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }

    /// How the steps went, in the order of the program.
    pub(crate) fn steps(&self) -> Vec<StepReport> {
        let mut steps = std::mem::take(&mut *self.steps.lock().unwrap_or_else(PoisonError::into_inner));
        if steps.len() > 1 {
            steps.sort_by_cached_key(|s| s.path.order());
        }
        steps
    }
}

/// A call that is about to be made, as its journal sees it.
pub(crate) struct About {
    /// Who is called.
    pub(crate) whom: EcoString,
    /// What it may cost.
    pub(crate) worst: Cost,
    /// What becomes of it where nothing is heard of it again.
    pub(crate) in_doubt: InDoubt,
    /// By what an act is the same act.
    pub(crate) key: Option<EcoString>,
}

impl<'a> Cx<'a> {
    /// The same, inside a step.
    pub(crate) fn inside<'b>(self, path: &'b Arc<StepPath>) -> Cx<'b>
    where
        'a: 'b,
    {
        Cx { inside: Some(path), ..self }
    }
}

/// What the steps of a block give: a value or why there is none.
pub(crate) type Given<T> = Result<T, Halt>;
