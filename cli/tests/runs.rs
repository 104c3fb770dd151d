//! `flowc runs`, `trace`, `resolve` and `run --resume`.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::{Done, Sandbox};
use serde_json::json;
use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Two steps, the second of which takes half a minute unless the profile says otherwise.
const TWO: &str = "model fast = \"sim/text\"

model slow = \"sim/text\" {
  latency: 30s
}

prompt greet(name: text) -> text <= 60 tokens {
  user: \"Greet {{ name }} warmly.\"
}

flow hello(name: text <= 20 tokens) -> text {
  made = greet(name) { model: fast }
  more = greet(made) { model: slow }
  return more
}
";

const QUICK: &str = "model fast = \"sim/text\"

prompt greet(name: text) -> text <= 60 tokens {
  user: \"Greet {{ name }} warmly.\"
}

guard short(reply: text) {
  require: len(reply) < 3
}

flow hello(name: text <= 20 tokens) -> text {
  made = greet(name)
  return made
}

flow refuse(name: text <= 20 tokens) -> text {
  made = greet(name)
  kept = short(made) else stop \"not today, {{ name }}\"
  return kept
}
";

/// Waits until a step of the only run is recorded, and gives the run.
fn begun(sandbox: &Sandbox, child: &mut Child) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        assert!(Instant::now() < until && child.try_wait().unwrap().is_none(), "it never begins");
        std::thread::sleep(Duration::from_millis(30));
        let runs = sandbox.flowc(&["runs", "--format", "json"]).is_fine().json();
        let Some(run) = runs["runs"][0]["run"].as_str() else { continue };
        let trace = sandbox.flowc(&["trace", run, "--format", "json"]).is_fine().json();
        if !trace["steps"].as_array().unwrap().is_empty() {
            return run.to_owned();
        }
    }
}

