//! The model catalogue: windows, prices and abilities, each price with its date and source.

use crate::{Cost, Tokens};
use ecow::EcoString;
use std::collections::BTreeMap;

/// What is known of a model.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ModelCard {
    /// The context window: input and output together.
    pub context: Tokens,
    /// The most output the model gives in one call.
    pub max_output: Tokens,
    /// What it costs.
    pub price: Price,
    /// The tokenizer's name or file, if there is a public one.
    pub tokenizer: Option<EcoString>,
    /// What it can do.
    pub abilities: Abilities,
    /// When the price was read, as `2026-11-23`; empty for what the program writes itself.
    pub dated: EcoString,
    /// Where the price was read.
    pub source: EcoString,
}

/// Prices per million tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Price {
    /// Input.
    pub input: Cost,
    /// Input that the provider had in its prompt cache, where it is cheaper.
    pub cached_input: Option<Cost>,
    /// Input that is written to the provider's prompt cache, where it is dearer.
    pub cache_write: Option<Cost>,
    /// Output, reasoning included.
    pub output: Cost,
}

/// What a model can do beyond text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Abilities {
    /// Output held to a JSON schema by the provider.
    pub json_schema: bool,
    /// Images in the prompt.
    pub images: bool,
    /// Calling tools.
    pub tools: bool,
    /// Thinking before it answers.
    pub reasoning: bool,
}

/// Every model that is known without the program's help, by `provider/model`.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The models.
    pub models: BTreeMap<EcoString, ModelCard>,
}
