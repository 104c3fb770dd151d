//! A cache in a SQLite file, shared by every process that uses the same state folder.
//!
//! One thread owns the connection, so that no worker of the async runtime ever waits for the disk. Hits
//! and misses are gathered there and written together. An entry whose seal does not fit is forgotten,
//! and a file that is no database is made anew: a cache holds nothing that can't be had again.
//! [`store`] has the statements.

mod store;
#[cfg(test)]
mod tests;

use super::entry::{Sealed, now};
use super::{Asked, Cache, CacheKey, Count, Entry, Found, Placed, Places, Survey, Which};
use crate::RunError;
use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::Millis;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use store::Store;
use tokio::sync::oneshot;

/// Entries in `cache.db` of the state folder; the file is made at the first use.
#[derive(Debug)]
pub struct SqliteCache {
    path: PathBuf,
    most_bytes: u64,
    worker: Mutex<Option<Worker>>,
}

/// The most that is kept, in bytes of values.
const MOST_BYTES: u64 = 1 << 30;
/// Hits and misses are written when so many wait, or when nothing else was asked for so long, or when the
/// oldest has waited for [`LONGEST`].
const MOST_WAITING: usize = 1024;
const IDLE: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

impl SqliteCache {
    /// A cache in this state folder, of 1 GiB of values at most.
    pub fn new(state: &Path) -> SqliteCache {
        SqliteCache::holding(state, MOST_BYTES)
    }

    /// A cache in this state folder, of so many bytes of values at most.
    pub fn holding(state: &Path, bytes: u64) -> SqliteCache {
        SqliteCache { path: state.join("cache.db"), most_bytes: bytes, worker: Mutex::new(None) }
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Answer<T>>) -> Job) -> Result<T, RunError> {
        let (answer, answered) = oneshot::channel();
        self.send(job(answer))?;
        answered.await.map_err(|_| failed("its thread has ended"))?.map_err(|error| failed(&error))
    }

    fn send(&self, job: Job) -> Result<(), RunError> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match worker.take() {
            Some(running) => running,
            None => Worker::start(self.path.clone(), self.most_bytes)?,
        };
        let sent = running.jobs.send(job).map_err(|_| failed("its thread has ended"));
        *worker = Some(running);
        sent
    }
}

