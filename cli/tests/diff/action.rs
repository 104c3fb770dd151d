//! The shell steps of the Action, run in a real repository with two branches against a local stand-in
//! for the API, and `flowc git-setup` in a real merge.

use crate::revisions::{git, repository};
use crate::sandbox::Sandbox;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, patch};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// The comments of pull request 7, as the API keeps them; nothing where it refuses.
#[derive(Clone, Default)]
struct Api {
    comments: Arc<Mutex<Vec<Value>>>,
    refuses: bool,
}

impl Api {
    // Serves until the process ends, and gives its address.
    fn serve(&self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let issues = "/repos/me/app/issues";
        let app = Router::new()
            .route(&format!("{issues}/7/comments"), get(listed).post(added))
            .route(&format!("{issues}/comments/{{id}}"), patch(changed))
            .with_state(self.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, app).await.unwrap();
            });
        });
        address
    }
}

async fn listed(State(api): State<Api>) -> (StatusCode, Json<Value>) {
    (StatusCode::OK, Json(api.comments.lock().unwrap().clone().into()))
}

async fn added(State(api): State<Api>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    if api.refuses {
        return (StatusCode::FORBIDDEN, Json(json!({"message": "Resource not accessible by integration"})));
    }
    let mut comments = api.comments.lock().unwrap();
    let comment = json!({"id": comments.len() + 1, "body": body["body"]});
    comments.push(comment.clone());
    (StatusCode::CREATED, Json(comment))
}

async fn changed(
    State(api): State<Api>,
    Path(id): Path<usize>,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let mut comments = api.comments.lock().unwrap();
    comments[id - 1]["body"] = body["body"].clone();
    (StatusCode::OK, Json(comments[id - 1].clone()))
}

fn step(sandbox: &Sandbox, name: &str, vars: &[(&str, &str)]) -> Output {
    let script = flow_tests::repository().join("action").join(name);
    Command::new("bash")
        .arg(script)
        .current_dir(sandbox.path(""))
        .env_clear()
        .env("PATH", with_flowc())
        .env("GITHUB_EVENT_PATH", sandbox.path("event.json"))
        .env("GITHUB_STEP_SUMMARY", sandbox.path("summary.md"))
        .env("GITHUB_OUTPUT", sandbox.path("output"))
        .env("RUNNER_TEMP", sandbox.path("temp"))
        .env("SOURCE_DATE_EPOCH", flow_tests::console::EPOCH)
        .envs(vars.iter().copied())
        .output()
        .unwrap()
}

// The command under test before any other of its name.
fn with_flowc() -> String {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_flowc")).parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn pull_request() -> Sandbox {
    let sandbox = repository();
    let base = git(&sandbox, &["rev-parse", "main"]);
    let event = json!({"pull_request": {"number": 7, "base": {"sha": base.trim()}}});
    sandbox.write("event.json", &event.to_string());
    sandbox
}

#[test]
fn a_pull_request_is_compared_and_has_one_comment() {
    let sandbox = pull_request();
    let api = Api::default();
    let address = api.serve();
    let report = sandbox.path("temp/flowc/report.md").display().to_string();
    let vars = [
        ("GITHUB_API_URL", address.as_str()),
        ("GITHUB_REPOSITORY", "me/app"),
        ("GITHUB_TOKEN", "secret"),
        ("FLOWC_REPORT", &report),
    ];
    let compared = step(&sandbox, "diff.sh", &[]);
    assert_eq!(compared.status.code(), Some(0), "{}", said(&compared));
    assert!(sandbox.read("output").contains("class=behaviour"));
    assert!(sandbox.read("summary.md").starts_with("<!-- flowc diff -->\n### Worst case a run rises by $"));
    for _ in 0..2 {
        let commented = step(&sandbox, "comment.sh", &vars);
        assert_eq!(commented.status.code(), Some(0), "{}", said(&commented));
        assert!(!said(&commented).contains("secret"));
    }
    let comments = api.comments.lock().unwrap().clone();
    assert_eq!(comments.len(), 1, "the second time, the first comment was changed");
    assert_eq!(comments[0]["body"], sandbox.read("temp/flowc/report.md"));
}

