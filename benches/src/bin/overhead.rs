//! What the runtime adds to a call: Flow beside a hand-written tokio and reqwest program and, with
//! `--peers`, beside TensorZero, OpenAI's SDK, LangGraph and LiteLLM, all of which make the same call
//! to a provider that costs next to nothing.
//!
//! `cargo run --release -p flow-benches --bin overhead [--seconds S] [--peers]` prints a table for each
//! case. Every load is a process of its own, so that its processor time and memory are its alone; the
//! contenders take turns, so that all see the same machine, and the best of their rounds counts.
#![expect(clippy::print_stdout, reason = "its answer is the table")]

use flow_benches::load::{Load, load};
use flow_benches::{Failure, process, program, provider};
use flow_runtime::Options;
use flow_runtime::journal::{DurableJournal, Journal};
use flow_tokens::Measure;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// As in `flowc`, for all that are written in Rust.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PORT: u16 = 18_180;
const ROUNDS: usize = 3;

const HEAD: &str = r#"
model fast = "openai/gpt-4o-mini" {
  max_output: 64 tokens
  temperature: 0
}

prompt say(animal: text) -> text {
  system: "You are a helpful assistant."
  user: "Say something about {{ animal }}."
}
"#;

const ONE: &str = "
flow main(animal: text <= 20 tokens) -> text {
  return say(animal)
}
";

const CHAIN: &str = "
flow main(animal: text <= 20 tokens) -> text {
  first = say(animal)
  second = say(first)
  return say(second)
}
";

const PEERS: [&str; 4] = ["tensorzero", "openai", "langgraph", "litellm"];

struct Case {
    title: &'static str,
    delay: u64,
    calls: usize,
    at_once: usize,
    peers: &'static [&'static str],
}

const CASES: [Case; 6] = [
    Case { title: "One at a time, at once", delay: 0, calls: 1, at_once: 1, peers: &PEERS },
    Case { title: "64 at once, at once", delay: 0, calls: 1, at_once: 64, peers: &PEERS },
    Case { title: "256 at once, at once", delay: 0, calls: 1, at_once: 256, peers: &[] },
    Case { title: "64 at once, after 20 ms", delay: 20, calls: 1, at_once: 64, peers: &PEERS },
    Case { title: "256 at once, after 20 ms", delay: 20, calls: 1, at_once: 256, peers: &[] },
    Case { title: "A chain of three, one at a time", delay: 0, calls: 3, at_once: 1, peers: &["langgraph"] },
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["provider", port, delay] => {
            Ok(provider::serve(port.parse()?, Duration::from_millis(delay.parse()?)).await?)
        }
        ["load", who, url, calls, at_once, seconds] => {
            let time = Duration::from_secs_f64(seconds.parse()?);
            let measured = measure(who, url, calls.parse()?, (at_once.parse()?, time)).await?;
            println!("{}", serde_json::to_string(&measured)?);
            Ok(())
        }
        _ => {
            let seconds = args.iter().position(|a| *a == "--seconds").and_then(|at| args.get(at + 1));
            let seconds = seconds.map_or(Ok(3.0), |s| s.parse())?;
            compare(seconds, args.contains(&"--peers"))
        }
    }
}

fn compare(seconds: f64, with_peers: bool) -> Result<(), Failure> {
    for case in &CASES {
        let port = PORT + u16::try_from(case.delay)?;
        let mut serving = Running(
            Command::new(std::env::current_exe()?)
                .args(["provider", &port.to_string(), &case.delay.to_string()])
                .spawn()?,
        );
        wait_for(port)?;
        let mut contenders = vec!["hand-written", "flow", "flow, journal"];
        contenders.extend(case.peers.iter().filter(|_| with_peers));
        let mut best = vec![Load::default(); contenders.len()];
        for _ in 0..ROUNDS {
            for (who, best) in contenders.iter().zip(&mut best) {
                let measured = once(who, port, case, seconds)?;
                if measured.rate > best.rate {
                    *best = measured;
                }
            }
        }
        serving.0.kill()?;
        table(case, &contenders, &best);
    }
    Ok(())
}

