//! What a run tells: its events, its report as JSON, and the reports of tests.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine, result};
use flow_plan::*;
use flow_runtime::events::{Event, Sink};
use flow_runtime::provider::CallErrorKind;
use flow_runtime::test::run_tests;
use flow_runtime::{RunId, Start, Tables};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Heard(Mutex<Vec<Json>>);

impl Sink for Heard {
    fn event(&self, event: Event) {
        self.0.lock().unwrap().push(serde_json::to_value(event).unwrap());
    }
}

async fn heard(plan: Plan, fake: &Arc<Fake>) -> Vec<Json> {
    let heard = Arc::new(Heard::default());
    let start = Start {
        run: Some(RunId("r".into())),
        events: Some(heard.clone()),
        ..Start::new(FlowId(0), vec![Value::text("hi")])
    };
    engine(plan, fake).run(start).await;
    heard.0.lock().unwrap().clone()
}

fn drafting(output: Type) -> Plan {
    let mut plan = plan();
    let write = add_prompt(&mut plan, "write", output);
    let draft = with(ask("draft", write, var(0)), |s| s.settings.retry = 1);
    add_flow(&mut plan, "main", block(0, 1, vec![(draft, &[])], var(1)));
    plan
}

#[tokio::test(start_paused = true)]
async fn events_tell_a_run_as_it_happens() {
    let fake = Fake::new(&[("fast", &[Act::Break("Hel"), Act::Late(40, "Hello")])]);
    let events = heard(drafting(Type::TEXT), &fake).await;
    let short: Vec<String> = events
        .iter()
        .map(|e| {
            let fields = ["text", "attempt", "restarts", "result", "status", "output"];
            let fields = fields.iter().filter_map(|f| e.get(f).map(|v| format!(" {f}={v}")));
            format!("{}{}", e["event"].as_str().unwrap(), fields.collect::<String>())
        })
        .collect();
    assert_eq!(
        short,
        [
            "run_started",
            "step_started result=true",
            "call_started attempt=1 restarts=false",
            "token text=\"Hel\" attempt=1 result=true",
            "call_finished attempt=1",
            "call_started attempt=2 restarts=true",
            "token text=\"Hello\" attempt=2 result=true",
            "call_finished attempt=2",
            "step_finished status=\"ok\"",
            "run_finished status=\"ok\" output=\"Hello\"",
        ]
    );
    assert!(events.iter().all(|e| e["run"] == "r" && e["t_ms"].is_u64()));
    assert_eq!(events[1]["step"], "draft");
    assert_eq!(events[4]["error"]["code"], "flow::E0805");
    assert_eq!(events[7]["usd"], 0.00002);
    assert_eq!(events[7]["request_id"], "r1");
}

fn review() -> Type {
    let field = |name: &str, ty| Field {
        name: name.into(),
        ty,
        doc: "".into(),
        labels: Labels::default(),
        default: None,
    };
    let fields = vec![field("why", Type::TEXT), field("score", Type::INT)];
    Type::Record(Arc::new(RecordType { name: Some("Review".into()), doc: "".into(), fields }))
}

