//! `[state]` of `flow.toml`: where is kept what outlives a run.
//!
//! In: the table, and the `FLOW_STATE_…` variables that are stronger. Out: a [`State`].

use super::file::{Reader, Value};
use crate::exit::Failure;
use crate::paths;
use flow_runtime::Environment;
use flow_runtime::journal::{DurableJournal, Journal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What `[state]` says.
#[derive(Debug, Default)]
pub(crate) struct StateTable {
    dir: Option<String>,
    journal: Option<String>,
}

/// Where is kept what outlives a run.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The folder.
    pub(crate) dir: PathBuf,
    /// Where runs are recorded.
    pub(crate) journal: Place,
}

/// Where runs are recorded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum Place {
    /// In a file of the state folder.
    #[default]
    Folder,
    /// Nowhere: runs can't be resumed.
    Nowhere,
}

const KEYS: [&str; 2] = ["dir", "journal"];
const HELP: &str = "it is `sqlite`, for a file in the state folder, or `none`";

impl StateTable {
    /// Reads the table; what is wrong in it is left out and reported.
    pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> StateTable {
        let mut out = StateTable::default();
        for (key, value) in reader.table(value).into_iter().flatten() {
            match key.get_ref().as_ref() {
                "dir" => out.dir = reader.text(value),
                "journal" => {
                    let text = reader.text(value);
                    if let Some(text) = text.as_deref().filter(|text| place(text).is_none()) {
                        let message = format!("`{text}` is no journal");
                        reader.report(value.span(), message, Some(HELP.to_owned()));
                    } else {
                        out.journal = text;
                    }
                }
                _ => reader.unknown(key, &KEYS),
            }
        }
        out
    }
}

impl State {
    /// What is written, with the environment over it; paths start from the folder `base`.
    pub(super) fn load(written: StateTable, env: &Environment, base: &Path) -> Result<State, Failure> {
        let dir = match env.get("FLOW_STATE_DIR") {
            Some(dir) => PathBuf::from(dir),
            None => base.join(written.dir.as_deref().unwrap_or(".flow")),
        };
        if dir.to_str().is_some_and(|s| s.contains("://")) {
            return Err(Failure::usage("a shared store for the state is not yet supported")
                .help("give `state.dir` a folder, such as `.flow`"));
        }
        let journal = match env.get("FLOW_STATE_JOURNAL").map(str::to_owned).or(written.journal) {
            Some(text) => place(&text).ok_or_else(|| {
                Failure::usage(format!("`FLOW_STATE_JOURNAL` is no journal: `{text}`")).help(HELP)
            })?,
            None => Place::default(),
        };
        Ok(State { dir, journal })
    }

    /// The journal that runs are recorded in, if they are.
    pub(crate) fn journal(&self) -> Option<Arc<dyn Journal>> {
        match &self.journal {
            Place::Folder => Some(Arc::new(DurableJournal::sqlite(&self.dir))),
            Place::Nowhere => None,
        }
    }

    /// The journal where something has been recorded; `None` where nothing has, and nothing is made.
    pub(crate) fn past(&self) -> Option<Arc<dyn Journal>> {
        match &self.journal {
            Place::Folder if !self.dir.join("journal.db").exists() => None,
            _ => self.journal(),
        }
    }

    /// The journal's place, for messages.
    pub(crate) fn shown(&self) -> String {
        match &self.journal {
            Place::Folder => paths::shown(&self.dir.join("journal.db")),
            Place::Nowhere => "a journal, since `[state] journal` is `none`".to_owned(),
        }
    }
}

fn place(text: &str) -> Option<Place> {
    match text {
        "sqlite" => Some(Place::Folder),
        "none" => Some(Place::Nowhere),
        _ => None,
    }
}
