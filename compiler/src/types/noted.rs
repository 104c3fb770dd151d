//! What the checker notes for the editor: the names and fields at their places.
//!
//! In: what was found while a template, a field or an import was checked. Out: entries of the
//! [`crate::hir::Hir`]. Nothing here changes what is checked.

use super::Scopes;
use crate::ast::{Ident, Item};
use crate::checker::Checker;
use crate::hir::{FieldUse, Typed};
use crate::resolve::Target;
use crate::template::{Seen, SeenAs};
use ecow::EcoString;
use flow_plan::{Labels, Type};

impl Checker<'_> {
    /// Notes the names and fields of a template.
    pub(crate) fn note_template(&mut self, scopes: &Scopes, seen: &[Seen]) {
        for Seen { span, name, ty, what } in seen {
            let (span, name, ty) = (*span, name.clone(), ty.clone());
            match what {
                SeenAs::Field(record) => {
                    self.hir.fields.push(FieldUse { span, record: record.clone(), name, ty });
                }
                SeenAs::Bound => {
                    self.hir.typed.push(Typed { span, name, ty, labels: Labels::default() });
                }
                SeenAs::Free => {
                    if let Some(binding) = scopes.get(&name) {
                        self.hir.uses.push((span, binding.span));
                    } else {
                        self.global(scopes.file, &name, span);
                    }
                }
            }
        }
    }

    /// Notes a field of a record where it is named.
    pub(crate) fn note_field(&mut self, name: &Ident, record: Option<EcoString>, ty: &Type) {
        self.hir.fields.push(FieldUse { span: name.span, record, name: name.name.clone(), ty: ty.clone() });
    }

    /// Notes where each imported name is declared.
    pub(crate) fn note_imports(&mut self) {
        let program = self.program;
        for file in &program.files {
            for item in file.ast.items() {
                let Item::Import(import) = item else { continue };
                for wanted in &import.names {
                    let here = wanted.alias.as_ref().unwrap_or(&wanted.name);
                    let symbol = file.scope.get(&here.name).filter(|s| s.span == here.span);
                    let Some(Target::Decl(id)) = symbol.map(|s| s.target) else { continue };
                    if let Some(declared) = program.item(id).name() {
                        self.hir.imports.push((wanted.name.span, declared.span));
                    }
                }
            }
        }
    }
}
