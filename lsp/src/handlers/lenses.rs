//! Lenses and hints in the protocol's terms, and the commands behind lenses.

use crate::ide::{hints, lens};
use crate::snapshot::Snapshot;
use flow_compiler::graph;
use serde_json::{Value, json};
use tower_lsp_server::ls_types::*;

/// The commands of lenses. A client that has them itself does what they say; for others the server
/// does what it can.
pub(crate) const COMMANDS: [&str; 3] = ["flowc.run", "flowc.test", "flowc.graph"];

/// The lenses of the document.
pub(crate) fn lenses(snapshot: &Snapshot) -> Vec<CodeLens> {
    let uri = snapshot.job.uri.as_str();
    let lens = |lens: lens::Lens| {
        let (command, arguments) = match lens.does {
            lens::Does::Says => (String::new(), None),
            lens::Does::Run(flow) => (COMMANDS[0].to_owned(), Some(vec![json!(uri), json!(flow)])),
            lens::Does::Test(test) => (COMMANDS[1].to_owned(), Some(vec![json!(uri), json!(test)])),
            lens::Does::Graph(flow) => (COMMANDS[2].to_owned(), Some(vec![json!(uri), json!(flow)])),
        };
        let command = Command { title: lens.title, command, arguments };
        CodeLens { range: snapshot.range(lens.at), command: Some(command), data: None }
    };
    lens::of(snapshot).into_iter().map(lens).collect()
}

/// The hints of a range of the document.
pub(crate) fn hints(snapshot: &Snapshot, range: Range) -> Vec<InlayHint> {
    let range = snapshot.job.text.bytes(range, snapshot.job.encoding);
    let hint = |hint: hints::Hint| InlayHint {
        position: snapshot.job.text.position(hint.at, snapshot.job.encoding),
        label: InlayHintLabel::String(hint.label),
        kind: None,
        text_edits: None,
        tooltip: Some(InlayHintTooltip::MarkupContent(MarkupContent {
            kind: MarkupKind::Markdown,
            value: hint.tooltip,
        })),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    };
    hints::of(snapshot, range).into_iter().map(hint).collect()
}

/// What a command gives: a graph is drawn as Mermaid, and of the others it is said how they are run.
pub(crate) fn run(snapshot: &Snapshot, command: &str, of: Option<&str>) -> Result<Value, String> {
    let file = &snapshot.job.name;
    match command {
        "flowc.graph" => {
            let plan = snapshot.found.plan.as_ref();
            let plan = plan.ok_or("the program has errors, and no graph before they are mended")?;
            let name = of.ok_or("which flow?")?;
            let flow = plan.flow(name).ok_or_else(|| format!("there is no flow `{name}`"))?;
            Ok(json!({ "mermaid": graph::mermaid(plan, flow, false) }))
        }
        "flowc.run" => {
            let flow = of.map(|name| format!(" --flow {name}")).unwrap_or_default();
            Ok(json!({ "shell": format!("flowc run {file}{flow}") }))
        }
        "flowc.test" => Ok(json!({ "shell": format!("flowc test {file}") })),
        other => Err(format!("there is no command `{other}`")),
    }
}
