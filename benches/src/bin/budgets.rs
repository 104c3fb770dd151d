//! Measures the accounts of the day: many callers that reserve and settle at once, on disk and in
//! memory.
//!
//! `budgets [FOLDER] [CALLS]` prints reservations with their settlements a second, and how long
//! a caller waits for both.

#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use flow_benches::Failure;
use flow_benches::load::percentile;
use flow_plan::Cost;
use flow_runtime::RunId;
use flow_runtime::budget::{Account, Accounts, Claim, MemoryAccounts, Owner, SqliteAccounts, today};
use futures::future::join_all;
use std::path::Path;
use std::time::{Duration, Instant};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = args.first().map_or(".", String::as_str);
    let calls: usize = args.get(1).map_or(Ok(20_000), |a| a.parse())?;
    let state = tempfile::tempdir_in(Path::new(folder))?;
    for callers in [1, 64, 1000] {
        let calls = if callers == 1 { calls / 20 } else { calls };
        let on_disk = SqliteAccounts::new(state.path());
        measure("on disk", &on_disk, callers, calls).await?;
        measure("in memory", &MemoryAccounts::default(), callers, calls).await?;
    }
    Ok(())
}

async fn measure(place: &str, accounts: &dyn Accounts, callers: usize, calls: usize) -> Result<(), Failure> {
    let each = calls.div_ceil(callers);
    let began = Instant::now();
    let waits = join_all((0..callers).map(|_| caller(accounts, each))).await;
    let seconds = began.elapsed().as_secs_f64();
    let mut waits: Vec<Duration> = waits.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    waits.sort_unstable();
    println!(
        "{callers:>5} callers {place}: {:.0} calls/s; a call waits {:.2} ms, one in a hundred {:.2} ms",
        waits.len() as f64 / seconds,
        percentile(&waits, 50) * 1e3,
        percentile(&waits, 99) * 1e3,
    );
    Ok(())
}

// How long each of its calls has waited for its reservation and its settlement.
async fn caller(accounts: &dyn Accounts, calls: usize) -> Result<Vec<Duration>, Failure> {
    let account = |owner| Account { owner, per_day: Cost(i64::MAX) };
    let mut waits = Vec::with_capacity(calls);
    for _ in 0..calls {
        let began = Instant::now();
        let claim = Claim {
            accounts: vec![account(Owner::Project), account(Owner::Flow("support".into()))],
            day: today(),
            worst: Cost(20),
            run: RunId("measured".into()),
        };
        let hold = accounts.reserve(claim).await.map_err(|e| format!("{e:?}"))?;
        accounts.settle(hold, Cost(10)).await?;
        waits.push(began.elapsed());
    }
    Ok(waits)
}
