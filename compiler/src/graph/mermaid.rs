//! Mermaid flowcharts, which GitHub and GitLab draw in Markdown.

use super::{Group, Node, Shape, nodes};
use flow_plan::{FlowId, Plan};
use std::fmt::Write;

/// One flow as a Mermaid flowchart.
pub fn mermaid(plan: &Plan, flow: FlowId) -> String {
    let flow = &plan.flows[flow.index()];
    let (nodes, edges) = nodes(plan, &flow.body, "s");
    let mut out = String::from("flowchart TD\n");
    draw(&mut out, &nodes, &edges, 1);
    out
}

fn draw(out: &mut String, nodes: &[Node], edges: &[(String, String)], depth: usize) {
    let indent = "  ".repeat(depth);
    for node in nodes {
        let label = format!("<b>{}</b><br/>{}", escape(&node.name), escape(&node.what));
        let (open, close) = match node.shape {
            Shape::Prompt => ("[\"", "\"]"),
            Shape::Lookup => ("[(\"", "\")]"),
            Shape::Guard => ("{{\"", "\"}}"),
            Shape::Action => ("[/\"", "\"/]"),
            Shape::Flow => ("[[\"", "\"]]"),
            Shape::Compute => ("(\"", "\")"),
            Shape::Block => ("([\"", "\"])"),
        };
        let _ = writeln!(out, "{indent}{}{open}{label}{close}", node.id);
        for (number, Group { title, nodes, edges }) in node.inner.iter().enumerate() {
            let group = format!("{}_g{number}", node.id);
            let _ = writeln!(out, "{indent}subgraph {group}[\"{}: {}\"]", escape(&node.name), escape(title));
            draw(out, nodes, edges, depth + 1);
            let _ = writeln!(out, "{indent}end\n{indent}{} -.-> {group}", node.id);
        }
    }
    for (from, to) in edges {
        let _ = writeln!(out, "{indent}{from} --> {to}");
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
