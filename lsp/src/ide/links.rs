//! Document links: the files that a program names, in quotes.

use super::walk::{self, Visit};
use crate::place::{normal, uri_of};
use crate::snapshot::Snapshot;
use flow_compiler::ast::ExprKind;
use flow_compiler::ast::{ImportFrom, Item, Setting, SettingValue, StringLit};
use std::ops::Range;
use std::path::Path;
use tower_lsp_server::ls_types::Uri;

/// The links of the document: the bytes between the quotes, and the file. Looks at the disk, to link
/// to what is there.
pub(crate) fn of(snapshot: &Snapshot) -> Vec<(Range<usize>, Uri)> {
    let mut files = Files { found: Vec::new() };
    for item in snapshot.file().items() {
        match item {
            Item::Import(import) => {
                if let ImportFrom::Path(path) = &import.from {
                    files.found.push((path.span.range(), path.name.to_string()));
                }
            }
            Item::Prompt(prompt) => prompt.from.iter().for_each(|text| files.text_of(text)),
            _ => {}
        }
        walk::item(item, &mut files);
    }
    let folder = &snapshot.job.folder;
    let linked = files.found.into_iter().filter_map(|(range, name)| {
        let path = normal(&folder.join(Path::new(&name)));
        let inside = range.start + 1..range.end.saturating_sub(1);
        (inside.start < inside.end && path.is_file()).then(|| Some((inside, uri_of(&path)?)))?
    });
    linked.collect()
}

struct Files {
    found: Vec<(Range<usize>, String)>,
}

impl Files {
    fn text_of(&mut self, text: &StringLit) {
        self.found.push((text.span.range(), text.value.to_string()));
    }
}

impl Visit for Files {
    fn setting(&mut self, setting: &Setting) {
        let SettingValue::Expr(value) = &setting.value else { return };
        if let (ExprKind::Text(text), "examples" | "tokenizer" | "cases") =
            (&value.kind, setting.key.name.as_str())
        {
            self.text_of(text);
        }
    }
}
