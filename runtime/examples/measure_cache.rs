//! Measures cache hits: of the cache alone, and inside a run of a flow with one cached call, from memory
//! and from SQLite, beside a run that has to make the call.
//!
//! `measure_cache [HITS] [ENTRIES] [FOLDER]` keeps that many entries in the cache first.

#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use async_trait::async_trait;
use flow_diagnostics::Span;
use flow_plan::*;
use flow_runtime::cache::{Asked, Cache, CacheKey, Entry, Front, MemoryCache, Saved, SqliteCache};
use flow_runtime::provider::{CallError, Finish, OnText, Provider, Reply, Request, Usage};
use flow_runtime::{Context, Engine, Environment, Options, RunStatus, Start, Tables};
use petgraph::graph::DiGraph;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Instantly;

static SPEC: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Provider, name: "instantly", ..CapabilitySpec::BASE };

#[async_trait]
impl Provider for Instantly {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(&self, _: &Context, _: &Request<'_>, _: &mut OnText<'_>) -> Result<Reply, CallError> {
        Ok(Reply {
            text: "You have 30 days to return your shoes.".to_owned(),
            usage: Usage { input: Tokens(300), output: Tokens(20), ..Usage::default() },
            finish: Finish::Done,
            request_id: None,
        })
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: usize| args.get(at).and_then(|a| a.parse().ok()).unwrap_or(usual);
    let (hits, entries) = (number(0, 20_000), number(1, 100_000));
    let folder = args.get(2).cloned().unwrap_or_else(|| "target/measure_cache".to_owned());
    let folder = Path::new(&folder);
    let memory: Arc<dyn Cache> = Arc::new(MemoryCache::default());
    let sqlite: Arc<dyn Cache> = Arc::new(SqliteCache::new(folder));
    let front: Arc<dyn Cache> = Arc::new(Front::new(sqlite.clone()));
    filled(&*sqlite, entries).await?;
    println!("{hits} hits, one after another, beside {entries} entries: half take up to, 99 in 100 up to");
    for (name, cache) in [("memory", &memory), ("SQLite", &sqlite), ("memory before SQLite", &front)] {
        let asked = asked(u64::MAX);
        cache.put(&asked, &entry(), Millis(3_600_000)).await?;
        let alone = timed(hits, async || cache.get(&asked).await.map(drop).map_err(Failure::from)).await?;
        let with = engine(cache, true)?;
        run(&with).await?;
        let inside = timed(hits, async || run(&with).await).await?;
        println!("{name:<22} alone {alone}   in a run {inside}");
    }
    let next = std::sync::atomic::AtomicU64::new(0);
    let any = timed(hits.min(entries), async || {
        let call = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        sqlite.get(&asked(call)).await.map(drop).map_err(Failure::from)
    });
    println!("{:<22} alone {}, each another entry", "SQLite", any.await?);
    let without = engine(&memory, false)?;
    let made = timed(hits, async || run(&without).await).await?;
    println!("{:<22} a run whose call is made, by a model that answers at once: {made}", "no cache");
    Ok(())
}

async fn filled(cache: &dyn Cache, entries: usize) -> Result<(), Failure> {
    let began = Instant::now();
    for call in 0..entries as u64 {
        cache.put(&asked(call), &entry(), Millis(3_600_000)).await?;
    }
    let each = began.elapsed().as_secs_f64() * 1e6 / entries.max(1) as f64;
    println!("{entries} entries kept in SQLite, {each:.1} µs each");
    Ok(())
}

async fn timed(times: usize, work: impl AsyncFn() -> Result<(), Failure>) -> Result<String, Failure> {
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        let began = Instant::now();
        work().await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1e6;
    Ok(format!("{:>7.1} µs {:>7.1} µs", at(50), at(99)))
}

async fn run(engine: &Engine) -> Result<(), Failure> {
    let report = engine.run(Start::new(FlowId(0), vec![Value::text("shoes")])).await;
    match report.status {
        RunStatus::Ok => Ok(()),
        _ => Err(format!("{:?}", report.error).into()),
    }
}

fn engine(cache: &Arc<dyn Cache>, cached: bool) -> Result<Engine, Failure> {
    let tables = Tables { providers: vec![Arc::new(Instantly)], ..Tables::default() };
    let context = Context::new(Environment::default(), ".", ".flow");
    let options = Options { tables, cache: cache.clone(), ..Options::default() };
    Ok(Engine::new(Arc::new(plan(cached)), context, options)?)
}

fn asked(call: u64) -> Asked {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&call.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    Asked { key: CacheKey { scope: None, call: key }, flow: "main".into(), callee: "answer".into() }
}

fn entry() -> Entry {
    let value = Value::text("You have 30 days to return your shoes. ".repeat(5));
    Entry { value, saved: Saved { usd: Cost(57_000), input: Tokens(300), output: Tokens(20) } }
}

/// A flow with one call.
fn plan(cached: bool) -> Plan {
    let span = Span::default();
    let template = |source: &str, vars| Template { source: source.into(), vars, holes: vec![], span };
    let param = Param {
        name: "topic".into(),
        ty: Type::TEXT,
        labels: Labels::default(),
        doc: "".into(),
        default: None,
        span,
    };
    let price = Price { input: Cost(150_000_000), output: Cost(600_000_000), ..Price::default() };
    let mut steps = DiGraph::new();
    let cache = cached.then_some(CachePolicy { ttl: Millis(3_600_000), scope: None });
    steps.add_node(Step {
        name: "answer".into(),
        ty: Type::TEXT,
        labels: Labels::default(),
        kind: StepKind::Call(Callee::Prompt(PromptId(0)), vec![Expr::Var(VarId(0))]),
        settings: StepSettings { model: Some(ModelId(0)), cache, ..StepSettings::default() },
        on_fail: None,
        bounds: None,
        called: None,
        span,
    });
    let body = Block { vars: 0..2, inputs: 1, steps, result: Some(Expr::Var(VarId(1))), assumes: vec![] };
    Plan {
        models: vec![Model {
            name: "fast".into(),
            provider: "instantly".into(),
            model: "m".into(),
            card: ModelCard { price, max_output: Tokens(200), ..ModelCard::default() },
            settings: ModelSettings::default(),
            tokenizer: None,
            cleared: true,
            span,
        }],
        prompts: vec![Prompt {
            name: "say".into(),
            doc: "".into(),
            params: vec![param.clone()],
            output: Type::TEXT,
            messages: vec![(Role::System, TemplateId(0)), (Role::User, TemplateId(1))],
            examples: vec![],
            images: None,
            span,
        }],
        templates: vec![
            template("You are a helpful assistant.", vec![]),
            template("Say something about {{ topic }}.", vec![("topic".into(), Expr::Var(VarId(0)))]),
        ],
        flows: vec![Flow {
            name: "main".into(),
            doc: "".into(),
            params: vec![param],
            output: Type::TEXT,
            settings: FlowSettings { budget: Some(Cost(1_000_000_000)), ..FlowSettings::default() },
            body,
            span,
        }],
        ..Plan::default()
    }
}
