//! `.env` files: variables for development. They never override the real environment.

use crate::exit::Failure;
use crate::paths;
use flow_runtime::Environment;
use std::path::{Path, PathBuf};

/// Reads the `.env` of each folder, the first one strongest, and says which there were.
///
/// No message shows a line of the file: it may hold a key.
pub(crate) fn read(folders: &[&Path], env: &mut Environment) -> Result<Vec<PathBuf>, Failure> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let path = folder.join(".env");
        let seen = found.iter().any(|p| same(p, &path));
        if seen || !path.is_file() {
            continue;
        }
        let text = std::fs::read(&path).map_err(|e| Failure::unreadable(&path, &e))?;
        for line in dotenvy::from_read_iter(text.as_slice()) {
            let (name, value) = line.map_err(|e| malformed(&path, &text, &e))?;
            env.vars.entry(name).or_insert(value);
        }
        found.push(path);
    }
    Ok(found)
}

fn same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn malformed(path: &Path, text: &[u8], error: &dotenvy::Error) -> Failure {
    let shown = paths::shown(path);
    let line = match error {
        dotenvy::Error::LineParse(line, _) => {
            String::from_utf8_lossy(text).lines().position(|l| l.contains(line.trim())).map(|i| i + 1)
        }
        _ => None,
    };
    let place = line.map(|n| format!("line {n} of ")).unwrap_or_default();
    Failure::usage(format!("{place}`{shown}` is not understood"))
        .help("each line is `NAME=value`, with quotes around a value that has spaces")
}
