//! Accounts in a SQLite file, shared by every process that uses the same state folder.
//!
//! One thread owns the connection. It carries out all that is waiting in one transaction and answers
//! after the commit, so that a thousand runs wait for the disk together and not one after the other.
//! The sums count a hold from the moment it is made: a process that dies leaves its calls charged.
//! The file is never deleted, since nothing else knows what was spent.

mod trouble;

use super::account::{Accounts, Balance, Claim, Denied, Hold, Over, Owner};
use crate::RunError;
use crate::disk::{self, Form, Trouble};
use async_trait::async_trait;
use flow_plan::Cost;
use futures::future::BoxFuture;
use jiff::civil::Date;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use tokio::sync::oneshot;
use trouble::refused;

/// Accounts in `budget.db` of the state folder; the file is made at the first reservation.
#[derive(Debug)]
pub struct SqliteAccounts {
    path: PathBuf,
    worker: Mutex<Option<mpsc::Sender<Job>>>,
}

// INVARIANT: `held` of an account and day is the sum of `worst` over its holds.
const FORM: Form = Form { tables: &[TABLES], tune: |_| Ok(()) };
const TABLES: &str = "
    create table balances (
        account text not null, day text not null, spent integer not null, held integer not null,
        primary key (account, day)
    ) strict, without rowid;
    create table holds (
        id blob not null, account text not null, day text not null, worst integer not null,
        run text not null, primary key (id, account)
    ) strict, without rowid;
";

/// The most that is carried out in one transaction.
const BATCH: usize = 1024;

impl SqliteAccounts {
    /// Accounts in this state folder.
    pub fn new(state: &Path) -> SqliteAccounts {
        SqliteAccounts { path: path_in(state), worker: Mutex::new(None) }
    }

    /// What has become of an account's money on a day, as the file in a state folder says. Nothing is
    /// made where there is none; E0810 where it can't be read. It waits for the disk.
    pub fn balance(state: &Path, owner: &Owner, day: Date) -> Result<Balance, RunError> {
        let path = path_in(state);
        if !path.exists() {
            return Ok(Balance::default());
        }
        let read = || -> Result<Balance, Trouble> {
            let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection.busy_timeout(disk::PATIENCE)?;
            match disk::version(&connection)? {
                0 => Ok(Balance::default()),
                found if found == FORM.version() => Ok(balance(&connection, &key(owner), &day.to_string())?),
                newer => Err(Trouble::Newer(newer, FORM.version())),
            }
        };
        read().map_err(|trouble| refused(&trouble, &path))
    }

    fn send(&self, job: Job) -> Result<(), RunError> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match &*worker {
            Some(sender) => sender,
            None => {
                let (sender, jobs) = mpsc::channel();
                let path = self.path.clone();
                let thread = std::thread::Builder::new().name("flow-budget".into());
                let spawned = thread.spawn(move || work(&path, &jobs));
                spawned.map_err(|error| refused(&Trouble::Outside(error.to_string()), &self.path))?;
                worker.insert(sender)
            }
        };
        sender.send(job).map_err(|_| ended(&self.path))
    }
}

#[async_trait]
impl Accounts for SqliteAccounts {
    async fn reserve(&self, claim: Claim) -> Result<Hold, Denied> {
        let (answer, answered) = oneshot::channel();
        let Hold(id) = Hold::fresh();
        self.send(Job::Reserve(id, claim, answer)).map_err(Denied::Failed)?;
        let mut wanted = Wanted { accounts: self, id, open: true };
        let outcome = answered.await;
        wanted.open = false;
        outcome.map_err(|_| Denied::Failed(ended(&self.path)))??;
        Ok(Hold(id))
    }

    fn settle(&self, hold: Hold, spent: Cost) -> BoxFuture<'static, Result<(), RunError>> {
        let (answer, answered) = oneshot::channel();
        let sent = self.send(Job::Settle(hold.0, spent, answer));
        let path = self.path.clone();
        Box::pin(async move {
            sent?;
            answered.await.map_err(|_| ended(&path))?
        })
    }
}

/// A hold that was asked for. Dropped before there is an answer, it is given back, behind the job
/// that makes it.
struct Wanted<'a> {
    accounts: &'a SqliteAccounts,
    id: u128,
    open: bool,
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        if self.open {
            drop(self.accounts.settle(Hold(self.id), Cost::ZERO));
        }
    }
}

#[derive(Debug)]
enum Job {
    Reserve(u128, Claim, oneshot::Sender<Result<(), Denied>>),
    Settle(u128, Cost, oneshot::Sender<Result<(), RunError>>),
}

