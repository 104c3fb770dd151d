//! The action `http` against local servers: what it sends, and what it makes of what comes back.

use crate::fake::Fake;
use crate::plans::*;
use crate::{engine_with, run, shown};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use flow_plan::*;
use flow_runtime::journal::{Decision, History, MemoryJournal};
use flow_runtime::{Engine, RunReport, Start, Tables};
use std::sync::{Arc, Mutex};

type Heard = Arc<Mutex<Vec<(Method, HeaderMap, String)>>>;

/// A server that answers with these statuses in turn, and then with 204; 0 breaks the connection.
async fn server(statuses: &[u16]) -> (String, Heard) {
    let heard = Heard::default();
    let left = Arc::new(Mutex::new(statuses.to_vec()));
    let app = Router::new().fallback({
        let heard = heard.clone();
        async move |method: Method, headers: HeaderMap, body: Bytes| {
            heard.lock().unwrap().push((method, headers, String::from_utf8_lossy(&body).into_owned()));
            let next = {
                let mut left = left.lock().unwrap();
                if left.is_empty() { 204 } else { left.remove(0) }
            };
            if next == 0 {
                panic!("the connection breaks");
            }
            let said = "no:\n the token was Bearer s3cret";
            let answer = Response::builder().status(StatusCode::from_u16(next).unwrap());
            answer.header("location", "http://127.0.0.1:9/elsewhere").body(said.to_owned()).unwrap()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notes", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, heard)
}

fn telling(url: &str, args: &[(&str, &str)], change: impl FnOnce(&mut Step)) -> (Plan, Arc<MemoryJournal>) {
    let mut plan = plan();
    let arg = |(name, value): &(&str, &str)| ((*name).into(), Arg::Expr(text(value)));
    plan.actions.push(Action {
        name: "note".into(),
        doc: "".into(),
        params: vec![param("what", Type::TEXT)],
        channel: "http".into(),
        cleared: false,
        influence: None,
        outward: true,
        args: std::iter::once(&("url", url)).chain(args).map(arg).collect(),
        span: Default::default(),
    });
    let step = with(call("told", Callee::Action(ActionId(0)), vec![var(0)]), change);
    add_flow(&mut plan, "main", block(0, 1, vec![(step, &[])], var(1)));
    (plan, Arc::new(MemoryJournal::default()))
}

fn teller((plan, journal): (Plan, Arc<MemoryJournal>)) -> Engine {
    engine_with(plan, &Fake::new(&[]), |options| {
        options.tables.channels = Tables::builtin().channels;
        options.journal = Some(journal);
    })
}

async fn again(engine: &Engine, first: &RunReport) -> RunReport {
    let start = Start { run: Some(first.run.clone()), ..Start::new(FlowId(0), vec![Value::text("hi")]) };
    engine.run(start).await
}

#[tokio::test]
async fn what_is_done_is_told_once() {
    let (url, heard) = server(&[]).await;
    let args = [("method", "put"), ("authorization", "Bearer s3cret"), ("idempotency", "Idempotency-Key")];
    let engine = teller(telling(&url, &args, |_| {}));
    let report = run(&engine, Value::text("hi")).await;
    assert_eq!(shown(&report), "null");
    assert_eq!(shown(&again(&engine, &report).await), "null");
    let heard = heard.lock().unwrap();
    let [(method, headers, body)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((method, body.as_str()), (&Method::PUT, r#"{"what":"hi"}"#));
    assert_eq!(headers["authorization"], "Bearer s3cret");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["idempotency-key"].len(), 64);
}

#[tokio::test]
async fn what_was_refused_was_not_done_and_is_tried_again() {
    let (url, heard) = server(&[307]).await;
    let said = shown(&run(&teller(telling(&url, &[], |_| {})), Value::text("hi")).await);
    assert_eq!(said, "Failed E0811: action `note` failed: the server answered 307, a redirect");
    assert_eq!(heard.lock().unwrap().len(), 1);
    let (url, heard) = server(&[429, 422]).await;
    let engine = teller(telling(&url, &[("authorization", "Bearer s3cret")], |s| s.settings.retry = 1));
    let report = run(&engine, Value::text("hi")).await;
    let message = "Failed E0811: action `note` failed: the server answered 422: no: the token was *** ***";
    assert_eq!(shown(&report), message);
    assert_eq!(shown(&again(&engine, &report).await), "null");
    assert_eq!(heard.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn what_may_have_been_done_waits_for_a_person() {
    for (status, why) in
        [(0, "the connection broke"), (500, "the server answered 500"), (409, "the server answered 409")]
    {
        let (url, heard) = server(&[status]).await;
        let (plan, journal) = telling(&url, &[], |s| s.settings.retry = 3);
        let engine = teller((plan, journal.clone()));
        let report = run(&engine, Value::text("hi")).await;
        let said = shown(&report);
        assert!(said.starts_with("Waiting E0811: it is not known whether it was done: "), "{said}");
        assert!(said.contains(why), "{said}");
        assert_eq!(heard.lock().unwrap().len(), 1, "an act in doubt is not tried again");
        let help = report.error.as_ref().and_then(|e| e.help.clone()).unwrap();
        assert!(help.contains(&format!("flowc resolve {} told --done", report.run)), "{help}");
        // Still so when the run goes on.
        assert!(shown(&again(&engine, &report).await).starts_with("Waiting E0811"));
        assert_eq!(journal.in_doubt().await.unwrap().len(), 1);
        let decision = if status == 500 { Decision::Done } else { Decision::Again };
        journal.decide(&report.run, "told", decision).await.unwrap();
        assert_eq!(shown(&again(&engine, &report).await), "null");
        assert_eq!(heard.lock().unwrap().len(), if status == 500 { 1 } else { 2 });
    }
}

#[tokio::test]
async fn a_receiver_that_knows_the_key_is_told_again() {
    let (url, heard) = server(&[0, 503]).await;
    let engine = teller(telling(&url, &[("idempotency", "X-Key")], |s| s.settings.retry = 2));
    assert_eq!(shown(&run(&engine, Value::text("hi")).await), "null");
    let heard = heard.lock().unwrap();
    let keys: Vec<_> = heard.iter().map(|(_, headers, _)| headers["x-key"].clone()).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[tokio::test]
async fn an_act_that_takes_too_long_is_in_doubt() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let slow = |s: &mut Step| (s.settings.retry, s.settings.timeout) = (2, Some(Millis(100)));
    let engine = teller(telling(&url, &[], slow));
    let said = shown(&run(&engine, Value::text("hi")).await);
    assert!(said.contains("it took longer than its `timeout`") && said.starts_with("Waiting"), "{said}");
}

#[tokio::test]
async fn what_cannot_be_sent_says_why() {
    for (url, args, why) in [
        ("http://127.0.0.1:9/", &[][..], "its server can't be reached"),
        ("notes.example", &[], "its `url` is no address"),
        ("file:///etc/passwd", &[], "its `url` is no address"),
        ("http://127.0.0.1:9/", &[("method", "GET")], "`GET` is no method to act with"),
        ("http://127.0.0.1:9/", &[("idempotency", "a b")], "`a b` is no name of a header"),
    ] {
        let said = shown(&run(&teller(telling(url, args, |_| {})), Value::text("hi")).await);
        assert!(said.starts_with("Failed E0811: action `note` failed: ") && said.contains(why), "{said}");
    }
    let (mut plan, journal) = telling("", &[], |_| {});
    plan.actions[0].args[0].1 = Arg::Expr(binary(text("http://127.0.0.1:9/"), BinaryOp::Add, var(0)));
    let said = shown(&run(&teller((plan, journal)), Value::text("hi")).await);
    assert!(said.contains("its `url` is computed"), "{said}");
}
