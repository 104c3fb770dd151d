//! LiteLLM's `model_prices_and_context_window.json`: one entry as a [`ModelCard`].
//!
//! In: JSON, prices in dollars a token. Out: our id and card, or why there is none.
//! Where the list leaves something open, the card takes the side that costs more.
//! Not here: reading the file, and writing ours.

use flow_plan::{Abilities, Catalog, Cost, LongPrice, ModelCard, ModelKind, Price, Tokens};
use serde_json::{Map, Value};

/// An entry of the list.
type Entry = Map<String, Value>;

/// Why an entry is left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum LeftOut {
    /// It makes images, reads speech or the like, or is reached by another protocol than chat.
    OtherWork,
    /// A price is missing, or nothing: the list writes both the same.
    NoPrice,
    /// The window is missing.
    NoWindow,
}

impl LeftOut {
    /// The reason, behind a number of models.
    pub(super) fn reason(self) -> &'static str {
        match self {
            LeftOut::OtherWork => "that are not for chat or embeddings",
            LeftOut::NoPrice => "without a price",
            LeftOut::NoWindow => "without a context window",
        }
    }
}

// What the list calls a provider, and what it is called here.
const PROVIDERS: [(&str, &str); 5] = [
    ("gemini", "google"),
    ("dashscope", "qwen"),
    ("together_ai", "together"),
    ("cohere_chat", "cohere"),
    ("bedrock_converse", "bedrock"),
];

/// Our id, `provider/model`, of an entry, and whether the list's name has the provider in it, as the
/// surer one of two names does.
pub(super) fn id(name: &str, entry: &Entry) -> (String, bool) {
    let theirs = entry.get("litellm_provider").and_then(Value::as_str).unwrap_or_default();
    let ours = PROVIDERS.iter().find(|(name, _)| *name == theirs).map_or(theirs, |(_, ours)| *ours);
    let model = [theirs, ours].iter().find_map(|p| name.strip_prefix(p)?.strip_prefix('/'));
    (format!("{ours}/{}", model.unwrap_or(name)), model.is_some())
}

/// The card of an entry. What the list does not hold comes from the model's card in `known`.
pub(super) fn card(id: &str, entry: &Entry, known: &Catalog) -> Result<ModelCard, LeftOut> {
    let kind = match entry.get("mode").and_then(Value::as_str) {
        Some("chat") => ModelKind::Chat,
        Some("embedding") => ModelKind::Embedding,
        _ => return Err(LeftOut::OtherWork),
    };
    let price = price(entry, kind).ok_or(LeftOut::NoPrice)?;
    let context = count(entry, "max_input_tokens").or_else(|| count(entry, "max_tokens"));
    let context = context.ok_or(LeftOut::NoWindow)?;
    let max_output = match kind {
        ModelKind::Chat => count(entry, "max_output_tokens").map_or(context, |most| most.min(context)),
        ModelKind::Embedding => Tokens(0),
    };
    let abilities = Abilities {
        // Against the list: DeepSeek's own service holds output to JSON, not to a schema, and Cohere's to one.
        json_schema: has(entry, "supports_response_schema") && !id.starts_with("deepseek/")
            || id.starts_with("cohere/command-"),
        images: has(entry, "supports_vision"),
        tools: has(entry, "supports_function_calling"),
        reasoning: has(entry, "supports_reasoning"),
    };
    let before = known.card(id).unwrap_or_default();
    // Google says of no model that the cap holds its reasoning.
    let beyond_cap = before.reasoning_beyond_cap || id.starts_with("google/");
    Ok(ModelCard {
        kind,
        context,
        max_output,
        price,
        tokenizer: before.tokenizer,
        image_tokens: before.image_tokens.filter(|_| abilities.images),
        reasoning_beyond_cap: beyond_cap && abilities.reasoning,
        abilities,
        ..ModelCard::default()
    })
}

fn price(entry: &Entry, kind: ModelKind) -> Option<Price> {
    let (plain, long) = match entry.get("tiered_pricing").and_then(Value::as_array) {
        Some(tiers) => of_ranges(tiers)?,
        None => (Tier::of(entry, "")?, above(entry)),
    };
    let answers = kind == ModelKind::Chat;
    if plain.input == Cost::ZERO || answers && plain.output == Cost::ZERO {
        return None;
    }
    let batch = |key| cost(entry, key).filter(|_| entry.contains_key("input_cost_per_token_batches"));
    Some(Price {
        input: plain.input,
        cached_input: plain.cached_input,
        cache_write: plain.cache_write,
        output: if answers { plain.output } else { Cost::ZERO },
        batch_input: batch("input_cost_per_token_batches"),
        batch_output: batch("output_cost_per_token_batches").filter(|_| answers),
        long,
    })
}

