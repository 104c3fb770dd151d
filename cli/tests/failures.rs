//! `flowc run` against a server that speaks OpenAI's protocol and fails in every way a server can:
//! each failure ends in the retry, fallback or error that the program declares.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the server does with a request.
#[derive(Clone, Copy)]
enum Act {
    /// Answers after a while.
    Answer(Duration),
    /// Closes the connection in the middle of the answer.
    Kill,
    /// 429 with this `Retry-After`.
    Busy(&'static str),
    /// 500.
    Break,
    /// Begins an answer and never goes on.
    Stall,
    /// Answers with what is not the protocol.
    Garble,
}

/// A server whose `n`th request gets the `n`th act; the last one repeats.
struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
    /// How often a client hung up on a stalled answer.
    hung_up: Arc<AtomicUsize>,
}

impl Server {
    fn acting(acts: &[Act]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (requests, hung_up) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let acts: Arc<Mutex<Vec<Act>>> = Arc::new(Mutex::new(acts.iter().rev().copied().collect()));
        let (counted, left) = (requests.clone(), hung_up.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (acts, counted, left) = (acts.clone(), counted.clone(), left.clone());
                std::thread::spawn(move || connection(stream, &acts, &counted, &left));
            }
        });
        Server { url, requests, hung_up }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn connection(mut stream: TcpStream, acts: &Mutex<Vec<Act>>, counted: &AtomicUsize, left: &AtomicUsize) {
    stream.set_nodelay(true).unwrap();
    while read_request(&mut stream).is_some() {
        counted.fetch_add(1, Ordering::SeqCst);
        let act = {
            let mut acts = acts.lock().unwrap();
            if acts.len() > 1 { acts.pop().unwrap() } else { acts[0] }
        };
        let body = r#"{"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#;
        let head = |status: &str, extra: &str, length: usize| {
            format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{extra}\r\n"
            )
        };
        let reply = match act {
            Act::Answer(delay) => {
                std::thread::sleep(delay);
                head("200 OK", "", body.len()) + body
            }
            Act::Kill => {
                let _ = stream.write_all((head("200 OK", "", body.len()) + &body[..20]).as_bytes());
                return;
            }
            Act::Busy(after) => head("429 Too Many Requests", &format!("retry-after: {after}\r\n"), 2) + "{}",
            Act::Break => head("500 Internal Server Error", "", 2) + "{}",
            Act::Stall => {
                let _ = stream.write_all((head("200 OK", "", body.len()) + &body[..20]).as_bytes());
                // Blocks until the client hangs up.
                if matches!(stream.read(&mut [0; 16]), Ok(0) | Err(_)) {
                    left.fetch_add(1, Ordering::SeqCst);
                }
                return;
            }
            Act::Garble => head("200 OK", "", 7) + "oh dear",
        };
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

// One request with its body; `None` when the client is done.
fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text
                .to_lowercase()
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(text);
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    }
}

fn program(settings: &str) -> String {
    format!(
        "model fast = \"openai/gpt-4o-mini\" {{\n  max_output: 20 tokens\n}}\n\n\
         model careful = \"openai/gpt-4o\" {{\n  max_output: 20 tokens\n}}\n\n\
         prompt say(word: text) -> text {{\n  user: \"Say {{{{ word }}}}\"\n}}\n\n\
         flow main(word: text <= 20 tokens) -> text {{\n  said = say(word) {settings}\n  return said\n}}\n"
    )
}

fn run(server: &Server, program: &str) -> (sandbox::Done, Duration) {
    let sandbox = Sandbox::with(&[("app.flow", program)]);
    let vars = [("OPENAI_BASE_URL", server.url.as_str()), ("OPENAI_API_KEY", "sk-test")];
    let start = Instant::now();
    let done = sandbox.flowc_with(&["run", "app.flow", "word=hello"], &vars);
    (done, start.elapsed())
}

const AT_ONCE: Act = Act::Answer(Duration::ZERO);

#[test]
fn a_killed_connection_is_tried_again() {
    let server = Server::acting(&[Act::Kill, AT_ONCE]);
    let (done, _) = run(&server, &program("{ model: fast, retry: 1, cache: 1h }"));
    assert_eq!((done.code, done.out.trim()), (0, "fine"), "{done:?}");
    assert_eq!(server.requests(), 2);
}

#[test]
fn a_busy_provider_is_asked_again_when_it_says() {
    let server = Server::acting(&[Act::Busy("1"), AT_ONCE]);
    let (done, took) = run(&server, &program("{ model: fast, retry: 1 }"));
    assert_eq!((done.code, done.out.trim()), (0, "fine"), "{done:?}");
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert_eq!(server.requests(), 2);
}

