//! What a journal writes, each a function on an open transaction.

use super::super::queue::{Answer, Driven};
use super::super::row::{EndedRow, OutcomeRow, inputs_text, whole};
use super::super::{
    AttemptId, Begun, Decision, Forget, Forgotten, InDoubt, Outcome, Recorded, RunHead, RunId, RunState,
    Used, Wanted,
};
use super::{Drivers, Trouble, read};
use crate::Spent;
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn open(db: &Connection, drivers: Drivers<'_>, head: &RunHead) -> Result<Answer, Trouble> {
    let inputs = inputs_text(&head.inputs);
    let plan = head.plan.0.as_slice();
    let mut made = db.prepare_cached(
        "insert into runs (run, flow, plan, note, inputs, state, fence, driver, started, opened, took,
             usd, calls, input_tokens, output_tokens, cached_calls)
         values (?1, ?2, ?3, ?4, ?5, 'running', 1, ?6, ?7, ?7, 0, 0, 0, 0, 0, 0)
         on conflict (run) do nothing",
    )?;
    let run = head.run.0.as_str();
    let made =
        made.execute(params![run, head.flow.as_str(), plan, head.note.as_str(), inputs, drivers.own, now()])?;
    if made == 1 {
        let driven = Driven { number: db.last_insert_rowid(), fence: 1 };
        return Ok(Answer::Opened(driven, Box::default()));
    }
    let mut known = db
        .prepare_cached("select number, plan, inputs, state, fence, driver, flow from runs where run = ?1")?;
    let (number, its_plan, its_inputs, state, fence, driver, flow) = known.query_row([run], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, Vec<u8>>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
            row.get::<_, i64>(4)?,
            row.get::<_, Option<String>>(5)?,
            row.get::<_, String>(6)?,
        ))
    })?;
    if its_plan != plan || flow != head.flow {
        return Err(Trouble::Refused(super::super::another_program(&head.run)));
    }
    if its_inputs != inputs {
        return Err(Trouble::Refused(super::super::other_inputs(&head.run)));
    }
    if driver.is_some_and(|driver| drivers.is_elsewhere(&driver)) {
        return Err(Trouble::Refused(super::super::driven_already(&head.run)));
    }
    let state = RunState::named(&state).ok_or_else(|| Trouble::Broken(format!("`{state}` is no state")))?;
    let mut recorded = recorded(db, number)?;
    if state.is_final() {
        recorded.ended = Some(read::ended(db, number)?);
        return Ok(Answer::Opened(Driven { number, fence: fence.unsigned_abs() }, Box::new(recorded)));
    }
    let mut taken = db.prepare_cached(
        "update runs set state = 'running', fence = ?2, driver = ?3, opened = ?4, ended = null,
             output = null, error = null where number = ?1",
    )?;
    taken.execute(params![number, fence + 1, drivers.own, now()])?;
    let driven = Driven { number, fence: (fence + 1).unsigned_abs() };
    Ok(Answer::Opened(driven, Box::new(recorded)))
}

fn recorded(db: &Connection, number: i64) -> Result<Recorded, Trouble> {
    let mut recorded = Recorded::default();
    for step in read::steps(db, number)? {
        recorded.step(step.path, step.outcome);
    }
    for call in read::calls(db, number)? {
        let used = call.row.took.map(|_| call.row.spent);
        recorded.call(&call.row.path, used.ok_or(call.row.worst), (call.held, call.key));
    }
    Ok(recorded)
}

pub(super) fn begin(db: &Connection, driven: Driven, begun: &Begun) -> Result<Answer, Trouble> {
    held_by(db, driven)?;
    let mut made = db.prepare_cached(
        "insert into calls (run, attempt, path, whom, worst, held, key, began)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    made.execute(params![
        driven.number,
        begun.attempt.0.cast_signed(),
        begun.path,
        begun.whom.as_str(),
        begun.worst.0,
        begun.in_doubt == InDoubt::Hold,
        begun.key.as_deref(),
        now(),
    ])?;
    Ok(Answer::Done)
}

// What is heard of a call late, from a driver that has lost its run, is still what was spent.
pub(super) fn settle(
    db: &Connection,
    driven: Driven,
    attempt: AttemptId,
    used: &Used,
) -> Result<Answer, Trouble> {
    let Spent { usd, calls, input, output, .. } = used.spent;
    let mut done = db.prepare_cached(
        "update calls set ended = ?3, usd = ?4, calls = ?5, input_tokens = ?6, output_tokens = ?7, error = ?8
         where run = ?1 and attempt = ?2",
    )?;
    let attempt = attempt.0.cast_signed();
    let (input, output) = (whole(input.0), whole(output.0));
    done.execute(params![driven.number, attempt, now(), usd.0, whole(calls), input, output, used.error])?;
    Ok(Answer::Done)
}

