//! Which files a glob names, and what stands in them as text.

use crate::{Context, RunError};
use flow_diagnostics::Code;
use flow_plan::{Arg, Expr, Lookup, Value};
use globset::GlobBuilder;
use ignore::WalkBuilder;
use std::path::{Component, Path, PathBuf};

/// A glob, taken apart into the folder where it starts and the pattern below it.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    /// As it is written.
    pub(super) written: String,
    /// The folder of the glob's fixed part.
    pub(super) base: PathBuf,
    /// The folder of the file that declares the lookup: paths are shown relative to it.
    pub(super) home: PathBuf,
    pattern: globset::GlobMatcher,
}

/// The glob of a lookup, relative to the folder of the file that declares it.
pub(super) fn glob(
    context: &Context,
    lookup: &Lookup,
    args: &[(ecow::EcoString, Value)],
) -> Result<Glob, RunError> {
    let written = args
        .iter()
        .find(|(name, _)| name == "glob")
        .and_then(|(_, value)| value.as_text())
        .ok_or_else(|| RunError::new(Code::E0807, format!("lookup `{}` has no glob", lookup.name)))?;
    let home = context.root.join(Path::new(lookup.file.as_str()).parent().unwrap_or(Path::new("")));
    let fixed = lookup.args.iter().all(|(_, arg)| matches!(arg, Arg::Expr(Expr::Literal(_))));
    if !fixed && leaves_folder(written) {
        // What is computed may come from outside, so it may not walk out of the folder.
        let message = format!("the path `{written}` leads out of the program's folder");
        return Err(RunError::new(Code::E0807, message)
            .help("only a glob that is written out in the program may use `..` or start with `/`"));
    }
    let (base, rest) = split(written);
    let pattern = GlobBuilder::new(&rest).literal_separator(true).build().map_err(|error| {
        RunError::new(Code::E0807, format!("`{written}` is not a glob: {}", error.kind()))
            .help("use `*` for any name, `**` for any folders, `{md,txt}` for one of several")
    })?;
    Ok(Glob { written: written.to_owned(), base: home.join(base), home, pattern: pattern.compile_matcher() })
}

impl Glob {
    /// The files that match, in the order of their paths. Hidden files and folders do not.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>, RunError> {
        let mut found = Vec::new();
        let walk =
            WalkBuilder::new(&self.base).standard_filters(false).hidden(true).follow_links(true).build();
        for entry in walk.flatten() {
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let below = entry.path().strip_prefix(&self.base);
            if is_file && below.is_ok_and(|path| self.pattern.is_match(path)) {
                found.push(entry.into_path());
            }
        }
        if found.is_empty() {
            let folder = self.base.display();
            return Err(RunError::new(
                Code::E0807,
                format!("no file matches `{}` in `{folder}`", self.written),
            )
            .help("globs start at the folder of the file that declares the lookup"));
        }
        found.sort();
        Ok(found)
    }

    /// What a file is called where it is shown: relative to the declaring file's folder, with `/`.
    pub(super) fn shown(&self, path: &Path) -> String {
        slashes(path.strip_prefix(&self.home).unwrap_or(path))
    }

    /// A file's id: its path below the glob's fixed part, without the extension.
    pub(super) fn id(&self, path: &Path) -> String {
        slashes(&path.strip_prefix(&self.base).unwrap_or(path).with_extension(""))
    }
}

/// The error for a glob whose files can all not be read.
pub(super) fn unreadable(glob: &Glob, path: &Path, reason: &dyn std::fmt::Display) -> RunError {
    RunError::new(Code::E0807, format!("`{}` can't be read as text: {reason}", glob.shown(path)))
        .help("lookups read UTF-8 text; narrow the glob to text files")
}

fn leaves_folder(glob: &str) -> bool {
    Path::new(glob).components().any(|c| !matches!(c, Component::Normal(_) | Component::CurDir))
}

// The leading folders without a special character, and the rest.
fn split(glob: &str) -> (String, String) {
    let glob = glob.strip_prefix("./").unwrap_or(glob);
    let special = glob.find(['*', '?', '[', '{']).unwrap_or(glob.len());
    match glob[..special].rfind('/') {
        Some(at) => (glob[..=at].to_owned(), glob[at + 1..].to_owned()),
        None => (String::new(), glob.to_owned()),
    }
}

fn slashes(path: &Path) -> String {
    path.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_splits_at_its_first_special_character() {
        assert_eq!(split("help/**/*.md"), ("help/".into(), "**/*.md".into()));
        assert_eq!(split("./a/b/c.md"), ("a/b/".into(), "c.md".into()));
        assert_eq!(split("*.md"), (String::new(), "*.md".into()));
        assert!(leaves_folder("../x") && leaves_folder("/etc/x") && !leaves_folder("./a/*"));
    }
}
