//! Why `budget.db` can't be used, and what to do about it.

use crate::RunError;
use crate::disk::{Kind, Trouble};
use std::path::Path;

const FOLDER: &str = "give `[state] dir` in `flow.toml`, or FLOW_STATE_DIR, a folder that can be written; \
                      without it no call is made that a daily budget pays for";
const FULL: &str = "make room there, or give `[state] dir` in `flow.toml`, or FLOW_STATE_DIR, a folder on \
                    another disk; what was spent until now is still in the file, and no call is made that \
                    can't be kept there";

/// The error of a run that can't use the file at `path`.
pub(super) fn refused(trouble: &Trouble, path: &Path) -> RunError {
    let (kind, reason) = trouble.of(path);
    let help = match kind {
        Kind::Broken => "it is broken: restore it, or move it away, and the day begins anew at $0.00",
        Kind::Busy => "another program keeps it to itself: end that program, and run again",
        Kind::Full => FULL,
        Kind::Denied => FOLDER,
        Kind::Newer => "use the flowc that made it",
    };
    let message = format!("what was spent today can't be kept in `{}`: {reason}", path.display());
    RunError::outside(message).help(help)
}
