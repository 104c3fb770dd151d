//! `flowc approve` and `flowc reject`: a person decides on what a run shows.
//!
//! In: a run, a step, a reason, perhaps another value. Out: the decision in the run's journal, once; whoever
//! comes second is told who was first.

mod edited;
mod list;

pub(crate) use list::{list, summary};

use super::runs::In;
use crate::config;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use ecow::EcoString;
use flow_diagnostics::did_you_mean;
use flow_runtime::journal::{Judged, Trace, Verdict};

/// The arguments of `flowc approve`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc runs --waiting                              what waits, and for whom
  flowc approve 019ac3f2b1e4d07a11c approved        as it is
  flowc approve 019ac3f2b1e4d07a11c approved --value edited.json --reason 'softer'
  flowc approve 019ac3f2b1e4d07a11c approved --value '\"Dear Ann, …\"'
  flowc run --resume 019ac3f2b1e4d07a11c            goes on with the run

An edited value is checked against the type of what is reviewed, with the program of the run. A decision
is final: who comes second is told who was first. Who decides is `--as`, or else FLOW_USER, or the user
of the system, and stands in the record.")]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    what: What,
    /// What goes on in place of the value: JSON, a file with JSON, or a text.
    #[arg(long, value_name = "FILE|JSON")]
    value: Option<String>,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// The arguments of `flowc reject`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc reject 019ac3f2b1e4d07a11c approved --reason 'it promises a refund'
  flowc run --resume 019ac3f2b1e4d07a11c            goes on with what the program does then

The step fails with E0808 and the reason; its `else` says what is done. A decision is final.")]
pub(crate) struct RejectArgs {
    #[command(flatten)]
    what: What,
    /// Why: the step fails with it.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(clap::Args, Debug)]
struct What {
    /// The run.
    #[arg(value_name = "RUN")]
    run: String,
    /// The step, as `flowc runs --waiting` names it.
    #[arg(value_name = "STEP")]
    step: String,
    /// Who decides.
    #[arg(long = "as", value_name = "NAME")]
    who: Option<String>,
    #[command(flatten)]
    place: In,
}

/// Lets it pass, as it is or edited.
pub(crate) fn approve(args: &ApproveArgs, console: &Console) -> Result<Exit, Failure> {
    decide(&args.what, (Verdict::Approved, args.reason.clone(), args.value.as_deref()), console)
}

/// Turns it down.
pub(crate) fn reject(args: &RejectArgs, console: &Console) -> Result<Exit, Failure> {
    decide(&args.what, (Verdict::Rejected, args.reason.clone(), None), console)
}

fn decide(
    what: &What,
    (verdict, mut reason, value): (Verdict, Option<String>, Option<&str>),
    console: &Console,
) -> Result<Exit, Failure> {
    let runtime = super::threads()?;
    let (journal, trace) = what.place.find(&what.run, &runtime)?;
    let path = step(&trace, &what.step)?;
    let config = what.place.config()?;
    let who = who(what)?;
    let value = value.map(|written| {
        edited::value(written, &trace, &path, what.place.within.as_deref().filter(|p| p.is_file()))
    });
    let mut value = value.transpose()?;
    if trace.reviews.iter().any(|r| r.asked.path == path && r.asked.private) {
        let vault = what.place.vault()?;
        let about = trace.run.run.0.as_bytes();
        value = value.map(|value| vault.seal(&value, about));
        // What is said of a private value may tell it.
        reason = reason.map(|reason| vault.seal_text(&reason, about));
    }
    let judged = Judged { verdict, who: who.clone(), reason, value, at: config.clock.now() };
    runtime.block_on(journal.judge(&trace.run.run, &path, judged)).map_err(Failure::from)?;
    console.note(&format!("{who} has {} `{path}`", verdict.name()));
    console.note(&format!("`flowc run --resume {}` goes on with the run", what.run));
    Ok(Exit::Fine)
}

// The place that is meant: named in full, or by the step that one stands in.
fn step(trace: &Trace, named: &str) -> Result<String, Failure> {
    let paths: Vec<&str> = trace.reviews.iter().map(|r| r.asked.path.as_str()).collect();
    if paths.contains(&named) {
        return Ok(named.to_owned());
    }
    let inside: Vec<&&str> =
        paths.iter().filter(|p| p.strip_prefix(named).is_some_and(|rest| rest.starts_with('.'))).collect();
    if let [only] = inside.as_slice() {
        return Ok((**only).to_owned());
    }
    let run = &trace.run.run;
    let failure = Failure::usage(format!("nobody is asked at step `{named}` of run `{run}`"));
    Err(match (did_you_mean(named, paths.iter().copied()), paths.as_slice()) {
        (Some(near), _) => failure.help(format!("did you mean `{near}`?")),
        (None, []) => failure.help("`flowc runs --waiting` lists what waits for a person"),
        (None, _) => failure.help(format!("a person is asked at `{}`", paths.join("`, `"))),
    })
}

fn who(what: &What) -> Result<EcoString, Failure> {
    let named = what.who.clone().or_else(|| config::first_of(&["FLOW_USER", "USER", "LOGNAME"]));
    match named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()) {
        Some(name) => Ok(name.into()),
        None => Err(Failure::usage("nobody says who decides").help("say it: `--as anna`, or set FLOW_USER")),
    }
}
