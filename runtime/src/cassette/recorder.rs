//! Writes a cassette while a run goes on.
//!
//! Each call is written when it has ended, so that a process that dies leaves what it has heard. At the
//! end the calls are put into the order of the program, so that two recordings of one run compare well,
//! whichever of its steps was faster.

use super::{Asked, Cassette, Exchange, Hidden, Outcome, Privates};
use crate::provider::{CallError, Reply, Wish};
use crate::{RunError, RunId, StepPath};
use ecow::EcoString;
use flow_plan::Millis;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A cassette that is being recorded.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    hidden: Hidden,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    // The numbers of runs.
    runs: HashMap<EcoString, u64>,
    // Calls begun so far.
    begun: u64,
    calls: Vec<Kept>,
    // Calls that were given up: written at the end, since then it is known why.
    dropped: Vec<Kept>,
    // The first failure; nothing is written after it.
    failed: Option<io::Error>,
}

#[derive(Debug)]
struct Kept {
    order: Order,
    exchange: Exchange,
}

// Which run it is of, where the program has the step, and which of all calls it is.
type Order = (u64, Vec<((u32, u32), EcoString, u32)>, u64);

/// Why nothing can be recorded in a file.
#[derive(Debug)]
pub enum Unrecordable {
    /// The file holds something that is no cassette, and is not overwritten.
    Other,
    /// It can't be read or written.
    Io(io::Error),
}

impl Recorder {
    /// Begins a cassette in place of one that may be there. Nothing of what `hidden` knows is written.
    pub fn create(path: &Path, hidden: Hidden) -> Result<Recorder, Unrecordable> {
        let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
        if is_file {
            let there = std::fs::read(path).map_err(Unrecordable::Io)?;
            let text = String::from_utf8_lossy(&there);
            if !text.trim().is_empty() && !Cassette::is_one(&text) {
                return Err(Unrecordable::Other);
            }
        }
        let mut file = File::create(path).map_err(Unrecordable::Io)?;
        let failed = file.write_all(Cassette::first_line().as_bytes()).err();
        let state =
            State { file, runs: HashMap::new(), begun: 0, calls: Vec::new(), dropped: Vec::new(), failed };
        Ok(Recorder { path: path.to_owned(), hidden, state: Mutex::new(state) })
    }

    /// Says where the calls of a run stand among those of others: those of a lower number come first.
    pub fn expect_run(&self, run: &RunId, number: u64) {
        self.with(|state| state.runs.insert(run.0.clone(), number));
    }

    /// What is not written.
    pub(crate) fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// Begins the record of a call.
    pub(crate) fn begin(
        self: &Arc<Recorder>,
        (run, path): (&RunId, &StepPath),
        asked: Asked,
        privates: Privates,
    ) -> Take {
        let order = self.with(|state| {
            state.begun += 1;
            (state.runs.get(&run.0).copied().unwrap_or(0), path.order(), state.begun)
        });
        let step = ecow::eco_format!("{path}");
        let open = Some(Open { order, step, asked });
        Take { recorder: self.clone(), privates, open, said: String::new() }
    }

    /// Ends the cassette; `interrupted` where the run was stopped from outside, so that what it gave up
    /// says nothing of it. How many calls it holds, or the first failure to write.
    pub fn finish(&self, interrupted: bool) -> Result<usize, io::Error> {
        self.with(|state| {
            if let Some(failed) = state.failed.take() {
                return Err(failed);
            }
            let in_order = state.calls.is_sorted_by(|a, b| a.order <= b.order);
            let dropped = std::mem::take(&mut state.dropped);
            if in_order && (interrupted || dropped.is_empty()) {
                return state.file.flush().map(|()| state.calls.len());
            }
            if !interrupted {
                state.calls.extend(dropped);
            }
            state.calls.sort_by(|a, b| a.order.cmp(&b.order));
            let lines = state.calls.iter().map(|kept| kept.exchange.lines());
            let text = Cassette::first_line() + &lines.collect::<String>();
            self.replace(state, &text).map(|()| state.calls.len())
        })
    }