// Until the last sender is gone.
fn work(path: &Path, jobs: &mpsc::Receiver<Job>) {
    let mut connection = None;
    while let Ok(first) = jobs.recv() {
        let batch: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1)).collect();
        let opened = match connection.take() {
            Some(open) => Ok(open),
            None => disk::open(path, &FORM),
        };
        // What fails is opened anew for the next batch: the disk may have been mended by then.
        let done = opened.and_then(|mut open| {
            let done = carry_out(&mut open, &batch)?;
            connection = Some(open);
            Ok(done)
        });
        answer(batch, done.map_err(|trouble| refused(&trouble, path)));
    }
}

/// Carries a batch out as a whole, and gives what became of each job.
fn carry_out(connection: &mut Connection, batch: &[Job]) -> Result<Vec<Result<(), Over>>, Trouble> {
    // What was reserved must outlive a power failure. A settlement need not: without it, the call stays
    // charged in full, and the next reservation takes it to the disk.
    let reserves = batch.iter().any(|job| matches!(job, Job::Reserve(..)));
    connection.pragma_update(None, "synchronous", if reserves { "full" } else { "normal" })?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = batch.iter().map(|job| match job {
        Job::Reserve(id, claim, _) => reserve(&transaction, *id, claim),
        Job::Settle(id, spent, _) => settle(&transaction, *id, *spent).map(Ok),
    });
    let done = done.collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(done)
}

// Nobody may be waiting for an answer any more, which is no error.
fn answer(batch: Vec<Job>, done: Result<Vec<Result<(), Over>>, RunError>) {
    let mut done = done.map(Vec::into_iter);
    for job in batch {
        let outcome = match &mut done {
            Ok(outcomes) => outcomes.next().unwrap_or(Ok(())).map_err(Denied::Over),
            Err(error) => Err(Denied::Failed(error.clone())),
        };
        match job {
            Job::Reserve(_, _, answer) => drop(answer.send(outcome)),
            Job::Settle(_, _, answer) => drop(answer.send(outcome.map_err(RunError::from))),
        }
    }
}

fn reserve(connection: &Connection, id: u128, claim: &Claim) -> rusqlite::Result<Result<(), Over>> {
    let day = claim.day.to_string();
    let mut balances = Vec::with_capacity(claim.accounts.len());
    for account in &claim.accounts {
        let key = key(&account.owner);
        let balance = balance(connection, &key, &day)?;
        if let Err(over) = balance.refuses(account, claim.worst) {
            return Ok(Err(over));
        }
        balances.push((key, balance));
    }
    for (account, balance) in balances {
        let mut hold = connection
            .prepare_cached("insert into holds (id, account, day, worst, run) values (?1, ?2, ?3, ?4, ?5)")?;
        hold.execute(params![id.to_be_bytes(), account, day, claim.worst.0, claim.run.0.as_str()])?;
        let mut sum = connection.prepare_cached(
            "insert into balances (account, day, spent, held) values (?1, ?2, 0, ?3)
             on conflict do update set held = excluded.held",
        )?;
        sum.execute(params![account, day, balance.held.plus(claim.worst).0])?;
    }
    Ok(Ok(()))
}

// A hold that is not there was refused, or is settled already.
fn settle(connection: &Connection, id: u128, spent: Cost) -> rusqlite::Result<()> {
    let mut holds =
        connection.prepare_cached("delete from holds where id = ?1 returning account, day, worst")?;
    let held = holds.query_map([id.to_be_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let held: Vec<(String, String, i64)> = held.collect::<rusqlite::Result<_>>()?;
    for (account, day, worst) in held {
        let mut balance = balance(connection, &account, &day)?;
        balance.settle(Cost(worst), spent);
        let mut sum = connection
            .prepare_cached("update balances set spent = ?3, held = ?4 where account = ?1 and day = ?2")?;
        sum.execute(params![account, day, balance.spent.0, balance.held.0])?;
    }
    Ok(())
}

fn balance(connection: &Connection, account: &str, day: &str) -> rusqlite::Result<Balance> {
    let mut sums =
        connection.prepare_cached("select spent, held from balances where account = ?1 and day = ?2")?;
    let found = sums
        .query_row([account, day], |row| Ok(Balance { spent: Cost(row.get(0)?), held: Cost(row.get(1)?) }));
    Ok(found.optional()?.unwrap_or_default())
}

fn key(owner: &Owner) -> String {
    match owner {
        Owner::Project => "project".to_owned(),
        Owner::Flow(name) => format!("flow {name}"),
    }
}

fn path_in(state: &Path) -> PathBuf {
    state.join("budget.db")
}

fn ended(path: &Path) -> RunError {
    refused(&Trouble::Outside("its thread has ended".to_owned()), path)
}

#[cfg(test)]
mod tests;
