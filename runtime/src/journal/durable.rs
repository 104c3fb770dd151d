//! A journal that outlives the process, over any [`Store`].

use super::queue::{Answer, Ask, Driven, OpenStore, Queue};
use super::row::{EndedRow, OutcomeRow};
use super::{
    Asked, AttemptId, Begun, Decision, Doubt, Ended, Forget, Forgotten, History, Journal, Judged, Lease,
    Opened, Outcome, ReviewRow, RunHead, RunId, RunRow, Standing, Trace, Used, Wanted, sqlite,
};
use crate::RunError;
use crate::audit::Trail;
use async_trait::async_trait;
use flow_diagnostics::Code;
use jiff::Timestamp;
use serde_json::Value as Json;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A journal in a database. It is opened when it is first used.
#[derive(Clone)]
pub struct DurableJournal {
    queue: Arc<Queue>,
    driving: Driving,
}

// The runs that are driven here. The store may say so of others too, where it could not be told that one
// was given back.
type Driving = Arc<Mutex<HashSet<RunId>>>;

impl DurableJournal {
    /// The journal in `journal.db` of a state folder, made with the folder where it is missing.
    pub fn sqlite(state: &Path) -> DurableJournal {
        let state = state.to_owned();
        let driver = Arc::default();
        DurableJournal::over(Arc::new(move || sqlite::open(&state, &driver)))
    }

    /// The journal in a PostgreSQL database, in the schema `flow`, which is made where it is missing. The
    /// URL is `postgres://user:password@host:5432/database`; the password is never printed.
    #[cfg(feature = "postgres")]
    pub fn postgres(url: &str) -> DurableJournal {
        let url = url.to_owned();
        // The number by which other processes ask whether this one lives.
        let driver = fastrand::i64(..);
        DurableJournal::over(Arc::new(move || super::postgres::open(&url, driver)))
    }

    fn over(open: Arc<OpenStore>) -> DurableJournal {
        DurableJournal { queue: Arc::new(Queue::new(open)), driving: Driving::default() }
    }
}

#[async_trait]
impl Journal for DurableJournal {
    async fn open(&self, head: &RunHead) -> Result<Opened, RunError> {
        let claim = Claim::of(&head.run, &self.driving)?;
        let Answer::Opened(driven, recorded) = self.queue.ask(Ask::Open(head.clone())).await? else {
            return Err(unasked());
        };
        let over = recorded.ended.is_some();
        let queue = self.queue.clone();
        let give_back = move |number: i64, fence: u64| {
            queue.tell(Ask::Release(Driven { number, fence }));
            drop(claim);
        };
        let lease = Lease {
            run: head.run.clone(),
            fence: driven.fence,
            number: driven.number,
            over,
            give_back: (!over).then(|| Box::new(give_back) as _),
        };
        Ok(Opened { lease, recorded: *recorded })
    }

    async fn begin(&self, lease: &Lease, begun: Begun) -> Result<(), RunError> {
        if lease.over {
            return Err(over(&lease.run, &begun.path));
        }
        self.queue.ask(Ask::Begin(driven(lease), begun)).await.map(drop)
    }

    fn settle(&self, lease: &Lease, attempt: AttemptId, used: Used) {
        if !lease.over {
            self.queue.tell(Ask::Settle(driven(lease), attempt, used));
        }
    }

    async fn record(&self, lease: &Lease, path: &str, outcome: &Outcome) -> Result<(), RunError> {
        if lease.over {
            return Ok(());
        }
        let row = Box::new(OutcomeRow::of(outcome));
        self.queue.ask(Ask::Record(driven(lease), path.to_owned(), row)).await.map(drop)
    }

    async fn ask(&self, lease: &Lease, asked: Asked) -> Result<Standing, RunError> {
        if lease.over {
            return Err(over(&lease.run, &asked.path));
        }
        match self.queue.ask(Ask::Review(driven(lease), Box::new(asked))).await? {
            Answer::Standing(standing) => Ok(*standing),
            _ => Err(unasked()),
        }
    }