#[tokio::test(start_paused = true)]
async fn what_was_mended_is_told_with_the_call_and_the_step() {
    let fake = Fake::new(&[("fast", &[Act::Say("```json\n{'why': 'ok', \"score\": 4,}\n```")])]);
    let events = heard(drafting(review()), &fake).await;
    let told = |name: &str| events.iter().find(|e| e["event"] == name).unwrap()["repaired"].clone();
    assert_eq!(told("call_finished"), json!(["fence", "quotes", "extra_comma"]));
    assert_eq!(told("step_finished"), json!(["fence", "quotes", "extra_comma"]));
    let fake = Fake::new(&[("fast", &[Act::Say("{'why': 'ok', 'score': 4}")])]);
    let report = serde_json::to_value(result(drafting(review()), &fake).await).unwrap();
    assert_eq!(report["steps"][0]["repaired"], json!(["quotes"]));
    // What is as it should be says nothing of it.
    let fake = Fake::new(&[("fast", &[Act::Say("{\"why\": \"ok\", \"score\": 4}")])]);
    let events = heard(drafting(review()), &fake).await;
    assert!(events.iter().all(|e| e.get("repaired").is_none()), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_typed_result_is_shown_as_it_grows() {
    let reply = "Here: {\"why\": \"ok\", \"score\": 4}";
    let parts = |events: &[Json]| -> Vec<Json> {
        let parts = events.iter().filter(|e| e["event"] == "partial");
        parts.map(|e| e["value"].clone()).collect()
    };
    let fake = Fake::new(&[("fast", &[Act::Say(reply)])]);
    let events = heard(drafting(review()), &fake).await;
    assert_eq!(parts(&events).last(), Some(&json!({"why": "ok", "score": 4})));
    // It is not the result where something follows.
    let mut plan = drafting(review());
    plan.flows[0].body.steps.node_weights_mut().for_each(|s| s.on_fail = Some(OnFail::Retry(1)));
    let fake = Fake::new(&[("fast", &[Act::Say(reply)])]);
    assert_eq!(parts(&heard(plan, &fake).await), Vec::<Json>::new());
    // Plain text has no parts.
    let fake = Fake::new(&[("fast", &[Act::Say(reply)])]);
    assert_eq!(parts(&heard(drafting(Type::TEXT), &fake).await), Vec::<Json>::new());
}

#[tokio::test(start_paused = true)]
async fn only_plain_text_that_nothing_follows_is_the_result_as_it_comes() {
    let result = |events: Vec<Json>| events[1]["result"].clone();
    let fake = || Fake::new(&[("fast", &[Act::Say("3")])]);
    assert_eq!(result(heard(drafting(Type::TEXT), &fake()).await), true);
    assert_eq!(result(heard(drafting(Type::INT), &fake()).await), false);
    let mut plan = drafting(Type::TEXT);
    plan.flows[0].body.result = Some(binary(var(1), BinaryOp::Add, text("!")));
    assert_eq!(result(heard(plan, &fake()).await), false);
    let mut plan = drafting(Type::TEXT);
    plan.flows[0].body.steps.node_weights_mut().for_each(|s| s.on_fail = Some(OnFail::Retry(1)));
    assert_eq!(result(heard(plan, &fake()).await), false);
}

#[tokio::test(start_paused = true)]
async fn the_report_has_the_shape_other_programs_rely_on() {
    let fake = Fake::new(&[("fast", &[Act::Late(640, "Hello")])]);
    let mut report = result(drafting(Type::TEXT), &fake).await;
    report.run = RunId("r".into());
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        json!({
            "run": "r", "flow": "main", "status": "ok", "output": "Hello", "error": null,
            "spent": {"usd": 0.00002, "calls": 1, "input_tokens": 10, "output_tokens": 5, "cached_calls": 0},
            "steps": [{"name": "draft", "status": "ok", "model": "fake/fast", "attempts": 1, "usd": 0.00002,
                       "input_tokens": 10, "output_tokens": 5, "ms": 640}],
        })
    );
    let fake = Fake::new(&[("fast", &[Act::Fail(CallErrorKind::Rejected)])]);
    let report = serde_json::to_value(result(drafting(Type::TEXT), &fake).await).unwrap();
    assert_eq!(report["status"], "failed");
    assert_eq!(
        report["error"],
        json!({"code": "flow::E0805", "message": "`fast`: out of order", "step": "draft"})
    );
}

fn recording(text: &str) -> ReplyWith {
    ReplyWith::Recording(Arc::new(Recording { file: "r.json".into(), text: text.into() }))
}

fn tested(replies: Vec<ReplyWith>, expects: Vec<(&str, Expr, Expr)>) -> Arc<Plan> {
    let mut plan = drafting(Type::INT);
    let expect = |(text, left, right): (&str, Expr, Expr)| Expect {
        holds: binary(left.clone(), BinaryOp::Equal, right.clone()),
        sides: Some((left, BinaryOp::Equal, right)),
        text: text.into(),
        span: Default::default(),
    };
    let run = |name: &str| call(name, Callee::Flow(FlowId(0)), vec![text("q")]);
    let steps = vec![(run("a"), &[][..]), (run("b"), &[0]), (run("c"), &[1])];
    plan.tests.push(Test {
        decisions: vec![],
        name: "counts".into(),
        replies: replies
            .into_iter()
            .map(|with| TestReply { prompt: PromptId(0), with, span: Default::default() })
            .collect(),
        body: block(0, 0, steps, var(0)),
        expects: expects.into_iter().map(expect).collect(),
        span: Default::default(),
    });
    Arc::new(plan)
}

async fn tests(plan: &Arc<Plan>) -> Json {
    let reports = run_tests(plan, &context(), &Tables::default(), Some("count")).await;
    assert_eq!(run_tests(plan, &context(), &Tables::default(), Some("other")).await, []);
    let mut json = serde_json::to_value(&reports[0]).unwrap();
    json.as_object_mut().unwrap().shift_remove("ms");
    json
}

#[tokio::test(start_paused = true)]
async fn a_test_is_answered_in_order_and_by_the_last_answer_after_that() {
    let replies = || vec![ReplyWith::Value(Value::Int(1)), recording(r#"{"replies": ["2"]}"#)];
    let all = vec![("a == 1", var(0), int(1)), ("b == 2", var(1), int(2)), ("c == 2", var(2), int(2))];
    let passed = json!({"name": "counts", "passed": true, "error": null, "failures": []});
    assert_eq!(tests(&tested(replies(), all)).await, passed);
    let failing = vec![("c == 1", var(2), int(1)), ("a == 1", var(0), int(1))];
    assert_eq!(
        tests(&tested(replies(), failing)).await["failures"],
        json!([{"expect": "c == 1", "left": 2, "operator": "==", "right": 1, "error": null}])
    );
}

#[tokio::test(start_paused = true)]
async fn a_test_says_which_reply_it_lacks_or_cannot_use() {
    assert_eq!(
        tests(&tested(vec![], vec![])).await["error"],
        json!({"code": "flow::E0805", "message": "`fast`: prompt `write` has no scripted reply",
               "help": "add `reply write …` to the test", "step": "a.draft"})
    );
    let wrong = tests(&tested(vec![ReplyWith::Value(Value::text("many"))], vec![])).await;
    assert_eq!(wrong["error"]["code"], "flow::E0806");
    let odd = tests(&tested(vec![recording("{}")], vec![])).await;
    assert_eq!(
        odd["error"]["message"],
        "the recording for `write` is neither a cassette nor a list of answers nor {\"replies\": […]}"
    );
}
