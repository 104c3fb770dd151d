//! `--record` and `--replay`: cassettes in files.

use crate::console::{Console, counted};
use crate::exit::{Exit, Failure};
use crate::paths;
use flow_diagnostics::Code;
use flow_plan::Plan;
use flow_runtime::cassette::{Cassette, Hidden, Recorder, Replay, Tape, Unrecordable};
use flow_runtime::{Environment, RunReport};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A cassette that is being recorded.
pub(crate) struct Recording {
    path: PathBuf,
    recorder: Arc<Recorder>,
}

/// The cassette in a file, to be played.
pub(crate) fn replayed(path: &Path, plan: &Plan, env: &Environment) -> Result<Arc<Replay>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::unreadable(path, &e))?;
    let cassette = Cassette::read(&paths::shown(path), &text)?;
    Ok(Arc::new(Replay::new(cassette, Hidden::of(plan, env))))
}

/// Says what a replay is, and which of the recorded calls it did not make.
pub(crate) fn note_of_replay(replay: &Replay, path: &Path, console: &Console) {
    let shown = paths::shown(path);
    console.note(&format!("replayed from `{shown}`: no model was asked and no action carried out"));
    match replay.left() {
        0 => {}
        n => console.note(&format!(
            "{} in `{shown}` {} not made",
            counted(n, "call"),
            if n == 1 { "was" } else { "were" }
        )),
    }
}

impl Recording {
    /// Begins a cassette.
    pub(crate) fn create(path: &Path, plan: &Plan, env: &Environment) -> Result<Recording, Failure> {
        let made = Recorder::create(path, Hidden::of(plan, env));
        let recorder = made.map_err(|reason| match reason {
            Unrecordable::Other => {
                Failure::usage(format!("`{}` is no cassette, and is not overwritten", path.display()))
                    .help("name a cassette, or a file that is not there yet")
            }
            Unrecordable::Io(error) => Failure::unwritable(path, &error),
        })?;
        Ok(Recording { path: path.to_owned(), recorder: Arc::new(recorder) })
    }

    /// Who writes it.
    pub(crate) fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// What a run records with.
    pub(crate) fn tape(&self) -> Tape {
        Tape::Record(self.recorder.clone())
    }

    /// Ends the cassette after a run, and says what is on it. The exit code, where the run's own was
    /// `exit`.
    pub(crate) fn finish(&self, done: &RunReport, exit: Exit, console: &Console) -> Exit {
        let interrupted = done.error.as_ref().is_some_and(|e| e.code == Code::E0812);
        self.end(interrupted, exit, console)
    }

    /// The same, where it is known whether something was stopped from outside.
    pub(crate) fn end(&self, interrupted: bool, exit: Exit, console: &Console) -> Exit {
        let shown = paths::shown(&self.path);
        match self.recorder.finish(interrupted) {
            Ok(calls) => {
                let so_far = if interrupted { "; the rest is missing" } else { "" };
                console.note(&format!("recorded {} in `{shown}`{so_far}", counted(calls, "call")));
                exit
            }
            Err(error) => {
                let failure = Failure::unwritable(&self.path, &error)
                    .help("the cassette is not whole; the run itself is not changed by that");
                console.failure(&failure);
                if exit == Exit::Fine { failure.exit() } else { exit }
            }
        }
    }
}
