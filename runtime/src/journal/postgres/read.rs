//! What a journal tells, each a function in an open transaction.

use super::super::row::{OutcomeRow, SpentRow, read_error, read_inputs, read_plan, read_spent};
use super::super::{CallRow, Doubt, Ended, RunId, RunRow, RunState, StepRow, Trace, Wanted};
use super::db::Db;
use super::{Trouble, review};
use crate::{RunStatus, Spent, codec};
use ecow::EcoString;
use flow_plan::{Cost, Millis};
use jiff::Timestamp;
use tokio_postgres::Row;

/// A call, whether it waits for a person, and its key.
pub(super) struct Call {
    pub(super) row: CallRow,
    pub(super) held: bool,
    pub(super) key: Option<EcoString>,
}

// The runs below a number; the page is as large as the most that is looked at in one turn.
const PAGE: &str = "select number, run, flow, state, driver, started, opened, ended, took, error, usd, calls,
    input_tokens, output_tokens, cached_calls from flow.runs
    where ($1::text is null or flow = $1) and number < $2 order by number desc limit 500";
const RUN: &str = "select number, run, flow, state, driver, started, opened, ended, took, error, usd, calls,
    input_tokens, output_tokens, cached_calls from flow.runs where run = $1";

/// Whether a run is driven elsewhere: the session of its driver holds its lock. Which are driven here, the
/// journal knows best.
pub(super) async fn is_elsewhere(db: &Db<'_>, own: i64, driver: Option<i64>) -> Result<bool, Trouble> {
    let Some(driver) = driver.filter(|driver| *driver != own) else { return Ok(false) };
    // Shared, so that two who look at once do not take each other for the driver.
    let free = db.query_one("select pg_try_advisory_lock_shared($1)", &[&driver]).await?.get(0);
    if free {
        db.execute("select pg_advisory_unlock_shared($1)", &[&driver]).await?;
    }
    Ok(!free)
}

pub(super) async fn runs(db: &Db<'_>, own: i64, wanted: &Wanted) -> Result<Vec<RunRow>, Trouble> {
    let limit = wanted.limit.unwrap_or(usize::MAX);
    let (mut found, mut below) = (Vec::new(), i64::MAX);
    loop {
        let rows = db.query(PAGE, &[&wanted.flow, &below]).await?;
        for row in &rows {
            if found.len() >= limit {
                return Ok(found);
            }
            let run = run(db, own, row).await?;
            if wanted.states.is_empty() || wanted.states.contains(&run.state) {
                found.push(run);
            }
        }
        match rows.last() {
            Some(last) => below = last.get(0),
            None => return Ok(found),
        }
    }
}

pub(super) async fn trace(db: &Db<'_>, own: i64, wanted: &RunId) -> Result<Option<Trace>, Trouble> {
    let Some(row) = db.query_opt(RUN, &[&wanted.0.as_str()]).await? else {
        return Ok(None);
    };
    let number: i64 = row.get(0);
    let more = db
        .query_one("select inputs, note, output, plan from flow.runs where number = $1", &[&number])
        .await?;
    let output: Option<&str> = more.get(2);
    Ok(Some(Trace {
        run: run(db, own, &row).await?,
        plan: read_plan(more.get(3)).map_err(Trouble::Broken)?,
        inputs: read_inputs(more.get(0)).map_err(Trouble::Broken)?,
        note: more.get::<_, &str>(1).into(),
        output: output.map(codec::decode).transpose().map_err(Trouble::Broken)?,
        steps: steps(db, number).await?,
        calls: calls(db, number).await?.into_iter().map(|call| call.row).collect(),
        reviews: review::of_run(db, number).await?,
    }))
}

