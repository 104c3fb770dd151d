//! E0303: what comes in from outside has a bound.
//!
//! Inputs of flows, what lookups find, and the lists and maps that models make are the edges of the
//! world. Texts of a model's answer are bounded by its output cap.

use crate::ast::{Item, Param, TypeBody, TypeExpr, TypeExprKind};
use crate::decl::is_sized;
use crate::resolve::{Program, Target};
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Span};
use rustc_hash::FxHashSet;

pub(super) fn check(program: &Program, out: &mut Diagnostics) {
    let mut edges = Edges { program, out, seen: FxHashSet::default() };
    for (id, item) in program.decls() {
        match item {
            Item::Flow(flow) => {
                for param in &flow.params {
                    let what = || format!("`{}` comes in from outside here", param.name.name);
                    let edge = Edge { at: param.name.span, what: &what, texts: true };
                    // What is assumed of it is its bound.
                    match is_sized(flow, &param.name.name) {
                        true => edges.inside(id.file, &param.ty, &edge),
                        false => edges.param(id.file, param, &edge),
                    }
                }
            }
            Item::Lookup(lookup) => {
                if let Some(output) = &lookup.output {
                    let what = || format!("`{}` finds it", lookup.name.name);
                    edges.ty(id.file, output, &Edge { at: lookup.name.span, what: &what, texts: true });
                }
            }
            Item::Prompt(prompt) => {
                if let Some(output) = &prompt.output {
                    let what = || format!("a model answers `{}` with it", prompt.name.name);
                    edges.ty(id.file, output, &Edge { at: prompt.name.span, what: &what, texts: false });
                }
            }
            _ => {}
        }
    }
}

struct Edges<'a> {
    program: &'a Program,
    out: &'a mut Diagnostics,
    // What was reported or is being looked at.
    seen: FxHashSet<Span>,
}

struct Edge<'a> {
    at: Span,
    // What comes in there, in words.
    what: &'a dyn Fn() -> String,
    // Whether texts need a bound.
    texts: bool,
}

impl Edges<'_> {
    fn param(&mut self, file: usize, param: &Param, edge: &Edge<'_>) {
        self.ty(file, &param.ty, edge);
    }

    fn ty(&mut self, file: usize, ty: &TypeExpr, edge: &Edge<'_>) {
        match &ty.kind {
            TypeExprKind::Named(name) => match name.name.as_str() {
                "text" if edge.texts => self.open(ty, edge, "text", " <= 300 tokens"),
                "json" if edge.texts => self.open(ty, edge, "json", " <= 1000 tokens"),
                name => self.named(file, name, edge),
            },
            TypeExprKind::List(item) => {
                self.open(ty, edge, "list", " <= 20");
                self.ty(file, item, edge);
            }
            TypeExprKind::Map(item) => {
                self.open(ty, edge, "map", " <= 20");
                self.ty(file, item, edge);
            }
            TypeExprKind::Bounded { inner, .. } => self.inside(file, inner, edge),
            TypeExprKind::Optional(inner) => match &inner.kind {
                // The bound stands behind the question mark.
                TypeExprKind::Named(name) if edge.texts && name.name == "text" => {
                    self.open(ty, edge, "text", " <= 300 tokens");
                }
                TypeExprKind::List(_) | TypeExprKind::Map(_) => {
                    self.open(ty, edge, "list", " <= 20");
                    self.inside(file, inner, edge);
                }
                _ => self.ty(file, inner, edge),
            },
            TypeExprKind::Labelled { inner, .. } => self.ty(file, inner, edge),
            TypeExprKind::Range { .. } | TypeExprKind::Error => {}
        }
    }

    // What is bounded itself; what is inside it may not be.
    fn inside(&mut self, file: usize, ty: &TypeExpr, edge: &Edge<'_>) {
        match &ty.kind {
            TypeExprKind::List(item) | TypeExprKind::Map(item) => self.ty(file, item, edge),
            TypeExprKind::Optional(inner) | TypeExprKind::Labelled { inner, .. } => {
                self.inside(file, inner, edge);
            }
            TypeExprKind::Named(name) if name.name != "text" && name.name != "json" => {
                self.named(file, &name.name, edge);
            }
            _ => {}
        }
    }

    fn named(&mut self, file: usize, name: &str, edge: &Edge<'_>) {
        let Some(symbol) = self.program.files[file].scope.get(name) else { return };
        let Target::Decl(id) = symbol.target else { return };
        let Item::Type(decl) = self.program.item(id) else { return };
        // A type is looked at once for each kind of edge.
        let key = Span { end: decl.name.span.start + u32::from(edge.texts), ..decl.name.span };
        if !self.seen.insert(key) {
            return;
        }
        match &decl.body {
            TypeBody::Record(fields) => fields.iter().for_each(|f| self.param(id.file, f, edge)),
            TypeBody::Alias(alias) => self.ty(id.file, alias, edge),
        }
    }

    fn open(&mut self, ty: &TypeExpr, edge: &Edge<'_>, kind: &str, bound: &str) {
        if !self.seen.insert(ty.span) {
            return;
        }
        self.out.push(
            FlowDiagnostic::new(Code::E0303, ty.span, format!("this {kind} has no bound"))
                .label(edge.at, (edge.what)())
                .help("say how much it may be at most: what prompts hold and cost is worked out from it")
                .fix(format!("bound it with `{}`", bound.trim_start()), ty.span.after(), bound),
        );
    }
}
