//! `flowc compare` against a server that speaks a provider's protocol.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod modelserver;
mod sandbox;

use modelserver::{Act, Asked, ModelServer, say};
use sandbox::{Done, Sandbox};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};

const KEY: &str = "correct.horse.battery.staple.4711";

const PROGRAM: &str = r#"model fast = "openai/gpt-4o-mini" { max_output: 60 tokens }
model careful = "openai/gpt-4o" { max_output: 60 tokens }

enum Kind { billing, other }

prompt sort(question: text) -> text <= 60 tokens {
  user: "Sort {{ question }}"
}

prompt check(kind: text) -> text <= 60 tokens {
  user: "Check {{ kind }}"
}

flow triage(question: text <= 30 tokens) -> text {
  kind = sort(question) { model: fast }
  checked = check(kind) { model: careful }
  return checked
}

flow one(question: text <= 30 tokens) -> text {
  kind = sort(question) { model: fast }
  return kind
}

flow none(question: text <= 30 tokens) -> text {
  return question
}
"#;

const CASES: &str = "{\"question\": \"a bill\", \"expected\": \"billing\"}

{\"question\": \"a | pipe\"}
{\"question\": \"shoes\"}
";

// What 12 tokens in and 8 out cost.
const MINI: f64 = 12.0 * 0.15e-6 + 8.0 * 0.60e-6;
const LARGE: f64 = 12.0 * 2.5e-6 + 8.0 * 10.0e-6;

fn sandbox() -> Sandbox {
    Sandbox::with(&[("app.flow", PROGRAM), ("cases.jsonl", CASES)])
}

fn compare(sandbox: &Sandbox, server: &ModelServer, more: &[&str]) -> Done {
    let args = ["compare", "app.flow", "--cases", "cases.jsonl"];
    sandbox.flowc_with(&[&args[..], more].concat(), &server.vars(KEY))
}

// The larger model answers one of three differently.
fn sorts(asked: &Asked) -> Act {
    let is_large = asked.model == "gpt-4o";
    match asked.user.as_str() {
        "Sort a bill" => say("billing"),
        "Sort a | pipe" if is_large => say("a\n|\t<b>"),
        "Sort a | pipe" => say("other"),
        _ => say("other"),
    }
}

fn near(a: &Json, b: f64) -> bool {
    (a.as_f64().unwrap() - b).abs() < 1e-9
}

#[test]
fn every_model_is_asked_every_case_and_compared_by_what_it_took() {
    let (server, sandbox) = (ModelServer::start(sorts), sandbox());
    let models = ["--flow", "one", "--models", "fast,openai/gpt-4o"];
    let done = compare(&sandbox, &server, &[&models[..], &["--format", "json"]].concat());
    let document = done.is_fine().json();
    let mut asked: Vec<String> = server.asked().iter().map(|a| format!("{} {}", a.model, a.user)).collect();
    asked.sort();
    assert_eq!(
        asked,
        [
            "gpt-4o Sort a bill",
            "gpt-4o Sort a | pipe",
            "gpt-4o Sort shoes",
            "gpt-4o-mini Sort a bill",
            "gpt-4o-mini Sort a | pipe",
            "gpt-4o-mini Sort shoes"
        ]
    );
    assert_eq!(
        (&document["flow"], &document["runs"], &document["done"], &document["interrupted"]),
        (&json!("one"), &json!(6), &json!(6), &json!(false))
    );
    for (i, (id, price, same)) in
        [("openai/gpt-4o-mini", MINI, Json::Null), ("openai/gpt-4o", LARGE, json!(2))].iter().enumerate()
    {
        let model = &document["models"][i];
        assert_eq!((&model["model"], &model["same_as_first"]), (&json!(id), same));
        assert_eq!(
            (&model["answered"], &model["refused"], &model["failed"]),
            (&json!(3), &json!(0), &json!(0))
        );
        assert!(near(&model["usd"], price * 3.0) && near(&model["run"]["usd"]["p95"], *price), "{model}");
        assert_eq!(model["run"]["input_tokens"], json!({ "median": 12, "p95": 12 }));
        assert_eq!(model["run"]["output_tokens"], json!({ "median": 8, "p95": 8 }));
    }
    assert!(near(&document["spent_usd"], 3.0 * (MINI + LARGE)));
    let lines: Vec<&Json> = document["cases"].as_array().unwrap().iter().map(|case| &case["line"]).collect();
    assert_eq!(lines, [&json!(1), &json!(3), &json!(4)], "by the lines of the file");
    let answer = &document["cases"][1]["answers"][1];
    assert_eq!((&answer["status"], &answer["output"]), (&json!("ok"), &json!("a\n|\t<b>")));
    // Nothing of it is a run that could be looked at.
    assert_eq!(sandbox.flowc(&["runs", "--format", "json"]).json()["runs"], json!([]));
    assert!(
        done.err.contains("`expected` of the cases is no input of `one`, and is passed over"),
        "{done:?}"
    );
}

#[test]
fn the_tables_are_aligned_and_answers_are_one_line() {
    let (server, sandbox) = (ModelServer::start(sorts), sandbox());
    let models = ["--flow", "one", "--models", "fast,careful"];
    let done = compare(&sandbox, &server, &models);
    let lines: Vec<&str> = done.is_fine().out.lines().collect();
    assert!(lines[0].starts_with("model               answered  failed  same"), "{}", done.out);
    assert!(lines[1].starts_with("openai/gpt-4o-mini         3       0        $0.0000198"), "{}", done.out);
    assert!(lines[2].starts_with("openai/gpt-4o              3       0     2    $0.00033"), "{}", done.out);
    let answers: Vec<&&str> = lines.iter().skip_while(|line| !line.starts_with("case")).collect();
    let column = answers[0].find("answer").unwrap();
    let found: Vec<&str> = answers[1..].iter().map(|line| &line[column..]).collect();
    assert_eq!(found, ["billing", "billing", "other", "a | <b>", "other", "other"]);
    let page = compare(&sandbox, &server, &[&models[..], &["--format", "markdown"]].concat());
    assert!(page.out.contains("| 3 | openai/gpt-4o | a \\| &lt;b> | $0.00011 |"), "{}", page.out);
    let one = compare(&sandbox, &server, &[&models[..], &["--limit", "1"]].concat());
    let heading = one.out.lines().next().unwrap();
    let words: Vec<&str> = heading.split_whitespace().collect();
    assert_eq!(
        words,
        ["model", "answered", "failed", "same", "cost", "time", "in", "out"],
        "one case has no p95"
    );
}

#[test]
fn what_it_can_cost_is_said_first_and_refused_above_the_budget() {
    let (server, sandbox) = (ModelServer::start(sorts), sandbox());
    let models = ["--flow", "one", "--models", "openai/gpt-4o-mini,openai/gpt-4o"];
    let worst = |id: &str| {
        let cost = sandbox.flowc(&["cost", "app.flow", "--model", &format!("fast={id}"), "--format", "json"]);
        let document = cost.is_fine().json();
        let flows = document["flows"].as_array().unwrap();
        flows.iter().find(|f| f["name"] == "one").unwrap()["worst"]["usd"].as_f64().unwrap()
    };
    let all = 3.0 * (worst("openai/gpt-4o-mini") + worst("openai/gpt-4o"));
    let done =
        compare(&sandbox, &server, &[&models[..], &["--budget", &format!("{:.9}", all - 1e-9)]].concat());
    done.fails(1, "6 runs, 3 cases with 2 models, can cost $").fails(1, "help: raise `--budget`");
    assert!(done.err.contains("error: the comparison can cost $"), "{done:?}");
    assert!(server.asked().is_empty() && done.out.is_empty());
    let all_of_it = format!("{all:.9}");
    let fits = [&models[..], &["--budget", &all_of_it, "--format", "json"]].concat();
    let document = compare(&sandbox, &server, &fits).is_fine().json();
    let stated: f64 = (0..2).map(|i| document["models"][i]["worst_usd"].as_f64().unwrap()).sum();
    assert!((stated - all).abs() < 1e-9, "{stated} {all}");
    compare(&sandbox, &server, &[&models[..], &["--budget", "much"]].concat())
        .fails(2, "write it like `0.50`");
}

#[test]
fn a_model_that_does_not_fit_the_flow_is_an_error_before_anything_is_asked() {
    let (server, sandbox) = (ModelServer::start(sorts), sandbox());
    sandbox.write(
        "app.flow",
        &PROGRAM.replace(
            "-> text {\n  kind = sort(question) { model: fast }\n  return",
            "-> text {\n  budget: $0.0001\n  kind = sort(question) { model: fast }\n  return",
        ),
    );
    let done = compare(&sandbox, &server, &["--flow", "one", "--models", "fast,openai/gpt-4o"]);
    done.fails(1, "with `openai/gpt-4o` in place of `fast`:").fails(1, "flow::E0302");
    let done = compare(&sandbox, &server, &["--flow", "one", "--models", "fast,openai/gpt-nought"]);
    done.fails(1, "with `openai/gpt-nought` in place of `fast`:").fails(1, "flow::E0401");
    assert!(server.asked().is_empty());
}

#[test]
fn models_take_the_place_of_all_or_of_those_that_are_named() {
    let (server, sandbox) = (ModelServer::start(sorts), sandbox());
    let asked = |more: &[&str]| {
        let before = server.asked().len();
        let models = ["--flow", "triage", "--models", "openai/gpt-4.1", "--limit", "1"];
        compare(&sandbox, &server, &[&models[..], more].concat()).is_fine();
        server.asked()[before..].iter().map(|a| a.model.clone()).collect::<Vec<_>>()
    };
    assert_eq!(asked(&[]), ["gpt-4.1", "gpt-4.1"]);
    assert_eq!(asked(&["--swap", "careful"]), ["gpt-4o-mini", "gpt-4.1"]);
    let fixed = ["--swap", "fast", "--model", "careful=openai/gpt-4.1-mini"];
    assert_eq!(asked(&fixed), ["gpt-4.1", "gpt-4.1-mini"]);
}

#[test]
fn failures_are_counted_and_decide_the_exit_code() {
    let server = ModelServer::start(|asked| match (asked.model.as_str(), asked.user.as_str()) {
        ("gpt-4o", "Sort shoes") => Act::Fail(500, None, "broken".to_owned()),
        ("gpt-4.1", _) => Act::Fail(400, None, "no such thing".to_owned()),
        _ => say("other"),
    });
    let sandbox = sandbox();
    let models = |models: &'static str| ["--flow", "one", "--models", models];
    let done = compare(&sandbox, &server, &models("fast,openai/gpt-4o"));
    done.fails(3, "");
    assert!(done.out.contains("openai/gpt-4o: flow::E0805: `fast`: `openai` failed with status 500: broken"));
    let done =
        compare(&sandbox, &server, &[&models("openai/gpt-4.1,fast")[..], &["--format", "json"]].concat());
    let document = done.json();
    let model = &document["models"][0];
    assert_eq!((done.code, &model["answered"], &model["failed"]), (3, &json!(0), &json!(3)));
    assert_eq!(
        (&model["errors"][0]["code"], &model["errors"][0]["runs"]),
        (&json!("flow::E0805"), &json!(3))
    );
    assert_eq!(model["run"]["usd"], json!({ "median": null, "p95": null }));
    assert_eq!(document["models"][1]["same_as_first"], 0, "what failed is the same as nothing");
    assert_eq!(document["cases"][0]["answers"][0]["status"], "failed");
    // Without a key nobody is asked.
    let args = ["compare", "app.flow", "--cases", "cases.jsonl", "--flow", "one", "--models", "fast"];
    let vars = [("OPENAI_BASE_URL", server.url.as_str())];
    let done = sandbox.flowc_with(&args, &vars);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.out.contains("3 times flow::E0810"), "{done:?}");
}

#[test]
fn wrong_usage_names_what_is_wrong() {
    let (server, sandbox) = (ModelServer::start(sorts), sandbox());
    sandbox.write("bad.jsonl", "{\"question\": \"a\"}\n{\"question\": 3}\n");
    sandbox.write("half.jsonl", "{\"question\": \"a\"}\n\n{\"question\": \n");
    sandbox.write("empty.jsonl", "\n");
    let compare = |args: &[&str]| {
        sandbox.flowc_with(&[&["compare", "app.flow", "--models"][..], args].concat(), &server.vars(KEY))
    };
    for (args, says) in [
        (&["fat", "--cases", "cases.jsonl", "--flow", "one"][..], "did you mean `fast`?"),
        (
            &["fast,openai/gpt-4o-mini", "--cases", "cases.jsonl", "--flow", "one"],
            "`openai/gpt-4o-mini` is named twice",
        ),
        (&["fast", "--cases", "cases.jsonl"], "several flows and none is called `main`"),
        (&["fast", "--cases", "cases.jsonl", "--flow", "none"], "`none` asks no model"),
        (&["fast", "--cases", "cases.jsonl", "--flow", "one", "--swap", "careful"], "does not ask `careful`"),
        (&["fast", "--cases", "cases.jsonl", "--flow", "one", "--swap", "who"], "no model `who`"),
        (&["fast", "--cases", "gone.jsonl", "--flow", "one"], "`gone.jsonl` does not exist"),
        (&["fast", "--cases", "bad.jsonl", "--flow", "one"], "line 2 of `bad.jsonl`: input `question`"),
        (&["fast", "--cases", "half.jsonl", "--flow", "one"], "line 3 of `half.jsonl`: it is no JSON object"),
        (&["fast", "--cases", "empty.jsonl", "--flow", "one"], "`empty.jsonl` has no cases"),
        (&["fast", "--cases", "cases.jsonl", "--flow", "one", "--parallel", "0"], "--parallel"),
    ] {
        let done = compare(args);
        done.fails(2, says);
        assert!(done.out.is_empty(), "{done:?}");
    }
    assert!(server.asked().is_empty());
}

#[test]
fn runs_go_on_beside_one_another() {
    let slow = |_: &Asked| Act::Say("other".to_owned(), Duration::from_millis(300));
    let (server, sandbox) = (ModelServer::start(slow), sandbox());
    let took = |parallel: &str| {
        let began = Instant::now();
        let models = ["--flow", "one", "--models", "fast,careful", "--parallel", parallel];
        compare(&sandbox, &server, &models).is_fine();
        began.elapsed()
    };
    let (beside, behind) = (took("6"), took("1"));
    assert!(behind > Duration::from_millis(1800), "{behind:?}");
    assert!(beside * 2 < behind, "{beside:?} {behind:?}");
}

#[cfg(unix)]
#[test]
fn who_stops_it_gets_what_was_done() {
    for (signal, answered) in [("INT", 2), ("TERM", 4)] {
        let server = ModelServer::start(|asked| match asked.user.as_str() {
            "Sort a bill" => say("billing"),
            // With SIGTERM, what is under way is waited for.
            _ => Act::Say("late".to_owned(), Duration::from_millis(1500)),
        });
        let sandbox = sandbox();
        let args =
            ["compare", "app.flow", "--cases", "cases.jsonl", "--flow", "one", "--models", "fast,careful"];
        let mut command = sandbox.command(&[&args[..], &["--parallel", "2", "--format", "json"]].concat());
        command
            .envs(server.vars(KEY))
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        for _ in 0..400 {
            if server.asked().len() == 4 {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(100));
        let kill = std::process::Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let began = Instant::now();
        let done = Done::from(child.wait_with_output().unwrap());
        assert!(began.elapsed() < Duration::from_secs(4), "{signal}");
        done.fails(1, &format!("interrupted: {answered} of 6 runs were done, for $"));
        let document = done.json();
        assert_eq!(
            (&document["interrupted"], &document["done"]),
            (&json!(true), &json!(answered)),
            "{signal}"
        );
        assert_eq!(document["cases"][0]["answers"][1]["output"], "billing");
        assert_eq!(document["cases"][2]["answers"][1]["status"], "not_run");
        assert_eq!(server.asked().len(), 4, "{signal}: nothing more is begun");
        // What was under way when it was stopped at once counts with its worst case.
        let spent = document["spent_usd"].as_f64().unwrap();
        let answers: f64 = (0..2).map(|i| document["models"][i]["usd"].as_f64().unwrap()).sum();
        assert_eq!(spent > answers + 1e-9, signal == "INT", "{document}");
    }
}

#[test]
fn a_comparison_can_be_recorded_and_played_without_a_key() {
    let server = ModelServer::start(|asked| match (asked.before, asked.user.as_str()) {
        (_, "Sort shoes") => Act::Fail(400, None, "not shoes".to_owned()),
        (n, _) => Act::Say(format!("answer {n}"), Duration::from_millis(fastrand::u64(0..60))),
    });
    let sandbox = sandbox();
    let models = ["--flow", "triage", "--models", "fast,careful", "--format", "json"];
    let live = compare(&sandbox, &server, &[&models[..], &["--record", "c.jsonl"]].concat());
    let asked = server.asked().len();
    drop(server);
    let args = ["compare", "app.flow", "--cases", "cases.jsonl"];
    let played = sandbox.flowc(&[&args[..], &models, &["--replay", "c.jsonl"]].concat());
    assert_eq!((played.code, plain(&played)), (live.code, plain(&live)), "{played:?}");
    assert_eq!(live.code, 3);
    let cassette = sandbox.read("c.jsonl");
    assert!(!cassette.contains(KEY));
    assert_eq!(cassette.matches("\"step\":").count(), asked);
    // Case by case, and for each the models in their order.
    let order: Vec<(bool, bool)> = cassette
        .lines()
        .zip(cassette.lines().skip(1))
        .filter(|(call, _)| call.contains("\"prompt\":\"sort\""))
        .map(|(call, said)| (said.contains("a bill"), call.contains("gpt-4o-mini")))
        .collect();
    assert_eq!(order[..3], [(true, true), (true, false), (false, true)]);
}

// The document without times, which are others in a replay.
fn plain(done: &Done) -> Json {
    let mut document = done.json();
    for model in document["models"].as_array_mut().unwrap() {
        model["run"]["ms"].take();
    }
    for case in document["cases"].as_array_mut().unwrap() {
        case["answers"].as_array_mut().unwrap().iter_mut().for_each(|answer| drop(answer["ms"].take()));
    }
    document
}

#[test]
fn no_action_is_carried_out_and_no_other_cache_is_asked() {
    let acting = format!(
        "{}\naction note(line: untrusted text <= 70 tokens) {{\n  channel: file(\"notes.jsonl\")\n}}\n\n\
         flow acts(question: text <= 30 tokens) -> text {{\n  kind = sort(question) {{ model: fast, cache: 1h }}\n  \
         noted = note(kind)\n  return kind\n}}\n",
        PROGRAM
    );
    let (server, sandbox) = (ModelServer::start(sorts), sandbox());
    sandbox.write("app.flow", &acting);
    let run = ["run", "app.flow", "--flow", "acts", "question=shoes"];
    sandbox.flowc_with(&run, &server.vars(KEY)).is_fine();
    let noted = sandbox.read("notes.jsonl");
    compare(&sandbox, &server, &["--flow", "acts", "--models", "fast"]).is_fine();
    assert_eq!(sandbox.read("notes.jsonl"), noted);
    assert_eq!(server.asked().len(), 4, "each case is asked, also the one that a run has cached");
}

#[test]
fn the_page_of_the_book_does_what_it_says() {
    let page = include_str!("../../docs/reference/compare.md");
    let snippet = flow_tests::snippets::snippets("compare.md", page).remove(0);
    let sandbox = Sandbox::with(&[("app.flow", &snippet.text)]);
    for (name, text) in &snippet.files {
        sandbox.write(name, text);
    }
    let server = ModelServer::start(|_| say("{\"value\": \"billing\"}"));
    let shown: Vec<&str> = page.split("```text\n").nth(1).unwrap().lines().collect();
    let args: Vec<&str> = shown[0].trim_start_matches("$ flowc ").split(' ').collect();
    let done = sandbox.flowc_with(&args, &server.vars(KEY));
    assert_eq!(done.is_fine().err.lines().collect::<Vec<_>>(), shown[1..3]);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let heading = |lines: &[&str], begins: &str| words(lines.iter().find(|l| l.starts_with(begins)).unwrap());
    let lines: Vec<&str> = done.out.lines().collect();
    for begins in ["model", "case"] {
        assert_eq!(heading(&lines, begins), heading(&shown, begins));
    }
    // And without a key, with models that are simulated.
    let offline = ["compare", "app.flow", "--models", "sim/text,sim/fast", "--cases", "cases.jsonl"];
    assert!(sandbox.flowc(&offline).is_fine().out.contains("sim/fast         3       0     3  $0.00"));
}
