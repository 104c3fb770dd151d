//! What flows cost: `cost`, `flow.lock`.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;
use serde_json::Value;

const PRICED: &str = "model fast = \"sim/text\" {
  tokenizer: \"bytes\"
  max_output: 200 tokens
  price: $1000 in, $1000 out
}

prompt ask(q: text) -> text {
  user: \"Q: {{ q }}\"
}

flow answer(q: text <= 100 tokens) -> text {
  budget: $2.00
  deadline: 30s
  timeout: 5s
  one = ask(q) { retry: 1 }
  return one
}
";

// The shapes of the document are a promise to other programs.
#[test]
fn the_document_for_programs_keeps_its_shape() {
    let sandbox = Sandbox::with(&[("app.flow", PRICED)]);
    let document = sandbox.flowc(&["cost", "--format", "json"]).is_fine().json();
    let flow = &document["flows"][0];
    assert_eq!(flow["name"], "answer");
    assert_eq!(flow["file"], "app.flow");
    assert_eq!((&flow["budget_usd"], &flow["deadline_s"]), (&Value::from(2.0), &Value::from(30.0)));
    let step = &flow["steps"][0];
    assert_eq!((&step["name"], &step["model"]), (&Value::from("one"), &Value::from("sim/text")));
    for part in [&flow["worst"], &flow["best"], step, &step["best"]] {
        for key in ["usd", "calls", "input_tokens", "output_tokens", "seconds"] {
            assert!(part[key].is_number(), "{key}: {part:#}");
        }
    }
    assert_eq!(flow.get("expected"), None, "without runs nothing is expected");
}

#[test]
fn a_run_lies_between_best_and_worst_and_is_what_is_expected() {
    let sandbox = Sandbox::with(&[("app.flow", PRICED)]);
    let run = ["run", "app.flow", "q=Where is it?", "--format", "json", "--events", "events.jsonl"];
    let spent = sandbox.flowc(&run).is_fine().json()["spent"].clone();
    let document = sandbox.flowc(&["cost", "--from-runs", "events.jsonl", "--format", "json"]).json();
    let flow = &document["flows"][0];
    for key in ["usd", "calls", "input_tokens", "output_tokens"] {
        let number = |of: &Value| of[key].as_f64().unwrap();
        let (best, ran, worst) = (number(&flow["best"]), number(&spent), number(&flow["worst"]));
        assert!(best <= ran && ran <= worst, "{key}: {best} <= {ran} <= {worst}");
        assert!(best > 0.0, "{key}");
    }
    assert_eq!(flow["expected"]["runs"], 1);
    for of in [&flow["expected"], &flow["steps"][0]["expected"]] {
        assert_eq!(of["usd"]["mean"], spent["usd"]);
        assert_eq!(of["input_tokens"]["p90"], spent["input_tokens"].as_f64().unwrap());
    }
}

#[test]
fn bars_are_for_terminals_and_colour_can_be_asked_for() {
    let sandbox = Sandbox::with(&[("app.flow", PRICED)]);
    let plain = sandbox.flowc(&["cost"]).is_fine().out.clone();
    assert!(!plain.contains('\x1b') && !plain.contains('█'), "{plain}");
    let coloured = sandbox.flowc(&["cost", "--color", "always"]).is_fine().out.clone();
    assert!(coloured.contains('\x1b') && !coloured.contains('█'), "{coloured}");
}

#[test]
fn an_exceeded_budget_fails_and_shows_the_table_all_the_same() {
    let sandbox = Sandbox::with(&[("app.flow", &PRICED.replace("$2.00", "$0.10"))]);
    let done = sandbox.flowc(&["cost"]);
    assert!(done.fails(1, "flow::E0302").out.contains("worst $0.62 of $0.10 (620 %)"), "{done:?}");
    let done = sandbox.flowc(&["cost", "--at", "max_output=10", "--at", "q=10", "--at", "retry=0"]);
    assert_eq!(done.is_fine().err, "", "with these numbers nothing is exceeded");
}

#[test]
fn the_lock_stands_beside_flow_toml_and_keeps_other_programs() {
    let sandbox = Sandbox::with(&[
        ("flow.toml", ""),
        ("one/main.flow", PRICED),
        ("two/main.flow", PRICED),
        ("other/flow.toml", ""),
        ("other/main.flow", PRICED),
    ]);
    let done = sandbox.flowc(&["cost", "--lock"]);
    assert!(done.is_fine().err.contains("wrote flow.lock\nwrote other/flow.lock\n"), "{done:?}");
    let whole = sandbox.read("flow.lock");
    assert!(whole.contains("[programs.\"one/main.flow\".flows.answer]"), "{whole}");
    assert!(!whole.contains("other"), "{whole}");
    sandbox.flowc(&["cost", "--lock", "two/main.flow"]).is_fine();
    assert_eq!(sandbox.read("flow.lock"), whole, "the same programs give the same file");
    sandbox.flowc(&["cost", "--locked"]).is_fine();

    sandbox.write("two/main.flow", &PRICED.replace("Q: ", "Question: ").replace("$1000 in", "$2000 in"));
    let done = sandbox.flowc(&["cost", "--locked"]);
    for line in [
        "two/main.flow: price of `sim/text` was $1,000.00 in, is $2,000.00\n",
        "two/main.flow: prompt `ask` changed\n",
        "two/main.flow: worst case of `answer`: $0.62 → $0.868, 220 → 234 tokens in\n",
    ] {
        assert!(done.out.contains(line), "{line}: {}", done.out);
    }
    assert_eq!((done.code, done.out.lines().count()), (1, 3), "{done:?}");
    sandbox.flowc(&["check", "--locked"]).fails(1, "flow.lock: two/main.flow: prompt `ask` changed");

    std::fs::remove_file(sandbox.path("two/main.flow")).unwrap();
    let gone = "two/main.flow: it is in `flow.lock`, and there is no such file\n";
    assert!(sandbox.flowc(&["cost", "--locked"]).out.contains(gone));
    sandbox.flowc(&["cost", "--lock"]).is_fine();
    assert!(!sandbox.read("flow.lock").contains("two/main.flow"));
}

#[test]
fn a_lock_that_cannot_be_used_says_so_and_is_written_anew() {
    let sandbox = Sandbox::with(&[("app.flow", PRICED), ("flow.lock", "version = 1\n<<<<<<< ours\n")]);
    sandbox.flowc(&["cost", "--locked"]).fails(2, "`flow.lock` cannot be used, line 2");
    sandbox.write("flow.lock", "version = 7\n");
    let done = sandbox.flowc(&["check", "--locked"]);
    done.fails(2, "`flow.lock` has version 7, and this flowc reads version 1");
    sandbox.flowc(&["cost", "--lock"]).is_fine();
    sandbox.flowc(&["cost", "--locked"]).is_fine();
}
