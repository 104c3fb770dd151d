//! Cassettes: whatever becomes of a call, a replay comes to the same without asking a model.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine_with, run};
use flow_plan::*;
use flow_runtime::cassette::{Cassette, Hidden, Recorder, Replay, Tape};
use flow_runtime::events::{Event, What};
use flow_runtime::provider::{CallErrorKind, Finish};
use flow_runtime::{Limit, Limits, Options, RunReport, Start};
use serde_json::Value as Json;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

// One step that asks `fast`, and `slow` where that fails, changed as told; then one that asks again.
fn asking(output: Type, change: impl Fn(&mut Step)) -> Plan {
    let mut plan = plan();
    add_model(&mut plan, "slow");
    let echo = add_prompt(&mut plan, "echo", output);
    let first = with(ask("a", echo, var(0)), &change);
    let second = with(ask("b", echo, text("more")), &change);
    add_flow(&mut plan, "main", block(0, 1, vec![(first, &[]), (second, &[0])], var(2)));
    plan
}

// Two steps beside one another.
fn beside() -> Plan {
    let mut plan = plan();
    add_model(&mut plan, "slow");
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let second = with(ask("b", echo, text("more")), |s| s.settings.model = Some(ModelId(1)));
    add_flow(&mut plan, "main", block(0, 1, vec![(ask("a", echo, var(0)), &[]), (second, &[])], var(2)));
    plan
}

// What a replay repeats of a report.
fn normal(report: &RunReport) -> Json {
    let mut json = serde_json::to_value(report).unwrap();
    json["run"].take();
    for step in json["steps"].as_array_mut().unwrap() {
        step["ms"].take();
    }
    json
}

type Told = Arc<Mutex<Vec<String>>>;

// The run with what was told of it: names of events, and texts.
async fn told(plan: &Plan, fake: &Arc<Fake>, change: impl FnOnce(&mut Options)) -> (RunReport, Vec<String>) {
    let engine = engine_with(plan.clone(), fake, change);
    let told = Told::default();
    let heard = told.clone();
    let sink = move |event: Event| {
        let line = match &event.what {
            What::Token { text, .. } => {
                // Where pieces end is not repeated.
                let mut told = heard.lock().unwrap();
                let begins = format!("{:?} token ", event.step);
                match told.last_mut().filter(|last| last.starts_with(&begins)) {
                    Some(last) => last.push_str(text),
                    None => told.push(begins + text),
                }
                return;
            }
            What::CallFinished { error, spent, .. } => format!("call_finished {error:?} {spent:?}"),
            What::CallSkipped { error, .. } => format!("call_skipped {}", error.message),
            What::CallStarted { attempt, restarts, .. } => format!("call_started {attempt} {restarts}"),
            _ => return,
        };
        heard.lock().unwrap().push(format!("{:?} {line}", event.step));
    };
    let flow = crate::last(&engine);
    let start = Start { events: Some(Arc::new(sink)), ..Start::new(flow, vec![Value::text("hi")]) };
    let report = engine.run(start).await;
    let mut told = told.lock().unwrap().clone();
    // Steps beside one another take turns as they come.
    told.sort_by_key(|line| line.split(' ').next().unwrap().to_owned());
    (report, told)
}

// Records, plays, compares; gives the cassette.
async fn played(plan: Plan, acts: &[(&str, &[Act])], change: impl FnOnce(&mut Options)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.jsonl");
    let recorder = Arc::new(Recorder::create(&path, Hidden::default()).unwrap());
    let live = told(&plan, &Fake::new(acts), |options| {
        change(options);
        options.tape = Some(Tape::Record(recorder.clone()));
    })
    .await;
    recorder.finish(false).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let replay = Arc::new(Replay::new(Cassette::read("c", &text).unwrap(), Hidden::default()));
    let nobody = Fake::new(&[]);
    let again = told(&plan, &nobody, |options| options.tape = Some(Tape::Replay(replay.clone()))).await;
    assert!(nobody.called().is_empty(), "{text}");
    assert_eq!(normal(&again.0), normal(&live.0), "{text}");
    assert_eq!(again.1, live.1, "{text}");
    assert_eq!(replay.left(), 0, "{text}");
    text
}

