//! How models are printed: a table for people, a document for programs.

use super::Can;
use super::call::Call;
use crate::console::Paint;
use crate::table::{self, Align};
use flow_plan::{Cost, LongPrice, ModelCard, ModelKind};
use serde_json::{Value, json};

/// A model that is printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'c> {
    /// Its id, `provider/model`.
    pub(super) id: &'c str,
    /// What is known of it.
    pub(super) card: &'c ModelCard,
    /// The worst cost of the call that is asked about.
    pub(super) worst: Option<Cost>,
}

/// The provider of an id.
pub(super) fn provider(id: &str) -> &str {
    id.split_once('/').map_or(id, |(provider, _)| provider)
}

/// The rows below a heading.
pub(super) fn table(rows: &[Row<'_>], colour: bool) -> String {
    use Align::{Left, Right};
    let mut columns = vec![Left, Right, Right, Right, Right, Right];
    let mut heading = vec!["model", "context", "output", "$ in", "$ cached", "$ out"];
    if rows.iter().any(|row| row.worst.is_some()) {
        columns.push(Right);
        heading.push("$ call");
    }
    columns.extend([Left, Left]);
    heading.extend(["abilities", "date"]);
    let mut cells = vec![heading.into_iter().map(str::to_owned).collect()];
    cells.extend(rows.iter().map(row_cells));
    let text = table::render(&columns, &cells);
    let (heading, rest) = text.split_once('\n').unwrap_or((&text, ""));
    format!("{}\n{rest}", Paint::Strong.on(colour, heading))
}

fn row_cells(row: &Row<'_>) -> Vec<String> {
    let Row { id, card, worst } = row;
    let answers = card.kind == ModelKind::Chat;
    let mut cells = vec![
        (*id).to_owned(),
        short(card.context.0),
        if answers { short(card.max_output.0) } else { String::new() },
        price(card.price.input),
        card.price.cached_input.map(price).unwrap_or_default(),
        if answers { price(card.price.output) } else { String::new() },
    ];
    cells.extend(worst.map(price));
    cells.push(Can::words_of(card).join(" "));
    cells.push(card.dated.map(|d| d.to_string()).unwrap_or_default());
    cells
}

/// What has to be known to read the table, one line each.
pub(super) fn notes(rows: &[Row<'_>]) -> Vec<String> {
    let mut sources: Vec<&str> = rows.iter().map(|r| r.card.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let mut out = vec![format!("prices in dollars a million tokens, from {}", sources.join("; "))];
    if rows.iter().any(|r| r.worst.is_some() && r.card.reasoning_beyond_cap) {
        out.push(
            "where the output cap does not hold reasoning (Gemini), a call counts with all the output there can be"
                .to_owned(),
        );
    } else if rows.iter().any(|r| r.worst.is_none() && r.card.price.long.is_some()) {
        out.push(
            "some cost more from a length of input on: `--for '300k tokens in, 1k out'` counts that in"
                .to_owned(),
        );
    }
    let built_in: Vec<&str> = flow_runtime::provider::builtin().iter().map(|p| p.spec().name).collect();
    let mut missing: Vec<&str> =
        rows.iter().map(|r| provider(r.id)).filter(|p| !built_in.contains(p)).collect();
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        out.push(format!(
            "no provider is built in for {}: use `openai-compatible/MODEL` with `base_url`, `context` and `price`",
            missing.join(", ")
        ));
    }
    out
}

/// All that is known of the models.
pub(super) fn document(rows: &[Row<'_>], call: Option<Call>) -> Value {
    let built_in: Vec<&str> = flow_runtime::provider::builtin().iter().map(|p| p.spec().name).collect();
    let models: Vec<Value> =
        rows.iter().map(|row| model(row, built_in.contains(&provider(row.id)))).collect();
    match call {
        Some(Call { input, output }) => {
            json!({ "call": { "input_tokens": input.0, "output_tokens": output.0 }, "models": models })
        }
        None => json!({ "models": models }),
    }
}

fn model(row: &Row<'_>, reachable: bool) -> Value {
    let card = row.card;
    let mut out = json!({
        "id": row.id,
        "kind": match card.kind {
            ModelKind::Chat => "chat",
            ModelKind::Embedding => "embedding",
        },
        "provider_built_in": reachable,
        "context": card.context.0,
        "max_output": card.max_output.0,
        "usd_per_million": prices(card),
        "tokenizer": card.tokenizer.as_deref(),
        "image_tokens": card.image_tokens.map(|t| t.0),
        "reasoning_beyond_cap": card.reasoning_beyond_cap,
        "abilities": Can::words_of(card),
        "dated": card.dated.map(|d| d.to_string()),
        "source": card.source.as_str(),
    });
    if let Some(worst) = row.worst {
        out["worst_usd"] = worst.dollars().into();
    }
    out
}

fn prices(card: &ModelCard) -> Value {
    let price = card.price;
    let some = |cost: Option<Cost>| cost.map(Cost::dollars);
    let long = |long: LongPrice| {
        json!({
            "above": long.above.0,
            "input": long.input.dollars(),
            "cached_input": some(long.cached_input),
            "cache_write": some(long.cache_write),
            "output": long.output.dollars(),
        })
    };
    json!({
        "input": price.input.dollars(),
        "cached_input": some(price.cached_input),
        "cache_write": some(price.cache_write),
        "output": price.output.dollars(),
        "batch_input": some(price.batch_input),
        "batch_output": some(price.batch_output),
        "long": price.long.map(long),
    })
}

// 8.19k, 128k, 1.05M: a window is compared, not counted.
fn short(tokens: u64) -> String {
    let (unit, name) = if tokens >= 1_000_000 { (1e6, "M") } else { (1e3, "k") };
    let digits = if (100_000..1_000_000).contains(&tokens) { 0 } else { 2 };
    let text = format!("{:.digits$}", tokens as f64 / unit);
    let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{name}")
}

fn price(cost: Cost) -> String {
    cost.to_string().trim_start_matches('$').to_owned()
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn windows_are_short() {
        let shown = [512, 8_191, 16_384, 128_000, 1_047_576, 2_000_000].map(short);
        assert_eq!(shown, ["0.51k", "8.19k", "16.38k", "128k", "1.05M", "2M"]);
    }
}
