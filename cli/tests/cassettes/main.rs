//! `flowc run --record` and `--replay`, and `reply … from` a cassette, against a server that speaks a
//! provider's protocol.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod hidden;
#[path = "../modelserver/mod.rs"]
mod modelserver;
#[path = "../sandbox/mod.rs"]
mod sandbox;
mod tests;
mod trouble;

use modelserver::{Act, ModelServer, say};
use sandbox::{Done, Sandbox};
use serde_json::Value as Json;
use std::time::Duration;

const KEY: &str = "correct.horse.battery.staple.4711";

/// Asks one model, then several times beside one another.
pub(crate) const PROGRAM: &str = r#"model fast = "openai/gpt-4o-mini" { max_output: 60 tokens, temperature: 0 }
model careful = "openai/gpt-4o" { max_output: 60 tokens }

prompt say(word: text) -> text <= 60 tokens {
  user: "Say {{ word }}"
}

flow one(word: text <= 20 tokens) -> text {
  said = say(word) { model: fast, retry: 2, fallback: careful }
  return said
}

flow many(words: [text <= 20 tokens] <= 9) -> [text] {
  said = each word in words {
    spoken = say(word) { model: fast }
    yield spoken
  }
  return said
}

flow soft(word: text <= 20 tokens) -> text {
  said = say(word) { model: fast, retry: 1 } else "nothing"
  return said
}
"#;

/// The document of a run without what differs between two equal runs.
fn report(done: &Done) -> Json {
    let mut document = done.json();
    document["run"].take();
    for step in document["steps"].as_array_mut().unwrap() {
        step["ms"].take();
    }
    document
}

/// The events of a run by name, with their texts put together.
fn events(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines() {
        let event: Json = serde_json::from_str(line).unwrap();
        let name = event["event"].as_str().unwrap();
        match (name, out.last_mut()) {
            ("token", Some(last)) if last.starts_with("token ") => {
                last.push_str(event["text"].as_str().unwrap())
            }
            ("token", _) => out.push(format!("token {}", event["text"].as_str().unwrap())),
            _ => out.push(format!("{name} {} {}", event["step"], event["error"]["message"])),
        }
    }
    out
}

