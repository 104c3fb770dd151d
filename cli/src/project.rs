//! A program with what is configured around it, and its compilation.

use crate::config::{self, Config};
use crate::exit::{Exit, Failure};
use crate::report::Report;
use crate::world::{self, DiskWorld};
use flow_compiler::Outcome;
use flow_compiler::bounds::Bounds;
use flow_diagnostics::did_you_mean;
use flow_plan::Plan;
use flow_runtime::{Context, Environment, Http};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// What stands on the command line about a program: which, and with which models.
#[derive(clap::Args, Debug)]
pub(crate) struct ProgramArgs {
    /// The program, or a folder with a `main.flow`.
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: PathBuf,
    #[command(flatten)]
    pub(crate) models: ModelArgs,
}

/// Which models take the place of those that the program names.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct ModelArgs {
    /// The profile of flow.toml to use, instead of its `default_profile`.
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Put another model in place of one of the program's, as NAME=PROVIDER/MODEL.
    #[arg(long = "model", value_name = "NAME=ID", value_parser = model_override)]
    pub(crate) models: Vec<(String, String)>,
}

/// A program with what is configured around it.
#[derive(Debug)]
pub(crate) struct Project {
    /// The folder of the program.
    pub(crate) root: PathBuf,
    /// The program's name in that folder.
    pub(crate) file: String,
    /// What is configured.
    pub(crate) config: Config,
    /// The variables that the run sees.
    pub(crate) env: Environment,
    /// The names that `--model` puts other models in place of.
    swapped: Vec<String>,
}

impl Project {
    /// Finds the program and reads its configuration.
    pub(crate) fn open(program: &Path, args: &ModelArgs) -> Result<Project, Failure> {
        Project::open_with(program, args, config::load)
    }

    /// The same without what `.env` says.
    pub(crate) fn open_kept(program: &Path, args: &ModelArgs) -> Result<Project, Failure> {
        Project::open_with(program, args, config::kept)
    }

    fn open_with(
        program: &Path,
        args: &ModelArgs,
        load: impl FnOnce(&Path, Option<&str>) -> Result<(Config, Environment), Failure>,
    ) -> Result<Project, Failure> {
        let path = if program.is_dir() { program.join("main.flow") } else { program.to_owned() };
        // Asked for by name, so that a wrong name is wrong usage and not an error in the program.
        if let Err(error) = std::fs::metadata(&path) {
            let help = (program != path).then(|| format!("`{}` is a folder without one", program.display()));
            return Err(Failure::unreadable(&path, &error).maybe_help(help));
        }
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let Some(file) = name else {
            return Err(Failure::usage(format!("`{}` is not a file", path.display())));
        };
        let root = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        if let Err(reason) = world::read_text(&path) {
            return Err(Failure::outside(format!("`{}` cannot be read: {reason}", path.display())));
        }
        let (mut config, env) = load(&root, args.profile.as_deref())?;
        config.models.extend(args.models.iter().cloned());
        let swapped = args.models.iter().map(|(name, _)| name.clone()).collect();
        Ok(Project { root, file, config, env, swapped })
    }

    /// Compiles the program.
    pub(crate) fn compile(&self) -> Outcome {
        flow_compiler::compile(&self.world(), &self.file)
    }

    /// The outside as the program's compilation sees it.
    pub(crate) fn world(&self) -> DiskWorld {
        DiskWorld::new(&self.root, self.config.catalog.clone(), self.config.models.clone())
    }

    /// Compiles the program, and gives its plan with everything that was found.
    /// Without a plan, the findings are the failure.
    pub(crate) fn plan(&self) -> Result<(Plan, Report), Failure> {
        self.bounded().map(|(plan, _, report)| (plan, report))
    }

    /// The same, with what its flows take at worst.
    pub(crate) fn bounded(&self) -> Result<(Plan, Bounds, Report), Failure> {
        let outcome = self.compile();
        let mut report = Report::default();
        report.add(&self.root, &outcome.sources, &outcome.diagnostics);
        match (outcome.plan, outcome.bounds) {
            (Some(plan), bounds) => {
                self.refuse_unknown_models(&plan)?;
                Ok((plan, bounds.unwrap_or_default(), report))
            }
            (None, _) => Err(report.into_failure(Exit::Failed)),
        }
    }

    /// What a run of the program may reach.
    pub(crate) fn context(&self) -> Context {
        Context {
            clock: self.config.clock,
            env: self.env.clone(),
            root: self.root.clone(),
            state: self.config.state.dir.clone(),
            http: Http::default(),
            cancel: CancellationToken::new(),
        }
    }

    // A profile may name models of other programs beside this one; an option is about this one.
    fn refuse_unknown_models(&self, plan: &Plan) -> Result<(), Failure> {
        let names: Vec<&str> = plan.models.iter().map(|m| m.name.as_str()).collect();
        let Some(wrong) = self.swapped.iter().find(|name| !names.contains(&name.as_str())) else {
            return Ok(());
        };
        let help = match did_you_mean(wrong, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "the program has no models".to_owned(),
            None => format!("the models are `{}`", names.join("`, `")),
        };
        Err(Failure::usage(format!("the program has no model `{wrong}`")).help(help))
    }
}

fn model_override(text: &str) -> Result<(String, String), String> {
    let wanted = "write it like `fast=openai/gpt-4o-mini`";
    let (name, id) = text.split_once('=').ok_or(wanted)?;
    if name.is_empty() || id.split_once('/').is_none_or(|(p, m)| p.is_empty() || m.is_empty()) {
        return Err(wanted.to_owned());
    }
    Ok((name.to_owned(), id.to_owned()))
}
