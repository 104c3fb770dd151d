//! What the runtime adds to a call: Flow beside a hand-written tokio and reqwest program that makes
//! the same calls, against a provider that costs next to nothing.
//!
//! `cargo run --release -p flow-benches --bin overhead [--seconds S]` prints a table: for each delay
//! of the provider and each number of concurrent runs, runs a second of both, their ratio, and the
//! medians of one run. The two take turns, so that both see the same machine.
#![expect(clippy::print_stdout, reason = "its answer is the table")]

mod provider;

use flow_compiler::{World, compile};
use flow_plan::{CapabilitySpec, Catalog, FlowId, Value};
use flow_runtime::{Context, Engine, Environment, Http, Options, Start};
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const PORT: u16 = 18_180;
const ROUNDS: usize = 3;
const WARM_UP: usize = 200;

const PROGRAM: &str = r#"
model fast = "openai/gpt-4o-mini" {
  max_output: 64 tokens
  temperature: 0
}

prompt say(animal: text) -> text {
  system: "You are a helpful assistant."
  user: "Say something about {{ animal }}."
}

flow main(animal: text <= 20 tokens) -> text {
  return say(animal)
}
"#;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [role, port, delay] = args.as_slice()
        && role == "provider"
    {
        return Ok(provider::serve(port.parse()?, Duration::from_millis(delay.parse()?)).await?);
    }
    let seconds = match args.as_slice() {
        [flag, seconds] if flag == "--seconds" => seconds.parse()?,
        _ => 3.0,
    };
    println!("delay  at once  hand-written/s    flow/s  ratio   hand-written p50   flow p50");
    for (number, delay) in [0_u64, 20].into_iter().enumerate() {
        let port = PORT + u16::try_from(number)?;
        let mut child = std::process::Command::new(std::env::current_exe()?)
            .args(["provider", &port.to_string(), &delay.to_string()])
            .spawn()?;
        let measured = compare(port, delay, Duration::from_secs_f64(seconds)).await;
        child.kill()?;
        child.wait()?;
        measured?;
    }
    Ok(())
}

async fn compare(port: u16, delay: u64, time: Duration) -> Result<(), Failure> {
    let url = format!("http://127.0.0.1:{port}/v1");
    wait_for(port).await?;
    let by_hand = ByHand::new(&url)?;
    let flow = Arc::new(engine(&url)?);
    for at_once in [1, 64, 256] {
        let mut hand_rounds = Vec::new();
        let mut flow_rounds = Vec::new();
        for _ in 0..ROUNDS {
            let hand = by_hand.clone();
            hand_rounds.push(load(at_once, time, move || hand.clone().call()).await?);
            let engine = flow.clone();
            flow_rounds.push(load(at_once, time, move || run(engine.clone())).await?);
        }
        let best = |rounds: Vec<Load>| {
            rounds.into_iter().max_by(|a, b| a.rate.total_cmp(&b.rate)).unwrap_or_default()
        };
        let (hand, flow) = (best(hand_rounds), best(flow_rounds));
        println!(
            "{delay:>3} ms {at_once:>8} {:>15.0} {:>9.0} {:>6.3} {:>15.3} ms {:>7.3} ms",
            hand.rate,
            flow.rate,
            flow.rate / hand.rate,
            hand.p50,
            flow.p50
        );
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Load {
    /// Calls a second.
    rate: f64,
    /// Median of one call, in milliseconds.
    p50: f64,
}

// A closed loop: each of `at_once` tasks makes one call after the other until the time is up.
async fn load<F, C>(at_once: usize, time: Duration, call: C) -> Result<Load, Failure>
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
    C: Fn() -> F + Clone + Send + 'static,
{
    for _ in 0..WARM_UP {
        call().await?;
    }
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..at_once {
        let call = call.clone();
        tasks.spawn(async move {
            let mut took = Vec::new();
            while start.elapsed() < time {
                let before = Instant::now();
                call().await?;
                took.push(before.elapsed());
            }
            Ok::<_, Failure>(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = tasks.join_next().await {
        took.extend(done??);
    }
    let elapsed = start.elapsed().as_secs_f64();
    took.sort();
    let p50 = took.get(took.len() / 2).map_or(0.0, |d| d.as_secs_f64() * 1e3);
    Ok(Load { rate: took.len() as f64 / elapsed, p50 })
}

/// What somebody would write who needs nothing but this one call.
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

    async fn call(self) -> Result<(), Failure> {
        let request = self.client.post(&*self.url).bearer_auth("sk-bench").json(&*self.body);
        let answer: serde_json::Value = request.send().await?.error_for_status()?.json().await?;
        match answer["choices"][0]["message"]["content"].as_str() {
            Some(_) => Ok(()),
            None => Err("no answer".into()),
        }
    }
}

async fn run(engine: Arc<Engine>) -> Result<(), Failure> {
    let report = engine.run(Start::new(FlowId(0), vec![Value::text("foxes")])).await;
    match report.error {
        None => Ok(()),
        Some(error) => Err(error.to_string().into()),
    }
}

fn engine(url: &str) -> Result<Engine, Failure> {
    let world =
        Program { catalog: flow_stdlib::catalog().clone(), capabilities: flow_runtime::capabilities() };
    let outcome = compile(&world, "main.flow");
    let plan = outcome.plan.ok_or_else(|| format!("{:?}", outcome.diagnostics))?;
    let mut env = Environment::default();
    env.vars.insert("OPENAI_API_KEY".into(), "sk-bench".into());
    env.vars.insert("OPENAI_BASE_URL".into(), url.into());
    let folder = std::env::temp_dir();
    let context = Context {
        env,
        state: folder.join("flow-benches"),
        root: folder,
        http: Http::default(),
        cancel: CancellationToken::new(),
    };
    Ok(Engine::new(Arc::new(plan), context, Options::default())?)
}

struct Program {
    catalog: Catalog,
    capabilities: Vec<&'static CapabilitySpec>,
}

impl World for Program {
    fn read(&self, path: &str) -> Result<Arc<str>, String> {
        if path == "main.flow" { Ok(PROGRAM.into()) } else { Err("there is no such file".into()) }
    }
    fn catalog(&self) -> &Catalog {
        &self.catalog
    }
    fn capabilities(&self) -> &[&'static CapabilitySpec] {
        &self.capabilities
    }
    fn model_override(&self, _: &str) -> Option<String> {
        None
    }
    fn today(&self) -> Option<jiff::civil::Date> {
        None
    }
}

async fn wait_for(port: u16) -> Result<(), Failure> {
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err("the provider did not start".into())
}
