//! The plan as a picture: one flow's steps, what depends on what, what stands in for what fails.

mod dot;
mod json;
mod layout;
mod mermaid;
mod svg;

pub use dot::dot;
pub use json::json;
pub use mermaid::mermaid;
pub use svg::{html, noted_svg, svg};

use flow_diagnostics::Span;
use flow_plan::{Block, Callee, FlowId, Integrity, Labels, OnFail, Plan, Step, StepKind};

/// A step of a picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawn {
    /// What the picture calls it: `data-step` in SVG, `id` in JSON.
    pub id: String,
    /// What a run calls it, without the numbers of rounds: `pages.draft`.
    pub path: String,
    /// Where it is written.
    pub span: Span,
    /// Whether it has steps of its own and does nothing beside them.
    pub is_block: bool,
}

/// The steps of a flow's picture, each before those inside of it.
pub fn drawn(plan: &Plan, flow: FlowId) -> Vec<Drawn> {
    let (nodes, _) = nodes(plan, &plan.flows[flow.index()].body, "s");
    let mut out = Vec::new();
    all(&nodes, "", &mut out);
    out
}

fn all(nodes: &[Node], around: &str, out: &mut Vec<Drawn>) {
    for node in nodes {
        // What stands in for a step is named after it already: `draft.else`.
        let named = |rest: &str| rest.starts_with('.');
        let last = around.rsplit('.').next().unwrap_or(around);
        let path = match node.name.strip_prefix(last) {
            _ if around.is_empty() => node.name.clone(),
            Some(rest) if named(rest) => format!("{around}{rest}"),
            _ => format!("{around}.{}", node.name),
        };
        let is_block = node.shape == Shape::Block;
        out.push(Drawn { id: node.id.clone(), path: path.clone(), span: node.span, is_block });
        node.inner.iter().for_each(|group| all(&group.nodes, &path, out));
    }
}

/// A step as a picture shows it.
struct Node {
    /// Unique in the picture: the path of numbers to the step.
    id: String,
    name: String,
    /// What it does: `prompt answer · fast`.
    what: String,
    shape: Shape,
    /// Where it is written.
    span: Span,
    /// What is said of it in this picture alone.
    note: Option<String>,
    /// What is known of its result, where the picture is to show it.
    labels: Labels,
    /// Blocks inside it, each with its title.
    inner: Vec<Group>,
}

/// A block inside a step, with its title.
struct Group {
    title: String,
    nodes: Vec<Node>,
    edges: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Prompt,
    Lookup,
    Guard,
    Action,
    Flow,
    Compute,
    Block,
}

/// The steps of a block as nodes, and the edges between them.
fn nodes(plan: &Plan, block: &Block, prefix: &str) -> (Vec<Node>, Vec<(String, String)>) {
    let id = |index: usize| format!("{prefix}{index}");
    let nodes = block.steps.node_indices().map(|i| node(plan, &block.steps[i], id(i.index()))).collect();
    let edges = block
        .steps
        .edge_indices()
        .filter_map(|e| block.steps.edge_endpoints(e))
        .map(|(from, to)| (id(from.index()), id(to.index())))
        .collect();
    (nodes, edges)
}

fn node(plan: &Plan, step: &Step, id: String) -> Node {
    let (shape, what) = describe(plan, step);
    let mut inner = Vec::new();
    let mut add = |title: &str, block: &Block| {
        let number = inner.len();
        let (nodes, edges) = nodes(plan, block, &format!("{id}_{number}_"));
        if !nodes.is_empty() {
            inner.push(Group { title: title.to_owned(), nodes, edges });
        }
    };
    match &step.kind {
        StepKind::If(_, then, otherwise) => {
            add("then", then);
            otherwise.iter().for_each(|b| add("else", b));
        }
        StepKind::Match(_, arms) => {
            for arm in arms {
                let values: Vec<String> = arm.values.iter().map(|v| v.to_string()).collect();
                add(&if values.is_empty() { "else".to_owned() } else { values.join(" | ") }, &arm.body);
            }
        }
        StepKind::Each { body, .. } => add("for each", body),
        StepKind::Repeat { body, until, .. } => {
            add("each round", body);
            until.iter().for_each(|b| add("until", b));
        }
        StepKind::Call(..) | StepKind::Compute(_) => {}
    }
    if let Some(unless) = step.settings.escalate.as_ref().and_then(|e| e.unless.as_ref()) {
        add("escalates unless", unless);
    }
    if let Some(OnFail::Do(handler)) = &step.on_fail {
        add("if it fails", handler);
    }
    Node {
        id,
        name: step.name.to_string(),
        what,
        shape,
        span: step.span,
        note: None,
        labels: step.labels,
        inner,
    }
}

/// The names of labels, in their order.
fn names(labels: Labels) -> Vec<&'static str> {
    let all = [(labels.integrity == Integrity::Untrusted, "untrusted"), (labels.private, "private")];
    all.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect()
}

fn describe(plan: &Plan, step: &Step) -> (Shape, String) {
    let (shape, mut what) = match &step.kind {
        StepKind::Call(callee, _) => match callee {
            Callee::Prompt(id) => (Shape::Prompt, format!("prompt {}", plan.prompts[id.index()].name)),
            Callee::Lookup(id) => (Shape::Lookup, format!("lookup {}", plan.lookups[id.index()].name)),
            Callee::Guard(id) => (Shape::Guard, format!("guard {}", plan.guards[id.index()].name)),
            Callee::Builtin(name) => (Shape::Guard, format!("guard {name}")),
            Callee::Action(id) => (Shape::Action, format!("action {}", plan.actions[id.index()].name)),
            Callee::Flow(id) => (Shape::Flow, format!("flow {}", plan.flows[id.index()].name)),
            Callee::Review(review) => (Shape::Action, format!("review by {}", review.by)),
        },
        StepKind::Compute(_) => (Shape::Compute, "computed".to_owned()),
        StepKind::If(..) => (Shape::Block, "if".to_owned()),
        StepKind::Match(..) => (Shape::Block, "match".to_owned()),
        StepKind::Each { parallel, .. } => (Shape::Block, format!("each, {parallel} at once")),
        StepKind::Repeat { up_to, .. } => (Shape::Block, format!("repeat up to {up_to}")),
    };
    let model = |id: flow_plan::ModelId| plan.models[id.index()].name.as_str();
    if let Some(id) = step.settings.model {
        what.push_str(&format!(" · {}", model(id)));
    }
    for id in &step.settings.fallback {
        what.push_str(&format!(", else {}", model(*id)));
    }
    if let Some(escalate) = &step.settings.escalate {
        what.push_str(&format!(", in doubt {}", model(escalate.to)));
    }
    if let Some(tools) = &step.settings.tools {
        let names = tools.offers.iter().map(|o| plan.lookups[o.lookup.index()].name.as_str());
        what.push_str(&format!(" · may look up {}", names.collect::<Vec<_>>().join(", ")));
    }
    match &step.on_fail {
        Some(OnFail::Stop(_)) => what.push_str(" · else stop"),
        Some(OnFail::Redact) => what.push_str(" · else redact"),
        Some(OnFail::Retry(n)) => what.push_str(&format!(" · else retry {n}")),
        Some(OnFail::Do(_)) | None => {}
    }
    (shape, what)
}
