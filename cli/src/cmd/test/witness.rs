//! `flowc test --witness`: plays the dearest run of each flow, and holds it to what was proven.

use super::Args;
use crate::console::{Console, Paint};
use crate::exit::{Exit, Failure};
use crate::paths;
use crate::project::Project;
use crate::report::Report;
use crate::witness::{self, Reached};
use flow_compiler::bounds::Bounds;
use flow_plan::Plan;
use flow_runtime::witness::{Witness, play};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// One flow's run, and what is wrong with it.
struct Shown {
    line: String,
    document: serde_json::Value,
    wrong: Option<String>,
}

/// Plays the witnesses of these programs, and prints how near they come.
pub(super) fn played(
    files: &[PathBuf],
    from: Option<&PathBuf>,
    args: &Args,
    console: &Console,
) -> Result<Exit, Failure> {
    if let (Some(from), true) = (from, files.len() > 1) {
        let message =
            format!("{} holds the witnesses of one program, and there are {}", from.display(), files.len());
        return Err(Failure::usage(message).help("name one program, or leave the file out"));
    }
    let mut broken = Report::default();
    let mut shown = Vec::new();
    for file in files {
        let project = Project::open(file, &args.models)?;
        let outcome = project.compile();
        let (Some(plan), Some(bounds)) = (outcome.plan, outcome.bounds) else {
            broken.add(&project.root, &outcome.sources, &outcome.diagnostics);
            continue;
        };
        let plan = Arc::new(plan);
        let kept = from.cloned().unwrap_or_else(|| witness::beside(file));
        let witnesses = match from.is_some() || kept.exists() {
            true => witness::read(&kept)?,
            false => found(&plan, &bounds, console)?,
        };
        shown.extend(witnesses.iter().map(|w| one(&paths::shown(file), (&plan, &bounds), w)));
    }
    let failed = shown.iter().filter(|s| s.wrong.is_some()).count();
    match args.format {
        crate::cmd::Format::Json => {
            let all: Vec<_> = shown.iter().map(|s| &s.document).collect();
            console.json(&json!({ "witnesses": all, "passed": shown.len() - failed, "failed": failed }))?;
        }
        crate::cmd::Format::Text => {
            let line = |s: &Shown| match &s.wrong {
                None => format!("{}  {}\n", Paint::Good.on(console.out_colour, "ok  "), s.line),
                Some(wrong) => {
                    format!("{}  {}\n      {wrong}\n", Paint::Bad.on(console.out_colour, "FAIL"), s.line)
                }
            };
            console.answer(&shown.iter().map(line).collect::<String>())?;
            if shown.is_empty() {
                console.note("no flows here");
            }
        }
    }
    if broken.diagnostics.has_errors() {
        return Err(broken.into_failure(Exit::Failed));
    }
    Ok(if failed > 0 { Exit::Failed } else { Exit::Fine })
}

// Where none is kept, one is looked for.
fn found(plan: &Arc<Plan>, bounds: &Bounds, console: &Console) -> Result<Vec<Witness>, Failure> {
    bounds.flows.iter().map(|bound| witness::of(plan, bound, console).map(|(witness, _)| witness)).collect()
}

fn one(file: &str, (plan, bounds): (&Arc<Plan>, &Bounds), witness: &Witness) -> Shown {
    let refused = |why: String| Shown {
        line: witness.flow.clone(),
        document: json!({ "file": file, "flow": witness.flow, "passed": false, "error": why }),
        wrong: Some(why),
    };
    let Some(bound) = witness::bound_of(plan, bounds, &witness.flow) else {
        return refused(format!("there is no flow `{}` any more: {AGAIN}", witness.flow));
    };
    let played = match play(plan, witness) {
        Ok(played) => played,
        Err(error) => return refused(format!("{error}: {AGAIN}")),
    };
    if let Some(missing) = played.missing {
        return refused(format!(
            "the witness is of another version of the program, it has no {missing}: {AGAIN}"
        ));
    }
    let reached = Reached { flow: &witness.flow, worst: bound.worst, spent: played.report.spent };
    let wrong = (!reached.keeps()).then(|| "the run took more than was proven".to_owned());
    let mut document = reached.document();
    document["file"] = json!(file);
    document["passed"] = json!(wrong.is_none());
    Shown { line: reached.line(), document, wrong }
}

const AGAIN: &str = "write it again with `flowc cost --witness`";
