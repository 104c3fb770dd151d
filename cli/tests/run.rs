//! `flowc run`: inputs, results, shapes, failures, interruptions.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PLAIN: &str = "model fast = \"sim/text\"

prompt greet(name: text) -> text <= 60 tokens {
  user: \"Greet {{ name }} warmly.\"
}

flow hello(name: text <= 20 tokens) -> text {
  made = greet(name)
  return made
}
";

const TYPED: &str =
    "flow sums(numbers: [int] <= 3, label: text <= 10 tokens = \"sum\", limit: int? = null) -> Total {
  return Total { label: label, sum: sum(numbers) }
}

type Total {
  label: text <= 10 tokens
  sum: int
}
";

const SLOW: &str = "model slow = \"sim/text\" {
  latency: 30s
}

prompt greet(name: text) -> text <= 60 tokens {
  user: \"Greet {{ name }}.\"
}

flow hello(name: text <= 20 tokens) -> text {
  made = greet(name)
  return made
}
";

const SEVERAL: &str = "flow one(n: int) -> int {
  return n + 1
}

flow two(n: int) -> int {
  return n + 2
}
";

#[test]
fn text_is_printed_as_it_is_and_nothing_else() {
    let sandbox = Sandbox::with(&[("app.flow", PLAIN)]);
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada"]);
    assert_eq!(done.is_fine().err, "", "nothing to say where there is no terminal");
    assert!(done.out.ends_with('\n') && !done.out.starts_with('"') && done.out.trim().len() > 2, "{done:?}");
    let again = sandbox.flowc(&["run", "app.flow", "name=Ada"]);
    assert_eq!(again.out, done.out, "simulated models answer the same to the same");
}

#[test]
fn anything_else_is_printed_as_json() {
    let sandbox = Sandbox::with(&[("app.flow", TYPED)]);
    let done = sandbox.flowc(&["run", "app.flow", "numbers=[1, 2]"]);
    assert_eq!(done.is_fine().json(), json!({"label": "sum", "sum": 3}));
}

