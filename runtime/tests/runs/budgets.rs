//! Daily budgets, which many runs share, and models that use more than was possible.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine, engine_with, run, shown};
use flow_diagnostics::Code;
use flow_plan::*;
use flow_runtime::budget::{Accounts, Balance, Budgets, Claim, Denied, Hold, MemoryAccounts, Owner, today};
use flow_runtime::events::What;
use flow_runtime::provider::CallErrorKind;
use flow_runtime::{Engine, RunError, Start};
use futures::future::{BoxFuture, join_all};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

// A call that says `A`: 2.3 times the tokens of the text and its framing; 100 tokens of output.
const WORST: i64 = 19 * 1000 + 100 * 2000;
const USED: i64 = 20_000;

/// The flow `inner` says a text, and `main` calls it.
fn nested() -> Plan {
    let mut plan = plan();
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    add_flow(&mut plan, "inner", block(0, 1, vec![(ask("a", echo, text("A")), &[])], var(1)));
    let sub = call("sub", Callee::Flow(FlowId(0)), vec![var(0)]);
    add_flow(&mut plan, "main", block(0, 1, vec![(sub, &[])], var(1)));
    plan
}

fn limited(
    plan: Plan,
    fake: &Arc<Fake>,
    limits: (Option<i64>, &[(&str, i64)]),
) -> (Engine, Arc<MemoryAccounts>) {
    let accounts = Arc::new(MemoryAccounts::default());
    let budgets = Budgets {
        project: limits.0.map(Cost),
        flows: limits.1.iter().map(|(name, limit)| ((*name).into(), Cost(*limit))).collect(),
        accounts: accounts.clone(),
    };
    (engine_with(plan, fake, |o| o.budgets = Some(budgets)), accounts)
}

fn balance(accounts: &MemoryAccounts, owner: &Owner) -> (i64, i64) {
    let Balance { spent, held } = accounts.balance(owner, today());
    (spent.0, held.0)
}

fn flow(name: &str) -> Owner {
    Owner::Flow(name.into())
}

