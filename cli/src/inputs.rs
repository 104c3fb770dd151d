//! The inputs of a run as they stand on the command line: `name=value` words and a JSON document.
//!
//! Out: the values that the flow takes. What a value means follows from the flow's parameters, and
//! the runtime decides that ([`flow_runtime::read_inputs`]).

use crate::exit::Failure;
use crate::flows;
use flow_plan::{Flow, Plan, Value};
use serde_json::Value as Json;
use std::io::Read;
use std::path::Path;

/// What the command line says about inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    /// `name=value` words; they win over the document.
    pub(crate) words: &'a [String],
    /// A file with a JSON object, or `-` for standard input.
    pub(crate) document: Option<&'a Path>,
    /// The program as it is named on the command line, for the usage line.
    pub(crate) program: &'a str,
}

/// The inputs in the order of the flow's parameters. Every mistake shows how the flow is run.
pub(crate) fn read(given: Given<'_>, plan: &Plan, flow: &Flow) -> Result<Vec<Value>, Failure> {
    let usage = format!("usage: {}", flows::usage(given.program, plan, flow));
    let document = given.document.map(document).transpose()?;
    let pair = |word: &String| word.split_once('=').map(|(name, text)| (name.to_owned(), text.to_owned()));
    let mut pairs = Vec::with_capacity(given.words.len());
    for word in given.words {
        let Some(pair) = pair(word) else {
            return Err(Failure::usage(format!("`{word}` is not an input: inputs are written `name=value`"))
                .help(usage));
        };
        pairs.push(pair);
    }
    flow_runtime::read_inputs(flow, document.as_ref(), &pairs).map_err(|error| {
        let help = match error.help {
            Some(help) => format!("{help}\n{usage}"),
            None => usage,
        };
        Failure::usage(error.message).help(help)
    })
}

fn document(path: &Path) -> Result<Json, Failure> {
    let mut text = String::new();
    let (shown, read) = if path.as_os_str() == "-" {
        ("standard input".to_owned(), std::io::stdin().lock().read_to_string(&mut text).map(drop))
    } else {
        (path.display().to_string(), std::fs::read_to_string(path).map(|t| text = t))
    };
    read.map_err(|e| Failure::unreadable(Path::new(&shown), &e))?;
    serde_json::from_str(&text).map_err(|e| Failure::usage(format!("`{shown}` is not valid JSON: {e}")))
}
