//! The model catalogue: `catalog.toml`, and any file of the same shape that a project brings.
//!
//! In: TOML. Out: a [`Catalog`], or a [`CatalogError`] with its place. The embedded catalogue stands
//! on the start-up path of every command, so it is read when it is first asked for, and kept.

use flow_plan::{Abilities, Catalog, Cost, LongPrice, ModelCard, ModelKind, Price, Tokens};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;
use toml::Spanned;

/// Every model of the catalogue, each with the date and the source of its price.
pub fn catalog() -> Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| presume_catalog(include_str!("../catalog.toml"))).clone()
}

/// Reads a file in the shape of the catalogue, such as a project's `prices.toml`.
pub fn read_catalog(text: &str) -> Result<Catalog, CatalogError> {
    let listing: Listing = toml::from_str(text).map_err(|e| CatalogError {
        at: e.span(),
        message: e.message().lines().next().unwrap_or("not understood").to_owned(),
    })?;
    let mut catalog = Catalog::default();
    for (provider, models) in &listing.models {
        for (model, spanned) in models {
            let entry = spanned.get_ref();
            if matches!(entry.kind, Kind::Chat) && entry.output.is_none() {
                let message = format!("`{provider}/{model}` has no price for its `output`");
                return Err(CatalogError { at: Some(spanned.span()), message });
            }
            catalog.models.insert(format!("{provider}/{model}").into(), card(entry, &listing));
        }
    }
    Ok(catalog)
}

/// What is wrong in a file of models.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CatalogError {
    /// The bytes of the text it is about, where it is about a place.
    pub at: Option<Range<usize>>,
    /// What is wrong, in one line.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    dated: Date,
    source: String,
    models: BTreeMap<String, BTreeMap<String, Spanned<Entry>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    kind: Kind,
    context: Count,
    max_output: Option<Count>,
    input: Dollars,
    cached_input: Option<Dollars>,
    cache_write: Option<Dollars>,
    output: Option<Dollars>,
    batch: Option<Batch>,
    long: Option<Long>,
    tokenizer: Option<String>,
    image_tokens: Option<Count>,
    #[serde(default)]
    reasoning_beyond_cap: bool,
    #[serde(default)]
    abilities: Vec<Ability>,
    dated: Option<Date>,
    source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    input: Dollars,
    output: Option<Dollars>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    above: Count,
    input: Dollars,
    cached_input: Option<Dollars>,
    cache_write: Option<Dollars>,
    output: Dollars,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Chat,
    Embedding,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Ability {
    JsonSchema,
    Images,
    Tools,
    Reasoning,
}

// A number of tokens: nothing is no size of anything here.
#[derive(Clone, Copy)]
struct Count(Tokens);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        match u64::deserialize(deserializer)? {
            0 => Err(de::Error::custom("expected a number of tokens above 0")),
            count => Ok(Count(Tokens(count))),
        }
    }
}

#[derive(Clone, Copy)]
struct Dollars(Cost);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Dollars, D::Error> {
        deserializer.deserialize_str(DollarText)
    }
}

// As text, so that a price is the one that is written and no float near it.
struct DollarText;

impl de::Visitor<'_> for DollarText {
    type Value = Dollars;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dollars a million tokens as text, such as \"0.15\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Dollars, E> {
        Cost::parse_dollars(text)
            .map(Dollars)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

// The file is ours and embedded: a mistake in it is our bug, and the test below finds it.
fn presume_catalog(text: &str) -> Catalog {
    #[expect(clippy::expect_used, reason = "the embedded catalogue is read by a test")]
    read_catalog(text).expect("the embedded catalogue is well formed")
}

fn card(entry: &Entry, listing: &Listing) -> ModelCard {
    let kind = match entry.kind {
        Kind::Chat => ModelKind::Chat,
        Kind::Embedding => ModelKind::Embedding,
    };
    let max_output = match (kind, entry.max_output) {
        (_, Some(most)) => most.0,
        (ModelKind::Chat, None) => entry.context.0,
        (ModelKind::Embedding, None) => Tokens(0),
    };
    let source = entry.source.as_deref().unwrap_or(&listing.source);
    ModelCard {
        kind,
        context: entry.context.0,
        max_output,
        price: price(entry),
        tokenizer: entry.tokenizer.as_deref().map(Into::into),
        image_tokens: entry.image_tokens.map(|t| t.0),
        reasoning_beyond_cap: entry.reasoning_beyond_cap,
        abilities: Abilities {
            json_schema: entry.abilities.contains(&Ability::JsonSchema),
            images: entry.abilities.contains(&Ability::Images),
            tools: entry.abilities.contains(&Ability::Tools),
            reasoning: entry.abilities.contains(&Ability::Reasoning),
        },
        dated: Some(entry.dated.unwrap_or(listing.dated)),
        source: source.into(),
    }
}

