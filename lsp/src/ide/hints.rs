//! Inlay hints: behind each step that can ask a model, what it takes at worst.

use super::cost::{self, StepCost};
use crate::snapshot::Snapshot;
use flow_plan::figures::{Round, count, dollars};

/// A hint.
pub(crate) struct Hint {
    /// The byte behind which it stands: the end of the step's first line.
    pub(crate) at: usize,
    /// `≤ 2,605 tok · ≤ $0.0011`.
    pub(crate) label: String,
    /// How that is made up, in Markdown.
    pub(crate) tooltip: String,
}

/// The hints in these bytes of the document.
pub(crate) fn of(snapshot: &Snapshot, range: std::ops::Range<usize>) -> Vec<Hint> {
    let text = &snapshot.job.text;
    let flows = cost::flows(snapshot);
    let steps = flows.iter().flat_map(|flow| &flow.steps);
    let mut hints: Vec<Hint> = steps
        .map(|step| Hint {
            at: text.line_range(text.line_of(step.span.start as usize)).end,
            label: cost::short(step.worst),
            tooltip: made_up(snapshot, step),
        })
        .filter(|hint| range.start <= hint.at && hint.at <= range.end)
        .collect();
    hints.sort_by_key(|hint| hint.at);
    hints
}

/// A table of what a step's worst case is made up of.
pub(crate) fn made_up(snapshot: &Snapshot, step: &StepCost<'_>) -> String {
    let Some(plan) = &snapshot.found.plan else { return String::new() };
    let mut out = String::from(
        "| step | model | calls | tokens in | tokens out | worst |\n|---|---|--:|--:|--:|--:|\n",
    );
    for call in &step.made_of {
        let worst = call.worst;
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            call.step,
            plan.models[call.model.index()].id(),
            count(worst.calls),
            count(worst.input.0),
            count(worst.output.0),
            dollars(worst.usd, Round::Up),
        ));
    }
    out
}
