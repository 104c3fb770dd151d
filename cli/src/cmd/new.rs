//! `flowc new DIR`: a small project that works at once, without a key and without the network.

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::paths;
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc new helpdesk     makes the folder `helpdesk` with a program, its data and a test
  flowc new .            makes the project in this folder, if it is empty")]
pub(crate) struct Args {
    /// The folder to make; it must not exist yet, or be empty.
    dir: PathBuf,
}

const FILES: &[(&str, &str)] = &[
    ("main.flow", include_str!("../../template/main.flow")),
    ("flow.toml", include_str!("../../template/flow.toml")),
    ("help/returns.md", include_str!("../../template/help/returns.md")),
    ("help/shipping.md", include_str!("../../template/help/shipping.md")),
    ("help/payment.md", include_str!("../../template/help/payment.md")),
    ("README.md", include_str!("../../template/README.md")),
    (".env.example", include_str!("../../template/env.example")),
    // Not named .gitignore here, where it would hide files of this repository.
    (".gitignore", include_str!("../../template/gitignore")),
];

/// Writes the files and says what to do next.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    refuse_what_is_there(&args.dir)?;
    let title = title(&args.dir);
    for (name, text) in FILES {
        let path = args.dir.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| Failure::unwritable(folder, &e))?;
        }
        let text = text.replace("PROJECT", &title);
        std::fs::write(&path, text).map_err(|e| Failure::unwritable(&path, &e))?;
    }
    let shown = paths::shown(&args.dir);
    let program = if shown == "." { "main.flow".to_owned() } else { format!("{shown}/main.flow") };
    console.note(&format!(
        "made {shown}: {} files\n\n  flowc check {shown}\n  flowc test {shown}\n  flowc run {program} question='How long may I keep shoes before I return them?'\n",
        FILES.len()
    ));
    console.note("it runs offline with a simulated model; README.md says how to switch to a real one");
    Ok(Exit::Fine)
}

fn refuse_what_is_there(dir: &Path) -> Result<(), Failure> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => {
            return Err(Failure::usage(format!("`{}` is a file", dir.display())));
        }
        Err(e) => return Err(Failure::unreadable(dir, &e)),
    };
    // A repository that was just made has nothing in it that could be lost.
    let mut names = entries.filter_map(|e| Some(e.ok()?.file_name()));
    match names.find(|n| n != ".git") {
        Some(name) => Err(Failure::usage(format!("`{}` is not empty", paths::shown(dir)))
            .help(format!("it holds `{}`; name a folder that does not exist yet", name.to_string_lossy()))),
        None => Ok(()),
    }
}

fn title(dir: &Path) -> String {
    let full = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    full.file_name().map_or_else(|| "project".to_owned(), |n| n.to_string_lossy().into_owned())
}
