//! The cases: the inputs of one run a line.

use crate::console::Console;
use crate::exit::Failure;
use crate::paths;
use flow_plan::{Flow, Value};
use flow_runtime::read_inputs;
use serde_json::{Map, Value as Json};
use std::path::Path;

/// A case.
pub(super) struct Case {
    /// Its line in the file, from 1.
    pub(super) line: usize,
    /// The inputs, in the order of the flow's parameters.
    pub(super) inputs: Vec<Value>,
}

/// Reads the cases of a file. Every mistake names its line; what is no input, such as the answer that
/// is wanted, is passed over and said once.
pub(super) fn read(
    path: &Path,
    flow: &Flow,
    limit: Option<u64>,
    console: &Console,
) -> Result<Vec<Case>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::unreadable(path, &e))?;
    let shown = paths::shown(path);
    let mut cases = Vec::new();
    let mut passed_over: Vec<String> = Vec::new();
    let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (i, line) in lines.take(most) {
        let line_number = i + 1;
        let wrong = |message: String| Failure::usage(format!("line {line_number} of `{shown}`: {message}"));
        let case: Map<String, Json> = serde_json::from_str(line).map_err(|e| {
            // The place in a line of a file is no place in the file.
            wrong(format!("it is no JSON object: {e}"))
                .help("each line holds the inputs of one run: `{\"question\": \"…\"}`")
        })?;
        let is_input = |name: &str| flow.params.iter().any(|p| p.name == name);
        let (inputs, others): (Map<_, _>, Map<_, _>) = case.into_iter().partition(|(name, _)| is_input(name));
        for (name, _) in others {
            if !passed_over.contains(&name) {
                passed_over.push(name);
            }
        }
        let inputs = read_inputs(flow, Some(&Json::Object(inputs)), &[])
            .map_err(|error| wrong(error.message).maybe_help(error.help))?;
        cases.push(Case { line: line_number, inputs });
    }
    if cases.is_empty() {
        return Err(Failure::usage(format!("`{shown}` has no cases"))
            .help("each line holds the inputs of one run: `{\"question\": \"…\"}`"));
    }
    if !passed_over.is_empty() {
        let names = passed_over.join("`, `");
        console.note(&format!("`{names}` of the cases is no input of `{}`, and is passed over", flow.name));
    }
    Ok(cases)
}
