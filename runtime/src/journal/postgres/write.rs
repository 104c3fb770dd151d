//! What a journal writes: a batch in one transaction. What many runs ask alike goes out as one statement
//! over arrays.

use super::super::queue::{Answer, Ask, Driven};
use super::super::row::{EndedRow, OutcomeRow, inputs_text, whole};
use super::super::{
    AttemptId, Begun, Decision, Forget, Forgotten, InDoubt, Outcome, Recorded, RunHead, RunId, Used, Wanted,
};
use super::db::Db;
use super::{Trouble, audit, read, review};
use crate::RunError;
use std::collections::HashMap;

/// Carries a batch out as a whole.
pub(super) async fn carry_out(
    db: Db<'_>,
    driver: i64,
    batch: &[Ask],
) -> Result<Vec<Result<Answer, RunError>>, Trouble> {
    let fences = fences(&db, batch).await?;
    let (mut begun, mut settled, mut recorded, mut ended) = (vec![], vec![], vec![], vec![]);
    let mut done = Vec::with_capacity(batch.len());
    for ask in batch {
        let lost = |driven: &Driven| fences.get(&driven.number) != Some(&driven.fence);
        let answer = match ask {
            Ask::Begin(driven, _)
            | Ask::Record(driven, ..)
            | Ask::Review(driven, _)
            | Ask::Told(driven, _)
            | Ask::End(driven, _)
                if lost(driven) =>
            {
                Err(Trouble::Refused(super::super::lost()))
            }
            Ask::Begin(driven, call) => {
                begun.push((driven.number, call));
                Ok(Answer::Done)
            }
            // What is heard of a call late, from a driver that has lost its run, is still what was spent.
            Ask::Settle(driven, attempt, used) => {
                settled.push((driven.number, *attempt, used));
                Ok(Answer::Done)
            }
            Ask::Record(driven, path, row) => {
                recorded.push((driven.number, path.as_str(), &**row));
                Ok(Answer::Done)
            }
            Ask::End(driven, row) => {
                ended.push((driven.number, &**row));
                Ok(Answer::Done)
            }
            Ask::Open(head) => open(&db, driver, head).await,
            Ask::Release(driven) => release(&db, *driven).await,
            Ask::Decide(run, path, decision) => decide(&db, driver, (run, path), *decision).await,
            Ask::Runs(wanted) => read::runs(&db, driver, wanted).await.map(Answer::Runs),
            Ask::Trace(run) => Ok(Answer::Trace(read::trace(&db, driver, run).await?.map(Box::new))),
            Ask::InDoubt => read::in_doubt(&db, driver).await.map(Answer::Doubts),
            Ask::Forget(which) => forget(&db, driver, which).await,
            Ask::Review(driven, asked) => review::ask(&db, *driven, asked).await,
            Ask::Told(driven, path) => review::told(&db, *driven, path).await,
            Ask::Reviews => review::reviews(&db, driver).await.map(Answer::Reviews),
            Ask::Judge(run, path, judged) => review::judge(&db, (run, path), judged).await,
            // Before what stands behind it in the batch is committed, as all of it is.
            Ask::Audit(run, at, fields) => {
                audit::append(&db, run, (*at, fields)).await.map(|()| Answer::Done)
            }
            Ask::Trail(run) => Ok(Answer::Trail(Box::new(audit::trail(&db, run.as_ref()).await?))),
        };
        done.push(match answer {
            Ok(answer) => Ok(answer),
            Err(Trouble::Refused(error)) => Err(error),
            Err(trouble) => return Err(trouble),
        });
    }
    begin(&db, &begun).await?;
    settle(&db, &settled).await?;
    record(&db, &recorded).await?;
    for (number, row) in ended {
        end(&db, number, row).await?;
    }
    db.commit().await?;
    Ok(done)
}

