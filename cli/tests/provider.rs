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
    done.fails(3, "flow::E0805").fails(3, "limits are read but not yet enforced");
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
