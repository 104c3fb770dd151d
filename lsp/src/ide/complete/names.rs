//! The names that are known at the cursor: declarations, what the body binds, fields of values.

use super::place::Place;
use super::{Around, Candidate, Kind, escaped, function, word};
use crate::ide::names::params;
use crate::ide::walk::{self, Visit};
use crate::snapshot::Snapshot;
use crate::words;
use flow_compiler::ast::{Item, StringLit};
use flow_diagnostics::Span;
use flow_plan::{CapabilityKind, Type, functions};

/// Where names are looked for.
pub(crate) struct Names<'a> {
    pub(crate) around: &'a Around<'a>,
    pub(crate) place: &'a Place<'a>,
}

impl Names<'_> {
    /// What a body binds: parameters and steps, with their types.
    pub(crate) fn locals(&self) -> Vec<(String, Type)> {
        let mut out: Vec<(String, Type)> = Vec::new();
        // The newest knows what there is, the last good one what it is.
        for known in [self.around.newest, self.around.good] {
            let Some(item) = self.item(known) else { continue };
            let typed = known.hir().typed.iter();
            // What a template binds itself is known in the template alone.
            let mut texts = Texts::default();
            walk::item(item, &mut texts);
            let inside = |at: Span| {
                let in_text = texts.0.iter().any(|text| text.contains(at.start as usize));
                known.is_here(at) && item.span().contains(at.start as usize) && !in_text
            };
            let typed = typed.filter(|t| !t.name.is_empty() && inside(t.span));
            let declared = params(item).iter().map(|p| (p.name.name.to_string(), Type::Error));
            for (name, ty) in typed.map(|t| (t.name.to_string(), t.ty.clone())).chain(declared) {
                match out.iter_mut().find(|(n, _)| *n == name) {
                    Some((_, known)) if *known == Type::Error => *known = ty,
                    Some(_) => {}
                    None => out.push((name, ty)),
                }
            }
        }
        out
    }

    fn item<'s>(&self, known: &'s Snapshot) -> Option<&'s Item> {
        known.file().items().find(|item| match item {
            Item::Test(test) => self.place.keyword == "test" && test.name.value == self.place.name,
            item => {
                item.keyword() == self.place.keyword && item.name().is_some_and(|n| n.name == self.place.name)
            }
        })
    }

    /// Declarations of these kinds; callable ones with their brackets.
    pub(crate) fn declared(&self, kinds: &[&str], called: bool) -> Vec<Candidate> {
        let mut out: Vec<Candidate> = Vec::new();
        for known in [self.around.newest, self.around.good] {
            let here = known.hir().decls.iter().filter(|d| {
                let imported = || known.hir().imports.iter().any(|(_, declared)| *declared == d.span);
                known.is_here(d.span) || imported()
            });
            for decl in here.filter(|d| kinds.contains(&d.kind)) {
                if out.iter().any(|c| c.label == decl.name.as_str()) {
                    continue;
                }
                let kind = match decl.kind {
                    "model" => Kind::Model,
                    "type" | "enum" => Kind::Type,
                    "const" => Kind::Variable,
                    "guard" => Kind::Guard,
                    _ => Kind::Function,
                };
                let insert = if called && decl.kind != "const" {
                    format!("{}($1)", decl.name)
                } else {
                    decl.name.to_string()
                };
                let detail = format!("{} {}", decl.kind, decl.signature().trim_start());
                out.push(Candidate { kind, detail, ..word(&decl.name, &insert, &decl.doc) });
            }
        }
        out
    }

    /// Types: the language's and the program's.
    pub(crate) fn types(&self) -> Vec<Candidate> {
        let mut out: Vec<Candidate> = words::TYPES
            .iter()
            .map(|(name, doc)| Candidate { kind: Kind::Type, ..word(name, name, doc) })
            .collect();
        out.extend(self.declared(&["type", "enum"], false));
        let labels = ["private", "untrusted", "trusted"];
        out.extend(labels.map(|l| word(l, &format!("{l} "), "What is said of the value's origin.")));
        out
    }

    /// What an expression may begin with.
    pub(crate) fn values(&self) -> Vec<Candidate> {
        let locals = self.locals().into_iter().map(|(name, ty)| Candidate {
            kind: Kind::Variable,
            detail: ty.to_string(),
            ..word(&name, &name, "")
        });
        let mut out: Vec<Candidate> = locals.collect();
        match self.place.keyword {
            "flow" | "batch" => {
                out.extend(self.declared(&["prompt", "lookup", "guard", "action", "flow"], true));
                out.extend(self.guards());
            }
            "guard" | "test" | "eval" => out.extend(self.declared(&["prompt", "flow", "guard"], true)),
            _ => {}
        }
        out.extend(self.declared(&["const"], false));
        out.extend(self.declared(&["type", "enum"], false));
        out.extend(functions::all().iter().map(|f| function(f)));
        out
    }

    // The guards of `std.guards`, each with the import that is missing.
    fn guards(&self) -> Vec<Candidate> {
        let mut specs = self.around.host.capabilities();
        specs.retain(|s| s.kind == CapabilityKind::Guard && s.supported);
        let one = |s: &&flow_plan::CapabilitySpec| {
            let imported = super::super::hover::imported_guard(self.around.newest.file(), s.name).is_some();
            Candidate {
                kind: Kind::Guard,
                detail: super::super::hover::signature(s),
                import: (!imported).then(|| import(self.around.text, s.name)),
                ..word(s.name, &format!("{}($1)", s.name), s.doc)
            }
        };
        specs.iter().map(one).collect()
    }

    /// The names of the parameters of the call around the cursor.
    pub(crate) fn arguments(&self) -> Vec<Candidate> {
        let Some(bracket) = self.place.brackets.last().filter(|b| b.open == '(') else { return Vec::new() };
        let called = bracket.before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next();
        let Some(called) = called.filter(|c| !c.is_empty()) else { return Vec::new() };
        let items = self.around.newest.found.outcome.files.iter().flat_map(|f| f.items());
        let mut named = items.filter(|i| i.name().is_some_and(|n| n.name == called));
        let Some(item) = named.next() else { return Vec::new() };
        let one = |p: &flow_compiler::ast::Param| Candidate {
            kind: Kind::Field,
            detail: self.around.newest.source(p.ty.span).to_owned(),
            ..word(&format!("{}:", p.name.name), &format!("{}: ", p.name.name), &p.doc)
        };
        params(item).iter().map(one).collect()
    }

    /// The fields that a record literal around the cursor may have.
    pub(crate) fn keys(&self) -> Vec<Candidate> {
        let Some(bracket) = self.place.brackets.last() else { return Vec::new() };
        let name = bracket.before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next();
        let files = self.around.newest.found.outcome.files.iter();
        let found = files.flat_map(|f| f.items()).find_map(|item| match item {
            Item::Type(d) if Some(d.name.name.as_str()) == name => match &d.body {
                flow_compiler::ast::TypeBody::Record(fields) => Some(fields),
                flow_compiler::ast::TypeBody::Alias(_) => None,
            },
            _ => None,
        });
        let one = |f: &flow_compiler::ast::Param| Candidate {
            kind: Kind::Field,
            detail: self.around.newest.source(f.ty.span).to_owned(),
            ..word(&f.name.name, &format!("{}: ", f.name.name), &f.doc)
        };
        found.into_iter().flatten().map(one).collect()
    }

    /// What may stand behind a dot: fields, or an enum's variants.
    pub(crate) fn behind_dot(&self, before: &str) -> Vec<Candidate> {
        if before.ends_with("std") && self.place.line.trim_start().starts_with("import ") {
            let modules = std::iter::once("guards").chain(flow_stdlib::modules());
            return modules.map(|m| word(m, m, "")).collect();
        }
        let path = trailing_path(before);
        if let Some(variants) = self.variants(path) {
            return variants;
        }
        self.type_of(path, &self.locals()).map(|ty| fields(&ty)).unwrap_or_default()
    }

    /// The type of `a.b.c`, by these names.
    pub(crate) fn type_of(&self, path: &str, locals: &[(String, Type)]) -> Option<Type> {
        let mut parts = path.split('.');
        let first = parts.next()?;
        let (first, indexed) = first.split_once('[').map_or((first, false), |(name, _)| (name, true));
        let mut ty = locals.iter().rev().find(|(name, _)| name == first).map(|(_, ty)| ty.clone())?;
        if indexed && let Type::List(item, _) = ty.present() {
            ty = (**item).clone();
        }
        for part in parts {
            let Type::Record(record) = ty.present() else { return None };
            ty = record.field(part)?.ty.clone();
        }
        Some(ty)
    }

    fn variants(&self, name: &str) -> Option<Vec<Candidate>> {
        let files = self.around.newest.found.outcome.files.iter();
        let found = files.flat_map(|f| f.items()).find_map(|item| match item {
            Item::Enum(d) if d.name.name == name => Some(&d.variants),
            _ => None,
        })?;
        let one = |(v, doc): &(flow_compiler::ast::Ident, ecow::EcoString)| Candidate {
            kind: Kind::Variant,
            ..word(&v.name, &escaped(&v.name), doc)
        };
        Some(found.iter().map(one).collect())
    }
}