fn price(entry: &Entry) -> Price {
    let plain = |dollars: Option<Dollars>| dollars.map(|d| d.0);
    Price {
        input: entry.input.0,
        cached_input: plain(entry.cached_input),
        cache_write: plain(entry.cache_write),
        output: plain(entry.output).unwrap_or_default(),
        batch_input: entry.batch.as_ref().map(|b| b.input.0),
        batch_output: entry.batch.as_ref().and_then(|b| plain(b.output)),
        long: entry.long.as_ref().map(|long| LongPrice {
            above: long.above.0,
            input: long.input.0,
            cached_input: plain(long.cached_input),
            cache_write: plain(long.cache_write),
            output: long.output.0,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_is_whole_and_plausible() {
        let catalog = catalog();
        assert!(catalog.models.len() >= 100, "{} models", catalog.models.len());
        for (id, card) in &catalog.models {
            assert!(card.context.0 >= 2_000, "{id}: context");
            assert!(card.max_output <= card.context, "{id}: output");
            assert_eq!(card.max_output.0 > 0, card.kind == ModelKind::Chat, "{id}: output");
            assert!(card.dated.is_some() && !card.source.is_empty(), "{id}: date and source");
            assert!(!card.reasoning_beyond_cap || card.abilities.reasoning, "{id}: reasoning");
            assert!(card.image_tokens.is_none() || card.abilities.images, "{id}: images");
            assert!(card.tokenizer.as_deref().is_none_or(|t| TOKENIZERS.contains(&t)), "{id}: tokenizer");
            is_plausible(id, card);
        }
    }

    const TOKENIZERS: [&str; 4] = ["o200k_base", "cl100k_base", "o200k_base*1.6", "o200k_base*2.3"];

    fn is_plausible(id: &str, card: &ModelCard) {
        let price = card.price;
        assert!(price.input > Cost::ZERO, "{id}: no price is an error, never $0");
        assert!(price.cached_input.is_none_or(|c| c < price.input), "{id}: cached input");
        assert!(price.cache_write.is_none_or(|c| c > price.input), "{id}: cache write");
        assert!(price.batch_input.is_none_or(|c| c < price.input), "{id}: batch");
        assert!(price.batch_output.is_none_or(|c| c < price.output), "{id}: batch");
        if card.kind == ModelKind::Chat {
            assert!(price.output >= price.input, "{id}: output is never the cheaper side");
        }
        if let Some(long) = price.long {
            assert!(long.above < card.context, "{id}: a tier that no call reaches");
            assert!(long.input > price.input && long.output > price.output, "{id}: long input is dearer");
            assert!(long.cached_input.is_none_or(|c| c < long.input), "{id}: cached input");
        }
    }

    #[test]
    fn known_models_have_their_published_prices() {
        let catalog = catalog();
        let card = catalog.card("openai/gpt-4o-mini").unwrap_or_default();
        assert_eq!((card.price.input, card.price.output), (Cost(150_000_000), Cost(600_000_000)));
        assert_eq!(card.price.batch_input, Some(Cost(75_000_000)));
        assert_eq!(card.context, Tokens(128_000));
        let card = catalog.card("google/gemini-2.5-pro").unwrap_or_default();
        let long = card.price.long.map(|l| (l.above, l.input, l.output));
        assert_eq!(long, Some((Tokens(200_000), Cost(2_500_000_000), Cost(15_000_000_000))));
        assert!(card.reasoning_beyond_cap && card.context == Tokens(1_048_576));
        let card = catalog.card("openai/text-embedding-3-small").unwrap_or_default();
        assert_eq!((card.kind, card.price.output), (ModelKind::Embedding, Cost::ZERO));
    }

    #[test]
    fn an_entry_may_have_a_date_and_a_source_of_its_own() {
        let text = "dated = \"2026-01-02\"\nsource = \"list\"\n[models.a]\n\
                    \"x\" = { context = 10, input = \"1\", output = \"2\" }\n\
                    \"y\" = { context = 10, input = \"1\", output = \"2\", dated = \"2026-05-06\", source = \"page\" }\n";
        let catalog = read_catalog(text).unwrap_or_default();
        let read = |id: &str| catalog.card(id).map(|c| (c.dated.map(|d| d.to_string()), c.source));
        assert_eq!(read("a/x"), Some((Some("2026-01-02".into()), "list".into())));
        assert_eq!(read("a/y"), Some((Some("2026-05-06".into()), "page".into())));
        assert_eq!(catalog.card("a/x").map(|c| c.max_output), Some(Tokens(10)), "no cap but the window");
    }

    #[test]
    fn mistakes_have_a_place_and_a_reason() {
        let wrong = |entry: &str| {
            let text =
                format!("dated = \"2026-01-02\"\nsource = \"list\"\n[models.a]\n\"x\" = {{ {entry} }}\n");
            let error = read_catalog(&text).err();
            error.map(|e| (e.at.map(|at| text[at].to_owned()).unwrap_or_default(), e.message))
        };
        let found = wrong("context = 10, input = \"1,5\", output = \"2\"");
        let message =
            "invalid value: string \"1,5\", expected dollars a million tokens as text, such as \"0.15\"";
        assert_eq!(found, Some(("\"1,5\"".into(), message.into())));
        let found = wrong("context = 10, input = 1.5, output = \"2\"").unwrap_or_default();
        assert!(found.1.contains("expected dollars a million tokens as text"), "{found:?}");
        let found = wrong("context = 0, input = \"1\", output = \"2\"").unwrap_or_default();
        assert_eq!(found, ("0".into(), "expected a number of tokens above 0".into()));
        let found = wrong("context = 10, input = \"1\", ouput = \"2\"").unwrap_or_default();
        assert!(found.1.contains("unknown field `ouput`"), "{found:?}");
        let found = wrong("context = 10, input = \"1\"").unwrap_or_default();
        assert_eq!(found.1, "`a/x` has no price for its `output`");
    }
}
