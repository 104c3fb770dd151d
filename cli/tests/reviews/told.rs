//! The webhook: told once of each review, without the value; one that is away stops nothing.

use super::sandbox;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

const SECRET: &str = "ann@example.com wants her money";

/// A server that takes what it is told.
struct Hook {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Hook {
    fn start(listener: TcpListener, status: &'static str) -> Hook {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let url = format!("http://{}/hooks/t0ken", listener.local_addr().unwrap());
        let all = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut text = Vec::new();
                let mut piece = [0; 4096];
                loop {
                    let read = stream.read(&mut piece).unwrap();
                    text.extend_from_slice(&piece[..read]);
                    let so_far = String::from_utf8_lossy(&text);
                    if read == 0 || so_far.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with('}'))
                    {
                        break;
                    }
                }
                all.lock().unwrap().push(String::from_utf8(text).unwrap());
                write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                    .unwrap();
            }
        });
        Hook { url, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

#[test]
fn who_wants_to_hear_of_it_is_told_once_and_not_the_value() {
    let sandbox = sandbox();
    let hook = Hook::start(TcpListener::bind("127.0.0.1:0").unwrap(), "204 No Content");
    sandbox.write("flow.toml", &format!("[reviews]\nwebhook = \"{}\"\n", hook.url));
    let topic = format!("topic={SECRET}");
    let done = sandbox.flowc(&["run", "app.flow", "--format", "json", &topic]);
    let run = done.json()["run"].as_str().unwrap().to_owned();
    sandbox.flowc(&["run", "--resume", &run]).fails(1, "waits for editors");
    let heard = hook.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    let (head, body) = heard[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hooks/t0ken") && head.contains("idempotency-key: "), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&body["event"], &body["step"], &body["by"]),
        (&"review_waiting".into(), &"ok".into(), &"editors".into())
    );
    assert_eq!(body["approve"], format!("flowc approve {run} ok"));
    let value = &done.json()["waiting"][0]["value"]["body"];
    assert!(!heard[0].contains(value.as_str().unwrap()), "{heard:?}");
}

#[test]
fn one_that_is_away_is_a_warning_and_told_when_the_run_goes_on() {
    let sandbox = sandbox();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks/t0ken", listener.local_addr().unwrap());
    let address = listener.local_addr().unwrap();
    drop(listener);
    let run = |args: &[&str]| sandbox.flowc_with(args, &[("FLOW_REVIEWS_WEBHOOK", &url)]);
    let away = run(&["run", "app.flow", "topic=shoes"]);
    away.fails(1, "nobody was told that `ok` waits for editors: there is no connection to the webhook");
    assert!(!away.err.contains("t0ken"), "{away:?}");
    let id =
        sandbox.flowc(&["runs", "--format", "json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    let hook = Hook::start(TcpListener::bind(address).unwrap(), "200 OK");
    let told = run(&["run", "--resume", &id]);
    assert!(!told.err.contains("warning"), "{told:?}");
    assert_eq!(hook.heard().len(), 1);
    let refusing = Hook::start(TcpListener::bind("127.0.0.1:0").unwrap(), "500 Oops");
    let refused =
        sandbox.flowc_with(&["run", "app.flow", "topic=x"], &[("FLOW_REVIEWS_WEBHOOK", &refusing.url)]);
    refused.fails(1, "the webhook answers 500");
    let wrong = sandbox.flowc_with(&["run", "app.flow", "topic=x"], &[("FLOW_REVIEWS_WEBHOOK", "ftp://x")]);
    wrong.fails(2, "no address of a webhook");
}