#[derive(Default)]
struct Texts(Vec<Span>);

impl Visit for Texts {
    fn text(&mut self, text: &StringLit) {
        self.0.push(text.span);
    }
}

/// `a.b[0].c` at the end of a text.
pub(crate) fn trailing_path(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']');
    let start =
        text.char_indices().rev().take_while(|(_, c)| is_part(*c)).last().map_or(text.len(), |(i, _)| i);
    text[start..].trim_start_matches(['[', '.'])
}

/// The fields of a type as candidates.
pub(crate) fn fields(ty: &Type) -> Vec<Candidate> {
    let Type::Record(record) = ty.present() else { return Vec::new() };
    let one = |f: &flow_plan::Field| Candidate {
        kind: Kind::Field,
        detail: f.ty.to_string(),
        ..word(&f.name, &f.name, &f.doc)
    };
    record.fields.iter().map(one).collect()
}

// Where an import of a guard goes, and what it is: into the one that there is, or a new one.
pub(crate) fn import(text: &str, name: &str) -> (usize, String) {
    let mut at = 0;
    let mut behind_docs = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("import ") && line.trim_end().ends_with("from std.guards") {
            let from = line.rfind(" from std.guards").unwrap_or(line.len());
            return (at + from, format!(", {name}"));
        }
        at += line.len();
        if line.starts_with("//!") || (line.trim().is_empty() && behind_docs + line.len() == at) {
            behind_docs = at;
        }
    }
    (behind_docs, format!("import {name} from std.guards\n\n"))
}
