//! Runs, people and resumed runs that are killed with SIGKILL at any moment: one decision counts, and the
//! action behind it is done once.

use super::{sandbox, sent};
use crate::sandbox::Sandbox;
use std::process::Stdio;
use std::time::Duration;

/// Runs a command and kills it after some time, unless it is faster.
fn killed(sandbox: &Sandbox, args: &[&str], after: Duration) {
    let mut command = sandbox.command(args);
    command.env("USER", "anna").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(after);
    // One that has ended is not there any more.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn whenever_it_is_killed_one_decision_counts_and_the_action_is_done_once() {
    let times: u64 = std::env::var("FLOW_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let mut random = fastrand::Rng::with_seed(7);
    // As long as a command takes here, so that kills fall anywhere in it.
    let whole = {
        let sandbox = sandbox();
        let began = std::time::Instant::now();
        sandbox.flowc(&["run", "app.flow", "topic=shoes"]);
        began.elapsed().as_micros() as u64
    };
    for round in 0..times {
        let sandbox = sandbox();
        let mut pause = || Duration::from_micros(random.u64(0..whole + whole / 4));
        killed(&sandbox, &["run", "app.flow", "topic=shoes"], pause());
        let runs = sandbox.flowc(&["runs", "--format", "json"]).json();
        // It was killed before it was recorded at all.
        let Some(run) = runs["runs"][0]["run"].as_str() else { continue };
        // Until it waits, whatever came of it.
        killed(&sandbox, &["run", "--resume", run], pause());
        sandbox.flowc(&["run", "--resume", run]).fails(1, "waits for editors");
        // A person whose process dies has decided, or may decide again.
        for _ in 0..3 {
            killed(&sandbox, &["approve", run, "ok"], pause());
        }
        let last = sandbox.flowc_with(&["approve", run, "ok"], &[("USER", "ben")]);
        let is_decided = last.err.contains("is decided already: anna approved it");
        assert!(last.code == 0 || is_decided, "round {round}: {last:?}");
        for _ in 0..4 {
            killed(&sandbox, &["run", "--resume", run], pause());
        }
        let done = sandbox.flowc(&["run", "--resume", run]);
        done.is_fine();
        sandbox.flowc(&["run", "--resume", run]).is_fine();
        assert_eq!(sent(&sandbox), 1, "round {round}: {}", sandbox.read("sent.jsonl"));
        let trace = sandbox.flowc(&["trace", run, "--format", "json"]).json();
        let who = &trace["reviews"][0]["decision"]["who"];
        assert_eq!(who, if is_decided { "anna" } else { "ben" }, "round {round}");
    }
}
