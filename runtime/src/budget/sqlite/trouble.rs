//! Why `budget.db` can't be used, and what to do about it.

use super::FORM;
use crate::RunError;
use crate::disk::{self, Kind, Unopened};
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

impl From<Unopened> for Trouble {
    fn from(why: Unopened) -> Trouble {
        match why {
            Unopened::Sqlite(error) => Trouble::Sqlite(error),
            Unopened::Folder(reason) => Trouble::Outside(reason),
            Unopened::Newer(version) => Trouble::Newer(version),
        }
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
                format!("it has the form {version}, and this flowc knows {}", FORM.version()),
                "use the flowc that made it",
            ),
        };
        let message = format!("what was spent today can't be kept in `{}`: {reason}", path.display());
        RunError::outside(message).help(help)
    }
}

fn sqlite(error: &rusqlite::Error, path: &Path) -> (String, &'static str) {
    let (kind, reason) = disk::trouble(error, path);
    let help = match kind {
        Kind::Broken => "it is broken: restore it, or move it away, and the day begins anew at $0.00",
        Kind::Busy => "another program keeps it to itself: end that program, and run again",
        Kind::Full => FULL,
        Kind::Denied => FOLDER,
    };
    (reason, help)
}