    async fn told(&self, lease: &Lease, path: &str) -> Result<(), RunError> {
        match lease.over {
            true => Ok(()),
            false => self.queue.ask(Ask::Told(driven(lease), path.to_owned())).await.map(drop),
        }
    }

    fn audit(&self, lease: &Lease, at: Timestamp, fields: Json) {
        if !lease.over {
            self.queue.tell(Ask::Audit(lease.run.clone(), at, fields));
        }
    }

    async fn end(&self, mut lease: Lease, ended: &Ended) -> Result<(), RunError> {
        if lease.over {
            return Ok(());
        }
        let done = self.queue.ask(Ask::End(driven(&lease), Box::new(EndedRow::of(ended)))).await;
        if done.is_ok() {
            lease.give_back = None;
        }
        done.map(drop)
    }
}

#[async_trait]
impl History for DurableJournal {
    async fn runs(&self, wanted: &Wanted) -> Result<Vec<RunRow>, RunError> {
        match self.queue.ask(Ask::Runs(wanted.clone())).await? {
            Answer::Runs(runs) => Ok(runs),
            _ => Err(unasked()),
        }
    }

    async fn trace(&self, run: &RunId) -> Result<Option<Trace>, RunError> {
        match self.queue.ask(Ask::Trace(run.clone())).await? {
            Answer::Trace(trace) => Ok(trace.map(|t| *t)),
            _ => Err(unasked()),
        }
    }

    async fn in_doubt(&self) -> Result<Vec<Doubt>, RunError> {
        match self.queue.ask(Ask::InDoubt).await? {
            Answer::Doubts(mut doubts) => {
                let driving = self.driving.lock().unwrap_or_else(PoisonError::into_inner);
                doubts.retain(|doubt| !driving.contains(&doubt.run));
                Ok(doubts)
            }
            _ => Err(unasked()),
        }
    }

    async fn decide(&self, run: &RunId, path: &str, decision: Decision) -> Result<(), RunError> {
        let _claim = Claim::of(run, &self.driving)?;
        self.queue.ask(Ask::Decide(run.clone(), path.to_owned(), decision)).await.map(drop)
    }

    async fn reviews(&self) -> Result<Vec<ReviewRow>, RunError> {
        match self.queue.ask(Ask::Reviews).await? {
            Answer::Reviews(reviews) => Ok(reviews),
            _ => Err(unasked()),
        }
    }

    async fn judge(&self, run: &RunId, path: &str, judged: Judged) -> Result<(), RunError> {
        self.queue.ask(Ask::Judge(run.clone(), path.to_owned(), Box::new(judged))).await.map(drop)
    }

    async fn audit_trail(&self, run: Option<&RunId>) -> Result<Trail, RunError> {
        match self.queue.ask(Ask::Trail(run.cloned())).await? {
            Answer::Trail(trail) => Ok(*trail),
            _ => Err(unasked()),
        }
    }

    async fn forget(&self, which: &Forget) -> Result<Forgotten, RunError> {
        match self.queue.ask(Ask::Forget(which.clone())).await? {
            Answer::Forgotten(forgotten) => Ok(forgotten),
            _ => Err(unasked()),
        }
    }
}

/// A run that is driven here, as long as this is there.
struct Claim {
    run: RunId,
    driving: Driving,
}

impl Claim {
    fn of(run: &RunId, driving: &Driving) -> Result<Claim, RunError> {
        let mut runs = driving.lock().unwrap_or_else(PoisonError::into_inner);
        match runs.insert(run.clone()) {
            true => Ok(Claim { run: run.clone(), driving: driving.clone() }),
            false => Err(super::driven_already(run)),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.driving.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.run);
    }
}

fn driven(lease: &Lease) -> Driven {
    Driven { number: lease.number, fence: lease.fence }
}

/// The error for a call that a run wants which has ended for good.
pub(super) fn over(run: &RunId, path: &str) -> RunError {
    let message = format!("run `{run}` has ended, and `{path}` would be called now");
    RunError::new(Code::E0810, message).help("start a new run")
}

fn unasked() -> RunError {
    RunError::new(Code::E0810, "the journal has answered something else than it was asked")
}
