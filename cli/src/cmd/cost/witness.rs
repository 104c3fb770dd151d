//! `flowc cost --witness`: looks for the dearest run of each flow, and writes it down.

use super::{Args, Form, Program};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::paths;
use crate::witness::{self, Reached};
use flow_plan::FlowId;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Writes the witnesses of these flows: to `file`, or each program's beside it.
pub(super) fn witnesses(
    (programs, flows): (&[Program], &[Vec<FlowId>]),
    file: Option<&PathBuf>,
    args: &Args,
    console: &Console,
) -> Result<Exit, Failure> {
    let with_flows = flows.iter().filter(|flows| !flows.is_empty()).count();
    if let (Some(file), true) = (file, with_flows > 1) {
        let message =
            format!("{} can hold the witnesses of one program, and there are {with_flows}", file.display());
        return Err(Failure::usage(message).help("name one program, or leave the file out"));
    }
    let mut documents = Vec::new();
    let mut lines = Vec::new();
    for (program, wanted) in programs.iter().zip(flows) {
        let bounds = program.priced.bounds.iter().flat_map(|b| &b.flows);
        let plan = Arc::new(program.priced.plan.clone());
        let mut found = Vec::new();
        for bound in bounds.filter(|b| wanted.contains(&b.flow)) {
            let (witness, spent) = witness::of(&plan, bound, console)?;
            let reached = Reached { flow: &plan.flows[bound.flow.index()].name, worst: bound.worst, spent };
            lines.push(reached.line());
            let mut document = reached.document();
            document["file"] = json!(program.file);
            documents.push(document);
            found.push(witness);
        }
        if found.is_empty() {
            continue;
        }
        let path = file.cloned().unwrap_or_else(|| witness::beside(&program.path));
        witness::write(&path, found)?;
        console.note(&format!("wrote {}", paths::shown(&path)));
    }
    match args.format {
        Form::Json => console.json(&json!({ "witnesses": documents }))?,
        Form::Markdown => console.answer(&lines.iter().map(|l| format!("- {l}\n")).collect::<String>())?,
        Form::Text if lines.is_empty() => console.note("no flows here"),
        Form::Text => console.answer(&lines.join("\n"))?,
    }
    Ok(Exit::Fine)
}
