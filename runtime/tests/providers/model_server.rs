//! A local server that answers as a test tells it to, and remembers what it was asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Response, Uri};
use flow_diagnostics::Span;
use flow_plan::{Abilities, Config, Model, ModelCard, ModelSettings, Role, Tokens, Type};
use flow_runtime::provider::{CallError, Message, Provider, Reply, Request};
use flow_runtime::{Context, Environment, Http};
use futures::StreamExt;
use serde_json::Value as Json;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// What the server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) from: SocketAddr,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Json,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

type Answer = Arc<dyn Fn() -> Response<Body> + Send + Sync>;

/// Starts a server that gives every request this answer.
pub(crate) async fn serve(answer: impl Fn() -> Response<Body> + Send + Sync + 'static) -> Server {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let state: (Answer, Arc<Mutex<Vec<Asked>>>) = (Arc::new(answer), Arc::clone(&asked));
    let app = Router::new().fallback(respond).with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
    });
    Server { url, asked }
}

async fn respond(
    State((answer, asked)): State<(Answer, Arc<Mutex<Vec<Asked>>>)>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = serde_json::from_slice(&body).unwrap();
    asked.lock().unwrap().push(Asked { from, path: uri.path().to_owned(), headers, body });
    answer()
}

impl Server {
    /// The one request so far.
    pub(crate) fn asked(&self) -> Asked {
        let asked = self.asked.lock().unwrap();
        assert_eq!(asked.len(), 1);
        asked[0].clone()
    }
}

/// A body of JSON with a status.
pub(crate) fn json(status: u16, body: &Json) -> Response<Body> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(body.to_string())).unwrap()
}

/// Events, one a `data:` line.
pub(crate) fn events(lines: &[&str]) -> Response<Body> {
    stream(lines.iter().map(|line| Ok(format!("data: {line}\n\n"))).collect())
}

/// A stream of pieces; an error breaks the connection.
pub(crate) fn stream(pieces: Vec<Result<String, std::io::Error>>) -> Response<Body> {
    // Each piece goes out before the next, so that what breaks does not take the others with it.
    let apart = futures::stream::iter(pieces).then(|piece| async {
        tokio::time::sleep(Duration::from_millis(2)).await;
        piece
    });
    let body = Body::from_stream(apart);
    Response::builder().header("content-type", "text/event-stream; charset=utf-8").body(body).unwrap()
}

/// One piece and then nothing; `left` hears when the caller goes away.
pub(crate) fn stalled(piece: &str, left: Arc<Notify>) -> Response<Body> {
    struct OnDrop(Arc<Notify>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (guard, first) = (OnDrop(left), Some(format!("data: {piece}\n\n")));
    let body = futures::stream::unfold((guard, first), |(guard, piece)| async move {
        match piece {
            Some(piece) => Some((Ok::<_, std::io::Error>(piece), (guard, None))),
            None => std::future::pending().await,
        }
    });
    Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(body)).unwrap()
}

/// A model that answers at a URL.
pub(crate) fn model(provider: &str, url: &str) -> Model {
    Model {
        name: "fast".into(),
        provider: provider.into(),
        model: "test-model".into(),
        card: ModelCard {
            abilities: Abilities { json_schema: true, ..Abilities::default() },
            ..ModelCard::default()
        },
        settings: ModelSettings { base_url: Some(Config::Text(url.into())), ..ModelSettings::default() },
        tokenizer: None,
        cleared: true,
        span: Span::default(),
    }
}

/// A context with these variables.
pub(crate) fn context(vars: &[(&str, &str)]) -> Context {
    let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Context {
        env: Environment { vars },
        root: ".".into(),
        state: ".flow".into(),
        http: Http::default(),
        cancel: tokio_util::sync::CancellationToken::new(),
        clock: flow_runtime::Clock::default(),
    }
}

/// A request with a system and a user message.
pub(crate) fn request<'a>(model: &'a Model, output: &'a Type) -> Request<'a> {
    let message = |role, text: &str| Message { role, text: text.into(), images: vec![] };
    Request {
        room: None,
        tools: None,
        model,
        prompt: "answer",
        messages: vec![message(Role::System, "Be brief."), message(Role::User, "Say \"hi\".")],
        fixed: 1,
        output,
        measure: &flow_tokens::BYTES,
        input: Tokens(100),
        max_output: Tokens(64),
        stream: true,
    }
}

/// Calls, and gives the pieces that were seen beside what came back.
pub(crate) async fn call(
    provider: &dyn Provider,
    context: &Context,
    request: &Request<'_>,
) -> (Result<Reply, CallError>, Vec<String>) {
    let mut pieces = Vec::new();
    let reply = provider.call(context, request, &mut |piece: &str| pieces.push(piece.to_owned())).await;
    (reply, pieces)
}
