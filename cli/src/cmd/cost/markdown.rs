//! The costs for a pull request: one line a flow, one table for the steps of all.

use super::rates;
use super::rows::Shown;
use crate::figures::{Round, count, dollars, percent, seconds};

/// The page of these flows.
pub(super) fn page(flows: &[Shown<'_>]) -> String {
    let mut out = table(
        &["flow", "worst", "of its budget", "expected", "best", "calls", "tokens in", "tokens out", "time"],
        flows.iter().map(flow),
    );
    let steps: Vec<Vec<String>> = flows.iter().flat_map(steps).collect();
    if !steps.is_empty() {
        out.push('\n');
        let heading =
            ["flow", "step", "model", "calls", "tokens in", "tokens out", "worst", "expected", "share"];
        out.push_str(&table(&heading, steps.into_iter()));
    }
    out
}

fn flow(shown: &Shown<'_>) -> Vec<String> {
    let (worst, settings) = (shown.bound.worst, &shown.flow.settings);
    let budget = settings.budget.map_or(String::new(), |most| {
        format!("{} of {most}", percent(worst.usd.0.unsigned_abs(), most.0.unsigned_abs()))
    });
    vec![
        code(&shown.flow.name),
        dollars(worst.usd, Round::Up),
        budget,
        rates::shown(shown).unwrap_or_default(),
        dollars(shown.bound.best.usd, Round::Down),
        count(worst.calls),
        count(worst.input.0),
        count(worst.output.0),
        seconds(worst.time),
    ]
}

fn steps(shown: &Shown<'_>) -> Vec<Vec<String>> {
    let whole = shown.bound.worst.usd.0.unsigned_abs();
    let row = |step: &flow_compiler::bounds::StepBound| {
        vec![
            code(&shown.flow.name),
            code(&step.step),
            code(&shown.model(step)),
            count(step.worst.calls),
            count(step.worst.input.0),
            count(step.worst.output.0),
            dollars(step.worst.usd, Round::Up),
            rates::mean(shown, step),
            percent(step.worst.usd.0.unsigned_abs(), whole),
        ]
    };
    shown.bound.steps.iter().map(row).collect()
}

fn table(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = format!("| {} |\n|{}\n", heading.join(" | "), "---|".repeat(heading.len()));
    for row in rows {
        out.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    out
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}
