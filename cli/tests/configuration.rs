//! Projects and what is configured around them: `new`, `doctor`, `flow.toml`, `.env`, `FLOW_…`.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;

fn check<'a>(document: &'a serde_json::Value, name: &str) -> Vec<&'a serde_json::Value> {
    document["checks"].as_array().unwrap().iter().filter(|c| c["check"] == name).collect()
}

#[test]
fn a_new_project_is_whole_and_never_overwrites() {
    let sandbox = Sandbox::new();
    let done = sandbox.flowc(&["new", "help desk"]);
    assert_eq!(done.is_fine().out, "");
    assert!(done.err.contains("flowc run help desk/main.flow"), "{done:?}");
    for file in ["main.flow", "flow.toml", "README.md", ".gitignore", ".env.example", "help/returns.md"] {
        assert!(sandbox.path("help desk").join(file).is_file(), "{file}");
    }
    assert!(sandbox.read("help desk/README.md").starts_with("# help desk\n"));
    assert!(sandbox.read("help desk/.gitignore").contains(".env\n"));
    sandbox.write("help desk/main.flow", "// mine");
    sandbox.flowc(&["new", "help desk"]).fails(2, "is not empty");
    assert_eq!(sandbox.read("help desk/main.flow"), "// mine");
    sandbox.flowc(&["new", "help desk/main.flow"]).fails(2, "is a file");
}

#[test]
fn a_new_project_fits_into_an_empty_repository() {
    let sandbox = Sandbox::new();
    sandbox.flowc(&["new", "."]).is_fine();
    assert!(sandbox.path("main.flow").is_file());
}

#[test]
fn the_doctor_looks_at_everything_and_prints_no_key() {
    let sandbox = Sandbox::with(&[("flow.toml", "[telemetry]\nendpoint = 'http://localhost:4318'\n")]);
    let vars = [("OPENAI_API_KEY", "sk-secret"), ("OPENAI_BASE_URL", "http://me:pw@box:1/v1?k=secret")];
    let done = sandbox.flowc_with(&["doctor", "--format", "json"], &vars);
    let document = done.is_fine().json();
    assert!(!done.out.contains("secret") && !done.out.contains("pw"), "{done:?}");
    assert!(!done.err.contains("secret"));
    assert_eq!(check(&document, "keys")[0]["message"], "openai");
    assert_eq!(check(&document, "base URL")[0]["message"], "openai is asked at http://box:1/v1");
    assert_eq!(check(&document, "configuration")[0]["state"], "ok");
    assert_eq!(check(&document, "configuration")[1]["state"], "warn");
    assert_eq!(check(&document, "state")[0]["state"], "ok");
    assert!(!sandbox.path(".flow").exists(), "looking makes nothing");
    let text = sandbox.flowc_with(&["doctor"], &[("FLOW_PROFLIE", "x")]);
    assert!(text.is_fine().out.contains("warn  environment: FLOW_PROFLIE is not"), "{text:?}");
    sandbox.flowc(&["doctor", "nowhere"]).fails(2, "`nowhere` does not exist");
}

#[test]
fn the_doctor_fails_where_something_cannot_work() {
    let sandbox = Sandbox::with(&[("flow.toml", "[profil.dev.models]\n"), ("file", "")]);
    let done = sandbox.flowc(&["doctor"]);
    done.fails(1, "unknown key `profil`").fails(1, "did you mean `profile`?");
    assert!(done.err.contains("flow.toml:1:2"), "the place is shown: {}", done.err);
    assert!(done.out.contains("fail  configuration"));
    let clean = Sandbox::with(&[("file", "")]);
    let done = clean.flowc_with(&["doctor"], &[("FLOW_STATE_DIR", "file/state")]);
    assert!(done.fails(1, "").out.contains("fail  state: file/state cannot be written"), "{done:?}");
    let done = clean.flowc_with(&["doctor", "--online"], &[("OPENAI_BASE_URL", "http://127.0.0.1:9")]);
    assert!(done.fails(1, "").out.contains("fail  network: openai cannot be reached at 127.0.0.1:9"));
}

#[test]
fn the_nearest_flow_toml_up_to_the_repository_counts() {
    let sandbox = Sandbox::with(&[
        ("flow.toml", "default_profile = \"outer\"\n[profile.outer.models]\n"),
        ("inner/flow.toml", "default_profile = \"inner\"\n[profile.inner.models]\n"),
        ("inner/deep/app.flow", ""),
        ("repo/.git/HEAD", ""),
        ("repo/app.flow", ""),
    ]);
    let says = |dir: &str| {
        let document = sandbox.flowc(&["doctor", dir, "--format", "json"]).json();
        check(&document, "configuration")[0]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(says("."), "flow.toml, profile `outer`");
    assert_eq!(says("inner/deep"), "inner/flow.toml, profile `inner`");
    assert_eq!(says("repo"), "no flow.toml: everything has its default");
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_env_files_and_flow_toml() {
    let sandbox = Sandbox::with(&[(
        "flow.toml",
        "default_profile = \"a\"\n[profile.a.models]\n[profile.b.models]\n[profile.c.models]\n[profile.d.models]\n",
    )]);
    let profile = |args: &[&str], vars: &[(&str, &str)]| {
        let args: Vec<&str> = ["doctor", "--format", "json"].iter().chain(args).copied().collect();
        let document = sandbox.flowc_with(&args, vars).json();
        check(&document, "configuration")[0]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(profile(&[], &[]), "flow.toml, profile `a`");
    sandbox.write(".env", "# a comment\nFLOW_PROFILE=b\nexport X=\"y z\"\n");
    assert_eq!(profile(&[], &[]), "flow.toml, profile `b`");
    assert_eq!(profile(&[], &[("FLOW_PROFILE", "c")]), "flow.toml, profile `c`");
    assert_eq!(profile(&["--profile", "d"], &[("FLOW_PROFILE", "c")]), "flow.toml, profile `d`");
    sandbox.flowc(&["doctor", "--profile", "aa"]).fails(1, "unknown profile `aa`");
    sandbox.write(".env", "OK=1\nnot a line with sk-secret\n");
    let done = sandbox.flowc(&["doctor"]);
    done.fails(1, "line 2 of `.env` is not understood");
    assert!(!done.err.contains("sk-secret"), "{done:?}");
}