/// One run as it stands in the list.
pub(super) async fn row(db: &Db<'_>, own: i64, wanted: &RunId) -> Result<Option<RunRow>, Trouble> {
    match db.query_opt(RUN, &[&wanted.0.as_str()]).await? {
        Some(row) => run(db, own, &row).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn in_doubt(db: &Db<'_>, own: i64) -> Result<Vec<Doubt>, Trouble> {
    let held = "select runs.run, flow, driver, path, whom, began from flow.calls
        join flow.runs on runs.number = calls.run where held order by began";
    let mut found = Vec::new();
    for row in db.query(held, &[]).await? {
        if is_elsewhere(db, own, row.get(2)).await? {
            continue;
        }
        found.push(Doubt {
            run: RunId(text(&row, 0)),
            flow: text(&row, 1),
            path: row.get(3),
            action: text(&row, 4),
            since: moment(row.get(5))?,
        });
    }
    Ok(found)
}

/// How a run ended that has ended for good.
pub(super) async fn ended(db: &Db<'_>, number: i64) -> Result<Ended, Trouble> {
    let row = db
        .query_one(
            "select state, output, error, usd, calls, input_tokens, output_tokens, cached_calls
             from flow.runs where number = $1",
            &[&number],
        )
        .await?;
    let (output, error): (Option<&str>, Option<&str>) = (row.get(1), row.get(2));
    Ok(Ended {
        status: if state(row.get(0))? == RunState::Ok { RunStatus::Ok } else { RunStatus::Stopped },
        output: output.map(codec::decode).transpose().map_err(Trouble::Broken)?,
        error: error.map(read_error).transpose().map_err(Trouble::Broken)?,
        spent: read_spent(spent(&row, 3)),
    })
}

/// The outcomes of a run's steps, in the order they were recorded.
pub(super) async fn steps(db: &Db<'_>, number: i64) -> Result<Vec<StepRow>, Trouble> {
    let steps = "select path, ended, value, error, attempts, model, repaired, took, usd, calls,
        input_tokens, output_tokens, cached_calls from flow.steps where run = $1 order by ended, number";
    let mut found = Vec::new();
    for row in db.query(steps, &[&number]).await? {
        let outcome = OutcomeRow {
            value: row.get(2),
            error: row.get(3),
            attempts: row.get(4),
            model: row.get(5),
            repaired: row.get(6),
            took: row.get(7),
            spent: spent(&row, 8),
        };
        found.push(StepRow {
            path: row.get(0),
            ended: moment(row.get(1))?,
            outcome: outcome.read().map_err(Trouble::Broken)?,
        });
    }
    Ok(found)
}

/// The calls of a run, in the order they began.
pub(super) async fn calls(db: &Db<'_>, number: i64) -> Result<Vec<Call>, Trouble> {
    let calls = "select path, whom, worst, held, began, ended, usd, calls, input_tokens, output_tokens,
        error, key from flow.calls where run = $1 order by began, attempt";
    let mut found = Vec::new();
    for row in db.query(calls, &[&number]).await? {
        let (began, ended): (i64, Option<i64>) = (row.get(4), row.get(5));
        let heard = |i: usize| row.get::<_, Option<i64>>(i).unwrap_or_default();
        found.push(Call {
            held: row.get(3),
            key: row.get::<_, Option<&str>>(11).map(Into::into),
            row: CallRow {
                path: row.get(0),
                whom: text(&row, 1),
                began: moment(began)?,
                worst: Cost(row.get(2)),
                took: ended.map(|ended| Millis(ended.saturating_sub(began).max(0).unsigned_abs())),
                spent: read_spent([heard(6), heard(7), heard(8), heard(9), 0]),
                error: row.get(10),
            },
        });
    }
    Ok(found)
}

/// The state of this name.
pub(super) fn state(name: &str) -> Result<RunState, Trouble> {
    RunState::named(name).ok_or_else(|| Trouble::Broken(format!("`{name}` is no state")))
}

async fn run(db: &Db<'_>, own: i64, row: &Row) -> Result<RunRow, Trouble> {
    let mut state = state(row.get(3))?;
    let (opened, ended, mut took): (i64, Option<i64>, i64) = (row.get(6), row.get(7), row.get(8));
    let mut used = read_spent(spent(row, 10));
    if matches!(state, RunState::Running | RunState::Interrupted) {
        // Nobody has written what it came to so far.
        used = so_far(db, row.get(0)).await?;
    }
    if state == RunState::Running {
        let driver: Option<i64> = row.get(4);
        match driver == Some(own) || is_elsewhere(db, own, driver).await? {
            true => took += (Timestamp::now().as_millisecond() - opened).max(0),
            false => state = RunState::Interrupted,
        }
    }
    let error: Option<&str> = row.get(9);
    Ok(RunRow {
        run: RunId(text(row, 1)),
        flow: text(row, 2),
        state,
        started: moment(row.get(5))?,
        ended: ended.map(moment).transpose()?,
        took: Millis(took.max(0).unsigned_abs()),
        spent: used,
        error: error.map(read_error).transpose().map_err(Trouble::Broken)?,
    })
}

async fn so_far(db: &Db<'_>, number: i64) -> Result<Spent, Trouble> {
    // The sum of whole numbers is a `numeric` in PostgreSQL.
    let sums = "select coalesce(sum(coalesce(usd, worst)), 0)::bigint,
        coalesce(sum(coalesce(calls, (worst > 0)::int)), 0)::bigint,
        coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint,
        (select coalesce(sum(cached_calls), 0)::bigint from flow.steps where run = $1)
        from flow.calls where run = $1";
    Ok(read_spent(spent(&db.query_one(sums, &[&number]).await?, 0)))
}

fn spent(row: &Row, first: usize) -> SpentRow {
    [0, 1, 2, 3, 4].map(|i| row.get(first + i))
}

fn text(row: &Row, column: usize) -> EcoString {
    row.get::<_, &str>(column).into()
}

fn moment(ms: i64) -> Result<Timestamp, Trouble> {
    Timestamp::from_millisecond(ms).map_err(|e| Trouble::Broken(e.to_string()))
}
