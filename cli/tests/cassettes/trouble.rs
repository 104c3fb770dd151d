//! Cassettes that can't be read or written: one clear message each.

use crate::modelserver::{Act, ModelServer, say};
use crate::sandbox::Sandbox;
use crate::{KEY, PROGRAM};
use std::time::Duration;

const RUN: [&str; 5] = ["run", "app.flow", "--flow", "one", "word=hi"];

#[test]
fn a_cassette_that_cannot_be_played_is_said_before_anything_happens() {
    let server = ModelServer::start(|_| say("hello"));
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    sandbox.flowc_with(&[&RUN[..], &["--record", "c.jsonl"]].concat(), &server.vars(KEY)).is_fine();
    let whole = sandbox.read("c.jsonl");
    let cut = &whole[..whole.len() - 20];
    for (name, text, says) in [
        ("newer.jsonl", "{\"cassette\":7}\n", "`newer.jsonl` was recorded by a newer flowc: it has form 7"),
        ("other.jsonl", "{\"a\": 1}\n", "`other.jsonl` is no cassette: its first line is not"),
        ("empty.jsonl", "", "`empty.jsonl` is empty, and no cassette"),
        ("cut.jsonl", cut, "line 4 of `cut.jsonl` is damaged: it is no JSON object"),
        (
            "changed.jsonl",
            &whole.replace("Say hi", "Say ho"),
            "the call in line 2 of `changed.jsonl` is damaged",
        ),
    ] {
        sandbox.write(name, text);
        let done = sandbox.flowc(&[&RUN[..], &["--replay", name]].concat());
        done.fails(2, says).fails(2, "help:");
        assert_eq!(done.err.lines().count(), 2, "{done:?}");
    }
    std::fs::write(sandbox.path("bytes.jsonl"), [0xff, 0xfe, 0]).unwrap();
    for (name, says) in [
        ("gone.jsonl", "`gone.jsonl` does not exist"),
        ("bytes.jsonl", "`bytes.jsonl` is not UTF-8 text"),
        (".", "`.` is a folder, not a file"),
    ] {
        sandbox.flowc(&[&RUN[..], &["--replay", name]].concat()).fails(2, says);
    }
    assert_eq!(server.asked().len(), 1);
    let both = sandbox.flowc(&[&RUN[..], &["--replay", "c.jsonl", "--record", "d.jsonl"]].concat());
    both.fails(2, "cannot be used with");
}

#[test]
fn what_is_no_cassette_is_not_overwritten() {
    let server = ModelServer::start(|_| say("hello"));
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    let record = |name: &'static str| [&RUN[..], &["--record", name]].concat();
    sandbox
        .flowc_with(&record("app.flow"), &server.vars(KEY))
        .fails(2, "`app.flow` is no cassette, and is not overwritten");
    assert_eq!(sandbox.read("app.flow"), PROGRAM);
    sandbox
        .flowc_with(&record("no/such/folder.jsonl"), &server.vars(KEY))
        .fails(3, "`no/such/folder.jsonl` cannot be written");
    assert!(server.asked().is_empty());
    sandbox.write("c.jsonl", "{\"cassette\":7}\n");
    sandbox.flowc_with(&record("c.jsonl"), &server.vars(KEY)).is_fine();
    assert!(sandbox.read("c.jsonl").contains("hello"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_the_cassette_and_not_the_answer() {
    let server = ModelServer::start(|_| say("hello"));
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    let done = sandbox.flowc_with(&[&RUN[..], &["--record", "/dev/full"]].concat(), &server.vars(KEY));
    done.fails(3, "error: `/dev/full` cannot be written: No space left on device");
    assert_eq!(done.out, "hello\n");
    assert_eq!(done.err.matches("/dev/full").count(), 1, "{done:?}");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_or_killed_leaves_what_it_has_heard() {
    let server = ModelServer::start(|asked| match asked.user.as_str() {
        "Say slow" => Act::Say("late".to_owned(), Duration::from_secs(20)),
        _ => say("hello"),
    });
    for signal in ["INT", "KILL"] {
        let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
        let words = "words=[\"a\",\"slow\"]";
        let many = ["run", "app.flow", "--flow", "many", words];
        let mut command = sandbox.command(&[&many[..], &["--record", "c.jsonl"]].concat());
        command
            .envs(server.vars(KEY))
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        let cassette = sandbox.path("c.jsonl");
        let has_one = || std::fs::read_to_string(&cassette).is_ok_and(|text| text.contains("\"reply\""));
        for _ in 0..400 {
            if has_one() {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        let kill = std::process::Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let done = crate::sandbox::Done::from(child.wait_with_output().unwrap());
        if signal == "INT" {
            done.fails(1, "recorded 1 call in `c.jsonl`; the rest is missing");
        }
        let played = sandbox.flowc(&[&many[..], &["--replay", "c.jsonl"]].concat());
        played.fails(1, "flow::E0815").fails(1, "its user message has `Say slow`");
    }
}
