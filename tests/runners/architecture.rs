//! The house's walls: which crate may know which, who alone may name certain dependencies, and what
//! the pure crates must not touch.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use flow_tests::repository;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

// What each crate may depend on inside the workspace, whether it does or not.
const MAY_KNOW: [(&str, &[&str]); 12] = [
    ("flow-diagnostics", &[]),
    ("tree-sitter-flow", &[]),
    ("flow-injection", &[]),
    ("flow-names", &[]),
    ("flow-grammar", &["flow-diagnostics"]),
    ("flow-plan", &["flow-diagnostics"]),
    ("flow-stdlib", &["flow-plan", "flow-diagnostics"]),
    ("flow-tokens", &["flow-plan", "flow-diagnostics"]),
    ("flow-compiler", &["flow-grammar", "flow-plan", "flow-tokens", "flow-stdlib", "flow-diagnostics"]),
    ("flow-diff", &["flow-compiler", "flow-plan", "flow-tokens", "flow-diagnostics"]),
    ("flow-lsp", &["flow-compiler", "flow-grammar", "flow-plan", "flow-stdlib", "flow-diagnostics"]),
    ("flow-runtime", &["flow-plan", "flow-tokens", "flow-injection", "flow-names", "flow-diagnostics"]),
];

// Who alone may name an outside crate.
const ONLY_IN: [(&str, &[&str]); 7] = [
    ("pest", &["flow-grammar"]),
    ("pest_derive", &["flow-grammar"]),
    // The benchmarks stand outside the house and measure it against a bare client.
    ("reqwest", &["flow-runtime", "flow-benches"]),
    ("rusqlite", &["flow-runtime"]),
    ("bpe-openai", &["flow-tokens"]),
    ("tokenizers", &["flow-tokens"]),
    ("tower-lsp-server", &["flow-lsp"]),
];

#[test]
fn crates_know_only_what_stands_below_them() {
    let metadata = metadata();
    for (name, may) in MAY_KNOW {
        let known = workspace_dependencies(&metadata, name);
        let too_many: Vec<&String> = known.iter().filter(|k| !may.contains(&k.as_str())).collect();
        assert!(too_many.is_empty(), "{name} must not depend on {too_many:?}");
    }
}

#[test]
fn some_crates_have_one_owner() {
    let metadata = metadata();
    for (outside, owners) in ONLY_IN {
        for package in metadata.workspace_packages() {
            let named =
                package.dependencies.iter().any(|d| d.name == outside && d.kind == DependencyKind::Normal);
            assert!(!named || owners.contains(&package.name.as_str()), "{} names {outside}", package.name);
        }
    }
}

#[test]
fn the_pure_crates_reach_for_nothing_outside() {
    let forbidden =
        ["std::fs", "std::env", "std::net", "std::time::Instant", "std::time::SystemTime", "std::process"];
    for folder in [
        "grammar/src",
        "diagnostics/src",
        "plan/src",
        "tokens/src",
        "injection/src",
        "compiler/src",
        "diff/src",
    ] {
        for path in rust_files(&repository().join(folder)) {
            let text = std::fs::read_to_string(&path).expect("a source file can be read");
            for word in forbidden {
                assert!(!text.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}

#[test]
fn source_files_are_short_enough_to_read() {
    for package in metadata().workspace_packages() {
        let folder = package.manifest_path.parent().expect("a manifest stands in a folder").join("src");
        for path in rust_files(folder.as_std_path()) {
            let text = std::fs::read_to_string(&path).expect("a source file can be read");
            let is_tests = path.ends_with("tests.rs");
            assert!(is_tests || text.starts_with("//!"), "{} says what it is for", path.display());
            let lines = text.lines().count();
            assert!(lines <= 600, "{} has {lines} lines; 600 is the most", path.display());
        }
    }
}

#[test]
fn every_dependency_has_a_licence_that_suits() {
    const FINE: [&str; 15] = [
        "MIT",
        "MIT-0",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "0BSD",
        "Unlicense",
        "Unicode-3.0",
        "CC0-1.0",
        "MPL-2.0",
        "CDLA-Permissive-2.0",
        "BSL-1.0",
    ];
    for package in &everything().packages {
        let licence =
            package.license.as_deref().unwrap_or_else(|| panic!("{} names no licence", package.name));
        let licence = licence.replace('/', " OR ").replace(['(', ')'], "");
        // Good enough for what there is: one alternative whose every part suits.
        let fits =
            licence.split(" OR ").any(|one| one.split(" AND ").all(|part| FINE.contains(&part.trim())));
        assert!(fits, "{}: {licence}", package.name);
    }
}

fn metadata() -> Metadata {
    let manifest = repository().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata runs")
}

// Every package that is built on this machine; those of other platforms may not be at hand.
fn everything() -> Metadata {
    let said = Command::new("rustc").arg("-vV").output().expect("rustc runs").stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let host = said.lines().find_map(|l| l.strip_prefix("host: ")).expect("rustc names its host");
    let options = ["--locked", "--offline", "--filter-platform", host].map(str::to_owned);
    let manifest = repository().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).other_options(options).exec().expect("cargo metadata runs")
}

fn workspace_dependencies(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let members: BTreeSet<String> =
        metadata.workspace_packages().iter().map(|p| p.name.to_string()).collect();
    let package = metadata.workspace_packages().into_iter().find(|p| p.name.as_str() == name);
    let package = package.unwrap_or_else(|| panic!("there is a crate {name}"));
    let normal = package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
    normal.map(|d| d.name.clone()).filter(|n| members.contains(n)).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
        if path.is_dir() {
            out.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out
}
