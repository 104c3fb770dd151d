//! Why `budget.db` can't be used, and what to do about it.
//!
//! SQLite says of a full disk, a folder that can't be written and a folder in the file's place alike
//! that it can't open the file or that the disk fails. So where it is not certain, the operating
//! system is asked: the file is opened and a little is written beside it.

use super::VERSION;
use crate::RunError;
use flow_diagnostics::Code;
use rusqlite::ErrorCode;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Why the file can't be used.
#[derive(Debug)]
pub(super) enum Trouble {
    Sqlite(rusqlite::Error),
    Outside(String),
    /// It has tables of another version.
    Newer(i64),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::Sqlite(error)
    }
}

const FOLDER: &str = "give `[state] dir` in `flow.toml`, or FLOW_STATE_DIR, a folder that can be written; \
                      without it no call is made that a daily budget pays for";
const FULL: &str = "make room there, or give `[state] dir` in `flow.toml`, or FLOW_STATE_DIR, a folder on \
                    another disk; what was spent until now is still in the file, and no call is made that \
                    can't be kept there";

impl Trouble {
    /// The error of a run.
    pub(super) fn at(&self, path: &Path) -> RunError {
        let (reason, help) = match self {
            Trouble::Sqlite(error) => sqlite(error, path),
            Trouble::Outside(reason) => (reason.clone(), FOLDER),
            Trouble::Newer(version) => (
                format!("it has the form {version}, and this flowc knows {VERSION}"),
                "use the flowc that made it",
            ),
        };
        let message = format!("what was spent today can't be kept in `{}`: {reason}", path.display());
        RunError::new(Code::E0810, message).help(help)
    }
}

fn sqlite(error: &rusqlite::Error, path: &Path) -> (String, &'static str) {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            (error.to_string(), "it is broken: restore it, or move it away, and the day begins anew at $0.00")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (error.to_string(), "another program keeps it to itself: end that program, and run again")
        }
        Some(ErrorCode::DiskFull) => ("the disk is full".to_owned(), FULL),
        _ => match refused(path) {
            Some(reason) if is_full(&reason) => ("the disk is full".to_owned(), FULL),
            Some(reason) => (reason.to_string(), FOLDER),
            None => (error.to_string(), FOLDER),
        },
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

// What the operating system says against writing the file, or beside it, where SQLite keeps its log.
fn refused(path: &Path) -> Option<io::Error> {
    OpenOptions::new().append(true).create(true).open(path).err().or_else(|| {
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
