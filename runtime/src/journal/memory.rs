//! A journal that lives as long as the process: for tests, and for programs that resume within one.

use super::lease::GiveBack;
use super::{
    Asked, AttemptId, Begun, Decision, Doubt, Ended, Forget, Forgotten, History, InDoubt, Journal, Judged,
    Lease, Opened, Outcome, Recorded, ReviewRow, RunHead, RunId, RunRow, RunState, Standing, StepRow, Trace,
    Used, Wanted,
};
use crate::audit::{Opening, Record, Trail};
use crate::{RunError, Spent};
use async_trait::async_trait;
use ecow::EcoString;
use flow_plan::Millis;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value as Json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Runs in memory.
#[derive(Default)]
pub struct MemoryJournal {
    runs: Arc<Mutex<Runs>>,
    audit: Arc<Mutex<Trail>>,
}

// In the order they began.
type Runs = IndexMap<RunId, Run>;

struct Run {
    head: RunHead,
    fence: u64,
    driven: bool,
    started: Timestamp,
    ended: Option<(Timestamp, Ended)>,
    steps: IndexMap<String, StepRow>,
    // The paths of the outcomes, in the order they were recorded.
    order: Vec<String>,
    calls: Vec<Call>,
    reviews: IndexMap<String, Standing>,
}

struct Call {
    attempt: AttemptId,
    held: bool,
    key: Option<EcoString>,
    row: super::CallRow,
}

impl MemoryJournal {
    /// The paths of a run's recorded steps, in the order they were recorded.
    pub fn order(&self, run: &RunId) -> Vec<String> {
        self.lock().get(run).map(|run| run.order.clone()).unwrap_or_default()
    }

    fn append(&self, run: &RunId, at: Timestamp, fields: &Json) {
        let mut trail = self.audit.lock().unwrap_or_else(PoisonError::into_inner);
        let Trail { records, heads, opened } = &mut *trail;
        let head = heads.iter_mut().find(|head| head.run == *run);
        let record = Record::next(run, head.as_deref().ok_or(&*opened), (at, fields));
        match head {
            Some(head) => *head = record.head(),
            None => {
                heads.push(record.head());
                *opened = Opening { number: opened.number + 1, hash: record.hash.clone() };
            }
        }
        records.push(record);
    }

