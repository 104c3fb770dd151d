//! A server that speaks the protocol of chat completions, counts each step's calls and bills them all,
//! also those whose caller is gone.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::{Router, routing::post};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What one call is billed, in dollars: 12 tokens in and 8 out of `openai/gpt-4o-mini`.
pub(crate) const PRICE: f64 = 12.0 * 0.15e-6 + 8.0 * 0.60e-6;

/// A running server.
pub(crate) struct Server {
    pub(crate) url: String,
    calls: Arc<Mutex<BTreeMap<String, usize>>>,
    // How often a step had been called when it was recorded.
    recorded: Mutex<BTreeMap<String, usize>>,
    _threads: tokio::runtime::Runtime,
}

impl Server {
    /// Starts it.
    pub(crate) fn start() -> Server {
        let threads =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let calls = Arc::new(Mutex::new(BTreeMap::new()));
        let app = Router::new().route("/chat/completions", post(answer)).with_state(calls.clone());
        let listener = threads.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        threads.spawn(async move { axum::serve(listener, app).await });
        Server { url, calls, recorded: Mutex::default(), _threads: threads }
    }

    /// How often each step was called so far.
    pub(crate) fn asked(&self) -> BTreeMap<String, usize> {
        self.calls.lock().unwrap().clone()
    }

    /// Notes that a step is recorded.
    pub(crate) fn note_recorded(&self, step: &str, calls: usize) {
        self.recorded.lock().unwrap().insert(step.to_owned(), calls);
    }

    /// How often a step had been called when it was recorded.
    pub(crate) fn when_recorded(&self, step: &str) -> usize {
        self.recorded.lock().unwrap().get(step).copied().unwrap_or(0)
    }
}

async fn answer(State(calls): State<Arc<Mutex<BTreeMap<String, usize>>>>, body: Bytes) -> Response {
    let asked: Json = serde_json::from_slice(&body).unwrap();
    let text = asked["messages"][0]["content"].as_str().unwrap().to_owned();
    let (step, about) = text.split_once(": ").unwrap();
    *calls.lock().unwrap().entry(step.to_owned()).or_default() += 1;
    // The same to the same, and not endless.
    let reply = format!("{step} of {}", about.split(' ').next().unwrap_or_default());
    tokio::time::sleep(Duration::from_millis(15)).await;
    let usage = json!({ "prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20 });
    let (kind, body) = match asked["stream"] == true {
        true => {
            let piece = json!({ "id": "c", "choices": [{ "index": 0, "delta": { "content": reply }, "finish_reason": null }] });
            let end = json!({ "id": "c", "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
            let used = json!({ "id": "c", "choices": [], "usage": usage });
            ("text/event-stream", format!("data: {piece}\n\ndata: {end}\n\ndata: {used}\n\ndata: [DONE]\n\n"))
        }
        false => {
            let message = json!({ "role": "assistant", "content": reply });
            let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
            ("application/json", json!({ "id": "c", "choices": [choice], "usage": usage }).to_string())
        }
    };
    Response::builder().header("content-type", kind).body(Body::from(body)).unwrap()
}
