//! What a journal tells, each a function on an open transaction.

use super::super::row::{OutcomeRow, read_error, read_inputs, read_plan, read_spent};
use super::super::{CallRow, Doubt, Ended, RunId, RunRow, RunState, StepRow, Trace, Wanted};
use super::{Drivers, Trouble, review};
use crate::{RunStatus, Spent, codec};
use ecow::EcoString;
use flow_plan::{Cost, Millis};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

/// A call, whether it waits for a person, and its key.
pub(super) struct Call {
    pub(super) row: CallRow,
    pub(super) held: bool,
    pub(super) key: Option<EcoString>,
}

const RUN: &str = "select number, run, flow, state, driver, started, opened, ended, took, error, usd, calls,
    input_tokens, output_tokens, cached_calls from runs";

pub(super) fn runs(db: &Connection, drivers: Drivers<'_>, wanted: &Wanted) -> Result<Vec<RunRow>, Trouble> {
    let mut rows = db.prepare_cached(&format!("{RUN} where ?1 is null or flow = ?1 order by number desc"))?;
    let mut rows = rows.query([&wanted.flow])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if wanted.limit.is_some_and(|limit| found.len() >= limit) {
            break;
        }
        let run = run(db, drivers, row)?;
        if wanted.states.is_empty() || wanted.states.contains(&run.state) {
            found.push(run);
        }
    }
    Ok(found)
}

pub(super) fn trace(db: &Connection, drivers: Drivers<'_>, wanted: &RunId) -> Result<Option<Trace>, Trouble> {
    let mut rows = db.prepare_cached(&format!("{RUN} where run = ?1"))?;
    let mut rows = rows.query([wanted.0.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let number: i64 = row.get(0)?;
    let run = run(db, drivers, row)?;
    let (inputs, note, output, plan): (String, String, Option<String>, Vec<u8>) = db
        .prepare_cached("select inputs, note, output, plan from runs where number = ?1")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(Some(Trace {
        run,
        plan: read_plan(&plan).map_err(Trouble::Broken)?,
        inputs: read_inputs(&inputs).map_err(Trouble::Broken)?,
        note: note.into(),
        output: output.map(|text| codec::decode(&text)).transpose().map_err(Trouble::Broken)?,
        steps: steps(db, number)?,
        calls: calls(db, number)?.into_iter().map(|call| call.row).collect(),
        reviews: review::of_run(db, number)?,
    }))
}

/// One run as it stands in the list.
pub(super) fn row(db: &Connection, drivers: Drivers<'_>, wanted: &RunId) -> Result<Option<RunRow>, Trouble> {
    let mut rows = db.prepare_cached(&format!("{RUN} where run = ?1"))?;
    let mut rows = rows.query([wanted.0.as_str()])?;
    rows.next()?.map(|row| run(db, drivers, row)).transpose()
}

pub(super) fn in_doubt(db: &Connection, drivers: Drivers<'_>) -> Result<Vec<Doubt>, Trouble> {
    let mut rows = db.prepare_cached(
        "select runs.run, flow, driver, path, whom, began from calls join runs on runs.number = calls.run
         where held = 1 order by began",
    )?;
    let mut rows = rows.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let driver: Option<String> = row.get(2)?;
        if driver.is_some_and(|driver| drivers.is_elsewhere(&driver)) {
            continue;
        }
        found.push(Doubt {
            run: RunId(text(row, 0)?),
            flow: text(row, 1)?,
            path: row.get(3)?,
            action: text(row, 4)?,
            since: moment(row.get(5)?)?,
        });
    }
    Ok(found)
}

/// How a run ended that has ended for good.
pub(super) fn ended(db: &Connection, number: i64) -> Result<Ended, Trouble> {
    let mut row = db.prepare_cached(
        "select state, output, error, usd, calls, input_tokens, output_tokens, cached_calls from runs
         where number = ?1",
    )?;
    let (state, output, error, spent) = row.query_row([number], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, Option<String>>(1)?,
            row.get::<_, Option<String>>(2)?,
            spent(row, 3)?,
        ))
    })?;
    Ok(Ended {
        status: if state == RunState::Ok.name() { RunStatus::Ok } else { RunStatus::Stopped },
        output: output.map(|text| codec::decode(&text)).transpose().map_err(Trouble::Broken)?,
        error: error.map(|text| read_error(&text)).transpose().map_err(Trouble::Broken)?,
        spent,
    })
}

