//! The audit record, each a function on an open transaction. Where chains end stands in tables of its own.

use super::super::RunId;
use super::super::queue::Answer;
use super::Trouble;
use crate::audit::{Head, Opening, Record, Trail};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value as Json;

/// Behind version 1 of the tables.
pub(super) const SCHEMA: &str = "
    create table audit (
        run text not null, seq integer not null, entry text not null, hash text not null,
        primary key (run, seq)
    ) strict, without rowid;
    create table audit_heads (run text primary key, seq integer not null, hash text not null)
        strict, without rowid;
    create table audit_opened (number integer not null, hash text not null) strict;
    insert into audit_opened values (0, '');
";

pub(super) fn append(
    db: &Connection,
    run: &RunId,
    (at, fields): (Timestamp, &Json),
) -> Result<Answer, Trouble> {
    let record = match head(db, run)? {
        Some(head) => Record::next(run, Ok(&head), (at, fields)),
        None => {
            let opened = opened(db)?;
            let record = Record::next(run, Err(&opened), (at, fields));
            db.prepare_cached("update audit_opened set number = ?1, hash = ?2")?
                .execute(params![opened.number + 1, record.hash])?;
            record
        }
    };
    let Record { run, seq, entry, hash } = &record;
    db.prepare_cached("insert into audit (run, seq, entry, hash) values (?1, ?2, ?3, ?4)")?
        .execute(params![run.0.as_str(), seq, entry, hash])?;
    db.prepare_cached(
        "insert into audit_heads (run, seq, hash) values (?1, ?2, ?3)
         on conflict (run) do update set seq = excluded.seq, hash = excluded.hash",
    )?
    .execute(params![run.0.as_str(), seq, hash])?;
    Ok(Answer::Done)
}

/// The same, where the run has an audit record.
pub(super) fn append_behind(
    db: &Connection,
    run: &RunId,
    (at, fields): (Timestamp, &Json),
) -> Result<(), Trouble> {
    match head(db, run)? {
        Some(_) => append(db, run, (at, fields)).map(drop),
        None => Ok(()),
    }
}

pub(super) fn trail(db: &Connection, run: Option<&RunId>) -> Result<Trail, Trouble> {
    let run = run.map(|run| run.0.as_str());
    let mut records = db.prepare_cached(
        "select run, seq, entry, hash from audit where ?1 is null or run = ?1 order by run, seq",
    )?;
    let records = records.query_map([run], |row| {
        let (run, seq): (String, i64) = (row.get(0)?, row.get(1)?);
        Ok(Record { run: RunId(run.into()), seq, entry: row.get(2)?, hash: row.get(3)? })
    })?;
    let mut heads = db
        .prepare_cached("select run, seq, hash from audit_heads where ?1 is null or run = ?1 order by run")?;
    let heads = heads.query_map([run], |row| {
        Ok(Head { run: RunId(row.get::<_, String>(0)?.into()), seq: row.get(1)?, hash: row.get(2)? })
    })?;
    Ok(Trail {
        records: records.collect::<Result<_, _>>()?,
        heads: heads.collect::<Result<_, _>>()?,
        opened: opened(db)?,
    })
}

fn head(db: &Connection, run: &RunId) -> Result<Option<Head>, Trouble> {
    let mut head = db.prepare_cached("select seq, hash from audit_heads where run = ?1")?;
    let head = head.query_row([run.0.as_str()], |row| {
        Ok(Head { run: run.clone(), seq: row.get(0)?, hash: row.get(1)? })
    });
    Ok(head.optional()?)
}

fn opened(db: &Connection) -> Result<Opening, Trouble> {
    let mut opened = db.prepare_cached("select number, hash from audit_opened")?;
    Ok(opened.query_row([], |row| Ok(Opening { number: row.get(0)?, hash: row.get(1)? }))?)
}