fn status(sandbox: &Sandbox, run: &str) -> String {
    let runs = sandbox.flowc(&["runs", "--format", "json"]).is_fine().json();
    let found = runs["runs"].as_array().unwrap().iter().find(|r| r["run"] == run).unwrap().clone();
    found["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_run_is_driven_by_one_process_and_goes_on_when_that_is_gone() {
    let sandbox = Sandbox::with(&[("app.flow", TWO)]);
    let mut command = sandbox.command(&["run", "app.flow", "name=Ada"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let run = begun(&sandbox, &mut child);
    assert_eq!(status(&sandbox, &run), "running");
    let other = sandbox.flowc(&["run", "--resume", &run]);
    other.fails(2, "under way in another process").fails(2, &format!("flowc trace {run}"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(status(&sandbox, &run), "interrupted");
    let trace = sandbox.flowc(&["trace", &run]);
    assert!(trace.is_fine().out.contains("✓ made") && trace.out.contains("? more"), "{trace:?}");
    // Another program is another run.
    sandbox.write("app.flow", &TWO.replace("warmly", "coldly"));
    sandbox.flowc(&["run", "--resume", &run]).fails(2, &format!("run `{run}` is of another program"));
    sandbox.write("app.flow", TWO);
    let inputs = sandbox.flowc(&["run", "app.flow", "--resume", &run, "name=Bob"]);
    inputs.fails(2, &format!("run `{run}` has other inputs"));
    assert_eq!(status(&sandbox, &run), "interrupted", "what was refused changes nothing");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_how_it_goes_on() {
    let sandbox = Sandbox::with(&[("app.flow", TWO)]);
    let mut command = sandbox.command(&["run", "app.flow", "name=Ada"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let run = begun(&sandbox, &mut child);
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let done = Done::from(child.wait_with_output().unwrap());
    done.fails(1, "interrupted:")
        .fails(1, &format!("`flowc run app.flow --resume {run}` goes on where it was"));
    assert_eq!(status(&sandbox, &run), "interrupted");
}

#[test]
fn a_failed_run_goes_on_with_its_inputs_its_profile_and_its_spending() {
    let toml = "[profile.live.models]\nfast = \"openai/gpt-4o-mini\"\n";
    let sandbox = Sandbox::with(&[("sub/app.flow", QUICK), ("sub/flow.toml", toml)]);
    let args = ["run", "sub/app.flow", "--flow", "hello", "--profile", "live", "name=Ada"];
    let base = [("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"), ("OPENAI_API_KEY", "sk-very-secret")];
    let done = sandbox.flowc_with(&args, &base);
    done.fails(3, "flow::E0805").fails(3, "`flowc run sub/app.flow --resume ");
    let run = done.err.split("--resume ").nth(1).unwrap().split('`').next().unwrap();
    sandbox.flowc(&["run", "--resume", run]).fails(2, "--in PATH");
    // The key has come, and the server has not: still the live model is asked.
    let again = sandbox.flowc_with(&["run", "sub/app.flow", "--resume", run], &base);
    again.fails(3, "no answer from `127.0.0.1:9`");
    let trace = sandbox.flowc(&["trace", run, "--in", "sub", "--format", "json"]).is_fine().json();
    assert_eq!((trace["status"].as_str(), &trace["inputs"]), (Some("failed"), &json!(["Ada"])));
    assert_eq!(trace["calls"].as_array().unwrap().len(), 2);
    for file in ["journal.db", "journal.db-wal"] {
        let bytes = std::fs::read(sandbox.path("sub/.flow").join(file)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains("sk-very-secret"), "a secret is in {file}");
    }
    // Another profile is another program.
    let other = sandbox.flowc(&["run", "sub/app.flow", "--resume", run, "--model", "fast=sim/text"]);
    other.fails(2, "is of another program");
}

#[test]
fn a_run_that_has_ended_is_told_again_and_asks_nobody() {
    let sandbox = Sandbox::with(&[("app.flow", QUICK)]);
    let first = sandbox.flowc(&["run", "app.flow", "--flow", "hello", "--format", "json", "name=Ada"]);
    let first = first.is_fine().json();
    let run = first["run"].as_str().unwrap();
    // Not even the program is needed.
    sandbox.write("app.flow", "nonsense");
    let again = sandbox.flowc(&["run", "--resume", run]);
    assert_eq!(again.is_fine().out.trim_end(), first["output"].as_str().unwrap());
    assert!(again.err.contains("has ended"), "{again:?}");
    let document = sandbox.flowc(&["run", "--resume", run, "--format", "json"]).is_fine().json();
    for part in ["run", "flow", "status", "output", "error", "spent"] {
        assert_eq!(document[part], first[part], "{part}");
    }
    assert_eq!(document["steps"][0]["name"], "made");
    sandbox.write("app.flow", QUICK);
    let refused = sandbox.flowc(&["run", "app.flow", "--flow", "refuse", "--format", "json", "name=Ada"]);
    let run = refused.json()["run"].as_str().unwrap().to_owned();
    sandbox.flowc(&["run", "--resume", &run]).fails(1, "refused: not today, Ada");
}

#[test]
fn runs_are_listed_newest_first_and_filtered() {
    let sandbox = Sandbox::with(&[("app.flow", QUICK)]);
    sandbox.flowc(&["run", "app.flow", "--flow", "hello", "name=Ada"]).is_fine();
    assert_eq!(sandbox.flowc(&["run", "app.flow", "--flow", "refuse", "name=Ada"]).code, 1);
    let listed = sandbox.flowc(&["runs"]);
    let lines: Vec<Vec<&str>> =
        listed.is_fine().out.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["run", "flow", "status", "started", "(UTC)", "took", "dollars"]);
    assert_eq!((lines[1][1], lines[1][2], lines[1][6]), ("refuse", "stopped", "$0.00"));
    assert_eq!((lines[2][1], lines[2][2]), ("hello", "ok"));
    let count = |args: &[&str]| {
        let args: Vec<&str> = ["runs", "--format", "json"].iter().chain(args).copied().collect();
        sandbox.flowc(&args).is_fine().json()["runs"].as_array().unwrap().len()
    };
    assert_eq!([count(&[]), count(&["--limit", "1"]), count(&["--flow", "hello"])], [2, 1, 1]);
    assert_eq!([count(&["--status", "ok,failed"]), count(&["--status", "waiting"])], [1, 0]);
    // A run that is not recorded is not there, and makes no file.
    let unrecorded = Sandbox::with(&[("app.flow", QUICK), ("flow.toml", "[state]\njournal = \"none\"\n")]);
    unrecorded.flowc(&["run", "app.flow", "--flow", "hello", "name=Ada"]).is_fine();
    unrecorded.flowc(&["runs"]).is_fine();
    unrecorded
        .flowc_with(&["run", "app.flow", "--flow", "hello", "name=Ada"], &[("FLOW_STATE_JOURNAL", "sqlite")])
        .is_fine();
    assert!(unrecorded.path(".flow/journal.db").exists());
}

#[test]
fn runs_are_forgotten_and_their_room_is_given_back() {
    let sandbox = Sandbox::with(&[("app.flow", QUICK), ("slow/app.flow", TWO)]);
    let slow = ["run", "slow/app.flow", "name=Ada"];
    let state = [("FLOW_STATE_DIR", ".flow")];
    for _ in 0..20 {
        sandbox.flowc(&["run", "app.flow", "--flow", "hello", "name=Ada"]).is_fine();
    }
    sandbox.flowc(&["run", "app.flow", "--flow", "refuse", "name=Ada"]);
    let mut child = sandbox.command(&slow).envs(state).spawn().unwrap();
    let running = loop {
        let args = ["runs", "--format", "json", "--status", "running"];
        let runs = sandbox.flowc(&args).is_fine().json();
        if let Some(run) = runs["runs"][0]["run"].as_str() {
            break run.to_owned();
        }
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(20));
    };
    let left =
        || sandbox.flowc(&["runs", "--limit", "99", "--format", "json"]).is_fine().json()["runs"].clone();
    let forget = |args: &[&str]| sandbox.flowc(&[&["runs", "--forget"], args].concat());

    forget(&[]).fails(2, "`--forget` does not say which runs");
    forget(&["nothing"]).fails(2, "there is no run `nothing`");
    sandbox.flowc(&["runs", "--older-than", "3d"]).fails(2, "--forget");
    forget(&["--older-than", "soon"]).fails(2, "write it like `30d`");
    assert_eq!(forget(&["--older-than", "1h"]).is_fine().out, "0 runs forgotten\n");
    let refused = left()[1]["run"].as_str().unwrap().to_owned();
    assert_eq!(forget(&[&refused]).is_fine().out, "1 run forgotten\n");
    forget(&[&running]).fails(1, &format!("1 run is under way, and kept ({running})"));

    let path = sandbox.path(".flow/journal.db");
    let size = || std::fs::metadata(&path).unwrap().len();
    // A log that is not yet taken into the file is part of it.
    let log = std::fs::metadata(path.with_extension("db-wal")).map_or(0, |log| log.len());
    let before = size() + log;
    let done = forget(&["--older-than", "0d", "--format", "json"]);
    let document = done.is_fine().json();
    assert_eq!(document["forgotten"], json!(20));
    // What is under way was heard of now, and is not old, or a moment ago, and is kept.
    let under_way = json!([{ "run": running, "why": "running" }]);
    assert!([json!([]), under_way].contains(&document["kept"]), "{document}");
    assert_eq!(left().as_array().unwrap().len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(forget(&["--older-than", "0d"]).is_fine().out, "1 run forgotten\n");
    let log = std::fs::metadata(path.with_extension("db-wal")).map_or(0, |log| log.len());
    assert!(size() + log < before, "{} and {log} after {before}", size());
    assert_eq!(sandbox.flowc(&["runs"]).is_fine().out, "");
}

#[test]
fn a_journal_that_cannot_be_used_is_one_error_that_says_what_to_do() {
    let sandbox = Sandbox::with(&[("app.flow", QUICK), (".flow/journal.db", "this is no database")]);
    let args = ["run", "app.flow", "--flow", "hello", "name=Ada"];
    sandbox.flowc(&args).fails(3, "runs can't be recorded in `").fails(3, "move it away");
    sandbox.flowc(&["runs"]).fails(3, "file is not a database");
    let file = Sandbox::with(&[("app.flow", QUICK), (".flow", "a file where the folder should be")]);
    file.flowc(&args).fails(3, "FLOW_STATE_DIR").fails(3, "--no-journal");
    file.flowc(&["run", "app.flow", "--flow", "hello", "name=Ada", "--no-journal"]).is_fine();
}

/// A server that hears and never answers; it counts what it has heard.
fn silent_server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/charges", listener.local_addr().unwrap());
    let heard = Arc::new(AtomicUsize::new(0));
    let count = heard.clone();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            if stream.read(&mut [0; 4096]).is_ok_and(|n| n > 0) {
                count.fetch_add(1, Ordering::SeqCst);
            }
            open.push(stream);
        }
    });
    (url, heard)
}

#[test]
fn an_act_that_was_cut_off_waits_for_a_decision() {
    let (url, heard) = silent_server();
    let program = format!(
        "action charge(amount: int) {{
  channel: http(\"{url}\", authorization: env(\"SHOP_KEY\"))
}}

flow buy(amount: int 1..9) -> int {{
  charged = charge(amount)
  return amount
}}
"
    );
    for (decision, acts) in [("--done", 1), ("--again", 2)] {
        heard.store(0, Ordering::SeqCst);
        let sandbox = Sandbox::with(&[("shop/buy.flow", &program), (".env", "SHOP_KEY=sk-shop-secret\n")]);
        let mut command = sandbox.command(&["run", "shop/buy.flow", "amount=3"]);
        let until = Instant::now() + Duration::from_secs(20);
        let mut child = command.env("SHOP_KEY", "Bearer sk-shop-secret").spawn().unwrap();
        while heard.load(Ordering::SeqCst) == 0 {
            assert!(Instant::now() < until && child.try_wait().unwrap().is_none(), "it is never heard");
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let doubts =
            sandbox.flowc(&["runs", "--in", "shop", "--in-doubt", "--format", "json"]).is_fine().json();
        assert_eq!(
            (&doubts["in_doubt"][0]["step"], &doubts["in_doubt"][0]["action"]),
            (&json!("charged"), &json!("charge"))
        );
        let run = doubts["in_doubt"][0]["run"].as_str().unwrap();
        let resume = ["run", "shop/buy.flow", "--resume", run];
        let key = [("SHOP_KEY", "Bearer sk-shop-secret")];
        let waits = sandbox.flowc_with(&resume, &key);
        waits.fails(1, "it is not known whether it was done: the run was cut off in the middle of it");
        waits.fails(1, &format!("flowc resolve {run} charged --done"));
        let doctor = sandbox.flowc(&["doctor", "shop"]);
        assert!(doctor.out.contains("1 action in doubt"), "{doctor:?}");
        let listed = sandbox.flowc(&["runs", "--in", "shop"]);
        assert!(listed.is_fine().out.contains("waiting"), "{listed:?}");
        sandbox.flowc(&["resolve", run, "charged", decision, "--in", "shop"]).is_fine();
        if decision == "--done" {
            assert_eq!(sandbox.flowc_with(&resume, &key).is_fine().out, "3\n");
        } else {
            let mut child = sandbox.command(&resume).envs(key).stderr(Stdio::null()).spawn().unwrap();
            while heard.load(Ordering::SeqCst) < 2 {
                assert!(
                    Instant::now() < until && child.try_wait().unwrap().is_none(),
                    "it is not done again"
                );
                std::thread::sleep(Duration::from_millis(10));
            }
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(heard.load(Ordering::SeqCst), acts);
        for file in ["journal.db", "journal.db-wal"] {
            let bytes = std::fs::read(sandbox.path("shop/.flow").join(file)).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&bytes).contains("sk-shop-secret"), "a secret is in {file}");
        }
    }
}

#[cfg(feature = "postgres")]
#[test]
fn a_database_that_is_away_is_one_error_without_its_password() {
    let toml = "[state]\nurl = \"postgres://flow:s3cret@127.0.0.1:9/runs\"\n";
    let sandbox = Sandbox::with(&[("app.flow", QUICK), ("flow.toml", toml)]);
    let args = ["run", "app.flow", "--flow", "hello", "name=Ada"];
    let done = sandbox.flowc(&args);
    done.fails(3, "runs can't be recorded in `postgres://127.0.0.1:9/runs`: ")
        .fails(3, "whether the server runs");
    assert!(!done.err.contains("s3cret"), "{done:?}");
    sandbox.flowc(&["runs"]).fails(3, "whether the server runs");
    // The environment is stronger.
    sandbox.flowc_with(&args, &[("FLOW_STATE_JOURNAL", "sqlite")]).is_fine();
    let wrong = sandbox.flowc_with(&args, &[("FLOW_STATE_URL", "mysql://127.0.0.1/x")]);
    wrong.fails(2, "`FLOW_STATE_URL` is no address of a database");
}