fn table(case: &Case, contenders: &[&str], loads: &[Load]) {
    println!("\n{}", case.title);
    println!(
        "{:<14} {:>9} {:>7} {:>9} {:>9} {:>12} {:>6} {:>7}",
        "", "per s", "ratio", "p50 ms", "p99 ms", "CPU s/1,000", "MB", "tables"
    );
    let hand = loads.first().map_or(f64::NAN, |l| l.rate);
    for (who, load) in contenders.iter().zip(loads) {
        println!(
            "{who:<14} {:>9.0} {:>7.3} {:>9.3} {:>9.3} {:>12.3} {:>6.0} {:>7.0}",
            load.rate,
            load.rate / hand,
            load.p50,
            load.p99,
            load.cpu,
            load.memory,
            load.tables
        );
    }
}

// One round of one contender, in a process of its own.
fn once(who: &str, port: u16, case: &Case, seconds: f64) -> Result<Load, Failure> {
    let mut command = if PEERS.contains(&who) {
        let script = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/peers.py"));
        let mut command = Command::new("python3");
        command.arg(script);
        command
    } else {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("load");
        command
    };
    let (url, calls, at_once) =
        (format!("http://127.0.0.1:{port}/v1"), case.calls.to_string(), case.at_once.to_string());
    let done = command
        .args([who, &url, &calls, &at_once, &seconds.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    let said = String::from_utf8_lossy(&done.stdout);
    // Some peers say more in front of them.
    let figures = said.trim().lines().last().unwrap_or_default();
    serde_json::from_str(figures).map_err(|e| format!("{who} gave no figures ({e}): {said}").into())
}

async fn measure(
    who: &str,
    url: &str,
    calls: usize,
    (at_once, time): (usize, Duration),
) -> Result<Load, Failure> {
    if who == "hand-written" {
        let by_hand = ByHand::new(url)?;
        return load(at_once, time, move || by_hand.clone().calls(calls)).await;
    }
    let state = tempfile::tempdir()?;
    let journal = (who == "flow, journal").then(|| DurableJournal::sqlite(state.path()));
    let journal = journal.map(|j| Arc::new(j) as Arc<dyn Journal>);
    let before = process::memory_mb()?;
    Measure::named("o200k_base", None).map_err(|e| e.to_string())?.count("Foxes");
    let tables = process::memory_mb()? - before;
    let text = [HEAD, if calls == 1 { ONE } else { CHAIN }].concat();
    let engine = Arc::new(program::engine(&text, url, Options { journal, ..Options::default() })?);
    let call = move || {
        let engine = engine.clone();
        async move { program::run(&engine, "foxes").await }
    };
    Ok(Load { tables, ..load(at_once, time, call).await? })
}

/// What somebody would write who needs nothing but these calls.
#[derive(Clone)]
struct ByHand {
    client: reqwest::Client,
    url: Arc<str>,
    body: Arc<serde_json::Value>,
}

impl ByHand {
    fn new(url: &str) -> Result<ByHand, Failure> {
        let client = reqwest::Client::builder().pool_max_idle_per_host(1024).tcp_nodelay(true).build()?;
        let body = serde_json::json!({
            "model": "gpt-4o-mini",
            "messages": [
                {"role": "system", "content": "You are a helpful assistant."},
                {"role": "user", "content": "Say something about foxes."}
            ],
            "max_completion_tokens": 64,
            "temperature": 0
        });
        Ok(ByHand { client, url: format!("{url}/chat/completions").into(), body: Arc::new(body) })
    }

    async fn calls(self, count: usize) -> Result<(), Failure> {
        for _ in 0..count {
            let request = self.client.post(&*self.url).bearer_auth("sk-bench").json(&*self.body);
            let answer: serde_json::Value = request.send().await?.error_for_status()?.json().await?;
            if answer["choices"][0]["message"]["content"].as_str().is_none() {
                return Err("no answer".into());
            }
        }
        Ok(())
    }
}

fn wait_for(port: u16) -> Result<(), Failure> {
    for _ in 0..200 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err("the provider did not start".into())
}

/// A process that ends with what it serves.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
