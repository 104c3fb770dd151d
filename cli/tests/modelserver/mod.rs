//! A local server that speaks the protocol of chat completions, does what a test tells it, and remembers
//! what it was asked.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]
#![allow(dead_code, reason = "each test file uses its own part")]

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Router, routing::post};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// How many came before it.
    pub(crate) before: usize,
    pub(crate) model: String,
    /// What the user says last.
    pub(crate) user: String,
    /// What the lookups that it asked for have found, in order.
    pub(crate) found: Vec<String>,
    pub(crate) key: String,
}

/// What is done with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// It is answered, after a while.
    Say(String, Duration),
    /// It fails with this status, these seconds to wait and this message.
    Fail(u16, Option<u64>, String),
    /// It asks for this lookup with these arguments.
    Look(&'static str, Json),
}

/// A running server; gone when dropped.
pub(crate) struct ModelServer {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    _threads: tokio::runtime::Runtime,
}

type Answers = (Arc<dyn Fn(&Asked) -> Act + Send + Sync>, Arc<Mutex<Vec<Asked>>>);

/// An answer without a wait.
pub(crate) fn say(text: impl Into<String>) -> Act {
    Act::Say(text.into(), Duration::ZERO)
}

impl ModelServer {
    /// Starts one that does this with each request.
    pub(crate) fn start(act: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> ModelServer {
        let threads =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let state: Answers = (Arc::new(act), asked.clone());
        let app = Router::new().route("/v1/chat/completions", post(answer)).with_state(state);
        let listener = threads.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        threads.spawn(async move { axum::serve(listener, app).await });
        ModelServer { url, asked, _threads: threads }
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The variables that bring `flowc` here.
    pub(crate) fn vars<'a>(&'a self, key: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![("OPENAI_BASE_URL", &self.url), ("OPENAI_API_KEY", key)]
    }
}

async fn answer(State((act, all)): State<Answers>, headers: HeaderMap, body: Bytes) -> Response {
    let request: Json = serde_json::from_slice(&body).unwrap();
    let key = headers.get("authorization").map(|h| h.to_str().unwrap().to_owned()).unwrap_or_default();
    let messages = request["messages"].as_array().unwrap();
    let of = |role: &'static str| {
        let texts = messages.iter().filter(move |message| message["role"] == role);
        texts.map(|message| message["content"].as_str().unwrap_or_default().to_owned())
    };
    let asked = {
        let mut all = all.lock().unwrap();
        let model = request["model"].as_str().unwrap().to_owned();
        let user = of("user").next_back().unwrap_or_default();
        let before = all.len();
        all.push(Asked { before, model, user, found: of("tool").collect(), key });
        all.last().unwrap().clone()
    };
    match act(&asked) {
        Act::Fail(status, wait, message) => {
            let mut response = Response::builder().status(status).header("content-type", "application/json");
            if let Some(wait) = wait {
                response = response.header("retry-after", wait.to_string());
            }
            response.body(Body::from(json!({"error": {"message": message}}).to_string())).unwrap()
        }
        Act::Say(text, wait) => {
            tokio::time::sleep(wait).await;
            said(&json!({ "role": "assistant", "content": text }), request["stream"] == true)
        }
        Act::Look(name, args) => {
            let function = json!({ "name": name, "arguments": args.to_string() });
            let call = json!({ "index": 0, "id": "call_1", "type": "function", "function": function });
            let message = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
            said(&message, request["stream"] == true)
        }
    }
}

fn said(message: &Json, streams: bool) -> Response {
    let usage = json!({ "prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20 });
    let finish = if message.get("tool_calls").is_some() { "tool_calls" } else { "stop" };
    let (kind, body) = match streams {
        true => {
            let piece =
                json!({ "id": "c", "choices": [{ "index": 0, "delta": message, "finish_reason": null }] });
            let end = json!({ "id": "c", "choices": [{ "index": 0, "delta": {}, "finish_reason": finish }] });
            let used = json!({ "id": "c", "choices": [], "usage": usage });
            ("text/event-stream", format!("data: {piece}\n\ndata: {end}\n\ndata: {used}\n\ndata: [DONE]\n\n"))
        }
        false => {
            let choice = json!({ "index": 0, "message": message, "finish_reason": finish });
            ("application/json", json!({ "id": "c", "choices": [choice], "usage": usage }).to_string())
        }
    };
    Response::builder()
        .header("content-type", kind)
        .header("x-request-id", "req_1")
        .body(Body::from(body))
        .unwrap()
}
