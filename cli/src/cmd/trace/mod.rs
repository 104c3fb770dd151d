//! `flowc trace`: what one run did, as a tree of its steps with their time, calls and money.

mod bars;
mod tree;

use super::runs::{self, In};
use crate::console::{Console, Paint, counted};
use crate::exit::{Exit, Failure};
use crate::figures::{Round, count, dollars, seconds};
use crate::table::{self, Align};
use flow_runtime::journal::{CallRow, RunState, Standing, StepRow, Trace};
use flow_runtime::privacy::shown as shown_value;
use serde_json::{Value as Json, json};

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc runs                               which runs there are
  flowc trace 019ac3f2b1e4d07a11c            one of them
  flowc trace 019ac3f2b1e4d07a11c --format json | jq .output

The bars show when each step ran, from the run's begin on the left to its end on the right; time in
which nothing ran, such as between two parts of a resumed run, is left out.")]
pub(crate) struct Args {
    /// The run.
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    place: In,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

/// Prints one run.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let runtime = super::threads()?;
    let (_, trace) = args.place.find(&args.run, &runtime)?;
    match args.format {
        super::Format::Json => console.json(&document(&trace))?,
        super::Format::Text => console.answer(&shown(&trace, console))?,
    }
    Ok(Exit::Fine)
}

/// A step for programs.
pub(crate) fn step(step: &StepRow) -> Json {
    let outcome = &step.outcome;
    let error = outcome.result.as_ref().err();
    let mut out = json!({
        "name": step.path, "status": if error.is_some() { "failed" } else { "ok" },
        "model": outcome.model.as_deref(), "attempts": outcome.attempts,
        "usd": outcome.spent.usd.dollars(), "input_tokens": outcome.spent.input,
        "output_tokens": outcome.spent.output, "ms": outcome.took.0, "ended": step.ended.to_string(),
        "cached": outcome.spent.cached_calls > 0, "repaired": outcome.repaired,
        "error": error.map(|e| json!({ "code": e.code.name(), "message": e.message })),
    });
    if let Some(similar) = outcome.similar {
        out["similar"] = json!(flow_runtime::hundredths(similar));
    }
    out
}

fn document(trace: &Trace) -> Json {
    let mut out = runs::document(&trace.run);
    out["inputs"] = trace.inputs.iter().map(|input| shown_value(input).to_json()).collect();
    out["output"] = json!(trace.output.as_ref().map(|output| shown_value(output).to_json()));
    out["steps"] = trace.steps.iter().map(step).collect();
    out["calls"] = trace.calls.iter().map(call).collect();
    out["reviews"] = trace.reviews.iter().map(decision).collect();
    out
}

fn decision(standing: &Standing) -> Json {
    let mut out = serde_json::to_value(standing).unwrap_or_default();
    out["decision"] = standing.judged.as_ref().map_or(Json::Null, |judged| {
        json!({
            "verdict": judged.verdict.name(), "who": judged.who.as_str(), "reason": reason(standing),
            "edited": judged.value.is_some(), "at": judged.at.to_string(),
        })
    });
    out
}

// What is said of a private value may tell it.
fn reason(standing: &Standing) -> Option<&str> {
    let reason = standing.judged.as_ref()?.reason.as_deref()?;
    Some(if standing.asked.private { "<private>" } else { reason })
}

// Who was asked, and what they said.
fn people(standing: &Standing) -> String {
    let Standing { asked, judged, .. } = standing;
    let until = runs::moment(asked.until);
    let said = match judged {
        None => format!("waits for {} until {until} UTC", asked.by),
        Some(judged) => {
            let who = if judged.who.is_empty() { String::new() } else { format!(" by {}", judged.who) };
            let edited = if judged.value.is_some() { ", edited" } else { "" };
            let reason = reason(standing).map(|r| format!(": {r}")).unwrap_or_default();
            let at = runs::moment(judged.at);
            format!("{}{who} for {} at {at} UTC{edited}{reason}", judged.verdict.name(), asked.by)
        }
    };
    format!("{}  {said}\n", asked.path)
}

fn call(call: &CallRow) -> Json {
    json!({
        "step": call.path, "whom": call.whom.as_str(), "began": call.began.to_string(),
        "ms": call.took.map(|t| t.0), "in_doubt": call.took.is_none(),
        "usd": call.took.map_or(call.worst, |_| call.spent.usd).dollars(), "worst_usd": call.worst.dollars(),
        "input_tokens": call.spent.input, "output_tokens": call.spent.output, "error": call.error,
    })
}

fn shown(trace: &Trace, console: &Console) -> String {
    let run = &trace.run;
    let paint = match run.state {
        RunState::Ok => Paint::Good,
        RunState::Running | RunState::Interrupted | RunState::Waiting => Paint::Warn,
        RunState::Stopped | RunState::Failed => Paint::Bad,
    };
    let calls = counted(usize::try_from(run.spent.calls).unwrap_or(usize::MAX), "call");
    let mut out = format!(
        "{} {}  {}  {} UTC  {}  {} in {calls}\n",
        run.flow,
        run.run,
        paint.on(console.out_colour, run.state.name()),
        runs::moment(run.started),
        seconds(run.took),
        dollars(run.spent.usd, Round::Up),
    );
    if let Some(error) = &run.error {
        let at = error.step.as_ref().map(|step| format!(" in step `{step}`")).unwrap_or_default();
        out.push_str(&format!("{}: {}{at}\n", error.code.name(), error.message));
    }
    if !trace.reviews.is_empty() {
        out.push('\n');
        trace.reviews.iter().for_each(|standing| out.push_str(&people(standing)));
    }
    let rows = tree::rows(trace);
    if rows.is_empty() {
        return out;
    }
    let bars = bars::Bars::over(rows.iter().filter_map(|row| row.time));
    let columns =
        [Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left];
    let head = ["step", "", "took", "in", "out", "dollars", ""].map(str::to_owned).to_vec();
    let cells = rows.iter().map(|row| {
        let spent = |n: u64| if row.asks { count(n) } else { String::new() };
        vec![
            format!("{}{} {}", "  ".repeat(row.depth), row.mark.sign(), row.name),
            row.time.map(|time| bars.bar(time)).unwrap_or_default(),
            row.took.map(seconds).unwrap_or_default(),
            spent(row.spent.input.0),
            spent(row.spent.output.0),
            if row.asks { dollars(row.spent.usd, Round::Up) } else { String::new() },
            row.notes.join(", "),
        ]
    });
    let all: Vec<Vec<String>> = std::iter::once(head).chain(cells).collect();
    out.push('\n');
    out.push_str(&table::render(&columns, &all));
    out
}
