//! The witness of a program, held to its bound.

use super::Worst;
use super::play::{Fault, Reached};
use flow_plan::{Cost, FlowId, Plan, Used};
use flow_runtime::RunReport;
use flow_runtime::witness::{Ends, Search, Witness, find, play};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::Arc;

// Runs that are tried for one program.
const RUNS: usize = 3000;

/// How near the witness of a flow comes to its bound. It never exceeds it, and is the same whenever it
/// is played.
pub(super) fn reached(plan: &Arc<Plan>, flow: FlowId, worst: &Worst) -> Result<Reached, Fault> {
    let dearest = one(plan, flow, worst, worst.usd)?;
    if dearest.tokens >= 1.0 {
        return Ok(dearest);
    }
    // The dearest run is not always the one with most tokens.
    let longest = one(plan, flow, worst, Cost::ZERO)?;
    Ok(dearest.max(longest))
}

// The run that is found for so many dollars; where they are none, the one with most tokens.
fn one(plan: &Arc<Plan>, flow: FlowId, worst: &Worst, usd: Cost) -> Result<Reached, Fault> {
    let fault = |law, figures| Err(Fault { law, figures });
    let tokens = worst.tokens.0;
    let found = find(plan, flow, Search { worst: usd, tokens, runs: RUNS });
    let (witness, spent) = match found {
        Ok(found) => found,
        Err(error) => return fault("what compiles has a witness", error.to_string()),
    };
    let played = match play(plan, &witness) {
        Ok(played) => played,
        Err(error) => return fault("a witness can be played", error.to_string()),
    };
    if std::env::var("FLOW_BOUND_SEED").is_ok() {
        show(&witness, &played.report);
    }
    let figures = || {
        format!(
            "bound {worst:?}\n  found {spent:?}\n  played {:?}\n  {:?}",
            played.report.spent, played.missing
        )
    };
    if played.missing.is_some() || played.report.spent != spent {
        return fault("a witness plays as it was found", figures());
    }
    if spent.usd > worst.usd
        || spent.calls > worst.calls
        || spent.input > worst.input
        || spent.output > worst.output
        || spent.input.0 + spent.output.0 > worst.tokens.0
    {
        return fault("a witness keeps within its bound", figures());
    }
    let part = |of: f64, whole: f64| if whole > 0.0 { of / whole } else { 1.0 };
    Ok(Reached {
        usd: part(spent.usd.0 as f64, worst.usd.0 as f64),
        tokens: part((spent.input.0 + spent.output.0) as f64, worst.tokens.0 as f64),
    })
}

/// Prints what becomes of each call of a program that is looked at alone.
#[expect(clippy::print_stderr, reason = "it is read in the output of a run with --nocapture")]
fn show(witness: &Witness, report: &RunReport) {
    let error = report.error.as_ref().map_or(String::new(), ToString::to_string);
    eprintln!("the witness spends {:?} and ends {:?} {error}", report.spent, report.status);
    let mut same: BTreeMap<(String, &str, &str), (u64, u64, u64)> = BTreeMap::new();
    let one = Regex::new(r"\[\d+\]|#\d+").expect("it is one");
    for call in &witness.calls {
        // The same for every element, round and try.
        let step = one.replace_all(&call.step, "").into_owned();
        let (ends, used) = match &call.ends {
            Ends::Answer(answer) => ("answer", answer.usage),
            Ends::LookUp(asked) => ("lookup", asked.usage),
            Ends::Break => ("break", Used::default()),
            Ends::Silence => ("silence", Used::default()),
        };
        let (times, input, output) = same.entry((step, &call.model, ends)).or_default();
        *times += 1;
        *input = (*input).max(used.input.0);
        *output = (*output).max(used.output.0);
    }
    for ((step, model, ends), (times, input, output)) in same {
        eprintln!("{times:>5} x {step:<24} {model:<6} {ends:<8} {input} in, {output} out");
    }
}
