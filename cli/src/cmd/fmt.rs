//! `flowc fmt`: brings programs into the one style.

use crate::console::{Console, counted};
use crate::exit::{Exit, Failure};
use crate::{paths, world};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc fmt                   formats every .flow file below this folder
  flowc fmt app.flow lib/     formats these files, and those in this folder
  flowc fmt --check           names the files that are not formatted, and fails if there are any
  flowc fmt - < app.flow      formats standard input to standard output")]
pub(crate) struct Args {
    /// Files, folders, or `-` for standard input.
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing; print the names of the files that would change.
    #[arg(long)]
    check: bool,
}

/// Formats, or says what is not formatted.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    if args.paths.iter().any(|p| p.as_os_str() == "-") {
        return stdin(args, console);
    }
    let files = paths::flow_files(&args.paths)?;
    let mut changed = Vec::new();
    for path in &files {
        let text = world::read_text(path)
            .map_err(|reason| Failure::outside(format!("`{}` cannot be read: {reason}", path.display())))?;
        let formatted = flow_compiler::format::format(&text);
        if formatted == text {
            continue;
        }
        if !args.check {
            std::fs::write(path, formatted).map_err(|e| Failure::unwritable(path, &e))?;
        }
        changed.push(paths::shown(path));
    }
    if args.check {
        console.answer(&changed.join("\n"))?;
        let all = counted(files.len(), "file");
        console.note(&match changed.len() {
            0 => format!("checked {all}: all formatted"),
            n => format!("checked {all}: {n} not formatted; `flowc fmt` formats them"),
        });
        return Ok(if changed.is_empty() { Exit::Fine } else { Exit::Failed });
    }
    console.note(&format!("formatted {} of {}", changed.len(), counted(files.len(), "file")));
    Ok(Exit::Fine)
}

fn stdin(args: &Args, console: &Console) -> Result<Exit, Failure> {
    if args.paths.len() > 1 {
        return Err(Failure::usage("`-` stands alone: standard input is formatted to standard output"));
    }
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|e| Failure::unreadable(Path::new("standard input"), &e))?;
    let formatted = flow_compiler::format::format(&text);
    if args.check {
        return Ok(if formatted == text { Exit::Fine } else { Exit::Failed });
    }
    console.answer(&formatted)?;
    Ok(Exit::Fine)
}
