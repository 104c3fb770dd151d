//! What is configured around a program: `flow.toml`, `prices.toml`, `.env` and the `FLOW_…` variables.
//!
//! In: the program's folder and the process's environment. Out: [`Config`] and the
//! [`Environment`] that the run sees. The strongest wins: the command line, then `FLOW_…`
//! variables, then the chosen profile, then the rest of `flow.toml`.

mod budget;
mod cache;
mod dotenv;
mod file;
mod from_files;
mod prices;
mod reviews;
mod state;

pub(crate) use budget::{Budget, dollars};
pub(crate) use cache::CachePlace;
pub(crate) use file::{FlowToml, LIMITS, Profile};
pub(crate) use prices::{PRICES, own_models};
pub(crate) use state::State;

use crate::exit::{Exit, Failure};
use crate::paths;
use flow_diagnostics::{Diagnostics, Sources, did_you_mean};
use flow_plan::Catalog;
use flow_runtime::audit::FLOW_AUDIT_KEY;
use flow_runtime::review::Webhook;
use flow_runtime::{Clock, Environment, FLOW_CLOCK, Limit};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is configured, with every override applied.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The `flow.toml`, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// The chosen profile.
    pub(crate) profile: Option<String>,
    /// Model ids by their name in the program, in place of what the program says.
    pub(crate) models: BTreeMap<String, String>,
    /// The models that are known: the embedded catalogue, with the project's prices over it.
    pub(crate) catalog: Catalog,
    /// Limits by provider.
    pub(crate) limits: BTreeMap<String, Limit>,
    /// What flows may spend a day.
    pub(crate) budget: Budget,
    /// Where state lives.
    pub(crate) state: State,
    /// Where answers are kept.
    pub(crate) cache: CachePlace,
    /// Where traces go.
    pub(crate) telemetry: Option<String>,
    /// Who is told that a run waits for a person.
    pub(crate) webhook: Option<Webhook>,
    /// The time of day.
    pub(crate) clock: Clock,
    /// The `.env` files that were read.
    pub(crate) dotenv: Vec<PathBuf>,
}

impl Config {
    /// The limits, as all runs of this process share them.
    pub(crate) fn shared_limits(&self) -> flow_runtime::Limits {
        flow_runtime::Limits::new(self.limits.iter().map(|(name, limit)| (name.clone(), *limit)).collect())
    }

    /// Limits of providers that there are not, one line each.
    pub(crate) fn misnamed_limits(&self) -> Vec<String> {
        let providers = flow_runtime::provider::builtin();
        let names: Vec<&str> = providers.iter().map(|p| p.spec().name).collect();
        let unknown = self.limits.keys().filter(|name| !names.contains(&name.as_str()));
        let says = |name: &String| match did_you_mean(name, names.iter().copied()) {
            Some(near) => format!("`[limits.{name}]` names no provider; did you mean `{near}`?"),
            None => format!("`[limits.{name}]` names no provider, and holds nobody to anything"),
        };
        unknown.map(says).collect()
    }

    /// What is configured but not carried out yet, one line each.
    pub(crate) fn not_yet_supported(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.telemetry.is_some() {
            out.push("telemetry is configured but not yet sent".to_owned());
        }
        out
    }
}

/// Whether a `FLOW_…` variable is one that [`load`] reads.
pub(crate) fn is_known_variable(name: &str) -> bool {
    let prefixes = ["FLOW_MODELS_", "FLOW_LIMITS_", "FLOW_BUDGET_FLOWS_"];
    let names = [
        "FLOW_PROFILE",
        "FLOW_STATE_DIR",
        "FLOW_STATE_JOURNAL",
        "FLOW_STATE_URL",
        "FLOW_CACHE_URL",
        "FLOW_BUDGET_PER_DAY",
        "FLOW_TELEMETRY_ENDPOINT",
        "FLOW_REVIEWS_WEBHOOK",
        "FLOW_USER",
        FLOW_CLOCK,
        FLOW_AUDIT_KEY,
    ];
    names.contains(&name) || prefixes.iter().any(|p| name.starts_with(p))
}

/// The first of these variables that is set.
pub(crate) fn first_of(names: &[&str]) -> Option<String> {
    let env = process_environment();
    names.iter().find_map(|name| env.get(name)).map(str::to_owned)
}

