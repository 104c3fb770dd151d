//! The costs for programs. The names are a promise: more may be added, none goes.

use super::rates;
use super::rows::Shown;
use super::runs::Ran;
use flow_compiler::bounds::{Amount, Mean};
use flow_plan::{Cost, Millis};
use serde_json::{Value, json};

/// The document of these flows.
pub(super) fn document(flows: &[Shown<'_>]) -> Value {
    json!({ "flows": flows.iter().map(flow).collect::<Vec<_>>() })
}

fn flow(shown: &Shown<'_>) -> Value {
    let settings = &shown.flow.settings;
    let steps = shown.bound.steps.iter().map(|step| {
        let mut row = json!({"name": step.step.as_str(), "model": shown.model(step)});
        put(&mut row, amount(step.worst));
        put(&mut row, json!({"best": amount(step.best)}));
        put(&mut row, expected(shown.step_ran(step), shown.step_assumed(step)));
        row
    });
    let mut out = json!({
        "name": shown.flow.name.as_str(),
        "file": shown.program.file,
        "worst": amount(shown.bound.worst),
        "best": amount(shown.bound.best),
        "budget_usd": settings.budget.map(Cost::dollars),
        "deadline_s": settings.deadline.map(seconds),
        "steps": steps.collect::<Vec<_>>(),
    });
    put(&mut out, expected(shown.ran.clone(), shown.assumed.map(|e| e.all)));
    out
}

// By runs where there are any, else by rates; what is expected by rates stands under its own name as
// well, so that both can be read beside each other.
fn expected(ran: Option<Ran>, assumed: Option<Mean>) -> Value {
    let assumed = assumed.map(rates::document);
    let mut out = json!({});
    if let Some(expected) = ran.map(|ran| ran.document()).or_else(|| assumed.clone()) {
        put(&mut out, json!({"expected": expected}));
    }
    if let Some(assumed) = assumed {
        put(&mut out, json!({"assumed": assumed}));
    }
    out
}

fn amount(amount: Amount) -> Value {
    json!({
        "usd": amount.usd.dollars(),
        "calls": amount.calls,
        "input_tokens": amount.input.0,
        "output_tokens": amount.output.0,
        "seconds": seconds(amount.time),
    })
}

fn put(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn seconds(time: Millis) -> f64 {
    time.0 as f64 / 1000.0
}
