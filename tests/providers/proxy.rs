//! `openai-compatible/…` against a server of other people's: LiteLLM's proxy, with answers of its own
//! making.

use crate::program::Program;
use crate::protocol::{ALL, Protocol};
use crate::python;
use flow_plan::{Model, Role, Tokens, Type};
use flow_runtime::provider::{CallError, CallErrorKind, Finish, Message, Reply, Request};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KEY: &str = "sk-a-key-for-tests-that-is-long-enough-0123456789";

// Each model with what it answers; an exception's name is raised.
const MODELS: &[(&str, &str)] = &[
    ("said", "Hello from a proxy: \"quotes\", über, 🙂."),
    ("typed", "{\"reply\": \"Hi\", \"sure\": true}"),
    ("limited", "litellm.RateLimitError"),
    ("broken", "litellm.InternalServerError"),
    ("long", "litellm.ContextWindowExceededError"),
];

struct Proxy {
    child: Child,
    url: String,
    // Holds the configuration.
    _folder: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn proxy() -> Proxy {
    let programs = tokio::task::spawn_blocking(python::programs).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let models = MODELS.iter().map(|(name, answer)| {
        serde_json::json!({"model_name": name, "litellm_params": {
            "model": "openai/gpt-4o-mini", "api_key": "none", "mock_response": answer}})
    });
    let config = serde_json::json!({
        "model_list": models.collect::<Vec<_>>(),
        "router_settings": {"num_retries": 0},
        "general_settings": {"master_key": KEY},
    });
    // JSON is YAML as well.
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, config.to_string()).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut child = Command::new(programs.join("litellm"))
        .arg("--config")
        .arg(&file)
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let begun = Instant::now();
    let alive = format!("{url}/health/liveliness");
    while reqwest::get(&alive).await.is_err() {
        let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        assert!(child.try_wait().unwrap().is_none(), "the proxy has ended:\n{}", log());
        assert!(begun.elapsed() < Duration::from_secs(150), "the proxy does not start:\n{}", log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Proxy { child, url, _folder: folder }
}

struct Caller {
    program: Program,
}

impl Caller {
    fn new(proxy: &Proxy, key: &str) -> Caller {
        let protocol = ALL.iter().find(|p| p.provider() == "openai-compatible").copied();
        let protocol: &dyn Protocol = protocol.unwrap();
        let mut program = Program::on(protocol, &proxy.url);
        program.context.env.vars.insert("OPENAI_API_KEY".to_owned(), key.to_owned());
        Caller { program }
    }

    async fn call(&self, name: &str, output: &Type, stream: bool) -> (Result<Reply, CallError>, Vec<String>) {
        let model = Model { model: name.into(), ..self.program.plan.models[0].clone() };
        let message = |role, text: &str| Message { role, text: text.into(), images: vec![] };
        let request = Request {
            room: None,
            tools: None,
            model: &model,
            prompt: "say",
            messages: vec![message(Role::System, "Be brief."), message(Role::User, "Say hi.")],
            fixed: 1,
            output,
            measure: &flow_tokens::BYTES,
            input: Tokens(100),
            max_output: Tokens(64),
            stream,
        };
        let mut pieces = Vec::new();
        let mut listen = |piece: &str| pieces.push(piece.to_owned());
        let reply = self.program.provider().call(&self.program.context, &request, &mut listen).await;
        (reply, pieces)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn litellms_proxy_is_a_provider_like_any_other() {
    let proxy = proxy().await;
    let caller = Caller::new(&proxy, KEY);
    for stream in [true, false] {
        let (reply, pieces) = caller.call("said", &Type::TEXT, stream).await;
        let reply = reply.unwrap();
        assert_eq!((reply.text.as_str(), reply.finish), (MODELS[0].1, Finish::Done));
        assert_eq!(pieces.concat(), MODELS[0].1);
        assert_eq!(pieces.len() > 1, stream, "{pieces:?}");
        assert!(reply.usage.input.0 > 0 && reply.usage.output.0 > 0, "{:?}", reply.usage);
        assert!(reply.request_id.is_some());
        let record = caller.program.plan.prompts.iter().find(|p| p.name == "decide").unwrap().output.clone();
        let (reply, _) = caller.call("typed", &record, stream).await;
        assert_eq!(reply.unwrap().text, MODELS[1].1);
        for (model, kind) in [
            ("limited", CallErrorKind::RateLimited),
            ("broken", CallErrorKind::Server),
            ("long", CallErrorKind::TooLong),
            ("unknown", CallErrorKind::Rejected),
        ] {
            let error = caller.call(model, &Type::TEXT, stream).await.0.unwrap_err();
            assert_eq!(error.kind, kind, "{model}: {error:?}");
            assert!(!format!("{error:?}").contains(KEY), "{error:?}");
        }
    }
    // Without a database it calls a wrong key a wrong request.
    let stranger = Caller::new(&proxy, "sk-of-somebody-else");
    let error = stranger.call("said", &Type::TEXT, true).await.0.unwrap_err();
    assert!(!error.kind.is_retryable(), "{error:?}");
    assert!(!format!("{error:?}").contains("sk-of-somebody-else"), "{error:?}");
}
