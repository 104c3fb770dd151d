//! Runs every case with every model, some at once, until all are done or somebody stops it.

use crate::console::{Console, counted};
use crate::exit::Failure;
use crate::figures::{Round, dollars};
use crate::interrupt::{Interrupt, Interrupts};
use flow_diagnostics::Code;
use flow_plan::{Cost, FlowId, Value};
use flow_runtime::cassette::Recorder;
use flow_runtime::{Engine, RunId, RunReport, RunStatus, Start};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What is run.
pub(super) struct Job {
    /// One for each model.
    pub(super) engines: Vec<Arc<Engine>>,
    pub(super) flow: FlowId,
    /// The inputs of each case.
    pub(super) cases: Vec<Vec<Value>>,
    /// How many runs go on at once.
    pub(super) parallel: usize,
    /// Stops them all.
    pub(super) cancel: CancellationToken,
    /// Who writes down what models answer.
    pub(super) recorder: Option<Arc<Recorder>>,
}

/// What became of it.
pub(super) struct Ran {
    /// By case, then by model; `None` for a run that has not come to its end.
    pub(super) reports: Vec<Vec<Option<RunReport>>>,
    /// Whether somebody stopped it.
    pub(super) interrupted: bool,
    /// What runs that were stopped have spent.
    pub(super) lost: Cost,
}

/// How long runs may take to stop when they are asked to.
const GRACE: Duration = Duration::from_millis(60);
/// How long what is under way may take to end after SIGTERM: process managers kill after ten seconds.
const FINISH: Duration = Duration::from_secs(8);

/// Runs them. Ctrl-C stops all; SIGTERM begins no more, and waits for those under way.
pub(super) async fn all(job: Job, console: &Console) -> Result<Ran, Failure> {
    let models = job.engines.len();
    let count = job.cases.len() * models;
    let mut ran = Ran { reports: Vec::new(), interrupted: false, lost: Cost::ZERO };
    ran.reports.resize_with(job.cases.len(), || vec![None; models]);
    let mut interrupts = Interrupts::listen();
    let mut going = JoinSet::new();
    // Case by case, so that what is done compares wherever it stops.
    let mut next = 0;
    let mut ended = Ended::default();
    let mut finish: Option<Instant> = None;
    let mut deadline: Option<Instant> = None;
    loop {
        while !ran.interrupted && next < count && going.len() < job.parallel {
            going.spawn(one(&job, next));
            next += 1;
        }
        if going.is_empty() {
            break;
        }
        ended.show(count, console);
        tokio::select! {
            biased;
            interrupt = interrupts.next() => {
                if deadline.is_some() {
                    break;
                }
                if interrupt == Interrupt::Terminated && finish.is_none() {
                    finish = Some(Instant::now() + FINISH);
                } else {
                    job.cancel.cancel();
                    deadline = Some(Instant::now() + GRACE);
                }
                ran.interrupted = true;
            }
            () = until(finish), if deadline.is_none() => {
                job.cancel.cancel();
                deadline = Some(Instant::now() + GRACE);
            }
            () = until(deadline) => break,
            Some(done) = going.join_next() => {
                let (n, report) = done.map_err(|_| Failure::crashed())?;
                ended.add(&report);
                match stopped(&report) {
                    true => ran.lost = ran.lost.plus(report.spent.usd),
                    false => ran.reports[n / models][n % models] = Some(report),
                }
            }
        }
    }
    console.progress("");
    Ok(ran)
}

fn one(job: &Job, n: usize) -> impl Future<Output = (usize, RunReport)> + Send + 'static {
    let models = job.engines.len();
    let (engine, inputs) = (job.engines[n % models].clone(), job.cases[n / models].clone());
    let run = RunId::fresh();
    if let Some(recorder) = &job.recorder {
        recorder.expect_run(&run, n as u64);
    }
    let start = Start { run: Some(run), ..Start::new(job.flow, inputs) };
    async move { (n, engine.run(start).await) }
}

fn stopped(report: &RunReport) -> bool {
    report.error.as_ref().is_some_and(|error| error.code == Code::E0812)
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

// What has ended so far.
#[derive(Default)]
struct Ended {
    runs: usize,
    failed: usize,
    spent: Cost,
}

impl Ended {
    fn add(&mut self, report: &RunReport) {
        self.runs += 1;
        self.failed += usize::from(matches!(report.status, RunStatus::Failed | RunStatus::Waiting));
        self.spent = self.spent.plus(report.spent.usd);
    }

    fn show(&self, count: usize, console: &Console) {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let spent = dollars(self.spent, Round::Up);
        console.progress(&format!("{} of {}, {spent}{failed}", self.runs, counted(count, "run")));
    }
}
