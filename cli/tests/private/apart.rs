//! Private data where a run is stopped from outside, where models are compared, and in what is found for it.

use super::*;
use std::process::{Command, Stdio};

#[test]
fn nothing_private_is_told_or_left_of_a_run_that_is_interrupted() {
    let world = World::new();
    world.fail("shorten", How::Late);
    let mut args = vec!["run", "main.flow", "--flow", "main", "--events", "events.jsonl", "--verbose"];
    args.extend(["--record", "c.jsonl"]);
    args.extend(INPUTS);
    let mut command = world.command(&args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    world.waits_for("STEP shorten.");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let done = Done::from(child.wait_with_output().unwrap());
    assert_ne!(done.code, 0, "{done:?}");
    world.tells_nothing(&done, "a run that was interrupted");
    let cassette = world.sandbox.read("c.jsonl").to_lowercase().replace("tell-tale-4711", "");
    has_nothing(cassette.as_bytes(), "the cassette of a run that was interrupted");
}

#[test]
fn nothing_private_is_told_of_comparisons_that_fail() {
    let world = World::new();
    let case = format!("{{\"customer\": {ROW}}}\n");
    world.sandbox.write("cases.jsonl", &case);
    for (how, format) in [(How::Broken, "text"), (How::Refused, "json"), (How::Late, "markdown")] {
        world.fail("word", how);
        let mut args = vec!["compare", "main.flow", "--flow", "slow", "--cases", "cases.jsonl"];
        args.extend(["--models", "fast", "--format", format]);
        let done = world.flowc(&args);
        let asked = world.models.asked().len();
        assert!(asked > 0 && done.out.contains("gpt-4o"), "{how:?}: {done:?}");
        has_nothing([done.out, done.err].concat().as_bytes(), &format!("a comparison, {how:?}"));
        assert!(!world.sandbox.path(".flow").exists(), "nothing is kept");
    }
}

#[test]
fn nothing_of_a_row_that_is_found_for_something_private_is_told() {
    let program = r#"type Row {
  id: text <= 20 tokens
  salary: int
}

lookup record(name: text) -> [Row] <= 2 {
  source: search("data/*.jsonl")
}

flow main(name: private text <= 20 tokens) -> text {
  rows = record(name)
  return rows[0].id
}
"#;
    let nothing = Arc::new(Mutex::new((String::new(), How::Not)));
    let world = World::with(program, ModelServer::start(|_| say("")), nothing);
    let row = r#"{"id":"customer-1","name":"Quillon Zafferani","salary":"has 9182736"}"#;
    world.sandbox.write("data/customers.jsonl", row);
    let failed = world.run("main", &["name=Quillon Zafferani"]);
    let message = failed.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("does not have its type"), "{failed:?}");
    // The rows themselves are not private, so that there is an index of them.
    let events = world.sandbox.read("events.jsonl");
    has_nothing([failed.out, failed.err, events].concat().as_bytes(), "a row without a private field");
}
