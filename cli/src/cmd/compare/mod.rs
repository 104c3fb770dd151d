//! `flowc compare`: runs a flow on the same cases with one model after another, and shows what each
//! answered and took.

mod candidates;
mod cases;
mod document;
mod figures;
mod markdown;
mod running;
mod text;

use super::Form;
use crate::cassette::{Recording, note_of_replay, replayed};
use crate::config;
use crate::console::{Console, counted};
use crate::exit::{Exit, Failure};
use crate::figures::{Round, dollars};
use crate::flows;
use crate::project::{ModelArgs, Project};
use candidates::Candidate;
use figures::Compared;
use flow_plan::{Cost, Plan};
use flow_runtime::cassette::Tape;
use flow_runtime::{Context, Engine, Http, Limits, Options, Tables};
use running::Job;
use std::path::PathBuf;
use std::sync::Arc;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc compare app.flow --models openai/gpt-4o-mini,openai/gpt-4o --cases cases.jsonl
  flowc compare app.flow --models fast,careful --cases cases.jsonl       by their names in the program
  flowc compare app.flow --models sim/text,sim/fast --cases cases.jsonl  offline
  flowc compare app.flow --models … --cases … --swap draft_model         in place of one model alone
  flowc compare app.flow --models … --cases … --budget 0.50              not if it could cost more
  flowc compare app.flow --models … --cases … --format markdown          for a pull request

A case is a line with the flow's inputs as a JSON object; what is no input is passed over.
Each model takes the place of every model that the flow may ask, or of those that --swap names; their
settings stay. No action is carried out, no cache of other runs is asked, and runs are not recorded in the
journal.

Exit codes: 1 a run failed, or all of it could cost more than --budget; 2 wrong usage; 3 nothing but
providers and the like failed. Ctrl-C ends it and prints what there is.")]
pub(crate) struct Args {
    /// The program, or a folder with a `main.flow`.
    #[arg(value_name = "PROGRAM")]
    program: PathBuf,
    /// The models, as PROVIDER/MODEL or by their names in the program.
    #[arg(id = "compared", long = "models", value_name = "MODEL,…", required = true, value_delimiter = ',')]
    models: Vec<String>,
    /// The cases: a file with the inputs of one run a line, as a JSON object.
    #[arg(long, value_name = "FILE")]
    cases: PathBuf,
    /// The flow, where the program has several and none is `main`.
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// The program's model that they take the place of; every one that the flow may ask, if left out.
    #[arg(long, value_name = "NAME")]
    swap: Vec<String>,
    #[command(flatten)]
    program_models: ModelArgs,
    /// Only so many cases, the first ones.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// The most that all runs together may cost at worst, in dollars.
    #[arg(long, value_name = "DOLLARS", value_parser = amount)]
    budget: Option<Cost>,
    /// How many runs go on at once.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=256))]
    parallel: u64,
    /// Write each call of a model to a cassette, without secrets.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    record: Option<PathBuf>,
    /// Ask no model: answer each call from a cassette.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
}

/// Runs the flow with each model, and prints how they compare.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let base = Project::open(&args.program, &args.program_models)?;
    let (plan, bounds, report) = base.bounded()?;
    let flow = flows::choose(&plan, args.flow.as_deref())?;
    let swapped = candidates::swapped((&plan, &bounds), flow, &args.swap)?;
    let candidates = candidates::compiled(args, (&plan, flow), &swapped, console)?;
    let cases = cases::read(&args.cases, &plan.flows[flow.index()], args.limit, console)?;
    if args.format == Form::Text && !console.quiet {
        console.diagnostics(&report.diagnostics, &report.sources);
    }
    let replay = args.replay.as_deref().map(|file| replayed(file, &plan, &base.env)).transpose()?;
    affordable(args, &candidates, cases.len(), console)?;
    let recording =
        args.record.as_deref().map(|file| Recording::create(file, &plan, &base.env)).transpose()?;
    let tape = recording.as_ref().map(Recording::tape).or_else(|| replay.clone().map(Tape::Replay));
    let world = World::of(&base, tape, replay.is_some());
    let engines = candidates.iter().map(|c| world.engine(&c.plan)).collect::<Result<Vec<_>, Failure>>()?;
    let job = Job {
        engines,
        flow,
        cases: cases.iter().map(|case| case.inputs.clone()).collect(),
        // Equal calls of several cases are answered in the order in which they are made.
        parallel: if replay.is_some() { 1 } else { usize::try_from(args.parallel).unwrap_or(1) },
        cancel: world.context.cancel.clone(),
        recorder: recording.as_ref().map(|r| r.recorder().clone()),
    };
    let threads = super::threads()?;
    let ran = threads.block_on(running::all(job, console));
    threads.shutdown_background();
    let compared = Compared::of(&plan.flows[flow.index()].name, &candidates, &cases, ran?);
    let printed = match args.format {
        Form::Json => console.json(&document::document(&compared)),
        Form::Markdown => console.answer(&markdown::page(&compared)),
        Form::Text => console.answer(&text::tables(&compared, console)),
    };
    let exit = ended(&compared, console);
    let exit = match &recording {
        Some(recording) => recording.end(compared.interrupted, exit, console),
        None => exit,
    };
    if let (Some(replay), Some(path)) = (&replay, &args.replay) {
        note_of_replay(replay, path, console);
    }
    printed.map(|()| exit)
}

