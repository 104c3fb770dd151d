//! The graph for programs.

use super::{Node, Shape, nodes};
use flow_plan::{FlowId, Plan};
use serde_json::{Value, json as value};

/// One flow as JSON: `{"flow", "steps": [{"id", "name", "kind", "what", "labels", "inner"}], "edges": [[from, to]]}`.
pub fn json(plan: &Plan, flow: FlowId) -> Value {
    let flow = &plan.flows[flow.index()];
    let (nodes, edges) = nodes(plan, &flow.body, "s");
    value!({ "flow": flow.name.as_str(), "steps": steps(&nodes), "edges": edges })
}

fn steps(nodes: &[Node]) -> Vec<Value> {
    nodes
        .iter()
        .map(|node| {
            let kind = match node.shape {
                Shape::Prompt => "prompt",
                Shape::Lookup => "lookup",
                Shape::Guard => "guard",
                Shape::Action => "action",
                Shape::Flow => "flow",
                Shape::Compute => "compute",
                Shape::Block => "block",
            };
            let inner: Vec<Value> = node
                .inner
                .iter()
                .map(|g| value!({ "title": g.title, "steps": steps(&g.nodes), "edges": g.edges }))
                .collect();
            let labels = super::names(node.labels);
            value!({
                "id": node.id, "name": node.name, "kind": kind, "what": node.what, "labels": labels,
                "inner": inner,
            })
        })
        .collect()
}
