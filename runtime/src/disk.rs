//! What is wrong with a SQLite file, in the words of the operating system where it knows better.
//!
//! SQLite says of a full disk, a folder that can't be written and a folder in the file's place alike
//! that it can't open the file or that the disk fails. So where it is not certain, the operating
//! system is asked: the file is opened and a little is written beside it.

use rusqlite::ErrorCode;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

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
