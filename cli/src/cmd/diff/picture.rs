//! The changed part of a flow as a Mermaid flowchart: the steps that changed, those that call what
//! changed, and their neighbours.

use super::{Compared, Compiled};
use flow_diff::{Class, Item, Kind, Status};
use flow_plan::{Block, Callee, Flow, Plan, Step, StepKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

// A picture with more steps than these is no help.
const MOST: usize = 60;
// So many flows are drawn.
const MOST_FLOWS: usize = 12;

/// Each flow of which something changed, with its picture.
pub(super) fn changed(compared: &Compared<'_>) -> Vec<(String, String)> {
    let items = &compared.diff.items;
    let is_other = |i: &&Item| i.status == Status::Changed && i.class >= Class::Behaviour;
    let others: BTreeSet<(Kind, &str)> =
        items.iter().filter(is_other).map(|i| (i.kind, i.name.as_str())).collect();
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for program in compared.sides.1 {
        for flow in &program.priced.plan.flows {
            let file = file(program, flow);
            if out.len() == MOST_FLOWS || !seen.insert((file.clone(), flow.name.clone())) {
                continue;
            }
            let own = items.iter().find(|i| i.kind == Kind::Flow && i.name == *flow.name);
            let was = own.and_then(|i| i.was.as_deref()).unwrap_or(&flow.name);
            let Some((old_file, old)) = before(compared.sides.0, was, &program.key) else { continue };
            let is_here = |i: &&Item| {
                let (old, new) = (i.old.as_ref().map(|p| &p.file), i.new.as_ref().map(|p| &p.file));
                i.kind == Kind::Step
                    && i.owner.as_deref() == Some(&*flow.name)
                    && new.map_or(old == Some(&old_file), |new| *new == file)
            };
            let steps: Vec<&Item> = items.iter().filter(is_here).collect();
            let drawn = draw((&old.body, &flow.body), (&program.priced.plan, &steps, &others));
            out.extend(drawn.map(|drawn| (flow.name.to_string(), drawn)));
        }
    }
    out
}

// The flow of this name, best in the same program.
fn before<'a>(side: &'a [Compiled], name: &str, key: &str) -> Option<(String, &'a Flow)> {
    let found = |c: &'a Compiled| {
        c.priced.plan.flows.iter().find(|f| f.name == name).map(|flow| (file(c, flow), flow))
    };
    side.iter().filter(|c| c.key == key).find_map(found).or_else(|| side.iter().find_map(found))
}

fn file(program: &Compiled, flow: &Flow) -> String {
    format!("{}{}", program.shown, program.priced.sources.file(flow.span.file).name())
}

// Whether a step calls something that changed, or asks a model that did.
fn touches(step: &Step, plan: &Plan, others: &BTreeSet<(Kind, &str)>) -> bool {
    let is = |kind, name: &str| others.contains(&(kind, name));
    let calls = match &step.kind {
        StepKind::Call(Callee::Prompt(id), _) => is(Kind::Prompt, &plan.prompts[id.index()].name),
        StepKind::Call(Callee::Lookup(id), _) => is(Kind::Lookup, &plan.lookups[id.index()].name),
        StepKind::Call(Callee::Guard(id), _) => is(Kind::Guard, &plan.guards[id.index()].name),
        StepKind::Call(Callee::Action(id), _) => is(Kind::Action, &plan.actions[id.index()].name),
        StepKind::Call(Callee::Flow(id), _) => is(Kind::Flow, &plan.flows[id.index()].name),
        _ => false,
    };
    let settings = &step.settings;
    let mut models =
        settings.model.iter().chain(&settings.fallback).chain(settings.escalate.iter().map(|e| &e.to));
    let mut inside = false;
    step.each_block(&mut |block| block.each_step(&mut |s| inside |= touches(s, plan, others)));
    calls || inside || models.any(|id| is(Kind::Model, &plan.models[id.index()].name))
}

fn draw(
    (old, new): (&Block, &Block),
    (plan, items, others): (&Plan, &[&Item], &BTreeSet<(Kind, &str)>),
) -> Option<String> {
    let outer = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let mut marks: BTreeMap<String, &str> = BTreeMap::new();
    for item in items {
        let is_whole = !item.name.contains('.');
        let mark = match item.status {
            Status::Added if is_whole => "added",
            Status::Removed if is_whole => "removed",
            _ => "changed",
        };
        marks.entry(outer(&item.name)).and_modify(|m| *m = if is_whole { mark } else { *m }).or_insert(mark);
    }
    let touched = new.steps.node_weights().filter(|step| touches(step, plan, others));
    touched.for_each(|step| {
        marks.entry(step.name.to_string()).or_insert("touched");
    });
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
    // One box says no more than its name does.
    if shown.len() < 2 || shown.len() > MOST {
        return None;
    }
    let ids: BTreeMap<&String, usize> = shown.iter().enumerate().map(|(i, name)| (name, i)).collect();
    let mut out = String::from("flowchart LR\n");
    for (name, id) in &ids {
        let class = marks.get(*name).map(|mark| format!(":::{mark}")).unwrap_or_default();
        let does = items.iter().find(|i| i.name == **name).and_then(|i| i.does.clone());
        let step = || new.steps.node_weights().find(|s| s.name == name.as_str());
        let does = does.or_else(|| step().and_then(|s| called(s, plan)));
        let does = does.map(|does| format!("<br/>{}", escaped(&does))).unwrap_or_default();
        let _ = writeln!(out, "  s{id}[\"{}{does}\"]{class}", escaped(name));
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
    out.push_str("  classDef touched stroke:#d97706,stroke-width:1px\n");
    Some(out)
}

fn edges(block: &Block, name: impl Fn(&str) -> String) -> BTreeSet<(String, String)> {
    let steps = &block.steps;
    let ends = steps.edge_indices().filter_map(|e| steps.edge_endpoints(e));
    ends.map(|(from, to)| (name(&steps[from].name), name(&steps[to].name))).collect()
}

// `prompt answer`
fn called(step: &Step, plan: &Plan) -> Option<String> {
    let StepKind::Call(callee, _) = &step.kind else { return None };
    Some(match callee {
        Callee::Prompt(id) => format!("prompt {}", plan.prompts[id.index()].name),
        Callee::Lookup(id) => format!("lookup {}", plan.lookups[id.index()].name),
        Callee::Guard(id) => format!("guard {}", plan.guards[id.index()].name),
        Callee::Builtin(name) => format!("guard {name}"),
        Callee::Action(id) => format!("action {}", plan.actions[id.index()].name),
        Callee::Flow(id) => format!("flow {}", plan.flows[id.index()].name),
        Callee::Review(asks) => format!("review by {}", asks.by),
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
