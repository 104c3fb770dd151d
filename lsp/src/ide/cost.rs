//! What steps and flows take at worst, in the figures of `flowc cost`.
//!
//! In: a program with its bounds. Out: [`FlowCost`]s with a [`StepCost`] for each step of the document
//! that can ask a model; nothing where the program has errors beside those of its bounds.

use crate::snapshot::Snapshot;
use flow_compiler::ast::{Block, Flow, Item, OnFail, Operation, OperationKind};
use flow_compiler::bounds::{Amount, FlowBound, StepBound};
use flow_diagnostics::Span;
use flow_plan::figures::{Round, count, dollars, seconds};
use flow_plan::{FlowSettings, Plan};

/// A flow of the document and what a run of it takes.
pub(crate) struct FlowCost<'s> {
    /// The flow.
    pub(crate) flow: &'s Flow,
    /// What it takes.
    pub(crate) bound: &'s FlowBound,
    /// What it may take.
    pub(crate) settings: &'s FlowSettings,
    /// Its steps that can ask a model.
    pub(crate) steps: Vec<StepCost<'s>>,
}

/// A step and what all its calls take.
pub(crate) struct StepCost<'s> {
    /// The step; of a result, its operation.
    pub(crate) span: Span,
    /// Its name as the costs have it.
    pub(crate) name: String,
    /// All of it together.
    pub(crate) worst: Amount,
    /// The calls of each model, and of each step inside.
    pub(crate) made_of: Vec<&'s StepBound>,
}

/// The flows of the document that have bounds.
pub(crate) fn flows(snapshot: &Snapshot) -> Vec<FlowCost<'_>> {
    let (Some(plan), Some(bounds)) = (&snapshot.found.plan, &snapshot.found.outcome.bounds) else {
        return Vec::new();
    };
    let written = snapshot.file().items().filter_map(|item| match item {
        Item::Flow(flow) => Some(flow),
        _ => None,
    });
    written
        .filter_map(|flow| {
            let bound = bounds.flows.iter().find(|b| is_of(plan, b, flow))?;
            let settings = &plan.flows[bound.flow.index()].settings;
            Some(FlowCost { flow, bound, settings, steps: steps(flow, bound) })
        })
        .collect()
}

fn is_of(plan: &Plan, bound: &FlowBound, flow: &Flow) -> bool {
    let span = plan.flows.get(bound.flow.index()).map(|f| f.span);
    span.is_some_and(|s| s.file == flow.span.file && flow.span.contains(s.start as usize))
}

// Each call belongs to the innermost step that it is written in; what other flows and guards call,
// to the step that calls them.
fn steps<'s>(flow: &Flow, bound: &'s FlowBound) -> Vec<StepCost<'s>> {
    let mut leaves: Vec<StepCost<'s>> = Vec::new();
    leaves_of(&flow.body, &mut Vec::new(), &mut leaves);
    for call in &bound.steps {
        let within = |leaf: &StepCost<'_>| {
            let span = leaf.span;
            span.file == call.span.file && span.start <= call.span.start && call.span.end <= span.end
        };
        let is_inside = call.span.file == flow.span.file && flow.span.contains(call.span.start as usize);
        let found = match is_inside {
            true => leaves.iter_mut().filter(|l| within(l)).min_by_key(|l| l.span.end - l.span.start),
            false => {
                let path = plain(&call.step);
                let begins =
                    |name: &str| path == name || path.strip_prefix(name).is_some_and(|r| r.starts_with('.'));
                leaves.iter_mut().filter(|l| begins(&l.name)).max_by_key(|l| l.name.len())
            }
        };
        if let Some(leaf) = found {
            leaf.worst = leaf.worst.plus(call.worst);
            leaf.made_of.push(call);
        }
    }
    leaves.retain(|leaf| !leaf.made_of.is_empty());
    leaves
}

// A step's path without the blocks that have no name: `each_1.draft` is `draft`.
fn plain(path: &str) -> String {
    let unnamed = |part: &str| {
        let (word, number) = part.split_once('_').unwrap_or((part, ""));
        matches!(word, "if" | "match" | "each" | "repeat" | "step") && number.parse::<u32>().is_ok()
    };
    path.split('.').filter(|part| !unnamed(part)).collect::<Vec<_>>().join(".")
}

fn leaves_of(block: &Block, path: &mut Vec<String>, leaves: &mut Vec<StepCost<'_>>) {
    for step in &block.steps {
        let named = step.name.as_ref().map(|n| n.name.to_string());
        let depth = path.len();
        path.extend(named);
        leaves_in(&step.operation, step.span, path, leaves);
        path.truncate(depth);
    }
    for result in &block.results {
        let word = if result.is_return { "return" } else { "yield" };
        path.push(word.to_owned());
        let span = result.keyword.to(result.value.span);
        leaves_in(&result.value, span, path, leaves);
        path.pop();
    }
}

fn leaves_in(operation: &Operation, span: Span, path: &mut Vec<String>, leaves: &mut Vec<StepCost<'_>>) {
    match &operation.kind {
        OperationKind::Expr(_) => {
            let name = path.join(".");
            leaves.push(StepCost { span, name, worst: Amount::default(), made_of: Vec::new() });
        }
        OperationKind::If { then, otherwise, .. } => {
            leaves_of(then, path, leaves);
            otherwise.iter().for_each(|b| leaves_of(b, path, leaves));
        }
        OperationKind::Match { arms, .. } => arms.iter().for_each(|a| leaves_of(&a.body, path, leaves)),
        OperationKind::Each { body, .. } | OperationKind::Repeat { body, .. } => {
            leaves_of(body, path, leaves)
        }
        OperationKind::Error(_) => {}
    }
    if let Some(OnFail::Do(handler)) = operation.on_fail.as_deref()
        && !matches!(handler.kind, OperationKind::Expr(_))
    {
        leaves_in(handler, handler.span, path, leaves);
    }
}

/// `≤ 2,605 tok · ≤ $0.0011`: tokens in and out, and money, at worst.
pub(crate) fn short(worst: Amount) -> String {
    let tokens = worst.input.0.saturating_add(worst.output.0);
    format!("≤ {} tok · ≤ {}", count(tokens), dollars(worst.usd, Round::Up))
}

impl FlowCost<'_> {
    /// Whether a run can take more than it may.
    pub(crate) fn is_over(&self) -> bool {
        let worst = self.bound.worst;
        self.settings.budget.is_some_and(|budget| worst.usd > budget)
            || self.settings.deadline.is_some_and(|deadline| worst.time > deadline)
    }

    /// `worst $0.0031 of $0.02 · 4 calls · ≤ 16 s`.
    pub(crate) fn line(&self) -> String {
        let worst = self.bound.worst;
        let mark = if self.is_over() { "✗ " } else { "" };
        let budget = self.settings.budget.map(|b| format!(" of {b}")).unwrap_or_default();
        let time = seconds(worst.time);
        let time = time.trim_end_matches('s');
        let calls =
            if worst.calls == 1 { "1 call".to_owned() } else { format!("{} calls", count(worst.calls)) };
        format!("{mark}worst {}{budget} · {calls} · ≤ {time} s", dollars(worst.usd, Round::Up))
    }
}
