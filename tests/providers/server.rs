//! A local server that speaks one protocol, does what a test tells it, and remembers what it was asked.

use crate::protocol::{Heard, Protocol, Said, Trouble};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};
use futures::StreamExt;
use serde_json::Value as Json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers.
    Say(Said),
    /// Answers with an error.
    Fail(Trouble),
    /// Answers with something that is not the protocol.
    Babble,
    /// Says the first piece and ends the body.
    Stop(Said),
    /// Says the first piece and breaks the connection.
    Break(Said),
    /// Says the first piece and reports that it is overloaded.
    Overload(Said),
    /// Says the first piece and nothing more; hears when the caller goes away.
    Stall(Said, Arc<Notify>),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Vec<u8>,
    pub(crate) body: Json,
}

impl Asked {
    pub(crate) fn of(uri: &Uri, headers: HeaderMap, body: &Bytes) -> Asked {
        Asked {
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers,
            body: serde_json::from_slice(body).unwrap(),
            raw: body.to_vec(),
        }
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<(Asked, Heard)>>>,
}

struct Told {
    protocol: &'static dyn Protocol,
    act: Act,
    heard: Arc<Mutex<Vec<(Asked, Heard)>>>,
}

/// Starts a server that does this with every request.
pub(crate) async fn serve(protocol: &'static dyn Protocol, act: Act) -> Server {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::new(Told { protocol, act, heard: Arc::clone(&heard) });
    let app = Router::new().fallback(respond).with_state(told);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Server { url, heard }
}

impl Server {
    /// What was asked, as the protocol has it.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().iter().map(|(_, heard)| heard.clone()).collect()
    }

    /// The requests as they came.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.heard.lock().unwrap().iter().map(|(asked, _)| asked.clone()).collect()
    }
}

async fn respond(State(told): State<Arc<Told>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let asked = Asked::of(&uri, headers, &body);
    let heard = told.protocol.heard(&asked);
    let streams = heard.streams;
    told.heard.lock().unwrap().push((asked, heard));
    let protocol = told.protocol;
    match &told.act {
        Act::Say(said) if streams => stream(protocol, protocol.stream(said), After::End),
        Act::Say(said) => json(200, &[], &protocol.whole(said)),
        Act::Fail(trouble) => {
            let (status, headers, body) = protocol.error(*trouble);
            json(status, &headers, &body)
        }
        Act::Babble => Response::builder()
            .header("content-type", "application/json")
            .body(Body::from("<html>Bad gateway</html>"))
            .unwrap(),
        Act::Stop(said) => stream(protocol, first(protocol, said), After::End),
        Act::Break(said) => stream(protocol, first(protocol, said), After::Break),
        Act::Overload(said) => {
            let mut pieces = first(protocol, said);
            pieces.push(protocol.overload());
            stream(protocol, pieces, After::End)
        }
        Act::Stall(said, left) => stream(protocol, first(protocol, said), After::Stall(Arc::clone(left))),
    }
}

// The events up to the one with the first piece of the answer.
fn first(protocol: &dyn Protocol, said: &Said) -> Vec<Vec<u8>> {
    let mut events = protocol.stream(said);
    let piece = serde_json::to_string(&said.pieces[0]).unwrap();
    let piece = piece.trim_matches('"').as_bytes();
    let place = events.iter().position(|e| e.windows(piece.len()).any(|w| w == piece)).unwrap();
    events.truncate(place + 1);
    events
}

/// Events, one after the other.
pub(crate) fn stream_of(protocol: &dyn Protocol, events: Vec<Vec<u8>>) -> Response<Body> {
    stream(protocol, events, After::End)
}

enum After {
    End,
    Break,
    Stall(Arc<Notify>),
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn stream(protocol: &dyn Protocol, events: Vec<Vec<u8>>, after: After) -> Response<Body> {
    let said = futures::stream::iter(events.into_iter().map(Ok::<_, std::io::Error>));
    // Each piece goes out before the next, so that what breaks does not take the others with it.
    let said = said.then(|piece| async {
        tokio::time::sleep(Duration::from_millis(2)).await;
        piece
    });
    let body = match after {
        After::End => Body::from_stream(said),
        After::Break => {
            let gone = async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err::<Vec<u8>, _>(std::io::Error::other("gone"))
            };
            Body::from_stream(said.chain(futures::stream::once(gone)))
        }
        After::Stall(left) => {
            let guard = OnDrop(left);
            let never = async move {
                let _guard = guard;
                std::future::pending::<Result<Vec<u8>, std::io::Error>>().await
            };
            Body::from_stream(said.chain(futures::stream::once(never)))
        }
    };
    Response::builder().header("content-type", protocol.content_type()).body(body).unwrap()
}

pub(crate) fn json(status: u16, headers: &[(&str, &str)], body: &Json) -> Response<Body> {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.to_string())).unwrap()
}
