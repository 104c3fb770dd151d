//! `flowc runs`: the runs that are recorded, and the actions that wait for a decision.

mod forget;

use crate::cmd::review;
use crate::config::{self, Config};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::figures::{Round, dollars, seconds};
use crate::table::{self, Align};
use flow_diagnostics::did_you_mean;
use flow_runtime::journal::{Doubt, Journal, RunRow, RunState, Trace, Wanted};
use flow_runtime::privacy::Vault;
use flow_runtime::{Environment, RunId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc runs                                  the last 20 runs of the programs in this folder
  flowc runs --status failed,interrupted      those that can be resumed
  flowc runs --waiting                        what waits for a person; `flowc approve` decides
  flowc runs --in-doubt                       actions of which it is not known whether they happened
  flowc runs --in examples/shop --limit 100 --format json
  flowc runs --forget --older-than 30d        deletes what is recorded of old runs, and gives the room back
  flowc runs --forget 1a2184ed41692d513d2     the same for one

A run is `running`, `interrupted`, `ok`, `stopped` (it refused), `failed` or `waiting` (for a person).
`flowc trace RUN` shows one, and `flowc run --resume RUN` goes on with it.

A run that is forgotten can't be resumed. What is under way is never forgotten, nor what has an action in
doubt; what waits for a person, only with `--status waiting`. What it cost stays charged to the day.")]
pub(crate) struct Args {
    #[command(flatten)]
    place: In,
    /// Runs in these states alone, separated by commas.
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = state)]
    status: Vec<RunState>,
    /// Runs of this flow alone.
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// So many at most.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// The actions that wait for a decision, instead of the runs.
    #[arg(long, conflicts_with_all = ["status", "flow", "limit"])]
    in_doubt: bool,
    /// What waits for a person to decide, instead of the runs.
    #[arg(long, conflicts_with_all = ["status", "limit", "in_doubt"])]
    waiting: bool,
    /// With `--waiting`: the values in full, private ones too.
    #[arg(long, requires = "waiting")]
    values: bool,
    /// Delete these runs, or those that `--older-than`, `--status` and `--flow` say.
    #[arg(long, value_name = "RUN", num_args = 0.., conflicts_with_all = ["in_doubt", "waiting", "limit"])]
    forget: Option<Vec<String>>,
    /// With `--forget`: what was last heard of so long ago: `30d`, `12h`, `2w`.
    #[arg(long, value_name = "TIME", requires = "forget", value_parser = forget::age)]
    older_than: Option<SignedDuration>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

/// Whose runs are meant.
#[derive(clap::Args, Debug)]
pub(crate) struct In {
    /// A program or folder, whose configuration says where runs are recorded; this folder, if missing.
    #[arg(long = "in", value_name = "PATH")]
    pub(crate) within: Option<PathBuf>,
}

/// Lists the runs, or what is in doubt.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let runtime = super::threads()?;
    let (journal, place) = args.place.journal()?;
    let as_json = args.format == super::Format::Json;
    if let Some(named) = &args.forget {
        return forget::forget(args, named, (journal, &place, &runtime), console);
    }
    if args.waiting {
        let found = journal.map(|j| runtime.block_on(j.reviews())).transpose().map_err(Failure::from)?;
        let mut found = found.unwrap_or_default();
        found.retain(|row| args.flow.as_deref().is_none_or(|flow| row.flow == flow));
        if args.values {
            let vault = args.place.vault()?;
            for row in &mut found {
                let Some(value) = &mut row.standing.asked.value else { continue };
                *value = vault.open(value, row.run.0.as_bytes()).map_err(Failure::from)?;
            }
        }
        return review::list(&found, args.values, (as_json, args.place.config()?.clock.now()), console);
    }
    if args.in_doubt {
        let doubts = journal.map(|j| runtime.block_on(j.in_doubt())).transpose().map_err(Failure::from)?;
        return in_doubt(&doubts.unwrap_or_default(), as_json, console);
    }
    let wanted = Wanted { flow: args.flow.clone(), states: args.status.clone(), limit: Some(args.limit) };
    let runs = journal.map(|j| runtime.block_on(j.runs(&wanted))).transpose().map_err(Failure::from)?;
    let runs = runs.unwrap_or_default();
    if as_json {
        let runs: Vec<Json> = runs.iter().map(document).collect();
        console.json(&json!({ "runs": runs }))?;
    } else if runs.is_empty() {
        console.note(&format!("there are no such runs in {place}"));
    } else {
        console.answer(&listed(&runs))?;
    }
    Ok(Exit::Fine)
}