// What all of it can cost, before any of it is done.
fn affordable(args: &Args, candidates: &[Candidate], cases: usize, console: &Console) -> Result<(), Failure> {
    let of = |candidate: &Candidate| times(candidate.worst, cases);
    let worst = candidates.iter().fold(Cost::ZERO, |sum, candidate| sum.plus(of(candidate)));
    let runs = counted(candidates.len().saturating_mul(cases), "run");
    let models = counted(candidates.len(), "model");
    let shown = dollars(worst, Round::Up);
    let each: Vec<String> =
        candidates.iter().map(|c| format!("{} {}", c.model, dollars(of(c), Round::Up))).collect();
    console.note(&format!(
        "{runs}, {} with {models}, can cost {shown} at worst ({})",
        counted(cases, "case"),
        each.join(", ")
    ));
    match args.budget {
        Some(most) if worst > most => Err(Failure::Message {
            exit: Exit::Failed,
            message: format!("the comparison can cost {shown}, and its budget is {most}"),
            help: Some("raise `--budget`, take fewer cases with `--limit`, or fewer models".to_owned()),
        }),
        _ => Ok(()),
    }
}

// Says what became of it, where that is not all in the table.
fn ended(compared: &Compared, console: &Console) -> Exit {
    let (done, all) = (compared.done(), compared.all());
    if compared.interrupted {
        let spent = dollars(compared.spent(), Round::Up);
        console.say(&format!("interrupted: {done} of {} were done, for {spent}", counted(all, "run")));
    }
    match compared.exit() {
        Exit::Fine if compared.interrupted => Exit::Failed,
        exit => exit,
    }
}

/// A cost so many times.
fn times(cost: Cost, n: usize) -> Cost {
    Cost(cost.0.saturating_mul(i64::try_from(n).unwrap_or(i64::MAX)))
}

fn amount(text: &str) -> Result<Cost, String> {
    config::dollars(text).ok_or_else(|| "write it like `0.50`".to_owned())
}

// What all runs have in common besides the plan.
struct World {
    context: Context,
    tape: Option<Tape>,
    tables: Tables,
    limits: Limits,
    budgets: Option<flow_runtime::budget::Budgets>,
}

impl World {
    // A comparison changes nothing outside, and a replay calls nobody.
    fn of(base: &Project, tape: Option<Tape>, replays: bool) -> World {
        let (context, tables) = (base.context(), Tables::builtin().rehearsed());
        if replays {
            let http = Http::none("the runs are replayed, and call nobody");
            let context = Context { http, ..context };
            return World { context, tape, tables, limits: Limits::default(), budgets: None };
        }
        let config = &base.config;
        let budgets = config.budget.kept_in(&config.state.dir);
        World { context, tape, tables, limits: config.shared_limits(), budgets }
    }

    // Each with a cache of its own, so that no model lives on what another was asked.
    fn engine(&self, plan: &Arc<Plan>) -> Result<Arc<Engine>, Failure> {
        let options = Options {
            budgets: self.budgets.clone(),
            limits: self.limits.clone(),
            tape: self.tape.clone(),
            tables: self.tables.clone(),
            ..Options::default()
        };
        Ok(Arc::new(Engine::new(plan.clone(), self.context.clone(), options)?))
    }
}