#[test]
fn gates_hold_in_the_action_as_in_any_shell() {
    let sandbox = pull_request();
    let compared = step(&sandbox, "diff.sh", &[("FLOWC_FAIL_ON", "cost>10%,guard-removed")]);
    assert_eq!(compared.status.code(), Some(3), "{}", said(&compared));
    assert!(
        said(&compared).contains("::error title=gate cost>10%::the worst case of main rises"),
        "{}",
        said(&compared)
    );
}

#[test]
fn a_token_that_may_not_comment_is_no_failure() {
    let sandbox = pull_request();
    let api = Api { refuses: true, ..Api::default() };
    let address = api.serve();
    sandbox.write("report.md", "<!-- flowc diff -->\n");
    let report = sandbox.path("report.md").display().to_string();
    let vars = [
        ("GITHUB_API_URL", address.as_str()),
        ("GITHUB_REPOSITORY", "me/app"),
        ("GITHUB_TOKEN", "secret"),
        ("FLOWC_REPORT", &report),
    ];
    let commented = step(&sandbox, "comment.sh", &vars);
    assert_eq!(commented.status.code(), Some(0), "{}", said(&commented));
    assert!(
        said(&commented).contains("::notice::") && said(&commented).contains("403"),
        "{}",
        said(&commented)
    );
}

#[test]
fn what_is_wrong_stands_at_its_line() {
    let sandbox = pull_request();
    assert_eq!(step(&sandbox, "check.sh", &[]).status.code(), Some(0));
    assert_eq!(step(&sandbox, "test.sh", &[]).status.code(), Some(0));
    sandbox.write("app/bad.flow", "flow f() -> int {\n  return nowhere\n}\n");
    let checked = step(&sandbox, "check.sh", &[("FLOWC_PATH", "app")]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(
        said(&checked).contains("::error file=app/bad.flow,line=2,endLine=2,col=10,"),
        "{}",
        said(&checked)
    );
    let sarif = sandbox.flowc(&["check", "app", "--format", "sarif"]);
    assert_eq!(sarif.json()["runs"][0]["results"][0]["ruleId"], "flow::E0101");
}

#[test]
fn git_merges_changes_to_neighbouring_steps() {
    let sandbox = repository();
    // As git does it, neighbouring lines are a conflict.
    let base =
        "flow two(a: text <= 9 tokens) -> text {\n  one = upper(a)\n  two = lower(one)\n  return two\n}\n";
    let branch = |name: &str, from: &str, to: &str| {
        git(&sandbox, &["checkout", "-q", "-b", name, "start"]);
        sandbox.write("app/two.flow", &base.replace(from, to));
        git(&sandbox, &["commit", "-qam", name]);
    };
    sandbox.write("app/two.flow", base);
    let set = sandbox.flowc_with(&["git-setup"], &[("PATH", &with_flowc())]);
    set.is_fine();
    assert_eq!(sandbox.read(".gitattributes"), "*.flow diff=flow merge=flow\n");
    // The driver is called by its name: the one under test is given with its path.
    let driver = git(&sandbox, &["config", "merge.flow.driver"]).trim().replacen(
        "flowc",
        env!("CARGO_BIN_EXE_flowc"),
        1,
    );
    git(&sandbox, &["config", "merge.flow.driver", &driver]);
    let shown = format!("{} git-textconv", env!("CARGO_BIN_EXE_flowc"));
    git(&sandbox, &["config", "diff.flow.textconv", &shown]);
    git(&sandbox, &["checkout", "-q", "-b", "start"]);
    git(&sandbox, &["add", "-A"]);
    git(&sandbox, &["commit", "-qm", "two"]);
    branch("ours", "upper(a)", "trim(a)");
    branch("theirs", "lower(one)", "upper(one)");
    git(&sandbox, &["checkout", "-q", "ours"]);
    git(&sandbox, &["merge", "-q", "--no-edit", "theirs"]);
    let merged = base.replace("lower(one)", "upper(one)").replace("upper(a)", "trim(a)");
    assert_eq!(sandbox.read("app/two.flow"), merged);
    // And layout alone is no difference.
    sandbox.write("app/two.flow", &merged.replace("one = trim(a)", "one   =  trim( a )"));
    assert_eq!(git(&sandbox, &["diff", "--", "app/two.flow"]), "");
    sandbox.flowc_with(&["git-setup", "--undo"], &[("PATH", &with_flowc())]).is_fine();
    assert_eq!(sandbox.read(".gitattributes"), "");
}
