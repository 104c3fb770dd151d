//! Budgets, deadlines and cancelling.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine, engine_with, result, shown, steps};
use flow_plan::*;
use flow_runtime::Start;
use flow_runtime::journal::MemoryJournal;
use flow_runtime::provider::CallErrorKind;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

// A call that says `A`: 2.3 times the tokens of the text, its framing and the reply's start; 100
// tokens of output.
const WORST: i64 = 19 * 1000 + 100 * 2000;
const USED: i64 = 20_000;

/// Two texts are said, side by side or one after the other.
fn twice(after: &'static [usize], budget: i64) -> Plan {
    let mut plan = plan();
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let body =
        block(0, 1, vec![(ask("a", echo, text("A")), &[]), (ask("b", echo, text("B")), after)], var(2));
    add_flow(&mut plan, "main", body);
    plan.flows[0].settings.budget = Some(Cost(budget));
    plan
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_exceed_the_budget_is_not_made() {
    for (after, budget, calls) in [
        // One after the other, what was not used is there again.
        (&[0][..], WORST + USED, 2),
        (&[0][..], WORST + USED - 1, 1),
        (&[][..], 2 * WORST, 2),
        (&[][..], 2 * WORST - 1, 1),
        (&[][..], WORST - 1, 0),
    ] {
        let fake = Fake::new(&[]);
        let report = result(twice(after, budget), &fake).await;
        assert_eq!(fake.called().len(), calls, "{}", shown(&report));
        assert!(report.spent.usd <= Cost(budget));
        assert_eq!(shown(&report).starts_with("Failed E0803: the budget of $"), calls < 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_refusal_shows_the_sum() {
    let report = result(twice(&[0], WORST), &Fake::new(&[])).await;
    assert_eq!(
        shown(&report),
        "Failed E0803: the budget of $0.000219 does not allow the next call: $0.00002 spent, $0.00 set \
         aside for calls under way, and it may cost $0.000219"
    );
    assert_eq!(report.error.as_ref().and_then(|e| e.step.as_deref()), Some("b"));
    assert_eq!(steps(&report), ["a Ok 1", "b Failed 0"]);
}

#[tokio::test(start_paused = true)]
async fn retries_are_paid_for_from_the_budget_too() {
    let mut plan = twice(&[0], 2 * WORST + USED - 1);
    for node in plan.flows[0].body.steps.node_weights_mut() {
        node.settings.retry = 3;
    }
    let broken = Act::Fail(CallErrorKind::Connection);
    let fake = Fake::new(&[("fast", &[broken.clone(), broken, Act::Say("A")])]);
    // A broken connection may have been billed, so a third call is not covered.
    let report = result(plan, &fake).await;
    assert_eq!((fake.called().len(), report.spent.usd), (2, Cost(2 * WORST)));
    assert!(shown(&report).starts_with("Failed E0803"));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_flow_and_names_it() {
    let mut plan = twice(&[0], i64::MAX);
    plan.flows[0].settings.deadline = Some(Millis(1500));
    let began = Instant::now();
    let report = result(plan, &Fake::new(&[])).await;
    assert_eq!(shown(&report), "Failed E0804: `main` took longer than its deadline of 1500ms");
    assert_eq!(began.elapsed().as_millis(), 1500);
    assert_eq!(steps(&report), ["a Ok 1", "b Failed 1"]);
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_run_at_once() {
    let fake = Fake::new(&[]);
    let engine = engine(twice(&[0], i64::MAX), &fake);
    let cancel = CancellationToken::new();
    let start = Start { cancel: Some(cancel.clone()), ..Start::new(FlowId(0), vec![Value::text("hi")]) };
    let began = Instant::now();
    let (report, ()) = tokio::join!(engine.run(start), async {
        tokio::time::sleep(Millis(1200).duration()).await;
        cancel.cancel();
    });
    assert_eq!(shown(&report), "Failed E0812: the run was interrupted");
    assert_eq!(began.elapsed().as_millis(), 1200);
    assert_eq!(steps(&report), ["a Ok 1", "b Failed 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_flow_inside_is_held_to_both_budgets_and_its_deadline() {
    let nested = |inner: i64, outer: i64, deadline: Option<Millis>| {
        let mut plan = twice(&[0], inner);
        plan.flows[0].settings.deadline = deadline;
        let sub = call("sub", Callee::Flow(FlowId(0)), vec![var(0)]);
        add_flow(&mut plan, "outer", block(0, 1, vec![(sub, &[])], var(1)));
        plan.flows[1].settings.budget = Some(Cost(outer));
        plan
    };
    for (plan, worth) in [
        (nested(WORST + USED, WORST + USED, None), "B"),
        (nested(WORST, i64::MAX, None), "Failed E0803"),
        (nested(i64::MAX, WORST, None), "Failed E0803"),
        (nested(i64::MAX, i64::MAX, Some(Millis(1500))), "Failed E0804: `main`"),
    ] {
        let report = result(plan, &Fake::new(&[])).await;
        assert!(shown(&report).starts_with(worth), "{}", shown(&report));
    }
}

#[tokio::test(start_paused = true)]
async fn finishing_waits_for_what_is_under_way_and_begins_nothing_more() {
    let fake = Fake::new(&[]);
    let journal = Arc::new(MemoryJournal::default());
    let engine = engine_with(twice(&[0], i64::MAX), &fake, |options| options.journal = Some(journal));
    let finish = CancellationToken::new();
    let start = Start { finish: Some(finish.clone()), ..Start::new(FlowId(0), vec![Value::text("hi")]) };
    let began = Instant::now();
    let (report, ()) = tokio::join!(engine.run(start), async {
        tokio::time::sleep(Millis(300).duration()).await;
        finish.cancel();
    });
    assert_eq!(shown(&report), "Failed E0812: the run was interrupted");
    assert_eq!((began.elapsed().as_millis(), fake.called().len()), (1000, 1));
    // What was under way is recorded, and not done again.
    let start = Start { run: Some(report.run), ..Start::new(FlowId(0), vec![Value::text("hi")]) };
    assert_eq!((shown(&engine.run(start).await).as_str(), fake.heard()), ("B", vec!["A".into(), "B".into()]));
}
