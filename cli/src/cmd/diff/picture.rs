//! The changed part of a flow as a Mermaid flowchart: the steps that changed and their neighbours.

use super::{Compared, Compiled};
use flow_diff::{Item, Kind, Status};
use flow_plan::{Block, Flow};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

// A picture with more steps than these is no help.
const MOST: usize = 60;

/// Each flow whose steps changed, with its picture.
pub(super) fn changed(compared: &Compared<'_>) -> Vec<(String, String)> {
    let mut by_flow: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in compared.diff.items.iter().filter(|i| i.kind == Kind::Step) {
        by_flow.entry(item.owner.as_deref().unwrap_or_default()).or_default().push(item);
    }
    let mut out = Vec::new();
    for (name, items) in by_flow {
        let was = compared.diff.items.iter().find(|i| i.kind == Kind::Flow && i.name == name);
        let was = was.and_then(|i| i.was.as_deref()).unwrap_or(name);
        let (old, new) = (flow(compared.sides.0, was), flow(compared.sides.1, name));
        if let (Some(old), Some(new)) = (old, new) {
            let drawn = draw(&old.body, &new.body, &items);
            out.extend(drawn.map(|drawn| (name.to_owned(), drawn)));
        }
    }
    out
}

fn flow<'a>(side: &'a [Compiled], name: &str) -> Option<&'a Flow> {
    side.iter().flat_map(|c| &c.priced.plan.flows).find(|f| f.name == name)
}

fn draw(old: &Block, new: &Block, items: &[&Item]) -> Option<String> {
    let outer = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let mut marks: BTreeMap<String, Status> = BTreeMap::new();
    for item in items {
        let is_whole = !item.name.contains('.');
        let status = if is_whole { item.status } else { Status::Changed };
        marks
            .entry(outer(&item.name))
            .and_modify(|s| *s = if is_whole { status } else { *s })
            .or_insert(status);
    }
    let renamed: BTreeMap<&str, &str> =
        items.iter().filter_map(|i| Some((i.was.as_deref()?, i.name.as_str()))).collect();
    let now = |name: &str| renamed.get(name).copied().unwrap_or(name).to_owned();
    let new_edges = edges(new, |name| name.to_owned());
    let old_edges = edges(old, now);
    let mut shown: BTreeSet<String> = marks.keys().cloned().collect();
    for (from, to) in new_edges.iter().chain(&old_edges) {
        if marks.contains_key(from) || marks.contains_key(to) {
            shown.extend([from.clone(), to.clone()]);
        }
    }
    if shown.is_empty() || shown.len() > MOST {
        return None;
    }
    let ids: BTreeMap<&String, usize> = shown.iter().enumerate().map(|(i, name)| (name, i)).collect();
    let mut out = String::from("flowchart LR\n");
    for (name, id) in &ids {
        let class = match marks.get(*name) {
            Some(Status::Added) => ":::added",
            Some(Status::Removed) => ":::removed",
            Some(Status::Changed) => ":::changed",
            None => "",
        };
        let name = name.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        let _ = writeln!(out, "  s{id}[\"{name}\"]{class}");
    }
    let both: BTreeSet<&(String, String)> = new_edges.union(&old_edges).collect();
    for edge in both {
        let (Some(from), Some(to)) = (ids.get(&edge.0), ids.get(&edge.1)) else { continue };
        let arrow = match (old_edges.contains(edge), new_edges.contains(edge)) {
            (true, true) => "-->",
            (false, _) => "==>",
            (true, false) => "-.->",
        };
        let _ = writeln!(out, "  s{from} {arrow} s{to}");
    }
    // Colours that are read on white and on black.
    out.push_str("  classDef added stroke:#16a34a,stroke-width:3px\n");
    out.push_str("  classDef removed stroke:#dc2626,stroke-width:3px,stroke-dasharray:4\n");
    out.push_str("  classDef changed stroke:#d97706,stroke-width:3px\n");
    Some(out)
}

fn edges(block: &Block, name: impl Fn(&str) -> String) -> BTreeSet<(String, String)> {
    let steps = &block.steps;
    let ends = steps.edge_indices().filter_map(|e| steps.edge_endpoints(e));
    ends.map(|(from, to)| (name(&steps[from].name), name(&steps[to].name))).collect()
}