#[test]
fn a_broken_provider_is_replaced_by_the_fallback() {
    let server = Server::acting(&[Act::Break, AT_ONCE]);
    let (done, _) = run(&server, &program("{ model: fast, fallback: careful }"));
    assert_eq!((done.code, done.out.trim()), (0, "fine"), "{done:?}");
    assert_eq!(server.requests(), 2);
}

#[test]
fn nothing_is_tried_again_unless_the_program_says_so() {
    let server = Server::acting(&[Act::Break, AT_ONCE]);
    let (done, _) = run(&server, &program("{ model: fast }"));
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.err.contains("flow::E0805") && done.out.is_empty(), "{done:?}");
    assert_eq!(server.requests(), 1);
}

#[test]
fn a_stalled_answer_ends_with_its_timeout_and_its_connection() {
    let server = Server::acting(&[Act::Stall, AT_ONCE]);
    let (done, took) = run(&server, &program("{ model: fast, timeout: 300ms, fallback: careful }"));
    assert_eq!((done.code, done.out.trim()), (0, "fine"), "{done:?}");
    assert!(took >= Duration::from_millis(300), "{took:?}");
    assert_eq!(server.hung_up.load(Ordering::SeqCst), 1);
}

#[test]
fn a_malformed_body_goes_to_the_else() {
    let server = Server::acting(&[Act::Garble]);
    let (done, _) = run(&server, &program("{ model: fast } else \"nothing to say\""));
    assert_eq!((done.code, done.out.trim()), (0, "nothing to say"), "{done:?}");
    let (done, _) = run(&server, &program("{ model: fast }"));
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.err.contains("flow::E0805"), "{done:?}");
}

#[test]
fn independent_prompts_run_at_the_same_time() {
    let delay = Duration::from_millis(100);
    let server = Server::acting(&[Act::Answer(delay)]);
    let many: String = (0..10).map(|i| format!("  s{i} = say(\"{i} {{{{ word }}}}\")\n")).collect();
    let sum: Vec<String> = (0..10).map(|i| format!("s{i}")).collect();
    let ten = program("{ model: fast }").replace(
        "  said = say(word) { model: fast }\n  return said\n",
        &format!("  model: fast\n{many}  return {}\n", sum.join(" + ")),
    );
    let (done, took_one) = run(&server, &program("{ model: fast }"));
    assert_eq!(done.code, 0, "{done:?}");
    let (done, took_ten) = run(&server, &ten);
    assert_eq!((done.code, done.out.trim()), (0, "fine".repeat(10).as_str()), "{done:?}");
    assert_eq!(server.requests(), 11);
    // One after the other they would take 900 ms more; 150 ms is what an idle machine keeps.
    assert!(took_ten < took_one + Duration::from_millis(500), "{took_one:?} for one, {took_ten:?} for ten");
}

#[test]
fn an_interrupt_reaches_the_socket() {
    let server = Server::acting(&[Act::Stall]);
    let sandbox = Sandbox::with(&[("app.flow", &program("{ model: fast }"))]);
    let mut command = sandbox.command(&["run", "app.flow", "word=hello"]);
    command.env("OPENAI_BASE_URL", &server.url).env("OPENAI_API_KEY", "sk-test");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let limit = Instant::now() + Duration::from_secs(20);
    while server.requests() == 0 && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let done = child.wait_with_output().unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{err}");
    assert!(err.contains("interrupted") && err.contains("0 steps done"), "{err}");
    let limit = Instant::now() + Duration::from_secs(5);
    while server.hung_up.load(Ordering::SeqCst) == 0 && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(server.hung_up.load(Ordering::SeqCst), 1);
}

#[test]
fn a_run_that_is_terminated_finishes_what_is_under_way_and_goes_on_later() {
    let server = Server::acting(&[Act::Answer(Duration::from_millis(900)), AT_ONCE]);
    let twice = program("{ model: fast }")
        .replace("return said", "again = say(said) { model: fast }\n  return again");
    let sandbox = Sandbox::with(&[("app.flow", &twice)]);
    let vars = [("OPENAI_BASE_URL", server.url.as_str()), ("OPENAI_API_KEY", "sk-test")];
    let mut command = sandbox.command(&["run", "app.flow", "word=hello"]);
    let child = command.envs(vars).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let limit = Instant::now() + Duration::from_secs(20);
    while server.requests() == 0 && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(5));
    }
    let told = Instant::now();
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let done = child.wait_with_output().unwrap();
    assert!(told.elapsed() < Duration::from_secs(8), "{:?}", told.elapsed());
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!((done.status.code(), server.requests()), (Some(1), 1), "{err}");
    assert!(err.contains("interrupted") && err.contains("1 step done"), "{err}");
    let run = err.split("--resume ").nth(1).unwrap().split(['`', ' ', '\n']).next().unwrap();
    let done = sandbox.flowc_with(&["run", "--resume", run], &vars);
    assert_eq!((done.is_fine().out.trim(), server.requests()), ("fine", 2), "{done:?}");
}
