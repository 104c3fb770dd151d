//! The command line as a whole: what is common to all commands, and which there are.

use crate::cmd;
use crate::console::Colour;
use clap::{Parser, Subcommand};

/// Compiles, checks and runs LLM workflows written in Flow.
#[derive(Parser, Debug)]
#[command(
    name = "flowc",
    version,
    about,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Examples:
  flowc new helpdesk                         a small project that runs without a key
  flowc check                                checks every .flow file below this folder
  flowc run main.flow question='Where is it?'  runs the program's flow
  flowc explain E0201                        says what a code means

Exit codes: 0 fine, 1 the program or the run failed, 2 wrong usage or configuration,
3 something outside failed (provider, disk, network)."
)]
pub(crate) struct Args {
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Colour,
    /// Leave out notes and progress; errors and the answer stay.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run a flow and print its result.
    Run(cmd::run::Args),
    /// Compile programs and say what is wrong with them.
    Check(cmd::check::Args),
    /// Show what flows cost at worst, step by step.
    Cost(cmd::cost::Args),
    /// Run a flow with several models on the same cases, and show how they compare.
    Compare(cmd::compare::Args),
    /// Format programs.
    Fmt(cmd::fmt::Args),
    /// Run the tests of programs, offline.
    Test(cmd::test::Args),
    /// Draw a flow's steps.
    Graph(cmd::graph::Args),
    /// Print what a phase of the compiler makes of a program.
    Dump(cmd::dump::Args),
    /// Explain a diagnostic's code, or list the codes.
    Explain(cmd::explain::Args),
    /// List the models that are known: windows, prices, abilities.
    Models(cmd::models::Args),
    /// List the runs that are recorded, newest first.
    Runs(cmd::runs::Args),
    /// Show what a run did: its steps, calls, time and money.
    Trace(cmd::trace::Args),
    /// Decide what became of an action that is in doubt.
    Resolve(cmd::resolve::Args),
    /// Let pass what a run shows to a person.
    Approve(cmd::review::ApproveArgs),
    /// Turn down what a run shows to a person.
    Reject(cmd::review::RejectArgs),
    /// Tell which data went to which model, or look whether that record is whole.
    Audit(cmd::audit::Args),
    /// Show what is cached and what that saved, or clear it.
    Cache(cmd::cache::Args),
    /// Make a small project that runs at once, without a key.
    New(cmd::new::Args),
    /// Look for what keeps programs from running here.
    Doctor(cmd::doctor::Args),
    /// Print the completions of a shell.
    Completions(cmd::completions::Args),
}

/// Commands that are designed but not there yet, so that they are not answered with "unknown".
pub(crate) const PLANNED: [&str; 7] = ["eval", "diff", "batch", "serve", "prompts", "lsp", "doc"];