/// The outcomes of a run's steps, in the order they were recorded.
pub(super) fn steps(db: &Connection, number: i64) -> Result<Vec<StepRow>, Trouble> {
    let mut rows = db.prepare_cached(
        "select path, ended, value, error, attempts, model, repaired, took, usd, calls, input_tokens,
             output_tokens, cached_calls
         from steps where run = ?1 order by ended, number",
    )?;
    let mut rows = rows.query([number])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let outcome = OutcomeRow {
            value: row.get(2)?,
            error: row.get(3)?,
            attempts: row.get(4)?,
            model: row.get(5)?,
            repaired: row.get(6)?,
            took: row.get(7)?,
            spent: spent_columns(row, 8)?,
        };
        found.push(StepRow {
            path: row.get(0)?,
            ended: moment(row.get(1)?)?,
            outcome: outcome.read().map_err(Trouble::Broken)?,
        });
    }
    Ok(found)
}

/// The calls of a run, in the order they began.
pub(super) fn calls(db: &Connection, number: i64) -> Result<Vec<Call>, Trouble> {
    let mut rows = db.prepare_cached(
        "select path, whom, worst, held, began, ended, usd, calls, input_tokens, output_tokens, error, key
         from calls where run = ?1 order by began, attempt",
    )?;
    let mut rows = rows.query([number])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (began, ended): (i64, Option<i64>) = (row.get(4)?, row.get(5)?);
        let heard = |i: usize| row.get::<_, Option<i64>>(i).map(Option::unwrap_or_default);
        let spent = [heard(6)?, heard(7)?, heard(8)?, heard(9)?, 0];
        found.push(Call {
            held: row.get::<_, i64>(3)? != 0,
            key: row.get::<_, Option<String>>(11)?.map(Into::into),
            row: CallRow {
                path: row.get(0)?,
                whom: text(row, 1)?,
                began: moment(began)?,
                worst: Cost(row.get(2)?),
                took: ended.map(|ended| Millis(ended.saturating_sub(began).max(0).unsigned_abs())),
                spent: read_spent(spent),
                error: row.get(10)?,
            },
        });
    }
    Ok(found)
}

fn run(db: &Connection, drivers: Drivers<'_>, row: &Row<'_>) -> Result<RunRow, Trouble> {
    let state: String = row.get(3)?;
    let mut state =
        RunState::named(&state).ok_or_else(|| Trouble::Broken(format!("`{state}` is no state")))?;
    let driver: Option<String> = row.get(4)?;
    let (opened, ended, mut took): (i64, Option<i64>, i64) = (row.get(6)?, row.get(7)?, row.get(8)?);
    let mut spent = spent(row, 10)?;
    if state == RunState::Running {
        // Nobody has written what it came to so far.
        spent = so_far(db, row.get(0)?)?;
        match driver.is_some_and(|driver| drivers.is_live(&driver)) {
            true => took += (Timestamp::now().as_millisecond() - opened).max(0),
            false => state = RunState::Interrupted,
        }
    } else if state == RunState::Interrupted {
        spent = so_far(db, row.get(0)?)?;
    }
    let error: Option<String> = row.get(9)?;
    Ok(RunRow {
        run: RunId(text(row, 1)?),
        flow: text(row, 2)?,
        state,
        started: moment(row.get(5)?)?,
        ended: ended.map(moment).transpose()?,
        took: Millis(took.max(0).unsigned_abs()),
        spent,
        error: error.map(|text| read_error(&text)).transpose().map_err(Trouble::Broken)?,
    })
}

fn so_far(db: &Connection, number: i64) -> Result<Spent, Trouble> {
    let mut sums = db.prepare_cached(
        "select coalesce(sum(coalesce(usd, worst)), 0), coalesce(sum(coalesce(calls, worst > 0)), 0),
             coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
             (select coalesce(sum(cached_calls), 0) from steps where run = ?1)
         from calls where run = ?1",
    )?;
    Ok(sums.query_row(params![number], |row| spent(row, 0))?)
}

fn spent(row: &Row<'_>, first: usize) -> rusqlite::Result<Spent> {
    spent_columns(row, first).map(read_spent)
}

fn spent_columns(row: &Row<'_>, first: usize) -> rusqlite::Result<[i64; 5]> {
    let at = |i: usize| row.get(first + i);
    Ok([at(0)?, at(1)?, at(2)?, at(3)?, at(4)?])
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<EcoString> {
    row.get::<_, String>(column).map(Into::into)
}

fn moment(ms: i64) -> Result<Timestamp, Trouble> {
    Timestamp::from_millisecond(ms).map_err(|e| Trouble::Broken(e.to_string()))
}