// The fences of the runs that a batch writes of, held until its end.
async fn fences(db: &Db<'_>, batch: &[Ask]) -> Result<HashMap<i64, u64>, Trouble> {
    let number = |ask: &Ask| match ask {
        Ask::Begin(driven, _)
        | Ask::Record(driven, ..)
        | Ask::Review(driven, _)
        | Ask::Told(driven, _)
        | Ask::End(driven, _) => Some(driven.number),
        _ => None,
    };
    let numbers: Vec<i64> = batch.iter().filter_map(number).collect();
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    // In one order, so that two batches never wait for each other.
    let held = "select number, fence from flow.runs where number = any($1) order by number for share";
    let rows = db.query(held, &[&numbers]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1).cast_unsigned())).collect())
}

async fn open(db: &Db<'_>, driver: i64, head: &RunHead) -> Result<Answer, Trouble> {
    let inputs = inputs_text(&head.inputs);
    let (run, flow, note, plan) =
        (head.run.0.as_str(), head.flow.as_str(), head.note.as_str(), head.plan.0.as_slice());
    let made = db
        .query_opt(
            "insert into flow.runs (run, flow, plan, note, inputs, state, fence, driver, started, opened,
                 took, usd, calls, input_tokens, output_tokens, cached_calls)
             values ($1, $2, $3, $4, $5, 'running', 1, $6, $7, $7, 0, 0, 0, 0, 0, 0)
             on conflict (run) do nothing returning number",
            &[&run, &flow, &plan, &note, &inputs, &driver, &now()],
        )
        .await?;
    if let Some(row) = made {
        return Ok(Answer::Opened(Driven { number: row.get(0), fence: 1 }, Box::default()));
    }
    let known =
        "select number, plan, inputs, state, fence, driver, flow from flow.runs where run = $1 for update";
    let row = db.query_one(known, &[&run]).await?;
    let (number, fence): (i64, i64) = (row.get(0), row.get(4));
    if row.get::<_, &[u8]>(1) != plan || row.get::<_, &str>(6) != flow {
        return Err(Trouble::Refused(super::super::another_program(&head.run)));
    }
    if row.get::<_, &str>(2) != inputs {
        return Err(Trouble::Refused(super::super::other_inputs(&head.run)));
    }
    if read::is_elsewhere(db, driver, row.get(5)).await? {
        return Err(Trouble::Refused(super::super::driven_already(&head.run)));
    }
    let state = read::state(row.get(3))?;
    let mut recorded = recorded(db, number).await?;
    if state.is_final() {
        recorded.ended = Some(read::ended(db, number).await?);
        return Ok(Answer::Opened(Driven { number, fence: fence.cast_unsigned() }, Box::new(recorded)));
    }
    db.execute(
        "update flow.runs set state = 'running', fence = $2, driver = $3, opened = $4, ended = null,
             output = null, error = null where number = $1",
        &[&number, &(fence + 1), &driver, &now()],
    )
    .await?;
    Ok(Answer::Opened(Driven { number, fence: (fence + 1).cast_unsigned() }, Box::new(recorded)))
}

async fn recorded(db: &Db<'_>, number: i64) -> Result<Recorded, Trouble> {
    let mut recorded = Recorded::default();
    for step in read::steps(db, number).await? {
        recorded.step(step.path, step.outcome);
    }
    for call in read::calls(db, number).await? {
        let used = call.row.took.map(|_| call.row.spent);
        recorded.call(&call.row.path, used.ok_or(call.row.worst), (call.held, call.key));
    }
    Ok(recorded)
}

