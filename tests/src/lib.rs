//! What the runners in `runners/` share: the cases of `corpus/`, what they expect, the Flow snippets
//! of Markdown pages, and a [`world::FolderWorld`] to compile them in.
//!
//! In: files of this repository. Out: cases, snippets and their snapshots.
//! Not here: the tests themselves, which stand in `runners/`, one file for each kind of case.

pub mod cases;
pub mod console;
pub mod expectation;
pub mod outside;
pub mod snippets;
pub mod world;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}