#[tokio::test(start_paused = true)]
async fn retries_and_fallbacks_do_what_they_did() {
    let plan = || {
        asking(Type::TEXT, |s| {
            s.settings.retry = 2;
            s.settings.fallback = vec![ModelId(1)];
        })
    };
    let overloaded = Act::Fail(CallErrorKind::Overloaded);
    let text = played(
        plan(),
        &[("fast", &[overloaded.clone(), Act::Wait(700), Act::Say("one"), Act::Break("tw")])],
        |_| {},
    )
    .await;
    assert!(text.contains(r#""said":"tw""#) && text.contains(r#""retry_after_ms":700"#), "{text}");
    // Who asks for more patience than there is, is not asked again.
    let text = played(plan(), &[("fast", &[Act::Wait(60_000)]), ("slow", &[Act::Say("one")])], |_| {}).await;
    assert_eq!(text.matches("\"error\"").count(), 1, "{text}");
    for end in [Finish::Cut, Finish::Refused] {
        played(plan(), &[("fast", &[Act::End(end)])], |_| {}).await;
    }
    // What reports no usage, or more than was possible, costs the same.
    played(plan(), &[("fast", &[Act::Use(0, 0), Act::Use(90_000, 1)])], |_| {}).await;
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_late_again_and_takes_no_time() {
    let plan = asking(Type::TEXT, |s| {
        s.settings.timeout = Some(Millis(3_000));
        s.settings.retry = 1;
        s.settings.fallback = vec![ModelId(1)];
    });
    let late = Act::Late(5_000, "late");
    let text = played(plan, &[("fast", &[late.clone(), late]), ("slow", &[Act::Say("one")])], |_| {}).await;
    assert_eq!(text.matches(r#"{"unanswered":"late"}"#).count(), 2, "{text}");
    let cassette = Cassette::read("c", &text).unwrap();
    let plan = asking(Type::TEXT, |s| {
        s.settings.timeout = Some(Millis(3_000));
        s.settings.retry = 1;
        s.settings.fallback = vec![ModelId(1)];
    });
    let tape = Tape::Replay(Arc::new(Replay::new(cassette, Hidden::default())));
    let engine = engine_with(plan, &Fake::new(&[]), |options| options.tape = Some(tape));
    let began = Instant::now();
    run(&engine, Value::text("hi")).await;
    assert!(began.elapsed().as_millis() < 100, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_given_up_is_given_up_again() {
    let hedged = asking(Type::TEXT, |s| s.settings.hedge = Some(Millis(800)));
    let acts = [Act::Late(5_000, "slow"), Act::Say("quick"), Act::Say("b")];
    let text = played(hedged, &[("fast", &acts)], |_| {}).await;
    assert_eq!(text.matches(r#"{"unanswered":"dropped"}"#).count(), 1, "{text}");
    // A sibling fails meanwhile.
    let acts = [("fast", &[Act::Late(5_000, "slow")][..]), ("slow", &[Act::Fail(CallErrorKind::Rejected)])];
    let text = played(beside(), &acts, |_| {}).await;
    assert_eq!(text.matches("unanswered").count(), 1, "{text}");
    // The deadline passes meanwhile.
    let mut dated = beside();
    dated.flows[0].settings.deadline = Some(Millis(2_000));
    played(dated, &[("slow", &[Act::Late(5_000, "slow")])], |_| {}).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_not_made_is_not_made_again() {
    // The circuit opens.
    let plan = asking(Type::TEXT, |s| {
        s.settings.retry = 12;
        s.settings.fallback = vec![ModelId(1)];
    });
    let broken: Vec<Act> = std::iter::repeat_n(Act::Fail(CallErrorKind::Server), 30).collect();
    let text = played(plan, &[("fast", &broken)], |_| {}).await;
    assert!(text.contains(r#""not_asked":"`fast` was not asked: it has failed too often"#), "{text}");
    // Its turn does not come.
    let plan = asking(Type::TEXT, |s| {
        s.settings.timeout = Some(Millis(5_000));
        s.settings.fallback = vec![ModelId(1)];
    });
    let limit = Limit { requests_per_minute: Some(1), ..Limit::default() };
    let text =
        played(plan, &[], |options| options.limits = Limits::new([("fake".to_owned(), limit)].into())).await;
    assert!(text.contains("its turn did not come within 5s"), "{text}");
    // There is no money for it.
    let mut poor = asking(Type::TEXT, |_| {});
    poor.flows[0].settings.budget = Some(Cost(215_000));
    let text = played(poor, &[], |_| {}).await;
    assert!(text.contains(r#""code":"E0803""#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_could_not_be_used_is_asked_for_again() {
    let plan = asking(Type::INT, |s| s.on_fail = Some(OnFail::Retry(2)));
    let text = played(plan, &[("fast", &[Act::Say("many"), Act::Say("7"), Act::Say("8")])], |_| {}).await;
    assert!(text.contains(r#"{"assistant":"many"}"#), "{text}");
    assert!(text.contains(r#"{"user":"That answer cannot be used: "#), "{text}");
}
