//! Answers that are kept for nearly the same words: what counts as near, what it costs, and what happens
//! where it can't be known.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine, engine_with, run, shown};
use flow_plan::*;
use flow_runtime::cache::{Cache, Front, MemoryCache, SqliteCache};
use flow_runtime::events::{Event, What};
use flow_runtime::provider::CallErrorKind;
use flow_runtime::{RunReport, Start};
use std::sync::{Arc, Mutex};

/// A flow of one step, `draft`, whose answer is kept by similarity; its prompt pastes `x` and, for a
/// second parameter, what the flow's input begins with.
fn near(least: f64, embed: Option<u32>, change: impl FnOnce(&mut Plan)) -> Plan {
    let mut plan = plan();
    add_model(&mut plan, "vectors");
    let say = add_prompt(&mut plan, "say", Type::TEXT);
    let embed = embed.map(ModelId);
    let draft = with(ask("draft", say, var(0)), |s| {
        let similar = Some(Similar { least, embed });
        s.settings.cache = Some(CachePolicy { ttl: Millis(3_600_000), scope: None, similar });
    });
    add_flow(&mut plan, "main", block(0, 1, vec![(draft, &[])], var(1)));
    change(&mut plan);
    plan
}

fn draft(plan: &mut Plan) -> &mut Step {
    plan.flows.last_mut().unwrap().body.steps.node_weights_mut().next().unwrap()
}

fn hit(report: &RunReport) -> Option<f64> {
    let step = report.steps.iter().find(|s| s.path.to_string() == "draft").unwrap();
    assert_eq!(report.spent.cached_calls, u64::from(step.similar.is_some()), "{}", shown(report));
    step.similar
}

const QUESTION: &str = "How long may I return a pair of shoes?";

#[tokio::test(start_paused = true)]
async fn nearly_the_same_words_are_the_same_call() {
    let fake = Fake::new(&[]);
    let engine = engine(near(0.93, None, |_| {}), &fake);
    assert_eq!(hit(&run(&engine, Value::text(QUESTION)).await), None);
    for (words, is_near) in [
        ("how long may i return a pair of shoes", true),
        ("How long, may I return a pair of SHOES?!", true),
        ("How long may I return a pair of gloves?", false),
        ("Which shipping companies deliver to Norway?", false),
    ] {
        let report = run(&engine, Value::text(words)).await;
        assert_eq!(hit(&report).is_some(), is_near, "{words}");
        assert!(shown(&report).contains(if is_near { QUESTION } else { words }), "{words}");
        assert!(hit(&report).is_none_or(|near| (0.93..=1.0).contains(&near)));
    }
    assert_eq!(fake.called(), ["fast", "fast", "fast"]);
}

#[tokio::test(start_paused = true)]
async fn another_number_is_another_question() {
    let fake = Fake::new(&[]);
    let engine = engine(near(0.5, None, |_| {}), &fake);
    for (words, is_near) in [
        ("Where is the parcel of order 1017, which I sent back?", false),
        ("Where is the parcel of order 1018, which I sent back?", false),
        ("where is the parcel of order 1017 which i sent back", true),
    ] {
        assert_eq!(hit(&run(&engine, Value::text(words)).await).is_some(), is_near, "{words}");
    }
}

