//! Reviews with the real command: a run waits, is killed, a week goes by, somebody decides, and what comes
//! behind it is done once.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod audited;
mod killed;
#[cfg(feature = "postgres")]
mod postgres;
#[path = "../sandbox/mod.rs"]
mod sandbox;
mod told;

use sandbox::{Done, Sandbox};
use serde_json::Value as Json;

/// Mail that is drafted, looked at by a person, and kept.
const PROGRAM: &str = r#"model fast = "sim/text" {
  max_output: 100 tokens
}

type Mail {
  subject: text <= 12 tokens
  body: text <= 40 tokens
}

prompt draft(topic: text) -> Mail {
  user: "Write about {{ topic }}."
}

action keep(subject: text, body: text) {
  channel: file("sent.jsonl")
}

guard short(body: text) {
  require: len(body) < 3
}

flow main(topic: text <= 30 tokens) -> text {
  made = draft(topic)
  ok = review(made, by: "editors", within: 10d)
  sent = keep(ok.subject, ok.body)
  return ok.body
}

flow handled(topic: text <= 30 tokens) -> text {
  made = draft(topic)
  brief = short(made.body) else review("editors", within: 1h) else review(made.body, by: "boss", within: 2d) else stop "nobody agreed"
  return brief
}

flow many(topics: [text <= 30 tokens] <= 5) -> [text] {
  all = each topic in topics {
    parallel: 1
    made = draft(topic)
    kept = if contains(topic, "quiet") {
      yield made.body
    } else {
      ok = review(made.body, by: "editors", within: 2d)
      yield ok
    }
    yield kept
  }
  return all
}

flow again(topic: text <= 12 tokens) -> text {
  better = repeat up to 2 from (topic) {
    ok = review(it, by: "editors", within: 2d)
    made = draft(ok)
    yield made.body
  }
  return better
}

flow asked(mail: text <= 30 tokens) -> text {
  ok = review(mail, by: "editors", within: 2d)
  return ok
}

flow hidden_in_another(mail: private text <= 20 tokens) -> text {
  ok = asked(mail)
  return ok
}

flow hidden(mail: private text <= 30 tokens) -> text {
  ok = review(mail, by: "editors", within: 2d)
  return ok
}
"#;

fn sandbox() -> Sandbox {
    Sandbox::with(&[("app.flow", PROGRAM)])
}

/// `flowc` as a person of this name, so much later.
fn person(sandbox: &Sandbox, args: &[&str], (name, later): (&str, &str)) -> Done {
    sandbox.flowc_with(args, &[("USER", name), ("FLOW_CLOCK", later)])
}

/// Starts a run that waits, and gives its document.
fn waits(sandbox: &Sandbox, args: &[&str]) -> (String, Json) {
    let done = sandbox.flowc(&[&["run", "app.flow", "--format", "json"], args].concat());
    assert_eq!(done.code, 1, "{done:?}");
    let report = done.json();
    assert_eq!((&report["status"], &report["error"]), (&"waiting".into(), &Json::Null), "{report:#}");
    (report["run"].as_str().unwrap().to_owned(), report)
}

fn sent(sandbox: &Sandbox) -> usize {
    std::fs::read_to_string(sandbox.path("sent.jsonl")).map_or(0, |text| text.lines().count())
}

#[test]
fn what_is_approved_goes_on_and_is_done_once() {
    let sandbox = sandbox();
    let (run, report) = waits(&sandbox, &["topic=shoes"]);
    let asked = &report["waiting"][0];
    assert_eq!((&asked["step"], &asked["by"]), (&"ok".into(), &"editors".into()));
    assert!(asked["value"]["subject"].is_string(), "{asked:#}");
    let steps = report["steps"].as_array().unwrap();
    let status = |name: &str| steps.iter().find(|s| s["name"] == name).unwrap()["status"].clone();
    assert_eq!([status("made"), status("ok"), status("sent")], ["ok", "waiting", "skipped"]);
    let listed = sandbox.flowc(&["runs", "--waiting"]);
    assert!(listed.is_fine().out.contains(&format!("{run}  ok    editors")), "{listed:?}");
    // Before anybody has decided, it waits again, and pays for nothing.
    let again = sandbox.flowc(&["run", "--resume", &run]);
    again.fails(1, "waiting: `ok` waits for editors until").fails(1, &format!("flowc approve {run} ok"));
    assert_eq!(sent(&sandbox), 0);
    person(&sandbox, &["approve", &run, "ok", "--reason", "fine"], ("anna", "+7d")).is_fine();
    sandbox.flowc(&["runs", "--waiting"]).fails(0, &format!("`flowc run --resume {run}` goes on"));
    let done = person(&sandbox, &["run", "--resume", &run, "--format", "json"], ("anna", "+7d"));
    assert_eq!(done.is_fine().json()["output"], asked["value"]["body"]);
    assert_eq!(done.json()["spent"]["calls"], 1);
    sandbox.flowc(&["run", "--resume", &run]).is_fine();
    assert_eq!(sent(&sandbox), 1);
    let trace = sandbox.flowc(&["trace", &run, "--format", "json"]).json();
    let decision = &trace["reviews"][0]["decision"];
    assert_eq!(
        (&decision["verdict"], &decision["who"], &decision["reason"]),
        (&"approved".into(), &"anna".into(), &"fine".into())
    );
    assert!(sandbox.flowc(&["trace", &run]).out.contains("ok  approved by anna for editors at"));
}

