//! The model catalogue: `catalog.toml`, read once and kept.
//!
//! It stands on the start-up path of every command, so it is read when it is first asked for.

use flow_plan::{Abilities, Catalog, Cost, ModelCard, Price, Tokens};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Every model of the catalogue, each with the date and the source of its price.
pub fn catalog() -> Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| presume_catalog(include_str!("../catalog.toml"))).clone()
}

#[derive(Deserialize)]
struct Listing {
    dated: String,
    source: String,
    models: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    context: u64,
    max_output: u64,
    input: String,
    cached_input: Option<String>,
    cache_write: Option<String>,
    output: String,
    tokenizer: Option<String>,
    abilities: Vec<Ability>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Ability {
    JsonSchema,
    Images,
    Tools,
    Reasoning,
}

// The file is ours and embedded: a mistake in it is our bug, and the test below finds it.
fn presume_catalog(text: &str) -> Catalog {
    #[expect(clippy::expect_used, reason = "the embedded catalogue is read by a test")]
    let listing: Listing = toml::from_str(text).expect("the embedded catalogue is well formed");
    let mut catalog = Catalog::default();
    for (provider, models) in &listing.models {
        for (model, entry) in models {
            catalog.models.insert(format!("{provider}/{model}").into(), card(entry, &listing));
        }
    }
    catalog
}

fn card(entry: &Entry, listing: &Listing) -> ModelCard {
    ModelCard {
        context: Tokens(entry.context),
        max_output: Tokens(entry.max_output),
        price: Price {
            input: presume_dollars(&entry.input),
            cached_input: entry.cached_input.as_deref().map(presume_dollars),
            cache_write: entry.cache_write.as_deref().map(presume_dollars),
            output: presume_dollars(&entry.output),
        },
        tokenizer: entry.tokenizer.as_deref().map(Into::into),
        abilities: Abilities {
            json_schema: entry.abilities.contains(&Ability::JsonSchema),
            images: entry.abilities.contains(&Ability::Images),
            tools: entry.abilities.contains(&Ability::Tools),
            reasoning: entry.abilities.contains(&Ability::Reasoning),
        },
        dated: listing.dated.as_str().into(),
        source: listing.source.as_str().into(),
    }
}

fn presume_dollars(text: &str) -> Cost {
    #[expect(clippy::expect_used, reason = "the embedded catalogue is read by a test")]
    Cost::parse_dollars(text).expect("prices in the embedded catalogue are plain decimals")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_is_whole_and_plausible() {
        let catalog = catalog();
        assert!(catalog.models.len() >= 40, "{} models", catalog.models.len());
        for (id, card) in &catalog.models {
            assert!(card.context.0 >= 100_000, "{id}: context");
            assert!(0 < card.max_output.0 && card.max_output <= card.context, "{id}: output");
            assert!(card.price.input > Cost::ZERO, "{id}: no price is an error, never $0");
            assert!(card.price.output >= card.price.input, "{id}: output is never the cheaper side");
            assert!(card.price.cached_input.is_none_or(|c| c < card.price.input), "{id}: cached input");
            assert!(card.price.cache_write.is_none_or(|c| c > card.price.input), "{id}: cache write");
            assert_eq!(card.dated, "2026-11-23", "{id}");
            assert!(!card.source.is_empty(), "{id}: source");
        }
    }

    #[test]
    fn a_known_model_has_its_published_price() {
        let card = catalog().card("openai/gpt-4o-mini").unwrap_or_default();
        assert_eq!(card.price.input, Cost(150_000_000));
        assert_eq!(card.price.output, Cost(600_000_000));
        assert_eq!(card.context, Tokens(128_000));
    }
}
