//! A flow of twenty paid steps, killed with SIGKILL at random moments and resumed until it is done.
//!
//! `FLOW_TEST_KILLS=200 cargo test -p flowc --test crash --release -- --nocapture` kills more often than
//! the usual ten, and prints what it saw.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failing test should panic")]
#![expect(clippy::print_stdout, reason = "a long test says what it saw")]

#[path = "../sandbox/mod.rs"]
mod sandbox;
mod server;

use sandbox::Sandbox;
use serde_json::Value as Json;
use server::Server;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::time::Duration;

/// Each step says its own name, so that the server knows which one asks.
const PROGRAM: &str = r#"model fast = "openai/gpt-4o-mini" {
  max_output: 80 tokens
}

prompt say(step: text <= 20 tokens, about: text <= 60 tokens) -> text <= 60 tokens {
  user: "{{ step }}: {{ about }}"
}

flow twenty(topic: text <= 20 tokens) -> text <= 2k tokens {
  budget: $0.10
  first = say("first", topic)
  second = say("second", first)
  all = each n in ["0", "1", "2", "3", "4", "5", "6", "7"] {
    parallel: 4
    part = say("all[{{ n }}].part", second)
    yield part
  }
  left = say("left", second)
  right = say("right", second)
  third = say("third", left)
  chosen = if contains(third, "left") {
    one = say("chosen.one", third)
    two = say("chosen.two", one)
    yield two
  } else {
    three = say("chosen.three", third)
    yield three
  }
  polished = polish(chosen)
  closing = say("closing", polished)
  last = say("last", closing)
  return "{{ all | join }} {{ right }} {{ last }}"
}

flow polish(draft: text <= 60 tokens) -> text <= 60 tokens {
  once = say("polished.once", draft)
  twice = say("polished.twice", once)
  thrice = say("polished.thrice", twice)
  return thrice
}
"#;

/// The most calls that the program has under way at once: four of `all`, `left` and `right`.
const AT_ONCE: usize = 6;

/// What is known while runs are killed.
#[derive(Default)]
struct Seen {
    kills: usize,
    runs: usize,
    /// Calls of which nothing was recorded when their process was killed.
    in_flight: usize,
    extra: usize,
    resumed_steps: usize,
}

#[test]
fn a_run_that_is_killed_again_and_again_pays_for_each_step_once() {
    let kills = std::env::var("FLOW_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let server = Server::start();
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    let whole = finish(&sandbox, &server, &["app.flow", "topic=shoes", "--flow", "twenty"]);
    let answer = whole["output"].clone();
    assert_eq!(whole["spent"]["calls"], 20, "{whole:#}");
    let mut random = fastrand::Rng::with_seed(20);
    let mut seen = Seen::default();
    while seen.kills < kills {
        one_run(&sandbox, &server, (&answer, kills), &mut random, &mut seen);
    }
    println!(
        "{} kills in {} runs: {} calls in flight at the kills, {} paid twice, {} steps taken from the journal",
        seen.kills, seen.runs, seen.in_flight, seen.extra, seen.resumed_steps
    );
    assert!(seen.resumed_steps > 0, "no kill left anything to resume");
}

// Starts a run, kills it until there were enough kills or it is done, and compares.
fn one_run(
    sandbox: &Sandbox,
    server: &Server,
    (answer, kills): (&Json, usize),
    random: &mut fastrand::Rng,
    seen: &mut Seen,
) {
    let before = server.asked();
    let known: BTreeSet<String> = runs(sandbox);
    let mut run: Option<String> = None;
    let mut recorded: BTreeSet<String> = BTreeSet::new();
    let mut in_flight = 0;
    seen.runs += 1;
    while seen.kills < kills {
        let args: Vec<&str> = match &run {
            Some(run) => vec!["--resume", run],
            None => vec!["app.flow", "topic=shoes", "--flow", "twenty"],
        };
        let heard = calls(&server.asked());
        let mut child = start(sandbox, server, &args);
        // After so many more calls, and a moment later; on a slow machine as on a fast one.
        let more = random.usize(0..7);
        while calls(&server.asked()) < heard + more && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(random.u64(0..40)));
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        seen.kills += 1;
        run = runs(sandbox).difference(&known).next().cloned();
        let Some(run) = &run else { continue };
        let trace = trace(sandbox, run);
        let done: BTreeSet<String> = names(&trace["steps"], "name");
        let asked = server.asked();
        for step in &recorded {
            let times = |asked: &BTreeMap<String, usize>| asked.get(step).copied().unwrap_or(0);
            assert_eq!(times(&asked), server.when_recorded(step), "`{step}` was recorded and called again");
        }
        for step in done.difference(&recorded) {
            server.note_recorded(step, asked.get(step).copied().unwrap_or(0));
        }
        let lost = calls_without_record(&trace);
        assert!(lost - in_flight <= AT_ONCE, "{} calls were in flight at a kill", lost - in_flight);
        in_flight = lost;
        recorded = done;
    }
    let args: Vec<String> = match &run {
        Some(run) => vec!["--resume".to_owned(), run.clone()],
        None => ["app.flow", "topic=shoes", "--flow", "twenty"].map(str::to_owned).to_vec(),
    };
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = finish(sandbox, server, &args);
    assert_eq!(done["output"], *answer);
    let asked = server.asked();
    for step in &recorded {
        assert_eq!(
            asked.get(step).copied().unwrap_or(0),
            server.when_recorded(step),
            "`{step}` was called again"
        );
    }
    let made = calls(&asked) - calls(&before);
    let extra = made - 20;
    assert!(extra <= in_flight, "{extra} calls beyond the minimum, {in_flight} in flight at the kills");
    let ledger = done["spent"]["usd"].as_f64().unwrap();
    let billed = server::PRICE * made as f64;
    assert!(billed <= ledger + 1e-12, "the server has billed {billed} and the ledger has {ledger}");
    (seen.in_flight, seen.extra) = (seen.in_flight + in_flight, seen.extra + extra);
    seen.resumed_steps += recorded.len();
}

fn calls(asked: &BTreeMap<String, usize>) -> usize {
    asked.values().sum()
}

// Calls that a run has begun in all its parts and whose step had no outcome when they were cut off:
// all but one for each step that is done.
fn calls_without_record(trace: &Json) -> usize {
    trace["calls"].as_array().unwrap().len() - names(&trace["steps"], "name").len()
}

fn start(sandbox: &Sandbox, server: &Server, args: &[&str]) -> Child {
    let mut command = sandbox.command(&["run", "--format", "json"]);
    command.args(args).env("OPENAI_BASE_URL", &server.url).env("OPENAI_API_KEY", "sk-test");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn finish(sandbox: &Sandbox, server: &Server, args: &[&str]) -> Json {
    let done = start(sandbox, server, args).wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn runs(sandbox: &Sandbox) -> BTreeSet<String> {
    names(&sandbox.flowc(&["runs", "--limit", "1000", "--format", "json"]).is_fine().json()["runs"], "run")
}

fn trace(sandbox: &Sandbox, run: &str) -> Json {
    sandbox.flowc(&["trace", run, "--format", "json"]).is_fine().json()
}

fn names(list: &Json, name: &str) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}
