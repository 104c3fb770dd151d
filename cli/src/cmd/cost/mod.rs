//! `flowc cost`: what flows take at worst and at best, as a table for each.

mod document;
mod markdown;
mod numbers;
mod rates;
mod rows;
mod runs;
mod text;
mod witness;

use super::Form;
use crate::console::{Console, counted};
use crate::exit::{Exit, Failure};
use crate::lock;
use crate::paths;
use crate::project::{ModelArgs, Project};
use crate::report::Report;
use flow_compiler::bounds::Priced;
use flow_compiler::parse_rate;
use flow_diagnostics::did_you_mean;
use flow_plan::{FlowId, Rate};
use rows::{Program, Shown};
use runs::Past;
use std::path::PathBuf;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc cost                            every flow of every program below this folder
  flowc cost app.flow --flow support    one flow
  flowc cost --profile live             with the models of a profile
  flowc cost app.flow --at rows=2M      with another size; also `draft.retry=0`, `fast.max_output=1k`
  flowc cost app.flow --solve rows      how large a number may be so that everything fits
  flowc cost app.flow --from-runs a.jsonl b.jsonl     what runs took, beside the worst case
  flowc cost app.flow --assume draft.fails=2%         what is expected where 2 % of attempts fail
  flowc cost --lock                     writes flow.lock, to be kept with the program
  flowc cost --locked                   what has changed since, for continuous integration
  flowc cost app.flow --witness         inputs and answers that reach the worst case, in app.witness.json
  flowc cost --format markdown          for a pull request
  flowc cost --format json | jq '.flows[].worst.usd'

The worst case is proven: no run takes more. The best case is a run in which nothing fails.

Numbers that can be set and solved for: `max_output` of models, `retry`, `timeout`, the bounds of the
flows' inputs by their names, how much lookups find by theirs, and `repeat up to` by the step's name.
Several of one name are told apart by whose they are: `fast.max_output`, `draft.retry`.

Rates, as in `assume:` lines of a flow: `draft.fails=2%`, `draft.escalates=10%`, `draft.hits=40%` of its
cache, `draft.hedges=5%`, `check.taken=30%` of an `if`, `kind.billing.taken=60%` of a `match`, and sizes:
`rows.averages=40`, `draft.averages=120 tokens`. What is expected is an estimate; no bound follows from it.

Exit code 1: a flow is over its budget or deadline, or the program has other errors; with --locked,
something has changed.")]
pub(crate) struct Args {
    /// Programs, or folders with programs.
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    models: ModelArgs,
    /// Only the flow of this name.
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// Set a number, such as an input's bound, and show the cost at it.
    #[arg(long, value_name = "NAME=VALUE", value_parser = numbers::setting)]
    at: Vec<(String, String)>,
    /// Find the largest value of a number with which every budget, deadline and window holds.
    #[arg(long, value_name = "NAME")]
    solve: Option<String>,
    /// Files that `flowc run --events FILE` wrote: show what those runs took.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    from_runs: Vec<PathBuf>,
    /// Say how often something happens, beside the `assume:` lines of the flows: show what is expected.
    #[arg(long, value_name = "STEP.RATE=VALUE", value_parser = parse_rate)]
    assume: Vec<Rate>,
    /// Write flow.lock: digests of prompts, prices, counted tokens and the worst cases.
    #[arg(long, conflicts_with_all = ["at", "solve", "from_runs", "assume", "flow"])]
    lock: bool,
    /// Say what has changed since flow.lock was written, and fail where anything has.
    #[arg(long, conflicts_with_all = ["lock", "at", "solve", "from_runs", "assume", "flow"])]
    locked: bool,
    /// Look for the dearest run of each flow, and write its inputs and answers to FILE, or to
    /// PROGRAM.witness.json beside the program. `flowc test --witness` plays it.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true,
        conflicts_with_all = ["lock", "locked", "solve", "from_runs"])]
    witness: Option<Option<PathBuf>>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
}

/// Prints what the flows take.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let (mut programs, report) = compiled(args)?;
    if args.lock || args.locked {
        return locked(args, &programs, report, console);
    }
    let asks = args.solve.is_some() || !args.at.is_empty() || !args.assume.is_empty();
    if asks && programs.iter().any(|p| p.priced.bounds.is_none()) {
        return Err(report.into_failure(Exit::Failed));
    }
    let flows = args.chosen(&programs)?;
    numbers::set(&mut programs, &flows, &args.at)?;
    if let Some(name) = &args.solve {
        return solved(&numbers::solve(&programs, &flows, name)?, args, console);
    }
    if let Some(file) = &args.witness {
        if programs.iter().any(|p| p.priced.bounds.is_none()) || exceeds(&programs, &flows) {
            return Err(report.into_failure(Exit::Failed));
        }
        return witness::witnesses((&programs, &flows), file.as_ref(), args, console);
    }
    let assumed = rates::of(&programs, &flows, &args.assume)?;
    let past = Past::read(&args.from_runs)?;
    let programs_with = programs.iter().zip(&flows).zip(&assumed);
    let shown: Vec<Shown<'_>> =
        programs_with.flat_map(|((p, flows), assumed)| p.shown(flows, &past, assumed)).collect();
    if !args.from_runs.is_empty() && !shown.is_empty() && shown.iter().all(|s| s.ran.is_none()) {
        return Err(past.of_others(&shown));
    }
    let exit = complained(&programs, &shown, &report, console);
    match args.format {
        Form::Json => console.json(&document::document(&shown))?,
        Form::Markdown => console.answer(&markdown::page(&shown))?,
        Form::Text if shown.is_empty() && exit == Exit::Fine => console.note("no flows here"),
        Form::Text => console.answer(&text::tables(&shown, console))?,
    }
    Ok(exit)
}

