//! `flowc models`: the models that are known, filtered, compared and ranked; `import` brings newer
//! prices.
//!
//! In: the embedded catalogue and the project's `prices.toml`. Out: a table or JSON.

pub(super) mod call;
mod import;
mod litellm;
mod shown;
mod written;

use crate::config;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use call::{Call, tokens};
use clap::ValueEnum;
use flow_plan::{Abilities, Catalog, Cost, ModelCard, ModelKind, Tokens};
use shown::Row;
use std::path::Path;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  flowc models                                  every model that is known
  flowc models claude haiku                     those with both words in their id
  flowc models --can images --max-price 1       seeing models at $1 a million input tokens or less
  flowc models --for '32k tokens in, 1k out'    ranked by what such a call costs at worst
  flowc models --format json | jq '.models[].id'
  flowc models import prices.json --only 'openai/*'

Any `sim/NAME` is a model too: it runs in the process, needs no key and costs nothing."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Words that the id must have, such as `mini`.
    words: Vec<String>,
    /// Only models of this provider.
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Only models that can do all of this.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ABILITIES")]
    can: Vec<Can>,
    /// Only models with at least this window, such as `200k`.
    #[arg(long, value_name = "TOKENS", value_parser = tokens)]
    min_context: Option<Tokens>,
    /// Only models whose input costs at most this, in dollars a million tokens.
    #[arg(long, value_name = "USD", value_parser = dollars)]
    max_price: Option<Cost>,
    /// Rank by the worst cost of one such call, such as `32k tokens in, 1k out`.
    #[arg(long = "for", value_name = "CALL", value_parser = Call::parse)]
    call: Option<Call>,
    /// How to print them.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Read prices from LiteLLM's list into the project's prices.toml.
    Import(import::Args),
}

/// What a model can be asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Can {
    /// Hold output to a JSON schema.
    JsonSchema,
    /// Read images.
    Images,
    /// Call tools.
    Tools,
    /// Think before it answers.
    Reasoning,
    /// Make embeddings.
    Embedding,
}

/// Prints the models that pass every filter, or imports prices.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    if let Some(Command::Import(args)) = &args.command {
        return import::run(args, console);
    }
    let catalog = config::known_models(Path::new("."))?;
    let found = args.found(&catalog);
    match args.format {
        super::Format::Json => console.json(&shown::document(&found, args.call))?,
        super::Format::Text if found.is_empty() => {
            console.note("no model that is known passes these filters")
        }
        super::Format::Text => {
            console.answer(&shown::table(&found, console.out_colour))?;
            shown::notes(&found).iter().for_each(|note| console.note(note));
        }
    }
    Ok(Exit::Fine)
}

impl Args {
    // By id, or by the cost of the call, where one is given.
    fn found<'c>(&self, catalog: &'c Catalog) -> Vec<Row<'c>> {
        let wanted = catalog.models.iter().filter(|(id, card)| self.wants(id, card));
        let rows = wanted.map(|(id, card)| Row { id, card, worst: self.call.map(|c| c.worst(card)) });
        let mut rows: Vec<Row<'c>> = rows.collect();
        rows.sort_by_key(|row| row.worst);
        rows
    }

    fn wants(&self, id: &str, card: &ModelCard) -> bool {
        let lower = id.to_lowercase();
        self.words.iter().all(|w| lower.contains(&w.to_lowercase()))
            && self.provider.as_deref().is_none_or(|p| shown::provider(id) == p)
            && self.can.iter().all(|can| can.is_of(card))
            && self.min_context.is_none_or(|least| card.context >= least)
            && self.max_price.is_none_or(|most| card.price.input <= most)
            && self.call.is_none_or(|call| call.fits(card))
    }
}

impl Can {
    fn is_of(self, card: &ModelCard) -> bool {
        let Abilities { json_schema, images, tools, reasoning } = card.abilities;
        match self {
            Can::JsonSchema => json_schema,
            Can::Images => images,
            Can::Tools => tools,
            Can::Reasoning => reasoning,
            Can::Embedding => card.kind == ModelKind::Embedding,
        }
    }

    /// What the model can do, in words as `--can` takes them.
    fn words_of(card: &ModelCard) -> Vec<String> {
        let can = Can::value_variants().iter().filter(|can| can.is_of(card));
        can.filter_map(|can| Some(can.to_possible_value()?.get_name().to_owned())).collect()
    }
}

fn dollars(text: &str) -> Result<Cost, String> {
    let plain = text.strip_prefix('$').unwrap_or(text);
    Cost::parse_dollars(plain).ok_or_else(|| format!("`{text}` is not an amount in dollars, such as `0.50`"))
}