pub(super) fn record(
    db: &Connection,
    driven: Driven,
    path: &str,
    row: &OutcomeRow,
) -> Result<Answer, Trouble> {
    held_by(db, driven)?;
    step(db, driven.number, path, row)?;
    Ok(Answer::Done)
}

fn step(db: &Connection, number: i64, path: &str, row: &OutcomeRow) -> Result<(), Trouble> {
    let mut step = db.prepare_cached(
        "insert into steps (run, path, value, error, attempts, model, repaired, ended, took, usd, calls,
             input_tokens, output_tokens, cached_calls)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         on conflict (run, path) do update set value = excluded.value, error = excluded.error,
             attempts = excluded.attempts, model = excluded.model, repaired = excluded.repaired,
             ended = excluded.ended, took = excluded.took, usd = excluded.usd, calls = excluded.calls,
             input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
             cached_calls = excluded.cached_calls",
    )?;
    let OutcomeRow { value, error, attempts, model, repaired, took, spent } = row;
    let [usd, calls, input, output, cached] = spent;
    step.execute(params![
        number,
        path,
        value,
        error,
        attempts,
        model,
        repaired,
        now(),
        took,
        usd,
        calls,
        input,
        output,
        cached
    ])?;
    let mut calls =
        db.prepare_cached("update calls set held = 0 where run = ?1 and path = ?2 and held = 1")?;
    calls.execute(params![number, path])?;
    Ok(())
}

pub(super) fn end(db: &Connection, driven: Driven, row: &EndedRow) -> Result<Answer, Trouble> {
    held_by(db, driven)?;
    let mut ended = db.prepare_cached(
        "update runs set state = ?2, driver = null, ended = ?3, took = took + ?3 - opened, output = ?4,
             error = ?5, usd = ?6, calls = ?7, input_tokens = ?8, output_tokens = ?9, cached_calls = ?10
         where number = ?1",
    )?;
    let EndedRow { state, output, error, spent } = row;
    let [usd, calls, input, output_tokens, cached] = spent;
    ended.execute(params![
        driven.number,
        state.name(),
        now(),
        output,
        error,
        usd,
        calls,
        input,
        output_tokens,
        cached
    ])?;
    Ok(Answer::Done)
}

pub(super) fn release(db: &Connection, driven: Driven) -> Result<Answer, Trouble> {
    let mut released = db.prepare_cached(
        "update runs set state = 'interrupted', driver = null, ended = ?3, took = took + ?3 - opened
         where number = ?1 and fence = ?2 and state = 'running'",
    )?;
    released.execute(params![driven.number, driven.fence.cast_signed(), now()])?;
    Ok(Answer::Done)
}

pub(super) fn decide(
    db: &Connection,
    drivers: Drivers<'_>,
    (run, path): (&RunId, &str),
    decision: Decision,
) -> Result<Answer, Trouble> {
    let known: Option<(i64, Option<String>)> = db
        .prepare_cached("select number, driver from runs where run = ?1")?
        .query_row([run.0.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((number, driver)) = known else {
        return Err(Trouble::Refused(super::super::unknown_run(run)));
    };
    if driver.is_some_and(|driver| drivers.is_elsewhere(&driver)) {
        return Err(Trouble::Refused(super::super::driven_already(run)));
    }
    let mut held =
        db.prepare_cached("update calls set held = 0 where run = ?1 and path = ?2 and held = 1")?;
    if held.execute(params![number, path])? == 0 {
        return Err(Trouble::Refused(super::super::no_doubt(run, path)));
    }
    if decision == Decision::Done {
        step(db, number, path, &OutcomeRow::of(&Outcome::decided()))?;
    }
    Ok(Answer::Done)
}

pub(super) fn forget(db: &Connection, drivers: Drivers<'_>, which: &Forget) -> Result<Answer, Trouble> {
    let rows = read::runs(db, drivers, &Wanted::default())?;
    let doubts = read::in_doubt(db, drivers)?;
    let (gone, kept) = which.choose(rows, &doubts).map_err(Trouble::Refused)?;
    for run in &gone {
        let run = run.0.as_str();
        for table in ["calls", "steps", "reviews"] {
            let all = format!("delete from {table} where run = (select number from runs where run = ?1)");
            db.prepare_cached(&all)?.execute([run])?;
        }
        db.prepare_cached("delete from runs where run = ?1")?.execute([run])?;
    }
    Ok(Answer::Forgotten(Forgotten { runs: gone.len() as u64, kept, held_back: None }))
}

/// Refuses what comes from a driver that has lost its run.
pub(super) fn held_by(db: &Connection, driven: Driven) -> Result<(), Trouble> {
    let mut fence = db.prepare_cached("select fence from runs where number = ?1")?;
    let fence: Option<i64> = fence.query_row([driven.number], |row| row.get(0)).optional()?;
    if fence == Some(driven.fence.cast_signed()) {
        return Ok(());
    }
    Err(Trouble::Refused(super::super::lost()))
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
