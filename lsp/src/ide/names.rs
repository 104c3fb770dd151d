//! Names: what the one under the cursor stands for, and where else it stands.
//!
//! In: a program and a place. Out: a [`Named`] with the place of its declaration, and every
//! [`occurrences`] of it in the program, in templates as well.

use super::walk::{self, Visit};
use crate::snapshot::Snapshot;
use flow_compiler::ast::{Arg, Expr, ExprKind, Item, Param, Setting, SettingValue, StringLit, TypeBody};
use flow_diagnostics::{FileId, Span};
use std::ops::Range;

/// A name at a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    /// Where it stands.
    pub(crate) at: Span,
    /// Where it is declared: the name alone.
    pub(crate) declared: Span,
}

/// The bytes of the word at an offset; empty where there is none.
pub(crate) fn word_at(text: &str, offset: usize) -> Range<usize> {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let bytes = text.as_bytes();
    let offset = offset.min(bytes.len());
    let start = bytes[..offset].iter().rposition(|b| !is_word(b)).map_or(0, |i| i + 1);
    let end = bytes[offset..].iter().position(|b| !is_word(b)).map_or(bytes.len(), |i| offset + i);
    start..end
}

/// What the name at an offset of the document stands for.
pub(crate) fn at(snapshot: &Snapshot, offset: usize) -> Option<Named> {
    let word = word_at(snapshot.text(), offset);
    if word.is_empty() {
        return None;
    }
    let at = Span::new(FileId::default(), word.start, word.end);
    let declared = declared(snapshot, at)?;
    Some(Named { at, declared })
}

fn declared(snapshot: &Snapshot, at: Span) -> Option<Span> {
    let hir = snapshot.hir();
    if let Some((_, declared)) = hir.uses.iter().chain(&hir.imports).find(|(used, _)| *used == at) {
        return Some(*declared);
    }
    if hir.decls.iter().any(|d| d.span == at) {
        return Some(at);
    }
    if let Some(field) = hir.fields.iter().find(|f| f.span == at) {
        return field_of(snapshot, field.record.as_deref()?, &field.name);
    }
    if let Some(declared) = bound_in_template(snapshot, at) {
        return Some(declared);
    }
    let mut seen = Declares { at, found: false };
    snapshot.item_at(at.start as usize).iter().for_each(|item| walk::item(item, &mut seen));
    if seen.found || hir.typed.iter().any(|t| t.span == at && !t.name.is_empty()) {
        return Some(at);
    }
    let mut args = NamedArgs { snapshot, found: Vec::new() };
    snapshot.item_at(at.start as usize).iter().for_each(|item| walk::item(item, &mut args));
    args.found.iter().find(|(arg, _)| *arg == at).map(|(_, declared)| *declared)
}

/// The declaration of a record's field, in whichever file it is.
pub(crate) fn field_of(snapshot: &Snapshot, record: &str, field: &str) -> Option<Span> {
    let files = snapshot.found.outcome.files.iter();
    files.flat_map(|file| file.items()).find_map(|item| match item {
        Item::Type(d) if d.name.name == record => match &d.body {
            TypeBody::Record(fields) => fields.iter().find(|f| f.name.name == field).map(|f| f.name.span),
            TypeBody::Alias(_) => None,
        },
        _ => None,
    })
}

/// The declaration whose name stands at a span.
pub(crate) fn item_of(snapshot: &Snapshot, name: Span) -> Option<&Item> {
    let file = snapshot.found.outcome.files.get(name.file.0 as usize)?;
    file.items().find(|item| item.name().is_some_and(|n| n.span == name))
}

