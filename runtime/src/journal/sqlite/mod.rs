//! The journal in a SQLite file, shared by every process that uses the same state folder.
//!
//! A commit outlives the process, however that ends. It outlives a power failure as well where an act
//! begins that could be done twice; anything else is taken to the disk a quarter of a second later, so
//! that a step costs microseconds and not a turn of the disk. The file is never deleted.

mod audit;
mod read;
mod review;
mod write;

use super::driver::Driver;
use super::queue::{Answer, Ask, Store};
use crate::RunError;
use crate::disk::{self, Form, Kind};
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Opens the journal of a state folder. The process becomes a driver with its first run.
pub(super) fn open(state: &Path, driver: &SharedDriver) -> Result<Box<dyn Store>, RunError> {
    let path = state.join("journal.db");
    let connection = disk::open(&path, &FORM).map_err(|why| Trouble::File(why).at(&path))?;
    let (state, driver) = (state.to_owned(), driver.clone());
    Ok(Box::new(Sqlite { connection, path, state, driver, durable: false }))
}

/// This process as a driver, once it is one.
pub(super) type SharedDriver = Arc<Mutex<Option<Driver>>>;

struct Sqlite {
    connection: Connection,
    path: PathBuf,
    state: PathBuf,
    driver: SharedDriver,
    // Whether commits wait for the disk.
    durable: bool,
}

// INVARIANT: a call has `ended` once something was heard of it; `held` is 1 as long as it is not known
// whether it happened and it may not be repeated.
const FORM: Form = Form { tables: &[TABLES, review::TABLES, audit::TABLES], tune };
const TABLES: &str = "
    create table runs (
        number integer primary key, run text not null unique, flow text not null, plan blob not null,
        note text not null, inputs text not null, state text not null, fence integer not null,
        driver text, started integer not null, opened integer not null, ended integer,
        took integer not null, output text, error text, usd integer not null, calls integer not null,
        input_tokens integer not null, output_tokens integer not null, cached_calls integer not null
    ) strict;
    create table steps (
        number integer primary key, run integer not null, path text not null, value text, error text,
        attempts integer not null, model text, repaired text, ended integer not null,
        took integer not null, usd integer not null, calls integer not null,
        input_tokens integer not null, output_tokens integer not null, cached_calls integer not null,
        unique (run, path)
    ) strict;
    create table calls (
        run integer not null, attempt integer not null, path text not null, whom text not null,
        worst integer not null, held integer not null, key text, began integer not null, ended integer,
        usd integer, calls integer, input_tokens integer, output_tokens integer, error text,
        primary key (run, attempt)
    ) strict, without rowid;
    create index calls_held on calls (run, path) where held = 1;
    create table synced (times integer not null) strict;
    insert into synced values (0);
";

/// Pages of the log before it is taken into the file: 16 MB.
const LOG_PAGES: i64 = 4000;

impl Store for Sqlite {
    fn carry_out(&mut self, batch: &[Ask]) -> Result<Vec<Result<Answer, RunError>>, RunError> {
        if batch.iter().any(|ask| matches!(ask, Ask::Open(_))) {
            self.become_driver().map_err(|trouble| trouble.at(&self.path))?;
        }
        let durable = batch.iter().any(Ask::is_grave);
        let mut done = self.try_carry_out(batch, durable).map_err(|trouble| trouble.at(&self.path))?;
        for answer in done.iter_mut().flatten() {
            if let Answer::Forgotten(forgotten) = answer
                && forgotten.runs > 0
            {
                forgotten.held_back = self.give_back().err().map(|error| error.to_string());
            }
        }
        Ok(done)
    }

    fn sync(&mut self) -> Result<(), RunError> {
        // A commit that waits for the disk takes all before it there too.
        let synced = self
            .wait_for_disk(true)
            .and_then(|()| self.connection.execute("update synced set times = times + 1", []).map(drop));
        synced.map_err(|error| Trouble::from(error).at(&self.path))
    }
}

impl Sqlite {
    fn try_carry_out(
        &mut self,
        batch: &[Ask],
        durable: bool,
    ) -> Result<Vec<Result<Answer, RunError>>, Trouble> {
        self.wait_for_disk(durable)?;
        let behavior = match batch.iter().all(Ask::reads) {
            true => TransactionBehavior::Deferred,
            false => TransactionBehavior::Immediate,
        };
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        let own = driver.as_ref().map(|d| d.id.as_str()).unwrap_or_default();
        let drivers = Drivers { state: &self.state, own };
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let mut done = Vec::with_capacity(batch.len());
        for ask in batch {
            done.push(match one(&transaction, drivers, ask) {
                Ok(answer) => Ok(answer),
                Err(Trouble::Refused(error)) => Err(error),
                Err(trouble) => return Err(trouble),
            });
        }
        transaction.commit()?;
        Ok(done)
    }

