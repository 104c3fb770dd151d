//! What a request of a prompt has whatever is pasted into it: its texts, and what is around them.
//!
//! In: a plan, one of its prompts and one of its models. Out: [`Fixed`]. `flow.lock` holds these, so
//! that a bound that has changed can be told from a text that has.

use super::held::Given;
use super::infer::Inference;
use super::measure;
use super::prompt::Asked;
use flow_plan::{ModelId, Plan, PromptId, Tokens, Type};
use flow_tokens::{Measure, request};

/// The fixed part of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fixed {
    /// The prompt's own texts and examples, of conditions the smaller side.
    pub text: Tokens,
    /// What the provider adds: the framing of messages, the schema or instruction of the answer.
    pub overhead: Tokens,
}

/// What every request of a prompt to a model has, as the model counts.
pub fn fixed(plan: &Plan, prompt: PromptId, model: ModelId) -> Fixed {
    let model = &plan.models[model.index()];
    let measure = measure(model);
    let (text, messages) = counted(plan, prompt, &measure);
    let output = &plan.prompts[prompt.index()].output;
    let answer = match model.card.abilities.json_schema {
        true => request::schema(&measure, &model.provider, output),
        false => output.instruction().map_or(0, |i| measure.count(&i)),
    };
    let around = answer.saturating_add(request::framing(&model.provider, messages));
    Fixed { text: Tokens(measure.scaled(text)), overhead: Tokens(measure.scaled(around)) }
}

/// The texts alone, in the tokens of the model's counter: no request has less.
pub(super) fn least(plan: &Plan, prompt: PromptId, model: ModelId) -> Tokens {
    Tokens(counted(plan, prompt, &measure(&plan.models[model.index()])).0)
}

// The tokens of the fixed texts, and how many messages there are.
fn counted(plan: &Plan, prompt: PromptId, measure: &Measure) -> (u64, u64) {
    let prompt = &plan.prompts[prompt.index()];
    let measures = [measure.clone()];
    let inference = Inference { plan, measures: &measures, held: None };
    let types: Vec<Type> = prompt.params.iter().map(|p| p.ty.clone()).collect();
    let asked = Asked::new(&inference, prompt, Given { args: &types, held: None });
    let text = asked.fixed(measure).iter().map(|t| measure.count(t)).sum();
    (text, asked.messages())
}
