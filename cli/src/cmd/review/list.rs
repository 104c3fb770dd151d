//! `flowc runs --waiting`: what waits for a person, and what a value looks like in a line.

use crate::cmd::runs::moment;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::table::{self, Align};
use flow_runtime::RunId;
use flow_runtime::journal::{Asked, ReviewRow, RunState};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

/// As much of a value as stands in the list.
const SHOWN: usize = 60;

/// Prints what nobody has decided on yet; with `values`, all of each value.
pub(crate) fn list(
    all: &[ReviewRow],
    values: bool,
    (as_json, now): (bool, Timestamp),
    console: &Console,
) -> Result<Exit, Failure> {
    let open: Vec<&ReviewRow> = all.iter().filter(|row| row.standing.judged.is_none()).collect();
    if as_json {
        let rows: Vec<Json> = open.iter().map(|row| document(row, values, now)).collect();
        console.json(&json!({ "waiting": rows }))?;
        return Ok(Exit::Fine);
    }
    // Runs that wait for nobody any more: all of it is decided.
    let waits = |run: &RunId| open.iter().any(|row| row.run == *run);
    let mut ready: Vec<&RunId> = all
        .iter()
        .filter(|row| row.state == RunState::Waiting && !waits(&row.run))
        .map(|row| &row.run)
        .collect();
    ready.dedup();
    if open.is_empty() {
        console.note("nothing waits for a person");
    } else {
        let head = ["run", "step", "by", "since (UTC)", "until (UTC)", "value"].map(str::to_owned).to_vec();
        let row = |row: &&ReviewRow| {
            let asked = &row.standing.asked;
            let until = moment(asked.until);
            let until = if now >= asked.until { format!("{until}, over") } else { until };
            let value = if values { String::new() } else { summary(asked, SHOWN) };
            let texts = [row.run.to_string(), asked.path.clone(), asked.by.to_string(), moment(asked.since)];
            texts.into_iter().chain([until, value]).collect()
        };
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(open.iter().map(row)).collect();
        console.answer(&table::render(&[Align::Left; 6], &rows))?;
        if values {
            open.iter().try_for_each(|row| console.answer(&whole(row)))?;
        }
        console
            .note("`flowc approve RUN STEP` lets one pass, `flowc reject RUN STEP --reason \"…\"` does not");
    }
    for run in ready {
        console.note(&format!("all is decided in {run}: `flowc run --resume {run}` goes on"));
    }
    Ok(Exit::Fine)
}

/// A value in a line of so many characters at most; of a private one only that there is one.
pub(crate) fn summary(asked: &Asked, most: usize) -> String {
    let Some(value) = &asked.value else { return "none: it is given with `--value`".to_owned() };
    if asked.private {
        return "private: `flowc runs --waiting --values` shows it".to_owned();
    }
    let line = plain(&value.to_string());
    if line.chars().count() <= most {
        return line;
    }
    line.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn whole(row: &ReviewRow) -> String {
    let asked = &row.standing.asked;
    let value = asked.value.as_ref().map(|value| format!("{:#}", value.to_json())).unwrap_or_default();
    let why = asked.why.as_ref().map(|why| format!("why: {}\n", plain(why))).unwrap_or_default();
    format!("\n{} {}\n{why}{value}\n", row.run, asked.path)
}

// Nothing that a model or a document has written moves a terminal's cursor.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect()
}

fn document(row: &ReviewRow, values: bool, now: Timestamp) -> Json {
    let asked = &row.standing.asked;
    let mut out = serde_json::to_value(&row.standing).unwrap_or_default();
    out["run"] = json!(row.run.0.as_str());
    out["flow"] = json!(row.flow.as_str());
    out["status"] = json!(row.state.name());
    out["over"] = json!(now >= asked.until);
    if values {
        out["value"] = asked.value.as_ref().map_or(Json::Null, flow_plan::Value::to_json);
        out["why"] = json!(asked.why);
    }
    out
}
