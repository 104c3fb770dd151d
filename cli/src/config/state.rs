//! `[state]` of `flow.toml`: where is kept what outlives a run.
//!
//! In: the table, and the `FLOW_STATE_…` variables that are stronger. Out: a [`State`].

use super::file::{Reader, Value};
use crate::exit::Failure;
use crate::paths;
use flow_runtime::Environment;
use flow_runtime::audit::{AuditKey, FLOW_AUDIT_KEY};
use flow_runtime::journal::{DurableJournal, Journal};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What `[state]` says.
#[derive(Debug, Default)]
pub(crate) struct StateTable {
    pub(super) dir: Option<String>,
    journal: Option<Kind>,
    url: Option<Url>,
}

/// Where is kept what outlives a run.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The folder.
    pub(crate) dir: PathBuf,
    journal: Place,
}

/// Where runs are recorded.
#[derive(Debug, Default)]
enum Place {
    /// In a file of the state folder.
    #[default]
    Folder,
    /// In a database.
    Database(Url),
    /// Nowhere: runs can't be resumed.
    Nowhere,
}

/// What `journal` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Sqlite,
    None,
}

/// The address of a database, which may hold a password.
#[derive(Clone)]
#[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "without PostgreSQL it is only refused"))]
struct Url(String);

const KEYS: [&str; 3] = ["dir", "journal", "url"];
const KINDS: &str = "it is `sqlite`, for a file in the state folder, or `none`; `url` is for PostgreSQL";
const WRITTEN: &str = "write it like `postgres://user@host:5432/database`";

impl StateTable {
    /// Reads the table; what is wrong in it is left out and reported.
    pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> StateTable {
        let mut out = StateTable::default();
        for (key, value) in reader.table(value).into_iter().flatten() {
            match key.get_ref().as_ref() {
                "dir" => out.dir = reader.text(value),
                "url" => {
                    let text = reader.text(value);
                    out.url = text.as_deref().and_then(Url::read);
                    if text.is_some() && out.url.is_none() {
                        let message = "this is no address of a database".to_owned();
                        reader.report(value.span(), message, Some(WRITTEN.to_owned()));
                    }
                }
                "journal" => {
                    let text = reader.text(value);
                    out.journal = text.as_deref().and_then(Kind::named);
                    if let (Some(text), None) = (text, out.journal) {
                        let message = format!("`{text}` is no journal");
                        reader.report(value.span(), message, Some(KINDS.to_owned()));
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
            return Err(Failure::usage("the folder for state is no folder")
                .help("give `[state] dir` a folder, such as `.flow`; a database is named in `[state] url`"));
        }
        let kind = match env.get("FLOW_STATE_JOURNAL") {
            Some(text) => Some(Kind::named(text).ok_or_else(|| {
                Failure::usage(format!("`FLOW_STATE_JOURNAL` is no journal: `{text}`")).help(KINDS)
            })?),
            None => written.journal,
        };
        let url = match env.get("FLOW_STATE_URL") {
            Some(text) => Some(Url::read(text).ok_or_else(|| {
                Failure::usage("`FLOW_STATE_URL` is no address of a database").help(WRITTEN)
            })?),
            None => written.url,
        };
        let journal = match (kind, url) {
            (Some(Kind::None), _) => Place::Nowhere,
            (None, Some(url)) => Place::Database(url),
            (Some(Kind::Sqlite), _) | (None, None) => Place::Folder,
        };
        Ok(State { dir, journal })
    }

    /// The journal that runs are recorded in, if they are.
    pub(crate) fn journal(&self) -> Result<Option<Arc<dyn Journal>>, Failure> {
        Ok(match &self.journal {
            Place::Folder => Some(Arc::new(DurableJournal::sqlite(&self.dir))),
            Place::Database(url) => Some(in_database(url)?),
            Place::Nowhere => None,
        })
    }

    /// The journal where something may have been recorded; `None` where nothing has, and nothing is
    /// made.
    pub(crate) fn past(&self) -> Result<Option<Arc<dyn Journal>>, Failure> {
        match &self.journal {
            Place::Folder if !self.dir.join("journal.db").exists() => Ok(None),
            _ => self.journal(),
        }
    }

    /// The key by which data is named in the audit record: `FLOW_AUDIT_KEY`, or the one in the state folder.
    pub(crate) fn audit_key(&self, env: &Environment) -> Result<AuditKey, Failure> {
        match env.get(FLOW_AUDIT_KEY) {
            Some(text) if text.trim().len() < 32 => {
                Err(Failure::usage(format!("`{FLOW_AUDIT_KEY}` is too short"))
                    .help("give it 32 characters or more: `openssl rand -hex 32`"))
            }
            Some(text) => Ok(AuditKey::new(text)),
            None => AuditKey::kept_in(&self.dir).map_err(Failure::from),
        }
    }

    /// The journal's place, for messages.
    pub(crate) fn shown(&self) -> String {
        match &self.journal {
            Place::Folder => paths::shown(&self.dir.join("journal.db")),
            Place::Database(_) => "the database of `[state] url`".to_owned(),
            Place::Nowhere => "a journal, since `[state] journal` is `none`".to_owned(),
        }
    }
}

#[cfg(feature = "postgres")]
fn in_database(url: &Url) -> Result<Arc<dyn Journal>, Failure> {
    Ok(Arc::new(DurableJournal::postgres(&url.0)))
}

#[cfg(not(feature = "postgres"))]
fn in_database(_: &Url) -> Result<Arc<dyn Journal>, Failure> {
    Err(Failure::usage("this flowc was built without PostgreSQL")
        .help("build it with the feature `postgres`, or leave out `[state] url`"))
}

impl Kind {
    fn named(name: &str) -> Option<Kind> {
        match name {
            "sqlite" => Some(Kind::Sqlite),
            "none" => Some(Kind::None),
            _ => None,
        }
    }
}

impl Url {
    fn read(text: &str) -> Option<Url> {
        let known = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        known.then(|| Url(text.to_owned()))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
