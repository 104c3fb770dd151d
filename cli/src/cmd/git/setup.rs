//! `flowc git-setup`: lets git show and merge programs by what they say.

use crate::console::Console;
use crate::exit::{Exit, Failure};
use std::path::PathBuf;
use std::process::Command;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc git-setup             in a clone: once for each, since git keeps commands out of what is cloned
  flowc git-setup --undo      takes it back
  git diff                    now passes over layout
  git merge main              now merges changes to different steps, side by side as they may stand

`.gitattributes` is kept with the repository, the commands are written to the clone's own configuration.")]
pub(crate) struct SetupArgs {
    /// Take out what was set up.
    #[arg(long)]
    undo: bool,
}

const LINE: &str = "*.flow diff=flow merge=flow";
const KEYS: [(&str, &str); 4] = [
    ("diff.flow.textconv", "flowc git-textconv"),
    ("diff.flow.cachetextconv", "true"),
    ("merge.flow.name", "Flow programs, step by step"),
    ("merge.flow.driver", "flowc git-merge %O %A %B --marker-size %L --path %P"),
];

/// Writes `.gitattributes` and the clone's configuration, or takes them back.
pub(crate) fn run(args: &SetupArgs, console: &Console) -> Result<Exit, Failure> {
    let root = git(&["rev-parse", "--show-toplevel"])?;
    let path = PathBuf::from(root.trim()).join(".gitattributes");
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(Failure::unreadable(&path, &e)),
    };
    let has = before.lines().any(|l| l.trim() == LINE);
    let after = match (args.undo, has) {
        (false, false) => {
            let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
            format!("{before}{gap}{LINE}\n")
        }
        (true, true) => before.lines().filter(|l| l.trim() != LINE).map(|l| format!("{l}\n")).collect(),
        _ => before.clone(),
    };
    if after != before {
        std::fs::write(&path, &after).map_err(|e| Failure::unwritable(&path, &e))?;
        console.note("wrote .gitattributes: commit it, so that every clone has it");
    }
    for (key, value) in KEYS {
        if args.undo {
            // Where a key is not set there is nothing to take out.
            let _ = git(&["config", "--local", "--unset-all", key]);
        } else {
            git(&["config", "--local", key, value])?;
        }
    }
    console.note(match args.undo {
        true => "git shows and merges programs as any text again",
        false => "git shows programs without their layout, and merges changes to different steps",
    });
    Ok(Exit::Fine)
}

fn git(args: &[&str]) -> Result<String, Failure> {
    let done = Command::new("git")
        .args(args)
        .output()
        .map_err(|e| Failure::outside(format!("git can't be started: {e}")).help("it has to be installed"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let said = said.lines().next().unwrap_or("it gave no reason").trim_start_matches("fatal: ").to_owned();
    Err(Failure::usage(format!("`git {}` failed: {said}", args.join(" "))))
}
