//! A picture by itself: SVG without a foreign program, light or dark as whoever looks at it likes, and a
//! page around it.

use super::layout::{Inner, LINE, Laid, NAME, PAD, Placed, SMALL, laid};
use super::{Node, Shape, nodes};
use flow_plan::{FlowId, Plan};
use std::fmt::Write;

/// One flow as an SVG picture; with the labels of each step's result where they are wanted.
///
/// Every box is a `rect` with the class `box`, and every block inside one a `rect` with the class `block`.
pub fn svg(plan: &Plan, flow: FlowId, labels: bool) -> String {
    noted_svg(plan, flow, labels, &|_| None)
}

/// The same with a line more in some boxes: what `note` says of a step by its id, as
/// [`drawn`](super::drawn) gives it. Every box has that id in its attribute `data-step`.
pub fn noted_svg(plan: &Plan, flow: FlowId, labels: bool, note: &dyn Fn(&str) -> Option<String>) -> String {
    let flow = &plan.flows[flow.index()];
    let (mut nodes, edges) = nodes(plan, &flow.body, "s");
    noted(&mut nodes, note);
    let laid = laid(&nodes, &edges, labels);
    let (width, height) = (laid.width + 2.0 * MARGIN, laid.height + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path class=\"tip\" d=\"M0 0 L8 4 L0 8 z\"/></marker></defs>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n",
        escaped(&flow.name)
    );
    draw(&laid, (MARGIN, MARGIN), labels, &mut out);
    out.push_str("</svg>\n");
    out
}

/// The same as a page that stands by itself.
pub fn html(plan: &Plan, flow: FlowId, labels: bool) -> String {
    let picture = svg(plan, flow, labels);
    let flow = &plan.flows[flow.index()];
    let inputs: Vec<String> = flow.params.iter().map(|p| format!("{}: {}", p.name, p.ty)).collect();
    let mut limits = Vec::new();
    limits.extend(flow.settings.budget.map(|most| format!("budget {most}")));
    limits.extend(flow.settings.deadline.map(|most| format!("deadline {most}")));
    let kinds = [Shape::Prompt, Shape::Lookup, Shape::Guard, Shape::Action, Shape::Flow, Shape::Compute];
    let legend: String =
        kinds.iter().map(|kind| format!("<li><i class=\"{0}\"></i>{0}</li>", class(*kind))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{name}</title>\n<style>\n{PAGE}</style>\n</head>\n\
         <body>\n<h1>{name}</h1>\n<p>{name}({inputs}) → {output}</p>\n<p>{limits}</p>\n<ul>{legend}</ul>\n\
         <main>\n{picture}</main>\n</body>\n</html>\n",
        name = escaped(&flow.name),
        inputs = escaped(&inputs.join(", ")),
        output = escaped(&flow.output.to_string()),
        limits = escaped(&limits.join(", ")),
    )
}

const MARGIN: f64 = 24.0;

