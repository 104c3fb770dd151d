//! What the checker knows of a program beyond its plan: declarations, uses, the type at each place.
//!
//! The editor's hover, definition and rename read it; `flowc dump hir` prints it. It is there even
//! where the program has errors.

use crate::types::Signature;
use ecow::EcoString;
use flow_diagnostics::{Sources, Span};
use flow_plan::{Labels, Type, Value};
use std::fmt::Write;
use std::sync::Arc;

/// Declarations, uses and typed places, in the order they were checked.
#[derive(Clone, Debug, Default)]
pub struct Hir {
    /// Every declaration.
    pub decls: Vec<Decl>,
    /// Every use of a declared name: where it stands, and where it is declared.
    pub uses: Vec<(Span, Span)>,
    /// Every place with a type: steps, parameters, expressions.
    pub typed: Vec<Typed>,
    /// Every field of a record that is named in an expression, a template or a literal.
    pub fields: Vec<FieldUse>,
    /// Every imported name: where the import writes it, and where it is declared.
    pub imports: Vec<(Span, Span)>,
}

/// A field where it is named.
#[derive(Clone, Debug)]
pub struct FieldUse {
    /// Where.
    pub span: Span,
    /// The name of the record's type, if it has one.
    pub record: Option<EcoString>,
    /// The field.
    pub name: EcoString,
    /// Its type.
    pub ty: Type,
}

/// A declaration.
#[derive(Clone, Debug)]
pub struct Decl {
    /// Its keyword: `prompt`.
    pub kind: &'static str,
    /// Its name.
    pub name: EcoString,
    /// The text above it.
    pub doc: EcoString,
    /// Where its name stands.
    pub span: Span,
    pub(crate) head: Head,
}

/// What stands behind a declaration's name.
#[derive(Clone, Debug)]
pub(crate) enum Head {
    Nothing,
    Const(Type, Value),
    Model(EcoString),
    Call(Arc<Signature>),
}

impl Decl {
    /// What it takes and gives: `(question: text) -> Answer`; what a constant or a model is. Nothing for
    /// types.
    pub fn signature(&self) -> String {
        match &self.head {
            Head::Nothing => String::new(),
            Head::Const(ty, value) => format!(": {ty} = {value}"),
            Head::Model(id) => format!(" = \"{id}\""),
            Head::Call(signature) => signature.to_string(),
        }
    }
}

/// A place with a type.
#[derive(Clone, Debug)]
pub struct Typed {
    /// Where.
    pub span: Span,
    /// The step's or parameter's name; empty for other expressions.
    pub name: EcoString,
    /// Its type.
    pub ty: Type,
    /// Its labels.
    pub labels: Labels,
}

impl Hir {
    /// As stable text: declarations with their signatures, then the named places with their types.
    pub fn dump(&self, sources: &Sources) -> String {
        let mut out = String::new();
        for decl in &self.decls {
            let line = sources.range(decl.span).0.line;
            let _ = writeln!(out, "{line}: {} {}{}", decl.kind, decl.name, decl.signature());
        }
        for typed in self.typed.iter().filter(|t| !t.name.is_empty()) {
            let line = sources.range(typed.span).0.line;
            let _ = writeln!(out, "{line}: {}: {}{}", typed.name, typed.ty, labels(typed.labels));
        }
        out
    }
}

fn labels(labels: Labels) -> String {
    let mut out = String::new();
    if labels.integrity == flow_plan::Integrity::Untrusted {
        out.push_str(" untrusted");
    }
    if labels.private {
        out.push_str(" private");
    }
    if labels.secret {
        out.push_str(" secret");
    }
    out
}