    // In one step, so that there is a whole cassette at every moment.
    fn replace(&self, state: &mut State, text: &str) -> Result<(), io::Error> {
        if !state.file.metadata()?.is_file() {
            // What is no file keeps the order in which things came.
            return Ok(());
        }
        let path = std::fs::canonicalize(&self.path)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let beside = path.with_file_name(name);
        let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
        if written.is_err() {
            // The calls are in the cassette all the same.
            let _ = std::fs::remove_file(&beside);
        }
        written
    }

    fn put(&self, kept: Kept) {
        self.with(|state| {
            if matches!(kept.exchange.outcome, Outcome::Dropped(_)) {
                return state.dropped.push(kept);
            }
            if state.failed.is_none() {
                state.failed = state.file.write_all(kept.exchange.lines().as_bytes()).err();
            }
            state.calls.push(kept);
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The record of a call under way. Dropped before its end, it is one that was given up.
pub(crate) struct Take {
    recorder: Arc<Recorder>,
    privates: Privates,
    open: Option<Open>,
    said: String,
}

struct Open {
    order: Order,
    step: EcoString,
    asked: Asked,
}

impl Take {
    /// A piece of the answer has come.
    pub(crate) fn said(&mut self, piece: &str) {
        self.said.push_str(piece);
    }

    /// The call has ended.
    pub(crate) fn ended(&mut self, result: Result<&Reply, &CallError>) {
        let outcome = match result {
            // The name of the call at its provider would be another in every recording.
            Ok(reply) => Outcome::Answered(Reply { request_id: None, ..reply.clone() }),
            Err(error) => Outcome::Failed(error.clone(), std::mem::take(&mut self.said)),
        };
        self.close(outcome);
    }

    /// It has not ended within its time.
    pub(crate) fn late(&mut self) {
        let said = std::mem::take(&mut self.said);
        self.close(Outcome::Late(said));
    }

    /// It was not made; `again` says whether another try makes sense, and when.
    pub(crate) fn not_asked(&mut self, error: &RunError, again: Option<Option<Millis>>) {
        let error = RunError { step: None, span: None, ..error.clone() };
        self.close(Outcome::NotAsked(error, again));
    }

    fn close(&mut self, outcome: Outcome) {
        let Some(Open { order, step, asked }) = self.open.take() else { return };
        let outcome = outcome.without(|text| self.recorder.hidden.hide(text, &self.privates));
        self.recorder.put(Kept { order, exchange: Exchange { step, asked, outcome } });
    }
}

impl Drop for Take {
    fn drop(&mut self) {
        let said = std::mem::take(&mut self.said);
        self.close(Outcome::Dropped(said));
    }
}

impl Outcome {
    /// The outcome with all its texts changed.
    pub(super) fn without(self, hide: impl Fn(&str) -> String) -> Outcome {
        let error = |e: RunError| RunError { message: hide(&e.message), help: e.help.map(|h| hide(&h)), ..e };
        match self {
            Outcome::Answered(reply) => {
                let wish = |wish: Wish| Wish { tool: hide(&wish.tool), args: hide(&wish.args) };
                let wish = reply.wish.clone().map(wish);
                Outcome::Answered(Reply { text: hide(&reply.text), wish, ..reply })
            }
            Outcome::Failed(failed, said) => {
                let help = failed.help.as_deref().map(&hide);
                Outcome::Failed(CallError { message: hide(&failed.message), help, ..failed }, hide(&said))
            }
            Outcome::Late(said) => Outcome::Late(hide(&said)),
            Outcome::Dropped(said) => Outcome::Dropped(hide(&said)),
            Outcome::NotAsked(failed, again) => Outcome::NotAsked(error(failed), again),
        }
    }
}