// The prices up to a length of input, or above one.
#[derive(Clone, Copy)]
struct Tier {
    input: Cost,
    cached_input: Option<Cost>,
    cache_write: Option<Cost>,
    output: Cost,
}

impl Tier {
    fn of(entry: &Entry, suffix: &str) -> Option<Tier> {
        let read = |key: &str| cost(entry, &format!("{key}{suffix}"));
        let reasoning = read("output_cost_per_reasoning_token").unwrap_or_default();
        Some(Tier {
            input: read("input_cost_per_token")?,
            cached_input: read("cache_read_input_token_cost").filter(|c| *c > Cost::ZERO),
            // The list writes nothing where writing costs what other input costs.
            cache_write: read("cache_creation_input_token_cost").filter(|c| *c > Cost::ZERO),
            output: read("output_cost_per_token").unwrap_or_default().max(reasoning),
        })
    }

    fn dearer(self, other: Tier) -> Tier {
        let both = |a: Option<Cost>, b: Option<Cost>| Some(a?.max(b?));
        Tier {
            input: self.input.max(other.input),
            cached_input: both(self.cached_input, other.cached_input),
            cache_write: self.cache_write.max(other.cache_write),
            output: self.output.max(other.output),
        }
    }

    fn above(self, above: Tokens) -> LongPrice {
        let Tier { input, cached_input, cache_write, output } = self;
        LongPrice { above, input, cached_input, cache_write, output }
    }
}

// `input_cost_per_token_above_200k_tokens`. Where there are several lengths, the dearest prices
// hold from the shortest on: never too little is set aside.
fn above(entry: &Entry) -> Option<LongPrice> {
    let plain = Tier::of(entry, "")?;
    let lengths = entry.keys().filter_map(|key| {
        let length = key.strip_prefix("input_cost_per_token_above_")?.strip_suffix("k_tokens")?;
        Some((length.parse::<u64>().ok()?.checked_mul(1000)?, format!("_above_{length}k_tokens")))
    });
    let tiers = lengths.filter_map(|(above, suffix)| {
        let tier = Tier::of(entry, &suffix)?;
        // A price that does not change with the length is not written a second time.
        Some((above, Tier { output: tier.output.max(plain.output), ..tier }))
    });
    let (length, tier) = tiers.reduce(|(a, x), (b, y)| (a.min(b), x.dearer(y)))?;
    (tier.input > Cost::ZERO).then(|| tier.above(Tokens(length)))
}

// `tiered_pricing`: a list of ranges of input, each with its prices.
fn of_ranges(tiers: &[Value]) -> Option<(Tier, Option<LongPrice>)> {
    let tiers: Option<Vec<(Tier, &Entry)>> =
        tiers.iter().map(|t| t.as_object().and_then(|e| Some((Tier::of(e, "")?, e)))).collect();
    let tiers = tiers?;
    let ((plain, entry), longer) = tiers.split_first()?;
    let Some(dearest) = longer.iter().map(|(tier, _)| *tier).reduce(Tier::dearer) else {
        return Some((*plain, None));
    };
    let end = entry.get("range").and_then(|r| r.get(1)).and_then(whole)?;
    Some((*plain, Some(dearest.above(end))))
}

// Dollars a token as nano-dollars a million tokens.
fn cost(entry: &Entry, key: &str) -> Option<Cost> {
    let nanos = (entry.get(key)?.as_f64()? * 1e15).round();
    (0.0..1e18).contains(&nanos).then_some(Cost(nanos as i64))
}

fn count(entry: &Entry, key: &str) -> Option<Tokens> {
    whole(entry.get(key)?)
}

fn whole(value: &Value) -> Option<Tokens> {
    let number = value.as_f64().filter(|n| n.fract() == 0.0 && (1.0..1e15).contains(n))?;
    Some(Tokens(number as u64))
}

