//! A flow as a picture, with what each step takes at worst and where it is written.

use super::cost;
use crate::snapshot::Snapshot;
use flow_compiler::ast::Item;
use flow_compiler::graph::{self, Drawn};
use std::collections::HashMap;

/// A picture.
pub(crate) struct Picture {
    /// The flow.
    pub(crate) flow: String,
    /// All flows of the document.
    pub(crate) flows: Vec<String>,
    /// The picture as SVG; the attribute `data-step` of each box has the id of its step.
    pub(crate) svg: String,
    /// What the flow takes at worst, as its lens says it.
    pub(crate) cost: Option<String>,
    /// Whether that is more than it may take.
    pub(crate) is_over: bool,
    /// Its steps.
    pub(crate) steps: Vec<Drawn>,
}

/// Draws the flow of a name, else the document's first one; with its labels where they are wanted. An
/// error is the reason why it can't be drawn, for people.
pub(crate) fn of(snapshot: &Snapshot, name: Option<&str>, labels: bool) -> Result<Picture, String> {
    let written = snapshot.file().items.iter().filter_map(|item| match &**item {
        Item::Flow(flow) => Some(flow.name.name.to_string()),
        _ => None,
    });
    let flows: Vec<String> = written.collect();
    let first = flows.first().ok_or("there is no flow in this file")?;
    let flow = name.filter(|name| flows.iter().any(|f| f == name)).unwrap_or(first).to_owned();
    let plan = snapshot.found.plan.as_ref();
    let plan = plan.ok_or("the program has errors, and no graph before they are mended")?;
    let id = plan.flow(&flow).ok_or_else(|| format!("there is no flow `{flow}`"))?;
    let steps = graph::drawn(plan, id);
    let costs = cost::flows(snapshot);
    let cost = costs.iter().find(|c| c.flow.name.name == flow);
    let notes = cost.map(|cost| notes(&steps, cost)).unwrap_or_default();
    Ok(Picture {
        svg: graph::noted_svg(plan, id, labels, &|step| notes.get(step).cloned()),
        cost: cost.map(cost::FlowCost::line),
        is_over: cost.is_some_and(cost::FlowCost::is_over),
        flow,
        flows,
        steps,
    })
}

// What a step takes stands in the outermost box that is written inside of it: what stands in for it
// counts as its own.
fn notes(steps: &[Drawn], cost: &cost::FlowCost<'_>) -> HashMap<String, String> {
    let mut notes = HashMap::new();
    for step in &cost.steps {
        let within = |drawn: &&Drawn| {
            let (outer, inner) = (step.span, drawn.span);
            let is_inside = outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end;
            is_inside && !drawn.is_block && !notes.contains_key(&drawn.id)
        };
        if let Some(drawn) = steps.iter().find(within) {
            notes.insert(drawn.id.clone(), cost::short(step.worst));
        }
    }
    notes
}
