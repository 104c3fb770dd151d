//! Who drives runs: each process that does has a file of its own in `drivers/` of the state folder and
//! keeps it locked. The system gives the lock back when the process ends, however it ends, so that its
//! runs can be resumed at once and not only after some time of silence.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// This process, as a driver of runs.
#[derive(Debug)]
pub(super) struct Driver {
    /// Its name, which no other process has or had.
    pub(super) id: String,
    path: PathBuf,
    // Locked as long as it is open.
    _file: File,
}

/// Files of drivers that are gone are deleted when they are older.
const OLD: Duration = Duration::from_secs(3600);

impl Driver {
    /// Becomes a driver in this state folder.
    pub(super) fn new(state: &Path) -> io::Result<Driver> {
        let folder = folder(state);
        std::fs::create_dir_all(&folder)?;
        sweep(&folder);
        let id = format!("{:032x}", fastrand::u128(..));
        let path = folder.join(&id);
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.lock()?;
        Ok(Driver { id, path, _file: file })
    }

    /// Whether a driver is alive.
    pub(super) fn is_live(state: &Path, id: &str) -> bool {
        let path = folder(state).join(id);
        // Shared, so that two who look at once do not take each other for the driver.
        match File::open(path).map(|file| file.try_lock_shared()) {
            Err(_) | Ok(Ok(())) => false,
            Ok(Err(TryLockError::WouldBlock)) => true,
            // Where locks can't be asked for, nothing is taken away from anyone.
            Ok(Err(TryLockError::Error(_))) => true,
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // What stays is swept later.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn folder(state: &Path) -> PathBuf {
    state.join("drivers")
}

// Crashed processes leave their files. One that is young may not be locked yet.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let old = entry.metadata().and_then(|m| m.modified()).ok().and_then(|at| at.elapsed().ok());
        if old.is_some_and(|age| age > OLD)
            && File::open(entry.path()).is_ok_and(|file| file.try_lock_shared().is_ok())
        {
            // Another sweeper may have been faster.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;

    #[test]
    fn a_driver_lives_as_long_as_it_is_there() {
        let state = tempfile::tempdir().unwrap();
        let driver = Driver::new(state.path()).unwrap();
        let id = driver.id.clone();
        assert!(Driver::is_live(state.path(), &id));
        drop(driver);
        assert!(!Driver::is_live(state.path(), &id));
        // One that was killed leaves its file.
        std::fs::write(folder(state.path()).join("killed"), "").unwrap();
        assert!(!Driver::is_live(state.path(), "killed"));
    }
}
