//! Which model is asked, how often and when.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{result, shown, steps};
use flow_plan::*;
use flow_runtime::provider::{CallErrorKind, Finish};
use tokio::time::Instant;

/// A flow of one step, `draft`, which asks for a whole number.
fn counting(change: impl FnOnce(&mut Step)) -> Plan {
    let mut plan = plan();
    add_model(&mut plan, "careful");
    let count = add_prompt(&mut plan, "count", Type::INT);
    let draft = with(ask("draft", count, var(0)), change);
    add_flow(&mut plan, "main", block(0, 1, vec![(draft, &[])], var(1)));
    plan
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_retried_with_growing_waits() {
    let fake = Fake::new(&[(
        "fast",
        &[Act::Fail(CallErrorKind::Server), Act::Fail(CallErrorKind::RateLimited), Act::Say("3")],
    )]);
    let began = Instant::now();
    let report = result(counting(|s| s.settings.retry = 2), &fake).await;
    assert_eq!(shown(&report), "3");
    let waited = began.elapsed().as_millis();
    assert!((375..=750).contains(&waited), "{waited}");
    assert_eq!(steps(&report), ["draft Ok 3"]);
    assert_eq!(report.steps[0].model.as_deref(), Some("fake/fast"));
}

#[tokio::test(start_paused = true)]
async fn the_provider_is_waited_for_as_it_asks() {
    let fake = Fake::new(&[("fast", &[Act::Wait(9_000), Act::Say("3")])]);
    let began = Instant::now();
    assert_eq!(shown(&result(counting(|s| s.settings.retry = 1), &fake).await), "3");
    assert_eq!(began.elapsed().as_millis(), 9_000);
}

#[tokio::test(start_paused = true)]
async fn what_would_fail_again_is_not_retried() {
    for (act, message) in [
        (Act::Fail(CallErrorKind::Rejected), "Failed E0805: `fast`: out of order"),
        (Act::Fail(CallErrorKind::Key), "Failed E0810: `fast`: out of order"),
        (Act::Wait(100_000), "Failed E0805: `fast`: out of order"),
        (Act::End(Finish::Cut), "Failed E0806: the answer of `fast` was cut off at 100 tokens"),
        (Act::End(Finish::Refused), "Failed E0805: `fast` refused to answer"),
    ] {
        let fake = Fake::new(&[("fast", &[act, Act::Say("3")])]);
        let report = result(counting(|s| s.settings.retry = 5), &fake).await;
        assert_eq!(shown(&report), message);
        assert_eq!(fake.called(), ["fast"]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_retry_nothing_is_tried_twice() {
    let fake = Fake::new(&[("fast", &[Act::Fail(CallErrorKind::Server), Act::Say("3")])]);
    let report = result(counting(|_| {}), &fake).await;
    assert_eq!(shown(&report), "Failed E0805: `fast`: out of order");
    assert_eq!(steps(&report), ["draft Failed 1"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_wrong_shape_is_asked_for_again() {
    let fake = Fake::new(&[("fast", &[Act::Say("three"), Act::Say("3")])]);
    let began = Instant::now();
    assert_eq!(shown(&result(counting(|s| s.settings.retry = 1), &fake).await), "3");
    assert_eq!(began.elapsed().as_millis(), 0);
    assert_eq!(fake.heard()[0], "hi\n\nAnswer with a whole number and nothing else.");
}

#[tokio::test(start_paused = true)]
async fn fallbacks_are_tried_in_turn_and_all_are_named() {
    let plan = || {
        counting(|s| {
            s.settings.fallback = vec![ModelId(1)];
            s.settings.timeout = Some(Millis(2000));
        })
    };
    let late = Act::Late(9000, "3");
    let fake = Fake::new(&[("fast", &[late]), ("careful", &[Act::Say("4")])]);
    let began = Instant::now();
    let report = result(plan(), &fake).await;
    assert_eq!((shown(&report), began.elapsed().as_millis()), ("4".to_owned(), 2000));
    assert_eq!(report.steps[0].model.as_deref(), Some("fake/careful"));
    // The attempt that was given up may be billed, and counts with its worst case.
    let worst = Cost(42 * 1000 + 100 * 2000);
    assert_eq!(report.spent.usd, worst.plus(Cost(20_000)));

    let fake = Fake::new(&[("fast", &[Act::Late(9000, "3")]), ("careful", &[Act::Say("four")])]);
    assert_eq!(
        shown(&result(plan(), &fake).await),
        "Failed E0806: the reply is not a whole number: expected ident at line 1, column 2; the reply: \"four\" \
         (before it, `fast` did not answer within 2s)"
    );
}

#[tokio::test(start_paused = true)]
async fn doubt_is_escalated_and_certainty_is_not() {
    let plan = || {
        counting(|s| {
            let sure = binary(var(2), BinaryOp::Greater, int(5));
            let unless = block(2, 1, vec![], sure);
            s.settings.escalate = Some(Escalate { to: ModelId(1), unless: Some(unless) });
        })
    };
    for (first, worth, called) in [("3", "9", vec!["fast", "careful"]), ("7", "7", vec!["fast"])] {
        let fake = Fake::new(&[("fast", &[Act::Say(first)]), ("careful", &[Act::Say("9")])]);
        assert_eq!(shown(&result(plan(), &fake).await), worth);
        assert_eq!(fake.called(), called);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_hedged() {
    for (acts, worth, took, calls) in [
        (vec![Act::Late(500, "1"), Act::Say("2")], "1", 500, 1),
        (vec![Act::Late(5000, "1"), Act::Late(100, "2")], "2", 900, 2),
        (vec![Act::Late(1000, "1"), Act::Say("two")], "1", 1000, 2),
    ] {
        let fake = Fake::new(&[("fast", &acts)]);
        let began = Instant::now();
        let report = result(counting(|s| s.settings.hedge = Some(Millis(800))), &fake).await;
        assert_eq!((shown(&report).as_str(), began.elapsed().as_millis()), (worth, took));
        assert_eq!((fake.called().len(), report.spent.calls), (calls, calls as u64));
    }
}

#[tokio::test(start_paused = true)]
async fn equal_calls_are_answered_from_the_cache_while_it_is_good() {
    let scope = Some(var(0));
    let plan =
        counting(|s| s.settings.cache = Some(CachePolicy { ttl: Millis(3_600_000), scope, similar: None }));
    let fake = Fake::new(&[("fast", &[Act::Say("1"), Act::Say("2"), Act::Say("3")])]);
    let engine = crate::engine(plan, &fake);
    for (input, worth, status, wait) in [
        ("hi", "1", "draft Ok 1", 0),
        ("hi", "1", "draft Cached 0", 0),
        ("ho", "2", "draft Ok 1", 3_600_000),
        ("hi", "3", "draft Ok 1", 0),
    ] {
        let report = crate::run(&engine, Value::text(input)).await;
        assert_eq!((shown(&report).as_str(), steps(&report)), (worth, vec![status.to_owned()]));
        assert_eq!(report.spent.cached_calls, u64::from(status.contains("Cached")));
        tokio::time::advance(Millis(wait).duration()).await;
    }
}
