//! `flowc doctor`: looks at everything around a program that can keep it from running.
//!
//! Each finding is one line: what was looked at, how it is, and what to do. Keys are never printed.

use crate::config::{self, Config};
use crate::console::{Console, Paint, counted};
use crate::exit::{Exit, Failure};
use crate::paths;
use flow_plan::{Cost, Service};
use flow_runtime::Environment;
use flow_runtime::budget::{SqliteAccounts, today};
use serde_json::json;
use std::path::{Path, PathBuf};

mod network;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc doctor                 looks at this folder
  flowc doctor helpdesk        looks at a project
  flowc doctor --online        also whether the providers can be reached
  flowc doctor --format json   the same for programs

Ends with 1 if something fails, with 0 if there are only warnings.")]
pub(crate) struct Args {
    /// The project's folder.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The profile to look at.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Also try to reach the providers whose keys or base URLs are set.
    #[arg(long)]
    online: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One line of the answer.
#[derive(Debug)]
struct Finding {
    what: String,
    state: State,
    /// How it is.
    says: String,
    /// What to do about it.
    help: Option<String>,
}

impl Finding {
    fn new(what: &str, state: State, says: impl Into<String>) -> Finding {
        Finding { what: what.to_owned(), state, says: says.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Finding {
        self.help = Some(help.into());
        self
    }
}

// The providers on the network, each with how it is reached; of those that share a key, the first.
fn services() -> Vec<(&'static str, Service)> {
    let mut found: Vec<(&'static str, Service)> = Vec::new();
    for spec in flow_runtime::capabilities() {
        let Some(service) = spec.service else { continue };
        if !found.iter().any(|(_, other)| other.keys == service.keys) {
            found.push((spec.name, service));
        }
    }
    found
}

// The first of the variables that is set, and its value.
fn set<'e>(env: &'e Environment, names: &[&'static str]) -> Option<(&'static str, &'e str)> {
    names.iter().find_map(|name| Some((*name, env.get(name)?)))
}

/// Looks at everything and prints the findings.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    if !args.dir.is_dir() {
        let error = std::io::Error::from(if args.dir.exists() {
            std::io::ErrorKind::NotADirectory
        } else {
            std::io::ErrorKind::NotFound
        });
        return Err(Failure::unreadable(&args.dir, &error));
    }
    let mut findings = vec![Finding::new(
        "version",
        State::Ok,
        format!("flowc {} on {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH),
    )];
    match config::load(&args.dir, args.profile.as_deref()) {
        Ok((config, env)) => {
            findings.extend([configuration(&config), dotenv(&config), state(&config.state.dir)]);
            findings.extend(budgets(&config));
            findings.extend(journal(&config)?);
            findings.extend(not_yet(&config));
            findings.extend(unknown_variables(&env));
            findings.extend(keys(&env));
            if args.online {
                findings.extend(network::reach(&env));
            }
        }
        Err(failure) => {
            console.failure(&failure);
            findings.push(
                Finding::new("configuration", State::Fail, "not valid").help("mend what is shown above"),
            );
        }
    }
    print(&findings, args.format, console)?;
    let failed = findings.iter().any(|f| f.state == State::Fail);
    Ok(if failed { Exit::Failed } else { Exit::Fine })
}

fn configuration(config: &Config) -> Finding {
    let Some(file) = &config.file else {
        return Finding::new("configuration", State::Ok, "no flow.toml: everything has its default");
    };
    let profile = match &config.profile {
        Some(name) => format!("profile `{name}`"),
        None => "no profile".to_owned(),
    };
    Finding::new("configuration", State::Ok, format!("{}, {profile}", paths::shown(file)))
}

fn dotenv(config: &Config) -> Finding {
    let files: Vec<String> = config.dotenv.iter().map(|p| paths::shown(p)).collect();
    Finding::new(".env", State::Ok, if files.is_empty() { "none".to_owned() } else { files.join(", ") })
}

fn state(dir: &Path) -> Finding {
    // The folder is made when it is first written to, so the nearest one that exists must take it.
    let nearest = dir.ancestors().find(|d| d.exists() && !d.as_os_str().is_empty());
    let folder = nearest.unwrap_or(Path::new("."));
    let probe = folder.join(format!(".flow-doctor-{}", std::process::id()));
    let tried = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => Finding::new("state", State::Ok, format!("{} can be written", paths::shown(dir))),
        Err(e) => Finding::new("state", State::Fail, format!("{} cannot be written: {e}", paths::shown(dir)))
            .help("set `[state] dir` in flow.toml, or FLOW_STATE_DIR, to a folder that can"),
    }
}

fn budgets(config: &Config) -> Vec<Finding> {
    let finding = |(owner, per_day)| match SqliteAccounts::balance(&config.state.dir, &owner, today()) {
        Ok(balance) => {
            let mut says = format!("{owner} has spent {} of {per_day} today", balance.spent);
            if balance.held > Cost::ZERO {
                says.push_str(&format!(", and {} are set aside", balance.held));
            }
            match balance.spent.plus(balance.held) >= per_day {
                true => Finding::new("budget", State::Warn, says)
                    .help("raise it in `flow.toml`, or wait until 00:00 UTC"),
                false => Finding::new("budget", State::Ok, says),
            }
        }
        Err(error) => Finding::new("budget", State::Fail, error.message).help(error.help.unwrap_or_default()),
    };
    config.budget.owners().map(finding).collect()
}

// Whether the journal can be read, and what waits in it; nothing where nothing was recorded.
fn journal(config: &Config) -> Result<Option<Finding>, Failure> {
    let Some(journal) = config.state.past()? else { return Ok(None) };
    let place = config.state.shown();
    Ok(Some(match super::threads()?.block_on(journal.in_doubt()) {
        Ok(doubts) if doubts.is_empty() => {
            Finding::new("journal", State::Ok, format!("runs are recorded in {place}"))
        }
        Ok(doubts) => {
            let says = format!("{} in doubt", counted(doubts.len(), "action"));
            Finding::new("journal", State::Warn, says).help("`flowc runs --in-doubt` lists them")
        }
        Err(error) => {
            Finding::new("journal", State::Fail, error.message).help(error.help.unwrap_or_default())
        }
    }))
}

fn not_yet(config: &Config) -> Vec<Finding> {
    config
        .not_yet_supported()
        .into_iter()
        .map(|says| Finding::new("configuration", State::Warn, says))
        .collect()
}

fn unknown_variables(env: &Environment) -> Vec<Finding> {
    let ours = env.vars.keys().filter(|name| name.starts_with("FLOW_") && !config::is_known_variable(name));
    ours.map(|name| {
        Finding::new("environment", State::Warn, format!("{name} is not a variable that flowc reads"))
            .help("see `flowc run --help` for those that it reads")
    })
    .collect()
}

fn keys(env: &Environment) -> Vec<Finding> {
    let services = services();
    let with_key: Vec<&str> =
        services.iter().filter(|(_, s)| set(env, s.keys).is_some()).map(|(name, _)| *name).collect();
    let mut found = vec![if with_key.is_empty() {
        let all: Vec<&str> = services.iter().filter_map(|(_, s)| s.keys.first().copied()).collect();
        Finding::new(
            "keys",
            State::Warn,
            "no provider has a key: only sim/… models and local servers can run",
        )
        .help(format!("set one of {}", all.join(", ")))
    } else {
        Finding::new("keys", State::Ok, with_key.join(", "))
    }];
    for (name, service) in services {
        let Some((variable, base)) = set(env, service.bases) else { continue };
        // Ollama's variable may hold a host alone.
        let valid = network::Host::parse(base).is_some() || variable == "OLLAMA_HOST";
        let says = format!("{name} is asked at {}", network::without_secrets(base));
        found.push(if valid {
            Finding::new("base URL", State::Ok, says)
        } else {
            Finding::new("base URL", State::Fail, format!("{variable} is not a URL"))
                .help("write it like `http://localhost:8000/v1`")
        });
    }
    found
}

fn print(findings: &[Finding], format: super::Format, console: &Console) -> Result<(), Failure> {
    let word = |state| match state {
        State::Ok => "ok",
        State::Warn => "warn",
        State::Fail => "fail",
    };
    if format == super::Format::Json {
        let checks: Vec<_> = findings
            .iter()
            .map(|f| json!({ "check": f.what, "state": word(f.state), "message": f.says, "help": f.help }))
            .collect();
        return console.json(&json!({ "checks": checks }));
    }
    let mut text = String::new();
    for f in findings {
        let paint = match f.state {
            State::Ok => Paint::Good,
            State::Warn => Paint::Warn,
            State::Fail => Paint::Bad,
        };
        let state = paint.on(console.out_colour, &format!("{:4}", word(f.state)));
        text.push_str(&format!("{state}  {}: {}\n", f.what, f.says));
        if let Some(help) = &f.help {
            text.push_str(&format!("      help: {help}\n"));
        }
    }
    console.answer(&text)
}
