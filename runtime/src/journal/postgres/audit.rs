//! The audit record, each a function in an open transaction. Where chains end stands in tables of its own.

use super::super::RunId;
use super::Trouble;
use super::db::Db;
use crate::audit::{Head, Opening, Record, Trail};
use jiff::Timestamp;
use serde_json::Value as Json;

/// Behind version 1 of the tables.
pub(super) const SCHEMA: &str = "
    create table flow.audit (
        run text not null, seq bigint not null, entry text not null, hash text not null,
        primary key (run, seq)
    );
    create table flow.audit_heads (run text primary key, seq bigint not null, hash text not null);
    create table flow.audit_opened (number bigint not null, hash text not null);
    insert into flow.audit_opened values (0, '');
";

/// Where a chain ends is held until the end of the transaction, so that two who add wait for each other.
pub(super) async fn append(
    db: &Db<'_>,
    run: &RunId,
    (at, fields): (Timestamp, &Json),
) -> Result<(), Trouble> {
    let record = match head(db, run).await? {
        Some(head) => Record::next(run, Ok(&head), (at, fields)),
        None => {
            let opened = "select number, hash from flow.audit_opened for update";
            let row = db.query_one(opened, &[]).await?;
            let opened = Opening { number: row.get(0), hash: row.get(1) };
            let record = Record::next(run, Err(&opened), (at, fields));
            let next = "update flow.audit_opened set number = $1, hash = $2";
            db.execute(next, &[&(opened.number + 1), &record.hash]).await?;
            record
        }
    };
    let Record { run, seq, entry, hash } = &record;
    let run = run.0.as_str();
    let added = "insert into flow.audit (run, seq, entry, hash) values ($1, $2, $3, $4)";
    db.execute(added, &[&run, seq, entry, hash]).await?;
    db.execute(
        "insert into flow.audit_heads (run, seq, hash) values ($1, $2, $3)
         on conflict (run) do update set seq = excluded.seq, hash = excluded.hash",
        &[&run, seq, hash],
    )
    .await?;
    Ok(())
}

/// The same, where the run has an audit record.
pub(super) async fn append_behind(
    db: &Db<'_>,
    run: &RunId,
    (at, fields): (Timestamp, &Json),
) -> Result<(), Trouble> {
    match head(db, run).await? {
        Some(_) => append(db, run, (at, fields)).await,
        None => Ok(()),
    }
}

pub(super) async fn trail(db: &Db<'_>, run: Option<&RunId>) -> Result<Trail, Trouble> {
    let run = run.map(|run| run.0.as_str());
    let records = "select run, seq, entry, hash from flow.audit where $1::text is null or run = $1
        order by run, seq";
    let records = db.query(records, &[&run]).await?;
    let heads = "select run, seq, hash from flow.audit_heads where $1::text is null or run = $1 order by run";
    let heads = db.query(heads, &[&run]).await?;
    let opened = db.query_one("select number, hash from flow.audit_opened", &[]).await?;
    let id = |row: &tokio_postgres::Row| RunId(row.get::<_, &str>(0).into());
    Ok(Trail {
        records: records
            .iter()
            .map(|row| Record { run: id(row), seq: row.get(1), entry: row.get(2), hash: row.get(3) })
            .collect(),
        heads: heads.iter().map(|row| Head { run: id(row), seq: row.get(1), hash: row.get(2) }).collect(),
        opened: Opening { number: opened.get(0), hash: opened.get(1) },
    })
}

async fn head(db: &Db<'_>, run: &RunId) -> Result<Option<Head>, Trouble> {
    let head = "select seq, hash from flow.audit_heads where run = $1 for update";
    let row = db.query_opt(head, &[&run.0.as_str()]).await?;
    Ok(row.map(|row| Head { run: run.clone(), seq: row.get(0), hash: row.get(1) }))
}
