//! What was found in one or several programs: each file and each finding once, under the names
//! that people can open from where they are.

use crate::exit::{Exit, Failure};
use crate::paths;
use flow_diagnostics::{Diagnostics, FileId, FlowDiagnostic, Sources, Span};
use std::collections::BTreeMap;
use std::path::Path;

/// Findings with their files.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The files, named relative to the working directory.
    pub(crate) sources: Sources,
    /// The findings.
    pub(crate) diagnostics: Diagnostics,
    ids: BTreeMap<String, FileId>,
}

impl Report {
    /// Takes in what was found in a program in the folder `root`.
    pub(crate) fn add(&mut self, root: &Path, sources: &Sources, diagnostics: &Diagnostics) {
        self.add_as(&|name| shown(root, name), sources, diagnostics);
    }

    /// The same with other names for the files.
    pub(crate) fn add_as(
        &mut self,
        named: &dyn Fn(&str) -> String,
        sources: &Sources,
        diagnostics: &Diagnostics,
    ) {
        let ids: Vec<FileId> =
            sources.iter().map(|(_, file)| self.file(named(file.name()), file.text())).collect();
        for diagnostic in diagnostics.iter() {
            let moved = moved(diagnostic.clone(), &ids);
            // A module that several programs import is reported once.
            if !self.diagnostics.iter().any(|d| *d == moved) {
                self.diagnostics.push(moved);
            }
        }
    }

    /// The findings as the reason why a command could not do its work.
    pub(crate) fn into_failure(self, exit: Exit) -> Failure {
        Failure::Diagnostics { exit, diagnostics: self.diagnostics, sources: self.sources }
    }

    fn file(&mut self, name: String, text: &std::sync::Arc<str>) -> FileId {
        let sources = &mut self.sources;
        *self.ids.entry(name.clone()).or_insert_with(|| sources.add(name, text.clone()))
    }
}

// Modules that are embedded have no file; their name stands as it is.
fn shown(root: &Path, name: &str) -> String {
    let path = root.join(name);
    if path.exists() { paths::shown(&path) } else { name.to_owned() }
}

fn moved(mut diagnostic: FlowDiagnostic, ids: &[FileId]) -> FlowDiagnostic {
    let to = |span: &mut Span| span.file = ids.get(span.file.0 as usize).copied().unwrap_or(span.file);
    diagnostic.labels.iter_mut().for_each(|l| to(&mut l.span));
    diagnostic.fixes.iter_mut().flat_map(|f| &mut f.edits).for_each(|e| to(&mut e.span));
    diagnostic
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_diagnostics::Code;

    #[test]
    fn a_shared_module_is_reported_once_and_places_move_along() {
        let mut report = Report::default();
        for program in ["a.flow", "b.flow"] {
            let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
            let own = sources.add(program, "x");
            let shared = sources.add("shared.flow", "yy");
            diagnostics.push(FlowDiagnostic::new(Code::E0101, Span::new(own, 0, 1), "own"));
            diagnostics.push(FlowDiagnostic::new(Code::E0101, Span::new(shared, 0, 2), "shared"));
            report.add(Path::new("."), &sources, &diagnostics);
        }
        let places: Vec<(&str, &str)> = report
            .diagnostics
            .iter()
            .map(|d| (report.sources.file(d.span().file).name(), d.message.as_str()))
            .collect();
        assert_eq!(places, [("a.flow", "own"), ("shared.flow", "shared"), ("b.flow", "own")]);
    }
}
