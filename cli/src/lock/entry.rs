//! What the lock holds of a program.

use super::digest;
use flow_compiler::bounds::{Amount, Bounds, fixed};
use flow_plan::{Callee, Cost, Model, ModelId, Plan, Price, PromptId, Step, StepKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A program.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
pub(super) struct Entry {
    /// What its flows take at worst.
    #[serde(default)]
    pub(super) flows: BTreeMap<String, FlowEntry>,
    /// Its models, by their names in the program.
    #[serde(default)]
    pub(super) models: BTreeMap<String, ModelEntry>,
    /// The prompts that its flows ask.
    #[serde(default)]
    pub(super) prompts: BTreeMap<String, PromptEntry>,
}

/// The worst case of a flow.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct FlowEntry {
    /// Dollars, exact: `$0.061`.
    pub(super) usd: String,
    /// Calls of models.
    pub(super) calls: i64,
    /// Tokens in.
    pub(super) input_tokens: i64,
    /// Tokens out.
    pub(super) output_tokens: i64,
    /// Time.
    pub(super) seconds: f64,
}

/// A model.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct ModelEntry {
    /// `provider/model`.
    pub(super) id: String,
    /// What counts its tokens.
    pub(super) tokenizer: Option<String>,
    /// The day its prices were read.
    pub(super) dated: Option<String>,
    /// Where they were read.
    pub(super) source: String,
    /// Dollars for a million tokens, by what the tokens are.
    #[serde(default)]
    pub(super) usd_per_million: BTreeMap<String, String>,
}

/// A prompt.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct PromptEntry {
    /// Of its texts, examples and the schema of its answer.
    pub(super) digest: String,
    /// What every request has, by the model's name.
    #[serde(default)]
    pub(super) tokens: BTreeMap<String, TokensEntry>,
}

/// What every request of a prompt to a model has.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(super) struct TokensEntry {
    /// Its own texts.
    pub(super) fixed: i64,
    /// What the provider adds.
    pub(super) overhead: i64,
}

impl Entry {
    /// Of a program as it is now.
    pub(super) fn of(plan: &Plan, bounds: &Bounds) -> Entry {
        let flows = bounds
            .flows
            .iter()
            .map(|bound| (plan.flows[bound.flow.index()].name.to_string(), FlowEntry::of(bound.worst)));
        let models = plan.models.iter().map(|model| (model.name.to_string(), ModelEntry::of(model)));
        let mut prompts = BTreeMap::new();
        for (id, models) in asked(plan) {
            let prompt = &plan.prompts[id.index()];
            let tokens = models.into_iter().map(|model| {
                let fixed = fixed(plan, id, model);
                let entry = TokensEntry { fixed: whole(fixed.text.0), overhead: whole(fixed.overhead.0) };
                (plan.models[model.index()].name.to_string(), entry)
            });
            let entry = PromptEntry { digest: digest::prompt(plan, prompt), tokens: tokens.collect() };
            prompts.insert(free(&prompts, &prompt.name), entry);
        }
        Entry { flows: flows.collect(), models: models.collect(), prompts }
    }
}

impl FlowEntry {
    fn of(worst: Amount) -> FlowEntry {
        FlowEntry {
            usd: worst.usd.to_string(),
            calls: whole(worst.calls),
            input_tokens: whole(worst.input.0),
            output_tokens: whole(worst.output.0),
            seconds: worst.time.0 as f64 / 1000.0,
        }
    }
}

impl ModelEntry {
    fn of(model: &Model) -> ModelEntry {
        let card = &model.card;
        ModelEntry {
            id: model.id(),
            tokenizer: card.tokenizer.as_ref().map(ToString::to_string),
            dated: card.dated.map(|d| d.to_string()),
            source: card.source.to_string(),
            usd_per_million: prices(&card.price),
        }
    }
}

fn prices(price: &Price) -> BTreeMap<String, String> {
    let long = price.long;
    let all: [(&str, Option<Cost>); 8] = [
        ("input", Some(price.input)),
        ("output", Some(price.output)),
        ("cached_input", price.cached_input),
        ("cache_write", price.cache_write),
        ("long_input", long.map(|l| l.input)),
        ("long_output", long.map(|l| l.output)),
        ("long_cached_input", long.and_then(|l| l.cached_input)),
        ("long_cache_write", long.and_then(|l| l.cache_write)),
    ];
    all.into_iter().filter_map(|(name, cost)| Some((name.to_owned(), cost?.to_string()))).collect()
}

// The prompts that flows and guards ask, each with the models that it is asked of.
fn asked(plan: &Plan) -> BTreeMap<PromptId, BTreeSet<ModelId>> {
    let mut found: BTreeMap<PromptId, BTreeSet<ModelId>> = BTreeMap::new();
    let mut see = |step: &Step| {
        if let (StepKind::Call(Callee::Prompt(id), _), Some(bounds)) = (&step.kind, &step.bounds) {
            found.entry(*id).or_default().extend(bounds.requests.iter().map(|r| r.model));
        }
    };
    plan.flows.iter().for_each(|flow| flow.body.each_step(&mut see));
    plan.guards.iter().for_each(|guard| guard.body.each_step(&mut see));
    found
}

// Prompts of two files may have one name.
fn free(taken: &BTreeMap<String, PromptEntry>, name: &str) -> String {
    let numbered = (2..).map(|n| format!("{name} ({n})"));
    std::iter::once(name.to_owned()).chain(numbered).find(|n| !taken.contains_key(n)).unwrap_or_default()
}

// TOML has no larger numbers.
fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
