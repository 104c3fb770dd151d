//! What people are asked and decide, each a function on an open transaction.

use super::super::audited::decision;
use super::super::queue::{Answer, Driven};
use super::super::review::no_review;
use super::super::row::StandingRow;
use super::super::{Asked, Judged, ReviewRow, RunId, RunState, Standing};
use super::{Drivers, Trouble, audit, read, write};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Behind version 1 of the tables.
pub(super) const SCHEMA: &str = "
    create table reviews (
        number integer primary key, run integer not null, path text not null, by text not null, value text,
        private integer not null, why text, since integer not null, until integer not null,
        told integer not null, verdict text, who text, reason text, edited text, judged integer,
        unique (run, path)
    ) strict;
";

const STANDING: &str =
    "path, by, value, private, why, since, until, told, verdict, who, reason, edited, judged";

pub(super) fn ask(db: &Connection, driven: Driven, asked: &Asked) -> Result<Answer, Trouble> {
    write::held_by(db, driven)?;
    let standing = match find(db, driven.number, &asked.path)? {
        Some(known) => known.asked_again(asked.clone()),
        None => Standing::new(asked.clone()),
    };
    put(db, driven.number, &standing)?;
    Ok(Answer::Standing(Box::new(standing)))
}

pub(super) fn told(db: &Connection, driven: Driven, path: &str) -> Result<Answer, Trouble> {
    write::held_by(db, driven)?;
    db.prepare_cached("update reviews set told = 1 where run = ?1 and path = ?2")?
        .execute(params![driven.number, path])?;
    Ok(Answer::Done)
}

pub(super) fn judge(
    db: &Connection,
    (run, path): (&RunId, &str),
    judged: &Judged,
) -> Result<Answer, Trouble> {
    let known: Option<i64> = db
        .prepare_cached("select number from runs where run = ?1")?
        .query_row([run.0.as_str()], |row| row.get(0))
        .optional()?;
    let Some(number) = known else { return Err(Trouble::Refused(super::super::unknown_run(run))) };
    let Some(standing) = find(db, number, path)? else { return Err(Trouble::Refused(no_review(run, path))) };
    if let Some(refused) = standing.refuses(run, judged) {
        return Err(Trouble::Refused(refused));
    }
    put(db, number, &Standing { judged: Some(judged.clone()), ..standing })?;
    audit::append_behind(db, run, (judged.at, &decision(path, judged)))?;
    Ok(Answer::Done)
}

/// What was asked in runs that are not over.
pub(super) fn reviews(db: &Connection, drivers: Drivers<'_>) -> Result<Vec<ReviewRow>, Trouble> {
    let mut rows = db.prepare_cached(
        "select number, run from runs where state not in ('ok', 'stopped')
         and exists (select 1 from reviews where reviews.run = runs.number)",
    )?;
    let runs: Vec<(i64, String)> =
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    for (number, run) in runs {
        let Some(run) = read::row(db, drivers, &RunId(run.into()))? else { continue };
        found.extend(of_run(db, number)?.into_iter().map(|standing| ReviewRow {
            run: run.run.clone(),
            flow: run.flow.clone(),
            state: run.state,
            standing,
        }));
    }
    found.retain(|row| !RunState::is_final(row.state));
    found.sort_by_key(|row| row.standing.asked.since);
    Ok(found)
}

/// What was asked in one run, in its order.
pub(super) fn of_run(db: &Connection, number: i64) -> Result<Vec<Standing>, Trouble> {
    let mut rows =
        db.prepare_cached(&format!("select {STANDING} from reviews where run = ?1 order by number"))?;
    let rows = rows.query_map([number], stored)?.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(|(path, row)| row.read(path).map_err(Trouble::Broken)).collect()
}

fn find(db: &Connection, number: i64, path: &str) -> Result<Option<Standing>, Trouble> {
    let mut row =
        db.prepare_cached(&format!("select {STANDING} from reviews where run = ?1 and path = ?2"))?;
    let row = row.query_row(params![number, path], stored).optional()?;
    row.map(|(path, row)| row.read(path).map_err(Trouble::Broken)).transpose()
}

fn put(db: &Connection, number: i64, standing: &Standing) -> Result<(), Trouble> {
    let row = StandingRow::of(standing);
    let mut put = db.prepare_cached(
        "insert into reviews (run, path, by, value, private, why, since, until, told, verdict, who, reason,
             edited, judged)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         on conflict (run, path) do update set by = excluded.by, value = excluded.value,
             private = excluded.private, why = excluded.why, since = excluded.since, until = excluded.until,
             told = excluded.told, verdict = excluded.verdict, who = excluded.who,
             reason = excluded.reason, edited = excluded.edited, judged = excluded.judged",
    )?;
    put.execute(params![
        number,
        standing.asked.path,
        row.by,
        row.value,
        row.private,
        row.why,
        row.since,
        row.until,
        row.told,
        row.verdict,
        row.who,
        row.reason,
        row.edited,
        row.judged
    ])?;
    Ok(())
}

fn stored(row: &Row<'_>) -> rusqlite::Result<(String, StandingRow)> {
    let standing = StandingRow {
        by: row.get(1)?,
        value: row.get(2)?,
        private: row.get(3)?,
        why: row.get(4)?,
        since: row.get(5)?,
        until: row.get(6)?,
        told: row.get(7)?,
        verdict: row.get(8)?,
        who: row.get(9)?,
        reason: row.get(10)?,
        edited: row.get(11)?,
        judged: row.get(12)?,
    };
    Ok((row.get(0)?, standing))
}
