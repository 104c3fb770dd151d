//! Programs on the disk: `check`, `graph`, `dump`.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;
use serde_json::Value;

const GOOD: &str = "//! Greets.

model fast = \"sim/text\"

prompt greet(name: text) -> text <= 40 tokens {
  user: \"Greet {{ name }}.\"
}

flow hello(name: text <= 20 tokens) -> text {
  made = greet(name)
  return made
}
";

const WRONG: &str = "//! Greets.

model fast = \"sim/text\"

prompt greet(name: text) -> text <= 40 tokens {
  user: \"Greet {{ name }}.\"
}

flow hello(name: text <= 20 tokens) -> text {
  made = greett(name)
  return made
}
";

// The shapes of the document are a promise to other programs.
fn assert_diagnostic(d: &Value, file: &str) {
    for key in ["code", "severity", "message", "help", "file", "range", "labels", "fixes"] {
        assert!(d.get(key).is_some(), "{key}: {d:#}");
    }
    assert!(d["code"].as_str().unwrap().starts_with("flow::"));
    assert!(["error", "warning"].contains(&d["severity"].as_str().unwrap()));
    assert_eq!(d["file"], file);
    for end in ["start", "end"] {
        for key in ["line", "column", "offset"] {
            assert!(d["range"][end][key].is_u64(), "{end}.{key}: {d:#}");
        }
    }
}

#[test]
fn a_good_program_has_no_problems() {
    let sandbox = Sandbox::with(&[("good.flow", GOOD)]);
    let done = sandbox.flowc(&["check"]);
    assert_eq!(done.is_fine().out, "");
    assert!(done.err.contains("checked 1 file: no problems"), "{done:?}");
    assert_eq!(sandbox.flowc(&["check", "-q", "good.flow"]).is_fine().err, "");
    let document = sandbox.flowc(&["check", "--format", "json"]).json();
    assert_eq!(document, serde_json::json!({"diagnostics": [], "errors": 0, "warnings": 0}));
}

#[test]
fn mistakes_are_drawn_on_standard_error_from_where_you_are() {
    let sandbox = Sandbox::with(&[("lib/wrong.flow", WRONG), ("good.flow", GOOD)]);
    let done = sandbox.flowc(&["check"]);
    assert_eq!((done.code, done.out.as_str()), (1, ""));
    for text in ["flow::E0101", "lib/wrong.flow:10:10", "`greett`", "`greet`", "checked 2 files: 1 error"] {
        assert!(done.err.contains(text), "{text}: {}", done.err);
    }
    assert!(!done.err.contains('\x1b'), "no colour into a pipe");
    assert!(sandbox.flowc(&["check", "--color", "always"]).err.contains('\x1b'));
}

#[test]
fn the_document_for_programs_keeps_its_shape() {
    let sandbox = Sandbox::with(&[("lib/wrong.flow", WRONG)]);
    let done = sandbox.flowc(&["check", "lib", "--format", "json"]);
    assert_eq!((done.code, done.err.as_str()), (1, ""));
    let document = done.json();
    assert_eq!((&document["errors"], &document["warnings"]), (&Value::from(1), &Value::from(0)));
    let found = &document["diagnostics"][0];
    assert_diagnostic(found, "lib/wrong.flow");
    assert_eq!(found["code"], "flow::E0101");
    let at = WRONG.find("greett").unwrap();
    assert_eq!(
        found["range"],
        serde_json::json!({
            "start": {"line": 10, "column": 10, "offset": at},
            "end": {"line": 10, "column": 16, "offset": at + 6},
        })
    );
}

#[test]
fn what_is_not_there_is_wrong_usage_and_what_cannot_be_read_is_the_disk() {
    let sandbox = Sandbox::with(&[("folder/keep", "")]);
    sandbox.flowc(&["check", "none.flow"]).fails(2, "`none.flow` does not exist");
    sandbox.flowc(&["graph", "none.flow"]).fails(2, "`none.flow` does not exist");
    sandbox.flowc(&["graph", "folder"]).fails(2, "`folder` is a folder without one");
    std::fs::write(sandbox.path("bytes.flow"), b"\xff\xfe").unwrap();
    sandbox.flowc(&["check", "bytes.flow"]).fails(3, "it is not UTF-8 text");
    let done = sandbox.flowc(&["check", "folder"]);
    assert!(done.is_fine().err.contains("no .flow files here"));
}

