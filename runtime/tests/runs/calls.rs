//! Guards, flows inside flows, and what `else` makes of a failure; what a model is sent.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine_with, result, run, shown, steps};
use async_trait::async_trait;
use flow_plan::*;
use flow_runtime::guard::Verdict;
use flow_runtime::provider::CallErrorKind;
use flow_runtime::{Context, RunError};
use std::sync::Arc;

/// A flow whose step `n` asks for a whole number and has this `else`.
fn counting(on_fail: OnFail) -> Plan {
    let mut plan = plan();
    let count = add_prompt(&mut plan, "count", Type::INT);
    let n = with(ask("n", count, var(0)), |s| s.on_fail = Some(on_fail));
    add_flow(&mut plan, "main", block(0, 1, vec![(n, &[])], var(1)));
    plan
}

#[tokio::test(start_paused = true)]
async fn else_stop_refuses_in_the_programs_words() {
    let fake = Fake::new(&[("fast", &[Act::Say("many")])]);
    let report = result(counting(OnFail::Stop(text("not today"))), &fake).await;
    assert_eq!(shown(&report), "Stopped E0801: not today");
    assert_eq!(steps(&report), ["n Failed 1"]);
}

#[tokio::test(start_paused = true)]
async fn else_does_something_else() {
    let mut plan = counting(OnFail::Redact);
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let other = block(2, 0, vec![(ask("plain", echo, text("7")), &[])], var(2));
    plan.flows[0].body.steps[petgraph::graph::NodeIndex::new(0)].on_fail = Some(OnFail::Do(Box::new(other)));
    let fake = Fake::new(&[("fast", &[Act::Fail(CallErrorKind::Rejected)])]);
    let report = result(plan, &fake).await;
    assert_eq!(shown(&report), "7");
    assert_eq!(steps(&report), ["n Ok 1", "n.else.plain Ok 1"]);
}

#[tokio::test(start_paused = true)]
async fn else_retry_tells_the_model_what_was_wrong() {
    let fake = Fake::new(&[("fast", &[Act::Say("many"), Act::Say("a few"), Act::Say("3")])]);
    let report = result(counting(OnFail::Retry(2)), &fake).await;
    assert_eq!(shown(&report), "3");
    let calls = fake.calls.lock().unwrap();
    assert_eq!(calls[1].1.len(), 3);
    assert_eq!(calls[1].1[1], "many");
    assert!(calls[1].1[2].starts_with("That answer cannot be used: the reply is not a whole number"));
    assert_eq!(calls[2].1[1], "a few");
}

