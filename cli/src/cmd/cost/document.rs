//! The costs for programs. The names are a promise: more may be added, none goes.

use super::rows::Shown;
use flow_compiler::bounds::Amount;
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
        if let Some(expected) = shown.step_expected(step) {
            put(&mut row, json!({"expected": expected.document()}));
        }
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
    if let Some(expected) = &shown.expected {
        put(&mut out, json!({"expected": expected.document()}));
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
