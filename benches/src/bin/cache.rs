//! What a cache hit costs: of the cache alone, and inside a run with one cached call, from memory and
//! from SQLite, beside a run that has to make the call.
//!
//! `cache [HITS] [ENTRIES] [FOLDER]` keeps that many entries in the cache first.
#![expect(clippy::print_stdout, reason = "its answer is a table")]

use flow_benches::load::percentile;
use flow_benches::{Failure, program};
use flow_plan::{Cost, Millis, Tokens, Value};
use flow_runtime::cache::{Asked, Cache, CacheKey, Entry, Front, MemoryCache, Saved, SqliteCache};
use flow_runtime::{Engine, Options};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const HOUR: Millis = Millis(3_600_000);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: usize| args.get(at).map_or(Ok(usual), |a| a.parse());
    let (hits, entries) = (number(0, 20_000)?, number(1, 100_000)?);
    let own = tempfile::tempdir()?;
    let folder = args.get(2).map_or(own.path(), Path::new);
    let memory: Arc<dyn Cache> = Arc::new(MemoryCache::default());
    let sqlite: Arc<dyn Cache> = Arc::new(SqliteCache::new(folder));
    let front: Arc<dyn Cache> = Arc::new(Front::new(sqlite.clone()));
    filled(&*sqlite, entries).await?;
    println!("{hits} hits, one after another, beside {entries} entries: half take up to, 99 in 100 up to");
    for (name, cache) in [("memory", &memory), ("SQLite", &sqlite), ("memory before SQLite", &front)] {
        let asked = asked(u64::MAX);
        cache.put(&asked, &entry(), HOUR).await?;
        let alone = timed(hits, async || cache.get(&asked).await.map(drop).map_err(Failure::from)).await?;
        let with = engine(cache, "{ cache: 1h }")?;
        program::run(&with, "shoes").await?;
        let inside = timed(hits, async || program::run(&with, "shoes").await).await?;
        println!("{name:<22} alone {alone}   in a run {inside}");
    }
    let next = AtomicU64::new(0);
    let any = timed(hits.min(entries), async || {
        let call = next.fetch_add(1, Ordering::Relaxed);
        sqlite.get(&asked(call)).await.map(drop).map_err(Failure::from)
    });
    println!("{:<22} alone {}, each another entry", "SQLite", any.await?);
    let without = engine(&memory, "")?;
    let made = timed(hits, async || program::run(&without, "shoes").await).await?;
    println!("{:<22} a run whose call is made, by a model that answers at once: {made}", "no cache");
    Ok(())
}

async fn filled(cache: &dyn Cache, entries: usize) -> Result<(), Failure> {
    let began = Instant::now();
    for call in 0..entries as u64 {
        cache.put(&asked(call), &entry(), HOUR).await?;
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
    Ok(format!("{:>7.1} µs {:>7.1} µs", percentile(&took, 50) * 1e6, percentile(&took, 99) * 1e6))
}

fn engine(cache: &Arc<dyn Cache>, settings: &str) -> Result<Engine, Failure> {
    let text = format!(
        r#"
model fast = "openai/gpt-4o-mini" {{ max_output: 64 tokens }}
prompt say(topic: text) -> text {{
  system: "You are a helpful assistant."
  user: "Say something about {{{{ topic }}}}."
}}
flow main(topic: text <= 20 tokens) -> text {{
  said = say(topic) {settings}
  return said
}}
"#
    );
    let options = Options { tables: program::at_once(), cache: cache.clone(), ..Options::default() };
    program::engine(&text, "", options)
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
