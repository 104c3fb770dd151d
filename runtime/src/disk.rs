//! SQLite files: how one is opened, and what is wrong with it, in the words of the operating system where
//! it knows better.
//!
//! SQLite says of a full disk, a folder that can't be written and a folder in the file's place alike
//! that it can't open the file or that the disk fails. So where it is not certain, the operating
//! system is asked: the file is opened and a little is written beside it.

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long another process may keep a file to itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// What a file holds.
pub(crate) struct Form {
    /// The statements that make the tables, and what every later version has added: one each for a
    /// change of the tables or of how values are written.
    pub(crate) tables: &'static [&'static str],
    /// What is set for each connection.
    pub(crate) tune: fn(&Connection) -> rusqlite::Result<()>,
}

impl Form {
    /// Which version of the tables this is.
    pub(crate) fn version(&self) -> i64 {
        self.tables.len() as i64
    }
}

/// Why a file can't be used.
#[derive(Debug)]
pub(crate) enum Trouble {
    Sqlite(rusqlite::Error),
    /// Something around it: its folder, its thread.
    Outside(String),
    /// It has tables of the first version, and this program knows the second.
    Newer(i64, i64),
}

impl Trouble {
    /// What it says of the file at `path`: its kind, and why, in one line.
    pub(crate) fn of(&self, path: &Path) -> (Kind, String) {
        match self {
            Trouble::Sqlite(error) => trouble(error, path),
            Trouble::Outside(reason) => (Kind::Denied, reason.clone()),
            Trouble::Newer(found, known) => {
                (Kind::Newer, format!("it has the form {found}, and this flowc knows {known}"))
            }
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::Sqlite(error)
    }
}

/// Opens a file that several processes write, and makes it where it is not there.
pub(crate) fn open(path: &Path, form: &Form) -> Result<Connection, Trouble> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .map_err(|e| Trouble::Outside(format!("`{}` can't be made: {e}", folder.display())))?;
    }
    let until = Instant::now() + PATIENCE;
    loop {
        // Where several begin the file at once, SQLite does not wait by itself for all of it.
        match connect(path, form) {
            Err(Trouble::Sqlite(error)) if is_busy(&error) && Instant::now() < until => {
                std::thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
}

/// The version of a file's tables; 0 where it has none yet.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn connect(path: &Path, form: &Form) -> Result<Connection, Trouble> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    (form.tune)(&connection)?;
    if version(&connection)? == form.version() {
        return Ok(connection);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    let added = usize::try_from(found).ok().and_then(|found| form.tables.get(found..));
    for tables in added.ok_or(Trouble::Newer(found, form.version()))? {
        transaction.execute_batch(tables)?;
    }
    transaction.pragma_update(None, "user_version", form.version())?;
    transaction.commit()?;
    Ok(connection)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// What kind of trouble it is; it decides what to do about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// It is no database, or a damaged one.
    Broken,
    /// Another program keeps it to itself.
    Busy,
    /// There is no room.
    Full,
    /// It can't be opened or written.
    Denied,
    /// A newer flowc has made it.
    Newer,
}

/// What an error says of the file at `path`: its kind, and why, in one line.
pub(crate) fn trouble(error: &rusqlite::Error, path: &Path) -> (Kind, String) {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (Kind::Broken, error.to_string()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (Kind::Busy, error.to_string()),
        Some(ErrorCode::DiskFull) => full(),
        _ => match refused(path) {
            Some(reason) if is_full(&reason) => full(),
            Some(reason) => (Kind::Denied, reason.to_string()),
            None => (Kind::Denied, error.to_string()),
        },
    }
}

fn full() -> (Kind, String) {
    (Kind::Full, "the disk is full".to_owned())
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

// What the operating system says against writing the file, or beside it, where SQLite keeps its log.
fn refused(path: &Path) -> Option<io::Error> {
    let file = match path.exists() {
        true => OpenOptions::new().append(true).open(path).err(),
        false => None,
    };
    file.or_else(|| {
        let beside = path.with_extension("probe");
        let written = fs::File::create(&beside).and_then(|mut file| {
            // As much as its index takes at once.
            file.write_all(&[1; 65_536])?;
            file.sync_all()
        });
        // What could not be made need not go, and what remains is empty.
        drop(fs::remove_file(&beside));
        written.err()
    })
}
