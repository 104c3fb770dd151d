//! Paths as people see them, and the `.flow` files below them.

use crate::exit::Failure;
use std::path::{Component, Path, PathBuf};

/// The path relative to the working directory where it lies below it, with `/` between its parts.
pub(crate) fn shown(path: &Path) -> String {
    let below = std::env::current_dir().ok().and_then(|cwd| path.strip_prefix(&cwd).ok().map(Path::to_owned));
    let path = below.unwrap_or_else(|| path.to_owned());
    let parts: Vec<Component<'_>> = path.components().filter(|c| !matches!(c, Component::CurDir)).collect();
    if parts.is_empty() {
        return ".".to_owned();
    }
    let text = parts.iter().collect::<PathBuf>().to_string_lossy().into_owned();
    if std::path::MAIN_SEPARATOR == '\\' { text.replace('\\', "/") } else { text }
}

/// The `.flow` files among these files and below these folders, sorted, each once.
///
/// Hidden folders and what git ignores are passed over; a file that is named is always taken.
pub(crate) fn flow_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let kind = std::fs::metadata(path).map_err(|e| Failure::unreadable(path, &e))?;
        if kind.is_dir() {
            for entry in ignore::WalkBuilder::new(path).build() {
                let entry = entry.map_err(|e| Failure::outside(format!("a folder cannot be read: {e}")))?;
                let is_file = entry.file_type().is_some_and(|t| t.is_file());
                if is_file && entry.path().extension().is_some_and(|e| e == "flow") {
                    found.push(entry.into_path());
                }
            }
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_from_the_working_directory() {
        let cwd = std::env::current_dir().unwrap_or_default();
        assert_eq!(shown(&cwd.join("a/b.flow")), "a/b.flow");
        assert_eq!(shown(Path::new("./a/./b.flow")), "a/b.flow");
        assert_eq!(shown(Path::new("../b.flow")), "../b.flow");
        assert_eq!(shown(&cwd), ".");
    }
}
