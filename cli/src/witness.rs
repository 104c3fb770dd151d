//! Witnesses: the dearest run of each flow that was found, kept beside its program.
//!
//! Looking for them and playing them is the runtime's; here they are read, written and compared with
//! the bounds.

use crate::console::Console;
use crate::exit::Failure;
use crate::figures::{Round, count, dollars, percent};
use flow_compiler::bounds::{Amount, Bounds, FlowBound};
use flow_plan::{Cost, Plan};
use flow_runtime::Spent;
use flow_runtime::witness::{Search, Witness, find};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs that a search tries for one flow.
const RUNS: usize = 4000;

/// Calls of a run, more than which are not played.
const CALLS: u64 = 20_000;

/// What is in the file.
#[derive(Serialize, Deserialize)]
struct Kept {
    flows: Vec<Witness>,
}

/// How near a run came to the bound of its flow.
pub(crate) struct Reached<'a> {
    /// The flow's name.
    pub(crate) flow: &'a str,
    /// What was proven.
    pub(crate) worst: Amount,
    /// What the run took.
    pub(crate) spent: Spent,
}

/// The file beside a program that its witnesses are kept in.
pub(crate) fn beside(program: &Path) -> PathBuf {
    program.with_extension("witness.json")
}

/// The dearest run that is found of a flow.
pub(crate) fn of(
    plan: &Arc<Plan>,
    bound: &FlowBound,
    console: &Console,
) -> Result<(Witness, Spent), Failure> {
    let name = &plan.flows[bound.flow.index()].name;
    let calls = bound.worst.calls;
    if calls > CALLS {
        let calls = count(calls);
        let most = count(CALLS);
        return Err(Failure::usage(format!(
            "a run of `{name}` can make {calls} calls, and {most} are played at most"
        ))
        .help("look at it with smaller sizes: `--at rows=20`"));
    }
    console.progress(&format!("looking for the dearest run of `{name}`"));
    let Amount { usd: worst, tokens, .. } = bound.worst;
    let found = find(plan, bound.flow, Search { worst, tokens: tokens.0, runs: RUNS });
    console.progress("");
    found.map_err(|error| Failure::usage(error.to_string()))
}

/// The witnesses of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<Witness>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::unreadable(path, &e))?;
    let kept: Kept = serde_json::from_str(&text).map_err(|e| {
        Failure::usage(format!("{} is not a file of witnesses: {e}", crate::paths::shown(path)))
            .help("write it again with `flowc cost --witness`")
    })?;
    Ok(kept.flows)
}

/// Writes the witnesses of a program.
pub(crate) fn write(path: &Path, flows: Vec<Witness>) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&Kept { flows }).unwrap_or_default();
    std::fs::write(path, text + "\n").map_err(|e| Failure::unwritable(path, &e))
}

/// The bound of a flow.
pub(crate) fn bound_of<'b>(plan: &Plan, bounds: &'b Bounds, flow: &str) -> Option<&'b FlowBound> {
    bounds.flows.iter().find(|b| plan.flows[b.flow.index()].name == flow)
}

impl Reached<'_> {
    /// Whether the run took no more than was proven.
    pub(crate) fn keeps(&self) -> bool {
        let Reached { worst, spent, .. } = self;
        spent.usd <= worst.usd
            && spent.calls <= worst.calls
            && spent.input <= worst.input
            && spent.output <= worst.output
            && spent.input.0 + spent.output.0 <= worst.tokens.0
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let Reached { flow, worst, spent } = self;
        let nanos = |cost: Cost| u64::try_from(cost.0).unwrap_or(0);
        let tokens = (spent.input.0 + spent.output.0, worst.tokens.0);
        let share = |part, whole| match percent(part, whole) {
            none if none.is_empty() => none,
            share => format!(" ({share})"),
        };
        format!(
            "{flow}: {} of {}{}, {} of {} tokens{}, {} of {} calls",
            dollars(spent.usd, Round::Down),
            dollars(worst.usd, Round::Up),
            share(nanos(spent.usd), nanos(worst.usd)),
            count(tokens.0),
            count(tokens.1),
            share(tokens.0, tokens.1),
            count(spent.calls),
            count(worst.calls),
        )
    }

    /// The same for programs.
    pub(crate) fn document(&self) -> serde_json::Value {
        let Reached { flow, worst, spent } = self;
        json!({
            "flow": flow,
            "worst": {
                "usd": worst.usd.dollars(), "calls": worst.calls,
                "input_tokens": worst.input.0, "output_tokens": worst.output.0, "tokens": worst.tokens.0,
            },
            "reached": {
                "usd": spent.usd.dollars(), "calls": spent.calls,
                "input_tokens": spent.input.0, "output_tokens": spent.output.0,
            },
        })
    }
}