async fn begin(db: &Db<'_>, calls: &[(i64, &Begun)]) -> Result<(), Trouble> {
    if calls.is_empty() {
        return Ok(());
    }
    let runs: Vec<i64> = calls.iter().map(|(run, _)| *run).collect();
    let attempts: Vec<i64> = calls.iter().map(|(_, c)| c.attempt.0.cast_signed()).collect();
    let paths: Vec<&str> = calls.iter().map(|(_, c)| c.path.as_str()).collect();
    let whom: Vec<&str> = calls.iter().map(|(_, c)| c.whom.as_str()).collect();
    let worst: Vec<i64> = calls.iter().map(|(_, c)| c.worst.0).collect();
    let held: Vec<bool> = calls.iter().map(|(_, c)| c.in_doubt == InDoubt::Hold).collect();
    let keys: Vec<Option<&str>> = calls.iter().map(|(_, c)| c.key.as_deref()).collect();
    db.execute(
        "insert into flow.calls (run, attempt, path, whom, worst, held, key, began)
         select *, $8 from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
             $6::boolean[], $7::text[])",
        &[&runs, &attempts, &paths, &whom, &worst, &held, &keys, &now()],
    )
    .await?;
    Ok(())
}

async fn settle(db: &Db<'_>, calls: &[(i64, AttemptId, &Used)]) -> Result<(), Trouble> {
    if calls.is_empty() {
        return Ok(());
    }
    let number = |f: fn(&Used) -> i64| -> Vec<i64> { calls.iter().map(|(_, _, used)| f(used)).collect() };
    let runs: Vec<i64> = calls.iter().map(|(run, ..)| *run).collect();
    let attempts: Vec<i64> = calls.iter().map(|(_, attempt, _)| attempt.0.cast_signed()).collect();
    let usd = number(|used| used.spent.usd.0);
    let made = number(|used| whole(used.spent.calls));
    let input = number(|used| whole(used.spent.input.0));
    let output = number(|used| whole(used.spent.output.0));
    let errors: Vec<Option<&str>> = calls.iter().map(|(_, _, used)| used.error.as_deref()).collect();
    db.execute(
        "update flow.calls set ended = $8, usd = new.usd, calls = new.made, input_tokens = new.input,
             output_tokens = new.output, error = new.error
         from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
             $7::text[]) as new (run, attempt, usd, made, input, output, error)
         where calls.run = new.run and calls.attempt = new.attempt",
        &[&runs, &attempts, &usd, &made, &input, &output, &errors, &now()],
    )
    .await?;
    Ok(())
}

async fn record(db: &Db<'_>, all: &[(i64, &str, &OutcomeRow)]) -> Result<(), Trouble> {
    // A statement may not write a row twice; the last outcome counts.
    let mut last: HashMap<(i64, &str), &OutcomeRow> = HashMap::new();
    for (run, path, row) in all {
        last.insert((*run, path), row);
    }
    if last.is_empty() {
        return Ok(());
    }
    let mut steps: Vec<_> = last.into_iter().collect();
    steps.sort_unstable_by_key(|(key, _)| *key);
    let number = |f: fn(&OutcomeRow) -> i64| -> Vec<i64> { steps.iter().map(|(_, row)| f(row)).collect() };
    let word = |f: fn(&OutcomeRow) -> Option<&str>| -> Vec<Option<&str>> {
        steps.iter().map(|(_, row)| f(row)).collect()
    };
    let runs: Vec<i64> = steps.iter().map(|((run, _), _)| *run).collect();
    let paths: Vec<&str> = steps.iter().map(|((_, path), _)| *path).collect();
    let values = word(|row| row.value.as_deref());
    let errors = word(|row| row.error.as_deref());
    let models = word(|row| row.model.as_deref());
    let repaired = word(|row| row.repaired.as_deref());
    let (attempts, took) = (number(|row| row.attempts), number(|row| row.took));
    let spent: [Vec<i64>; 5] = [
        number(|row| row.spent[0]),
        number(|row| row.spent[1]),
        number(|row| row.spent[2]),
        number(|row| row.spent[3]),
        number(|row| row.spent[4]),
    ];
    let [usd, calls, input, output, cached] = &spent;
    db.execute(
        "insert into flow.steps (run, path, value, error, attempts, model, repaired, took, usd, calls,
             input_tokens, output_tokens, cached_calls, ended)
         select *, $14 from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[],
             $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
             $12::bigint[], $13::bigint[])
         on conflict (run, path) do update set value = excluded.value, error = excluded.error,
             attempts = excluded.attempts, model = excluded.model, repaired = excluded.repaired,
             ended = excluded.ended, took = excluded.took, usd = excluded.usd, calls = excluded.calls,
             input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
             cached_calls = excluded.cached_calls",
        &[
            &runs,
            &paths,
            &values,
            &errors,
            &attempts,
            &models,
            &repaired,
            &took,
            usd,
            calls,
            input,
            output,
            cached,
            &now(),
        ],
    )
    .await?;
    db.execute(
        "update flow.calls set held = false from unnest($1::bigint[], $2::text[]) as done (run, path)
         where calls.run = done.run and calls.path = done.path and held",
        &[&runs, &paths],
    )
    .await?;
    Ok(())
}

