//! All programs of the open folders, for questions that go beyond one: references, renaming, symbols.
//!
//! In: what is remembered, and the disk. Out: snapshots, of open documents as they are and of files
//! that are not open as they lie there. Blocks; not for the thread that answers the client.

use crate::files;
use crate::host::Host;
use crate::place::uri_of;
use crate::snapshot::{Job, Snapshot};
use crate::state::State;
use crate::text::Text;
use flow_compiler::Before;
use ignore::WalkBuilder;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// More files than this are not looked at.
const MOST_FILES: usize = 5_000;

/// The programs whose own text has these words in it.
pub(crate) fn with(state: &State, host: &dyn Host, words: &str) -> Vec<Arc<Snapshot>> {
    let (mut found, roots, open, encoding) = {
        let state = state.lock();
        (state.all(), state.roots.clone(), state.open(), state.client.encoding)
    };
    for path in programs(&roots) {
        if open.documents.contains_key(&path) {
            continue;
        }
        // A file that cannot be read has no names in it that could be found.
        let Ok(text) = files::read(&path) else { continue };
        let (Some(uri), Some(folder), Some(name)) = (uri_of(&path), path.parent(), path.file_name()) else {
            continue;
        };
        if !text.contains(words) {
            continue;
        }
        let job = Job {
            uri,
            text: Text::new(text),
            version: 0,
            generation: 0,
            folder: folder.to_owned(),
            name: name.to_string_lossy().into_owned(),
            encoding,
        };
        found.push(Arc::new(Snapshot::of(job, &open, host, &mut Before::default())));
    }
    found
}

// What git ignores is none of the project's programs.
fn programs(roots: &[PathBuf]) -> Vec<PathBuf> {
    let is_program = |path: &Path| path.extension().is_some_and(|e| e == "flow");
    let mut out: Vec<PathBuf> = roots
        .iter()
        .flat_map(|root| WalkBuilder::new(root).build().flatten())
        .filter(|entry| entry.file_type().is_some_and(|t| t.is_file()) && is_program(entry.path()))
        .map(ignore::DirEntry::into_path)
        .take(MOST_FILES)
        .collect();
    out.sort();
    out.dedup();
    out
}
