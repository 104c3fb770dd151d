//! A catalogue as the text of a `prices.toml`, one model a line; the counterpart of
//! `flow_stdlib::read_catalog`.

use super::Can;
use super::shown::provider;
use flow_plan::{Catalog, Cost, ModelCard, ModelKind, Price};
use jiff::civil::Date;
use std::fmt::Write;

/// The text. Cards of another day or source than these say so themselves.
pub(super) fn text(catalog: &Catalog, dated: Date, source: &str) -> String {
    let mut out = format!(
        "# Models and prices of this project; an entry here replaces that of the built-in catalogue.\n\
         # Prices are dollars per million tokens. Written by `flowc models import`.\n\n\
         dated = \"{dated}\"\nsource = {}\n",
        quoted(source)
    );
    let mut last = "";
    for (id, card) in &catalog.models {
        let provider = provider(id);
        if provider != last {
            // Writing to a text does not fail.
            let _ = write!(out, "\n[models.{}]\n", quoted(provider));
            last = provider;
        }
        let model = id.split_once('/').map_or(id.as_str(), |(_, model)| model);
        let mut parts = parts(card);
        if card.dated.is_some_and(|d| d != dated) || card.source != source {
            parts.extend(card.dated.map(|d| format!("dated = \"{d}\"")));
            parts.push(format!("source = {}", quoted(&card.source)));
        }
        let _ = writeln!(out, "{} = {{ {} }}", quoted(model), parts.join(", "));
    }
    out
}

fn parts(card: &ModelCard) -> Vec<String> {
    let answers = card.kind == ModelKind::Chat;
    let mut out = Vec::new();
    if !answers {
        out.push("kind = \"embedding\"".to_owned());
    }
    out.push(format!("context = {}", card.context.0));
    if answers {
        out.push(format!("max_output = {}", card.max_output.0));
    }
    out.extend(prices(&card.price, answers));
    out.extend(card.tokenizer.as_deref().map(|t| format!("tokenizer = {}", quoted(t))));
    out.extend(card.image_tokens.map(|t| format!("image_tokens = {}", t.0)));
    if card.reasoning_beyond_cap {
        out.push("reasoning_beyond_cap = true".to_owned());
    }
    let words = Can::words_of(&ModelCard { kind: ModelKind::Chat, ..card.clone() });
    let words: Vec<String> = words.iter().map(|w| quoted(w)).collect();
    out.push(format!("abilities = [{}]", words.join(", ")));
    out
}

fn prices(price: &Price, answers: bool) -> Vec<String> {
    let mut out: Vec<String> = named([
        ("input", Some(price.input)),
        ("cached_input", price.cached_input),
        ("cache_write", price.cache_write),
        ("output", Some(price.output).filter(|_| answers)),
    ]);
    if price.batch_input.is_some() {
        let batch = named([("input", price.batch_input), ("output", price.batch_output)]);
        out.push(format!("batch = {{ {} }}", batch.join(", ")));
    }
    if let Some(long) = price.long {
        let rest = named([
            ("input", Some(long.input)),
            ("cached_input", long.cached_input),
            ("cache_write", long.cache_write),
            ("output", Some(long.output)),
        ]);
        out.push(format!("long = {{ above = {}, {} }}", long.above.0, rest.join(", ")));
    }
    out
}

fn named<const N: usize>(costs: [(&str, Option<Cost>); N]) -> Vec<String> {
    costs.into_iter().filter_map(|(name, cost)| Some(format!("{name} = \"{}\"", plain(cost?)))).collect()
}

// `1250.5`: exact, without a sign and without groups of digits.
fn plain(cost: Cost) -> String {
    let text = format!("{}.{:09}", cost.0 / 1_000_000_000, cost.0 % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

// What JSON escapes, TOML reads.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_the_same() {
        let mut catalog = flow_stdlib::catalog();
        let mut odd = catalog.card("google/gemini-2.5-pro").unwrap_or_default();
        odd.dated = Some(Date::constant(2020, 2, 29));
        odd.source = "a \"page\"".into();
        odd.price.input = Cost(1_234_000_000_001);
        catalog.models.insert("some where/a \"b\"/c".into(), odd);
        let text = text(&catalog, Date::constant(2026, 11, 24), "a list");
        let read = flow_stdlib::read_catalog(&text).map(|c| c.models);
        assert_eq!(read, Ok(catalog.models));
    }
}
