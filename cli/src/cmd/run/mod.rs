//! `flowc run`: runs one flow and prints its result.

mod outcome;
mod resume;
mod watch;

use crate::cassette::{Recording, replayed};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::inputs::{self, Given};
use crate::interrupt::{Interrupt, Interrupts};
use crate::live::{Live, Show, Tree};
use crate::project::{ModelArgs, Project};
use crate::{cassette, flows, paths};
use flow_diagnostics::Code;
use flow_plan::Plan;
use flow_runtime::audit::AuditKey;
use flow_runtime::budget::Budgets;
use flow_runtime::cache::{Cache, MemoryCache};
use flow_runtime::cassette::{Replay, Tape};
use flow_runtime::events::Event;
use flow_runtime::journal::Journal;
use flow_runtime::review::Webhook;
use flow_runtime::{Context, Engine, Http, Limits, Options, RunError, RunReport, Start, Tables};
use outcome::Around;
pub(crate) use outcome::exit_of;
use resume::Resumed;
pub(crate) use resume::program_of;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
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
  flowc run --resume RUN                             goes on where a run was; `flowc runs` lists them
  flowc run app.flow --record asked.jsonl question=…  keeps what models were asked and answered
  flowc run app.flow --replay asked.jsonl question=…  asks no model: each call is answered from there

Configuration is read from flow.toml and .env beside the program; FLOW_PROFILE, FLOW_STATE_DIR,
FLOW_STATE_JOURNAL, FLOW_CACHE_URL, FLOW_REVIEWS_WEBHOOK, FLOW_MODELS_<NAME>, FLOW_LIMITS_<PROVIDER>_<LIMIT>, FLOW_BUDGET_PER_DAY and FLOW_BUDGET_FLOWS_<NAME>
are stronger, and options are strongest.

Exit codes: 1 the program has errors, or the run failed, was refused or waits for a person; 2 an input or the
configuration is wrong (E0809, E0810); 3 a provider, a lookup or an action failed (E0805, E0807,
E0811). Ctrl-C stops the run and prints what it spent and how it goes on;
SIGTERM does so when the calls under way are done, after eight seconds at most.

With --format json a program with errors is answered with the document of a failed run, which then
has the `diagnostics`, `errors` and `warnings` of `flowc check --format json` too.")]
pub(crate) struct Args {
    /// The program, or a folder with a `main.flow`; a run that is resumed knows its own.
    #[arg(value_name = "PROGRAM", required_unless_present = "resume")]
    program: Option<PathBuf>,
    #[command(flatten)]
    models: ModelArgs,
    /// The flow's inputs; they win over those of --input. A run that is resumed knows its own.
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
    /// Go on with an earlier run: what it has recorded is not done again.
    #[arg(long, value_name = "RUN")]
    resume: Option<String>,
    /// Write each call of a model to a cassette, without secrets.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["resume", "replay"])]
    record: Option<PathBuf>,
    /// Ask no model and carry no action out: answer each call from a cassette.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    replay: Option<PathBuf>,
    /// Do not record the run; it can't be resumed then.
    #[arg(long, conflicts_with = "resume")]
    no_journal: bool,
    /// Where there is no terminal to draw on, write a line for each step that ends.
    #[arg(long, short)]
    verbose: bool,
    /// How to print the result: as it is, or with status, spend and steps.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

/// How long what is under way may take to end after SIGTERM: process managers kill after ten seconds.
const FINISH: Duration = Duration::from_secs(8);
/// How long a run may take to stop when it is asked to.
const GRACE: Duration = Duration::from_millis(60);
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(80);

/// Compiles, runs and prints.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let as_json = args.format == super::Format::Json;
    let runtime = super::threads()?;
    let resumed = args.resume.as_deref().map(|run| Resumed::find(args, run, &runtime)).transpose()?;
    if let Some(resumed) = resumed.as_ref().filter(|r| r.trace.run.state.is_final()) {
        return resumed.print(as_json, console);
    }
    let (path, models) = match (&resumed, &args.program) {
        (Some(resumed), _) => (resumed.program.clone(), resumed.models.clone()),
        (None, program) => (program.clone().unwrap_or_default(), args.models.clone()),
    };
    let project = Project::open(&path, &models)?;
    let (plan, report) = match project.plan() {
        Err(Failure::Diagnostics { exit, diagnostics, sources }) if as_json => {
            console.json(&outcome::not_compiled(args.flow.as_deref(), &diagnostics, &sources))?;
            return Ok(exit);
        }
        other => other?,
    };
    let named = args.flow.as_deref().or(resumed.as_ref().map(|r| r.trace.run.flow.as_str()));
    let flow = flows::choose(&plan, named)?;
    let program = paths::shown(&path);
    let given = Given { words: &args.inputs, document: args.input.as_deref(), program: &program };
    let inputs = match &resumed {
        Some(resumed) if args.inputs.is_empty() && args.input.is_none() => resumed.trace.inputs.clone(),
        _ => inputs::read(given, &plan, &plan.flows[flow.index()])?,
    };
    let replay = args.replay.as_deref().map(|file| replayed(file, &plan, &project.env)).transpose()?;
    let recording =
        args.record.as_deref().map(|file| Recording::create(file, &plan, &project.env)).transpose()?;
    let file = args.events.as_deref().map(EventsFile::create).transpose()?;
    if !console.quiet && !as_json {
        console.diagnostics(&report.diagnostics, &report.sources);
    }
    let misnamed = project.config.budget.misnamed(&plan);
    let unlimited = project.config.misnamed_limits();
    for says in project.config.not_yet_supported().iter().chain(&misnamed).chain(&unlimited) {
        console.note(&format!("warning: {says}"));
    }
    let tree = Tree::new(&plan.flows[flow.index()].name, plan.flows[flow.index()].settings.budget);
    let live = Live::new(tree, args.show(console), *console);
    let streams = console.out_is_terminal && !as_json;
    let watch = Watch::new(live, file, streams, *console);
    let note = resume::note(&path, project.config.profile.as_deref(), &models);
    let journal = match &resumed {
        Some(resumed) => Some(resumed.journal.clone()),
        // A replay does nothing that would have to be known when it is over.
        None if args.no_journal || replay.is_some() => None,
        None => project.config.state.journal()?,
    };
    let recorded = journal.is_some();
    let mut job = Job {
        plan,
        tape: recording.as_ref().map(Recording::tape),
        tables: Tables::builtin(),
        start: Start { run: resumed.map(|r| r.trace.run.run), note: note.into(), ..Start::new(flow, inputs) },
        journal,
        budgets: project.config.budget.kept_in(&project.config.state.dir),
        limits: project.config.shared_limits(),
        cache: project.config.cache.kept_in(&project.config.state.dir)?,
        webhook: project.config.webhook.clone(),
        audit: recorded.then(|| project.config.state.audit_key(&project.env)).transpose()?,
        context: project.context(),
    };
    if recording.is_some() {
        // A call that an earlier run has answered would be missing.
        job.cache = Arc::new(MemoryCache::default());
    }
    if let Some(replay) = &replay {
        job = job.without_world(replay.clone());
    }
    let ran = runtime.block_on(watched(job, watch));
    // What still runs has been told to stop, and is not waited for.
    runtime.shutdown_background();
    let (done, seen) = ran?;
    let resume = (recorded && seen.began).then(|| format!("flowc run {program} --resume {}", done.run));
    let around = Around { program: &report, resume: resume.as_deref() };
    let printed = outcome::print(&done, &seen, around, as_json, console);
    if let Some(replay) = replay {
        cassette::note_of_replay(&replay, args.replay.as_deref().unwrap_or(&path), console);
    }
    match recording {
        Some(recording) => {
            // Also where whoever reads the answer is gone.
            let exit = printed.as_ref().copied().unwrap_or(Exit::Fine);
            let exit = recording.finish(&done, exit, console);
            printed.map(|_| exit)
        }
        None => printed,
    }
}

