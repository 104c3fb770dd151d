//! What every journal promises, asked of each of them.
#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

#[cfg(feature = "postgres")]
#[path = "../chain/mod.rs"]
mod chain;
#[cfg(feature = "postgres")]
mod postgres;
mod promises;
mod sqlite;

use flow_plan::{Cost, Millis, Tokens, Value};
use flow_runtime::journal::*;
use flow_runtime::{RunError, RunId, RunStatus, Spent};
use std::sync::Arc;

/// A run of a flow with one input.
fn head(run: &str) -> RunHead {
    RunHead {
        run: RunId(run.into()),
        plan: PlanDigest([7; 32]),
        flow: "main".into(),
        inputs: vec![Value::text("hi"), Value::Money(Cost(3))],
        note: "a note".into(),
    }
}

/// A call that costs 100 at worst.
fn begun(path: &str, attempt: u64, in_doubt: InDoubt) -> Begun {
    let key = (in_doubt == InDoubt::Hold).then(|| format!("key of {path}").into());
    let (path, attempt) = (path.to_owned(), AttemptId(attempt));
    Begun { path, attempt, whom: "fake/fast".into(), worst: Cost(100), in_doubt, key }
}

fn spent(usd: i64) -> Spent {
    Spent { usd: Cost(usd), calls: 1, input: Tokens(10), output: Tokens(5), cached_calls: 0 }
}

fn used(usd: i64) -> Used {
    Used { spent: spent(usd), error: None }
}

fn outcome(result: Result<Value, RunError>, usd: i64) -> Outcome {
    Outcome {
        result,
        spent: spent(usd),
        attempts: 2,
        model: Some("fake/fast".into()),
        repaired: vec!["a missing brace".into()],
        similar: None,
        took: Millis(12),
    }
}

fn ended(status: RunStatus) -> Ended {
    let output = (status == RunStatus::Ok).then(|| Value::text("done"));
    Ended { status, output, error: None, spent: spent(40) }
}

/// A journal, and the same for another process, both empty at first.
struct Pair {
    one: Arc<dyn Journal>,
    other: Arc<dyn Journal>,
}
