//! A prompt as a model would be shown it, without a run: for editors.
//!
//! In: a plan, a prompt and its arguments. Out: its messages, counted, by the code that renders them in
//! a run. Nothing is read but the plan, so images are counted and not looked at.

use super::frame::Frame;
use super::request::{Messages, PromptFacts};
use crate::RunError;
use crate::engine::measure;
use crate::prompt::Templates;
use flow_diagnostics::Code;
use flow_plan::{Plan, Prompt, PromptId, Role, Step, Tokens, Value};
use flow_tokens::{Cut, DEFAULT_TOKENIZER, Measure};

/// A prompt with its holes filled in.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The messages in their order, few-shot examples and the words about the answer's shape included.
    pub messages: Vec<Shown>,
    /// What the whole request counts, with all that the provider is sent beside the messages; nothing
    /// where no model is known.
    pub tokens: Option<Tokens>,
    /// The most that the step's request can hold.
    pub most: Option<Tokens>,
    /// What was cut at a hole.
    pub cuts: Vec<Cut>,
}

/// A message of a [`Preview`].
#[derive(Clone, Debug)]
pub struct Shown {
    /// Whose it is.
    pub role: Role,
    /// The text.
    pub text: String,
    /// What the text counts.
    pub tokens: Tokens,
}

/// Renders a prompt as a step asks it, with the step's model and within its bounds; without a step, with
/// the program's only tokenizer or the usual one and within no bounds.
///
/// # Errors
///
/// E0810 where the model's tokenizer is not known, E0813 where a template cannot be rendered.
pub fn preview(plan: &Plan, id: PromptId, args: &[Value], step: Option<&Step>) -> Result<Preview, RunError> {
    let prompt = &plan.prompts[id.index()];
    let wrong = |why: String| RunError::new(Code::E0813, why).at(&prompt.name, prompt.span);
    let templates = Templates::new(plan)?;
    let facts = PromptFacts::of(prompt, plan.models.len(), &templates)?;
    let asked = step.and_then(|s| s.settings.model);
    let counting = asked.map(|id| &plan.models[id.index()]).or(plan.models.first());
    let measure = match counting {
        Some(model) => measure(model)?,
        None => Measure::named(DEFAULT_TOKENIZER, None)
            .map_err(|unknown| RunError::new(Code::E0810, unknown.to_string()))?,
    };
    let bounds = step.and_then(|s| s.bounds.as_deref());
    let filled = Messages::filled(&templates, (prompt, &facts), args, (bounds, &measure));
    let mut filled = filled.map_err(|e| wrong(e.to_string()))?;
    filled.count_images(images(prompt, &templates, args).map_err(wrong)?);
    let model = asked.map(|id| (id, &plan.models[id.index()]));
    let list = match model {
        Some((_, model)) => filled.for_model(model, &facts),
        None => filled.list().to_vec(),
    };
    let tokens = model.map(|model| facts.count(prompt, model, &measure, &list));
    let most = asked.and_then(|id| Some(bounds?.request(id)?.input));
    let shown = |m: crate::provider::Message| {
        let tokens = Tokens(measure.scaled(measure.count(&m.text)));
        Shown { role: m.role, tokens, text: m.text }
    };
    Ok(Preview { messages: list.into_iter().map(shown).collect(), tokens, most, cuts: filled.cuts })
}

fn images(prompt: &Prompt, templates: &Templates, args: &[Value]) -> Result<usize, String> {
    let Some(images) = &prompt.images else { return Ok(0) };
    let frame = Frame::of_params(templates, args);
    Ok(match flow_plan::eval(images, &frame).map_err(|e| e.to_string())? {
        Value::Null => 0,
        Value::List(list) => list.len(),
        _ => 1,
    })
}