#[tokio::test(start_paused = true)]
async fn everything_but_the_words_must_be_the_same() {
    type Change = fn(&mut Plan);
    let changes: [(&str, Change); 5] = [
        ("model", |p| p.models[0].model = "other".into()),
        ("temperature", |p| p.models[0].settings.temperature = Some(0.5)),
        ("text", |p| p.templates[0].source = "Say {{ x }}".into()),
        ("schema", |p| {
            p.prompts[0].output = Type::Text { bound: Some(Bound::Tokens(99)), truncate: false };
        }),
        ("scope", |p| draft(p).settings.cache.as_mut().unwrap().scope = Some(text("you"))),
    ];
    let cache: Arc<dyn Cache> = Arc::new(MemoryCache::default());
    let asked = |change: Change, words: &'static str| {
        let cache = cache.clone();
        async move {
            let engine = engine_with(near(0.9, None, change), &Fake::new(&[]), |o| o.cache = cache);
            hit(&run(&engine, Value::text(words)).await)
        }
    };
    assert_eq!(asked(|_| {}, QUESTION).await, None);
    let near = "how long may i return a pair of shoes";
    for (what, change) in changes {
        assert_eq!(asked(change, near).await, None, "{what}");
    }
    assert!(asked(|_| {}, "HOW long may I return a pair of shoes").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_condition_of_the_prompt_is_no_word_of_it() {
    let plan = near(0.5, None, |p| {
        p.templates[0].source = "{% if x is startingwith('A') %}Be brief.{% endif %}{{ x }}".into();
    });
    let engine = engine(plan, &Fake::new(&[]));
    let first = run(&engine, Value::text("A pair of shoes that fit")).await;
    assert!(shown(&first).contains("Be brief."), "{}", shown(&first));
    assert_eq!(hit(&run(&engine, Value::text("a pair of shoes that fit")).await), None);
    assert!(hit(&run(&engine, Value::text("A pair of shoes, that fit")).await).is_some());
}

fn bounded(plan: &mut Plan, input: u64) {
    let embedding = Some(EmbeddingBound { model: ModelId(1), input: Tokens(input) });
    draft(plan).bounds = Some(Arc::new(CallBounds { embedding, ..CallBounds::default() }));
    plan.models[1].card.price = Price { input: Cost(1_000_000), ..Price::default() };
}

#[tokio::test(start_paused = true)]
async fn an_embedding_is_reserved_and_paid() {
    let fake = Fake::new(&[]);
    let engine = engine(near(0.9, Some(1), |p| bounded(p, 100)), &fake);
    let seen: Arc<Mutex<Vec<Event>>> = Arc::default();
    let listener = {
        let seen = seen.clone();
        Arc::new(move |event: Event| seen.lock().unwrap().push(event))
    };
    let first = run(&engine, Value::text("shoes that fit")).await;
    assert_eq!((first.spent.calls, first.spent.input), (2, Tokens(10 + 7)));
    let start =
        Start { events: Some(listener), ..Start::new(FlowId(0), vec![Value::text("that shoes fit")]) };
    let second = engine.run(start).await;
    assert_eq!(fake.called(), ["vectors", "fast", "vectors"]);
    assert_eq!(hit(&second), Some(1.0));
    assert_eq!((second.spent.calls, second.spent.usd), (1, Cost(7)), "seven tokens at a dollar a million");
    assert_eq!(second.steps[0].attempts, 0);
    let calls: Vec<(u32, Cost)> = seen
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match &event.what {
            What::CallStarted { attempt, reserved, .. } => Some((*attempt, *reserved)),
            _ => None,
        })
        .collect();
    assert_eq!(calls, [(0, Cost(100))], "the bound is what is reserved");
}

fn warnings(seen: &Mutex<Vec<Event>>) -> Vec<String> {
    let message = |event: &Event| match &event.what {
        What::Warned { message } => Some(message.clone()),
        _ => None,
    };
    seen.lock().unwrap().iter().filter_map(message).collect()
}

#[tokio::test(start_paused = true)]
async fn where_no_embedding_can_be_had_the_answer_is_asked_for() {
    for (act, most, usd, said) in [
        // Nothing was sent.
        (Act::Fail(CallErrorKind::Unreached), 100, 0, "out of order"),
        (Act::Fail(CallErrorKind::Connection), 100, 100, "out of order"),
        (Act::Late(60_000, ""), 100, 100, "did not answer within 10s"),
        (Act::Say(""), 2, 0, "to compare, and 2 tokens are the most"),
    ] {
        let fake = Fake::new(&[("vectors", &[act])]);
        let engine = engine(near(0.9, Some(1), |p| bounded(p, most)), &fake);
        let seen: Arc<Mutex<Vec<Event>>> = Arc::default();
        let listener = {
            let seen = seen.clone();
            Arc::new(move |event: Event| seen.lock().unwrap().push(event))
        };
        let input = vec![Value::text("shoes that fit")];
        let report = engine.run(Start { events: Some(listener), ..Start::new(FlowId(0), input) }).await;
        assert_eq!(shown(&report), "shoes that fit", "{said}");
        assert_eq!(report.spent.usd, Cost(20_000 + usd), "{said}");
        let warned = warnings(&seen);
        assert!(warned.len() == 1 && warned[0].contains(said), "{warned:?}");
        // The exact answer is kept all the same.
        let again = run(&engine, Value::text("shoes that fit")).await;
        assert_eq!(again.spent.cached_calls, 1);
    }
}

#[tokio::test]
async fn it_is_found_by_another_process_and_dropped_where_it_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let kept = || -> Arc<dyn Cache> { Arc::new(Front::new(Arc::new(SqliteCache::new(folder.path())))) };
    let engine = || engine_with(near(0.9, None, |_| {}), &Fake::new(&[]), |o| o.cache = kept());
    assert_eq!(hit(&run(&engine(), Value::text(QUESTION)).await), None);
    let other = engine();
    assert!(hit(&run(&other, Value::text("how long may I return a pair of shoes")).await).is_some());
    drop(other);
    let cache = kept();
    let survey = cache.survey().await.unwrap();
    let counted = &survey.counted[0];
    assert_eq!((counted.hits, counted.similar, counted.misses), (1, 1, 1));
    cache.clear(&flow_runtime::cache::Which::default()).await.unwrap();
    assert_eq!(hit(&run(&engine(), Value::text("How long may I return a pair of Shoes")).await), None);
}