// Colours that are told apart in both lights; WCAG's contrast of 4.5 for every text on its ground.
const STYLE: &str = "\
text { font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #1f2328; }
.ground { fill: #ffffff; }
.name { font-size: 14px; font-weight: 600; }
.small { font-size: 12px; fill: #57606a; }
.box { fill: #f6f8fa; stroke: #8c959f; stroke-width: 1.5; }
.block { fill: #ffffff; stroke: #afb8c1; stroke-dasharray: 4 3; }
.edge { fill: none; stroke: #6e7781; stroke-width: 1.5; }
.tip { fill: #6e7781; }
.prompt { stroke: #0969da; }
.lookup { stroke: #1a7f37; }
.guard { stroke: #9a6700; }
.action { stroke: #cf222e; }
.flow { stroke: #8250df; }
.untrusted { stroke-width: 3; stroke-dasharray: 8 3; }
.private { stroke-width: 3; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.ground { fill: #0d1117; }
.small { fill: #9ea7b3; }
.box { fill: #161b22; stroke: #6e7681; }
.block { fill: #0d1117; stroke: #484f58; }
.edge { stroke: #8b949e; }
.tip { fill: #8b949e; }
.prompt { stroke: #58a6ff; }
.lookup { stroke: #3fb950; }
.guard { stroke: #d29922; }
.action { stroke: #f85149; }
.flow { stroke: #bc8cff; }
}
";

const PAGE: &str = "\
:root { color-scheme: light dark; }
body { margin: 2rem; font-family: system-ui, sans-serif; background: #ffffff; color: #1f2328; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; }
main { overflow: auto; }
ul { list-style: none; display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; }
li i { display: inline-block; width: 1em; height: 1em; margin-right: 0.4em; border: 2px solid #8c959f; vertical-align: -0.15em; border-radius: 3px; }
i.prompt { border-color: #0969da; }
i.lookup { border-color: #1a7f37; }
i.guard { border-color: #9a6700; }
i.action { border-color: #cf222e; }
i.flow { border-color: #8250df; }
@media (prefers-color-scheme: dark) {
body { background: #0d1117; color: #e6edf3; }
i.prompt { border-color: #58a6ff; }
i.lookup { border-color: #3fb950; }
i.guard { border-color: #d29922; }
i.action { border-color: #f85149; }
i.flow { border-color: #bc8cff; }
}
";

fn noted(nodes: &mut [Node], note: &dyn Fn(&str) -> Option<String>) {
    for node in nodes {
        node.note = note(&node.id);
        node.inner.iter_mut().for_each(|group| noted(&mut group.nodes, note));
    }
}

fn draw(laid: &Laid<'_>, (x, y): (f64, f64), labels: bool, out: &mut String) {
    for points in &laid.edges {
        let _ =
            writeln!(out, "<path class=\"edge\" marker-end=\"url(#tip)\" d=\"{}\"/>", path(points, (x, y)));
    }
    laid.boxes.iter().for_each(|placed| boxed(placed, (x, y), labels, out));
}

fn boxed(placed: &Placed<'_>, (x, y): (f64, f64), labels: bool, out: &mut String) {
    let (x, y) = (x + placed.x, y + placed.y);
    let mut classes = format!("box {}", class(placed.node.shape));
    if labels {
        super::names(placed.node.labels).iter().for_each(|name| classes.push_str(&format!(" {name}")));
    }
    let own = format!(" data-step=\"{}\"", placed.node.id);
    rect((&classes, &own), (x, y), (placed.width, placed.height), out);
    let mut line = y + PAD + NAME;
    let note = placed.node.note.as_ref();
    for (class, lines) in [("name", &placed.lines.0), ("small", &placed.lines.1)] {
        for text in lines {
            let class = if note == Some(text) { "small note" } else { class };
            let _ = writeln!(
                out,
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{line:.1}\">{}</text>",
                x + PAD,
                escaped(text)
            );
            line += LINE;
        }
    }
    placed.groups.iter().for_each(|group| inner(group, (x, y), labels, out));
}

fn inner(group: &Inner<'_>, (x, y): (f64, f64), labels: bool, out: &mut String) {
    let (x, y) = (x + group.x, y + group.y);
    rect(("block", ""), (x, y), (group.width, group.height), out);
    let (left, line) = (x + PAD, y + SMALL + 6.0);
    let _ = writeln!(
        out,
        "<text class=\"small\" x=\"{left:.1}\" y=\"{line:.1}\">{}</text>",
        escaped(&group.title)
    );
    draw(&group.laid, (x + PAD, y + PAD + LINE), labels, out);
}

fn rect((class, own): (&str, &str), (x, y): (f64, f64), (width, height): (f64, f64), out: &mut String) {
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"{own}/>"
    );
}

// Straight through rows, and in a bow between them.
fn path(points: &[(f64, f64)], (x, y): (f64, f64)) -> String {
    let mut out = String::new();
    for (i, (px, py)) in points.iter().map(|(px, py)| (px + x, py + y)).enumerate() {
        let before = i.checked_sub(1).and_then(|i| points.get(i)).map(|(px, py)| (px + x, py + y));
        match before {
            None => out.push_str(&format!("M{px:.1} {py:.1}")),
            Some((bx, _)) if (bx - px).abs() < 0.5 => out.push_str(&format!(" L{px:.1} {py:.1}")),
            Some((bx, by)) => {
                let middle = f64::midpoint(by, py);
                out.push_str(&format!(" C{bx:.1} {middle:.1} {px:.1} {middle:.1} {px:.1} {py:.1}"));
            }
        }
    }
    out
}

fn class(shape: Shape) -> &'static str {
    match shape {
        Shape::Prompt => "prompt",
        Shape::Lookup => "lookup",
        Shape::Guard => "guard",
        Shape::Action => "action",
        Shape::Flow => "flow",
        Shape::Compute => "computed",
        Shape::Block => "blocks",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
