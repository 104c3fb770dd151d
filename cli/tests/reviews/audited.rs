//! The audit record: what it says, what it does not hold, and that every change of it is found and located.

use super::{person, sandbox, waits};
use crate::sandbox::{Done, Sandbox};
use std::process::Command;

fn sql(sandbox: &Sandbox, text: &str) -> String {
    let done = Command::new("python3")
        .args(["-c", "import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\nfor r in d.execute(sys.argv[2]): print(*r, sep='|')\nd.commit()"])
        .arg(sandbox.path(".flow/journal.db"))
        .arg(text)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A run from its beginning over a decision to its end.
fn whole(sandbox: &Sandbox, topic: &str) -> String {
    let (run, _) = waits(sandbox, &[&format!("topic={topic}")]);
    let edited = r#"{"subject": "Hi", "body": "Softer than before."}"#;
    person(sandbox, &["approve", &run, "ok", "--value", edited, "--reason", "too loud"], ("anna", "+1d"))
        .is_fine();
    sandbox.flowc(&["run", "--resume", &run]).is_fine();
    run
}

fn verify(sandbox: &Sandbox) -> Done {
    sandbox.flowc(&["audit", "verify"])
}

#[test]
fn the_report_says_which_data_went_where_under_which_rule_and_no_value() {
    let sandbox = sandbox();
    let secret = "ann-4111@example.com";
    let run = whole(&sandbox, secret);
    let done = sandbox.flowc(&["audit", "report", &run, "--format", "json"]);
    let report = &done.is_fine().json()["runs"][0];
    assert_eq!((&report["flow"], &report["status"]), (&"main".into(), &"ok".into()), "{report:#}");
    let call = &report["models"][0];
    assert_eq!(
        (&call["model"], &call["step"], &call["prompt"]),
        (&"sim/text".into(), &"made".into(), &"draft".into())
    );
    assert_eq!(call["rule"], "nothing private is shown, by the labels of the program");
    // The same data has the same name wherever it goes.
    assert_eq!(call["data"][0]["digest"], report["inputs"][0]["digest"]);
    assert!(call["answered"]["output_tokens"].as_i64().unwrap() > 0);
    let people = report["people"].as_array().unwrap();
    let events: Vec<&str> = people.iter().map(|p| p["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["review_asked", "decision", "review_decided"]);
    assert_eq!(
        (&people[1]["who"], &people[1]["verdict"], &people[1]["edited"]),
        (&"anna".into(), &"approved".into(), &true.into())
    );
    assert_eq!(report["actions"][0]["action"], "keep");
    let markdown = sandbox.flowc(&["audit", "report", &run]);
    assert!(
        markdown.out.contains("### Which data went to which model, under which rule"),
        "{}",
        markdown.out
    );
    let stored = sql(&sandbox, "select entry from audit");
    assert!(stored.lines().count() >= 8, "{stored}");
    for hidden in [secret, "Softer", "too loud"] {
        for text in [&stored, &done.out, &markdown.out] {
            assert!(!text.contains(hidden), "`{hidden}` is in {text}");
        }
    }
    // A digest that anybody could make would tell what was guessed.
    let plain = blake3::hash(secret.as_bytes()).to_hex().to_string();
    assert!(!stored.contains(&plain));
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(sandbox.path(".flow/audit.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_byte_that_is_changed_is_found_where_it_stands() {
    let sandbox = sandbox();
    let run = whole(&sandbox, "shoes");
    whole(&sandbox, "socks");
    assert!(verify(&sandbox).is_fine().out.starts_with("whole: "));
    for (column, seq, place) in [("entry", 1, 0), ("entry", 2, 57), ("entry", 5, 120), ("hash", 4, 63)] {
        let put = |with: &str| {
            let (at, behind) = (format!("run = '{run}' and seq = {seq}"), place + 2);
            let (before, after) =
                (format!("substr({column}, 1, {place})"), format!("substr({column}, {behind})"));
            let was = format!("select substr({column}, {}, 1) from audit where {at}", place + 1);
            let was = sql(&sandbox, &was).trim_end_matches('\n').to_owned();
            sql(&sandbox, &format!("update audit set {column} = {before} || '{with}' || {after} where {at}"));
            was
        };
        let was = put("~");
        let found = verify(&sandbox);
        assert_eq!(found.code, 1, "{column} {seq} {place}: {found:?}");
        assert!(found.out.contains(&format!("run {run}, record {seq}: it was changed")), "{found:?}");
        put(&was);
        verify(&sandbox).is_fine();
    }
}

#[test]
fn no_byte_of_a_real_record_can_be_changed_taken_out_or_put_in_unseen() {
    use flow_runtime::RunId;
    use flow_runtime::audit::{Head, Opening, Record, Trail, verify};
    let sandbox = sandbox();
    whole(&sandbox, "shoes");
    whole(&sandbox, "socks");
    let rows = |what: &str| -> Vec<serde_json::Value> {
        let rows = sql(&sandbox, &format!("select json_array({what}"));
        rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let text = |json: &serde_json::Value| json.as_str().unwrap().to_owned();
    let run = |json: &serde_json::Value| RunId(json.as_str().unwrap().into());
    let number = |json: &serde_json::Value| json.as_i64().unwrap();
    let records = rows("run, seq, entry, hash) from audit order by run, seq");
    let heads = rows("run, seq, hash) from audit_heads");
    let opened = rows("number, hash) from audit_opened");
    let whole = Trail {
        records: records
            .iter()
            .map(|r| Record { run: run(&r[0]), seq: number(&r[1]), entry: text(&r[2]), hash: text(&r[3]) })
            .collect(),
        heads: heads
            .iter()
            .map(|h| Head { run: run(&h[0]), seq: number(&h[1]), hash: text(&h[2]) })
            .collect(),
        opened: Opening { number: number(&opened[0][0]), hash: text(&opened[0][1]) },
    };
    assert_eq!(verify(&whole, true), []);
    let mut changes = 0;
    let mut looked = |broken: &Trail, at: (&RunId, i64)| {
        let found = verify(broken, true);
        let is_there = found.iter().any(|b| b.run.as_ref() == Some(at.0) && b.seq == Some(at.1));
        assert!(is_there, "{at:?}: {found:?}");
        changes += 1;
    };
    for i in 0..whole.records.len() {
        let Record { run, seq, entry, hash } = &whole.records[i];
        assert!(entry.is_ascii());
        for place in 0..entry.len() {
            let other = (entry.as_bytes()[place] ^ 1) as char;
            for with in [other.to_string().as_str(), ""] {
                let mut broken = whole.clone();
                broken.records[i].entry.replace_range(place..=place, with);
                looked(&broken, (run, *seq));
            }
            let mut broken = whole.clone();
            broken.records[i].entry.insert(place, ' ');
            looked(&broken, (run, *seq));
        }
        for place in 0..hash.len() {
            let other = (hash.as_bytes()[place] ^ 1) as char;
            for with in [other.to_string().as_str(), ""] {
                let mut broken = whole.clone();
                broken.records[i].hash.replace_range(place..=place, with);
                looked(&broken, (run, *seq));
            }
        }
    }
    assert!(changes > 15_000, "{changes}");
}

#[test]
fn lookups_and_answers_of_the_cache_are_in_the_record_and_no_value_is() {
    let program = r#"model house = "sim/text" {
  max_output: 60 tokens
  clearance: private
}

type Row {
  id: text <= 9 tokens
  name: private text <= 20 tokens
}

lookup people(name: text) -> [Row] <= 2 {
  source: search("data/*.jsonl")
}

prompt greet(name: text) -> text {
  user: "Greet {{ name }}."
}

flow main(name: private text <= 20 tokens, id: text <= 9 tokens) -> text {
  model: house
  rows = people(name) { cache: 1h per id }
  said = greet(name) { cache: 1h per id }
  return "{{ said }} {{ len(rows) }}"
}
"#;
    let secret = "Quillon Zafferani";
    let row = r#"{"id": "7", "name": "Quillon Zafferani"}"#;
    let sandbox = Sandbox::with(&[("app.flow", program), ("data/rows.jsonl", row)]);
    let run = || {
        let name = format!("name={secret}");
        let done = sandbox.flowc(&["run", "app.flow", "--format", "json", &name, "id=7"]);
        let run = done.is_fine().json()["run"].as_str().unwrap().to_owned();
        let report = sandbox.flowc(&["audit", "report", &run, "--format", "json"]);
        (run, report.is_fine().json()["runs"][0].clone())
    };
    let (_, first) = run();
    let looked = &first["lookups"][0];
    assert_eq!((&looked["lookup"], &looked["source"]), (&"people".into(), &"search".into()), "{first:#}");
    assert_eq!(looked["data"][0]["digest"], first["inputs"][0]["digest"], "the same data, the same name");
    assert_eq!((&looked["private"], &looked["answered"]["private"]), (&true.into(), &true.into()));
    assert!(looked["rule"].as_str().unwrap().contains("untrusted"), "{looked:#}");
    assert_eq!(first["models"].as_array().unwrap().len(), 1);
    assert_eq!(first["cached"], serde_json::json!([]));
    let (again, second) = run();
    for of in ["models", "lookups"] {
        assert_eq!(second[of], serde_json::json!([]), "nobody is asked: {second:#}");
    }
    let cached = second["cached"].as_array().unwrap();
    let mut names: Vec<&str> = cached.iter().map(|c| c["of"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["greet", "people"], "{second:#}");
    for hit in cached {
        assert_eq!(hit["data"][0]["digest"], first["inputs"][0]["digest"]);
        assert_eq!(hit["rule"], "private data is kept apart by the cache's `per`");
    }
    let found = cached.iter().find(|c| c["of"] == "people").unwrap();
    assert_eq!(found["digest"], looked["answered"]["digest"], "what was found then");
    let markdown = sandbox.flowc(&["audit", "report", &again]);
    assert!(markdown.out.contains("### Answered from the cache"), "{markdown:?}");
    let stored = sql(&sandbox, "select entry from audit");
    for text in [&stored, &markdown.out, &second.to_string()] {
        assert!(!text.to_lowercase().contains("zafferani"), "{text}");
    }
    verify(&sandbox).is_fine();
    // A lookup that fails says so.
    sandbox.write("data/rows.jsonl", r#"{"id": "7", "name": ["Quillon Zafferani"]}"#);
    let failed = sandbox.flowc(&["run", "app.flow", "--format", "json", "name=Quillon", "id=8"]);
    let run = failed.json()["run"].as_str().unwrap().to_owned();
    let report = sandbox.flowc(&["audit", "report", &run, "--format", "json"]).json();
    assert_eq!(report["runs"][0]["lookups"][0]["answered"]["error"], "flow::E0807", "{report:#}");
}

#[test]
fn what_is_taken_out_or_put_elsewhere_is_found() {
    let sandbox = sandbox();
    let first = whole(&sandbox, "shoes");
    let second = whole(&sandbox, "socks");
    let last: i64 =
        sql(&sandbox, &format!("select max(seq) from audit where run = '{first}'")).trim().parse().unwrap();
    std::fs::copy(sandbox.path(".flow/journal.db"), sandbox.path("kept.db")).unwrap();
    let broken = |change: &str, says: &str| {
        change.split(';').for_each(|one| drop(sql(&sandbox, one)));
        let found = verify(&sandbox);
        assert_eq!(found.code, 1, "{change}: {found:?}");
        assert!(found.out.contains(says), "{change}: `{says}` is not in {}", found.out);
        for beside in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(sandbox.path(&format!(".flow/journal.db{beside}")));
        }
        std::fs::copy(sandbox.path("kept.db"), sandbox.path(".flow/journal.db")).unwrap();
        verify(&sandbox).is_fine();
    };
    let of = |run: &str, seq: i64| format!("delete from audit where run = '{run}' and seq = {seq}");
    broken(&of(&first, 3), &format!("run {first}, record 3: record 3 is missing"));
    broken(&of(&first, last), &format!("record {last} is missing at the end"));
    broken(&of(&first, 1), &format!("run {first}, record 1: record 1 is missing"));
    broken(
        &format!("delete from audit where run = '{first}' and seq > 4"),
        &format!("records 5 to {last} are missing at the end"),
    );
    let all = |run: &str| {
        format!("delete from audit where run = '{run}';delete from audit_heads where run = '{run}'")
    };
    broken(&all(&first), "the record of run number 1 is missing");
    broken(&all(&second), "the record of run number 2 is missing or was changed behind run");
    broken(
        &format!(
            "update audit set seq = 99 where run = '{first}' and seq = 3;update audit set seq = 3 where run = '{first}' and seq = 4;update audit set seq = 4 where run = '{first}' and seq = 99"
        ),
        &format!("run {first}, record 3: it stands in another place"),
    );
    // One record with a new hash that fits: the next one names the old.
    let other = format!(
        "update audit set entry = '{{}}', hash = '{}' where run = '{first}' and seq = 2",
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
    broken(&other, &format!("run {first}, record 2: it stands in another place"));
}

#[test]
fn it_outlives_what_is_forgotten_and_mistakes_say_what_to_do() {
    let sandbox = sandbox();
    assert!(verify(&sandbox).is_fine().out.contains("whole: 0 records of 0 runs"));
    let run = whole(&sandbox, "shoes");
    sandbox.flowc(&["runs", "--forget", &run]).is_fine();
    assert!(verify(&sandbox).is_fine().out.starts_with("whole: "));
    sandbox.flowc(&["audit", "report", &run]).is_fine();
    sandbox.flowc(&["audit", "report", "nope"]).fails(2, "there is no audit record of run `nope`");
    let short = sandbox.flowc_with(&["run", "app.flow", "topic=x"], &[("FLOW_AUDIT_KEY", "short")]);
    short.fails(2, "`FLOW_AUDIT_KEY` is too short");
    assert!(!short.err.contains("`short`"), "{short:?}");
}
