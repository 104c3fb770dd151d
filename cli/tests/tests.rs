//! `flowc test`: what is printed of tests that pass, fail and cannot run.

mod sandbox;

use sandbox::Sandbox;
use serde_json::json;

const TESTED: &str = "model fast = \"sim/text\"

prompt greet(name: text) -> text <= 60 tokens {
  user: \"Greet {{ name }}.\"
}

flow hello(name: text <= 20 tokens) -> text {
  made = greet(name)
  return made
}

test \"greets by name\" {
  reply greet \"Hello Ada\"
  let a = hello(\"Ada\")
  expect \"Ada\" in a
}

test \"greets in French\" {
  reply greet \"Hello Ada\"
  let a = hello(\"Ada\")
  expect len(a) > 3
  expect a == \"Bonjour Ada\"
}

test \"asks nobody\" {
  let a = hello(\"Ada\")
  expect len(a) > 3
}
";

#[test]
fn each_test_is_listed_and_failures_are_explained() {
    let sandbox = Sandbox::with(&[("sub/app.flow", TESTED)]);
    let passing = sandbox.flowc(&["test", "--filter", "by name"]);
    let lines: Vec<&str> = passing.is_fine().out.lines().collect();
    assert_eq!(lines.len(), 2, "{passing:?}");
    assert_eq!(lines[0], "sub/app.flow");
    assert!(lines[1].starts_with("  ok    greets by name (") && lines[1].ends_with(" ms)"), "{passing:?}");
    assert_eq!(passing.err, "1 test passed\n");
    let all = sandbox.flowc(&["test", "sub"]);
    all.fails(1, "1 of 3 tests failed");
    assert!(all.out.contains("  FAIL  greets in French ("), "{all:?}");
    assert!(all.err.contains("sub/app.flow:22:3: `a == \"Bonjour Ada\"` does not hold"), "{}", all.err);
    assert!(all.err.contains("left:  \"Hello Ada\"\n    right: \"Bonjour Ada\""), "{}", all.err);
    assert!(!all.err.contains("len(a)"), "what holds is not mentioned");
}

#[test]
fn the_document_of_tests_keeps_its_shape() {
    let sandbox = Sandbox::with(&[("app.flow", TESTED)]);
    let done = sandbox.flowc(&["test", "--format", "json"]);
    assert_eq!((done.code, done.err.as_str()), (1, ""));
    let document = done.json();
    assert_eq!(
        (&document["passed"], &document["failed"], &document["errors"]),
        (&json!(2), &json!(1), &json!(0))
    );
    let test = &document["tests"][1];
    assert_eq!(
        (&test["file"], &test["name"], &test["passed"]),
        (&json!("app.flow"), &json!("greets in French"), &json!(false))
    );
    assert_eq!(test["range"]["start"]["line"], 18);
    let unmet = &test["failures"][0];
    assert_eq!(
        (&unmet["left"], &unmet["operator"], &unmet["right"]),
        (&json!("Hello Ada"), &json!("=="), &json!("Bonjour Ada"))
    );
}

#[test]
fn programs_with_errors_and_without_tests_are_told_apart() {
    let sandbox = Sandbox::with(&[("a.flow", "flow one() -> int {\n  return 1\n}\n")]);
    assert_eq!(sandbox.flowc(&["test"]).is_fine().err, "no tests\n");
    sandbox.write("b.flow", "flow two() -> int {\n  return three\n}\n");
    let done = sandbox.flowc(&["test"]);
    done.fails(1, "flow::E0101").fails(1, "no tests, 1 error in programs that were not run");
}

#[test]
fn a_test_carries_no_action_out_and_a_run_does() {
    let program = "action note(line: untrusted text <= 40 tokens) {
  channel: file(\"notes.jsonl\")
}

flow keep(line: text <= 20 tokens) -> text {
  kept = note(line)
  return line
}

test \"keeps a line\" {
  let a = keep(\"hello\")
  expect a == \"hello\"
}
";
    let sandbox = Sandbox::with(&[("app.flow", program)]);
    sandbox.flowc(&["test"]).is_fine();
    assert!(!sandbox.path("notes.jsonl").exists());
    sandbox.flowc(&["run", "app.flow", "line=hello"]).is_fine();
    assert!(sandbox.read("notes.jsonl").contains("hello"));
}
