//! The value that a person puts in place of the one that was shown: read and held to its type, with the
//! program that the run was started with.

use crate::cmd::run::program_of;
use crate::exit::Failure;
use crate::flows;
use crate::project::Project;
use flow_plan::Value;
use flow_runtime::journal::Trace;
use flow_runtime::{Engine, Options};
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;

/// Reads it: JSON, a file with JSON or a text, or a text as it is.
pub(super) fn value(
    written: &str,
    trace: &Trace,
    path: &str,
    within: Option<&Path>,
) -> Result<Value, Failure> {
    let (program, models) = program_of(trace, within)?;
    let project = Project::open(&program, &models)?;
    let (plan, _) = project.plan()?;
    let flow = flows::choose(&plan, Some(trace.run.flow.as_str()))?;
    let engine = Engine::new(Arc::new(plan), project.context(), Options::default()).map_err(Failure::from)?;
    if engine.digest() != trace.plan {
        return Err(Failure::usage(format!("run `{}` is of another program", trace.run.run))
            .help("edit the value with the program, the models and the flowc as they were"));
    }
    engine.edited(flow, path, &json(written)?).map_err(Failure::from)
}

fn json(written: &str) -> Result<Json, Failure> {
    if let Ok(json) = serde_json::from_str(written) {
        return Ok(json);
    }
    let file = Path::new(written);
    if !file.is_file() {
        return Ok(Json::String(written.to_owned()));
    }
    let text = std::fs::read_to_string(file).map_err(|e| Failure::unreadable(file, &e))?;
    Ok(serde_json::from_str(&text)
        .unwrap_or_else(|_| Json::String(text.strip_suffix('\n').unwrap_or(&text).to_owned())))
}
