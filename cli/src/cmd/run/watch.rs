//! Everything that is done with the events of a run while it runs: the file for programs, the view
//! for people, and the answer's text as it comes.

use crate::console::Console;
use crate::exit::Failure;
use crate::live::{End, Live};
use flow_plan::{Cost, Millis};
use flow_runtime::events::{Event, What};
use flow_runtime::{RunError, RunId, RunReport, RunStatus, Spent, StepStatus};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Where events are written.
pub(super) struct EventsFile {
    path: PathBuf,
    out: Box<dyn Write>,
    /// The first failure; nothing is written after it.
    failed: Option<std::io::Error>,
}

impl EventsFile {
    /// Makes the file, or takes standard error for `-`.
    pub(super) fn create(path: &Path) -> Result<EventsFile, Failure> {
        let out: Box<dyn Write> = if path.as_os_str() == "-" {
            Box::new(std::io::stderr())
        } else {
            Box::new(File::create(path).map_err(|e| Failure::unwritable(path, &e))?)
        };
        Ok(EventsFile { path: path.to_owned(), out, failed: None })
    }

    // One write a line, so that a reader never sees half of one.
    fn put(&mut self, event: &Event) {
        if self.failed.is_some() {
            return;
        }
        let written = serde_json::to_vec(event).map_err(std::io::Error::other).and_then(|mut line| {
            line.push(b'\n');
            self.out.write_all(&line)
        });
        self.failed = written.err();
    }
}

/// Watches one run.
pub(super) struct Watch {
    live: Live,
    file: Option<EventsFile>,
    console: Console,
    streams: bool,
    seen: Seen,
    started: Instant,
    run: RunId,
    spent: Spent,
}

/// What has been shown and written when the run has ended.
pub(super) struct Seen {
    /// The text that stands on standard output already; empty where nothing does.
    pub(super) streamed: String,
    /// What is said below an answer that was printed as it came: time and money.
    pub(super) closing: Option<String>,
    /// Why the events could not be written.
    pub(super) unwritten: Option<Failure>,
    /// What is not as it should be, though the run went on; in lines of their own.
    pub(super) warnings: Vec<String>,
    /// Whether the run began, and was recorded where runs are.
    pub(super) began: bool,
}

impl Watch {
    /// A watch over a run that begins now. With `streams`, the answer's text is printed as it comes.
    pub(super) fn new(live: Live, file: Option<EventsFile>, streams: bool, console: Console) -> Watch {
        let seen = Seen {
            streamed: String::new(),
            closing: None,
            unwritten: None,
            warnings: Vec::new(),
            began: false,
        };
        let (run, spent) = (RunId("".into()), Spent::default());
        Watch { live, file, console, streams, seen, started: Instant::now(), run, spent }
    }

    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) -> Result<(), Failure> {
        if let Some(file) = &mut self.file {
            file.put(event);
        }
        let path = event.step.as_deref().unwrap_or_default();
        match &event.what {
            What::RunStarted { .. } => {
                self.run = event.run.clone();
                self.seen.began = true;
            }
            What::StepStarted { .. } => self.live.tree.started(path, event.at),
            What::CallStarted { model, restarts, .. } => {
                self.live.tree.asked(path, model, event.at);
                if *restarts {
                    self.void()?;
                }
            }
            What::CallSkipped { model, .. } => self.live.tree.not_asked(path, model, event.at),
            What::Token { text, result: true, .. } if self.streams => self.piece(text)?,
            What::Token { .. } | What::Partial { .. } => {}
            What::CallFinished { .. } => {}
            What::ReviewWaiting { .. } | What::LookupAsked { .. } => {}
            What::Warned { message } => self.seen.warnings.push(message.clone()),
            What::StepFinished { status, model, attempts, spent, took, repaired, similar, .. } => {
                let model = model.as_ref().map(ToString::to_string);
                let repaired = !repaired.is_empty();
                let end = End {
                    status: *status,
                    took: *took,
                    spent: *spent,
                    model,
                    attempts: *attempts,
                    repaired,
                    similar: *similar,
                };
                self.spent.add(*spent);
                self.live.tree.finished(path, &end, event.at);
                self.live.ended(path, &end);
            }
            What::RunFinished { status, took, spent, .. } => {
                let status = match status {
                    RunStatus::Ok => StepStatus::Ok,
                    RunStatus::Waiting => StepStatus::Waiting,
                    RunStatus::Stopped | RunStatus::Failed => StepStatus::Failed,
                };
                self.live.tree.end = Some((status, *took));
                self.live.tree.spent = spent.usd;
            }
        }
        Ok(())
    }

    /// Shows the run as it is now. While the answer's own text comes, nothing is drawn over it.
    pub(super) fn draw(&mut self) {
        if self.seen.streamed.is_empty() {
            self.live.draw(Millis::from(self.started.elapsed()));
        }
    }

    /// The report of a run that did not end in time after it was told to.
    pub(super) fn given_up(&mut self, flow: &str, error: RunError) -> RunReport {
        let took = Millis::from(self.started.elapsed());
        self.live.tree.end = Some((StepStatus::Failed, took));
        RunReport {
            run: self.run.clone(),
            flow: flow.into(),
            status: RunStatus::Failed,
            output: None,
            error: Some(error),
            spent: self.spent,
            took,
            steps: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Shows the end, and gives what has been shown.
    pub(super) fn finish(mut self) -> Seen {
        self.draw();
        if !self.seen.streamed.is_empty() {
            self.seen.closing = self.live.heading(Millis::from(self.started.elapsed()));
        }
        let failed = self.file.take().and_then(|f| Some((f.path, f.failed?)));
        self.seen.unwritten = failed
            .filter(|(_, e)| e.kind() != std::io::ErrorKind::BrokenPipe)
            .map(|(path, e)| Failure::unwritable(&path, &e));
        self.seen
    }

    fn piece(&mut self, text: &str) -> Result<(), Failure> {
        if self.seen.streamed.is_empty() {
            self.live.clear();
        }
        self.seen.streamed.push_str(text);
        self.console.piece(&super::outcome::for_terminal(text))
    }

    // What stands there is not the answer after all: the next attempt begins on a line of its own.
    fn void(&mut self) -> Result<(), Failure> {
        if self.seen.streamed.is_empty() {
            return Ok(());
        }
        self.seen.streamed.clear();
        self.console.piece("\n")?;
        self.console.note("the text above was cut off; asking again");
        Ok(())
    }
}

/// Money spent so far, for the line that an interrupted run ends with.
pub(super) fn spent(report: &RunReport) -> Option<Cost> {
    (report.spent.calls > 0).then_some(report.spent.usd)
}
