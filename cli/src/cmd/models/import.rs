//! `flowc models import FILE`: prices from LiteLLM's list into the project's `prices.toml`.
//!
//! In: the list. Out: the file, where models that the list does not name stay as they are, and a
//! word on what was left out.

use super::litellm::{self, LeftOut};
use super::written;
use crate::config;
use crate::console::{Console, counted};
use crate::exit::{Exit, Failure};
use crate::{paths, today};
use flow_plan::ModelCard;
use globset::{Glob, GlobMatcher};
use jiff::civil::Date;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc models import model_prices_and_context_window.json
  flowc models import prices.json --only 'openai/gpt-5*' --only 'anthropic/*'

The list ships inside the Python package litellm, as
litellm/model_prices_and_context_window_backup.json. What is written stands beside
flow.toml and comes before the built-in catalogue; models in it that the list does not
name stay as they are.")]
pub(crate) struct Args {
    /// LiteLLM's list of models and prices, a JSON file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only models whose `provider/model` matches; may be given several times.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    only: Vec<GlobMatcher>,
    /// Where to write, instead of prices.toml beside flow.toml.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The day the list is from, instead of today.
    #[arg(long, value_name = "DATE")]
    dated: Option<Date>,
}

/// Reads, writes and says what was left out.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let dated = args.dated.or_else(today::today);
    let dated = dated.ok_or_else(|| Failure::usage("`SOURCE_DATE_EPOCH` is not a time in seconds"))?;
    let list = read(&args.file)?;
    let taken = take(&list, &args.only);
    if taken.cards.is_empty() {
        let help = "an `--only` is matched against the whole `provider/model`, such as `openai/*`";
        return Err(Failure::usage(format!("no model is taken from `{}`", args.file.display()))
            .maybe_help((!args.only.is_empty()).then(|| help.to_owned())));
    }
    let output = match &args.output {
        Some(path) => path.clone(),
        None => config::project_folder(Path::new(".")).join(config::PRICES),
    };
    let mut catalog = config::own_models(&output)?;
    let source = format!("LiteLLM's model price list, {}", name(&args.file));
    let count = taken.cards.len();
    for (id, card) in taken.cards {
        let card = ModelCard { dated: Some(dated), source: source.as_str().into(), ..card };
        catalog.models.insert(id.into(), card);
    }
    let kept = catalog.models.len() - count;
    let text = written::text(&catalog, dated, &source);
    std::fs::write(&output, text).map_err(|e| Failure::unwritable(&output, &e))?;
    console.note(&format!("{}: {} as of {dated}", paths::shown(&output), counted(count, "model")));
    if kept > 0 {
        console.note(&format!("kept {} that it held besides", counted(kept, "model")));
    }
    taken.left.iter().for_each(|(why, ids)| console.note(&left_out(why.reason(), ids)));
    if taken.unwanted > 0 {
        console.note(&format!("left out {} that `--only` does not match", taken.unwanted));
    }
    Ok(Exit::Fine)
}

// What is taken from the list, and what is not.
#[derive(Default)]
struct Taken {
    cards: BTreeMap<String, ModelCard>,
    left: BTreeMap<LeftOut, Vec<String>>,
    unwanted: usize,
}

fn take(list: &Map<String, Value>, only: &[GlobMatcher]) -> Taken {
    let known = flow_stdlib::catalog();
    let mut taken = Taken::default();
    for (name, entry) in list {
        // The first entry explains the format to people.
        let Some(entry) = entry.as_object().filter(|_| name != "sample_spec") else { continue };
        let (id, is_sure) = litellm::id(name, entry);
        if !only.is_empty() && !only.iter().any(|glob| glob.is_match(&id)) {
            taken.unwanted += 1;
            continue;
        }
        match litellm::card(&id, entry, &known) {
            Ok(card) if is_sure => drop(taken.cards.insert(id, card)),
            Ok(card) => drop(taken.cards.entry(id).or_insert(card)),
            Err(why) => taken.left.entry(why).or_default().push(id),
        }
    }
    taken
}

fn left_out(reason: &str, ids: &[String]) -> String {
    let shown: Vec<&str> = ids.iter().take(3).map(String::as_str).collect();
    let more = if ids.len() > shown.len() { ", …" } else { "" };
    format!("left out {} {reason}: {}{more}", ids.len(), shown.join(", "))
}

fn read(path: &Path) -> Result<Map<String, Value>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::unreadable(path, &e))?;
    let shown = path.display();
    let value: Value = serde_json::from_str(&text)
        .map_err(|e| Failure::usage(format!("`{shown}` is not JSON: {e}")).help(EXPECTED))?;
    match value {
        Value::Object(list) if list.values().any(|v| v.get("litellm_provider").is_some()) => Ok(list),
        _ => Err(Failure::usage(format!("`{shown}` is not LiteLLM's list of models")).help(EXPECTED)),
    }
}

const EXPECTED: &str = "it takes `model_prices_and_context_window.json`, which the Python package litellm holds as \
                        `litellm/model_prices_and_context_window_backup.json`";

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn glob(text: &str) -> Result<GlobMatcher, String> {
    Ok(Glob::new(text).map_err(|e| format!("`{text}` is not a pattern: {}", e.kind()))?.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_two_names_for_a_model_the_one_with_its_provider_wins() {
        let entry = |input: f64| {
            json!({ "litellm_provider": "deepseek", "mode": "chat", "max_tokens": 1000,
                    "input_cost_per_token": input, "output_cost_per_token": 1e-6 })
        };
        let list = json!({ "a": entry(1e-6), "deepseek/a": entry(2e-6), "sample_spec": entry(9e-6),
                           "deepseek/b": entry(1e-6), "b": entry(3e-6) });
        let taken = take(list.as_object().expect("an object"), &[]);
        let inputs: Vec<(&str, i64)> =
            taken.cards.iter().map(|(id, card)| (id.as_str(), card.price.input.0)).collect();
        assert_eq!(inputs, [("deepseek/a", 2_000_000_000), ("deepseek/b", 1_000_000_000)]);
    }
}
