//! `--resume`: finds the run in its journal, with the program, the models and the inputs that it was
//! started with.

use super::{Args, outcome};
use crate::cmd::runs::In;
use crate::cmd::trace;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::project::ModelArgs;
use crate::report::Report;
use flow_plan::Value;
use flow_runtime::journal::{Journal, RunState, Trace};
use flow_runtime::privacy::Vault;
use flow_runtime::{RunReport, RunStatus};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A run that is to go on.
pub(super) struct Resumed {
    /// What is recorded of it.
    pub(super) trace: Trace,
    /// Where.
    pub(super) journal: Arc<dyn Journal>,
    /// Its program, unless the command line names one.
    pub(super) program: PathBuf,
    /// Its models, unless the command line names others.
    pub(super) models: ModelArgs,
    // What opens the private data in the record.
    vault: Arc<Vault>,
}

/// What a run keeps in its journal to be resumed by: how its program was named and compiled.
pub(super) fn note(program: &Path, profile: Option<&str>, models: &ModelArgs) -> String {
    let program = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
    json!({ "program": program.to_string_lossy(), "profile": profile, "models": models.models }).to_string()
}

/// The program of a run, unless `named` is one, and the models that it was started with.
pub(crate) fn program_of(trace: &Trace, named: Option<&Path>) -> Result<(PathBuf, ModelArgs), Failure> {
    let note: Json = serde_json::from_str(&trace.note).unwrap_or_default();
    let program = named.map(Path::to_owned).or_else(|| note["program"].as_str().map(from_here));
    let Some(program) = program else {
        let run = &trace.run.run;
        return Err(Failure::usage(format!("run `{run}` does not say which program it is of"))
            .help(format!("name it: `flowc run PROGRAM --resume {run}`")));
    };
    let profile = note["profile"].as_str().map(str::to_owned);
    let models = serde_json::from_value(note["models"].clone()).unwrap_or_default();
    Ok((program, ModelArgs { profile, models }))
}

impl Resumed {
    /// Finds a run of the program that the command line names, or else in this folder's journal.
    pub(super) fn find(args: &Args, run: &str, runtime: &Runtime) -> Result<Resumed, Failure> {
        let place = In { within: args.program.clone() };
        let (journal, trace) = place.find(run, runtime)?;
        let vault = place.vault()?;
        let (program, noted) = program_of(&trace, args.program.as_deref())?;
        let mut models = args.models.clone();
        models.profile = models.profile.or(noted.profile);
        if models.models.is_empty() {
            models.models = noted.models;
        }
        Ok(Resumed { trace, journal, program, models, vault })
    }

    /// Its inputs, as they were given. E0810 where what is private in them can't be read.
    pub(super) fn inputs(&self) -> Result<Vec<Value>, Failure> {
        let inputs = self.trace.inputs.iter().map(|input| self.opened(input));
        inputs.collect()
    }

    fn opened(&self, value: &Value) -> Result<Value, Failure> {
        self.vault.open(value, self.trace.run.run.0.as_bytes()).map_err(Failure::from)
    }

    /// Prints the recorded end of a run that has ended for good.
    pub(super) fn print(&self, as_json: bool, console: &Console) -> Result<Exit, Failure> {
        let run = &self.trace.run;
        let report = RunReport {
            run: run.run.clone(),
            flow: run.flow.clone(),
            status: if run.state == RunState::Ok { RunStatus::Ok } else { RunStatus::Stopped },
            output: self.trace.output.as_ref().map(|output| self.opened(output)).transpose()?,
            error: run.error.clone(),
            spent: run.spent,
            took: run.took,
            steps: Vec::new(),
            waiting: Vec::new(),
        };
        if as_json {
            let mut document = serde_json::to_value(&report)
                .map_err(|e| Failure::outside(format!("the report cannot be written: {e}")))?;
            document["steps"] = self.trace.steps.iter().map(trace::step).collect();
            console.json(&document)?;
            return Ok(outcome::exit_of(&report));
        }
        console.note(&format!("run {} has ended; this is what is recorded of its end", run.run));
        if let Some(output) = &report.output {
            outcome::answer(output, "", console)?;
        }
        if let Some(error) = &report.error {
            outcome::explain(&report, error, &Report::default(), console);
        }
        Ok(outcome::exit_of(&report))
    }
}

// As people would name it from where they are.
fn from_here(program: &str) -> PathBuf {
    let path = PathBuf::from(program);
    let below = std::env::current_dir().ok().and_then(|cwd| path.strip_prefix(cwd).ok().map(Path::to_owned));
    below.unwrap_or(path)
}