/// Every place of the program where a declared name stands: its declaration first.
pub(crate) fn occurrences(snapshot: &Snapshot, declared: Span) -> Vec<Span> {
    let hir = snapshot.hir();
    let mut found = vec![declared];
    let uses = hir.uses.iter().chain(&hir.imports);
    found.extend(uses.filter(|(_, d)| *d == declared).map(|(at, _)| *at));
    let name = snapshot.source(declared);
    let fields = hir.fields.iter().filter(|f| f.name == name);
    found.extend(fields.filter_map(|f| {
        let here = field_of(snapshot, f.record.as_deref()?, &f.name)?;
        (here == declared).then_some(f.span)
    }));
    let bound = hir.typed.iter().filter(|t| t.name == name && t.span.file == declared.file);
    found.extend(bound.filter(|t| bound_in_template(snapshot, t.span) == Some(declared)).map(|t| t.span));
    for file in &snapshot.found.outcome.files {
        let mut args = NamedArgs { snapshot, found: Vec::new() };
        walk::file(file, &mut args);
        found.extend(args.found.into_iter().filter(|(_, d)| *d == declared).map(|(at, _)| at));
        for item in file.items().filter(|item| item.span().file == declared.file) {
            if item.span().contains(declared.start as usize) && matches!(item, Item::Flow(_)) {
                let mut assumed = Assumed { name, found: Vec::new() };
                walk::item(item, &mut assumed);
                found.extend(assumed.found);
            }
        }
    }
    // A use through another name is no place where this name stands.
    found.retain(|span| snapshot.source(*span) == name);
    found.sort_by_key(|span| (*span != declared, span.file, span.start));
    found.dedup();
    found
}

/// The text of the document that a byte lies in, quotes included.
pub(crate) fn text_at(snapshot: &Snapshot, offset: usize) -> Option<StringLit> {
    struct Around {
        offset: usize,
        found: Option<StringLit>,
    }
    impl Visit for Around {
        fn text(&mut self, text: &StringLit) {
            if text.span.contains(self.offset) {
                self.found = Some(text.clone());
            }
        }
    }
    let mut around = Around { offset, found: None };
    walk::item(snapshot.item_at(offset)?, &mut around);
    around.found
}

// A name that a template binds itself stands for the `for` or `set` before it.
fn bound_in_template(snapshot: &Snapshot, at: Span) -> Option<Span> {
    if !snapshot.is_here(at) {
        return None;
    }
    let literal = text_at(snapshot, at.start as usize)?;
    let name = snapshot.source(at);
    let text = snapshot.text();
    let binds = |span: &Span| {
        let before = text[..span.start as usize].trim_end_matches([' ', '-', '+']);
        before.ends_with("for")
            || before.ends_with("set")
            || before.ends_with(',')
            || before.ends_with("with")
    };
    let named = snapshot.hir().typed.iter().filter(|t| t.name == name && snapshot.is_here(t.span));
    let inside = named.map(|t| t.span).filter(|s| literal.span.contains(s.start as usize));
    inside.filter(|s| s.start <= at.start && binds(s)).max_by_key(|s| s.start)
}

// Whether a parameter, a field or a variant is declared at a place.
struct Declares {
    at: Span,
    found: bool,
}

impl Visit for Declares {
    fn param(&mut self, param: &Param) {
        self.found |= param.name.span == self.at;
    }
}

// The names of arguments, each with the parameter it means.
struct NamedArgs<'s> {
    snapshot: &'s Snapshot,
    found: Vec<(Span, Span)>,
}

impl Visit for NamedArgs<'_> {
    fn expr(&mut self, expr: &Expr) {
        let ExprKind::Call(callee, args) = &expr.kind else { return };
        if args.iter().all(|arg| arg.name.is_none()) {
            return;
        }
        let uses = &self.snapshot.hir().uses;
        let Some((_, declared)) = uses.iter().find(|(at, _)| *at == callee.span) else { return };
        let Some(item) = item_of(self.snapshot, *declared) else { return };
        let params = params(item);
        let meant = |arg: &Arg| {
            let name = arg.name.as_ref()?;
            let param = params.iter().find(|p| p.name.name == name.name)?;
            Some((name.span, param.name.span))
        };
        self.found.extend(args.iter().filter_map(meant));
    }
}

/// What a declaration takes.
pub(crate) fn params(item: &Item) -> &[Param] {
    match item {
        Item::Prompt(d) => &d.params,
        Item::Lookup(d) | Item::Guard(d) | Item::Action(d) => &d.params,
        Item::Flow(d) => &d.params,
        _ => &[],
    }
}

// What `assume:` lines say of a step.
struct Assumed<'n> {
    name: &'n str,
    found: Vec<Span>,
}

impl Visit for Assumed<'_> {
    fn setting(&mut self, setting: &Setting) {
        let SettingValue::Words { head: Some(head), .. } = &setting.value else { return };
        if let (ExprKind::Name(name), "assume") = (&head.kind, setting.key.name.as_str())
            && name == self.name
        {
            self.found.push(head.span);
        }
    }
}