#[test]
fn what_was_recorded_is_played_without_a_key_and_a_network() {
    let server = ModelServer::start(|asked| match asked.before {
        0 => Act::Fail(503, None, "too much to do".to_owned()),
        1 => Act::Fail(429, Some(1), "slow down".to_owned()),
        2 => Act::Fail(500, None, "broken".to_owned()),
        _ => say(format!("{} says {}", asked.model, asked.user)),
    });
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    let run = ["run", "app.flow", "--flow", "one", "word=hi", "--format", "json"];
    let with = |more: &[&'static str]| [&run[..], more].concat();
    let live =
        sandbox.flowc_with(&with(&["--record", "c.jsonl", "--events", "live.jsonl"]), &server.vars(KEY));
    assert_eq!(live.is_fine().json()["output"], "gpt-4o says Say hi");
    assert_eq!(live.err, "recorded 4 calls in `c.jsonl`\n");
    assert_eq!(server.asked().len(), 4);
    assert!(server.asked().iter().all(|a| a.key == format!("Bearer {KEY}")));
    drop(server);
    let played = sandbox.flowc(&with(&["--replay", "c.jsonl", "--events", "played.jsonl"]));
    assert_eq!(report(played.is_fine()), report(&live));
    assert_eq!(played.err, "replayed from `c.jsonl`: no model was asked and no action carried out\n");
    assert_eq!(events(&sandbox.read("played.jsonl")), events(&sandbox.read("live.jsonl")));
    // What was played is no run that could be looked at or gone on with.
    assert_eq!(sandbox.flowc(&["runs", "--format", "json"]).json()["runs"].as_array().unwrap().len(), 1);
}

#[test]
fn lookups_that_a_model_asked_for_are_made_anew_and_compared() {
    let program = r#"model fast = "sim/text" { max_output: 120 tokens }

/// Finds pages of the shop's help.
lookup help(question: text <= 40 tokens) -> [text <= 60 tokens] <= 2 {
  source: file("docs/*.md")
}

prompt answer(question: text) -> text {
  user: "{{ question | fence }}"
}

flow main(question: text <= 40 tokens) -> text {
  reply = answer(question) { tools: [help] rounds 2 }
  return reply
}
"#;
    let page = "# Returns\n\nShoes can be returned within 30 days.\n";
    let sandbox = Sandbox::with(&[("app.flow", program), ("docs/returns.md", page)]);
    let run = ["run", "app.flow", "question=How long can shoes be returned?", "--format", "json"];
    let with = |more: &[&'static str]| [&run[..], more].concat();
    let live = sandbox.flowc(&with(&["--record", "c.jsonl"]));
    assert_eq!(live.is_fine().json()["output"], "Shoes can be returned within 30 days.");
    assert_eq!(live.err, "recorded 2 calls in `c.jsonl`\n");
    let played = sandbox.flowc(&with(&["--replay", "c.jsonl"]));
    assert_eq!(report(played.is_fine()), report(&live));
    // What is found is part of what the model is asked.
    sandbox.write("docs/returns.md", &page.replace("30", "14"));
    let changed = sandbox.flowc(&[&run[..3], &["--replay", "c.jsonl"]].concat());
    changed.fails(1, "what `help` was asked");
}

#[test]
fn two_recordings_of_a_run_are_the_same_bytes_whoever_was_faster() {
    let server = ModelServer::start(|asked| {
        Act::Say(format!("{}!", asked.user), Duration::from_millis(fastrand::u64(0..80)))
    });
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    let words = "words=[\"f\",\"e\",\"a\",\"b\",\"a\",\"c\",\"d\"]";
    for name in ["1.jsonl", "2.jsonl"] {
        let run = ["run", "app.flow", "--flow", "many", words, "--record", name];
        sandbox.flowc_with(&run, &server.vars(KEY)).is_fine();
    }
    let text = sandbox.read("1.jsonl");
    assert_eq!(text, sandbox.read("2.jsonl"));
    let steps: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap())
        .filter_map(|line| Some(line["step"].as_str()?.to_owned()))
        .collect();
    assert!(steps.is_sorted() && steps.len() == 7, "{steps:?}");
}

#[test]
fn each_of_several_equal_calls_has_its_own_answer() {
    let server = ModelServer::start(|asked| say(format!("answer {}", asked.before)));
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    let run = |more: &[&'static str]| [&["run", "app.flow", "--flow", "many"][..], more].concat();
    let three = "words=[\"a\",\"a\",\"a\"]";
    let live = sandbox.flowc_with(&run(&[three, "--record", "c.jsonl"]), &server.vars(KEY));
    for _ in 0..3 {
        assert_eq!(sandbox.flowc(&run(&[three, "--replay", "c.jsonl"])).is_fine().out, live.out);
    }
    sandbox
        .flowc(&run(&["words=[\"a\",\"a\",\"a\",\"a\"]", "--replay", "c.jsonl"]))
        .fails(1, "it has it 3 times");
}

#[test]
fn a_call_that_is_not_there_is_said_and_nothing_handles_it() {
    let server = ModelServer::start(|_| say("hello"));
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    let soft = ["run", "app.flow", "--flow", "soft"];
    let run = |more: &[&'static str]| [&soft[..], more].concat();
    sandbox.flowc_with(&run(&["word=hi", "--record", "c.jsonl"]), &server.vars(KEY)).is_fine();
    for (more, says) in [
        (&["word=ho"][..], "has `Say ho` where `Say hi` was recorded"),
        (&["word=hi", "--model", "fast=openai/gpt-4o"], "asks `openai/gpt-4o`, and `openai/gpt-4o-mini` was"),
    ] {
        let done = sandbox.flowc(&run(&[more, &["--replay", "c.jsonl", "--format", "json"]].concat()));
        let error = &done.json()["error"];
        assert_eq!((done.code, &error["code"], &error["step"]), (1, &"flow::E0815".into(), &"said".into()));
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
    }
    sandbox.write("app.flow", &PROGRAM.replace("temperature: 0", "temperature: 0.5"));
    let done = sandbox.flowc(&run(&["word=hi", "--replay", "c.jsonl"]));
    done.fails(1, "flow::E0815").fails(1, "`temperature` is").fails(1, "in step `said`");
    assert!(done.err.contains("help: record it again with `--record`"), "{done:?}");
    // A name of a step is no part of a call.
    sandbox.write("app.flow", &PROGRAM.replace("said", "spoken"));
    sandbox.flowc(&run(&["word=hi", "--replay", "c.jsonl"])).is_fine();
}

#[test]
fn a_replay_carries_no_action_out() {
    let server = ModelServer::start(|_| say("hello"));
    let acting = format!(
        "{PROGRAM}\naction note(line: untrusted text <= 70 tokens) {{\n  channel: file(\"notes.jsonl\")\n}}\n\n\
         flow acts(word: text <= 20 tokens) -> text {{\n  said = say(word) {{ model: fast }}\n  \
         noted = note(said)\n  return said\n}}\n"
    );
    let sandbox = Sandbox::with(&[("app.flow", &acting)]);
    let run = |more: &[&'static str]| [&["run", "app.flow", "--flow", "acts", "word=hi"][..], more].concat();
    sandbox.flowc_with(&run(&["--record", "c.jsonl"]), &server.vars(KEY)).is_fine();
    let noted = sandbox.read("notes.jsonl");
    sandbox.flowc(&run(&["--replay", "c.jsonl"])).is_fine();
    assert_eq!(sandbox.read("notes.jsonl"), noted);
}

#[test]
fn an_answer_from_an_earlier_run_is_not_missing_on_the_cassette() {
    let server = ModelServer::start(|asked| say(format!("answer {}", asked.before)));
    let cached = PROGRAM.replace("retry: 2,", "cache: 1h,");
    let sandbox = Sandbox::with(&[("app.flow", &cached)]);
    let run = |more: &[&'static str]| [&["run", "app.flow", "--flow", "one", "word=hi"][..], more].concat();
    sandbox.flowc_with(&run(&[]), &server.vars(KEY)).is_fine();
    assert_eq!(sandbox.flowc_with(&run(&[]), &server.vars(KEY)).out, "answer 0\n");
    assert_eq!(sandbox.flowc_with(&run(&["--record", "c.jsonl"]), &server.vars(KEY)).out, "answer 1\n");
    assert_eq!(sandbox.flowc(&run(&["--replay", "c.jsonl"])).is_fine().out, "answer 1\n");
    assert_eq!(sandbox.flowc_with(&run(&[]), &server.vars(KEY)).out, "answer 0\n", "no replay is cached");
}

#[test]
fn stars_of_a_prompt_stand_for_themselves_alone() {
    let server = ModelServer::start(|_| say("hello"));
    let starred = PROGRAM.replace("Say {{ word }}", "*** Rules *** Say {{ word }}");
    let sandbox = Sandbox::with(&[("app.flow", &starred)]);
    let run = |more: &[&'static str]| [&["run", "app.flow", "--flow", "one", "word=hi"][..], more].concat();
    sandbox.flowc_with(&run(&["--record", "c.jsonl"]), &server.vars(KEY)).is_fine();
    sandbox.flowc(&run(&["--replay", "c.jsonl"])).is_fine();
    sandbox.write("app.flow", &starred.replace("Rules", "Guides"));
    sandbox.flowc(&run(&["--replay", "c.jsonl"])).fails(1, "flow::E0815");
}
