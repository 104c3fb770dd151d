//! W0701 for declarations and imports that nothing uses.
//!
//! Only the root file is looked at, and only if it runs something: a file without flows is a library
//! for others to import.

use crate::ast::Item;
use crate::checker::Checker;
use crate::resolve::{DeclId, Target};
use flow_diagnostics::{Code, FlowDiagnostic};

pub(super) fn check(checker: &mut Checker<'_>) {
    let Some(root) = checker.program.files.first() else { return };
    let runs = |item: &Item| matches!(item, Item::Flow(_) | Item::Batch(_) | Item::Eval(_) | Item::Test(_));
    if !root.ast.items().any(runs) {
        return;
    }
    for (item, it) in root.ast.items().enumerate() {
        let (Some(name), false) = (it.name(), runs(it)) else { continue };
        if !checker.used.contains(&DeclId { file: 0, item }) {
            let message = format!("the {} `{}` is never used", it.keyword(), name.name);
            checker
                .report(FlowDiagnostic::new(Code::W0701, name.span, message).help("use it, or take it out"));
        }
    }
    for (name, symbol) in &root.scope {
        let unused = symbol.imported && !checker.used_imports.contains(&symbol.span);
        if unused && !matches!(symbol.target, Target::Poison) {
            checker.report(
                FlowDiagnostic::new(Code::W0701, symbol.span, format!("the import `{name}` is never used"))
                    .help("use it, or take it out"),
            );
        }
    }
}
