//! `flowc check`: compiles programs and says what is wrong with them.

use crate::console::{Console, Paint, counted};
use crate::exit::{Exit, Failure};
use crate::lock::{self, Current};
use crate::paths;
use crate::project::{ModelArgs, Project};
use crate::report::Report;
use clap::ValueEnum;
use flow_diagnostics::{annotations, json, sarif};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc check                       every .flow file below this folder
  flowc check app.flow lib/         these files, and those in this folder
  flowc check --format json         the findings and their fixes for programs
  flowc check --format sarif        for code scanning; `github` for annotations in an Action
  flowc check --locked              fails where bounds have changed since flow.lock was written
  flowc check --deny-warnings       fails where there are warnings, for continuous integration")]
pub(crate) struct Args {
    /// Programs, or folders with programs.
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    models: ModelArgs,
    /// Fail where there are only warnings, too.
    #[arg(long)]
    deny_warnings: bool,
    /// Compare with flow.lock, and fail where anything has changed since it was written.
    #[arg(long)]
    locked: bool,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// How findings are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For GitHub Actions: annotations in a pull request, and the text as well.
    Github,
}

/// Compiles each program and reports.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let files = paths::flow_files(&args.paths)?;
    let mut report = Report::default();
    let mut changes: Vec<String> = Vec::new();
    let mut misnamed = BTreeSet::new();
    for file in &files {
        let project = Project::open(file, &args.models)?;
        let outcome = project.compile();
        report.add(&project.root, &outcome.sources, &outcome.diagnostics);
        misnamed.extend(outcome.plan.iter().flat_map(|plan| project.config.budget.misnamed(plan)));
        if let (true, Some(plan), Some(bounds)) = (args.locked, &outcome.plan, &outcome.bounds) {
            let place = lock::place(&project);
            let found = lock::changes(&[Current { place: &place, plan, bounds }])?;
            // What is gone is found with every program that is still there.
            changes.extend(found.into_iter().filter(|line| !changes.contains(line)).collect::<Vec<_>>());
        }
        // The process ends soon: taking a large program apart piece by piece is time for nothing.
        std::mem::forget(outcome);
    }
    let (errors, warnings) = report.diagnostics.counts();
    match args.format {
        Format::Sarif => {
            console.json(&sarif::log(&report.diagnostics, &report.sources, env!("CARGO_PKG_VERSION")))?;
        }
        Format::Json => {
            let mut document = json::document(&report.diagnostics, &report.sources);
            if args.locked {
                document["changes"] = changes.as_slice().into();
            }
            console.json(&document)?;
        }
        Format::Text | Format::Github => {
            if args.format == Format::Github {
                console.answer(&annotations::lines(&report.diagnostics, &report.sources))?;
            }
            console.diagnostics(&report.diagnostics, &report.sources);
            for change in &changes {
                console.say(&format!("flow.lock: {change}"));
            }
            for says in &misnamed {
                console.note(&format!("warning: {says}"));
            }
            console.note(&summary(&files, errors, warnings, console.err_colour));
        }
    }
    let failed = errors > 0 || !changes.is_empty() || (args.deny_warnings && warnings > 0);
    Ok(if failed { Exit::Failed } else { Exit::Fine })
}

fn summary(files: &[PathBuf], errors: usize, warnings: usize, colour: bool) -> String {
    let files = match files.len() {
        0 => return "no .flow files here".to_owned(),
        n => counted(n, "file"),
    };
    let (paint, found) = match (errors, warnings) {
        (0, 0) => (Paint::Good, "no problems".to_owned()),
        (0, w) => (Paint::Warn, counted(w, "warning")),
        (e, 0) => (Paint::Bad, counted(e, "error")),
        (e, w) => (Paint::Bad, format!("{}, {}", counted(e, "error"), counted(w, "warning"))),
    };
    format!("checked {files}: {}", paint.on(colour, &found))
}
