//! Code actions beside the compiler's fixes: a budget and a deadline that hold, a guard before a
//! text from outside, a cheaper model that fits.
//!
//! In: a program and a place. Out: [`Action`]s whose edits are of the document.

use super::{cost, names};
use crate::host::Host;
use crate::snapshot::Snapshot;
use flow_compiler::ast::{Flow, Item, Model};
use flow_diagnostics::Span;
use flow_plan::figures::{Round, dollars};
use flow_plan::{Cost, Integrity, ModelCard, ModelKind, Tokens, Type};
use std::ops::Range;

/// A change that is offered.
pub(crate) struct Action {
    /// What it does.
    pub(crate) title: String,
    /// What is replaced, and by what; they do not overlap.
    pub(crate) edits: Vec<(Range<usize>, String)>,
}

/// What is offered at an offset of the document.
pub(crate) fn at(snapshot: &Snapshot, offset: usize, host: &dyn Host) -> Vec<Action> {
    match snapshot.item_at(offset) {
        Some(Item::Flow(flow)) => {
            let mut out = limits(snapshot, flow, offset);
            out.extend(guarded(snapshot, flow, offset));
            out
        }
        Some(Item::Model(model)) => cheaper(snapshot, model, host).into_iter().collect(),
        _ => Vec::new(),
    }
}

// On the flow's first line: the limits that it lacks, at what it takes at worst.
fn limits(snapshot: &Snapshot, flow: &Flow, offset: usize) -> Vec<Action> {
    let text = &snapshot.job.text;
    let flows = cost::flows(snapshot);
    let head = text.line_of(flow.name.span.start as usize);
    let Some(found) = flows.iter().find(|f| f.flow.name.span == flow.name.span) else { return Vec::new() };
    if text.line_of(offset) != head || flow.body.span.start == flow.body.span.end {
        return Vec::new();
    }
    let worst = found.bound.worst;
    let at = flow.body.span.start as usize + 1;
    let insert = |line: String| vec![(at..at, format!("\n  {line}"))];
    let mut out = Vec::new();
    if found.settings.budget.is_none() && worst.usd > Cost::ZERO {
        let line = format!("budget: {}", dollars(worst.usd, Round::Up).replace(',', "_"));
        out.push(Action {
            title: format!("Add `{line}`, which is what a run takes at worst"),
            edits: insert(line),
        });
    }
    if found.settings.deadline.is_none() && worst.time.0 > 0 {
        let line = format!("deadline: {}s", worst.time.0.div_ceil(1000));
        out.push(Action {
            title: format!("Add `{line}`, which is what a run takes at worst"),
            edits: insert(line),
        });
    }
    out
}

// On a parameter that is untrusted text: a step that looks at it first, whose result is used instead.
fn guarded(snapshot: &Snapshot, flow: &Flow, offset: usize) -> Option<Action> {
    let param = flow.params.iter().find(|p| p.span.contains(offset))?;
    let typed =
        snapshot.hir().typed.iter().find(|t| t.name == param.name.name && t.span == param.name.span)?;
    let is_text = matches!(typed.ty.present(), Type::Text { .. });
    if !is_text || typed.labels.integrity != Integrity::Untrusted || flow.body.steps.is_empty() {
        return None;
    }
    let step = format!("{}_checked", param.name.name);
    let names_it = |name: &str| snapshot.hir().typed.iter().any(|t| t.name == name);
    let guard = super::hover::imported_guard(snapshot.file(), "injection").is_some();
    if names_it(&step) || (!guard && snapshot.hir().decls.iter().any(|d| d.name == "injection")) {
        return None;
    }
    let mut edits = Vec::new();
    if !guard {
        let (at, text) = super::complete::import(snapshot.text(), "injection");
        edits.push((at..at, text));
    }
    let first = flow.body.steps[0].span.start as usize;
    let line = format!("{step} = injection({}) else stop \"This text can't be taken.\"\n  ", param.name.name);
    edits.push((first..first, line));
    // A call of the flow that names the parameter stays as it is.
    let inside = |span: Span| snapshot.is_here(span) && flow.body.span.contains(span.start as usize);
    let uses = names::occurrences(snapshot, param.name.span);
    edits.extend(uses.iter().skip(1).filter(|s| inside(**s)).map(|s| (s.range(), step.clone())));
    let title = format!("Check `{}` for instructions before it is used", param.name.name);
    Some(Action { title, edits })
}

// The model of the catalogue with which all calls of this one still fit and cost least.
fn cheaper(snapshot: &Snapshot, model: &Model, host: &dyn Host) -> Option<Action> {
    let plan = snapshot.found.plan.as_ref()?;
    let at = plan.models.iter().position(|m| m.span == model.name.span)?;
    let now = &plan.models[at];
    let bounds = snapshot.found.outcome.bounds.as_ref()?;
    let steps = bounds.flows.iter().flat_map(|f| &f.steps);
    let calls: Vec<_> = steps.filter(|s| s.model.index() == at).collect();
    let window = calls.iter().map(|s| s.request.0 + s.output.0).max()?;
    let takes = |card: &ModelCard| -> Cost {
        let worst = |s: &&flow_compiler::bounds::StepBound| {
            let n = s.worst.calls.max(1);
            let each = card.worst(Tokens(s.worst.input.0.div_ceil(n)), Tokens(s.worst.output.0.div_ceil(n)));
            Cost(each.0.saturating_mul(i64::try_from(n).unwrap_or(i64::MAX)))
        };
        calls.iter().map(worst).fold(Cost::ZERO, Cost::plus)
    };
    let before = takes(&now.card);
    let configured = host.configured(&snapshot.job.folder).ok()?;
    let can = now.card.abilities;
    let fits = |card: &ModelCard| {
        let theirs = card.abilities;
        card.kind == ModelKind::Chat
            && card.context.0 >= window
            && card.max_output.0 >= now.output_cap().0
            && (!can.json_schema || theirs.json_schema)
            && (!can.images || theirs.images)
            && (!can.tools || theirs.tools)
    };
    let models = configured.catalog.models.iter().filter(|(_, card)| fits(card));
    let (id, least) = models.map(|(id, card)| (id, takes(card))).min_by_key(|(id, cost)| (*cost, *id))?;
    (least < before).then(|| Action {
        title: format!(
            "Use `{id}`, the cheapest that fits: about {} instead of {} at worst",
            dollars(least, Round::Up),
            dollars(before, Round::Up)
        ),
        edits: vec![(model.id.span.range(), format!("\"{id}\""))],
    })
}