    // Makes the file as small as what is left in it, and the log beside it empty.
    fn give_back(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("vacuum")?;
        self.connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
    }

    fn wait_for_disk(&mut self, durable: bool) -> rusqlite::Result<()> {
        if self.durable != durable {
            self.connection.pragma_update(None, "synchronous", if durable { "full" } else { "normal" })?;
            self.durable = durable;
        }
        Ok(())
    }

    fn become_driver(&self) -> Result<(), Trouble> {
        let mut driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        if driver.is_none() {
            let made = Driver::new(&self.state);
            let folder = self.state.join("drivers");
            *driver = Some(made.map_err(|e| {
                Trouble::File(disk::Trouble::Outside(format!("`{}` can't be written: {e}", folder.display())))
            })?);
        }
        Ok(())
    }
}

/// Who drives runs here.
#[derive(Clone, Copy)]
struct Drivers<'a> {
    state: &'a Path,
    own: &'a str,
}

impl Drivers<'_> {
    /// Whether a run is driven.
    fn is_live(self, id: &str) -> bool {
        id == self.own || Driver::is_live(self.state, id)
    }

    /// Whether a run is driven elsewhere; which are driven here, the journal knows best.
    fn is_elsewhere(self, id: &str) -> bool {
        id != self.own && Driver::is_live(self.state, id)
    }
}

fn one(db: &Connection, drivers: Drivers<'_>, ask: &Ask) -> Result<Answer, Trouble> {
    match ask {
        Ask::Open(head) => write::open(db, drivers, head),
        Ask::Begin(driven, begun) => write::begin(db, *driven, begun),
        Ask::Settle(driven, attempt, used) => write::settle(db, *driven, *attempt, used),
        Ask::Record(driven, path, row) => write::record(db, *driven, path, row),
        Ask::End(driven, row) => write::end(db, *driven, row),
        Ask::Release(driven) => write::release(db, *driven),
        Ask::Decide(run, path, decision) => write::decide(db, drivers, (run, path), *decision),
        Ask::Runs(wanted) => read::runs(db, drivers, wanted).map(Answer::Runs),
        Ask::Trace(run) => Ok(Answer::Trace(read::trace(db, drivers, run)?.map(Box::new))),
        Ask::InDoubt => read::in_doubt(db, drivers).map(Answer::Doubts),
        Ask::Forget(which) => write::forget(db, drivers, which),
        Ask::Review(driven, asked) => review::ask(db, *driven, asked),
        Ask::Told(driven, path) => review::told(db, *driven, path),
        Ask::Reviews => review::reviews(db, drivers).map(Answer::Reviews),
        Ask::Judge(run, path, judged) => review::judge(db, (run, path), judged),
        Ask::Audit(run, at, fields) => audit::append(db, run, (*at, fields)),
        Ask::Trail(run) => Ok(Answer::Trail(Box::new(audit::trail(db, run.as_ref())?))),
    }
}

fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Why something can't be done.
enum Trouble {
    File(disk::Trouble),
    /// What is stored can't be read.
    Broken(String),
    /// One ask is refused; the others of its batch are carried out.
    Refused(RunError),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::File(error.into())
    }
}

impl Trouble {
    fn at(self, path: &Path) -> RunError {
        let (kind, reason) = match self {
            Trouble::Refused(error) => return error,
            Trouble::File(trouble) => trouble.of(path),
            Trouble::Broken(reason) => (Kind::Broken, reason),
        };
        let help = match kind {
            Kind::Broken => BROKEN,
            Kind::Busy => "another program keeps it to itself: end that program, and run again",
            Kind::Full => FULL,
            Kind::Denied => FOLDER,
            Kind::Newer => "use the flowc that made it",
        };
        let message = format!("runs can't be recorded in `{}`: {reason}", path.display());
        RunError::outside(message).help(help)
    }
}

const FOLDER: &str = "give `[state] dir` in `flow.toml`, or FLOW_STATE_DIR, a folder that can be written; \
                      `--no-journal` runs without a record, and then nothing can be resumed";
const BROKEN: &str = "it is broken: restore it, or move it away; a new one is made, and the runs in the old \
                      one can't be resumed";
const FULL: &str = "make room on the disk; what was recorded is safe, and `flowc run --resume` goes on from \
                    there";

#[cfg(test)]
mod tests;
