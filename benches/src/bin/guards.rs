//! Measures the guards on labelled texts, one JSON object a line.
//!
//! `guards injection cases.jsonl` wants `{"text", "label"}` with 1 for what must be refused, and in `args` what
//! the guard is given besides, and prints what was found and what was a false alarm for each `source`.
//! `guard_cases.py` makes such files. `guards pii_replace` looks whether what `pii` finds is gone, and comes back
//! with `pii_restore`. `guards pii cases.jsonl` wants
//! `{"text", "spans": [{"type", "value"}]}` and prints the same for each type, with `--names` those of persons
//! and addresses too. With `-v` the misses and
//! false alarms themselves are printed. The last line says how long the looks took; build with `--release`.

#![expect(clippy::print_stdout, reason = "its answer is a table")]

use flow_benches::Failure;
use flow_plan::Value;
use flow_runtime::guard::{self, Guard, Verdict};
use flow_runtime::{Context, Environment};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const PLACES: [(&str, &str); 8] = [
    ("EMAIL_ADDRESS", "[email]"),
    ("PHONE_NUMBER", "[phone]"),
    ("CREDIT_CARD", "[card]"),
    ("IBAN_CODE", "[iban]"),
    ("US_SSN", "[ssn]"),
    ("IP_ADDRESS", "[ip]"),
    ("PERSON", "[person]"),
    ("STREET_ADDRESS", "[address]"),
];

#[derive(Default)]
struct Count {
    found: u32,
    missed: u32,
    false_alarms: u32,
    right: u32,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [which, path, ..] = args.as_slice() else {
        return Err("usage: guards GUARD FILE [-v]".into());
    };
    let verbose = args.iter().any(|a| a == "-v");
    // What the guard is told besides, and what is looked for then.
    let (kinds, places) = match args.iter().any(|a| a == "--names") {
        true => (vec![Value::List([Value::text("all")].into())], &PLACES[..]),
        false => (vec![], &PLACES[..6]),
    };
    let guards = guard::builtin();
    let guard = guards.iter().find(|g| g.spec().name == which).ok_or("no such guard")?;
    let context = Context::new(Environment::default(), ".", ".flow");
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let (mut spent, mut bytes) = (Duration::ZERO, 0);
    // The patterns and the model are made ready at the first use.
    guard.check(&context, &[Value::text("warm")]).await?;
    for line in std::fs::read_to_string(path)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = row["text"].as_str().ok_or("a line without `text`")?;
        let more = row["args"].as_array().into_iter().flatten().map(Value::from_json);
        let value: Vec<Value> =
            std::iter::once(Value::text(text)).chain(more).chain(kinds.iter().cloned()).collect();
        let begun = Instant::now();
        let verdict = guard.check(&context, &value).await?;
        spent += begun.elapsed();
        bytes += text.len();
        if which == "pii" {
            let redacted = guard.redact(&value).to_string();
            measure_pii((text, &redacted), places, &row, verbose, &mut counts);
            continue;
        }
        let count =
            counts.entry(row["source"].as_str().unwrap_or("all").chars().take(60).collect()).or_default();
        let (attack, failed) = match &verdict {
            // A text without data must stay as it is, and one with data come back as it was.
            Verdict::Become(replaced) => {
                let restored = restored(&guards, &context, replaced, text).await?;
                (replaced.as_text() != Some(text), restored.as_text() == Some(text))
            }
            Verdict::Pass if which == "pii_replace" => (false, false),
            verdict => (row["label"] == 1, matches!(verdict, Verdict::Fail(_))),
        };
        match (attack, failed) {
            (true, true) => count.found += 1,
            (true, false) => count.missed += 1,
            (false, true) => count.false_alarms += 1,
            (false, false) => count.right += 1,
        }
        if verbose && attack != failed {
            let start: String = text.chars().take(220).collect();
            println!("{} {start:?} {verdict:?}", if attack { "MISSED" } else { "FALSE " });
        }
    }
    for (name, c) in &counts {
        println!(
            "{name}: found {}, missed {}, false alarms {}, rightly passed {}",
            c.found, c.missed, c.false_alarms, c.right
        );
    }
    let sum = |of: fn(&Count) -> u32| counts.values().map(of).sum::<u32>() as f64;
    let (found, missed, wrong) = (sum(|c| c.found), sum(|c| c.missed), sum(|c| c.false_alarms));
    println!("precision {:.3}, recall {:.3}", found / (found + wrong), found / (found + missed));
    let per_thousand = spent.as_secs_f64() * 1e3 / (bytes as f64 / 4000.0);
    println!("{per_thousand:.3} ms for 1,000 tokens of four bytes");
    Ok(())
}

async fn restored(
    guards: &[Box<dyn Guard>],
    context: &Context,
    replaced: &Value,
    text: &str,
) -> Result<Value, Failure> {
    let restores = guards.iter().find(|g| g.spec().name == "pii_restore").ok_or("no such guard")?;
    Ok(match restores.check(context, &[replaced.clone(), Value::text(text)]).await? {
        Verdict::Become(value) => value,
        Verdict::Pass => replaced.clone(),
        Verdict::Fail(reason) => return Err(reason.into()),
    })
}

// A span counts as found where its value is gone and its placeholder is there instead.
fn measure_pii(
    (text, redacted): (&str, &str),
    places: &[(&str, &str)],
    row: &serde_json::Value,
    verbose: bool,
    counts: &mut BTreeMap<String, Count>,
) {
    for &(kind, place) in places {
        let spans = row["spans"].as_array().into_iter().flatten().filter(|s| s["type"] == kind);
        let values: Vec<&str> = spans.filter_map(|s| s["value"].as_str()).collect();
        let count = counts.entry(kind.to_owned()).or_default();
        let gone =
            values.iter().filter(|v| !redacted.contains(**v)).count().min(redacted.matches(place).count());
        count.found += gone as u32;
        count.missed += (values.len() - gone) as u32;
        count.false_alarms += redacted.matches(place).count().saturating_sub(values.len()) as u32;
        if verbose && (gone < values.len() || redacted.matches(place).count() > values.len()) {
            println!("{kind} {text:?} -> {redacted:?}");
        }
    }
}