/// Reads everything that is configured for a program in this folder.
pub(crate) fn load(root: &Path, profile: Option<&str>) -> Result<(Config, Environment), Failure> {
    let file = find(root);
    let base = file.as_deref().and_then(Path::parent).unwrap_or(root);
    let mut env = process_environment();
    let dotenv = dotenv::read(&[root, base], &mut env)?;
    from_files::read(&mut env)?;
    let written = match &file {
        Some(path) => read(path)?,
        None => FlowToml::default(),
    };
    let catalog = prices::catalog(base)?;
    let profile =
        profile.or(env.get("FLOW_PROFILE")).or(written.default_profile.as_deref()).map(str::to_owned);
    let swapped = match &profile {
        Some(name) => profile_of(&written, name, file.as_deref())?.models.clone(),
        None => BTreeMap::new(),
    };
    let mut models = written.models;
    models.extend(swapped);
    models.extend(with_prefix(&env, "FLOW_MODELS_"));
    let mut limits = written.limits;
    override_limits(&env, &mut limits)?;
    let mut budget = written.budget;
    budget.override_from(&env)?;
    let state = State::load(written.state, &env, base)?;
    let cache = written.cache.override_from(&env)?;
    let telemetry = env.get("FLOW_TELEMETRY_ENDPOINT").map(str::to_owned).or(written.telemetry_endpoint);
    let webhook = reviews::webhook(written.webhook, &env)?;
    let clock = Clock::of(&env).map_err(|wrong| {
        Failure::usage(wrong).help("write it like `+7d`: a sign and a number of `s`, `m`, `h` or `d`")
    })?;
    let config = Config {
        file,
        profile,
        models,
        catalog,
        limits,
        budget,
        state,
        cache,
        telemetry,
        webhook,
        clock,
        dotenv,
    };
    Ok((config, env))
}

/// The nearest `flow.toml`, from the folder upwards to the root of its git repository.
pub(crate) fn find(root: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(root).ok()?;
    for folder in start.ancestors() {
        let candidate = folder.join("flow.toml");
        if candidate.is_file() {
            return Some(candidate);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The models that are known to programs in this folder.
pub(crate) fn known_models(root: &Path) -> Result<Catalog, Failure> {
    prices::catalog(&project_folder(root))
}

/// The folder of the nearest `flow.toml`; this folder where there is none.
pub(crate) fn project_folder(root: &Path) -> PathBuf {
    let file = find(root);
    file.as_deref().and_then(Path::parent).unwrap_or(root).to_owned()
}

fn process_environment() -> Environment {
    // A variable that is not UTF-8 cannot be a key, a URL or a name, and is left out.
    let vars = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    Environment { vars: vars.collect() }
}

fn read(path: &Path) -> Result<FlowToml, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::unreadable(path, &e))?;
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let file = sources.add(paths::shown(path), text.as_str());
    let written = file::parse(&text, file, &mut diagnostics);
    if diagnostics.has_errors() {
        diagnostics.sort();
        return Err(Failure::Diagnostics { exit: Exit::Usage, diagnostics, sources });
    }
    Ok(written)
}

fn profile_of<'a>(written: &'a FlowToml, name: &str, file: Option<&Path>) -> Result<&'a Profile, Failure> {
    if let Some(profile) = written.profiles.get(name) {
        return Ok(profile);
    }
    let failure = Failure::usage(format!("unknown profile `{name}`"));
    let Some(file) = file else {
        return Err(failure.help("profiles are written in `flow.toml`, and there is none"));
    };
    let names: Vec<&str> = written.profiles.keys().map(String::as_str).collect();
    let help = match did_you_mean(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => format!("`{}` has no profiles", paths::shown(file)),
        None => format!("the profiles are `{}`", names.join("`, `")),
    };
    Err(failure.help(help))
}

fn with_prefix<'a>(env: &'a Environment, prefix: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    let vars = env.vars.iter().filter(|(_, value)| !value.is_empty());
    vars.filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?.to_lowercase(), value.clone())))
}

// FLOW_LIMITS_OPENAI_REQUESTS_PER_MINUTE=60
fn override_limits(env: &Environment, limits: &mut BTreeMap<String, Limit>) -> Result<(), Failure> {
    for (name, value) in with_prefix(env, "FLOW_LIMITS_") {
        let known = LIMITS.iter().find_map(|key| Some((name.strip_suffix(key)?.strip_suffix('_')?, *key)));
        let variable = format!("FLOW_LIMITS_{}", name.to_uppercase());
        let Some((provider, key)) = known else {
            return Err(Failure::usage(format!("`{variable}` names no limit"))
                .help(format!("it ends with one of {}", LIMITS.join(", ").to_uppercase())));
        };
        let Some(number) = value.parse().ok().filter(|number| *number > 0) else {
            return Err(Failure::usage(format!("`{variable}` is not a whole number above 0: `{value}`")));
        };
        let provider = provider.replace('_', "-");
        file::set(limits.entry(provider).or_default(), key, number);
    }
    Ok(())
}
