//! The cases of the corpus: one small `.flow` file each, with its snapshot beside it.

use insta::Settings;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Folders of the corpus that hold what cases read, not cases.
const NOT_CASES: [&str; 3] = ["data", "out", "shared"];

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its path below `corpus/`, without the extension: `check/names/unknown_value`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What stands in it.
    pub text: String,
}

impl Case {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The folder it stands in.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// What stands behind each `// key:` line.
    pub fn headers<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.text.lines().filter_map(move |line| {
            line.strip_prefix("// ")?.strip_prefix(key)?.strip_prefix(':').map(str::trim)
        })
    }
}

/// The cases with this extension below `corpus/<area>`, in the order of their names; none where there
/// is no such folder.
pub fn cases(area: &str, extension: &str) -> Vec<Case> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut out = Vec::new();
    if corpus.join(area).is_dir() {
        collect(&corpus.join(area), extension, &mut out);
    }
    out.sort();
    out.into_iter()
        .map(|path| {
            let name = path.strip_prefix(&corpus).unwrap_or(&path).with_extension("");
            let name = name.to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            Case { name, path, text }
        })
        .collect()
}

/// Runs every case and compares what it gives with its snapshot; says at the end which ones failed.
pub fn compare_all(cases: &[Case], run: impl Fn(&Case) -> String) {
    assert!(!cases.is_empty(), "no cases were found");
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| catch_unwind(AssertUnwindSafe(|| compare(case, &run(case)))).is_err())
        .map(|case| case.name.as_str())
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} cases failed:\n  {}",
        failed.len(),
        cases.len(),
        failed.join("\n  ")
    );
}

#[expect(
    clippy::print_stderr,
    reason = "shown where the case fails, which is not known from the panic alone"
)]
fn compare(case: &Case, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(case.folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = case.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    eprintln!("case {}", case.name);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn collect(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !NOT_CASES.iter().any(|n| path.ends_with(n)) {
                collect(&path, extension, out);
            }
        } else if path.extension().is_some_and(|e| e == extension) {
            out.push(path);
        }
    }
}