impl In {
    /// The journal, if anything has been recorded, and how its place is called.
    pub(crate) fn journal(&self) -> Result<(Option<Arc<dyn Journal>>, String), Failure> {
        let config = self.config()?;
        Ok((config.state.past()?, config.state.shown()))
    }

    /// What opens the private data of runs.
    pub(crate) fn vault(&self) -> Result<Arc<Vault>, Failure> {
        let (config, env) = self.load()?;
        Ok(config.state.vault(&env))
    }

    /// What is configured there.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Ok(self.load()?.0)
    }

    fn load(&self) -> Result<(Config, Environment), Failure> {
        let root = match &self.within {
            Some(path) if path.is_dir() => path.clone(),
            Some(path) => {
                std::fs::metadata(path).map_err(|e| Failure::unreadable(path, &e))?;
                path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
            }
            None => PathBuf::from("."),
        };
        config::load(&root, None)
    }

    /// A run with all that is recorded of it.
    pub(crate) fn find(&self, run: &str, runtime: &Runtime) -> Result<(Arc<dyn Journal>, Trace), Failure> {
        let (journal, place) = self.journal()?;
        let unknown = |help: String| Failure::usage(format!("there is no run `{run}` in {place}")).help(help);
        let elsewhere =
            "`flowc runs` lists the runs of this folder, and `--in PATH` those of another program";
        let Some(journal) = journal else { return Err(unknown(elsewhere.to_owned())) };
        if let Some(trace) = runtime.block_on(journal.trace(&RunId(run.into()))).map_err(Failure::from)? {
            return Ok((journal, trace));
        }
        let last = Wanted { limit: Some(1000), ..Wanted::default() };
        let known = runtime.block_on(journal.runs(&last)).map_err(Failure::from)?;
        let near = did_you_mean(run, known.iter().map(|r| r.run.0.as_str()));
        Err(unknown(near.map_or(elsewhere.to_owned(), |near| format!("did you mean `{near}`?"))))
    }
}

/// A moment as people read it, in UTC.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A run for programs.
pub(crate) fn document(row: &RunRow) -> Json {
    let error = row.error.as_ref().map(|e| json!({ "code": e.code.name(), "message": e.message }));
    json!({
        "run": row.run.0.as_str(), "flow": row.flow.as_str(), "status": row.state.name(),
        "started": row.started.to_string(), "ended": row.ended.map(|at| at.to_string()),
        "took_ms": row.took.0, "spent": row.spent, "error": error,
    })
}

fn listed(runs: &[RunRow]) -> String {
    let columns = [Align::Left, Align::Left, Align::Left, Align::Left, Align::Right, Align::Right];
    let head = ["run", "flow", "status", "started (UTC)", "took", "dollars"];
    let row = |run: &RunRow| {
        let took = if run.state == RunState::Interrupted && run.ended.is_none() {
            String::new()
        } else {
            seconds(run.took)
        };
        let spent = dollars(run.spent.usd, Round::Up);
        let texts = [run.run.to_string(), run.flow.to_string(), run.state.name().to_owned()];
        texts.into_iter().chain([moment(run.started), took, spent]).collect()
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(head.map(str::to_owned).to_vec()).chain(runs.iter().map(row)).collect();
    table::render(&columns, &rows)
}

fn in_doubt(doubts: &[Doubt], as_json: bool, console: &Console) -> Result<Exit, Failure> {
    if as_json {
        let one = |d: &Doubt| {
            json!({
                "run": d.run.0.as_str(), "flow": d.flow.as_str(), "step": d.path, "action": d.action.as_str(),
                "since": d.since.to_string(),
            })
        };
        let doubts: Vec<Json> = doubts.iter().map(one).collect();
        console.json(&json!({ "in_doubt": doubts }))?;
        return Ok(Exit::Fine);
    }
    if doubts.is_empty() {
        console.note("nothing is in doubt");
        return Ok(Exit::Fine);
    }
    let head = ["run", "flow", "step", "action", "since (UTC)"];
    let row = |d: &Doubt| {
        vec![d.run.to_string(), d.flow.to_string(), d.path.clone(), d.action.to_string(), moment(d.since)]
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(head.map(str::to_owned).to_vec()).chain(doubts.iter().map(row)).collect();
    console.answer(&table::render(&[Align::Left; 5], &rows))?;
    console.note(
        "find out whether each was done, then `flowc resolve RUN STEP --done`, or `--again` to do it when the \
         run is resumed",
    );
    Ok(Exit::Fine)
}

fn state(name: &str) -> Result<RunState, String> {
    let names = RunState::ALL.map(RunState::name);
    RunState::named(name).ok_or_else(|| format!("it is one of {}", names.join(", ")))
}
