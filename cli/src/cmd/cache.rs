//! `flowc cache`: what is kept for equal calls, what that saved, and forgetting it.

use super::runs::In;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::figures::{Round, count, dollars};
use crate::table::{self, Align};
use flow_plan::Value;
use flow_runtime::cache::{Cache, Counted, Group, Saved, Survey, Which, scope_of};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  flowc cache                                what is kept, and what it saved, by flow and prompt
  flowc cache --scopes                       what is kept, by scope as well
  flowc cache clear --prompt answer          forgets the answers to one prompt
  flowc cache clear --scope customer-17      forgets what is kept `per` this value
  flowc cache clear                          forgets everything, the counts too

A scope is kept as a digest alone: who knows the value can find its entries, and nobody can read it.")]
pub(crate) struct Args {
    #[command(flatten)]
    place: In,
    /// List what is kept by scope.
    #[arg(long)]
    scopes: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Forget entries: those for which all options hold, or everything.
    Clear(Clear),
}

#[derive(clap::Args, Debug)]
struct Clear {
    #[command(flatten)]
    place: In,
    /// What is kept `per` this value: a text as it is, anything else as JSON.
    #[arg(long, value_name = "VALUE")]
    scope: Option<String>,
    /// The answers to this prompt, or of this lookup.
    #[arg(long, value_name = "NAME")]
    prompt: Option<String>,
    /// What runs of this flow have kept.
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

/// Shows the cache, or clears it.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    match &args.action {
        Some(Action::Clear(clear)) => cleared(clear, console),
        None => shown(args, console),
    }
}

fn shown(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let runtime = super::threads()?;
    // Made inside, since a connection belongs to the threads that it was made in.
    let survey = runtime.block_on(async {
        match cache(&args.place)? {
            Some(cache) => cache.survey().await.map_err(Failure::from),
            None => Ok(Survey::default()),
        }
    })?;
    if args.format == super::Format::Json {
        console.json(&document(&survey))?;
    } else if survey == Survey::default() {
        console.note("nothing is cached");
    } else if args.scopes {
        console.answer(&by_scope(&survey.groups))?;
    } else {
        console.answer(&by_prompt(&survey))?;
    }
    Ok(Exit::Fine)
}

fn cleared(args: &Clear, console: &Console) -> Result<Exit, Failure> {
    let which = Which {
        callee: args.prompt.as_deref().map(Into::into),
        flow: args.flow.as_deref().map(Into::into),
        scopes: args.scope.as_deref().map(scopes).unwrap_or_default(),
    };
    let runtime = super::threads()?;
    let gone = runtime.block_on(async {
        match cache(&args.place)? {
            Some(cache) => cache.clear(&which).await.map_err(Failure::from),
            None => Ok(0),
        }
    })?;
    if args.format == super::Format::Json {
        console.json(&json!({ "cleared": gone }))?;
    } else {
        let entries = if gone == 1 { "entry" } else { "entries" };
        console.answer(&format!("{} {entries} forgotten\n", count(gone)))?;
    }
    Ok(Exit::Fine)
}

fn cache(place: &In) -> Result<Option<Arc<dyn Cache>>, Failure> {
    let config = place.config()?;
    config.cache.past(&config.state.dir)
}

/// `42` may be a text and a number; both are meant.
fn scopes(text: &str) -> Vec<[u8; 32]> {
    let mut scopes = vec![scope_of(&Value::text(text))];
    if let Ok(json) = serde_json::from_str::<Json>(text) {
        scopes.push(scope_of(&Value::from_json(&json)));
    }
    scopes
}

/// What is known of one prompt.
#[derive(Default)]
struct Row {
    hits: u64,
    similar: u64,
    misses: u64,
    saved: Saved,
    entries: u64,
    bytes: u64,
    scopes: u64,
}

fn rows(survey: &Survey) -> BTreeMap<(&str, &str), Row> {
    let mut rows: BTreeMap<(&str, &str), Row> = BTreeMap::new();
    for Counted { flow, callee, hits, similar, misses, saved } in &survey.counted {
        let row = rows.entry((flow, callee)).or_default();
        (row.hits, row.similar, row.misses, row.saved) = (*hits, *similar, *misses, *saved);
    }
    for group in &survey.groups {
        let row = rows.entry((&group.flow, &group.callee)).or_default();
        row.entries += group.entries;
        row.bytes += group.bytes;
        row.scopes += u64::from(group.scope.is_some());
    }
    rows
}

fn by_prompt(survey: &Survey) -> String {
    const COLUMNS: [&str; 11] = [
        "flow",
        "prompt",
        "hits",
        "similar",
        "misses",
        "saved",
        "tokens in",
        "tokens out",
        "entries",
        "scopes",
        "size",
    ];
    let mut lines = vec![COLUMNS.map(str::to_owned).to_vec()];
    for ((flow, callee), row) in rows(survey) {
        let numbers = [row.saved.input.0, row.saved.output.0, row.entries, row.scopes].map(count);
        let saved = dollars(row.saved.usd, Round::Down);
        let mut line = vec![flow.to_owned(), callee.to_owned()];
        line.extend([row.hits, row.similar, row.misses].map(count));
        line.push(saved);
        line.extend(numbers);
        line.push(size(row.bytes));
        lines.push(line);
    }
    let mut columns = [Align::Right; COLUMNS.len()];
    columns[..2].fill(Align::Left);
    table::render(&columns, &lines)
}

fn by_scope(groups: &[Group]) -> String {
    let head = ["flow", "prompt", "scope", "entries", "size"].map(str::to_owned).to_vec();
    let line = |g: &Group| {
        let scope = g.scope.map_or_else(|| "everyone".to_owned(), |s| hex(&s)[..12].to_owned());
        vec![g.flow.to_string(), g.callee.to_string(), scope, count(g.entries), size(g.bytes)]
    };
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(groups.iter().map(line)).collect();
    table::render(&[Align::Left, Align::Left, Align::Left, Align::Right, Align::Right], &lines)
}

fn document(survey: &Survey) -> Json {
    let row = |((flow, prompt), row): ((&str, &str), Row)| {
        let scopes = survey.groups.iter().filter(|g| g.flow == flow && g.callee == prompt);
        let scopes: Vec<Json> = scopes
            .map(|g| json!({ "scope": g.scope.as_ref().map(hex), "entries": g.entries, "bytes": g.bytes }))
            .collect();
        json!({
            "flow": flow, "prompt": prompt, "hits": row.hits, "similar": row.similar,
            "misses": row.misses,
            "saved": {
                "usd": row.saved.usd.dollars(), "input_tokens": row.saved.input,
                "output_tokens": row.saved.output,
            },
            "entries": row.entries, "bytes": row.bytes, "scopes": scopes,
        })
    };
    let rows: Vec<Json> = rows(survey).into_iter().map(row).collect();
    json!({ "cache": rows })
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", count(bytes / 1_024)),
        _ => format!("{} MiB", count(bytes / 1_048_576)),
    }
}

fn hex(digest: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*digest).to_hex().to_string()
}
