//! What a run may reach: the environment, the folders, the HTTP client, cancellation.
//! There is no other way out: no globals, no ambient environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// The environment's variables, read once when the process starts.
#[derive(Clone, Default)]
pub struct Environment {
    /// Variables by name; a value may be a secret and is never printed.
    pub vars: BTreeMap<String, String>,
}

impl Environment {
    /// The value of a variable; an empty one counts as missing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.vars.keys()).finish()
    }
}

/// What a run may reach.
#[derive(Clone, Debug)]
pub struct Context {
    /// The environment's variables.
    pub env: Environment,
    /// The folder of the program: relative paths and globs start here.
    pub root: PathBuf,
    /// The folder for what is kept between runs (`.flow`); made when first written to.
    pub state: PathBuf,
    /// The client for every HTTP call, with its pool of connections.
    pub http: reqwest::Client,
    /// Fires when the run must stop.
    pub cancel: CancellationToken,
}