    fn lock(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // Does something with a run, unless another has taken it over.
    fn with(&self, lease: &Lease, f: impl FnOnce(&mut Run)) -> Result<(), RunError> {
        let mut runs = self.lock();
        match runs.get_mut(&lease.run).filter(|run| run.fence == lease.fence) {
            Some(run) => {
                f(run);
                Ok(())
            }
            None => Err(super::lost()),
        }
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn open(&self, head: &RunHead) -> Result<Opened, RunError> {
        let mut runs = self.lock();
        let run = runs.entry(head.run.clone()).or_insert_with(|| Run::new(head.clone()));
        run.may_go_on(head)?;
        let recorded = run.recorded();
        let over = recorded.ended.is_some();
        if !over {
            run.driven = true;
            run.fence += 1;
            run.ended = None;
        }
        let (all, id) = (self.runs.clone(), head.run.clone());
        let give_back = move |_: i64, fence: u64| {
            let mut runs = all.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(run) = runs.get_mut(&id).filter(|run| run.fence == fence) {
                run.driven = false;
            }
        };
        let give_back: Option<GiveBack> = (!over).then(|| Box::new(give_back) as _);
        let lease = Lease { run: head.run.clone(), fence: run.fence, number: 0, over, give_back };
        Ok(Opened { lease, recorded })
    }

    async fn begin(&self, lease: &Lease, begun: Begun) -> Result<(), RunError> {
        if lease.over {
            return Err(super::durable::over(&lease.run, &begun.path));
        }
        self.with(lease, |run| run.begin(begun))
    }

    fn settle(&self, lease: &Lease, attempt: AttemptId, used: Used) {
        // A run that was taken over keeps the call charged with its worst case.
        let _ = self.with(lease, |run| {
            if let Some(call) = run.calls.iter_mut().find(|call| call.attempt == attempt) {
                let took = Timestamp::now().duration_since(call.row.began);
                call.row.took = Some(Millis(u64::try_from(took.as_millis()).unwrap_or(0)));
                call.row.spent = used.spent;
                call.row.error = used.error;
            }
        });
    }

    async fn record(&self, lease: &Lease, path: &str, outcome: &Outcome) -> Result<(), RunError> {
        match lease.over {
            true => Ok(()),
            false => self.with(lease, |run| run.record(path, outcome.clone())),
        }
    }

    async fn ask(&self, lease: &Lease, asked: Asked) -> Result<Standing, RunError> {
        if lease.over {
            return Err(super::durable::over(&lease.run, &asked.path));
        }
        let mut standing = Standing::new(asked.clone());
        self.with(lease, |run| {
            if let Some(known) = run.reviews.get(&asked.path) {
                standing = known.clone().asked_again(asked.clone());
            }
            run.reviews.insert(asked.path, standing.clone());
        })?;
        Ok(standing)
    }

    async fn told(&self, lease: &Lease, path: &str) -> Result<(), RunError> {
        match lease.over {
            true => Ok(()),
            false => self.with(lease, |run| {
                if let Some(standing) = run.reviews.get_mut(path) {
                    standing.told = true;
                }
            }),
        }
    }

    fn audit(&self, lease: &Lease, at: Timestamp, fields: Json) {
        if !lease.over {
            self.append(&lease.run, at, &fields);
        }
    }

    async fn end(&self, lease: Lease, ended: &Ended) -> Result<(), RunError> {
        match lease.over {
            true => Ok(()),
            false => self.with(&lease, |run| run.ended = Some((Timestamp::now(), ended.clone()))),
        }
    }
}

#[async_trait]
impl History for MemoryJournal {
    async fn runs(&self, wanted: &Wanted) -> Result<Vec<RunRow>, RunError> {
        let runs = self.lock();
        let rows = runs.values().rev().map(Run::row);
        let rows = rows.filter(|row| wanted.flow.as_ref().is_none_or(|flow| row.flow == *flow));
        let rows = rows.filter(|row| wanted.states.is_empty() || wanted.states.contains(&row.state));
        Ok(rows.take(wanted.limit.unwrap_or(usize::MAX)).collect())
    }

    async fn trace(&self, run: &RunId) -> Result<Option<Trace>, RunError> {
        Ok(self.lock().get(run).map(|run| Trace {
            run: run.row(),
            plan: run.head.plan,
            inputs: run.head.inputs.clone(),
            note: run.head.note.clone(),
            output: run.ended.as_ref().and_then(|(_, ended)| ended.output.clone()),
            steps: run.steps.values().cloned().collect(),
            calls: run.calls.iter().map(|call| call.row.clone()).collect(),
            reviews: run.reviews.values().cloned().collect(),
        }))
    }

    async fn in_doubt(&self) -> Result<Vec<Doubt>, RunError> {
        let runs = self.lock();
        let held = runs.values().filter(|run| !run.driven).flat_map(|run| {
            run.calls.iter().filter(|call| call.held).map(|call| Doubt {
                run: run.head.run.clone(),
                flow: run.head.flow.clone(),
                path: call.row.path.clone(),
                action: call.row.whom.clone(),
                since: call.row.began,
            })
        });
        let mut held: Vec<Doubt> = held.collect();
        held.sort_by_key(|doubt| doubt.since);
        Ok(held)
    }

    async fn decide(&self, id: &RunId, path: &str, decision: Decision) -> Result<(), RunError> {
        let mut runs = self.lock();
        let run = runs.get_mut(id).ok_or_else(|| super::unknown_run(id))?;
        if run.driven {
            return Err(super::driven_already(id));
        }
        if !run.calls.iter().any(|call| call.held && call.row.path == path) {
            return Err(super::no_doubt(id, path));
        }
        run.free(path);
        if decision == Decision::Done {
            run.record(path, Outcome::decided());
        }
        Ok(())
    }

    async fn reviews(&self) -> Result<Vec<ReviewRow>, RunError> {
        let runs = self.lock();
        let open = runs.values().filter(|run| !run.state().is_final());
        let rows = open.flat_map(|run| {
            run.reviews.values().map(|standing| ReviewRow {
                run: run.head.run.clone(),
                flow: run.head.flow.clone(),
                state: run.state(),
                standing: standing.clone(),
            })
        });
        let mut rows: Vec<ReviewRow> = rows.collect();
        rows.sort_by_key(|row| row.standing.asked.since);
        Ok(rows)
    }

    async fn judge(&self, id: &RunId, path: &str, judged: Judged) -> Result<(), RunError> {
        let mut runs = self.lock();
        let run = runs.get_mut(id).ok_or_else(|| super::unknown_run(id))?;
        let standing = run.reviews.get_mut(path).ok_or_else(|| super::review::no_review(id, path))?;
        match standing.refuses(id, &judged) {
            Some(error) => Err(error),
            None => {
                self.append(id, judged.at, &super::audited::decision(path, &judged));
                standing.judged = Some(judged);
                Ok(())
            }
        }
    }

    async fn audit_trail(&self, run: Option<&RunId>) -> Result<Trail, RunError> {
        let mut trail = self.audit.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(run) = run {
            trail.records.retain(|record| record.run == *run);
            trail.heads.retain(|head| head.run == *run);
        }
        trail.records.sort_by(|a, b| (&a.run, a.seq).cmp(&(&b.run, b.seq)));
        Ok(trail)
    }

    async fn forget(&self, which: &Forget) -> Result<Forgotten, RunError> {
        let (rows, doubts) = (self.runs(&Wanted::default()).await?, self.in_doubt().await?);
        let (gone, kept) = which.choose(rows, &doubts)?;
        let mut runs = self.lock();
        gone.iter().for_each(|run| drop(runs.shift_remove(run)));
        Ok(Forgotten { runs: gone.len() as u64, kept, held_back: None })
    }
}

impl Run {
    fn new(head: RunHead) -> Run {
        let started = Timestamp::now();
        let (steps, order, calls, reviews) = (IndexMap::new(), Vec::new(), Vec::new(), IndexMap::new());
        Run { head, fence: 0, driven: false, started, ended: None, steps, order, calls, reviews }
    }

    fn may_go_on(&self, head: &RunHead) -> Result<(), RunError> {
        if (self.head.plan, &self.head.flow) != (head.plan, &head.flow) {
            return Err(super::another_program(&head.run));
        }
        if self.head.inputs != head.inputs {
            return Err(super::other_inputs(&head.run));
        }
        if self.driven { Err(super::driven_already(&head.run)) } else { Ok(()) }
    }

    fn recorded(&self) -> Recorded {
        let mut recorded = Recorded::default();
        for step in self.steps.values() {
            recorded.step(step.path.clone(), step.outcome.clone());
        }
        for call in &self.calls {
            let used = call.row.took.map(|_| call.row.spent);
            recorded.call(&call.row.path, used.ok_or(call.row.worst), (call.held, call.key.clone()));
        }
        let ended = self.ended.as_ref().map(|(_, ended)| ended);
        recorded.ended = ended.filter(|_| self.state().is_final()).cloned();
        recorded
    }

    fn begin(&mut self, begun: Begun) {
        let Begun { path, attempt, whom, worst, in_doubt, key } = begun;
        let (began, spent) = (Timestamp::now(), Spent::default());
        let row = super::CallRow { path, whom, began, worst, took: None, spent, error: None };
        self.calls.push(Call { attempt, held: in_doubt == InDoubt::Hold, key, row });
    }

    fn record(&mut self, path: &str, outcome: Outcome) {
        self.free(path);
        self.order.push(path.to_owned());
        let row = StepRow { path: path.to_owned(), ended: Timestamp::now(), outcome };
        self.steps.insert(path.to_owned(), row);
    }

    fn free(&mut self, path: &str) {
        self.calls.iter_mut().filter(|call| call.row.path == path).for_each(|call| call.held = false);
    }

    fn state(&self) -> RunState {
        match &self.ended {
            _ if self.driven => RunState::Running,
            Some((_, ended)) => RunState::after(ended.status, ended.error.as_ref()),
            None => RunState::Interrupted,
        }
    }

    fn row(&self) -> RunRow {
        let ended = self.ended.as_ref().filter(|_| !self.driven);
        let until = ended.map_or_else(Timestamp::now, |(at, _)| *at);
        let took = until.duration_since(self.started).as_millis();
        RunRow {
            run: self.head.run.clone(),
            flow: self.head.flow.clone(),
            state: self.state(),
            started: self.started,
            ended: ended.map(|(at, _)| *at),
            took: Millis(u64::try_from(took).unwrap_or(0)),
            spent: match (self.state(), ended) {
                (RunState::Running | RunState::Interrupted, _) | (_, None) => self.recorded().spent,
                (_, Some((_, ended))) => ended.spent,
            },
            error: ended.and_then(|(_, ended)| ended.error.clone()),
        }
    }
}
