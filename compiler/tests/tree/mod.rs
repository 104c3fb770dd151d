//! Syntax trees without their places, to compare.

use flow_diagnostics::{Diagnostics, FileId};

/// The tree of a text, and how many mistakes the text has.
pub(crate) fn of(text: &str) -> (String, usize) {
    let mut diagnostics = Diagnostics::default();
    let file = flow_compiler::parse_file(text, FileId(0), &mut diagnostics);
    (without_places(&format!("{file:?}")), diagnostics.len())
}

// Places are printed as `12..34`, and a text's pieces as `pieces: [(0, 12), …]`.
fn without_places(tree: &str) -> String {
    let mut out = String::new();
    for (i, part) in tree.split("pieces: [").enumerate() {
        let rest = if i == 0 { part } else { part.split_once(']').map_or(part, |(_, rest)| rest) };
        for word in rest.split_inclusive(|c: char| !c.is_ascii_digit() && c != '.') {
            let is_place = word.contains("..") && !word.starts_with('.');
            out.push_str(if is_place { "_" } else { word });
        }
    }
    out
}
