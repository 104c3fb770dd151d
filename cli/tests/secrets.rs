//! Secrets: read from files, and in nothing that a run leaves behind.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

// Of no form that is known of a key.
const KEY: &str = "correct.horse.battery.staple.4711";
const TOKEN: &str = "tr0ub4dor-and-3-more-letters";

const PROGRAM: &str = r#"model fast = "openai/gpt-4o-mini" {
  max_output: 20 tokens
  api_key: env("DESK_KEY")
}

prompt say(word: text) -> text {
  user: "Say {{ word }}"
}

action note(what: untrusted text) {
  channel: http(env("DESK_URL"), authorization: env("DESK_TOKEN"))
}

flow main(word: text <= 20 tokens) -> text {
  said = say(word) { model: fast, retry: 1, timeout: 500ms }
  return said
}

flow acts(word: text <= 20 tokens) -> text {
  noted = note(word) { timeout: 500ms }
  return word
}
"#;

/// A server that says what it heard in everything it answers; it gives what it heard.
fn echo(status: &'static str, kind: &'static str, wrap: fn(&str) -> String) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let all = Arc::<Mutex<String>>::default();
    let heard = all.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), heard) = (stream, heard.clone()) else { return };
            std::thread::spawn(move || answer(stream, &heard, (status, kind, wrap)));
        }
    });
    (url, all)
}

fn answer(
    mut stream: TcpStream,
    heard: &Mutex<String>,
    (status, kind, wrap): (&str, &str, fn(&str) -> String),
) {
    let mut bytes = [0; 16_384];
    let n = stream.read(&mut bytes).unwrap_or(0);
    let text = String::from_utf8_lossy(&bytes[..n]).into_owned();
    heard.lock().unwrap().push_str(&text);
    if status == "break" {
        return;
    }
    if status == "stall" {
        std::thread::sleep(Duration::from_secs(1));
        return;
    }
    let keys = text.lines().filter(|l| l.to_lowercase().starts_with("authorization:"));
    let body = wrap(&keys.collect::<Vec<_>>().join(" "));
    let length = body.len();
    // The client may have left.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
}

fn said(message: &str) -> String {
    serde_json::json!({"error": {"message": message, "type": "x"}}).to_string()
}

fn long(message: &str) -> String {
    // The cut of a long message falls into the key.
    said(&format!("{} {message}", "x".repeat(300 - "authorization: Bearer ".len() - 12)))
}

fn streamed(message: &str) -> String {
    format!("data: {}\n\n", said(message))
}

/// Every file below a folder that holds one of the texts.
fn holding(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, found);
        } else if !path.ends_with("key.txt") && !path.ends_with("token.txt") {
            let bytes = std::fs::read(&path).unwrap();
            let has = |text: &[u8]| bytes.windows(text.len()).any(|w| w == text);
            if has(&KEY.as_bytes()[..12]) || has(&TOKEN.as_bytes()[..12]) {
                found.push(path.display().to_string());
            }
        }
    }
}

#[test]
fn whatever_fails_no_secret_is_left_behind() {
    type Wrap = fn(&str) -> String;
    let plain: Wrap = str::to_owned;
    let ways: [(&str, &str, Wrap); 13] = [
        ("400 Bad Request", "application/json", said),
        ("401 Unauthorized", "application/json", said),
        ("403 Forbidden", "text/plain", plain),
        ("404 Not Found", "application/json", long),
        ("409 Conflict", "application/json", said),
        ("429 Too Many Requests", "application/json", said),
        ("500 Internal Server Error", "text/plain", plain),
        ("503 Service Unavailable", "application/json", long),
        ("200 OK", "application/json", plain),
        ("200 OK", "text/event-stream", streamed),
        ("200 OK", "application/json", said),
        ("break", "", plain),
        ("stall", "", plain),
    ];
    for (status, kind, wrap) in ways {
        let (url, heard) = echo(status, kind, wrap);
        let sandbox = Sandbox::with(&[
            ("app.flow", PROGRAM),
            ("key.txt", &format!("{KEY}\n")),
            ("token.txt", &format!("Bearer {TOKEN}\r\n")),
        ]);
        let (key, token) = (sandbox.path("key.txt"), sandbox.path("token.txt"));
        let vars = [
            ("OPENAI_BASE_URL", url.as_str()),
            ("DESK_URL", url.as_str()),
            ("DESK_KEY_FILE", key.to_str().unwrap()),
            ("DESK_TOKEN_FILE", token.to_str().unwrap()),
        ];
        for (flow, secret) in [("main", KEY), ("acts", TOKEN)] {
            let events = format!("{flow}.jsonl");
            let common = ["run", "app.flow", "--flow", flow, "word=hi", "--events", &events];
            for more in [&["--verbose"][..], &["--format", "json"]] {
                let done = sandbox.flowc_with(&[&common[..], more].concat(), &vars);
                // An action that was told anything but an error is done.
                assert!(
                    done.code != 0 || (flow == "acts" && status.starts_with("200")),
                    "{status}: {done:?}"
                );
                for text in [&done.out, &done.err] {
                    assert!(!text.contains(&secret[..12]), "{status}: {done:?}");
                }
            }
            assert!(heard.lock().unwrap().contains(secret), "{status}: the secret was sent");
        }
        let runs = sandbox.flowc(&["runs", "--format", "json"]).is_fine().out.clone();
        assert!(!runs.contains(&KEY[..12]) && !runs.contains(&TOKEN[..12]), "{runs}");
        let mut found = Vec::new();
        holding(&sandbox.path("."), &mut found);
        assert!(found.is_empty(), "{status}: {found:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_said() {
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM), ("empty.txt", "\n")]);
    let run = ["run", "app.flow", "--flow", "main", "word=hi"];
    let done = sandbox.flowc_with(&run, &[("DESK_KEY_FILE", "gone.txt")]);
    assert!(done.err.contains("the file that DESK_KEY_FILE names is not there"), "{done:?}");
    let done = sandbox.flowc_with(&run, &[("OPENAI_API_KEY_FILE", "gone.txt")]);
    done.fails(2, "OPENAI_API_KEY_FILE names `gone.txt`, which can't be read");
    let done = sandbox.flowc_with(&run, &[("OPENAI_API_KEY_FILE", "empty.txt")]);
    done.fails(2, "OPENAI_API_KEY_FILE names `empty.txt`, which is empty");
}
