//! `flowc run`: runs one flow and prints its result.

mod interrupt;
mod outcome;
mod watch;

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::inputs::{self, Given};
use crate::live::{Live, Show, Tree};
use crate::project::{ProgramArgs, Project};
use crate::{flows, paths};
use flow_diagnostics::Code;
use flow_plan::{FlowId, Plan, Value};
use flow_runtime::budget::Budgets;
use flow_runtime::cache::SqliteCache;
use flow_runtime::events::Event;
use flow_runtime::{Context, Engine, Options, RunError, RunReport, Start};
use interrupt::Interrupts;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use watch::{EventsFile, Watch};

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc run app.flow question='How long may I keep shoes?'
  flowc run app.flow count=3 tags='[\"a\", \"b\"]'      what is not text is JSON
  flowc run app.flow --input case.json               the inputs as a JSON object
  echo '{\"question\": \"…\"}' | flowc run app.flow --input -
  flowc run app.flow --profile live --model fast=openai/gpt-4o question=…
  flowc run app.flow --format json question=… | jq .spent.usd

Configuration is read from flow.toml and .env beside the program; FLOW_PROFILE, FLOW_STATE_DIR,
FLOW_MODELS_<NAME>, FLOW_LIMITS_<PROVIDER>_<LIMIT>, FLOW_BUDGET_PER_DAY and FLOW_BUDGET_FLOWS_<NAME>
are stronger, and options are strongest.

Exit codes: 1 the program has errors, or the run failed or was refused; 2 an input or the
configuration is wrong (E0809, E0810); 3 a provider, a lookup or an action failed (E0805, E0807,
E0811). Ctrl-C stops the run and prints what it spent.

With --format json a program with errors is answered with the document of a failed run, which then
has the `diagnostics`, `errors` and `warnings` of `flowc check --format json` too.")]
pub(crate) struct Args {
    #[command(flatten)]
    program: ProgramArgs,
    /// The flow's inputs; they win over those of --input.
    #[arg(value_name = "name=value")]
    inputs: Vec<String>,
    /// The flow, where the program has several and none is `main`.
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// The inputs as a JSON object: a file, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Write what happens as it happens, one JSON object a line; `-` is standard error.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Go on with an earlier run; not yet supported.
    #[arg(long, value_name = "RUN")]
    resume: Option<String>,
    /// Where there is no terminal to draw on, write a line for each step that ends.
    #[arg(long, short)]
    verbose: bool,
    /// How to print the result: as it is, or with status, spend and steps.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

/// How long a run may take to stop when it is asked to.
const GRACE: Duration = Duration::from_millis(60);
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(80);

/// Compiles, runs and prints.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    if args.resume.is_some() {
        return Err(Failure::usage("`--resume` is not yet supported")
            .help("run again without it; equal calls of steps with `cache:` are not paid twice"));
    }
    let as_json = args.format == super::Format::Json;
    let project = Project::open(&args.program.program, &args.program.models)?;
    let (plan, report) = match project.plan() {
        Err(Failure::Diagnostics { exit, diagnostics, sources }) if as_json => {
            console.json(&outcome::not_compiled(args.flow.as_deref(), &diagnostics, &sources))?;
            return Ok(exit);
        }
        other => other?,
    };
    let flow = flows::choose(&plan, args.flow.as_deref())?;
    let program = paths::shown(&args.program.program);
    let given = Given { words: &args.inputs, document: args.input.as_deref(), program: &program };
    let inputs = inputs::read(given, &plan, &plan.flows[flow.index()])?;
    let file = args.events.as_deref().map(EventsFile::create).transpose()?;
    if !console.quiet && !as_json {
        console.diagnostics(&report.diagnostics, &report.sources);
    }
    let misnamed = project.config.budget.misnamed(&plan);
    for says in project.config.not_yet_supported().iter().chain(&misnamed) {
        console.note(&format!("warning: {says}"));
    }
    let tree = Tree::new(&plan.flows[flow.index()].name, plan.flows[flow.index()].settings.budget);
    let live = Live::new(tree, args.show(console), *console);
    let streams = console.out_is_terminal && !as_json;
    let watch = Watch::new(live, file, streams, *console);
    let runtime = super::threads()?;
    let job = Job {
        plan,
        flow,
        inputs,
        budgets: project.config.budget.kept_in(&project.config.state),
        context: project.context(),
    };
    let ran = runtime.block_on(watched(job, watch));
    // What still runs has been told to stop, and is not waited for.
    runtime.shutdown_background();
    let (done, seen) = ran?;
    outcome::print(&done, &seen, &report, as_json, console)
}

/// What is run.
struct Job {
    plan: Plan,
    flow: FlowId,
    inputs: Vec<Value>,
    budgets: Option<Budgets>,
    context: Context,
}

impl Args {
    fn show(&self, console: &Console) -> Show {
        let events_on_stderr = self.events.as_deref().is_some_and(|p| p.as_os_str() == "-");
        match (console.quiet || events_on_stderr, console.err_is_terminal, self.verbose) {
            (true, ..) | (false, false, false) => Show::Nothing,
            (false, true, _) => Show::Tree,
            (false, false, true) => Show::Lines,
        }
    }
}

// Runs the job, shows what happens, and stops it when the user asks.
async fn watched(job: Job, mut watch: Watch) -> Result<(RunReport, watch::Seen), Failure> {
    let (sender, mut events) = mpsc::unbounded_channel::<Event>();
    let cancel = job.context.cancel.clone();
    let plan = Arc::new(job.plan);
    let name = plan.flows[job.flow.index()].name.clone();
    let cache = Arc::new(SqliteCache::new(&job.context.state));
    let made = Engine::new(plan, job.context, Options { cache, budgets: job.budgets, ..Options::default() });
    let engine = match made {
        Ok(engine) => engine,
        Err(error) => return Ok((watch.given_up(&name, error), watch.finish())),
    };
    let sink = move |event: Event| {
        // Nobody listens once the run is given up.
        let _ = sender.send(event);
    };
    let start = Start { events: Some(Arc::new(sink)), ..Start::new(job.flow, job.inputs) };
    // In a task of its own, so that nothing it does keeps Ctrl-C and the drawing waiting.
    let mut work = tokio::spawn(async move { engine.run(start).await });
    let mut frames = tokio::time::interval(BETWEEN_DRAWINGS);
    let mut interrupts = Interrupts::listen();
    let mut deadline = None;
    let done = loop {
        tokio::select! {
            biased;
            () = interrupts.next() => {
                if deadline.is_some() {
                    // The second press: nothing more is waited for.
                    break None;
                }
                cancel.cancel();
                deadline = Some(tokio::time::Instant::now() + GRACE);
            }
            () = until(deadline) => break None,
            _ = frames.tick() => watch.draw(),
            Some(event) = events.recv() => watch.take(&event)?,
            ended = &mut work => break Some(ended.map_err(|_| Failure::crashed())?),
        }
    };
    while let Ok(event) = events.try_recv() {
        watch.take(&event)?;
    }
    let report = match done {
        Some(report) => report,
        None => watch.given_up(&name, RunError::new(Code::E0812, "the run was stopped before it was done")),
    };
    Ok((report, watch.finish()))
}

async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
