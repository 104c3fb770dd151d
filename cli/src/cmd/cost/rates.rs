//! What is expected: by the rates of `assume:` lines and `--assume`, and beside that what runs took.

use super::rows::{Program, Shown};
use super::runs::{self, about};
use crate::exit::Failure;
use flow_compiler::Misplaced;
use flow_compiler::bounds::{Expected, Mean, StepBound};
use flow_plan::{Callee, FlowId, Plan, Rate, StepKind};
use serde_json::{Value, json};

/// What is expected of each program's flows that have rates. A rate from the command line counts in
/// every flow that has such a step; one that none has is a mistake.
pub(super) fn of(
    programs: &[Program],
    flows: &[Vec<FlowId>],
    given: &[Rate],
) -> Result<Vec<Vec<Expected>>, Failure> {
    for rate in given {
        let mut tried = programs
            .iter()
            .zip(flows)
            .flat_map(|(program, flows)| flows.iter().map(move |flow| program.priced.takes(*flow, rate)));
        let refused: Vec<Misplaced> = match tried.by_ref().try_fold(Vec::new(), |mut all, one| match one {
            Ok(()) => None,
            Err(why) => {
                all.push(why);
                Some(all)
            }
        }) {
            Some(refused) => refused,
            None => continue,
        };
        return Err(misplaced(rate, refused));
    }
    let expected = |(program, flows): (&Program, &Vec<FlowId>)| {
        let takes = |flow: &FlowId, rate: &Rate| program.priced.takes(*flow, rate).is_ok();
        let more: Vec<(FlowId, Rate)> = flows
            .iter()
            .flat_map(|flow| given.iter().filter(|r| takes(flow, r)).map(|r| (*flow, r.clone())))
            .collect();
        let plan = &program.priced.plan;
        let with: Vec<FlowId> = flows.iter().copied().filter(|flow| has_rates(plan, *flow, &more)).collect();
        program.priced.expected(&with, &more)
    };
    Ok(programs.iter().zip(flows).map(expected).collect())
}

// Whether something is said of a flow, or of one that it calls.
fn has_rates(plan: &Plan, flow: FlowId, more: &[(FlowId, Rate)]) -> bool {
    let mut has = !plan.flows[flow.index()].settings.rates.is_empty() || more.iter().any(|(f, _)| *f == flow);
    plan.flows[flow.index()].body.each_step(&mut |step| {
        if let StepKind::Call(Callee::Flow(called), _) = &step.kind {
            has = has || has_rates(plan, *called, more);
        }
    });
    has
}

// The most that is known of why: a step that is there and takes no such rate comes first.
fn misplaced(rate: &Rate, refused: Vec<Misplaced>) -> Failure {
    let mut near = None;
    for why in refused {
        match why {
            Misplaced::Unfit(why) => {
                let message = format!("`--assume {}.{}` says nothing: {why}", rate.of, rate.fact.word());
                return Failure::usage(message).help("`flowc help cost` lists the rates");
            }
            Misplaced::Unknown(name) => near = near.or(name),
        }
    }
    let failure = Failure::usage(format!("no flow has a step or an input `{}`", rate.of));
    match near {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help("name a step as `flowc cost` lists it, or an input"),
    }
}

/// `$0.0004 by rates`, `$0.0004 by 41 runs (…)`, or both.
pub(super) fn shown(shown: &Shown<'_>) -> Option<String> {
    let assumed = shown.assumed.map(|e| format!("{} by rates", about(e.all.usd)));
    let all: Vec<String> = shown.ran.iter().map(runs::shown).chain(assumed).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// What a step is expected to take: by the runs where there are any, else by the rates.
pub(super) fn mean(shown: &Shown<'_>, step: &StepBound) -> String {
    match (&shown.ran, shown.step_assumed(step)) {
        (Some(_), _) => shown.step_ran(step).map_or(String::new(), |ran| runs::mean(&ran)),
        (None, Some(mean)) => about(mean.usd),
        (None, None) => String::new(),
    }
}

/// For programs.
pub(super) fn document(mean: Mean) -> Value {
    let Mean { usd, calls, input, output } = mean;
    let mean = |n: f64| json!({"mean": rounded(n)});
    json!({
        "source": "rates",
        "usd": mean(usd),
        "calls": mean(calls),
        "input_tokens": mean(input),
        "output_tokens": mean(output),
    })
}

// To nine decimals, as money is counted: what is behind them is noise of the arithmetic.
fn rounded(n: f64) -> f64 {
    (n * 1e9).round() / 1e9
}
