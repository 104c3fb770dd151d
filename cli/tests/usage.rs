//! What is common to all commands: help, colour, exit codes, closed pipes.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;
use std::process::Stdio;

const COMMANDS: [&str; 12] =
    ["run", "check", "cost", "compare", "fmt", "test", "graph", "dump", "explain", "models", "new", "doctor"];

#[test]
fn the_help_of_every_command_has_examples() {
    let sandbox = Sandbox::new();
    for command in COMMANDS.iter().chain(&["completions"]) {
        let done = sandbox.flowc(&[command, "--help"]);
        assert!(done.is_fine().out.contains("Examples:\n  flowc "), "{command}: {}", done.out);
        assert!(done.out.contains(&format!("flowc {command}")), "{command}");
        assert_eq!(done.err, "");
    }
    let all = sandbox.flowc(&["--help"]);
    for command in COMMANDS {
        assert!(all.out.contains(&format!("\n  {command} ")), "{command} is not listed: {}", all.out);
    }
}

#[test]
fn wrong_usage_ends_with_two_and_says_nothing_on_standard_output() {
    let sandbox = Sandbox::new();
    for args in [&["frobnicate"][..], &["check", "--frobnicate"], &[], &["explain", "E9999"], &["graph"]] {
        let done = sandbox.flowc(args);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{args:?}: {done:?}");
        assert_ne!(done.err, "");
    }
    sandbox.flowc(&["serve", "app.flow"]).fails(2, "`flowc serve` is not yet supported");
    sandbox.flowc(&["explain", "E0210"]).fails(2, "did you mean `E0201`?");
}

#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    let sandbox = Sandbox::new();
    let coloured = |args: &[&str], vars: &[(&str, &str)]| sandbox.flowc_with(args, vars).out.contains('\x1b');
    assert!(!coloured(&["explain"], &[]), "a pipe is no terminal");
    assert!(coloured(&["explain", "--color", "always"], &[]));
    assert!(coloured(&["explain", "--color", "always"], &[("NO_COLOR", "1")]), "what is asked for wins");
    assert!(!coloured(&["explain", "--color", "never"], &[]));
    assert!(coloured(&["--color=always", "models", "--help"], &[]), "help too");
    assert!(!coloured(&["models", "--help"], &[]));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let sandbox = Sandbox::new();
    for args in [&["models", "--format", "json"][..], &["completions", "zsh"], &["explain", "E0201"]] {
        let mut command = sandbox.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8(done.stderr).unwrap(), "", "{args:?}");
    }
}

#[test]
fn codes_are_explained_and_listed() {
    let sandbox = Sandbox::new();
    let page = sandbox.flowc(&["explain", "flow::e0101"]);
    assert!(page.is_fine().out.starts_with("# E0101"), "{page:?}");
    let list = sandbox.flowc(&["explain"]);
    assert!(list.is_fine().out.contains("W0701  unused declaration or step\n"));
    let json = sandbox.flowc(&["explain", "W0701", "--format", "json"]).json();
    assert_eq!(json["code"], "flow::W0701");
    assert_eq!(json["severity"], "warning");
}

#[test]
fn completions_are_there_for_each_shell() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = sandbox.flowc(&["completions", shell]);
        assert!(done.is_fine().out.contains("doctor"), "{shell}");
        assert_eq!(done.err, "");
    }
}

#[test]
fn models_are_filtered_and_have_a_shape_for_programs() {
    let sandbox = Sandbox::new();
    let all = sandbox.flowc(&["models", "--format", "json"]).json();
    let models = all["models"].as_array().unwrap();
    assert!(models.len() >= 100);
    for key in ["id", "context", "max_output", "usd_per_million", "abilities", "dated", "source"] {
        assert!(models[0].get(key).is_some(), "{key}");
    }
    let few = sandbox.flowc(&["models", "openai/", "gpt-4o", "--max-price", "$0.15"]);
    let lines: Vec<&str> = few.is_fine().out.lines().collect();
    assert_eq!(lines.len(), 2, "{few:?}");
    assert!(lines[0].starts_with("model "));
    assert!(lines[1].starts_with("openai/gpt-4o-mini  ") && lines[1].contains("0.15"), "{few:?}");
    assert!(few.out.contains("2026-11-24") && few.err.contains("LiteLLM"), "{few:?}");
    assert_eq!(sandbox.flowc(&["models", "nonesuch"]).out, "");
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_text_are_no_panic() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    let odd = std::ffi::OsStr::from_bytes(b"a\xff.flow");
    for command in ["check", "run", "explain", "graph", "fmt"] {
        let done = sandbox.command(&[command]).arg(odd).output().unwrap();
        assert_eq!(done.status.code(), Some(2), "{command}");
        assert!(!String::from_utf8_lossy(&done.stderr).contains("has a bug"), "{command}");
    }
}
