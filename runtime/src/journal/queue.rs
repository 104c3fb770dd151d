//! The thread that writes a journal: it carries out all that is waiting in one transaction and answers
//! after the commit, so that a thousand runs wait for the disk together and not one after the other.
//!
//! In: an [`Ask`]. Out: its [`Answer`]. Not here: where things are written, which each [`Store`] decides.

use super::row::{EndedRow, OutcomeRow};
use super::{
    Asked, AttemptId, Begun, Decision, Doubt, Forget, Forgotten, Judged, Recorded, ReviewRow, RunHead, RunId,
    RunRow, Standing, Trace, Used, Wanted,
};
use crate::RunError;
use crate::audit::Trail;
use flow_diagnostics::Code;
use jiff::Timestamp;
use serde_json::Value as Json;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Where a journal is written.
pub(super) trait Store {
    /// Carries a batch out as a whole, and gives what became of each; an error where nothing was
    /// written.
    fn carry_out(&mut self, batch: &[Ask]) -> Result<Vec<Result<Answer, RunError>>, RunError>;

    /// Makes all that was written so far outlive a power failure.
    fn sync(&mut self) -> Result<(), RunError>;
}

/// Opens a store; called again after a failure, since what was wrong may have been mended.
pub(super) type OpenStore = dyn Fn() -> Result<Box<dyn Store>, RunError> + Send + Sync;

/// What a journal is asked. The runs are those of the store's own numbers.
#[derive(Debug)]
pub(super) enum Ask {
    Open(RunHead),
    Begin(Driven, Begun),
    Settle(Driven, AttemptId, Used),
    Record(Driven, String, Box<OutcomeRow>),
    End(Driven, Box<EndedRow>),
    Release(Driven),
    Runs(Wanted),
    Trace(RunId),
    InDoubt,
    Decide(RunId, String, Decision),
    Review(Driven, Box<Asked>),
    Told(Driven, String),
    Reviews,
    Judge(RunId, String, Box<Judged>),
    Audit(RunId, Timestamp, Json),
    Trail(Option<RunId>),
    Forget(Forget),
}

/// A run by its number, and the fence of who drives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Driven {
    pub(super) number: i64,
    pub(super) fence: u64,
}

/// What a store answers.
#[derive(Debug)]
pub(super) enum Answer {
    Done,
    Opened(Driven, Box<Recorded>),
    Runs(Vec<RunRow>),
    Trace(Option<Box<Trace>>),
    Doubts(Vec<Doubt>),
    Forgotten(Forgotten),
    Standing(Box<Standing>),
    Reviews(Vec<ReviewRow>),
    Trail(Box<Trail>),
}

impl Ask {
    /// Whether nothing is written for it.
    pub(super) fn reads(&self) -> bool {
        matches!(self, Ask::Runs(_) | Ask::Trace(_) | Ask::InDoubt | Ask::Reviews | Ask::Trail(_))
    }

    /// Whether it must outlive a power failure before anything is done: an act that could be done
    /// twice, and what a person decided.
    pub(super) fn is_grave(&self) -> bool {
        match self {
            Ask::Begin(_, begun) => begun.in_doubt == super::InDoubt::Hold,
            Ask::Decide(..) | Ask::Judge(..) => true,
            _ => false,
        }
    }
}

/// The queue before the thread, which is started with the first ask.
pub(super) struct Queue {
    open: Arc<OpenStore>,
    worker: Mutex<Option<(mpsc::Sender<Job>, JoinHandle<()>)>>,
}

type Job = (Ask, Option<oneshot::Sender<Result<Answer, RunError>>>);

/// The most that is carried out in one transaction.
const BATCH: usize = 1024;
/// How long what was written may wait until it outlives a power failure. A process that is killed
/// loses nothing in any case.
const UNTIL_SYNCED: Duration = Duration::from_millis(250);

impl Queue {
    pub(super) fn new(open: Arc<OpenStore>) -> Queue {
        Queue { open, worker: Mutex::new(None) }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, ask: Ask) -> Result<Answer, RunError> {
        let (answer, answered) = oneshot::channel();
        self.send((ask, Some(answer)))?;
        answered.await.map_err(|_| ended())?
    }

    /// Asks for something that nobody waits for.
    pub(super) fn tell(&self, ask: Ask) {
        // A thread that has ended is reported by the next that waits for its answer.
        let _ = self.send((ask, None));
    }

    fn send(&self, job: Job) -> Result<(), RunError> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let (sender, _) = match &*worker {
            Some(worker) => worker,
            None => {
                let (sender, jobs) = mpsc::channel();
                let open = self.open.clone();
                let thread = std::thread::Builder::new().name("flow-journal".into());
                let thread = thread
                    .spawn(move || work(&*open, &jobs))
                    .map_err(|e| failed(&format!("no thread can be started for it: {e}")))?;
                worker.insert((sender, thread))
            }
        };
        sender.send(job).map_err(|_| ended())
    }
}

impl Drop for Queue {
    /// Waits until everything is written: the process may end right after.
    fn drop(&mut self) {
        let worker = self.worker.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((sender, thread)) = worker.take() {
            drop(sender);
            // A thread that has panicked has said so.
            let _ = thread.join();
        }
    }
}

// Until the last sender is gone.
fn work(open: &OpenStore, jobs: &mpsc::Receiver<Job>) {
    let mut store: Option<Box<dyn Store>> = None;
    let mut unsynced: Option<Instant> = None;
    // What of the audit record could not be written yet.
    let mut owed: Vec<Ask> = Vec::new();
    loop {
        let first = match unsynced {
            Some(since) => match jobs.recv_timeout(UNTIL_SYNCED.saturating_sub(since.elapsed())) {
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    unsynced = None;
                    // What can't be synced is opened anew, and the next ask says why.
                    if store.as_mut().is_some_and(|s| s.sync().is_err()) {
                        store = None;
                    }
                    continue;
                }
                other => other.ok(),
            },
            None => jobs.recv().ok(),
        };
        let Some(first) = first else {
            if let (Some(store), Some(_)) = (&mut store, unsynced) {
                // Nobody is left to hear of it.
                let _ = store.sync();
            }
            return;
        };
        let (batch, answers): (Vec<Ask>, Vec<_>) = owed
            .drain(..)
            .map(|ask| (ask, None))
            .chain([first])
            .chain(jobs.try_iter().take(BATCH - 1))
            .unzip();
        let done = match store.take() {
            Some(store) => Ok(store),
            None => open(),
        };
        let done = done.and_then(|mut opened| {
            let done = opened.carry_out(&batch)?;
            store = Some(opened);
            Ok(done)
        });
        if batch.iter().any(|ask| !ask.reads()) {
            unsynced.get_or_insert_with(Instant::now);
        }
        if done.is_err() {
            owed = batch.into_iter().filter(|ask| matches!(ask, Ask::Audit(..))).collect();
        }
        answer(answers, done);
    }
}

// Nobody may be waiting for an answer any more, which is no error.
fn answer(
    answers: Vec<Option<oneshot::Sender<Result<Answer, RunError>>>>,
    done: Result<Vec<Result<Answer, RunError>>, RunError>,
) {
    match done {
        Ok(done) => {
            for (answer, done) in answers.into_iter().zip(done) {
                answer.map(|a| a.send(done));
            }
        }
        Err(error) => {
            for answer in answers.into_iter().flatten() {
                let _ = answer.send(Err(error.clone()));
            }
        }
    }
}

fn failed(reason: &str) -> RunError {
    RunError::new(Code::E0810, format!("the journal can't be written: {reason}"))
}

fn ended() -> RunError {
    failed("its thread has ended")
}
