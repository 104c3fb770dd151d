//! `flowc resolve`: a person says what became of an action that is in doubt.

use super::runs::In;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use flow_runtime::journal::Decision;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc runs --in-doubt                       what is in doubt
  flowc resolve 019ac3f2b1e4d07a11c saved --done     it happened: the run goes on behind it
  flowc resolve 019ac3f2b1e4d07a11c saved --again    it did not: it is done when the run is resumed

An action is in doubt when its run was cut off between the action's beginning and its end. It is not
done again on a guess.")]
pub(crate) struct Args {
    /// The run.
    #[arg(value_name = "RUN")]
    run: String,
    /// The step, as `flowc runs --in-doubt` names it.
    #[arg(value_name = "STEP")]
    step: String,
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    place: In,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct What {
    /// It has happened.
    #[arg(long)]
    done: bool,
    /// It has not happened: do it when the run is resumed.
    #[arg(long)]
    again: bool,
}

/// Records the decision.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let runtime = super::threads()?;
    let (journal, trace) = args.place.find(&args.run, &runtime)?;
    let decision = if args.what.done { Decision::Done } else { Decision::Again };
    runtime.block_on(journal.decide(&trace.run.run, &args.step, decision)).map_err(Failure::from)?;
    console.note(&format!("`flowc run --resume {}` goes on with the run", args.run));
    Ok(Exit::Fine)
}
