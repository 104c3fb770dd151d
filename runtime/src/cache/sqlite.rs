//! A cache in a SQLite file, shared by every process that uses the same state folder.
//!
//! One thread owns the connection, so that no worker of the async runtime ever waits for the disk. An
//! entry whose digest does not fit is forgotten, and a file that is no database is made anew: a cache
//! holds nothing that can't be had again.

use super::{Cache, CacheKey};
use crate::{RunError, codec};
use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::{Millis, Value};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// Entries in `cache.db` of the state folder; the file is made at the first use.
#[derive(Debug)]
pub struct SqliteCache {
    path: PathBuf,
    worker: Mutex<Option<mpsc::Sender<Job>>>,
}

/// Raised with every change of the table or of how values are written; older files are emptied.
const VERSION: i64 = 1;

const SCHEMA: &str = "
    drop table if exists entries;
    create table entries (
        scope blob not null, call blob not null, value text not null, digest blob not null,
        until integer not null, primary key (scope, call)
    ) strict, without rowid;
    create index entries_until on entries (until);
";

/// Entries that are no longer good are deleted once for so many that are kept.
const SWEEP_EVERY: u32 = 256;

impl SqliteCache {
    /// A cache in this state folder.
    pub fn new(state: &Path) -> SqliteCache {
        SqliteCache { path: state.join("cache.db"), worker: Mutex::new(None) }
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Answer<T>>) -> Job) -> Result<T, RunError> {
        let (answer, answered) = oneshot::channel();
        self.worker()?.send(job(answer)).map_err(|_| failed("its thread has ended"))?;
        answered.await.map_err(|_| failed("its thread has ended"))?.map_err(|error| failed(&error))
    }

    fn worker(&self) -> Result<mpsc::Sender<Job>, RunError> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*worker {
            return Ok(sender.clone());
        }
        let (sender, jobs) = mpsc::channel();
        let path = self.path.clone();
        let spawned = std::thread::Builder::new().name("flow-cache".into()).spawn(move || work(&path, &jobs));
        spawned.map_err(|error| failed(&error))?;
        *worker = Some(sender.clone());
        Ok(sender)
    }
}

#[async_trait]
impl Cache for SqliteCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Value>, RunError> {
        self.ask(|answer| Job::Get(*key, answer)).await
    }

    async fn put(&self, key: &CacheKey, value: &Value, ttl: Millis) -> Result<(), RunError> {
        let text = codec::encode(value);
        let until = now().saturating_add(i64::try_from(ttl.0).unwrap_or(i64::MAX));
        self.ask(|answer| Job::Put(*key, text, until, answer)).await
    }
}

type Answer<T> = Result<T, String>;

#[derive(Debug)]
enum Job {
    Get(CacheKey, oneshot::Sender<Answer<Option<Value>>>),
    Put(CacheKey, String, i64, oneshot::Sender<Answer<()>>),
}

// Until the last sender is gone. Nobody may be waiting for an answer any more, which is no error.
fn work(path: &Path, jobs: &mpsc::Receiver<Job>) {
    let mut connection: Option<Connection> = None;
    let mut kept = 0u32;
    for job in jobs {
        let opened = match connection.take() {
            Some(open) => Ok(open),
            None => open(path),
        };
        match (job, &opened) {
            (Job::Get(_, answer), Err(reason)) => drop(answer.send(Err(reason.clone()))),
            (Job::Put(_, _, _, answer), Err(reason)) => drop(answer.send(Err(reason.clone()))),
            (Job::Get(key, answer), Ok(open)) => {
                drop(answer.send(get(open, &key).map_err(|e| e.to_string())))
            }
            (Job::Put(key, text, until, answer), Ok(open)) => {
                kept = kept.wrapping_add(1);
                let done = put(open, &key, &text, until, kept.is_multiple_of(SWEEP_EVERY));
                drop(answer.send(done.map_err(|e| e.to_string())));
            }
        }
        connection = opened.ok();
    }
}

fn open(path: &Path) -> Result<Connection, String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| format!("`{}` can't be made: {e}", folder.display()))?;
    }
    match connect(path) {
        Err(error) if is_broken(&error) => {
            std::fs::remove_file(path).map_err(|e| e.to_string())?;
            connect(path)
        }
        other => other,
    }
    .map_err(|error| error.to_string())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // The last entries before a power failure may be lost, never the file.
    connection.pragma_update(None, "synchronous", "normal")?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(connection)
}

