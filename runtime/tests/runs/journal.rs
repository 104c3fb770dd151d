//! What is recorded is not done again.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine_with, last, shown, steps};
use async_trait::async_trait;
use ecow::EcoString;
use flow_plan::*;
use flow_runtime::action::Unacted;
use flow_runtime::journal::MemoryJournal;
use flow_runtime::provider::CallErrorKind;
use flow_runtime::{Context, Engine, RunId, RunReport, Start};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

async fn go(engine: &Engine, input: &str, cut_after: Option<u64>) -> RunReport {
    let cancel = CancellationToken::new();
    let run = Some(RunId("r".into()));
    let start =
        Start { run, cancel: Some(cancel.clone()), ..Start::new(last(engine), vec![Value::text(input)]) };
    let cut = async {
        match cut_after {
            Some(ms) => {
                tokio::time::sleep(Millis(ms).duration()).await;
                cancel.cancel();
            }
            None => std::future::pending().await,
        }
        std::future::pending::<RunReport>().await
    };
    tokio::select! {
        report = engine.run(start) => report,
        report = cut => report,
    }
}

/// Three texts are said one after another, each taking a second.
fn saying() -> Plan {
    let mut plan = plan();
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let body = block(2, 1, vec![(ask("said", echo, var(2)), &[])], var(3));
    let list = Expr::Call("split".into(), vec![var(0), text(",")]);
    let each = step("all", StepKind::Each { list, parallel: 1, body: Box::new(body), apart: Vec::new() });
    add_flow(&mut plan, "main", block(0, 1, vec![(each, &[])], var(1)));
    plan
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_where_it_was_cut_off() {
    let journal = Arc::new(MemoryJournal::default());
    let fake = Fake::new(&[]);
    let engine = engine_with(saying(), &fake, |o| o.journal = Some(journal.clone()));
    let first = go(&engine, "a,b,c", Some(1500)).await;
    assert_eq!(shown(&first), "Failed E0812: the run was interrupted");
    assert_eq!(steps(&first), ["all Failed 0", "all[0].said Ok 1", "all[1].said Failed 1"]);
    let second = go(&engine, "a,b,c", None).await;
    assert_eq!(shown(&second), r#"["a","b","c"]"#);
    assert_eq!(steps(&second), ["all Ok 0", "all[0].said Cached 1", "all[1].said Ok 1", "all[2].said Ok 1"]);
    assert_eq!(fake.heard(), ["a", "b", "b", "c"]);
    // The call that was cut off stays charged with its worst case.
    let worst = Cost(19 * 1000 + 100 * 2000);
    assert_eq!(second.spent.usd, worst.plus(Cost(60_000)));
    assert_eq!(first.spent.usd, worst.plus(Cost(20_000)));
    assert_eq!(journal.order(&second.run), ["all[0].said", "all[1].said", "all[2].said"]);
    let third = go(&engine, "a,b,c", None).await;
    assert_eq!((shown(&third), fake.called().len()), (r#"["a","b","c"]"#.to_owned(), 4));
}

#[tokio::test(start_paused = true)]
async fn another_program_or_other_inputs_are_another_run() {
    let journal = Arc::new(MemoryJournal::default());
    let fake = Fake::new(&[]);
    let engine = engine_with(saying(), &fake, |o| o.journal = Some(journal.clone()));
    go(&engine, "a", None).await;
    assert_eq!(shown(&go(&engine, "b", None).await), "Failed E0810: run `r` has other inputs");
    let mut other = saying();
    other.models[0].settings.temperature = Some(1.0);
    let engine = engine_with(other, &fake, |o| o.journal = Some(journal));
    assert_eq!(shown(&go(&engine, "a", None).await), "Failed E0810: run `r` is of another program");
}

#[tokio::test(start_paused = true)]
async fn a_branch_that_was_taken_is_taken_again() {
    let mut plan = plan();
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let other = block(2, 0, vec![(ask("plain", echo, text("B")), &[])], var(2));
    let draft = with(ask("draft", echo, text("A")), |s| s.on_fail = Some(OnFail::Do(Box::new(other))));
    add_flow(&mut plan, "main", block(0, 1, vec![(draft, &[])], var(1)));
    let fake = Fake::new(&[("fast", &[Act::Fail(CallErrorKind::Server)])]);
    let journal = Arc::new(MemoryJournal::default());
    let engine = engine_with(plan, &fake, |o| o.journal = Some(journal.clone()));
    go(&engine, "hi", Some(500)).await;
    let second = go(&engine, "hi", None).await;
    assert_eq!(shown(&second), "B");
    assert_eq!(fake.heard(), ["A", "B", "B"]);
    assert_eq!(journal.order(&second.run), ["draft", "draft.else.plain", "draft"]);
}

#[tokio::test(start_paused = true)]
async fn a_try_of_a_called_flow_that_has_failed_is_not_made_again() {
    let again = |change: fn(&mut Step)| {
        let mut plan = plan();
        let echo = add_prompt(&mut plan, "echo", Type::TEXT);
        add_flow(&mut plan, "part", block(0, 1, vec![(ask("said", echo, var(0)), &[])], var(1)));
        let part = with(call("part", Callee::Flow(FlowId(0)), vec![var(0)]), change);
        let steps = vec![(part, &[][..]), (ask("more", echo, text("more")), &[0])];
        add_flow(&mut plan, "main", block(0, 1, steps, var(2)));
        plan
    };
    let with_retry = |s: &mut Step| s.settings.retry = 1;
    let else_retry = |s: &mut Step| s.on_fail = Some(OnFail::Retry(1));
    for plan in [again(with_retry), again(else_retry)] {
        let journal = Arc::new(MemoryJournal::default());
        let fake = Fake::new(&[("fast", &[Act::Fail(CallErrorKind::Server)])]);
        let engine = engine_with(plan, &fake, |o| o.journal = Some(journal.clone()));
        // Long enough for both tries, and not for what comes behind them.
        go(&engine, "hi", Some(1800)).await;
        assert_eq!(fake.heard(), ["hi", "hi", "more"]);
        let second = go(&engine, "hi", None).await;
        assert_eq!(shown(&second), "more");
        assert_eq!(fake.heard(), ["hi", "hi", "more", "more"]);
    }
}

struct Slow;

static SLOW: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Action, name: "note", ..CapabilitySpec::BASE };

#[async_trait]
impl flow_runtime::action::Channel for Slow {
    fn spec(&self) -> &'static CapabilitySpec {
        &SLOW
    }
    async fn act(
        &self,
        _: &Context,
        _: &Action,
        _: &[(EcoString, Value)],
        _: &[(EcoString, Value)],
        _: &str,
    ) -> Result<Value, Unacted> {
        tokio::time::sleep(Millis(1000).duration()).await;
        Ok(Value::Null)
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_in_doubt_waits_for_a_person() {
    let mut plan = plan();
    let note = crate::effects::add_note(&mut plan);
    add_flow(&mut plan, "main", block(0, 1, vec![(call("mail", note, vec![var(0)]), &[])], var(1)));
    let engine = engine_with(plan, &Fake::new(&[]), |o| {
        o.tables.channels.push(Arc::new(Slow));
        o.journal = Some(Arc::new(MemoryJournal::default()));
    });
    go(&engine, "hi", Some(500)).await;
    let second = go(&engine, "hi", None).await;
    assert!(
        shown(&second).starts_with("Waiting E0811: it is not known whether it was done"),
        "{}",
        shown(&second)
    );
    assert_eq!(steps(&second), ["mail Waiting 0"]);
}
