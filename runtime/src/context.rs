//! What a run may reach: the environment, the folders, the HTTP client, cancellation.
//! There is no other way out: no globals, no ambient environment.

use crate::Clock;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
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

    /// What to do about a variable that is missing.
    pub(crate) fn how_to_set(&self, name: &str) -> String {
        match self.get(&format!("{name}_FILE")) {
            Some(_) => format!("the file that {name}_FILE names is not there, is empty, or is no text"),
            None => {
                format!("set `{name}` in the environment or in `.env`, or name a file with it by {name}_FILE")
            }
        }
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
    /// The client for every HTTP call.
    pub http: Http,
    /// Fires when the run must stop.
    pub cancel: CancellationToken,
    /// The time of day.
    pub clock: Clock,
}

impl Context {
    /// What a program in the folder `root` may reach, with its state in the folder `state`.
    pub fn new(env: Environment, root: impl Into<PathBuf>, state: impl Into<PathBuf>) -> Context {
        Context {
            env,
            root: root.into(),
            state: state.into(),
            http: Http::default(),
            cancel: CancellationToken::new(),
            clock: Clock::default(),
        }
    }
}

/// The HTTP client with its pool of connections, shared by all its clones.
///
/// It is made when it is first asked for: reading the system's certificates takes 15 ms, which a
/// run that calls nobody should not pay.
#[derive(Clone, Debug, Default)]
pub struct Http {
    client: Made,
    direct: Made,
}

type Made = Arc<OnceLock<Result<reqwest::Client, String>>>;

impl Http {
    /// A client that calls nobody, for `reason`: whoever asks for it is told that.
    pub fn none(reason: &str) -> Http {
        let made = Arc::new(OnceLock::from(Err(reason.to_owned())));
        Http { client: made.clone(), direct: made }
    }

    /// The client; the reason in lower case where there can be none, such as missing certificates.
    pub fn client(&self) -> Result<&reqwest::Client, String> {
        made(&self.client, |client| client)
    }

    /// The same client, which follows no redirect: what changes the world goes where it was sent and
    /// nowhere else.
    pub fn direct(&self) -> Result<&reqwest::Client, String> {
        made(&self.direct, |client| client.redirect(reqwest::redirect::Policy::none()))
    }
}

fn made(
    made: &Made,
    change: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<&reqwest::Client, String> {
    let made = made.get_or_init(|| {
        let client = reqwest::Client::builder().user_agent(concat!("flow/", env!("CARGO_PKG_VERSION")));
        change(client).build().map_err(|e| format!("the HTTP client cannot be made: {e}"))
    });
    made.as_ref().map_err(Clone::clone)
}

impl From<reqwest::Client> for Http {
    fn from(client: reqwest::Client) -> Http {
        let made = Arc::new(OnceLock::from(Ok(client)));
        Http { client: made.clone(), direct: made }
    }
}
