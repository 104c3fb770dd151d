//! Settings as the checker leaves them: typed, with every default of the flow and the prompt
//! already filled in.

use crate::{Block, Cost, Expr, Millis, ModelId, Rate, Tokens, Tools};
use ecow::EcoString;
use flow_diagnostics::Span;

/// The settings of one step. Nothing that costs money is on by default.
#[derive(Clone, Debug, Default)]
pub struct StepSettings {
    /// The model that runs a prompt; always there where a prompt is called.
    pub model: Option<ModelId>,
    /// Models tried in turn when the one before has failed.
    pub fallback: Vec<ModelId>,
    /// The model that is asked when the answer leaves doubt.
    pub escalate: Option<Escalate>,
    /// Further attempts, for each model tried.
    pub retry: u32,
    /// Where `retry` is written: the step or its flow.
    pub retry_at: Option<Span>,
    /// The most one attempt may take.
    pub timeout: Option<Millis>,
    /// Where `timeout` is written: the step or its flow.
    pub timeout_at: Option<Span>,
    /// When to start a second attempt beside a slow one.
    pub hedge: Option<Millis>,
    /// For how long an equal call is answered from the cache.
    pub cache: Option<CachePolicy>,
    /// Where `cache` is written: the step or its flow.
    pub cache_at: Option<Span>,
    /// Where each model that may be asked is written: the step or its flow.
    pub models_at: Vec<(ModelId, Span)>,
    /// Of a guard: whether it looks at an answer while that comes, sentence by sentence.
    pub streaming: bool,
    /// The key by which an action or a cached step is the same step.
    pub key: Option<Expr>,
    /// The lookups that a model may ask for before it answers.
    pub tools: Option<Tools>,
}

/// `escalate: careful unless it.confident`.
#[derive(Clone, Debug)]
pub struct Escalate {
    /// The model that is asked then.
    pub to: ModelId,
    /// Whether there is no doubt; its one input is `it`, the answer so far. Always, if missing.
    pub unless: Option<Block>,
}

/// `cache: 1h per customer`.
#[derive(Clone, Debug)]
pub struct CachePolicy {
    /// How long an entry is good.
    pub ttl: Millis,
    /// Who shares it: entries of different values are kept apart. Everyone, if missing.
    pub scope: Option<Expr>,
    /// Whether a prompt with nearly the same words is the same call: `similar 0.93`.
    pub similar: Option<Similar>,
}

/// `similar 0.93 … embed vectors`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Similar {
    /// The least cosine of two texts that count as the same, over 0 and at most 1.
    pub least: f64,
    /// The model that makes the embeddings; the one in the process, which asks nobody, if missing.
    pub embed: Option<ModelId>,
}

/// The settings of a flow.
#[derive(Clone, Debug, Default)]
pub struct FlowSettings {
    /// The most a run may spend.
    pub budget: Option<Cost>,
    /// The most a run may take.
    pub deadline: Option<Millis>,
    /// What is expected of its steps: nothing that a run does depends on it.
    pub rates: Vec<Rate>,
}

/// The settings of a model that a request needs.
#[derive(Clone, Debug, Default)]
pub struct ModelSettings {
    /// The most tokens of output.
    pub max_output: Option<Tokens>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// For repeatable sampling, where the provider has it.
    pub seed: Option<i64>,
    /// Sequences that end the output.
    pub stop: Vec<EcoString>,
    /// How much a reasoning model thinks: the provider's own word.
    pub reasoning: Option<EcoString>,
    /// Where the provider answers.
    pub base_url: Option<Config>,
    /// The key, if not the provider's usual variable.
    pub api_key: Option<Config>,
    /// `sim/…` only: how a simulated model behaves.
    pub sim: SimSettings,
}

/// How a `sim/…` model behaves, for tests and rehearsals.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct SimSettings {
    /// How long an answer takes.
    pub latency: Millis,
    /// The share of calls that fail, 0 to 1.
    pub failure_rate: f64,
    /// The share of answers that are malformed, 0 to 1.
    pub malformed_rate: f64,
}

/// A setting that may come from the environment. Its value is read when the run starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Config {
    /// Written in the program.
    Text(EcoString),
    /// `env("NAME")`.
    Env(EcoString),
}
