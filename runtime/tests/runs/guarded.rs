//! Answers that guards look at: nothing of them is told before it has passed.

use crate::fake::{Act, Fake};
use crate::plans::*;
use flow_plan::*;
use flow_runtime::events::{Event, What};
use flow_runtime::{Engine, Options, RunReport, Start, Tables};
use petgraph::graph::NodeIndex;
use std::sync::{Arc, Mutex};

const ANSWER: Act =
    Act::Pieces(&["You have 30 da", "ys. Ask", " Ada. ", "She is ada@exam", "ple.org", ". Or call", " 555."]);

// An answer, and the guard `pii` that looks at it; `change` changes the guard's step.
fn guarded(change: impl Fn(&mut Step)) -> Plan {
    let mut plan = plan();
    let write = add_prompt(&mut plan, "write", Type::TEXT);
    let guard = with(call("checked", Callee::Builtin("pii".into()), vec![var(1)]), |step| {
        step.settings.streaming = true;
        change(step);
    });
    let steps = vec![(ask("draft", write, var(0)), &[][..]), (guard, &[0])];
    add_flow(&mut plan, "main", block(0, 1, steps, var(2)));
    plan
}

// The run, and what was told of the answers: when, what, and whether it is the result's.
async fn told(plan: Plan, acts: &[Act]) -> (RunReport, Vec<String>) {
    let fake = Fake::new(&[("fast", acts)]);
    let tables = Tables { providers: vec![fake], guards: Tables::builtin().guards, ..Tables::default() };
    let engine = Engine::new(Arc::new(plan), context(), Options { tables, ..Options::default() }).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let sink = move |event: Event| match &event.what {
        What::Token { text, result, .. } => {
            heard.lock().unwrap().push(format!("{} {text:?} {result}", event.at.0));
        }
        What::Partial { .. } => heard.lock().unwrap().push("partial".to_owned()),
        What::CallStarted { restarts: true, .. } => heard.lock().unwrap().push("restarts".to_owned()),
        _ => {}
    };
    let start = Start { events: Some(Arc::new(sink)), ..Start::new(FlowId(0), vec![Value::text("hi")]) };
    let report = engine.run(start).await;
    let told = told.lock().unwrap().clone();
    (report, told)
}

