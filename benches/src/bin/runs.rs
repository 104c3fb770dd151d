//! What a run costs on this side: many runs, of steps side by side that call a model in this process
//! which answers at once, so that nothing but the engine is measured.
//!
//! `runs [SECONDS] [AT_ONCE] [STEPS] [JOURNAL]` prints runs a second and the processor time of a run. They
//! are recorded in a journal in that folder, or at that URL of PostgreSQL, if there is one.
#![expect(clippy::print_stdout, reason = "its answer is a line")]

use flow_benches::load::load;
use flow_benches::{Failure, program};
use flow_runtime::Options;
use flow_runtime::journal::{DurableJournal, Journal};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: usize| args.get(at).map_or(Ok(usual), |a| a.parse());
    let (seconds, at_once, steps) = (number(0, 3)?, number(1, 64)?, number(2, 1)?);
    let journal = args.get(3).map(|place| Arc::new(journal(place)) as Arc<dyn Journal>);
    let options = Options { journal, tables: program::at_once(), ..Options::default() };
    let engine = Arc::new(program::engine(&text(steps)?, "", options)?);
    let call = move || {
        let engine = engine.clone();
        async move { program::run(&engine, "foxes").await }
    };
    let measured = load(at_once, Duration::from_secs(seconds as u64), call).await?;
    println!(
        "{:.0} runs/s of {steps} steps; processor time a run: {:.1} µs; {:.0} MB at most",
        measured.rate,
        measured.cpu * 1e3,
        measured.memory
    );
    Ok(())
}

fn journal(place: &str) -> DurableJournal {
    if place.starts_with("postgres") {
        DurableJournal::postgres(place)
    } else {
        DurableJournal::sqlite(place.as_ref())
    }
}

fn text(steps: usize) -> Result<String, Failure> {
    let mut text = String::from(
        r#"
model fast = "openai/gpt-4o-mini" { max_output: 64 tokens }
prompt say(animal: text) -> text {
  system: "You are a helpful assistant."
  user: "Say something about {{ animal }}."
}
flow main(animal: text <= 20 tokens) -> text {
"#,
    );
    for step in 1..steps {
        writeln!(text, "  _step{step} = say(animal)")?;
    }
    text.push_str("  return say(animal)\n}\n");
    Ok(text)
}