#[tokio::test(start_paused = true)]
async fn runs_share_what_there_is_for_a_day() {
    let fake = Fake::new(&[]);
    let (engine, accounts) = limited(nested(), &fake, (Some(WORST + USED), &[]));
    assert_eq!(shown(&run(&engine, Value::text("hi")).await), "A");
    assert_eq!(shown(&run(&engine, Value::text("hi")).await), "A");
    let refused = run(&engine, Value::text("hi")).await;
    assert_eq!(
        shown(&refused),
        "Failed E0803: the budget of $0.000239 a day for the project does not allow the next call: $0.00004 \
         spent, $0.00 set aside, and it may cost $0.000219"
    );
    assert_eq!(
        refused.error.and_then(|e| e.help).as_deref(),
        Some("raise it in `flow.toml`, or wait until 00:00 UTC")
    );
    assert_eq!((refused.spent.calls, refused.spent.usd), (0, Cost(0)), "the run's own reservation is back");
    assert_eq!((fake.called().len(), balance(&accounts, &Owner::Project)), (2, (2 * USED, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_flow_inside_pays_from_its_own_account_too() {
    let limits = [("inner", WORST), ("main", i64::MAX), ("other", 0)];
    let (engine, accounts) = limited(nested(), &Fake::new(&[]), (Some(i64::MAX), &limits));
    assert_eq!(shown(&run(&engine, Value::text("hi")).await), "A");
    for owner in [Owner::Project, flow("main"), flow("inner")] {
        assert_eq!(balance(&accounts, &owner), (USED, 0), "{owner}");
    }
    let refused = run(&engine, Value::text("hi")).await;
    assert!(shown(&refused).contains("a day for flow `inner` does not allow"), "{}", shown(&refused));
    // By itself, `inner` does not pay from the account of `main`.
    let start = Start::new(FlowId(0), vec![Value::text("hi")]);
    assert!(shown(&engine.run(start).await).contains("a day for flow `inner`"));
    assert_eq!(balance(&accounts, &flow("main")), (USED, 0));
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_charged_as_it_may_have_been_billed() {
    let acts =
        [CallErrorKind::RateLimited, CallErrorKind::Unreached, CallErrorKind::Connection].map(Act::Fail);
    let (engine, accounts) = limited(nested(), &Fake::new(&[("fast", &acts)]), (Some(i64::MAX), &[]));
    for _ in 0..2 {
        let free = run(&engine, Value::text("hi")).await;
        assert!(shown(&free).starts_with("Failed E0805"));
        assert_eq!((free.spent.usd, free.spent.calls), (Cost::ZERO, 1));
        assert_eq!(balance(&accounts, &Owner::Project), (0, 0));
    }
    assert!(shown(&run(&engine, Value::text("hi")).await).starts_with("Failed E0805"));
    assert_eq!(balance(&accounts, &Owner::Project), (WORST, 0));
    // A run that is stopped in the middle of a call.
    let cancel = CancellationToken::new();
    let start = Start { cancel: Some(cancel.clone()), ..Start::new(FlowId(1), vec![Value::text("hi")]) };
    let (stopped, ()) = tokio::join!(engine.run(start), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        cancel.cancel();
    });
    assert_eq!(stopped.spent.usd, Cost(WORST));
    assert_eq!(balance(&accounts, &Owner::Project), (2 * WORST, 0));
}

/// Accounts that can't be read, or never answer.
struct Bad(bool);

#[async_trait::async_trait]
impl Accounts for Bad {
    async fn reserve(&self, _: Claim) -> Result<Hold, Denied> {
        match self.0 {
            true => std::future::pending().await,
            false => Err(Denied::Failed(RunError::new(Code::E0810, "the disk is full"))),
        }
    }

    fn settle(&self, _: Hold, _: Cost) -> BoxFuture<'static, Result<(), RunError>> {
        unreachable!("nothing was reserved")
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_is_made_without_the_accounts() {
    for (never, error, took) in [(false, "Failed E0810: the disk is full", 0), (true, "Failed E0804", 700)] {
        let fake = Fake::new(&[]);
        let mut plan = nested();
        plan.flows[1].settings.deadline = Some(Millis(700));
        let budgets = Budgets {
            project: Some(Cost(i64::MAX)),
            flows: Default::default(),
            accounts: Arc::new(Bad(never)),
        };
        let engine = engine_with(plan, &fake, |o| o.budgets = Some(budgets));
        let report = run(&engine, Value::text("hi")).await;
        assert!(shown(&report).starts_with(error), "{}", shown(&report));
        assert_eq!((report.spent.usd, report.took.0, fake.called().len()), (Cost(0), took, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_runs_at_once_never_spend_more_than_the_day_allows() {
    // Every call uses exactly its worst case, so that 600 fit and not one more.
    let acts = vec![Act::Use(19, 100); 1000];
    let fake = Fake::new(&[("fast", &acts)]);
    let (engine, accounts) = limited(nested(), &fake, (Some(600 * WORST), &[]));
    let runs = (0..1000).map(|_| run(&engine, Value::text("hi")));
    let reports = join_all(runs).await;
    let refused = reports.iter().filter(|r| r.error.as_ref().is_some_and(|e| e.code == Code::E0803)).count();
    let done = reports.iter().filter(|r| r.output.is_some()).count();
    assert_eq!((done, refused, fake.called().len()), (600, 400, 600));
    assert_eq!(balance(&accounts, &Owner::Project), (600 * WORST, 0));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_reports_more_than_was_possible_is_not_asked_again() {
    let mut plan = nested();
    plan.flows[1].settings.budget = Some(Cost(10 * WORST));
    let fake = Fake::new(&[("fast", &[Act::Use(1500, 5)])]);
    let (engine, accounts) = limited(plan, &fake, (Some(i64::MAX), &[]));
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = events.clone();
    let sink = move |event: flow_runtime::events::Event| sink.lock().unwrap().push(event.what);
    let start = Start { events: Some(Arc::new(sink)), ..Start::new(FlowId(1), vec![Value::text("hi")]) };
    let first = engine.run(start).await;
    // The answer has been paid for, and the excess is charged.
    assert_eq!((shown(&first).as_str(), first.spent.usd), ("used", Cost(1_510_000)));
    assert_eq!(balance(&accounts, &Owner::Project), (1_510_000, 0));
    let seen = "`fast` reported 1,500 tokens of input where at most 19 were possible, so what its calls may \
                cost can't be trusted";
    let told = events.lock().unwrap().iter().find_map(|what| match what {
        What::CallFinished { excess, .. } => excess.clone(),
        _ => None,
    });
    assert_eq!(told.as_deref(), Some(seen));

    let second = run(&engine, Value::text("hi")).await;
    assert_eq!(shown(&second), format!("Failed E0805: {seen}; it is not asked again"));
    assert_eq!((second.spent.calls, fake.called().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_fallback_answers_for_a_model_that_is_not_asked_again() {
    let mut plan = plan();
    let careful = add_model(&mut plan, "careful");
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let asks = with(ask("a", echo, text("A")), |s| {
        s.settings.fallback = vec![careful];
        s.settings.retry = 2;
    });
    add_flow(&mut plan, "main", block(0, 1, vec![(asks, &[])], var(1)));
    let fake = Fake::new(&[("fast", &[Act::Use(1, 1000)])]);
    let engine = engine(plan, &fake);
    assert_eq!(shown(&run(&engine, Value::text("hi")).await), "used");
    assert_eq!(shown(&run(&engine, Value::text("hi")).await), "A");
    assert_eq!(fake.called(), ["fast", "careful"]);
}
