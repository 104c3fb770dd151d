//! Two revisions of a real repository, the working tree, git's own diff, and gates in a shell.

use crate::sandbox::{Done, Sandbox};
use std::process::Command;

/// The program of the repository.
pub(crate) const PROGRAM: &str = r#"model fast = "openai/gpt-4o-mini" {
  max_output: 200 tokens
}

prompt ask(q: text) -> text {
  system: "Be short."
  user: "Q: {{ q }}"
}

flow main(q: text <= 100 tokens) -> text {
  budget: $0.10
  one = ask(q) { retry: 1 }
  return one
}
"#;

/// A repository whose branch `change` has left `main`.
pub(crate) fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::remove_dir(sandbox.path(".git")).unwrap();
    git(&sandbox, &["init", "-q", "-b", "main"]);
    sandbox.write("app/main.flow", PROGRAM);
    sandbox.write(
        "app/flow.toml",
        "default_profile = \"live\"\n[profile.live.models]\nfast = \"openai/gpt-4o-mini\"\n",
    );
    sandbox.write("README.md", "# App\n");
    commit(&sandbox, "first");
    git(&sandbox, &["checkout", "-q", "-b", "change"]);
    sandbox.write(
        "app/main.flow",
        &PROGRAM.replace("Be short.", "Be very short.").replace("retry: 1", "retry: 2"),
    );
    commit(&sandbox, "change");
    git(&sandbox, &["checkout", "-q", "main"]);
    sandbox.write("app/main.flow", &PROGRAM.replace("$0.10", "$0.20"));
    commit(&sandbox, "meanwhile");
    git(&sandbox, &["checkout", "-q", "change"]);
    sandbox
}

