//! A stand-in for the part of GitHub's API that keeps comments: pages of them, a token that may write or
//! not, and the longest comment that is taken.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, patch};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The comments of pull request 7, as the API keeps them.
#[derive(Clone, Default)]
pub(crate) struct Api {
    /// The comments, oldest first.
    pub(crate) comments: Arc<Mutex<Vec<Value>>>,
    /// What was asked: `POST`, `PATCH 3`.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    /// Whether the token may not write, as that of a fork.
    pub(crate) refuses: bool,
    /// Whether it is out of order.
    pub(crate) is_down: bool,
}

/// The token that it takes.
pub(crate) const TOKEN: &str = "t0k-secret";

type Answer = (StatusCode, Json<Value>);

impl Api {
    /// Serves until the process ends, and gives its address.
    pub(crate) fn serve(&self) -> String {
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

    /// Comments of other people.
    pub(crate) fn with_others(self, count: usize) -> Api {
        let other = |i| json!({"id": i, "body": format!("Nice, {i}. <!-- flowc diff -->")});
        self.comments.lock().unwrap().extend((1..=count).map(other));
        self
    }

    /// The comments that the Action has written.
    pub(crate) fn own(&self) -> Vec<String> {
        let comments = self.comments.lock().unwrap();
        let bodies = comments.iter().map(|c| c["body"].as_str().unwrap().to_owned());
        bodies.filter(|body| body.starts_with("<!-- flowc diff -->")).collect()
    }

    // An answer where something is in the way.
    fn stopped(&self, headers: &HeaderMap, what: String) -> Option<Answer> {
        self.asked.lock().unwrap().push(what);
        let known = headers.get("authorization").is_some_and(|h| h == &format!("Bearer {TOKEN}"));
        match (self.is_down, known) {
            (true, _) => Some((StatusCode::BAD_GATEWAY, Json(json!({"message": "Server Error"})))),
            (_, false) => Some((StatusCode::UNAUTHORIZED, Json(json!({"message": "Bad credentials"})))),
            _ => None,
        }
    }

    fn unwritable(&self, body: &Value) -> Option<Answer> {
        let long = body["body"].as_str().unwrap().chars().count() > 65_536;
        match (self.refuses, long) {
            (true, _) => Some((
                StatusCode::FORBIDDEN,
                Json(json!({"message": "Resource not accessible by integration"})),
            )),
            (_, true) => Some((
                StatusCode::UNPROCESSABLE_ENTITY,
                Json(json!({"message": "Body is too long (maximum is 65536 characters)"})),
            )),
            _ => None,
        }
    }
}

async fn listed(State(api): State<Api>, headers: HeaderMap, RawQuery(query): RawQuery) -> Answer {
    let query = query.unwrap_or_default();
    let asked: HashMap<&str, usize> =
        query.split('&').filter_map(|p| p.split_once('=')).map(|(k, v)| (k, v.parse().unwrap())).collect();
    let (page, size) = (asked["page"], asked["per_page"]);
    if let Some(answer) = api.stopped(&headers, format!("GET {page}")) {
        return answer;
    }
    let comments = api.comments.lock().unwrap();
    let found: Vec<Value> = comments.iter().skip((page - 1) * size).take(size).cloned().collect();
    (StatusCode::OK, Json(found.into()))
}

async fn added(State(api): State<Api>, headers: HeaderMap, Json(body): Json<Value>) -> Answer {
    if let Some(answer) = api.stopped(&headers, "POST".into()).or_else(|| api.unwritable(&body)) {
        return answer;
    }
    let mut comments = api.comments.lock().unwrap();
    let comment = json!({"id": comments.len() + 1, "body": body["body"]});
    comments.push(comment.clone());
    (StatusCode::CREATED, Json(comment))
}

async fn changed(
    State(api): State<Api>,
    Path(id): Path<usize>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    if let Some(answer) = api.stopped(&headers, format!("PATCH {id}")).or_else(|| api.unwritable(&body)) {
        return answer;
    }
    let mut comments = api.comments.lock().unwrap();
    comments[id - 1]["body"] = body["body"].clone();
    (StatusCode::OK, Json(comments[id - 1].clone()))
}
