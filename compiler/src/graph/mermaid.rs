//! Mermaid flowcharts, which GitHub and GitLab draw in Markdown.

use super::{Group, Node, Shape, nodes};
use flow_plan::{FlowId, Plan};
use std::fmt::Write;

/// One flow as a Mermaid flowchart; with the labels of each step's result where they are wanted.
pub fn mermaid(plan: &Plan, flow: FlowId, labels: bool) -> String {
    let flow = &plan.flows[flow.index()];
    let (nodes, edges) = nodes(plan, &flow.body, "s");
    let mut out = String::from("flowchart TD\n");
    draw(&mut out, (&nodes, &edges), labels, 1);
    if labels {
        // Colours that are read on white and on black.
        out.push_str("  classDef untrusted stroke:#d97706,stroke-width:3px\n");
        out.push_str("  classDef private stroke:#2563eb,stroke-width:3px\n");
        out.push_str("  classDef untrusted_private stroke:#dc2626,stroke-width:3px\n");
    }
    out
}

fn draw(out: &mut String, (nodes, edges): (&[Node], &[(String, String)]), labels: bool, depth: usize) {
    let indent = "  ".repeat(depth);
    for node in nodes {
        let names = if labels { super::names(node.labels) } else { Vec::new() };
        let mut label = format!("<b>{}</b><br/>{}", escape(&node.name), escape(&node.what));
        if !names.is_empty() {
            label.push_str(&format!("<br/><i>{}</i>", names.join(", ")));
        }
        let (open, close) = match node.shape {
            Shape::Prompt => ("[\"", "\"]"),
            Shape::Lookup => ("[(\"", "\")]"),
            Shape::Guard => ("{{\"", "\"}}"),
            Shape::Action => ("[/\"", "\"/]"),
            Shape::Flow => ("[[\"", "\"]]"),
            Shape::Compute => ("(\"", "\")"),
            Shape::Block => ("([\"", "\"])"),
        };
        let class = if names.is_empty() { String::new() } else { format!(":::{}", names.join("_")) };
        let _ = writeln!(out, "{indent}{}{open}{label}{close}{class}", node.id);
        for (number, Group { title, nodes, edges }) in node.inner.iter().enumerate() {
            let group = format!("{}_g{number}", node.id);
            let _ = writeln!(out, "{indent}subgraph {group}[\"{}: {}\"]", escape(&node.name), escape(title));
            draw(out, (nodes, edges), labels, depth + 1);
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