#[tokio::test(start_paused = true)]
async fn else_retry_gives_up_with_the_last_reason() {
    let fake = Fake::new(&[("fast", &[Act::Say("many"), Act::Say("x")])]);
    let report = result(counting(OnFail::Retry(1)), &fake).await;
    assert!(shown(&report).ends_with("the reply: \"x\""), "{}", shown(&report));
    assert_eq!(fake.called().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn else_retry_on_a_guard_asks_the_prompt_behind_it_again() {
    let guarded = |times: u32| {
        let mut plan = plan();
        let write = add_prompt(&mut plan, "write", Type::TEXT);
        let guard = call("checked", Callee::Builtin("no_digits".into()), vec![var(1)]);
        let guard = with(guard, |s| s.on_fail = Some(OnFail::Retry(times)));
        add_flow(
            &mut plan,
            "main",
            block(0, 1, vec![(ask("draft", write, var(0)), &[]), (guard, &[0])], var(2)),
        );
        plan
    };
    let guards = |o: &mut flow_runtime::Options| o.tables.guards.push(Arc::new(NoDigits));
    let fake = Fake::new(&[("fast", &[Act::Say("a1"), Act::Say("a2"), Act::Say("abc")])]);
    let report = run(&engine_with(guarded(2), &fake, guards), Value::text("hi")).await;
    assert_eq!(shown(&report), "abc");
    assert_eq!(steps(&report), ["draft Ok 1", "checked Ok 5"]);
    let told = "That answer cannot be used: `no_digits` does not let it pass: it has digits. Answer again, and correct this.";
    let calls = fake.calls.lock().unwrap().clone();
    assert_eq!(calls[1].1, ["hi", "a1", told]);
    assert_eq!(calls[2].1, ["hi", "a2", told]);
    let fake = Fake::new(&[("fast", &[Act::Say("a1"), Act::Say("a2"), Act::Say("abc")])]);
    let report = run(&engine_with(guarded(1), &fake, guards), Value::text("hi")).await;
    assert!(shown(&report).starts_with("Failed E0802"), "{}", shown(&report));
}

struct NoDigits;

static NO_DIGITS: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "no_digits",
    can_redact: true,
    ..CapabilitySpec::BASE
};

#[async_trait]
impl flow_runtime::guard::Guard for NoDigits {
    fn spec(&self) -> &'static CapabilitySpec {
        &NO_DIGITS
    }
    async fn check(&self, _: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let text = args[0].as_text().unwrap();
        let found = text.chars().any(|c| c.is_ascii_digit());
        Ok(if found { Verdict::Fail("it has digits".to_owned()) } else { Verdict::Pass })
    }
    fn redact(&self, args: &[Value]) -> Value {
        Value::text(args[0].as_text().unwrap().replace(|c: char| c.is_ascii_digit(), "#"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_passes_fails_or_redacts() {
    for (on_fail, input, worth) in [
        (None, "abc", "abc"),
        (None, "a1c", "Failed E0802: `no_digits` does not let it pass: it has digits"),
        (Some(OnFail::Redact), "a1c", "a#c"),
    ] {
        let mut plan = plan();
        let guard = call("checked", Callee::Builtin("no_digits".into()), vec![var(0)]);
        let guard = with(guard, |s| s.on_fail = on_fail);
        add_flow(&mut plan, "main", block(0, 1, vec![(guard, &[])], var(1)));
        let engine = engine_with(plan, &Fake::new(&[]), |o| o.tables.guards.push(Arc::new(NoDigits)));
        assert_eq!(shown(&run(&engine, Value::text(input)).await), worth);
    }
}

fn judged() -> Plan {
    let mut plan = plan();
    let tone = add_prompt(&mut plan, "tone", Type::INT);
    let short = binary(Expr::Call("len".into(), vec![var(0)]), BinaryOp::Less, int(5));
    let kind = binary(var(1), BinaryOp::GreaterEqual, int(4));
    let require = |holds: Expr, text: &str| Require { holds, text: text.into(), span: Default::default() };
    plan.guards.push(Guard {
        name: "polite".into(),
        doc: "".into(),
        params: vec![param("reply", Type::TEXT)],
        body: block(0, 1, vec![(ask("tone.1", tone, var(0)), &[])], var(0)),
        requires: vec![require(short, "len(reply) < 5"), require(kind, "tone(reply) >= 4")],
        endorses: false,
        span: Default::default(),
    });
    let guard = call("checked", Callee::Guard(GuardId(0)), vec![var(0)]);
    add_flow(&mut plan, "main", block(0, 1, vec![(guard, &[])], var(1)));
    plan
}

#[tokio::test(start_paused = true)]
async fn a_guard_of_the_program_may_ask_a_model() {
    for (input, judge, worth) in [
        ("abc", "4", "abc"),
        ("abc", "3", "Failed E0802: `polite` requires `tone(reply) >= 4`, which does not hold"),
        ("abcde", "5", "Failed E0802: `polite` requires `len(reply) < 5`, which does not hold"),
    ] {
        let fake = Fake::new(&[("fast", &[Act::Say(judge)])]);
        let report = run(&crate::engine(judged(), &fake), Value::text(input)).await;
        assert_eq!(shown(&report), worth);
        assert_eq!(report.steps[1].path.to_string(), "checked.tone.1");
    }
}

/// `main` calls `inner`, whose one step has this `else`.
fn nested(inner: OnFail, outer: Option<OnFail>) -> Plan {
    let mut plan = counting(inner);
    let sub = call("sub", Callee::Flow(FlowId(0)), vec![var(0)]);
    let sub = with(sub, |s| s.on_fail = outer);
    add_flow(&mut plan, "outer", block(0, 1, vec![(sub, &[])], var(1)));
    plan
}

#[tokio::test(start_paused = true)]
async fn a_flow_inside_refuses_its_caller_not_the_run() {
    let refuses = || OnFail::Stop(text("no"));
    let fake = || Fake::new(&[("fast", &[Act::Say("many")])]);
    let report = result(nested(refuses(), None), &fake()).await;
    assert_eq!(shown(&report), "Failed E0801: no");
    assert_eq!(report.error.unwrap().step.as_deref(), Some("sub.n"));
    let instead = OnFail::Do(Box::new(block(2, 0, vec![], text("instead"))));
    assert_eq!(shown(&result(nested(refuses(), Some(instead)), &fake()).await), "instead");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_passes_every_else_of_its_own_flow() {
    let mut plan = counting(OnFail::Stop(text("no")));
    let body = plan.flows[0].body.clone();
    let inner = Block { vars: 2..3, inputs: 0, result: Some(var(2)), ..body };
    let always = Expr::Literal(Value::Bool(true));
    let mut branch = step("if_1", StepKind::If(always, Box::new(inner), None));
    branch.on_fail = Some(OnFail::Do(Box::new(block(3, 0, vec![], text("instead")))));
    plan.flows[0].body = block(0, 1, vec![(branch, &[])], var(1));
    let fake = Fake::new(&[("fast", &[Act::Say("many")])]);
    assert_eq!(shown(&result(plan, &fake).await), "Stopped E0801: no");
}

#[tokio::test(start_paused = true)]
async fn examples_and_the_shape_go_where_a_model_expects_them() {
    let mut plan = plan();
    let count = add_prompt(&mut plan, "count", Type::INT);
    plan.templates.push(Template {
        source: "Count.".into(),
        vars: vec![],
        holes: [].into(),
        decides: [].into(),
        span: Default::default(),
    });
    plan.prompts[0].messages.insert(0, (Role::System, TemplateId(1)));
    plan.prompts[0].examples.push(PromptExample { input: vec![Value::text("a b")], output: Value::Int(2) });
    add_flow(&mut plan, "main", block(0, 1, vec![(ask("n", count, var(0)), &[])], var(1)));
    let fake = Fake::new(&[("fast", &[Act::Say("1")])]);
    assert_eq!(shown(&result(plan, &fake).await), "1");
    let sent = fake.calls.lock().unwrap()[0].1.clone();
    assert_eq!(sent, ["Count.", "a b", "2", "hi\n\nAnswer with a whole number and nothing else."]);
}
