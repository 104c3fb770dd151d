//! Reads the suite.

use crate::types;
use flow_plan::Type;
use serde_json::Value as Json;
use std::path::Path;

/// A reply and what it is.
pub(crate) struct Case {
    /// The file and the case's own name.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) reply: String,
    /// `None` where it must be refused.
    pub(crate) wanted: Option<Json>,
}

/// Every case of every file.
pub(crate) fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/output/cases");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let types = types::declared();
    let mut cases = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        for block in text.split("### ").skip(1) {
            let (head, body) = block.split_once('\n').unwrap();
            let (name, ty) = head.rsplit_once(" | ").unwrap_or_else(|| panic!("{file}: {head}"));
            let (reply, wanted) = body.rsplit_once("\n=> ").unwrap_or_else(|| panic!("{file}: {head}"));
            let wanted = match wanted.trim() {
                "refused" => None,
                json => Some(serde_json::from_str(json).unwrap_or_else(|e| panic!("{file}: {head}: {e}"))),
            };
            let name = format!("{file}: {name}");
            let ty = types::named(&types, ty.trim());
            cases.push(Case { name, ty, reply: reply.to_owned(), wanted });
        }
    }
    cases
}
