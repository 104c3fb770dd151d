//! The models that are compared, each with the program compiled for it: its window, its tokenizer and
//! its price decide whether the flow fits it, and what a run can cost.

use super::Args;
use crate::console::Console;
use crate::exit::Failure;
use crate::project::{ModelArgs, Project};
use flow_compiler::bounds::Bounds;
use flow_diagnostics::did_you_mean;
use flow_plan::{Cost, FlowId, Plan};
use std::sync::Arc;

/// A model with the program in which it takes the place of others.
pub(super) struct Candidate {
    /// Its id, `provider/model`.
    pub(super) model: String,
    /// The program.
    pub(super) plan: Arc<Plan>,
    /// What a run of the flow can cost.
    pub(super) worst: Cost,
}

/// The names of the models that are taken the place of: those that are asked for, or all that the flow
/// may ask.
pub(super) fn swapped(
    (plan, bounds): (&Plan, &Bounds),
    flow: FlowId,
    asked: &[String],
) -> Result<Vec<String>, Failure> {
    if let Some(wrong) = asked.iter().find(|name| plan.models.iter().all(|m| m.name != name.as_str())) {
        return Err(unknown(plan, wrong));
    }
    let steps = bounds.flows.iter().filter(|b| b.flow == flow).flat_map(|b| &b.steps);
    let mut used: Vec<String> = steps.map(|step| plan.models[step.model.index()].name.to_string()).collect();
    used.sort();
    used.dedup();
    let name = &plan.flows[flow.index()].name;
    if used.is_empty() {
        return Err(Failure::usage(format!("flow `{name}` asks no model, so there is nothing to compare")));
    }
    if let Some(idle) = asked.iter().find(|name| !used.contains(name)) {
        return Err(Failure::usage(format!("flow `{name}` does not ask `{idle}`"))
            .help(format!("it asks `{}`", used.join("`, `"))));
    }
    Ok(if asked.is_empty() { used } else { asked.to_vec() })
}

/// The program for each model. One that does not fit is an error, before anything is run.
pub(super) fn compiled(
    args: &Args,
    (plan, flow): (&Plan, FlowId),
    swapped: &[String],
    console: &Console,
) -> Result<Vec<Candidate>, Failure> {
    let mut out: Vec<Candidate> = Vec::new();
    for written in &args.models {
        let model = id(plan, written)?;
        if out.iter().any(|c| c.model == model) {
            return Err(Failure::usage(format!("`{model}` is named twice")));
        }
        let mut models = args.program_models.models.clone();
        models.extend(swapped.iter().map(|name| (name.clone(), model.clone())));
        let chosen = ModelArgs { models, ..args.program_models.clone() };
        let (plan, bounds, _) = Project::open(&args.program, &chosen)?.bounded().inspect_err(|failure| {
            if matches!(failure, Failure::Diagnostics { .. }) {
                console.say(&format!("with `{model}` in place of `{}`:", swapped.join("`, `")));
            }
        })?;
        let worst = bounds.flows.iter().find(|b| b.flow == flow).map(|b| b.worst.usd).unwrap_or_default();
        out.push(Candidate { model, plan: Arc::new(plan), worst });
    }
    Ok(out)
}

// What follows `--models`: an id, or a name of the program.
fn id(plan: &Plan, written: &str) -> Result<String, Failure> {
    if let Some((provider, model)) = written.split_once('/')
        && !provider.is_empty()
        && !model.is_empty()
    {
        return Ok(written.to_owned());
    }
    match plan.models.iter().find(|m| m.name == written) {
        Some(model) => Ok(model.id()),
        None => Err(unknown(plan, written)),
    }
}

fn unknown(plan: &Plan, name: &str) -> Failure {
    let names: Vec<&str> = plan.models.iter().map(|m| m.name.as_str()).collect();
    let help = match did_you_mean(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "the program has no models".to_owned(),
        None => format!(
            "the models are `{}`; others are named by their provider, as `openai/gpt-4o`",
            names.join("`, `")
        ),
    };
    Failure::usage(format!("the program has no model `{name}`")).help(help)
}
