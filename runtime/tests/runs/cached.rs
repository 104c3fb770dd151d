//! Equal calls: what makes them equal, those under way, and caches that can't be used.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine, engine_with, run, shown, steps};
use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::*;
use flow_runtime::RunError;
use flow_runtime::cache::{Asked, Cache, Entry, Found, MemoryCache, Survey, Which};
use flow_runtime::events::{Event, What};
use flow_runtime::{Engine, Start};
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

const HOUR: CachePolicy = CachePolicy { ttl: Millis(3_600_000), scope: None, similar: None };

/// A flow of one cached step, `draft`.
fn cached(change: impl FnOnce(&mut Plan)) -> Plan {
    let mut plan = plan();
    add_model(&mut plan, "careful");
    let count = add_prompt(&mut plan, "count", Type::INT);
    let draft = with(ask("draft", count, var(0)), |s| s.settings.cache = Some(HOUR));
    add_flow(&mut plan, "main", block(0, 1, vec![(draft, &[])], var(1)));
    change(&mut plan);
    plan
}

fn draft(plan: &mut Plan) -> &mut Step {
    plan.flows.last_mut().unwrap().body.steps.node_weights_mut().next().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_depends_on_is_in_its_key() {
    type Change = fn(&mut Plan);
    let changes: [(&str, Change); 9] = [
        ("model", |p| p.models[0].model = "other".into()),
        ("temperature", |p| p.models[0].settings.temperature = Some(0.5)),
        ("max_output", |p| p.models[0].settings.max_output = Some(Tokens(77))),
        ("tokenizer", |p| p.models[0].card.tokenizer = Some("cl100k_base".into())),
        ("text", |p| p.templates[0].source = "Say {{ x }}".into()),
        ("schema", |p| p.prompts[0].output = Type::Int(Some((0, 9)))),
        ("bound", |p| p.prompts[0].output = Type::Text { bound: Some(Bound::Tokens(9)), truncate: false }),
        ("fallback", |p| draft(p).settings.fallback = vec![ModelId(1)]),
        ("escalate", |p| draft(p).settings.escalate = Some(Escalate { to: ModelId(1), unless: None })),
    ];
    let cache: Arc<dyn Cache> = Arc::new(MemoryCache::default());
    for again in [false, true] {
        for (what, change) in std::iter::once(("nothing", (|_| {}) as Change)).chain(changes) {
            let fake = Fake::new(&[("fast", &[Act::Say("3")]), ("careful", &[Act::Say("3")])]);
            let engine = engine_with(cached(change), &fake, |o| o.cache = cache.clone());
            let report = run(&engine, Value::text("hi")).await;
            assert_eq!(report.spent.cached_calls, u64::from(again), "{what}: {}", shown(&report));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_escalation_depends_on_what_its_condition_names() {
    let fake = Fake::new(&[("fast", &[Act::Say("3"), Act::Say("3")]), ("careful", &[Act::Say("9")])]);
    // `unless it > 5 or x == "sure"`, of a prompt that is not told `x`.
    let plan = cached(|p| {
        let named = binary(var(0), BinaryOp::Equal, text("sure"));
        let sure = binary(binary(var(2), BinaryOp::Greater, int(5)), BinaryOp::Or, named);
        let step = draft(p);
        step.kind = StepKind::Call(Callee::Prompt(PromptId(0)), vec![text("same")]);
        step.settings.escalate = Some(Escalate { to: ModelId(1), unless: Some(block(2, 1, vec![], sure)) });
    });
    let engine = engine(plan, &fake);
    for (input, worth, hits) in [("sure", "3", 0), ("sure", "3", 1), ("hm", "9", 0), ("hm", "9", 1)] {
        let report = run(&engine, Value::text(input)).await;
        assert_eq!((shown(&report).as_str(), report.spent.cached_calls), (worth, hits), "{input}");
    }
}

async fn at_once(engine: &Engine, inputs: &[&str]) -> Vec<(String, Vec<String>, u64)> {
    let runs = inputs.iter().map(|input| run(engine, Value::text(*input)));
    let reports = futures::future::join_all(runs).await;
    reports.iter().map(|r| (shown(r), steps(r), r.spent.cached_calls)).collect()
}

#[tokio::test(start_paused = true)]
async fn equal_calls_under_way_are_made_once() {
    let fake = Fake::new(&[("fast", &[Act::Late(500, "1"), Act::Late(500, "2")])]);
    let began = Instant::now();
    let reports = at_once(&engine(cached(|_| {}), &fake), &["hi", "hi", "ho", "hi"]).await;
    let made = |worth: &str| (worth.to_owned(), vec!["draft Ok 1".to_owned()], 0);
    let shared = ("1".to_owned(), vec!["draft Cached 0".to_owned()], 1);
    assert_eq!(reports, [made("1"), shared.clone(), made("2"), shared]);
    assert_eq!((fake.called().len(), began.elapsed().as_millis()), (2, 500));
}

#[tokio::test(start_paused = true)]
async fn without_cache_equal_calls_are_all_made() {
    let fake = Fake::new(&[]);
    let plan = cached(|p| {
        draft(p).settings.cache = None;
        p.prompts[0].output = Type::TEXT;
    });
    at_once(&engine(plan, &fake), &["hi", "hi"]).await;
    assert_eq!(fake.called().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_that_waited_for_a_call_that_failed_makes_its_own() {
    let fake = Fake::new(&[("fast", &[Act::Late(500, "no number"), Act::Say("2"), Act::Say("3")])]);
    let reports = at_once(&engine(cached(|_| {}), &fake), &["hi", "hi", "hi"]).await;
    assert!(reports[0].0.contains("E0806"), "{reports:?}");
    assert_eq!(reports[1..].iter().map(|r| (r.0.as_str(), r.2)).collect::<Vec<_>>(), [("2", 0), ("3", 0)]);
}

#[tokio::test(start_paused = true)]
async fn one_does_not_wait_longer_than_its_own_attempt_could_take() {
    let fake = Fake::new(&[("fast", &[Act::Late(60_000, "1"), Act::Late(100, "2")])]);
    let mut plan = cached(|_| {});
    // The first has all the time; the second has a second.
    let hasty = with(draft(&mut plan).clone(), |s| s.settings.timeout = Some(Millis(1000)));
    add_flow(&mut plan, "hasty", block(0, 1, vec![(hasty, &[])], var(1)));
    let engine = engine(plan, &fake);
    let patient = engine.run(Start::new(FlowId(0), vec![Value::text("hi")]));
    let began = Instant::now();
    let hasty = async {
        tokio::task::yield_now().await;
        let report = run(&engine, Value::text("hi")).await;
        (shown(&report), began.elapsed().as_millis())
    };
    let (patient, hasty) = futures::join!(patient, hasty);
    assert_eq!((shown(&patient).as_str(), hasty), ("1", ("2".to_owned(), 1100)));
}

/// A cache that fails, never answers, or has spoilt entries alone.
enum Bad {
    Fails,
    Hangs,
    Spoilt,
}

#[async_trait]
impl Cache for Bad {
    async fn get(&self, _: &Asked) -> Result<Found, RunError> {
        match self {
            Bad::Fails => Err(RunError::new(Code::E0810, "the cache failed: no such luck")),
            Bad::Hangs => std::future::pending().await,
            Bad::Spoilt => Ok(Found::Spoilt),
        }
    }

    async fn put(&self, _: &Asked, _: &Entry, _: Millis) -> Result<(), RunError> {
        Ok(())
    }

    async fn survey(&self) -> Result<Survey, RunError> {
        Ok(Survey::default())
    }

    async fn clear(&self, _: &Which) -> Result<u64, RunError> {
        Ok(0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_cannot_be_used_is_said_once_and_stops_no_run() {
    for (bad, says, took) in [
        (Bad::Fails, "the cache failed: no such luck; the run goes on without it", 0),
        (Bad::Hangs, "the cache has not answered within 250ms; the run goes on without it", 250),
        (Bad::Spoilt, "a cached answer is not what was kept there, and has been dropped (`count`)", 0),
    ] {
        let fake = Fake::new(&[("fast", &[Act::Say("1"), Act::Say("2"), Act::Say("3")])]);
        let engine = engine_with(cached(|_| {}), &fake, |o| o.cache = Arc::new(bad));
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let began = Instant::now();
        for worth in ["1", "2", "3"] {
            let heard = warnings.clone();
            let sink = move |event: Event| {
                if let What::Warned { message } = event.what {
                    heard.lock().unwrap().push(message);
                }
            };
            let start =
                Start { events: Some(Arc::new(sink)), ..Start::new(FlowId(0), vec![Value::text("hi")]) };
            assert_eq!(shown(&engine.run(start).await), worth);
        }
        assert_eq!(*warnings.lock().unwrap(), [says]);
        assert_eq!(began.elapsed().as_millis(), took, "it is left alone for a while");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hit_saves_what_the_call_cost() {
    let cache: Arc<dyn Cache> = Arc::new(MemoryCache::default());
    let fake = Fake::new(&[("fast", &[Act::Say("1")])]);
    let engine = engine_with(cached(|_| {}), &fake, |o| o.cache = cache.clone());
    let made = run(&engine, Value::text("hi")).await.spent;
    for _ in 0..2 {
        assert_eq!(run(&engine, Value::text("hi")).await.spent.usd, Cost::ZERO);
    }
    let counted = &cache.survey().await.unwrap().counted[0];
    assert_eq!((counted.flow.as_str(), counted.callee.as_str()), ("main", "count"));
    assert_eq!((counted.hits, counted.misses), (2, 1));
    assert_eq!((counted.saved.usd, counted.saved.input), (Cost(made.usd.0 * 2), Tokens(made.input.0 * 2)));
    assert!(made.usd > Cost::ZERO);
}
