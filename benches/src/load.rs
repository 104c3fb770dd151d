//! A load in a closed loop: so many callers, each of which makes one call after the other.

use crate::Failure;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const WARM_UP: usize = 200;

/// What a load has measured.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Load {
    /// Calls a second.
    pub rate: f64,
    /// Milliseconds that half of the calls took at most.
    pub p50: f64,
    /// Milliseconds that 99 of 100 calls took at most.
    pub p99: f64,
    /// Seconds of processor time for 1,000 calls, of this process alone.
    pub cpu: f64,
    /// The most memory that the process has held, in megabytes.
    pub memory: f64,
    /// Megabytes of that which token tables take.
    #[serde(default)]
    pub tables: f64,
}

/// Keeps `at_once` callers busy for `time`, after a warm-up that is not counted.
pub async fn load<F, C>(at_once: usize, time: Duration, call: C) -> Result<Load, Failure>
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
    C: Fn() -> F + Clone + Send + 'static,
{
    for _ in 0..WARM_UP {
        call().await?;
    }
    let (start, before) = (Instant::now(), crate::process::cpu_seconds()?);
    let mut tasks = JoinSet::new();
    for _ in 0..at_once {
        let call = call.clone();
        tasks.spawn(async move {
            let mut took = Vec::new();
            while start.elapsed() < time {
                let began = Instant::now();
                call().await?;
                took.push(began.elapsed());
            }
            Ok::<_, Failure>(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = tasks.join_next().await {
        took.extend(done??);
    }
    let (elapsed, used) = (start.elapsed().as_secs_f64(), crate::process::cpu_seconds()? - before);
    took.sort_unstable();
    Ok(Load {
        rate: took.len() as f64 / elapsed,
        p50: percentile(&took, 50) * 1e3,
        p99: percentile(&took, 99) * 1e3,
        cpu: used / took.len().max(1) as f64 * 1e3,
        memory: crate::process::most_memory_mb()?,
        tables: 0.0,
    })
}

/// The seconds that `share` of 100 took at most; the durations are sorted.
pub fn percentile(sorted: &[Duration], share: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * share / 100).map_or(0.0, Duration::as_secs_f64)
}