#[test]
fn inputs_come_as_words_from_a_file_and_from_standard_input() {
    let sandbox =
        Sandbox::with(&[("app.flow", TYPED), ("case.json", r#"{"numbers": [4], "label": "file"}"#)]);
    let file = sandbox.flowc(&["run", "app.flow", "--input", "case.json"]);
    assert_eq!(file.is_fine().json(), json!({"label": "file", "sum": 4}));
    let words = sandbox.flowc(&["run", "app.flow", "--input", "case.json", "label=a b"]);
    assert_eq!(words.is_fine().json(), json!({"label": "a b", "sum": 4}), "words win");
    let piped = sandbox.flowc_on(&["run", "app.flow", "--input", "-"], r#"{"numbers": []}"#);
    assert_eq!(piped.is_fine().json(), json!({"label": "sum", "sum": 0}));
}

#[test]
fn wrong_inputs_are_wrong_usage_and_show_what_the_flow_takes() {
    let sandbox = Sandbox::with(&[("app.flow", TYPED), ("list.json", "[1]"), ("broken.json", "{")]);
    let fails = |args: &[&str], text: &str| {
        let args: Vec<&str> = ["run", "app.flow"].iter().chain(args).copied().collect();
        let done = sandbox.flowc(&args);
        assert_eq!(done.fails(2, text).out, "", "{args:?}");
        done.err
    };
    let usage = "usage: flowc run app.flow numbers=<[int] <= 3> [label=<text <= 10 tokens>] [limit=<int?>]";
    assert!(fails(&[], "`sums` needs the input `numbers`").contains(usage));
    assert!(fails(&["number=[1]"], "did you mean `numbers`?").contains(usage));
    fails(&["numbers=1"], "input `numbers`: expected a list, found 1");
    fails(&["numbers=[1,2,3,4]"], "has more than 3 elements");
    fails(&["numbers=[\"a\"]"], "input `numbers`, at `[0]`: expected a whole number");
    fails(&["numbers"], "inputs are written `name=value`");
    fails(&["--input", "none.json"], "`none.json` does not exist");
    fails(&["--input", "list.json"], "the inputs are not a JSON object");
    fails(&["--input", "broken.json"], "is not valid JSON");
    fails(&["--resume", "abc", "numbers=[]"], "there is no run `abc` in .flow/journal.db");
    fails(&["--profile", "dev", "numbers=[]"], "unknown profile `dev`");
}

#[test]
fn the_flow_is_the_only_one_or_main_or_the_one_that_is_named() {
    let sandbox = Sandbox::with(&[("several.flow", SEVERAL)]);
    sandbox.write("main.flow", &SEVERAL.replace("flow two", "flow main"));
    assert_eq!(sandbox.flowc(&["run", "several.flow", "--flow", "two", "n=1"]).is_fine().out, "3\n");
    sandbox.flowc(&["run", "several.flow", "n=1"]).fails(2, "the flows are `one`, `two`");
    sandbox.flowc(&["run", "several.flow", "--flow", "tow", "n=1"]).fails(2, "did you mean `two`?");
    assert_eq!(sandbox.flowc(&["run", "main.flow", "n=1"]).is_fine().out, "3\n");
    assert_eq!(sandbox.flowc(&["run", ".", "n=1"]).is_fine().out, "3\n", "a folder means its main.flow");
}

#[test]
fn the_document_of_a_run_keeps_its_shape() {
    let sandbox = Sandbox::with(&[("app.flow", PLAIN)]);
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada", "--format", "json"]);
    let document = done.is_fine().json();
    assert_eq!(done.err, "");
    assert!(document["run"].as_str().is_some_and(|r| !r.is_empty()));
    assert_eq!((&document["flow"], &document["status"]), (&json!("hello"), &json!("ok")));
    assert!(document["output"].is_string());
    assert!(document["error"].is_null());
    for key in ["usd", "calls", "input_tokens", "output_tokens", "cached_calls"] {
        assert!(document["spent"][key].is_number(), "{key}");
    }
    assert_eq!(document["spent"]["calls"], 1);
    let step = &document["steps"][0];
    assert_eq!(
        (&step["name"], &step["status"], &step["model"]),
        (&json!("made"), &json!("ok"), &json!("sim/text"))
    );
    for key in ["attempts", "usd", "input_tokens", "output_tokens", "ms"] {
        assert!(step[key].is_number(), "{key}");
    }
}

#[test]
fn a_program_with_errors_does_not_run() {
    let wrong = PLAIN.replace("= greet(", "= greett(");
    let sandbox = Sandbox::with(&[("app.flow", &wrong)]);
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada"]);
    assert_eq!(done.fails(1, "flow::E0101").out, "");
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada", "--format", "json"]);
    let document = done.json();
    assert_eq!((done.code, done.err.as_str()), (1, ""));
    assert_eq!((&document["status"], &document["error"]["code"]), (&json!("failed"), &json!("flow::E0101")));
    assert_eq!(
        (&document["errors"], &document["diagnostics"][0]["code"]),
        (&json!(1), &json!("flow::E0101"))
    );
    assert_eq!(
        (&document["run"], &document["output"], &document["steps"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
}

#[test]
fn a_failed_run_says_where_and_what_to_do() {
    let failing = PLAIN.replace("\"sim/text\"", "\"sim/text\" {\n  failure_rate: 100%\n}");
    let sandbox = Sandbox::with(&[("app.flow", &failing)]);
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada"]);
    assert_eq!(done.fails(3, "flow::E0805").out, "", "a provider is outside");
    assert!(done.err.contains("app.flow:10:3") && done.err.contains("in step `made`"), "{}", done.err);
    let document = sandbox.flowc(&["run", "app.flow", "name=Ada", "--format", "json"]).json();
    assert_eq!((&document["status"], &document["error"]["code"]), (&json!("failed"), &json!("flow::E0805")));
}

#[test]
fn a_refused_run_says_why() {
    let refusing = PLAIN
        .replace("\"sim/text\"", "\"sim/text\" {\n  failure_rate: 100%\n}")
        .replace("= greet(name)", "= greet(name) else stop \"nobody is in\"");
    let sandbox = Sandbox::with(&[("app.flow", &refusing)]);
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada"]);
    assert_eq!(done.fails(1, "refused: nobody is in").out, "");
    let document = sandbox.flowc(&["run", "app.flow", "name=Ada", "--format", "json"]).json();
    assert_eq!((&document["status"], &document["error"]["code"]), (&json!("stopped"), &json!("flow::E0801")));
}

#[test]
fn events_are_lines_of_json_as_things_happen() {
    let sandbox = Sandbox::with(&[("app.flow", PLAIN)]);
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada", "--events", "events.jsonl"]);
    let lines: Vec<Value> =
        sandbox.read("events.jsonl").lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let names: Vec<&str> =
        lines.iter().map(|l| l["event"].as_str().unwrap()).filter(|n| *n != "token").collect();
    let wanted =
        ["run_started", "step_started", "call_started", "call_finished", "step_finished", "run_finished"];
    assert_eq!(names, wanted);
    let mut last = 0;
    for line in &lines {
        assert!(line["run"].is_string() && line.get("step").is_some(), "{line}");
        let at = line["t_ms"].as_u64().unwrap();
        assert!(at >= last, "time goes on");
        last = at;
    }
    let text: String =
        lines.iter().filter(|l| l["event"] == "token").map(|l| l["text"].as_str().unwrap()).collect();
    assert_eq!(text.trim(), done.is_fine().out.trim());
    let stderr = sandbox.flowc(&["run", "app.flow", "name=Ada", "--events", "-"]);
    assert!(stderr.is_fine().err.lines().all(|l| serde_json::from_str::<Value>(l).is_ok()), "{}", stderr.err);
    sandbox
        .flowc(&["run", "app.flow", "name=Ada", "--events", "no/such/folder"])
        .fails(3, "cannot be written");
}

#[test]
fn an_equal_call_is_answered_from_the_state_folder() {
    let sandbox = Sandbox::with(&[
        ("app.flow", &PLAIN.replace("greet(name)\n", "greet(name) { cache: 1h }\n")),
        ("flow.toml", "[state]\ndir = \"kept\"\n"),
    ]);
    let spent = |vars: &[(&str, &str)]| {
        let done = sandbox.flowc_with(&["run", "app.flow", "name=Ada", "--format", "json"], vars);
        let document = done.is_fine().json();
        (document["spent"]["calls"].clone(), document["steps"][0]["status"].clone())
    };
    assert_eq!(spent(&[]), (json!(1), json!("ok")));
    assert_eq!(spent(&[]), (json!(0), json!("cached")));
    assert!(sandbox.path("kept").is_dir());
    assert_eq!(spent(&[("FLOW_STATE_DIR", "other")]), (json!(1), json!("ok")));
    assert!(sandbox.path("other").is_dir(), "a folder in a variable starts from the working directory");
}

#[test]
fn the_cache_is_shown_and_cleared() {
    let sandbox = Sandbox::with(&[(
        "app.flow",
        &PLAIN.replace("greet(name)\n", "greet(name) { cache: 1h per name }\n"),
    )]);
    assert!(sandbox.flowc(&["cache"]).is_fine().err.contains("nothing is cached"));
    assert!(!sandbox.path(".flow").exists(), "to look makes nothing");
    for name in ["name=Ada", "name=Ada", "name=Bob"] {
        sandbox.flowc(&["run", "app.flow", name]).is_fine();
    }
    let rows = sandbox.flowc(&["cache", "--format", "json"]).is_fine().json();
    let row = &rows["cache"][0];
    assert_eq!((&row["prompt"], &row["hits"], &row["misses"]), (&json!("greet"), &json!(1), &json!(2)));
    assert_eq!((&row["entries"], row["scopes"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    assert!(row["saved"]["input_tokens"].as_u64() > Some(0));
    assert!(!rows.to_string().contains("Ada"), "who shares an entry is not shown");
    assert!(sandbox.flowc(&["cache"]).is_fine().out.contains("greet"));
    assert_eq!(sandbox.flowc(&["cache", "--scopes"]).is_fine().out.lines().count(), 3);

    let cleared = |args: &[&str]| {
        let args = [&["cache", "clear", "--format", "json"], args].concat();
        sandbox.flowc(&args).is_fine().json()["cleared"].clone()
    };
    assert_eq!(cleared(&["--scope", "Ada", "--prompt", "other"]), json!(0));
    assert_eq!(cleared(&["--scope", "Ada"]), json!(1));
    assert_eq!(cleared(&[]), json!(1));
    assert!(sandbox.flowc(&["cache"]).is_fine().err.contains("nothing is cached"));
}

#[test]
fn nearly_the_same_words_are_answered_from_the_state_folder() {
    let program = "model fast = \"sim/text\"

model vectors = \"sim/embed\" {
  price: $1 in, $0 out
}

prompt greet(name: text) -> text <= 60 tokens {
  user: \"Greet {{ name }} warmly.\"
}

flow hello(name: text <= 20 tokens) -> text {
  made = greet(name) {
    model: fast
    cache: similar 0.9 for 1h embed vectors
  }
  return made
}
";
    let sandbox = Sandbox::with(&[("app.flow", program)]);
    let run = |name: &str| {
        let done = sandbox.flowc(&["run", "app.flow", name, "--format", "json"]);
        done.is_fine().json()
    };
    let first = run("name=Ada Lovelace, mathematician");
    assert_eq!((&first["steps"][0]["status"], &first["spent"]["calls"]), (&json!("ok"), &json!(2)));
    let near = run("name=ada lovelace mathematician");
    assert_eq!((&near["steps"][0]["status"], &near["steps"][0]["similar"]), (&json!("cached"), &json!(1.0)));
    assert_eq!((&near["spent"]["calls"], &near["spent"]["cached_calls"]), (&json!(1), &json!(1)));
    assert!(near["spent"]["usd"].as_f64() > Some(0.0), "an embedding is paid for");
    assert_eq!(near["output"], first["output"]);
    let far = run("name=Charles Babbage, engineer");
    assert_eq!(far["steps"][0]["status"], json!("ok"));

    let rows = sandbox.flowc(&["cache", "--format", "json"]).is_fine().json();
    let row = &rows["cache"][0];
    assert_eq!((&row["hits"], &row["similar"], &row["misses"]), (&json!(1), &json!(1), &json!(2)));
    let trace = sandbox.flowc(&["trace", near["run"].as_str().unwrap()]);
    assert!(trace.is_fine().out.contains("cached (similar 1)"), "{trace:?}");
    let shown = sandbox.flowc(&["run", "app.flow", "name=ada lovelace: mathematician", "--verbose"]);
    assert!(shown.is_fine().err.contains("cached") && shown.err.contains("similar"), "{shown:?}");
    assert_eq!(sandbox.flowc(&["cache", "clear", "--format", "json"]).is_fine().json()["cleared"], json!(2));
    assert_eq!(run("name=Ada Lovelace, mathematician!")["steps"][0]["status"], json!("ok"));
}

#[test]
fn a_cache_that_is_away_is_said_once_and_the_run_goes_on() {
    let program = PLAIN.replace("greet(name)\n", "greet(name) { cache: 1h }\n");
    let away = "redis://:s3cret@127.0.0.1:1/0";
    let sandbox = Sandbox::with(&[("app.flow", &program)]);
    let run = |args: &[&str]| {
        let done = sandbox.flowc_with(args, &[("FLOW_CACHE_URL", away)]);
        done.is_fine();
        done
    };
    let done = run(&["run", "app.flow", "name=Ada"]);
    assert_eq!(done.err.matches("warning: the cache in Redis failed").count(), 1, "{}", done.err);
    assert!(done.err.contains("the run goes on without it") && !done.err.contains("s3cret"), "{}", done.err);
    let events = run(&["run", "app.flow", "name=Ada", "--events", "-"]).err;
    assert_eq!(events.matches("\"event\":\"warned\"").count(), 1, "{events}");

    // A folder that can't be made.
    let nowhere = [("FLOW_STATE_DIR", "app.flow/state")];
    let done = sandbox.flowc_with(&["run", "app.flow", "name=Ada", "--no-journal"], &nowhere);
    assert_eq!(done.is_fine().err.matches("warning: the cache failed").count(), 1);

    let wrong = sandbox.flowc_with(&["run", "app.flow", "name=Ada"], &[("FLOW_CACHE_URL", "http://x")]);
    wrong.fails(2, "`FLOW_CACHE_URL` is no address of a Redis server");
    sandbox.flowc_with(&["cache"], &[("FLOW_CACHE_URL", away)]).fails(2, "the cache in Redis failed");
}

#[test]
fn every_judge_of_the_standard_library_can_be_asked() {
    let program = "import helpful, tone, faithful, relevant, concise, equivalent from std.judges

model fast = \"sim/text\"

flow judge(reply: text <= 80 tokens, question: text <= 80 tokens) -> [int] {
  a = helpful(reply, question)
  b = tone(reply)
  c = faithful(reply, question)
  d = relevant(reply, question)
  e = concise(reply)
  f = equivalent(reply, question)
  return [a.score, b.score, c.score, d.score, e.score, f.score]
}
";
    let sandbox = Sandbox::with(&[("app.flow", program)]);
    let done = sandbox.flowc(&["run", "app.flow", "reply=You have 30 days.", "question=How long?"]);
    let scores = done.is_fine().json();
    let within = |score: &Value| score.as_i64().is_some_and(|s| (1..=5).contains(&s));
    assert_eq!(scores.as_array().unwrap().len(), 6);
    assert!(scores.as_array().unwrap().iter().all(within), "{scores}");
}

#[test]
fn lines_for_logs_are_written_when_asked_for() {
    let sandbox = Sandbox::with(&[("app.flow", PLAIN)]);
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada", "--verbose"]);
    assert!(done.is_fine().err.starts_with("made: ok, ") && done.err.contains("sim/text"), "{}", done.err);
    assert_eq!(sandbox.flowc(&["run", "app.flow", "name=Ada", "-v", "-q"]).is_fine().err, "");
}

#[test]
fn a_new_project_checks_and_runs_offline() {
    let sandbox = Sandbox::new();
    sandbox.flowc(&["new", "desk"]).is_fine();
    assert!(sandbox.flowc(&["check", "desk"]).is_fine().err.contains("no problems"));
    let question = "question=How long may I keep shoes before I return them?";
    let done = sandbox.flowc(&["run", "desk/main.flow", question]);
    assert!(done.is_fine().json()["reply"].is_string(), "{done:?}");
    let tested = sandbox.flowc(&["test", "desk"]);
    assert!(tested.is_fine().out.contains("  ok    says how long returns take ("), "{tested:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_at_once_and_says_so() {
    let sandbox = Sandbox::with(&[("app.flow", SLOW)]);
    // The second SIGTERM is as good as Ctrl-C.
    for (signal, times) in [("-INT", 1), ("-TERM", 2)] {
        let mut command = sandbox.command(&["run", "app.flow", "name=Ada", "--events", "events.jsonl"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let limit = Instant::now() + Duration::from_secs(20);
        let begun = || {
            std::fs::read_to_string(sandbox.path("events.jsonl")).is_ok_and(|t| t.contains("call_started"))
        };
        while !begun() && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(5));
        }
        let pressed = Instant::now();
        for _ in 0..times {
            let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
            assert!(sent.success());
            // Two that come at once are heard as one.
            std::thread::sleep(Duration::from_millis(50));
        }
        let done = child.wait_with_output().unwrap();
        let took = pressed.elapsed();
        let err = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{err}");
        assert!(err.contains("interrupted"), "{err}");
        assert!(done.stdout.is_empty());
        assert!(
            took < Duration::from_millis(500),
            "{signal}: {took:?}, 100 ms on a machine with nothing else to do"
        );
        std::fs::remove_file(sandbox.path("events.jsonl")).unwrap();
    }
}

#[test]
fn a_reader_that_leaves_early_ends_the_run_without_a_word() {
    let sandbox = Sandbox::with(&[("app.flow", PLAIN)]);
    let mut command = sandbox.command(&["run", "app.flow", "name=Ada"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), String::from_utf8(done.stderr).unwrap().as_str()), (Some(0), ""));
}
