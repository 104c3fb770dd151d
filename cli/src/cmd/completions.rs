//! `flowc completions SHELL`: the script that completes commands and options.

use crate::args;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use clap::CommandFactory;
use clap_complete::Shell;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc completions bash > ~/.local/share/bash-completion/completions/flowc
  flowc completions zsh > ~/.zfunc/_flowc
  flowc completions fish > ~/.config/fish/completions/flowc.fish")]
pub(crate) struct Args {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::Args::command(), "flowc", &mut script);
    console.answer(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}