pub(crate) fn git(sandbox: &Sandbox, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]);
    let done = command.args(args).current_dir(sandbox.path("")).env("PATH", path()).output().unwrap();
    assert!(done.status.success(), "git {args:?}: {done:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// Commits whatever there is.
pub(crate) fn commit(sandbox: &Sandbox, title: &str) {
    git(sandbox, &["add", "-A"]);
    git(sandbox, &["commit", "-q", "-m", title]);
}

fn path() -> String {
    std::env::var("PATH").unwrap()
}

fn flowc(sandbox: &Sandbox, args: &[&str]) -> Done {
    sandbox.flowc_with(args, &[("PATH", &path())])
}

#[test]
fn three_dots_say_what_a_branch_changed_since_it_left() {
    let sandbox = repository();
    let done = flowc(&sandbox, &["diff", "--git", "main...HEAD"]);
    done.is_fine();
    assert!(done.out.contains("app/main.flow\n~ prompt ask"), "{done:?}");
    assert!(done.out.contains("Be {+very +}short."), "{done:?}");
    assert!(done.out.contains("~ retry 1 → 2"), "{done:?}");
    assert!(!done.out.contains("budget"), "what main changed meanwhile is not the branch's: {done:?}");
    let done = flowc(&sandbox, &["diff", "main", "HEAD"]);
    assert!(
        done.out.contains("budget  $0.20 → $0.10") || done.out.contains("budget $0.20 → $0.10"),
        "{done:?}"
    );
}

#[test]
fn the_working_tree_is_compared_with_what_is_committed() {
    let sandbox = repository();
    let done = flowc(&sandbox, &["diff", "--exit-code"]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "", "no change in meaning\n"));
    sandbox.write("app/main.flow", &sandbox.read("app/main.flow").replace("Be very short.", "Be kind."));
    let done = flowc(&sandbox, &["diff", "--exit-code"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.out.contains("~ system"), "{done:?}");
    // A `.env` is not kept with the program, and is no difference.
    sandbox.write("app/.env", "FLOW_MODELS_FAST=openai/gpt-4o\n");
    let done = flowc(&sandbox, &["diff", "app"]);
    assert!(!done.out.contains("model"), "{done:?}");
}

#[test]
fn a_profile_that_changed_is_a_change_of_the_model() {
    let sandbox = repository();
    let toml = sandbox.read("app/flow.toml").replace("gpt-4o-mini", "gpt-4o");
    sandbox.write("app/flow.toml", &toml);
    let done = flowc(&sandbox, &["diff"]);
    assert!(done.out.contains("~ model openai/gpt-4o-mini → openai/gpt-4o   price 16.7×"), "{done:?}");
}

#[test]
fn gates_decide_the_exit_code() {
    let sandbox = repository();
    let done = flowc(&sandbox, &["diff", "--git", "main...HEAD", "--fail-on", "cost>10%,breaking"]);
    done.fails(3, "gate `cost>10%`: the worst case of main rises from $");
    flowc(&sandbox, &["diff", "--git", "main...HEAD", "--fail-on", "cost>90%,breaking"]).is_fine();
    flowc(&sandbox, &["diff", "--git", "main...HEAD", "--fail-on", "costs"]).fails(2, "gates are");
}

#[test]
fn what_cannot_be_read_or_compiled_is_said() {
    let sandbox = repository();
    flowc(&sandbox, &["diff", "nowhere", "HEAD"]).fails(2, "not a git revision");
    flowc(&sandbox, &["diff", "--git", "nowhere..HEAD"]).fails(2, "nowhere");
    flowc(&sandbox, &["diff", "app/main.flow", "app"]).fails(2, "compare two files, or two folders");
    sandbox.write("app/more.flow", "flow more() -> int {\n  return 1\n}\n");
    sandbox.write("app/main.flow", "flow main( {\n");
    let done = flowc(&sandbox, &["diff"]);
    done.fails(2, "`app/main.flow` can't be compared");
    assert!(done.out.contains("+ flow more"), "the rest is compared: {done:?}");
    // Outside of a repository.
    let outside = Sandbox::with(&[("a.flow", PROGRAM)]);
    flowc(&outside, &["diff"]).fails(2, "this folder is in no git repository");
    flowc(&outside, &["diff", "--git", "main...HEAD"]).fails(2, "this folder is in no git repository");
    std::fs::remove_dir(outside.path(".git")).unwrap();
    git(&outside, &["init", "-q"]);
    flowc(&outside, &["diff"]).fails(2, "nothing has been committed here yet");
}

#[test]
fn a_path_that_is_nowhere_passes_no_gate() {
    let sandbox = repository();
    let args = ["diff", "--git", "main...HEAD", "--fail-on", "cost>10%"];
    flowc(&sandbox, &[&args[..], &["ap/"]].concat()).fails(2, "`ap/` is on neither side");
    flowc(&sandbox, &[&args[..], &["app/"]].concat()).fails(3, "gate `cost>10%`");
    // What is gone from one side is on the other.
    git(&sandbox, &["rm", "-q", "app/main.flow"]);
    let done = flowc(&sandbox, &["diff", "--git", "HEAD", "app/main.flow"]);
    assert!(done.is_fine().out.contains("- flow main"), "{done:?}");
}

#[test]
fn a_file_that_is_no_text_is_left_out_and_said() {
    let sandbox = repository();
    std::fs::write(sandbox.path("app/more.flow"), b"flow more(\xff) {}\n").unwrap();
    commit(&sandbox, "no text");
    sandbox.write("app/other.flow", "flow other() -> int {\n  return 1\n}\n");
    for args in [&["diff"][..], &["diff", "HEAD~1", "HEAD"][..]] {
        let done = flowc(&sandbox, args);
        done.fails(2, "error: `app/more.flow` can't be compared: it is not UTF-8 text");
        assert!(!done.err.contains("/tmp"), "{done:?}");
    }
    assert!(flowc(&sandbox, &["diff"]).out.contains("+ flow other"));
    // Broken configuration is named as git names files.
    sandbox.write("app/flow.toml", "[profile\n");
    commit(&sandbox, "no configuration");
    let done = flowc(&sandbox, &["diff", "HEAD~1", "HEAD"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("flow.toml") && !done.err.contains("/tmp/"), "{done:?}");
}

#[test]
fn git_never_dies_of_the_driver() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = repository();
    let name = std::ffi::OsStr::from_bytes(b"b\xffd.flow");
    std::fs::write(sandbox.path("").join(name), b"\xff").unwrap();
    let none = std::ffi::OsStr::new("/dev/null");
    let dot = std::ffi::OsStr::new(".");
    let files = [name, none, dot, dot, name, dot, dot];
    for count in [0, 1, 7] {
        let mut command = sandbox.command(&["diff", "--git-driver"]);
        let done = command.args(&files[..count]).output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        assert!(String::from_utf8_lossy(&done.stdout).contains("can't be compared"), "{done:?}");
    }
}

#[test]
fn git_shows_it_as_its_own_diff() {
    let sandbox = repository();
    sandbox.write(".gitattributes", "*.flow diff=flow\n");
    let driver = format!("{} diff --git-driver", env!("CARGO_BIN_EXE_flowc"));
    git(&sandbox, &["config", "diff.flow.command", &driver]);
    git(&sandbox, &["mv", "app/main.flow", "app/other.flow"]);
    sandbox.write("app/other.flow", &sandbox.read("app/other.flow").replace("Be very short.", "Be kind."));
    sandbox.write("app/broken.flow", "flow main( {\n");
    sandbox.write("app/new.flow", "flow more() -> int {\n  return 1\n}\n");
    git(&sandbox, &["add", "-A"]);
    let said = git(&sandbox, &["diff", "--ext-diff", "-M", "--cached", "HEAD"]);
    assert!(said.contains("app/broken.flow: can't be compared"), "{said}");
    assert!(said.contains("+ flow more"), "{said}");
    assert!(said.contains("~ system"), "{said}");
    assert!(!said.contains("moved from") || said.contains("app/main.flow"), "{said}");
}

#[test]
fn a_thousand_prompts_are_compared() {
    let sandbox = Sandbox::new();
    for side in ["old", "new"] {
        for file in 0..10 {
            let mut text = "model fast = \"openai/gpt-4o-mini\" {\n  max_output: 100 tokens\n}\n".to_owned();
            for n in 0..100 {
                let word = if side == "new" && (file, n) == (3, 7) { "slow" } else { "quick" };
                text.push_str(&format!("\nprompt p{n}(q: text) -> text {{\n  system: \"You are {word} at task {n}.\"\n  user: \"{{{{ q }}}}\"\n}}\n\nflow f{n}(q: text <= 50 tokens) -> text {{\n  return p{n}(q)\n}}\n"));
            }
            sandbox.write(&format!("{side}/part{file}.flow"), &text);
        }
    }
    let start = std::time::Instant::now();
    let said = sandbox.flowc(&["diff", "old", "new", "--format", "json"]).json();
    let took = start.elapsed();
    let items = said["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!((items[0]["name"].as_str(), said["flows"].as_array().unwrap().len()), (Some("p7"), 1_000));
    // Half a second is promised of a release build.
    assert!(cfg!(debug_assertions) || took.as_millis() < 500, "it took {took:?}");
}

#[test]
fn the_example_for_reviews_says_what_the_book_shows() {
    let sandbox = Sandbox::new();
    let script = flow_tests::repository().join("examples/support/review.sh");
    let made = Command::new("bash").arg(script).arg(sandbox.path("app")).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let mut command = sandbox.command(&[
        "diff",
        "--git",
        "main...review",
        "--profile",
        "live",
        "--fail-on",
        "guard-removed",
    ]);
    let done = Done::from(command.current_dir(sandbox.path("app")).env("PATH", path()).output().unwrap());
    done.fails(3, "gate `guard-removed`: support no longer has guard pii");
    let page = std::fs::read_to_string(flow_tests::repository().join("docs/reviews.md")).unwrap();
    assert!(page.contains(&done.out), "docs/reviews.md shows:\n{}", done.out);
}