fn get(connection: &Connection, key: &CacheKey) -> rusqlite::Result<Option<Value>> {
    let mut statement = connection
        .prepare_cached("select value, digest from entries where scope = ?1 and call = ?2 and until > ?3")?;
    let found: Option<(String, Vec<u8>)> = statement
        .query_row(params![scope(key), key.call, now()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((text, sum)) = found else { return Ok(None) };
    let value = if digest(key, &text).as_slice() == sum { codec::decode(&text).ok() } else { None };
    if value.is_none() {
        connection
            .execute("delete from entries where scope = ?1 and call = ?2", params![scope(key), key.call])?;
    }
    Ok(value)
}

fn put(connection: &Connection, key: &CacheKey, text: &str, until: i64, sweep: bool) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "insert or replace into entries (scope, call, value, digest, until) values (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![scope(key), key.call, text, digest(key, text), until])?;
    if sweep {
        connection.execute("delete from entries where until <= ?1", [now()])?;
    }
    Ok(())
}

// Everyone's entries have the empty scope: `null` would not be equal to itself.
fn scope(key: &CacheKey) -> &[u8] {
    key.scope.as_ref().map_or(&[], |scope| scope.as_slice())
}

fn digest(key: &CacheKey, text: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&[u8::from(key.scope.is_some())])
        .update(scope(key))
        .update(&key.call)
        .update(text.as_bytes());
    *hasher.finalize().as_bytes()
}

fn is_broken(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(NotADatabase | DatabaseCorrupt))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn failed(reason: &(impl std::fmt::Display + ?Sized)) -> RunError {
    RunError::new(Code::E0810, format!("the cache failed: {reason}"))
        .help("check that the state folder can be written, or take `cache` out of the step")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;
    use ecow::EcoString;
    use flow_plan::Cost;

    const KEY: CacheKey = CacheKey { scope: None, call: [7; 32] };

    #[tokio::test]
    async fn entries_outlive_the_process_and_not_their_time() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let value = Value::record([
            (EcoString::from("price"), Value::Money(Cost(12_500_000_000))),
            (EcoString::from("reply"), Value::text("30 days")),
        ]);
        let first = SqliteCache::new(&state);
        let mine = CacheKey { scope: Some([1; 32]), ..KEY };
        assert_eq!(first.get(&KEY).await, Ok(None));
        first.put(&KEY, &value, Millis(60_000)).await.unwrap();
        first.put(&mine, &Value::Int(1), Millis(1)).await.unwrap();

        let second = SqliteCache::new(&state);
        assert_eq!(second.get(&KEY).await, Ok(Some(value)));
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(second.get(&mine).await, Ok(None));
    }

    #[tokio::test]
    async fn what_was_tampered_with_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let cache = SqliteCache::new(folder.path());
        cache.put(&KEY, &Value::Int(1), Millis(60_000)).await.unwrap();
        let other = Connection::open(folder.path().join("cache.db")).unwrap();
        other.execute("update entries set value = '2'", []).unwrap();
        assert_eq!(cache.get(&KEY).await, Ok(None));
        let left: i64 = other.query_row("select count(*) from entries", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("cache.db"),
            "no database at all, and longer than a header must be",
        )
        .unwrap();
        let cache = SqliteCache::new(folder.path());
        cache.put(&KEY, &Value::Bool(true), Millis(60_000)).await.unwrap();
        assert_eq!(cache.get(&KEY).await, Ok(Some(Value::Bool(true))));

        std::fs::write(folder.path().join("file"), "").unwrap();
        let nowhere = SqliteCache::new(&folder.path().join("file"));
        assert_eq!(nowhere.get(&KEY).await.unwrap_err().code, Code::E0810);
    }

    #[tokio::test]
    async fn many_may_use_it_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let caches: Vec<SqliteCache> = (0..4).map(|_| SqliteCache::new(folder.path())).collect();
        let puts = (0..200u8).map(|i| {
            let key = CacheKey { scope: None, call: [i; 32] };
            let cache = &caches[usize::from(i) % caches.len()];
            async move { cache.put(&key, &Value::Int(i.into()), Millis(60_000)).await }
        });
        assert!(futures::future::join_all(puts).await.iter().all(Result::is_ok));
        for i in 0..200u8 {
            let key = CacheKey { scope: None, call: [i; 32] };
            assert_eq!(caches[0].get(&key).await, Ok(Some(Value::Int(i.into()))));
        }
    }
}
