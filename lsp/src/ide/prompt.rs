//! A prompt as a model would be shown it, with values that are given or made up.
//!
//! Which prompt, which step's bounds and which values are decided here; the [`Host`] renders, by the
//! code that renders in a run.

use super::program::{self, Input};
use super::sample;
use crate::host::{Host, Rendered, Rendering};
use crate::snapshot::Snapshot;
use flow_plan::{Callee, Plan, Prompt, PromptId, Step, StepKind, Value};
use serde_json::{Map, Value as Json};

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The prompt's name; without one it is the one around the byte, or else the first.
    pub(crate) name: Option<&'a str>,
    /// Where the cursor is.
    pub(crate) at: Option<usize>,
    /// Values by the names of parameters; what is missing is made up.
    pub(crate) values: Option<&'a Map<String, Json>>,
}

/// A prompt that was rendered.
pub(crate) struct Shown {
    /// The prompt.
    pub(crate) prompt: String,
    /// All prompts of the document.
    pub(crate) prompts: Vec<String>,
    /// The step that it is shown as asked by, and its model.
    pub(crate) step: Option<(String, String)>,
    /// What it takes.
    pub(crate) inputs: Vec<Input>,
    /// The values that are shown.
    pub(crate) values: Map<String, Json>,
    /// What came of it; an error is the reason, for people.
    pub(crate) rendered: Result<Rendered, String>,
}

/// Renders a prompt of the document. An error is the reason why there is none, for people.
pub(crate) fn of(snapshot: &Snapshot, question: Question<'_>, host: &dyn Host) -> Result<Shown, String> {
    let prompts = program::of(snapshot).prompts;
    let named = question.name.and_then(|name| prompts.iter().find(|(n, _)| n == name));
    let around = || {
        let item = snapshot.item_at(question.at?)?;
        prompts.iter().find(|(_, at)| item.span().contains(at.start as usize))
    };
    let (name, _) = named.or_else(around).or(prompts.first()).ok_or("there is no prompt in this file")?;
    let plan = snapshot.found.plan.as_ref();
    let plan = plan.ok_or("the program has errors, and no prompt before they are mended")?;
    let id = plan.prompts.iter().position(|p| p.name == name.as_str());
    let id = PromptId(id.ok_or_else(|| format!("there is no prompt `{name}`"))? as u32);
    let prompt = &plan.prompts[id.index()];
    let step = asking(plan, id);
    let model = |step: &Step| step.settings.model.map(|id| plan.models[id.index()].id());
    let values = filled(prompt, question.values);
    Ok(Shown {
        prompt: name.clone(),
        prompts: prompts.iter().map(|(name, _)| name.clone()).collect(),
        step: step.and_then(|s| Some((s.name.to_string(), model(s)?))),
        inputs: prompt.params.iter().map(program::input).collect(),
        rendered: read(prompt, &values)
            .and_then(|args| host.rendered(Rendering { plan, prompt: id, args: &args, step })),
        values,
    })
}

// The first step of the program that asks it.
fn asking(plan: &Plan, id: PromptId) -> Option<&Step> {
    let mut found = None;
    for flow in &plan.flows {
        flow.body.each_step(&mut |step| {
            let asks = matches!(step.kind, StepKind::Call(Callee::Prompt(asked), _) if asked == id);
            found = found.or(asks.then_some(step));
        });
    }
    found
}

fn filled(prompt: &Prompt, given: Option<&Map<String, Json>>) -> Map<String, Json> {
    let value = |param: &flow_plan::Param| {
        let given = given.and_then(|values| values.get(param.name.as_str()).cloned());
        let default = || param.default.as_ref().map(Value::to_json);
        given.or_else(default).unwrap_or_else(|| sample::of(&param.ty, &param.name))
    };
    prompt.params.iter().map(|p| (p.name.to_string(), value(p))).collect()
}

fn read(prompt: &Prompt, values: &Map<String, Json>) -> Result<Vec<Value>, String> {
    let one = |param: &flow_plan::Param| {
        let value = values.get(param.name.as_str()).unwrap_or(&Json::Null);
        let wrong = |m: flow_plan::Mismatch| match m.path.is_empty() {
            true => format!("`{}`: {}", param.name, m.message),
            false => format!("`{}`, at `{}`: {}", param.name, m.path, m.message),
        };
        param.ty.read(value).map_err(wrong)
    };
    prompt.params.iter().map(one).collect()
}
