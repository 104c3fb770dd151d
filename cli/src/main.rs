//! `flowc`: the command line.
//!
//! In: arguments, files, the environment. Out: the answer on standard output, everything else on
//! standard error, and an exit code ([`exit::Exit`]).
//! Not here: what the language means (the compiler) and how a plan is carried out (the runtime).

mod args;
mod cassette;
mod cmd;
mod config;
mod console;
mod exit;
mod figures;
mod flows;
mod inputs;
mod interrupt;
mod live;
mod lock;
mod paths;
mod project;
mod report;
mod table;
mod today;
mod witness;
mod world;

use args::{Args, Command, PLANNED};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use console::{Colour, Console};
use exit::{Exit, Failure};
use std::process::ExitCode;

fn main() -> ExitCode {
    console::explain_panics();
    let run = std::panic::catch_unwind(|| match parse() {
        Ok(args) => dispatch(args),
        Err(exit) => exit,
    });
    run.unwrap_or(console::PANICKED).into()
}

fn dispatch(args: Args) -> Exit {
    let console = Console::new(args.color, args.quiet);
    let done = match args.command {
        Command::Run(args) => cmd::run::run(&args, &console),
        Command::Check(args) => cmd::check::run(&args, &console),
        Command::Cost(args) => cmd::cost::run(&args, &console),
        Command::Compare(args) => cmd::compare::run(&args, &console),
        Command::Fmt(args) => cmd::fmt::run(&args, &console),
        Command::Test(args) => cmd::test::run(&args, &console),
        Command::Graph(args) => cmd::graph::run(&args, &console),
        Command::Dump(args) => cmd::dump::run(&args, &console),
        Command::Explain(args) => cmd::explain::run(&args, &console),
        Command::Models(args) => cmd::models::run(&args, &console),
        Command::Runs(args) => cmd::runs::run(&args, &console),
        Command::Trace(args) => cmd::trace::run(&args, &console),
        Command::Resolve(args) => cmd::resolve::run(&args, &console),
        Command::Approve(args) => cmd::review::approve(&args, &console),
        Command::Reject(args) => cmd::review::reject(&args, &console),
        Command::Audit(args) => cmd::audit::run(&args, &console),
        Command::Cache(args) => cmd::cache::run(&args, &console),
        Command::New(args) => cmd::new::run(&args, &console),
        Command::Doctor(args) => cmd::doctor::run(&args, &console),
        Command::Completions(args) => cmd::completions::run(&args, &console),
    };
    done.unwrap_or_else(|failure| {
        console.failure(&failure);
        failure.exit()
    })
}

// clap prints help and errors itself; only the colour and the planned commands are ours.
fn parse() -> Result<Args, Exit> {
    let command = Args::command().color(colour_of_help());
    let error = match command.try_get_matches().and_then(|m| Args::from_arg_matches(&m)) {
        Ok(args) => return Ok(args),
        Err(error) => error,
    };
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand)
        && PLANNED.contains(&name.as_str())
    {
        let console = Console::new(Colour::Auto, false);
        console.failure(&Failure::usage(format!("`flowc {name}` is not yet supported")));
        return Err(Exit::Usage);
    }
    // Where the stream is gone there is nobody to tell.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Err(Exit::Fine),
        _ => Err(Exit::Usage),
    }
}

// Help is printed while the arguments are read, so `--color` is looked for by hand before that.
fn colour_of_help() -> ColorChoice {
    let args: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let after = |i: usize| args.get(i + 1).map(String::as_str);
    let wanted = args.iter().enumerate().find_map(|(i, arg)| match arg.as_str() {
        "--color" => after(i),
        other => other.strip_prefix("--color="),
    });
    match wanted {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}
