//! When models are asked: limits of providers, the pauses they ask for, and circuit breakers.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine, engine_with, result, run, shown, steps};
use flow_plan::*;
use flow_runtime::events::{Event, What};
use flow_runtime::provider::CallErrorKind;
use flow_runtime::{Limit, Limits, RunReport, RunStatus, Start};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// One step that asks `fast`, changed as told.
fn once(change: impl FnOnce(&mut Step)) -> Plan {
    let mut plan = plan();
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let step = with(ask("a", echo, var(0)), change);
    add_flow(&mut plan, "main", block(0, 1, vec![(step, &[])], var(1)));
    plan
}

fn limits(limit: Limit) -> Limits {
    Limits::new([("fake".to_owned(), limit)].into())
}

async fn many(engine: &flow_runtime::Engine, runs: usize) -> Vec<RunReport> {
    futures::future::join_all((0..runs).map(|_| run(engine, Value::text("hi")))).await
}

#[tokio::test(start_paused = true)]
async fn all_runs_of_all_engines_keep_to_a_limit_together() {
    let limits = limits(Limit { concurrency: Some(3), ..Limit::default() });
    let fake = Fake::new(&[]);
    let make = || engine_with(once(|_| {}), &fake, |options| options.limits = limits.clone());
    let (one, other) = (make(), make());
    let began = Instant::now();
    let (a, b) = tokio::join!(many(&one, 8), many(&other, 7));
    assert!(a.iter().chain(&b).all(|r| r.status == RunStatus::Ok));
    assert_eq!((fake.at_once(), began.elapsed().as_secs()), (3, 5));
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_turn_is_inside_the_timeout_and_costs_nothing() {
    let fake = Fake::new(&[]);
    let plan = once(|s| s.settings.timeout = Some(Millis(5_000)));
    let engine = engine_with(plan, &fake, |options| {
        options.limits = limits(Limit { requests_per_minute: Some(2), ..Limit::default() });
    });
    let began = Instant::now();
    let reports = many(&engine, 3).await;
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(fake.called().len(), 2);
    let late: Vec<_> = reports.iter().filter(|r| r.status == RunStatus::Failed).collect();
    let [late] = late[..] else { panic!("{reports:?}") };
    assert_eq!(shown(late), "Failed E0805: `fast` was not asked: its turn did not come within 5s");
    assert_eq!((late.spent.calls, late.spent.usd, steps(late)), (0, Cost(0), vec!["a Failed 0".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_larger_than_the_limit_says_so_at_once() {
    let fake = Fake::new(&[]);
    let engine = engine_with(once(|s| s.settings.retry = 3), &fake, |options| {
        options.limits = limits(Limit { tokens_per_minute: Some(50), ..Limit::default() });
    });
    let report = run(&engine, Value::text("hi")).await;
    let said = shown(&report);
    assert!(said.starts_with("Failed E0810: a call of `fast` may have 1"), "{said}");
    assert!(fake.called().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_asked_for_holds_for_every_run() {
    let fake = Fake::new(&[("fast", &[Act::Wait(4_000)])]);
    let engine = engine(once(|s| s.settings.retry = 1), &fake);
    let began = Instant::now();
    let first = async { run(&engine, Value::text("first")).await };
    let second = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        run(&engine, Value::text("second")).await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((shown(&first).as_str(), shown(&second).as_str()), ("first", "second"));
    assert_eq!(fake.called().len(), 3);
    // Both are asked when the four seconds are over, and take one.
    assert_eq!((began.elapsed().as_secs(), second.took.0 / 100), (5, 40));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_keeps_failing_is_not_asked_and_its_fallback_is_at_once() {
    let down = vec![Act::Fail(CallErrorKind::Server); 5];
    let fake = Fake::new(&[("fast", &down)]);
    let mut plan = once(|s| s.settings.fallback = vec![ModelId(1)]);
    add_model(&mut plan, "spare");
    let engine = engine(plan, &fake);
    for _ in 0..5 {
        assert_eq!(shown(&run(&engine, Value::text("hi")).await), "hi");
    }
    // Twelve seconds have passed: five failures and five answers of a second, so it opened 1 s ago.
    let heard: Arc<Mutex<Vec<Event>>> = Arc::default();
    let sink = heard.clone();
    let start = Start {
        events: Some(Arc::new(move |event| sink.lock().unwrap().push(event))),
        ..Start::new(FlowId(0), vec![Value::text("hi")])
    };
    let report = engine.run(start).await;
    assert_eq!((shown(&report).as_str(), report.spent.calls), ("hi", 1));
    assert_eq!(fake.called().iter().filter(|m| *m == "fast").count(), 5, "it is not asked");
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    let skipped = heard.iter().find_map(|e| match &e.what {
        What::CallSkipped { model, error } => Some((model.to_string(), error.message.clone())),
        _ => None,
    });
    let why = "`fast` was not asked: it has failed too often, and its circuit is open".to_owned();
    assert_eq!(skipped, Some(("fake/fast".to_owned(), why)));
    // When the pause is over one call finds out that it answers again.
    tokio::time::sleep(Duration::from_secs(10)).await;
    run(&engine, Value::text("hi")).await;
    run(&engine, Value::text("hi")).await;
    assert_eq!(fake.called().iter().filter(|m| *m == "fast").count(), 7);
}

#[tokio::test(start_paused = true)]
async fn without_a_fallback_a_retry_waits_until_the_model_is_asked_again() {
    let down = vec![Act::Fail(CallErrorKind::Connection); 5];
    let fake = Fake::new(&[("fast", &down)]);
    let report = result(once(|s| s.settings.retry = 6), &fake).await;
    assert_eq!((shown(&report).as_str(), fake.called().len()), ("hi", 6));
}
