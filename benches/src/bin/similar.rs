//! What is found by similarity: the search alone among many vectors, of several lengths, and a
//! whole hit inside a run beside as many entries, from memory and from SQLite.
//!
//! `similar [ENTRIES] [SEARCHES] [FOLDER]`

#![expect(clippy::print_stdout, reason = "its answer is a table")]

use flow_benches::Failure;
use flow_benches::load::percentile;
use flow_plan::{Cost, Millis, Tokens, Value};
use flow_runtime::cache::{
    Asked, Cache, CacheKey, Entry, Front, MemoryCache, NearGroup, Nearest, Placed, Saved, SqliteCache,
    Vectors,
};
use std::path::Path;
use std::time::Instant;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: usize| args.get(at).and_then(|a| a.parse().ok()).unwrap_or(usual);
    let (entries, searches) = (number(0, 100_000), number(1, 500));
    let own = tempfile::tempdir()?;
    let folder = args.get(2).map_or(own.path(), Path::new);
    println!("{searches} searches among {entries}: half take up to, 99 in 100 up to, the nearest was missed");
    for numbers in [384, 512, 768, 1024, 1536] {
        // How near the questions are to each other: those of one kind are far nearer than any two.
        for spread in [0.0, 0.6, 0.8] {
            let (took, missed) = searched(entries, searches, (numbers, spread));
            println!("{numbers:>5} numbers, {spread:.1} near to each other: {took}  {missed}");
        }
    }
    let memory = MemoryCache::holding(1 << 32);
    println!("in memory            {}", found(&memory, entries, searches).await?);
    let sqlite = Front::new(std::sync::Arc::new(SqliteCache::new(folder)));
    println!("in SQLite            {}", found(&sqlite, entries, searches).await?);
    Ok(())
}

fn searched(entries: usize, searches: usize, (numbers, spread): (usize, f32)) -> (String, usize) {
    let mut rng = fastrand::Rng::with_seed(3);
    let middle = unit(&mut rng, numbers);
    let group = NearGroup::default();
    for i in 0..entries {
        group.add(call(i), &vectors(at(&mut rng, &middle, spread)), i64::MAX);
    }
    let (mut took, mut missed) = (Vec::new(), 0);
    for i in 0..searches {
        let asked = at(&mut rng, &middle, spread);
        group.add(call(i), &vectors(at(&mut rng, &asked, 0.95)), i64::MAX);
        let wanted = vectors(asked);
        let began = Instant::now();
        let found = group.nearest(&wanted, 0.93, 0);
        took.push(began.elapsed());
        missed += usize::from(found.first().is_none_or(|(found, _)| *found != call(i)));
    }
    (shown(took), missed)
}

/// As a run does it: what is new is read, the nearest is looked for, its entry is had.
async fn found(cache: &dyn Cache, entries: usize, searches: usize) -> Result<String, Failure> {
    let mut rng = fastrand::Rng::with_seed(5);
    let group = [7; 32];
    let mut some: Vec<Vec<f32>> = Vec::new();
    for i in 0..entries {
        let vector = unit(&mut rng, 512);
        let asked = asked(i);
        cache.put(&asked, &entry(), Millis(3_600_000)).await?;
        let placed = Placed { call: call(i), vectors: vectors(vector.clone()), until: i64::MAX };
        cache.place(&group, &asked, &placed).await?;
        if some.len() < searches {
            some.push(vector);
        }
    }
    let nearest = Nearest::default();
    let began = Instant::now();
    read(cache, &nearest.group(&group), &group).await?;
    let first = began.elapsed().as_secs_f64() * 1e3;
    let mut took = Vec::new();
    for vector in some {
        let wanted = vectors(at(&mut rng, &vector, 0.95));
        let began = Instant::now();
        let known = nearest.group(&group);
        read(cache, &known, &group).await?;
        let Some((call, _)) = known.nearest(&wanted, 0.93, 0).first().copied() else {
            return Err("nothing was near".into());
        };
        let key = CacheKey { scope: None, call };
        cache.get(&Asked { key, ..asked(0) }).await?;
        took.push(began.elapsed());
    }
    Ok(format!("{}; read for the first time in {first:.0} ms", shown(took)))
}

async fn read(cache: &dyn Cache, known: &NearGroup, group: &[u8; 32]) -> Result<(), Failure> {
    let mut after = known.due();
    while let Some(from) = after {
        let places = cache.placed(group, from).await?;
        after = places.more.then_some(places.upto);
        known.learn(places);
    }
    Ok(())
}

fn shown(mut took: Vec<std::time::Duration>) -> String {
    took.sort_unstable();
    format!("{:>7.3} ms {:>7.3} ms", percentile(&took, 50) * 1e3, percentile(&took, 99) * 1e3)
}

fn call(i: usize) -> [u8; 32] {
    let mut call = [0; 32];
    call[..8].copy_from_slice(&(i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    call
}

fn asked(i: usize) -> Asked {
    Asked { key: CacheKey { scope: None, call: call(i) }, flow: "main".into(), callee: "answer".into() }
}

fn entry() -> Entry {
    let value = Value::text("You have 30 days to return your shoes. ".repeat(5));
    Entry { value, saved: Saved { usd: Cost(57_000), input: Tokens(300), output: Tokens(20) } }
}

fn vectors(one: Vec<f32>) -> Vectors {
    Vectors::of(&[one]).unwrap_or_else(|| unreachable!("a vector has numbers"))
}

fn unit(rng: &mut fastrand::Rng, numbers: usize) -> Vec<f32> {
    // Nearly normal, so that no direction is preferred.
    let vector: Vec<f32> = (0..numbers).map(|_| (0..6).map(|_| rng.f32() - 0.5).sum()).collect();
    let length = dot(&vector, &vector).sqrt();
    vector.into_iter().map(|n| n / length).collect()
}

/// A vector of length 1 whose cosine with this one is so large.
fn at(rng: &mut fastrand::Rng, of: &[f32], cosine: f32) -> Vec<f32> {
    let other = unit(rng, of.len());
    let along = dot(&other, of);
    let across: Vec<f32> = other.iter().zip(of).map(|(o, v)| o - along * v).collect();
    let (wide, sine) = (dot(&across, &across).sqrt(), (1.0 - cosine * cosine).sqrt());
    of.iter().zip(&across).map(|(v, a)| cosine * v + sine * a / wide).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