#[test]
fn of_many_who_decide_one_does() {
    let sandbox = sandbox();
    for round in 0..5 {
        let (run, _) = waits(&sandbox, &["topic=shoes"]);
        let people = ["anna", "ben", "cleo", "dora", "emil", "fay"];
        let children = people.map(|name| {
            let verdict = if name < "d" { "approve" } else { "reject" };
            let mut command = sandbox.command(&[verdict, &run, "ok", "--as", name]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            (verdict, name, command.spawn().unwrap())
        });
        let done = children
            .map(|(verdict, name, child)| (verdict, name, Done::from(child.wait_with_output().unwrap())));
        let (first, rest): (Vec<_>, Vec<_>) = done.iter().partition(|(_, _, done)| done.code == 0);
        let [(verdict, name, _)] = first.as_slice() else { panic!("round {round}: {done:?}") };
        let was = format!("is decided already: {name} {verdict}");
        for (_, _, done) in rest {
            done.fails(2, &was);
        }
        let code = if *verdict == "approve" { 0 } else { 1 };
        assert_eq!(sandbox.flowc(&["run", "--resume", &run]).code, code);
    }
}

#[test]
fn what_is_turned_down_fails_with_the_reason() {
    let sandbox = sandbox();
    let (run, _) = waits(&sandbox, &["topic=shoes"]);
    person(&sandbox, &["reject", &run, "ok", "--reason", "too loud"], ("ben", "+1d")).is_fine();
    let failed = sandbox.flowc(&["run", "--resume", &run]);
    failed.fails(1, "flow::E0808").fails(1, "ben turned it down for editors: too loud");
    assert!(!failed.err.contains("--resume"), "nothing else can come of it: {failed:?}");
    sandbox.flowc(&["run", "--resume", &run]).fails(1, "too loud");
    sandbox.flowc(&["approve", &run, "ok", "--as", "anna"]).fails(2, "is decided already: ben rejected it");
    assert_eq!(sent(&sandbox), 0);
}

#[test]
fn silence_is_no_consent_and_an_else_handles_it() {
    let sandbox = sandbox();
    let (run, report) = waits(&sandbox, &["--flow", "handled", "topic=shoes"]);
    let asked = &report["waiting"][0];
    assert_eq!(asked["step"], "brief.else.review");
    assert!(asked["why"].as_str().unwrap().contains("`len(body) < 3`"), "{asked:#}");
    // Too late, though the run has not gone on yet.
    let late = person(&sandbox, &["approve", &run, "brief"], ("anna", "+2h"));
    late.fails(2, "nobody has decided on `brief.else.review`");
    let next = person(&sandbox, &["run", "--resume", &run, "--format", "json"], ("anna", "+2h")).json();
    let path = next["waiting"][0]["step"].as_str().unwrap();
    assert_eq!(next["waiting"][0]["by"], "boss", "{next:#}");
    assert!(next["waiting"][0]["why"].as_str().unwrap().contains("nobody of editors decided within 1h"));
    person(&sandbox, &["reject", &run, path, "--reason", "no"], ("boss", "+5h")).is_fine();
    let end = person(&sandbox, &["run", "--resume", &run], ("boss", "+5h"));
    end.fails(1, "refused: nobody agreed");
}

#[test]
fn an_edited_value_has_the_type_and_the_bounds_of_what_was_shown() {
    let sandbox = sandbox();
    let (run, _) = waits(&sandbox, &["topic=shoes"]);
    let edit = |value: &str| sandbox.flowc(&["approve", &run, "ok", "--as", "anna", "--value", value]);
    edit(r#"{"subject": "Hi"}"#).fails(2, "`body`: is missing");
    edit("just a text").fails(2, "the edited value does not have its type");
    let long = format!(r#"{{"subject": "Hi", "body": "{}"}}"#, "shoes and socks ".repeat(30));
    edit(&long).fails(2, "`body` has").fails(2, "and 40 is the most");
    sandbox.write("mail.json", r#"{"subject": "Hi", "body": "Softer."}"#);
    edit("mail.json").is_fine();
    let done = sandbox.flowc(&["run", "--resume", &run]);
    assert_eq!(done.is_fine().out, "Softer.\n");
    assert!(sandbox.read("sent.jsonl").contains("Softer."));
    // A review of text takes a text as it is; of another program, nothing is edited.
    let (run, _) = waits(&sandbox, &["--flow", "handled", "topic=shoes"]);
    sandbox.write("app.flow", &PROGRAM.replace("< 3", "< 2"));
    let other = sandbox.flowc(&["approve", &run, "brief", "--as", "anna", "--value", "Brief."]);
    other.fails(2, "is of another program");
    sandbox.write("app.flow", PROGRAM);
    sandbox.flowc(&["approve", &run, "brief", "--as", "anna", "--value", "Brief."]).is_fine();
    assert_eq!(sandbox.flowc(&["run", "--resume", &run]).is_fine().out, "Brief.\n");
}

#[test]
fn what_is_edited_in_the_first_round_has_the_bounds_of_that() {
    let sandbox = sandbox();
    let edit = |run: &str, step: &str, words: usize| {
        let value = "shoes ".repeat(words);
        sandbox.flowc(&["approve", run, step, "--as", "anna", "--value", value.trim()])
    };
    // What comes behind the first round was made by a model.
    let (run, _) = waits(&sandbox, &["--flow", "again", "topic=shoes"]);
    edit(&run, "better[0].ok", 20).fails(2, "and 12 is the most");
    edit(&run, "better[0].ok", 8).is_fine();
    sandbox.flowc(&["run", "--resume", &run]).fails(1, "`better[1].ok` waits for editors");
    edit(&run, "better[1].ok", 20).is_fine();
    sandbox.flowc(&["run", "--resume", &run]).is_fine();
}

#[test]
fn where_a_step_came_to_nothing_a_person_gives_the_value() {
    let program = r#"model broken = "sim/text" {
  max_output: 100 tokens
  failure_rate: 100%
}

prompt count(topic: text) -> int 1..9 {
  user: "{{ topic }}"
}

flow main(topic: text <= 30 tokens) -> int {
  n = count(topic) else review("team", within: 2h)
  return n
}
"#;
    let sandbox = Sandbox::with(&[("app.flow", program)]);
    let (run, report) = waits(&sandbox, &["topic=shoes"]);
    let asked = &report["waiting"][0];
    assert_eq!((&asked["step"], &asked["value"]), (&"n.else.review".into(), &Json::Null), "{asked:#}");
    let approve = |more: &[&str]| sandbox.flowc(&[&["approve", &run, "n", "--as", "anna"], more].concat());
    approve(&[]).fails(2, "there is no value to approve");
    approve(&["--value", "12"]).fails(2, "the edited value does not have its type");
    approve(&["--value", "7"]).is_fine();
    assert_eq!(sandbox.flowc(&["run", "--resume", &run]).is_fine().out, "7\n");
}

#[test]
fn everything_else_goes_on_while_some_wait() {
    let sandbox = sandbox();
    let topics = r#"topics=["a", "quiet b", "c", "quiet d"]"#;
    let (run, report) = waits(&sandbox, &["--flow", "many", topics]);
    let paths: Vec<&str> =
        report["waiting"].as_array().unwrap().iter().map(|w| w["step"].as_str().unwrap()).collect();
    assert_eq!(paths, ["all[0].kept.ok", "all[2].kept.ok"]);
    assert_eq!(report["spent"]["calls"], 4, "all that wait for nobody were asked");
    sandbox.flowc(&["approve", &run, paths[1], "--as", "anna"]).is_fine();
    let still = sandbox.flowc(&["run", "--resume", &run, "--format", "json"]).json();
    assert_eq!(
        (&still["waiting"][0]["step"], still["waiting"].as_array().unwrap().len()),
        (&paths[0].into(), 1)
    );
    sandbox.flowc(&["approve", &run, paths[0], "--as", "ben", "--value", "\"Edited.\""]).is_fine();
    let done = sandbox.flowc(&["run", "--resume", &run, "--format", "json"]);
    assert_eq!(done.is_fine().json()["output"][0], "Edited.");
    assert_eq!(done.json()["spent"]["calls"], 4);
}

#[test]
fn a_private_value_is_shown_to_who_asks_for_it_alone() {
    for flow in ["hidden", "hidden_in_another"] {
        let sandbox = sandbox();
        let secret = "4111-ann@example.com";
        let input = format!("mail={secret}");
        let done = sandbox.flowc(&["run", "app.flow", "--flow", flow, &input, "--events", "e"]);
        done.fails(1, "private: `flowc runs --waiting --values` shows it");
        let listed = sandbox.flowc(&["runs", "--waiting"]);
        let run = listed.out.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
        let json = sandbox.flowc(&["runs", "--waiting", "--format", "json"]);
        let trace = sandbox.flowc(&["trace", &run]);
        let events = sandbox.read("e");
        assert!(events.contains("review_waiting"), "{events}");
        for text in [&done.out, &done.err, &listed.out, &listed.err, &json.out, &trace.out, &events] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(sandbox.flowc(&["runs", "--waiting", "--values"]).out.contains(secret));
        let edited = "4222-eve@example.com";
        sandbox.flowc(&["approve", &run, "ok", "--as", "anna", "--value", edited]).is_fine();
        for file in std::fs::read_dir(sandbox.path(".flow")).unwrap().flatten() {
            let bytes = std::fs::read(file.path()).unwrap_or_default();
            for text in [secret, edited] {
                assert!(!bytes.windows(text.len()).any(|w| w == text.as_bytes()), "{text}: {file:?}");
            }
        }
        assert_eq!(sandbox.flowc(&["run", "--resume", &run]).is_fine().out.trim(), edited);
    }
}

#[test]
fn mistakes_say_what_to_do() {
    let sandbox = sandbox();
    sandbox.flowc(&["runs", "--waiting"]).fails(0, "nothing waits for a person");
    sandbox.flowc(&["run", "app.flow", "--no-journal", "topic=shoes"]).fails(2, "the run is not recorded");
    let (run, _) = waits(&sandbox, &["topic=shoes"]);
    sandbox.flowc(&["approve", &run, "okay", "--as", "anna"]).fails(2, "a person is asked at `ok`");
    sandbox.flowc(&["approve", &run, "made", "--as", "anna"]).fails(2, "nobody is asked at step `made`");
    sandbox.flowc(&["approve", "nope", "ok", "--as", "anna"]).fails(2, "there is no run `nope`");
    sandbox.flowc(&["approve", &run, "ok"]).fails(2, "nobody says who decides");
    let moved = sandbox.flowc_with(&["runs", "--waiting"], &[("FLOW_CLOCK", "tomorrow")]);
    moved.fails(2, "`FLOW_CLOCK` says nothing of a clock");
    // What waits is not forgotten by the way, and then with all that was asked.
    sandbox.flowc(&["runs", "--forget", &run]).fails(1, "a person is waited for");
    sandbox.flowc(&["runs", "--forget", &run, "--status", "waiting"]).is_fine();
    sandbox.flowc(&["runs", "--waiting"]).fails(0, "nothing waits for a person");
}

#[test]
fn tests_script_what_people_decide() {
    let sandbox = sandbox();
    let decided = |lines: &str, holds: &str| {
        sandbox.write(
            "test.flow",
            &format!(
                "{}\ntest \"t\" {{\n  reply draft {{ subject: \"s\", body: \"long body\" }}\n{lines}\n  let a = handled(\"shoes\")\n  expect {holds}\n}}\n",
                PROGRAM
            ),
        );
        sandbox.flowc(&["test", "test.flow"])
    };
    decided("  reply review approve", "a == \"long body\"").is_fine();
    decided("  reply review { decision: approve, value: \"brief\" }", "a == \"brief\"").is_fine();
    // The second decides on what the first has turned down.
    decided("  reply review expire\n  reply review approve", "a == \"long body\"").is_fine();
    let fails = |done: Done, says: &str| {
        assert_eq!(done.code, 1, "{done:?}");
        assert!(format!("{}{}", done.out, done.err).contains(says), "`{says}` is not in {done:?}");
    };
    fails(decided("  reply review reject", "true"), "nobody agreed");
    let value = "  reply review { decision: approve, value: 12 }";
    fails(decided(value, "true"), "the edited value does not have its type");
    fails(decided("", "true"), "script it: `reply review approve`");
}

#[test]
fn the_worst_case_has_the_time_of_people() {
    let sandbox = sandbox();
    let cost = sandbox.flowc(&["cost", "app.flow", "--format", "json"]);
    let flows = cost.is_fine().json()["flows"].clone();
    let seconds = |name: &str| {
        let flow = flows.as_array().unwrap().iter().find(|f| f["name"] == name).unwrap();
        flow["worst"]["seconds"].as_f64().unwrap()
    };
    // Ten days, ten minutes for the model, ten seconds for the action.
    assert_eq!(seconds("main"), 864_000.0 + 600.0 + 10.0);
    // An hour and then two days.
    assert_eq!(seconds("handled"), 600.0 + 3_600.0 + 172_800.0);
    let witness = sandbox.flowc(&["cost", "app.flow", "--flow", "main", "--witness"]);
    witness.is_fine();
    sandbox.flowc(&["test", "app.flow", "--witness"]).is_fine();
}
