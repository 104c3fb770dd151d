//! Graphviz.

use super::{Group, Node, Shape, nodes};
use flow_plan::{FlowId, Plan};
use std::fmt::Write;

/// One flow as a Graphviz digraph; with the labels of each step's result where they are wanted.
pub fn dot(plan: &Plan, flow: FlowId, labels: bool) -> String {
    let flow = &plan.flows[flow.index()];
    let (nodes, edges) = nodes(plan, &flow.body, "s");
    let mut out = format!("digraph \"{}\" {{\n  node [fontname=\"sans-serif\"];\n", escape(&flow.name));
    draw(&mut out, (&nodes, &edges), labels, 1);
    out.push_str("}\n");
    out
}

fn draw(out: &mut String, (nodes, edges): (&[Node], &[(String, String)]), labels: bool, depth: usize) {
    let indent = "  ".repeat(depth);
    for node in nodes {
        let shape = match node.shape {
            Shape::Prompt => "box",
            Shape::Lookup => "cylinder",
            Shape::Guard => "hexagon",
            Shape::Action => "parallelogram",
            Shape::Flow => "box3d",
            Shape::Compute => "ellipse",
            Shape::Block => "diamond",
        };
        let mut label = format!("{}\\n{}", escape(&node.name), escape(&node.what));
        for name in super::names(node.labels).iter().filter(|_| labels) {
            label.push_str(&format!("\\n{name}"));
        }
        let _ = writeln!(out, "{indent}{} [shape={shape}, label=\"{label}\"];", node.id);
        for (number, Group { title, nodes, edges }) in node.inner.iter().enumerate() {
            let _ = writeln!(out, "{indent}subgraph cluster_{}_{number} {{", node.id);
            let _ = writeln!(out, "{indent}  label=\"{}: {}\";", escape(&node.name), escape(title));
            draw(out, (nodes, edges), labels, depth + 1);
            let _ = writeln!(out, "{indent}}}");
            if let Some(first) = nodes.first() {
                let _ = writeln!(out, "{indent}{} -> {} [style=dashed];", node.id, first.id);
            }
        }
    }
    for (from, to) in edges {
        let _ = writeln!(out, "{indent}{from} -> {to};");
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
