//! The rows of a trace: each step below the step it lies in, each call of interest below its step.

use super::bars::Time;
use flow_plan::{Cost, Millis};
use flow_runtime::Spent;
use flow_runtime::hundredths;
use flow_runtime::journal::{CallRow, RunState, StepRow, Trace};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A line of the tree.
pub(super) struct Row {
    pub(super) depth: usize,
    pub(super) name: String,
    pub(super) mark: Mark,
    pub(super) time: Option<Time>,
    pub(super) took: Option<Millis>,
    pub(super) spent: Spent,
    /// Whether models were asked, so that there are tokens and money.
    pub(super) asks: bool,
    pub(super) notes: Vec<String>,
}

/// How something ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// With a value.
    Done,
    /// With an error.
    Failed,
    /// Nothing was heard of it again, or not yet.
    Open,
    /// It holds other steps.
    Around,
}

impl Mark {
    /// One column.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Mark::Done => "✓",
            Mark::Failed => "✗",
            Mark::Open => "?",
            Mark::Around => "·",
        }
    }
}

#[derive(Default)]
struct Node<'t> {
    step: Option<&'t StepRow>,
    calls: Vec<&'t CallRow>,
    // The last part of the path, in the order in which the parts first appear.
    inside: Vec<(String, Node<'t>)>,
}

/// All rows, from top to bottom.
pub(super) fn rows(trace: &Trace) -> Vec<Row> {
    let mut root = Node::default();
    // In the order they began, so that a resumed run reads as it went.
    let mut paths: BTreeMap<(i64, &str), ()> = BTreeMap::new();
    for step in &trace.steps {
        paths.insert((time(step).0.as_millisecond(), &step.path), ());
    }
    for call in &trace.calls {
        paths.insert((call.began.as_millisecond(), &call.path), ());
    }
    for (_, path) in paths.keys() {
        root.at(path);
    }
    for step in &trace.steps {
        root.at(&step.path).step = Some(step);
    }
    for call in &trace.calls {
        root.at(&call.path).calls.push(call);
    }
    let mut rows = Vec::new();
    for (name, node) in &root.inside {
        node.add(name, 0, trace.run.state, &mut rows);
    }
    rows
}

impl<'t> Node<'t> {
    fn at(&mut self, path: &str) -> &mut Node<'t> {
        let mut node = self;
        for part in path.split('.') {
            let known = node.inside.iter().position(|(name, _)| name == part);
            let index = known.unwrap_or_else(|| {
                node.inside.push((part.to_owned(), Node::default()));
                node.inside.len() - 1
            });
            node = &mut node.inside[index].1;
        }
        node
    }

    fn add(&self, name: &str, depth: usize, run: RunState, rows: &mut Vec<Row>) {
        rows.push(self.row(name, depth, run));
        let lost = self.calls.iter().any(|call| call.took.is_none() || call.error.is_some());
        if self.calls.len() > 1 || lost {
            rows.extend(self.calls.iter().map(|call| call_row(call, depth + 1, run)));
        }
        for (name, node) in &self.inside {
            node.add(name, depth + 1, run, rows);
        }
    }

    fn row(&self, name: &str, depth: usize, run: RunState) -> Row {
        let mut row = Row {
            depth,
            name: name.to_owned(),
            mark: Mark::Around,
            time: self.time(run),
            took: None,
            spent: Spent::default(),
            asks: false,
            notes: Vec::new(),
        };
        row.took = row.time.map(|(from, to)| between(from, to));
        if let Some(StepRow { outcome, .. }) = self.step {
            row.took = Some(outcome.took);
            row.spent = outcome.spent;
            row.asks = outcome.model.is_some();
            row.mark = if outcome.result.is_ok() { Mark::Done } else { Mark::Failed };
            row.notes.extend(outcome.model.iter().map(ToString::to_string));
            if outcome.spent.cached_calls > 0 {
                row.notes.push(cached(outcome.similar));
            }
            if outcome.attempts > 1 {
                row.notes.push(format!("{} attempts", outcome.attempts));
            }
            if !outcome.repaired.is_empty() {
                row.notes.push(format!("repaired: {}", outcome.repaired.join(", ")));
            }
            row.notes.extend(outcome.result.as_ref().err().map(|error| error.message.clone()));
        } else if !self.calls.is_empty() {
            row.mark =
                if self.calls.iter().any(|call| call.took.is_none()) { Mark::Open } else { Mark::Failed };
        }
        row
    }

    // From the first to the last of what is recorded of it.
    fn time(&self, run: RunState) -> Option<Time> {
        let own = self.step.map(time);
        let calls = self.calls.iter().map(|call| call_time(call, run));
        let inside = self.inside.iter().filter_map(|(_, node)| node.time(run));
        own.into_iter().chain(calls).chain(inside).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

fn call_row(call: &CallRow, depth: usize, run: RunState) -> Row {
    let lost = match run {
        RunState::Running => "under way",
        _ => "nothing was heard of it again; charged with its worst case",
    };
    let lost = call.took.is_none().then(|| match call.worst > Cost::ZERO {
        true => lost.to_owned(),
        false => "in doubt".to_owned(),
    });
    let charged = Spent { usd: call.worst, calls: 1, ..Spent::default() };
    Row {
        depth,
        name: call.whom.to_string(),
        mark: match (&call.took, &call.error) {
            (None, _) => Mark::Open,
            (_, Some(_)) => Mark::Failed,
            _ => Mark::Done,
        },
        time: Some(call_time(call, run)),
        took: call.took,
        spent: if call.took.is_none() { charged } else { call.spent },
        asks: call.worst > Cost::ZERO || call.spent.calls > 0,
        notes: lost.into_iter().chain(call.error.clone()).collect(),
    }
}

fn time(step: &StepRow) -> Time {
    let took = SignedDuration::from_millis(i64::try_from(step.outcome.took.0).unwrap_or(i64::MAX));
    (step.ended.checked_sub(took).unwrap_or(step.ended), step.ended)
}

fn call_time(call: &CallRow, run: RunState) -> Time {
    let took = call.took.and_then(|took| i64::try_from(took.0).ok());
    let ended = match (took, run) {
        (Some(took), _) => call.began.checked_add(SignedDuration::from_millis(took)).unwrap_or(call.began),
        (None, RunState::Running) => Timestamp::now(),
        (None, _) => call.began,
    };
    (call.began, ended)
}

fn between(from: Timestamp, to: Timestamp) -> Millis {
    Millis(u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0))
}

/// `cached`, or `cached (similar 0.95)`.
fn cached(similar: Option<f64>) -> String {
    similar.map_or_else(|| "cached".to_owned(), |similar| format!("cached (similar {})", hundredths(similar)))
}
