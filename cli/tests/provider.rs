//! Runs that ask a provider: which key and address they use.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;

const PLAIN: &str = "model fast = \"sim/text\"

prompt greet(name: text) -> text <= 60 tokens {
  user: \"Greet {{ name }} warmly.\"
}

flow hello(name: text <= 20 tokens) -> text {
  made = greet(name)
  return made
}
";

#[test]
fn the_environment_of_a_run_prefers_the_real_one() {
    let sandbox = Sandbox::with(&[
        ("app.flow", &PLAIN.replace("sim/text", "openai/gpt-4o-mini")),
        ("flow.toml", "[limits.openai]\nconcurrency = 1\n"),
        (".env", "OPENAI_API_KEY=sk-from-file\nOPENAI_BASE_URL=http://127.0.0.1:9/v1\n"),
    ]);
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada"]);
    done.fails(3, "flow::E0805");
    assert!(!done.err.contains("limits"), "{done:?}");
    assert!(!done.err.contains("sk-from-file"), "{done:?}");
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", server.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut bytes = [0; 4096];
        let n = std::io::Read::read(&mut stream, &mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..n]).to_lowercase()
    });
    let vars = [("OPENAI_BASE_URL", base.as_str()), ("OPENAI_API_KEY", "sk-real")];
    assert_ne!(sandbox.flowc_with(&["run", "app.flow", "name=Ada"], &vars).code, 0);
    assert!(heard.join().unwrap().contains("authorization: bearer sk-real"));
}

#[test]
fn a_limit_of_the_project_holds_and_a_misnamed_one_is_said() {
    let twice = PLAIN.replace("return made", "again = greet(made) { timeout: 1s }\n  return again");
    let sandbox = Sandbox::with(&[
        ("app.flow", &twice),
        ("flow.toml", "[limits.sim]\nrequests_per_minute = 1\n[limits.opnai]\nconcurrency = 1\n"),
    ]);
    let done = sandbox.flowc(&["run", "app.flow", "name=Ada", "--events", "events.jsonl"]);
    done.fails(3, "`fast` was not asked: its turn did not come within 1")
        .fails(3, "`[limits.opnai]` names no provider; did you mean `openai`?");
    let events = std::fs::read_to_string(sandbox.path("events.jsonl")).unwrap();
    assert_eq!(events.matches("\"call_started\"").count(), 1, "{events}");
    assert_eq!(events.matches("\"call_skipped\"").count(), 1, "{events}");
    let vars = [("FLOW_LIMITS_SIM_REQUESTS_PER_MINUTE", "2")];
    assert_eq!(sandbox.flowc_with(&["run", "app.flow", "name=Ada"], &vars).code, 0);
    let vars = [("FLOW_LIMITS_SIM_REQUESTS_PER_MINUTE", "0")];
    sandbox.flowc_with(&["run", "app.flow", "name=Ada"], &vars).fails(2, "is not a whole number above 0");
}