fn has(entry: &Entry, key: &str) -> bool {
    entry.get(key).and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(name: &str, entry: Value) -> (String, Result<ModelCard, LeftOut>) {
        let entry = entry.as_object().expect("an entry is an object");
        let (id, _) = id(name, entry);
        let card = card(&id, entry, &flow_stdlib::catalog());
        (id, card)
    }

    #[test]
    fn an_entry_gives_a_card_with_its_tiers() {
        let (id, card) = read(
            "gemini/gemini-2.5-pro",
            json!({
                "litellm_provider": "gemini", "mode": "chat",
                "max_input_tokens": 1048576, "max_output_tokens": 65536.0,
                "input_cost_per_token": 1.25e-6, "output_cost_per_token": 1e-5,
                "cache_read_input_token_cost": 1.25e-7, "cache_creation_input_token_cost": 0.0,
                "input_cost_per_token_above_200k_tokens": 2.5e-6,
                "output_cost_per_token_above_200k_tokens": 1.5e-5,
                "input_cost_per_token_above_200k_tokens_priority": 4.5e-6,
                "input_cost_per_token_batches": 6.25e-7, "output_cost_per_token_batches": 5e-6,
                "supports_reasoning": true, "supports_vision": true,
            }),
        );
        let card = card.expect("it is whole");
        assert_eq!(id, "google/gemini-2.5-pro");
        assert_eq!((card.context, card.max_output), (Tokens(1_048_576), Tokens(65_536)));
        assert!(card.reasoning_beyond_cap && card.abilities.images && !card.abilities.tools);
        let dollars = |text| Cost::parse_dollars(text).unwrap_or_default();
        let long = LongPrice {
            above: Tokens(200_000),
            input: dollars("2.5"),
            cached_input: None,
            cache_write: None,
            output: dollars("15"),
        };
        let price = Price {
            input: dollars("1.25"),
            cached_input: Some(dollars("0.125")),
            cache_write: None,
            output: dollars("10"),
            batch_input: Some(dollars("0.625")),
            batch_output: Some(dollars("5")),
            long: Some(long),
        };
        assert_eq!(card.price, price);
    }

    #[test]
    fn ranges_become_a_tier_at_the_dearest_price() {
        let tier = |from: u64, to: u64, input: f64, reasoning: f64| {
            json!({ "range": [from, to], "input_cost_per_token": input,
                    "output_cost_per_token": 1e-6, "output_cost_per_reasoning_token": reasoning })
        };
        let (id, card) = read(
            "dashscope/qwen-x",
            json!({
                "litellm_provider": "dashscope", "mode": "chat", "max_input_tokens": 1000000,
                "tiered_pricing": [tier(0, 32000, 1e-7, 4e-6), tier(32000, 128000, 3e-7, 5e-6),
                                   tier(128000, 1000000, 2e-7, 6e-6)],
            }),
        );
        let card = card.expect("it is whole");
        assert_eq!((id.as_str(), card.max_output), ("qwen/qwen-x", Tokens(1_000_000)));
        assert_eq!((card.price.input, card.price.output), (Cost(100_000_000), Cost(4_000_000_000)));
        let long = card.price.long.map(|l| (l.above, l.input, l.output));
        assert_eq!(long, Some((Tokens(32_000), Cost(300_000_000), Cost(6_000_000_000))));
    }

    #[test]
    fn what_the_list_does_not_hold_comes_from_the_catalogue() {
        let entry = json!({ "litellm_provider": "openai", "mode": "chat", "max_tokens": 10,
                            "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "supports_vision": true });
        let card = read("gpt-4o", entry).1.expect("it is whole");
        assert_eq!((card.tokenizer.as_deref(), card.image_tokens), (Some("o200k_base"), Some(Tokens(1445))));
    }

    #[test]
    fn what_is_left_out_has_its_reason() {
        let left = |entry| read("x", entry).1.err();
        assert_eq!(left(json!({ "mode": "image_generation" })), Some(LeftOut::OtherWork));
        assert_eq!(left(json!({ "mode": "chat", "max_tokens": 10 })), Some(LeftOut::NoPrice));
        let free = json!({ "mode": "chat", "max_tokens": 10, "input_cost_per_token": 0.0, "output_cost_per_token": 0 });
        assert_eq!(left(free), Some(LeftOut::NoPrice));
        let boundless = json!({ "mode": "embedding", "max_tokens": "many", "input_cost_per_token": 1e-7 });
        assert_eq!(left(boundless), Some(LeftOut::NoWindow));
    }
}
