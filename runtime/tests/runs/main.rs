//! Runs of plans made by hand, with models that do what the test says, in paused time.
#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod budgets;
mod cached;
mod calls;
mod effects;
mod fake;
mod guarded;
mod http;
mod journal;
mod laws;
mod limits;
mod models;
mod pace;
mod plans;
mod private;
mod similar;
mod steps;
mod taped;
mod told;
mod tools;

use fake::Fake;
use flow_plan::{FlowId, Plan, Value};
use flow_runtime::{Engine, Options, RunReport, Start, Tables};
use std::sync::Arc;

/// An engine for a plan whose models are `fake`.
fn engine(plan: Plan, fake: &Arc<Fake>) -> Engine {
    engine_with(plan, fake, |_| {})
}

/// The same with other options.
fn engine_with(plan: Plan, fake: &Arc<Fake>, change: impl FnOnce(&mut Options)) -> Engine {
    let tables = Tables { providers: vec![fake.clone()], ..Tables::default() };
    let mut options = Options { tables, ..Options::default() };
    change(&mut options);
    Engine::new(Arc::new(plan), plans::context(), options).unwrap()
}

/// Runs a plan's last flow with one input.
async fn run(engine: &Engine, input: Value) -> RunReport {
    engine.run(Start::new(last(engine), vec![input])).await
}

fn last(engine: &Engine) -> FlowId {
    FlowId(engine.plan().flows.len() as u32 - 1)
}

/// Runs a plan's last flow with `"hi"`.
async fn result(plan: Plan, fake: &Arc<Fake>) -> RunReport {
    run(&engine(plan, fake), Value::text("hi")).await
}

/// The result or the error, in one line.
fn shown(report: &RunReport) -> String {
    match (&report.output, &report.error) {
        (Some(output), _) => output.to_string(),
        (None, Some(error)) => format!("{:?} {}: {}", report.status, error.code.short(), error.message),
        (None, None) => format!("{:?}", report.status),
    }
}

/// Each step with its status and attempts.
fn steps(report: &RunReport) -> Vec<String> {
    report.steps.iter().map(|s| format!("{} {:?} {}", s.path, s.status, s.attempts)).collect()
}