async fn end(db: &Db<'_>, number: i64, row: &EndedRow) -> Result<(), Trouble> {
    let EndedRow { state, output, error, spent } = row;
    let [usd, calls, input, output_tokens, cached] = spent;
    db.execute(
        "update flow.runs set state = $2, driver = null, ended = $3, took = took + $3 - opened, output = $4,
             error = $5, usd = $6, calls = $7, input_tokens = $8, output_tokens = $9, cached_calls = $10
         where number = $1",
        &[&number, &state.name(), &now(), output, error, usd, calls, input, output_tokens, cached],
    )
    .await?;
    Ok(())
}

async fn release(db: &Db<'_>, driven: Driven) -> Result<Answer, Trouble> {
    db.execute(
        "update flow.runs set state = 'interrupted', driver = null, ended = $3, took = took + $3 - opened
         where number = $1 and fence = $2 and state = 'running'",
        &[&driven.number, &driven.fence.cast_signed(), &now()],
    )
    .await?;
    Ok(Answer::Done)
}

async fn decide(
    db: &Db<'_>,
    driver: i64,
    (run, path): (&RunId, &str),
    decision: Decision,
) -> Result<Answer, Trouble> {
    let known = "select number, driver from flow.runs where run = $1 for update";
    let Some(row) = db.query_opt(known, &[&run.0.as_str()]).await? else {
        return Err(Trouble::Refused(super::super::unknown_run(run)));
    };
    let number: i64 = row.get(0);
    if read::is_elsewhere(db, driver, row.get(1)).await? {
        return Err(Trouble::Refused(super::super::driven_already(run)));
    }
    let free = "update flow.calls set held = false where run = $1 and path = $2 and held";
    if db.execute(free, &[&number, &path]).await? == 0 {
        return Err(Trouble::Refused(super::super::no_doubt(run, path)));
    }
    if decision == Decision::Done {
        record(db, &[(number, path, &OutcomeRow::of(&Outcome::decided()))]).await?;
    }
    Ok(Answer::Done)
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

async fn forget(db: &Db<'_>, driver: i64, which: &Forget) -> Result<Answer, Trouble> {
    // Nobody takes one of them up meanwhile.
    db.execute("lock table flow.runs in share row exclusive mode", &[]).await?;
    let rows = read::runs(db, driver, &Wanted::default()).await?;
    let doubts = read::in_doubt(db, driver).await?;
    let (gone, kept) = which.choose(rows, &doubts).map_err(Trouble::Refused)?;
    let runs: Vec<&str> = gone.iter().map(|run| run.0.as_str()).collect();
    for all in [
        "delete from flow.calls using flow.runs where calls.run = runs.number and runs.run = any($1)",
        "delete from flow.reviews using flow.runs where reviews.run = runs.number and runs.run = any($1)",
        "delete from flow.steps using flow.runs where steps.run = runs.number and runs.run = any($1)",
        "delete from flow.runs where run = any($1)",
    ] {
        db.execute(all, &[&runs]).await?;
    }
    Ok(Answer::Forgotten(Forgotten { runs: gone.len() as u64, kept, held_back: None }))
}
