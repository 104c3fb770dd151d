//! The test runner: runs a plan's tests offline, with scripted answers.
//!
//! In: a [`Plan`] and a [`Context`]. Out: a [`TestReport`] for each test, with both sides of every
//! comparison that does not hold.

use crate::budget::Ledger;
use crate::cassette::{Hidden, Tape};
use crate::engine::{Engine, Options, Tables};
use crate::exec::{self, Cx, Frame, Run};
use crate::journal::RunId;
use crate::report::ErrorShape;
use crate::script::Script;
use crate::{Context, RunError, Spent};
use ecow::EcoString;
use flow_diagnostics::{Code, Span};
use flow_plan::{Expect, Millis, Plan, Test, Value};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::sync::Arc;
use tokio::time::Instant;

/// How a test went.
#[derive(Clone, PartialEq, Debug)]
pub struct TestReport {
    /// What it shows.
    pub name: EcoString,
    /// Where it is declared.
    pub span: Span,
    /// Why it could not be run to its expectations.
    pub error: Option<RunError>,
    /// The expectations that do not hold, in order.
    pub failures: Vec<Unmet>,
    /// How long it took.
    pub took: Millis,
}

/// An expectation that does not hold.
#[derive(Clone, PartialEq, Debug)]
pub struct Unmet {
    /// As it is written.
    pub text: EcoString,
    /// Where.
    pub span: Span,
    /// Both sides of a comparison: the left value, the operator, the right value.
    pub sides: Option<(Value, &'static str, Value)>,
    /// Why it could not be computed.
    pub error: Option<String>,
}

impl TestReport {
    /// Whether it passed.
    pub fn passed(&self) -> bool {
        self.error.is_none() && self.failures.is_empty()
    }
}

/// Runs the tests of a plan whose names contain `filter`, one after another, with what `tables` has
/// to call. Models answer what a test scripts; only simulated ones answer anything else, and actions
/// are not carried out.
pub async fn run_tests(
    plan: &Arc<Plan>,
    context: &Context,
    tables: &Tables,
    filter: Option<&str>,
) -> Vec<TestReport> {
    let mut reports = Vec::new();
    for test in plan.tests.iter().filter(|t| filter.is_none_or(|f| t.name.contains(f))) {
        let started = Instant::now();
        let (failures, error) = match run_test(plan, context, tables, test).await {
            Ok(failures) => (failures, None),
            Err(error) => (vec![], Some(error)),
        };
        reports.push(TestReport {
            name: test.name.clone(),
            span: test.span,
            error,
            failures,
            took: Millis::from(started.elapsed()),
        });
    }
    reports
}

async fn run_test(
    plan: &Arc<Plan>,
    context: &Context,
    tables: &Tables,
    test: &Test,
) -> Result<Vec<Unmet>, RunError> {
    let hidden = Hidden::of(plan, &context.env);
    let (script, replay) = Script::of(&test.replies, plan, hidden)?;
    let script = script.deciding(&test.decisions);
    let tape = replay.map(|replay| Tape::Replay(Arc::new(replay)));
    let options = Options { script: Some(script), tape, tables: tables.rehearsed(), ..Options::default() };
    let engine = Engine::new(plan.clone(), context.clone(), options)?;
    let run = Run::new(&engine, RunId::fresh(), None);
    let ledger = Ledger::new(None, Spent::default());
    let cx = Cx { run: &run, ledger: &ledger, inside: None, why: None, hushed: false };
    let frame = Frame::new(cx, &test.body, vec![], None);
    let done = tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(RunError::new(Code::E0812, "the test was interrupted")),
        done = exec::fill(cx, &test.body, &frame) => done.map_err(|halt| halt.ends().1.unwrap_or_else(waits)),
    };
    done.map_err(|error| error.at(&test.name, test.span))?;
    Ok(test.expects.iter().filter_map(|expect| unmet(&frame, expect)).collect())
}

// Decisions are scripted, so that nobody is waited for.
fn waits() -> RunError {
    RunError::new(Code::E0808, "a person is waited for").help("script it: `reply review approve`")
}

fn unmet(frame: &Frame<'_>, expect: &Expect) -> Option<Unmet> {
    let unmet = |sides, error| Some(Unmet { text: expect.text.clone(), span: expect.span, sides, error });
    match frame.holds(&expect.holds) {
        Ok(true) => None,
        Ok(false) => {
            let sides = expect.sides.as_ref().and_then(|(left, op, right)| {
                Some((frame.eval(left).ok()?, op.symbol(), frame.eval(right).ok()?))
            });
            unmet(sides, None)
        }
        Err(halt) => unmet(None, halt.error().map(|error| error.message.clone())),
    }
}

impl Serialize for TestReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("name", self.name.as_str())?;
        map.serialize_entry("passed", &self.passed())?;
        map.serialize_entry("error", &self.error.as_ref().map(ErrorShape))?;
        map.serialize_entry("failures", &self.failures)?;
        map.serialize_entry("ms", &self.took)?;
        map.end()
    }
}

impl Serialize for Unmet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        let (left, op, right) = match &self.sides {
            Some((left, op, right)) => (Some(left.to_json()), Some(*op), Some(right.to_json())),
            None => (None, None, None),
        };
        map.serialize_entry("expect", self.text.as_str())?;
        map.serialize_entry("left", &left)?;
        map.serialize_entry("operator", &op)?;
        map.serialize_entry("right", &right)?;
        map.serialize_entry("error", &self.error)?;
        map.end()
    }
}
