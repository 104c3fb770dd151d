//! The model catalogue: windows, prices and abilities, each price with its date and source.
//!
//! In: nothing. Out: [`Catalog`] and its [`ModelCard`]s. Tokens become money in [`Price::worst`] and
//! [`Price::billed`] (`price.rs`) and nowhere else. Not here: the catalogue's file and its reading.

use crate::{Price, Tokens};
use ecow::EcoString;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What is known of a model.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ModelCard {
    /// What it is asked for.
    pub kind: ModelKind,
    /// The context window: input and output together.
    pub context: Tokens,
    /// The most output the model gives in one call; nothing for a model that makes embeddings.
    pub max_output: Tokens,
    /// What it costs.
    pub price: Price,
    /// How its tokens are counted: `o200k_base` or `cl100k_base`; one of them with a factor,
    /// `o200k_base*1.6`, where the provider publishes no tokenizer; `bytes`; or the path of a
    /// tokenizer's file, ending in `.json`. `None` leaves it to whoever counts.
    pub tokenizer: Option<EcoString>,
    /// The most tokens that one image counts as, where the provider says how it counts them.
    pub image_tokens: Option<Tokens>,
    /// Whether reasoning may be billed beyond the output cap that is sent with a call.
    pub reasoning_beyond_cap: bool,
    /// What it can do.
    pub abilities: Abilities,
    /// The day the price was read; `None` for what the program writes itself.
    pub dated: Option<Date>,
    /// Where the price was read.
    pub source: EcoString,
}

/// What a model is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ModelKind {
    /// Text in answer to messages.
    #[default]
    Chat,
    /// A vector for a text.
    Embedding,
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
    /// Lays the cards of another catalogue over these; a card replaces the one of its id as a whole.
    pub fn lay_over(&mut self, other: Catalog) {
        self.models.extend(other.models);
    }

    /// What is known of the model with this id, `provider/model`.
    ///
    /// Every `sim/…` model is known: 128,000 tokens of context, 4,096 of output, held to a JSON
    /// schema, calling tools, counted with o200k, at no price. `sim/embed` makes embeddings.
    pub fn card(&self, id: &str) -> Option<ModelCard> {
        if let Some(card) = self.models.get(id) {
            return Some(card.clone());
        }
        let name = id.strip_prefix("sim/")?;
        let kind = if name == "embed" { ModelKind::Embedding } else { ModelKind::Chat };
        (!name.is_empty()).then(|| ModelCard { kind, ..ModelCard::simulated() })
    }
}

impl ModelCard {
    /// The most a call costs with so many tokens of input at most and this output cap.
    pub fn worst(&self, input: Tokens, cap: Tokens) -> crate::Cost {
        self.price.worst(input, self.most_output(cap))
    }

    /// The most output tokens a call may be billed for when this cap is sent with it.
    pub fn most_output(&self, cap: Tokens) -> Tokens {
        if self.reasoning_beyond_cap { self.max_output.max(cap) } else { cap }
    }

    /// The card of every simulated model.
    pub fn simulated() -> ModelCard {
        ModelCard {
            context: Tokens(128_000),
            max_output: Tokens(4_096),
            tokenizer: Some("o200k_base".into()),
            abilities: Abilities { json_schema: true, tools: true, ..Abilities::default() },
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
        assert_eq!(catalog.card("sim/embed").map(|card| card.kind), Some(ModelKind::Embedding));
        assert_eq!(catalog.card("sim/"), None);
        assert_eq!(catalog.card("openai/gpt"), None);
        let card = ModelCard { context: Tokens(7), ..ModelCard::default() };
        catalog.models.insert("openai/gpt".into(), card.clone());
        assert_eq!(catalog.card("openai/gpt"), Some(card));
    }

    #[test]
    fn a_card_laid_over_another_replaces_all_of_it() {
        let with = |context, source: &str| {
            let card = ModelCard { context: Tokens(context), source: source.into(), ..ModelCard::default() };
            Catalog { models: BTreeMap::from([("a/b".into(), card)]) }
        };
        let mut catalog = with(1, "list");
        catalog.lay_over(with(2, ""));
        assert_eq!(catalog.models, with(2, "").models);
    }

    #[test]
    fn reasoning_that_no_cap_holds_counts_up_to_the_models_own_limit() {
        let mut card = ModelCard { max_output: Tokens(65_536), ..ModelCard::default() };
        assert_eq!(card.most_output(Tokens(300)), Tokens(300));
        card.reasoning_beyond_cap = true;
        assert_eq!(card.most_output(Tokens(300)), Tokens(65_536));
    }
}