#[tokio::test(start_paused = true)]
async fn sentences_are_told_when_they_have_passed() {
    let (report, lines) = told(guarded(|step| step.on_fail = Some(OnFail::Redact)), &[ANSWER]).await;
    assert_eq!(
        lines,
        [
            "10 \"You have 30 days. \" true",
            "30 \"Ask Ada. \" true",
            "50 \"She is [email]. \" true",
            "70 \"Or call 555.\" true",
        ]
    );
    assert_eq!(crate::shown(&report), "You have 30 days. Ask Ada. She is [email]. Or call 555.");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_behind_what_does_not_pass() {
    let stop = |step: &mut Step| step.on_fail = Some(OnFail::Stop(text("No.")));
    let (report, lines) = told(guarded(stop), &[ANSWER]).await;
    assert_eq!(lines, ["10 \"You have 30 days. \" true", "30 \"Ask Ada. \" true"]);
    assert_eq!(crate::shown(&report), "Stopped E0801: No.");

    // Asked again, what was told is void, and the new answer is the result when it has passed as a whole.
    let retry = |step: &mut Step| step.on_fail = Some(OnFail::Retry(1));
    let (report, lines) = told(guarded(retry), &[ANSWER, Act::Pieces(&["All good. ", "Bye."])]).await;
    assert_eq!(lines[2..], ["restarts", "80 \"All good. \" false", "90 \"Bye.\" false"]);
    assert_eq!(crate::shown(&report), "All good. Bye.");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_a_guard_looks_at_as_a_whole_is_not_told_before() {
    let whole = |step: &mut Step| step.settings.streaming = false;
    let (report, lines) = told(guarded(whole), &[ANSWER]).await;
    assert_eq!(lines, [""; 0]);
    assert!(crate::shown(&report).contains("does not let it pass"));

    // Also where another guard behind it does so, or beside it.
    for of in [1, 2] {
        let mut plan = guarded(|step| step.on_fail = Some(OnFail::Redact));
        let body = &mut plan.flows[0].body;
        let length = call("short", Callee::Builtin("length".into()), vec![var(of), int(1000)]);
        let node = body.steps.add_node(length);
        body.steps.add_edge(NodeIndex::new(of as usize - 1), node, ());
        body.vars.end += 1;
        let (report, lines) = told(plan, &[ANSWER]).await;
        assert_eq!(lines, [""; 0]);
        assert_eq!(report.status, flow_runtime::RunStatus::Ok);
    }
}

// The steps of a flow that guards what comes from elsewhere, streaming.
fn around(first: Step) -> Block {
    let guard = with(call("checked", Callee::Builtin("pii".into()), vec![var(1)]), |step| {
        step.settings.streaming = true;
        step.on_fail = Some(OnFail::Redact);
    });
    block(0, 1, vec![(first, &[][..]), (guard, &[0])], var(2))
}

// A flow `main`, and behind it those that it calls; all ask `write`.
fn with_flows(main: impl Fn(PromptId) -> Block, others: &[&dyn Fn(PromptId) -> Block]) -> Plan {
    let mut plan = plan();
    let write = add_prompt(&mut plan, "write", Type::TEXT);
    add_flow(&mut plan, "main", main(write));
    for (i, other) in others.iter().enumerate() {
        add_flow(&mut plan, &format!("inner{i}"), other(write));
    }
    plan
}

fn calls(id: u32) -> Step {
    call("inner", Callee::Flow(FlowId(id)), vec![var(0)])
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_of_an_answer_that_a_guard_around_it_looks_at() {
    let asks = |write| block(0, 1, vec![(ask("draft", write, var(0)), &[])], var(1));
    let hands_on = |_| block(0, 1, vec![(calls(2), &[])], var(1));
    let inside = |kind: &dyn Fn(Box<Block>) -> StepKind| {
        with_flows(
            |write| {
                let inner = block(10, 1, vec![(ask("draft", write, var(0)), &[])], var(11));
                around(step("some", kind(Box::new(inner))))
            },
            &[],
        )
    };
    let upper = |of| step("loud", StepKind::Compute(Expr::Call("upper".into(), vec![of])));
    let plans = [
        ("a flow that is called", with_flows(|_| around(calls(1)), &[&asks])),
        ("one that it calls", with_flows(|_| around(calls(1)), &[&hands_on, &asks])),
        ("a branch", inside(&|inner| StepKind::If(Expr::Literal(Value::Bool(true)), inner, None))),
        (
            "a loop",
            inside(&|body| StepKind::Repeat { up_to: 1, from: text("x"), body, until: None, first: None }),
        ),
        (
            "what is made of it",
            with_flows(
                |write| {
                    let mut body = around(ask("draft", write, var(0)));
                    body.steps[NodeIndex::new(1)].kind =
                        StepKind::Call(Callee::Builtin("pii".into()), vec![var(3)]);
                    let loud = body.steps.add_node(upper(var(1)));
                    body.steps.clear_edges();
                    body.steps.add_edge(NodeIndex::new(0), loud, ());
                    body.steps.add_edge(loud, NodeIndex::new(1), ());
                    body.vars.end += 1;
                    body
                },
                &[],
            ),
        ),
        (
            "a flow that it is given to",
            with_flows(
                |write| block(0, 1, vec![(ask("draft", write, var(0)), &[][..]), (given(), &[0])], var(2)),
                &[&|_| {
                    let guard = call("checked", Callee::Builtin("pii".into()), vec![var(0)]);
                    let redacts = with(guard, |step| step.on_fail = Some(OnFail::Redact));
                    block(0, 1, vec![(redacts, &[])], var(1))
                }],
            ),
        ),
        (
            "what stands in for a step",
            with_flows(
                |write| {
                    let other = block(10, 0, vec![(ask("draft", write, var(0)), &[])], var(10));
                    let fails = call("fails", Callee::Builtin("length".into()), vec![var(0), int(0)]);
                    around(with(fails, |step| step.on_fail = Some(OnFail::Do(Box::new(other)))))
                },
                &[],
            ),
        ),
    ];
    for (case, plan) in plans {
        let (report, lines) = told(plan, &[ANSWER]).await;
        assert_eq!(lines, [""; 0], "{case}");
        let shown = crate::shown(&report).to_lowercase();
        assert!(shown.contains("[email]") && !shown.contains("example.org"), "{case}: {shown}");
    }
    // What no guard looks at is told as it comes.
    let (_, lines) =
        told(with_flows(|_| block(0, 1, vec![(calls(1), &[])], var(1)), &[&asks]), &[ANSWER]).await;
    assert_eq!(lines.len(), 7, "{lines:?}");
}

fn given() -> Step {
    call("inner", Callee::Flow(FlowId(1)), vec![var(1)])
}
