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
