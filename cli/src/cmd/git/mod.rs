//! What git calls: `flowc git-setup` tells a repository of it, `git-textconv` and `git-merge` are called
//! by git itself.

mod merge;
mod setup;

pub(crate) use merge::{MergeArgs, run as merge};
pub(crate) use setup::{SetupArgs, run as setup};

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::world;
use std::path::PathBuf;

/// The arguments.
#[derive(clap::Args, Debug)]
pub(crate) struct TextconvArgs {
    /// The file that git hands over.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Prints a program in the one style, so that layout is no difference.
pub(crate) fn textconv(args: &TextconvArgs, console: &Console) -> Result<Exit, Failure> {
    let text = world::read_text(&args.file)
        .map_err(|reason| Failure::outside(format!("`{}` cannot be read: {reason}", args.file.display())))?;
    console.answer(&flow_compiler::format::format(&text))?;
    Ok(Exit::Fine)
}
