//! What people are asked and decide, each a function in an open transaction.

use super::super::audited::decision;
use super::super::queue::{Answer, Driven};
use super::super::review::no_review;
use super::super::row::StandingRow;
use super::super::{Asked, Judged, ReviewRow, RunId, Standing};
use super::db::Db;
use super::{Trouble, audit, read};
use tokio_postgres::Row;

/// Behind version 1 of the tables.
pub(super) const SCHEMA: &str = "
    create table flow.reviews (
        number bigserial primary key, run bigint not null, path text not null, by text not null, value text,
        private boolean not null, why text, since bigint not null, until bigint not null,
        told boolean not null, verdict text, who text, reason text, edited text, judged bigint,
        unique (run, path)
    );
";

// Held until the end of the transaction, so that one decides and the other finds that.
const FIND: &str = "select path, by, value, private, why, since, until, told, verdict, who, reason, edited,
    judged from flow.reviews where run = $1 and path = $2 for update";
const OF_RUN: &str = "select path, by, value, private, why, since, until, told, verdict, who, reason, edited,
    judged from flow.reviews where run = $1 order by number";

/// The fence of the run has been looked at.
pub(super) async fn ask(db: &Db<'_>, driven: Driven, asked: &Asked) -> Result<Answer, Trouble> {
    let standing = match find(db, driven.number, &asked.path).await? {
        Some(known) => known.asked_again(asked.clone()),
        None => Standing::new(asked.clone()),
    };
    put(db, driven.number, &standing).await?;
    Ok(Answer::Standing(Box::new(standing)))
}

pub(super) async fn told(db: &Db<'_>, driven: Driven, path: &str) -> Result<Answer, Trouble> {
    let told = "update flow.reviews set told = true where run = $1 and path = $2";
    db.execute(told, &[&driven.number, &path]).await?;
    Ok(Answer::Done)
}

pub(super) async fn judge(
    db: &Db<'_>,
    (run, path): (&RunId, &str),
    judged: &Judged,
) -> Result<Answer, Trouble> {
    // First of all, so that it waits for a batch of the run's driver as a whole, and that for it: neither
    // holds what the other wants next.
    let known = "select number from flow.runs where run = $1 for update";
    let known = db.query_opt(known, &[&run.0.as_str()]).await?;
    let Some(number) = known.map(|row| row.get(0)) else {
        return Err(Trouble::Refused(super::super::unknown_run(run)));
    };
    let Some(standing) = find(db, number, path).await? else {
        return Err(Trouble::Refused(no_review(run, path)));
    };
    if let Some(refused) = standing.refuses(run, judged) {
        return Err(Trouble::Refused(refused));
    }
    put(db, number, &Standing { judged: Some(judged.clone()), ..standing }).await?;
    audit::append_behind(db, run, (judged.at, &decision(path, judged))).await?;
    Ok(Answer::Done)
}

/// What was asked in runs that are not over.
pub(super) async fn reviews(db: &Db<'_>, own: i64) -> Result<Vec<ReviewRow>, Trouble> {
    let runs = "select number, run from flow.runs where state not in ('ok', 'stopped')
        and exists (select 1 from flow.reviews where reviews.run = runs.number)";
    let mut found = Vec::new();
    for row in db.query(runs, &[]).await? {
        let (number, run): (i64, &str) = (row.get(0), row.get(1));
        let Some(run) = read::row(db, own, &RunId(run.into())).await? else { continue };
        found.extend(of_run(db, number).await?.into_iter().map(|standing| ReviewRow {
            run: run.run.clone(),
            flow: run.flow.clone(),
            state: run.state,
            standing,
        }));
    }
    found.sort_by_key(|row| row.standing.asked.since);
    Ok(found)
}

/// What was asked in one run, in its order.
pub(super) async fn of_run(db: &Db<'_>, number: i64) -> Result<Vec<Standing>, Trouble> {
    db.query(OF_RUN, &[&number]).await?.iter().map(stored).collect()
}

async fn find(db: &Db<'_>, number: i64, path: &str) -> Result<Option<Standing>, Trouble> {
    db.query_opt(FIND, &[&number, &path]).await?.as_ref().map(stored).transpose()
}

async fn put(db: &Db<'_>, number: i64, standing: &Standing) -> Result<(), Trouble> {
    let row = StandingRow::of(standing);
    db.execute(
        "insert into flow.reviews (run, path, by, value, private, why, since, until, told, verdict, who,
             reason, edited, judged)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (run, path) do update set by = excluded.by, value = excluded.value,
             private = excluded.private, why = excluded.why, since = excluded.since, until = excluded.until,
             told = excluded.told, verdict = excluded.verdict, who = excluded.who,
             reason = excluded.reason, edited = excluded.edited, judged = excluded.judged",
        &[
            &number,
            &standing.asked.path,
            &row.by,
            &row.value,
            &row.private,
            &row.why,
            &row.since,
            &row.until,
            &row.told,
            &row.verdict,
            &row.who,
            &row.reason,
            &row.edited,
            &row.judged,
        ],
    )
    .await?;
    Ok(())
}

fn stored(row: &Row) -> Result<Standing, Trouble> {
    let standing = StandingRow {
        by: row.get(1),
        value: row.get(2),
        private: row.get(3),
        why: row.get(4),
        since: row.get(5),
        until: row.get(6),
        told: row.get(7),
        verdict: row.get(8),
        who: row.get(9),
        reason: row.get(10),
        edited: row.get(11),
        judged: row.get(12),
    };
    standing.read(row.get(0)).map_err(Trouble::Broken)
}