// Whether what is wanted exceeds something, with the numbers that were set.
fn exceeds(programs: &[Program], flows: &[Vec<FlowId>]) -> bool {
    let over = |(program, flows): (&Program, &Vec<FlowId>)| {
        let mut bounds = program.priced.bounds.iter().flat_map(|b| &b.flows);
        bounds.any(|b| flows.contains(&b.flow) && !program.priced.excess(b).is_empty())
    };
    programs.iter().zip(flows).any(over)
}

// Writes the lock, or compares with it. A program with errors is not worth keeping.
fn locked(args: &Args, programs: &[Program], report: Report, console: &Console) -> Result<Exit, Failure> {
    if report.diagnostics.has_errors() {
        return Err(report.into_failure(Exit::Failed));
    }
    let current: Vec<lock::Current<'_>> = programs.iter().filter_map(Program::current).collect();
    if args.lock {
        for file in lock::write(&current)? {
            console.note(&format!("wrote {file}"));
        }
        return Ok(Exit::Fine);
    }
    let changes = lock::changes(&current)?;
    match args.format {
        Form::Json => console.json(&serde_json::json!({ "changes": changes }))?,
        Form::Markdown => console.answer(&changes.iter().map(|l| format!("- {l}\n")).collect::<String>())?,
        Form::Text => console.answer(&changes.join("\n"))?,
    }
    if changes.is_empty() {
        console.note("nothing has changed since flow.lock was written");
        return Ok(Exit::Fine);
    }
    let n = counted(changes.len(), "change");
    console.note(&format!("{n} since flow.lock was written; `flowc cost --lock` takes them in"));
    Ok(Exit::Failed)
}

// Says what is wrong: of programs as they are written, what was found; where numbers were set, what
// is exceeded with them.
fn complained(programs: &[Program], shown: &[Shown<'_>], report: &Report, console: &Console) -> Exit {
    if programs.iter().all(|p| !p.turned) {
        let (errors, _) = report.diagnostics.counts();
        if errors > 0 {
            console.diagnostics(&report.diagnostics, &report.sources);
        }
        return if errors > 0 { Exit::Failed } else { Exit::Fine };
    }
    let mut exit = Exit::Fine;
    for flow in shown {
        for excess in flow.excess() {
            console.say(&format!("error: {}", numbers::exceeded(flow.plan(), &flow.flow.name, &excess)));
            exit = Exit::Failed;
        }
    }
    exit
}

fn solved(found: &[numbers::Solved<'_>], args: &Args, console: &Console) -> Result<Exit, Failure> {
    let lines: Vec<String> = found.iter().map(numbers::Solved::line).collect();
    match args.format {
        Form::Json => {
            let solved: Vec<_> = found.iter().map(numbers::Solved::document).collect();
            console.json(&serde_json::json!({ "solved": solved }))?;
        }
        Form::Markdown => console.answer(&lines.iter().map(|l| format!("- {l}\n")).collect::<String>())?,
        Form::Text => console.answer(&lines.join("\n"))?,
    }
    Ok(if found.iter().all(numbers::Solved::fits) { Exit::Fine } else { Exit::Failed })
}

// Every program that is meant, and what is wrong with them.
fn compiled(args: &Args) -> Result<(Vec<Program>, Report), Failure> {
    let mut report = Report::default();
    let mut programs = Vec::new();
    for path in paths::flow_files(&args.paths)? {
        let project = Project::open(&path, &args.models)?;
        let priced = Priced::compile(&project.world(), &project.file);
        report.add(&project.root, &priced.sources, &priced.diagnostics);
        let (file, place) = (paths::shown(&path), lock::place(&project));
        programs.push(Program { file, path, priced, place, turned: false });
    }
    Ok((programs, report))
}

impl Args {
    // The flows of each program that are meant.
    fn chosen(&self, programs: &[Program]) -> Result<Vec<Vec<FlowId>>, Failure> {
        let wanted = |name: &str| self.flow.as_deref().is_none_or(|flow| flow == name);
        let chosen: Vec<Vec<_>> = programs.iter().map(|p| p.flows(wanted)).collect();
        let known = programs.iter().all(|p| p.priced.bounds.is_some());
        if let (Some(name), true, true) = (&self.flow, known, chosen.iter().all(Vec::is_empty)) {
            let names: Vec<&str> = programs.iter().flat_map(Program::names).collect();
            let help = match did_you_mean(name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => "there are no flows here".to_owned(),
                None => format!("the flows are `{}`", names.join("`, `")),
            };
            return Err(Failure::usage(format!("there is no flow `{name}`")).help(help));
        }
        Ok(chosen)
    }
}
