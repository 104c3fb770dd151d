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

impl Catalog {
    /// What is known of the model with this id, `provider/model`.
    ///
    /// Every `sim/…` model is known: 128,000 tokens of context, 4,096 of output, held to a JSON
    /// schema, at no price.
    pub fn card(&self, id: &str) -> Option<ModelCard> {
        if let Some(card) = self.models.get(id) {
            return Some(card.clone());
        }
        let name = id.strip_prefix("sim/")?;
        (!name.is_empty()).then(ModelCard::simulated)
    }
}

impl ModelCard {
    /// The card of every simulated model.
    pub fn simulated() -> ModelCard {
        ModelCard {
            context: Tokens(128_000),
            max_output: Tokens(4_096),
            abilities: Abilities { json_schema: true, ..Abilities::default() },
            ..ModelCard::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_models_are_known_and_free_and_others_must_be_listed() {
        let mut catalog = Catalog::default();
        let simulated = catalog.card("sim/anything").map(|c| (c.context, c.price, c.abilities.json_schema));
        assert_eq!(simulated, Some((Tokens(128_000), Price::default(), true)));
        assert_eq!(catalog.card("sim/"), None);
        assert_eq!(catalog.card("openai/gpt"), None);
        let card = ModelCard { context: Tokens(7), ..ModelCard::default() };
        catalog.models.insert("openai/gpt".into(), card.clone());
        assert_eq!(catalog.card("openai/gpt"), Some(card));
    }
}