#[test]
fn what_git_ignores_and_hides_is_passed_over_unless_it_is_named() {
    let sandbox = Sandbox::with(&[
        (".gitignore", "built/\n"),
        ("built/wrong.flow", WRONG),
        (".hidden/wrong.flow", WRONG),
        ("good.flow", GOOD),
    ]);
    assert!(sandbox.flowc(&["check"]).is_fine().err.contains("checked 1 file"));
    assert_eq!(sandbox.flowc(&["check", "built/wrong.flow"]).code, 1);
}

#[test]
fn graphs_come_in_every_language() {
    let sandbox = Sandbox::with(&[("good.flow", GOOD), ("wrong.flow", WRONG)]);
    let mermaid = sandbox.flowc(&["graph", "good.flow"]);
    assert!(mermaid.is_fine().out.starts_with("flowchart"), "{mermaid:?}");
    let dot = sandbox.flowc(&["graph", "good.flow", "--format", "dot"]);
    assert!(dot.is_fine().out.starts_with("digraph"), "{dot:?}");
    let json = sandbox.flowc(&["graph", "good.flow", "--format", "json"]);
    assert!(json.is_fine().json().is_object(), "{json:?}");
    for (format, start) in [("svg", "<svg "), ("html", "<!doctype html>")] {
        let drawn = sandbox.flowc(&["graph", "good.flow", "--format", format]);
        assert!(drawn.is_fine().out.starts_with(start), "{drawn:?}");
    }
    sandbox.flowc(&["graph", "good.flow", "--flow", "helo"]).fails(2, "did you mean `hello`?");
    let wrong = sandbox.flowc(&["graph", "wrong.flow"]);
    assert_eq!(wrong.fails(1, "flow::E0101").out, "");
}

#[test]
fn each_phase_can_be_dumped() {
    let sandbox = Sandbox::with(&[("good.flow", GOOD), ("wrong.flow", WRONG)]);
    for (phase, text) in [("cst", "greet"), ("ast", "Prompt"), ("hir", "made"), ("plan", "greet")] {
        let done = sandbox.flowc(&["dump", phase, "good.flow"]);
        assert!(done.is_fine().out.contains(text), "{phase}: {}", done.out);
        assert_eq!(done.err, "", "{phase}");
    }
    assert_eq!(sandbox.flowc(&["dump", "hir", "wrong.flow"]).code, 1);
    assert_eq!(sandbox.flowc(&["dump", "plan", "wrong.flow"]).fails(1, "E0101").out, "");
}

#[test]
fn another_model_is_put_in_place_by_profile_variable_or_option() {
    let sandbox = Sandbox::with(&[
        ("app.flow", &GOOD.replace("sim/text", "sim/from-program")),
        ("flow.toml", "[profile.dev.models]\nfast = \"sim/from-profile\"\n"),
    ]);
    let plan = |args: &[&str], vars: &[(&str, &str)]| {
        let args: Vec<&str> = ["dump", "plan", "app.flow"].iter().chain(args).copied().collect();
        sandbox.flowc_with(&args, vars).is_fine().out.clone()
    };
    assert!(plan(&[], &[]).contains("sim/from-program"));
    assert!(plan(&["--profile", "dev"], &[]).contains("sim/from-profile"));
    let vars = [("FLOW_PROFILE", "dev"), ("FLOW_MODELS_FAST", "sim/from-variable")];
    assert!(plan(&[], &vars).contains("sim/from-variable"));
    assert!(plan(&["--model", "fast=sim/from-option"], &vars).contains("sim/from-option"));
    sandbox.flowc(&["dump", "plan", "app.flow", "--model", "fast"]).fails(2, "fast=openai/gpt-4o-mini");
    let done = sandbox.flowc(&["dump", "plan", "app.flow", "--model", "fats=sim/x"]);
    done.fails(2, "the program has no model `fats`").fails(2, "did you mean `fast`?");
}
