//! `flowc models`: the catalogue, as a table or as JSON.

use crate::console::{Console, Paint};
use crate::exit::{Exit, Failure};
use crate::table::{self, Align};
use flow_plan::{Abilities, Cost, ModelCard};
use serde_json::json;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc models                              every model of the catalogue
  flowc models claude haiku                 those with both words in their id
  flowc models --images --max-price 1       seeing models at $1 a million input tokens or less
  flowc models --format json | jq '.models[].id'

Any `sim/NAME` is a model too: it runs in the process, needs no key and costs nothing.")]
pub(crate) struct Args {
    /// Words that the id must have, such as `openai` or `mini`.
    words: Vec<String>,
    /// Only models that hold output to a JSON schema.
    #[arg(long)]
    json_schema: bool,
    /// Only models that read images.
    #[arg(long)]
    images: bool,
    /// Only models that call tools.
    #[arg(long)]
    tools: bool,
    /// Only models that think before they answer.
    #[arg(long)]
    reasoning: bool,
    /// Only models with at least this window.
    #[arg(long, value_name = "TOKENS")]
    min_context: Option<u64>,
    /// Only models whose input costs at most this, in dollars a million tokens.
    #[arg(long, value_name = "USD", value_parser = dollars)]
    max_price: Option<Cost>,
    /// How to print them.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

/// Prints the models that pass every filter.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let catalog = flow_stdlib::catalog();
    let built_in: Vec<&str> = flow_runtime::provider::builtin().iter().map(|p| p.spec().name).collect();
    let found: Vec<(&str, &ModelCard)> = catalog
        .models
        .iter()
        .map(|(id, card)| (id.as_str(), card))
        .filter(|(id, c)| args.wants(id, c))
        .collect();
    if args.format == super::Format::Json {
        let models: Vec<_> =
            found.iter().map(|(id, card)| document(id, card, is_reachable(id, &built_in))).collect();
        console.json(&json!({ "models": models }))?;
        return Ok(Exit::Fine);
    }
    if found.is_empty() {
        console.note("no model of the catalogue passes these filters");
        return Ok(Exit::Fine);
    }
    console.answer(&drawn(&found, console.out_colour))?;
    if let Some((_, card)) = found.first() {
        let dated = card.dated.map(|d| format!(" ({d})")).unwrap_or_default();
        console.note(&format!("prices in dollars a million tokens, from {}{dated}", card.source));
    }
    let mut missing: Vec<&str> =
        found.iter().filter(|(id, _)| !is_reachable(id, &built_in)).map(|(id, _)| provider(id)).collect();
    missing.dedup();
    if !missing.is_empty() {
        console.note(&format!(
            "no provider is built in for {}: use `openai-compatible/MODEL` with `base_url`, `context` and `price`",
            missing.join(", ")
        ));
    }
    Ok(Exit::Fine)
}

impl Args {
    fn wants(&self, id: &str, card: &ModelCard) -> bool {
        let Abilities { json_schema, images, tools, reasoning } = card.abilities;
        let able = [
            (self.json_schema, json_schema),
            (self.images, images),
            (self.tools, tools),
            (self.reasoning, reasoning),
        ];
        let lower = id.to_lowercase();
        self.words.iter().all(|w| lower.contains(&w.to_lowercase()))
            && able.iter().all(|(wanted, has)| !wanted || *has)
            && self.min_context.is_none_or(|least| card.context.0 >= least)
            && self.max_price.is_none_or(|most| card.price.input <= most)
    }
}

fn dollars(text: &str) -> Result<Cost, String> {
    let plain = text.strip_prefix('$').unwrap_or(text);
    Cost::parse_dollars(plain).ok_or_else(|| format!("`{text}` is not an amount in dollars, such as `0.50`"))
}

fn drawn(found: &[(&str, &ModelCard)], colour: bool) -> String {
    use Align::{Left, Right};
    let columns = [Left, Right, Right, Right, Right, Right, Left];
    let heading = ["model", "context", "output", "$ in", "$ cached", "$ out", "abilities"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for (id, card) in found {
        rows.push(vec![
            (*id).to_owned(),
            short(card.context.0),
            short(card.max_output.0),
            price(card.price.input),
            card.price.cached_input.map(price).unwrap_or_default(),
            price(card.price.output),
            abilities(card.abilities).join(" "),
        ]);
    }
    let text = table::render(&columns, &rows);
    let (heading, rest) = text.split_once('\n').unwrap_or((&text, ""));
    format!("{}\n{rest}", Paint::Strong.on(colour, heading))
}

// 128k, 1.05M: a window is compared, not counted.
fn short(tokens: u64) -> String {
    if tokens >= 1_000_000 {
        let text = format!("{:.2}", tokens as f64 / 1e6);
        return format!("{}M", text.trim_end_matches('0').trim_end_matches('.'));
    }
    format!("{}k", (tokens + 500) / 1000)
}

fn price(cost: Cost) -> String {
    cost.to_string().trim_start_matches('$').to_owned()
}

fn abilities(abilities: Abilities) -> Vec<&'static str> {
    let named = [
        (abilities.json_schema, "json_schema"),
        (abilities.images, "images"),
        (abilities.tools, "tools"),
        (abilities.reasoning, "reasoning"),
    ];
    named.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect()
}

fn provider(id: &str) -> &str {
    id.split_once('/').map_or(id, |(provider, _)| provider)
}

fn is_reachable(id: &str, built_in: &[&str]) -> bool {
    built_in.contains(&provider(id))
}

fn document(id: &str, card: &ModelCard, reachable: bool) -> serde_json::Value {
    json!({
        "id": id,
        "provider_built_in": reachable,
        "context": card.context.0,
        "max_output": card.max_output.0,
        "usd_per_million": {
            "input": card.price.input.dollars(),
            "cached_input": card.price.cached_input.map(Cost::dollars),
            "cache_write": card.price.cache_write.map(Cost::dollars),
            "output": card.price.output.dollars(),
        },
        "tokenizer": card.tokenizer.as_deref(),
        "abilities": abilities(card.abilities),
        "dated": card.dated.map(|d| d.to_string()),
        "source": card.source.as_str(),
    })
}