impl Drop for SqliteCache {
    fn drop(&mut self) {
        let worker = self.worker.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Worker { jobs, thread }) = worker {
            drop(jobs);
            // What was counted is written before the process may end. The thread has no more to do than
            // that, and one that has panicked has said so.
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Cache for SqliteCache {
    async fn get(&self, asked: &Asked) -> Result<Found, RunError> {
        self.ask(|answer| Job::Get(asked.clone(), answer)).await
    }

    async fn put(&self, asked: &Asked, entry: &Entry, ttl: Millis) -> Result<(), RunError> {
        let until = now().saturating_add(i64::try_from(ttl.0).unwrap_or(i64::MAX));
        let sealed = Sealed::of(entry, until);
        self.ask(|answer| Job::Put(asked.clone(), sealed, answer)).await
    }

    fn count(&self, asked: &Asked, count: Count) {
        // A count that can't be kept is no reason to keep a run waiting; the next question says why.
        let _ = self.send(Job::Count(asked.clone(), count));
    }

    async fn place(&self, group: &[u8; 32], asked: &Asked, placed: &Placed) -> Result<(), RunError> {
        self.ask(|answer| Job::Place(*group, asked.key, placed.clone(), answer)).await
    }

    async fn placed(&self, group: &[u8; 32], after: u64) -> Result<Places, RunError> {
        self.ask(|answer| Job::Placed(*group, after, answer)).await
    }

    async fn survey(&self) -> Result<Survey, RunError> {
        self.ask(Job::Survey).await
    }

    async fn clear(&self, which: &Which) -> Result<u64, RunError> {
        self.ask(|answer| Job::Clear(which.clone(), answer)).await
    }
}

type Answer<T> = Result<T, String>;

#[derive(Debug)]
struct Worker {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

enum Job {
    Get(Asked, oneshot::Sender<Answer<Found>>),
    Put(Asked, Sealed, oneshot::Sender<Answer<()>>),
    Count(Asked, Count),
    Place([u8; 32], CacheKey, Placed, oneshot::Sender<Answer<()>>),
    Placed([u8; 32], u64, oneshot::Sender<Answer<Places>>),
    Survey(oneshot::Sender<Answer<Survey>>),
    Clear(Which, oneshot::Sender<Answer<u64>>),
}

impl Worker {
    fn start(path: PathBuf, most_bytes: u64) -> Result<Worker, RunError> {
        let (jobs, taken) = channel();
        let name = std::thread::Builder::new().name("flow-cache".into());
        let thread = name.spawn(move || work(&path, most_bytes, &taken)).map_err(|error| failed(&error))?;
        Ok(Worker { jobs, thread })
    }
}

// Until the last sender is gone. Nobody may be waiting for an answer any more, which is no error.
fn work(path: &Path, most_bytes: u64, jobs: &Receiver<Job>) {
    let mut store: Option<Store> = None;
    loop {
        let waits = store.as_ref().is_some_and(|s| s.waiting() > 0);
        let job = match waits {
            true => jobs.recv_timeout(IDLE),
            false => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let ends = matches!(job, Err(RecvTimeoutError::Disconnected));
        let idle = job.is_err();
        if let Ok(job) = job {
            store = done(store, (path, most_bytes), job);
        }
        if let Some(store) = &mut store
            && (idle || store.waiting() >= MOST_WAITING || store.waited() >= LONGEST)
        {
            store.write_counts();
        }
        if ends {
            return;
        }
    }
}

/// Does a job and gives the store back, unless it can't be used any more.
fn done(store: Option<Store>, (path, most_bytes): (&Path, u64), job: Job) -> Option<Store> {
    let mut store = match store.map_or_else(|| Store::open(path, most_bytes), Ok) {
        Ok(store) => store,
        Err(reason) => {
            job.refuse(reason);
            return None;
        }
    };
    let broken = match job {
        Job::Get(asked, answer) => {
            let found = store.get(&asked);
            let broken = found.as_ref().is_err_and(store::is_broken);
            // The whole file is spoilt then, and is made anew.
            let found = if broken { Ok(Found::Spoilt) } else { found };
            tell(path, answer, found);
            broken
        }
        Job::Put(asked, sealed, answer) => tell(path, answer, store.put(&asked, &sealed)),
        Job::Count(asked, count) => {
            store.count(&asked, count);
            false
        }
        Job::Place(group, key, placed, answer) => tell(path, answer, store.place(&group, &key, &placed)),
        Job::Placed(group, after, answer) => tell(path, answer, store.placed(&group, after)),
        Job::Survey(answer) => tell(path, answer, store.survey()),
        Job::Clear(which, answer) => tell(path, answer, store.clear(&which)),
    };
    if !broken {
        return Some(store);
    }
    drop(store);
    // Where it can't be removed, opening it says why.
    let _ = store::remove(path);
    None
}

/// Answers, and says whether the file is broken.
fn tell<T>(path: &Path, answer: oneshot::Sender<Answer<T>>, result: rusqlite::Result<T>) -> bool {
    let broken = result.as_ref().is_err_and(store::is_broken);
    drop(answer.send(result.map_err(|error| store::said(&error, path))));
    broken
}

impl Job {
    fn refuse(self, reason: String) {
        match self {
            Job::Get(_, answer) => drop(answer.send(Err(reason))),
            Job::Put(_, _, answer) => drop(answer.send(Err(reason))),
            Job::Count(..) => {}
            Job::Place(.., answer) => drop(answer.send(Err(reason))),
            Job::Placed(_, _, answer) => drop(answer.send(Err(reason))),
            Job::Survey(answer) => drop(answer.send(Err(reason))),
            Job::Clear(_, answer) => drop(answer.send(Err(reason))),
        }
    }
}

fn failed(reason: &(impl std::fmt::Display + ?Sized)) -> RunError {
    RunError::new(Code::E0810, format!("the cache failed: {reason}"))
        .help("check that the state folder can be written, or take `cache` out of the step")
}
