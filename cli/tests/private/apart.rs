//! Private data where a run is stopped from outside, and where models are compared.

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
    let asked = || world.models.asked().iter().any(|asked| asked.user.contains("STEP shorten."));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !asked() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(asked(), "it is under way");
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
