//! What the guard that is built in makes of labelled texts, and how fast.
//!
//! `cargo run --release -p flow-injection --example measure -- CASES.jsonl [-v]`; the lines are those of
//! `train`. A text that the model learned from says little: measure on others.

#![expect(clippy::print_stdout, reason = "its answer is a table")]

use flow_injection::look;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let path = args.first().ok_or("usage: measure CASES.jsonl [-v]")?;
    let verbose = args.iter().any(|a| a == "-v");
    look("warm");
    let mut counts: BTreeMap<(String, bool), (u32, u32)> = BTreeMap::new();
    let (mut spent, mut characters) = (Duration::ZERO, 0);
    for line in std::fs::read_to_string(path)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = row["text"].as_str().ok_or("a line without `text`")?;
        let attack = row["label"] == 1;
        let begun = Instant::now();
        let found = look(text);
        spent += begun.elapsed();
        characters += text.len();
        let source = row["source"].as_str().unwrap_or("all").chars().take(60).collect();
        let count = counts.entry((source, attack)).or_default();
        count.0 += u32::from(found.is_some());
        count.1 += 1;
        if verbose && attack != found.is_some() {
            let start: String = text.chars().take(200).collect();
            println!("{} {start:?} {found:?}", if attack { "MISSED" } else { "FALSE " });
        }
    }
    for ((source, attack), (refused, all)) in counts {
        let what = if attack { "found" } else { "false alarms" };
        println!(
            "{source}: {what} {refused} of {all} ({:.1} %)",
            100.0 * f64::from(refused) / f64::from(all)
        );
    }
    let thousands = characters as f64 / 4000.0;
    println!("{:.3} ms for 1,000 tokens of four characters", spent.as_secs_f64() * 1e3 / thousands);
    Ok(())
}