/// What is run.
struct Job {
    plan: Plan,
    start: Start,
    journal: Option<Arc<dyn Journal>>,
    budgets: Option<Budgets>,
    limits: Limits,
    cache: Arc<dyn Cache>,
    tape: Option<Tape>,
    tables: Tables,
    webhook: Option<Webhook>,
    audit: Option<AuditKey>,
    context: Context,
}

impl Job {
    // Models answer from a cassette, no action is carried out, nothing outlives the run and nobody is
    // called.
    fn without_world(self, replay: Arc<Replay>) -> Job {
        Job {
            budgets: None,
            webhook: None,
            limits: Limits::default(),
            cache: Arc::new(MemoryCache::default()),
            tape: Some(Tape::Replay(replay)),
            tables: self.tables.rehearsed(),
            context: Context { http: Http::none("the run is replayed, and calls nobody"), ..self.context },
            ..self
        }
    }
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
    let name = plan.flows[job.start.flow.index()].name.clone();
    let Job { journal, budgets, limits, cache, tape, tables, webhook, audit, .. } = job;
    let counts = cache.clone();
    let options = Options { journal, cache, budgets, limits, tape, tables, webhook, audit, script: None };
    let made = Engine::new(plan, job.context, options);
    let engine = match made {
        Ok(engine) => engine,
        Err(error) => return Ok((watch.given_up(&name, error), watch.finish())),
    };
    let sink = move |event: Event| {
        // Nobody listens once the run is given up.
        let _ = sender.send(event);
    };
    let finish = CancellationToken::new();
    let start = Start { events: Some(Arc::new(sink)), finish: Some(finish.clone()), ..job.start };
    // In a task of its own, so that nothing it does keeps Ctrl-C and the drawing waiting.
    let mut work = tokio::spawn(async move { engine.run(start).await });
    let mut frames = tokio::time::interval(BETWEEN_DRAWINGS);
    let mut interrupts = Interrupts::listen();
    let (mut finished_by, mut deadline) = (None, None);
    let done = loop {
        tokio::select! {
            biased;
            interrupt = interrupts.next() => {
                if deadline.is_some() {
                    // The second press: nothing more is waited for.
                    break None;
                }
                if interrupt == Interrupt::Terminated && finished_by.is_none() {
                    finish.cancel();
                    finished_by = Some(tokio::time::Instant::now() + FINISH);
                } else {
                    cancel.cancel();
                    deadline = Some(tokio::time::Instant::now() + GRACE);
                }
            }
            () = until(finished_by), if deadline.is_none() => {
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
    // It has no more to say than how often it was asked, which is not worth a wait.
    let _ = tokio::time::timeout(GRACE, counts.flush()).await;
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
