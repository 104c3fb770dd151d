//! Order, branches and loops.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{result, run, shown, steps};
use flow_plan::*;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn steps_run_as_soon_as_what_they_name_is_there() {
    let mut plan = plan();
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let both = binary(var(1), BinaryOp::Add, var(2));
    let body = block(
        0,
        1,
        vec![
            (ask("a", echo, text("A")), &[]),
            (ask("b", echo, text("B")), &[]),
            (ask("c", echo, both), &[0, 1]),
            (step("d", StepKind::Compute(binary(var(3), BinaryOp::Add, var(0)))), &[2]),
        ],
        var(4),
    );
    add_flow(&mut plan, "main", body);
    let fake = Fake::new(&[]);
    let began = Instant::now();
    let report = result(plan, &fake).await;
    assert_eq!(shown(&report), "ABhi");
    assert_eq!(began.elapsed().as_millis(), 2000);
    assert_eq!(fake.heard(), ["A", "B", "AB"]);
    assert_eq!(steps(&report), ["a Ok 1", "b Ok 1", "c Ok 1"]);
    assert_eq!((report.spent.calls, report.spent.input, report.spent.usd), (3, Tokens(30), Cost(60_000)));
}

#[tokio::test(start_paused = true)]
async fn a_failure_drops_its_siblings() {
    let mut plan = plan();
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let zero = binary(int(1), BinaryOp::Divide, int(0));
    let body = block(
        0,
        1,
        vec![
            (ask("slow", echo, text("A")), &[]),
            (ask("first", echo, text("B")), &[]),
            (step("bad", StepKind::Compute(zero)), &[1]),
            (ask("never", echo, var(1)), &[0]),
        ],
        var(4),
    );
    add_flow(&mut plan, "main", body);
    let fake = Fake::new(&[("fast", &[Act::Late(5000, "A"), Act::Late(100, "B")])]);
    let report = result(plan, &fake).await;
    assert_eq!(shown(&report), "Failed E0813: division by zero");
    assert_eq!(report.error.as_ref().and_then(|e| e.step.as_deref()), Some("bad"));
    assert_eq!(steps(&report), ["slow Failed 1", "first Ok 1", "never Skipped 0"]);
    // What was dropped may be billed: input is 2.3 times the tokens of `A` and its framing.
    let worst = Cost(19 * 1000 + 100 * 2000);
    assert_eq!(report.spent.usd, worst.plus(Cost(20_000)));
}

fn branching(kind: StepKind) -> Plan {
    let mut plan = plan();
    let body = block(0, 1, vec![(step("branch", kind), &[])], var(1));
    add_flow(&mut plan, "main", body);
    plan
}

fn yields(start: u32, inputs: u32, result: Expr) -> Block {
    block(start, inputs, vec![], result)
}

#[tokio::test(start_paused = true)]
async fn if_and_match_take_one_branch() {
    let is_hi = binary(var(0), BinaryOp::Equal, text("hi"));
    let arm = |values: &[&str], worth: &str| Arm {
        values: values.iter().map(|v| Value::text(*v)).collect(),
        body: yields(2, 0, text(worth)),
    };
    let yes = || Box::new(yields(2, 0, text("yes")));
    for (kind, worth) in [
        (StepKind::If(is_hi.clone(), yes(), Some(Box::new(yields(2, 0, text("no"))))), "yes"),
        (StepKind::If(Expr::Unary(UnaryOp::Not, Box::new(is_hi)), yes(), None), "null"),
        (StepKind::Match(var(0), vec![arm(&["ho"], "1"), arm(&["he", "hi"], "2"), arm(&[], "3")]), "2"),
        (StepKind::Match(var(0), vec![arm(&["ho"], "1"), arm(&[], "3")]), "3"),
        (StepKind::Match(var(0), vec![arm(&["ho"], "1")]), "Failed E0813: no arm of `match` is for \"hi\""),
    ] {
        assert_eq!(shown(&result(branching(kind), &Fake::new(&[])).await), worth);
    }
}

#[tokio::test(start_paused = true)]
async fn each_keeps_the_order_and_the_number_at_once() {
    let mut plan = plan();
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let body = block(2, 1, vec![(ask("said", echo, var(2)), &[])], var(3));
    let list = Expr::Call("split".into(), vec![var(0), text(",")]);
    let each = step("each_1", StepKind::Each { list, parallel: 2, body: Box::new(body), apart: Vec::new() });
    add_flow(&mut plan, "main", block(0, 1, vec![(each, &[])], var(1)));
    let fake = Fake::new(&[("fast", &[Act::Late(500, "A"), Act::Late(20, "B"), Act::Late(30, "C")])]);
    let began = Instant::now();
    let report = run(&crate::engine(plan, &fake), Value::text("a,b,c,d")).await;
    assert_eq!(shown(&report), r#"["A","B","C","d"]"#);
    assert_eq!(fake.at_once(), 2);
    assert_eq!(began.elapsed().as_millis(), 20 + 30 + 1000);
    let names: Vec<String> = report.steps.iter().map(|s| s.path.to_string()).collect();
    assert_eq!(names, ["each_1", "each_1[0].said", "each_1[1].said", "each_1[2].said", "each_1[3].said"]);
}

fn repeating(up_to: u32, until: i64) -> Plan {
    let until = yields(3, 1, binary(var(3), BinaryOp::GreaterEqual, int(until)));
    let body = yields(2, 1, binary(var(2), BinaryOp::Add, int(1)));
    let (body, until) = (Box::new(body), Some(Box::new(until)));
    branching(StepKind::Repeat { up_to, from: int(0), body, until, first: None })
}

#[tokio::test(start_paused = true)]
async fn repeat_looks_before_the_first_round_and_stops_in_time() {
    for (up_to, until, worth) in [(5, 3, "3"), (2, 3, "2"), (5, 0, "0"), (0, 9, "0")] {
        assert_eq!(shown(&result(repeating(up_to, until), &Fake::new(&[])).await), worth);
    }
}
