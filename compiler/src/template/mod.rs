//! Checks one template: its syntax, every name, field, filter and type in it.
//!
//! In: a text literal and the names around it ([`Names`]). Out: a [`TemplateCheck`] and diagnostics
//! at the exact place inside the literal. The same check with the types of one call's arguments
//! gives the parts from which that call's bound is computed. Templates are rendered by the runtime,
//! with the tables of [`flow_plan::filters`] that are checked against here.

mod bindings;
mod call;
mod expr;
mod field;
mod filter;
mod kept;
mod operator;
mod presence;
mod reads;
mod statement;
mod syntax;

#[cfg(test)]
mod tests;

pub(crate) use kept::{Checks, check_again};

use crate::ast::StringLit;
use bindings::Bindings;
use ecow::EcoString;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Span};
use flow_plan::{Hole, Type};
use minijinja::machinery::{Span as Place, ast};
use std::sync::Arc;

/// The names around a template: parameters, steps, constants.
pub trait Names {
    /// The type of a name, if there is one.
    fn ty(&self, name: &str) -> Option<Type>;

    /// Whether this is the type of a name.
    fn has(&self, name: &str, ty: Option<&Type>) -> bool {
        self.ty(name).as_ref() == ty
    }

    /// Every name, for "did you mean".
    fn candidates(&self) -> Vec<EcoString>;
}

/// A part of what a template renders, in its order.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    /// Text of the template itself.
    Text(EcoString),
    /// A hole, by its index in [`TemplateCheck::holes`].
    Hole(usize),
    /// One side or the other, by a condition.
    Either(Vec<Part>, Vec<Part>),
    /// The parts once for each element of a list: so many times at most, where that is known; and where
    /// the elements themselves are known and differ, what they are for each of them.
    Repeat(Option<u64>, Vec<Part>, Vec<Vec<Part>>),
    /// A hole as it is for one element of a known list.
    Known(Box<Hole>),
}

/// A name or a field in a template, with what is known of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// Where it stands in the file.
    pub span: Span,
    /// As it is written.
    pub name: EcoString,
    /// Its type.
    pub ty: Type,
    /// What it names.
    pub what: SeenAs,
}

/// What a name in a template stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum SeenAs {
    /// A name from around the template.
    Free,
    /// A name that the template binds itself: a loop's element, a `set`.
    Bound,
    /// A field of a record, by the record's name.
    Field(Option<EcoString>),
}

/// What a template uses and renders.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TemplateCheck {
    /// The names it takes from around it, in the order of their first use.
    pub free: Vec<EcoString>,
    /// Its holes, in their order.
    pub holes: Arc<[Hole]>,
    /// The names and fields in it, in the order they were checked.
    pub seen: Vec<Seen>,
    /// What it renders.
    pub parts: Vec<Part>,
    /// What its conditions are decided by.
    pub decides: Arc<[flow_plan::Read]>,
    /// Whether it renders the same text always: it has no holes, conditions or loops.
    pub is_static: bool,
}

/// Checks a template.
pub fn check(lit: &StringLit, names: &dyn Names, diagnostics: &mut Diagnostics) -> TemplateCheck {
    let template = match syntax::parse(lit) {
        Ok(ast::Stmt::Template(template)) => template,
        // The parser's root is always a template.
        Ok(_) => return TemplateCheck::default(),
        Err(diagnostic) => {
            diagnostics.push(*diagnostic);
            return TemplateCheck::default();
        }
    };
    let mut checker = Checker {
        lit,
        names,
        diagnostics,
        bindings: Bindings::default(),
        unknown: Vec::new(),
        free: Vec::new(),
        holes: Vec::new(),
        seen: Vec::new(),
        presence: Vec::new(),
    };
    let parts = checker.statements(&template.children);
    let reads::Reads { holes: shown, decides } = reads::reads(&template.children, &checker.presence);
    // Where a hole is wrong there are fewer; then there is no plan either.
    for (hole, reads) in checker.holes.iter_mut().zip(shown) {
        hole.reads = reads;
    }
    let is_static = parts.iter().all(|p| matches!(p, Part::Text(_)));
    let (holes, decides) = (checker.holes.into(), decides.into());
    TemplateCheck { free: checker.free, holes, seen: checker.seen, parts, decides, is_static }
}

struct Checker<'a> {
    lit: &'a StringLit,
    names: &'a dyn Names,
    diagnostics: &'a mut Diagnostics,
    bindings: Bindings,
    // An unknown name is reported where it is first used.
    unknown: Vec<EcoString>,
    free: Vec<EcoString>,
    holes: Vec<Hole>,
    seen: Vec<Seen>,
    // Where a condition only asks whether something is there.
    presence: Vec<(u32, u32)>,
}

impl Checker<'_> {
    fn report(&mut self, diagnostic: FlowDiagnostic) -> Type {
        self.diagnostics.push(diagnostic);
        Type::Error
    }

    fn wrong(&self, code: Code, at: &ast::Expr<'_>, message: impl Into<String>) -> FlowDiagnostic {
        FlowDiagnostic::new(code, self.span_of(at), message)
    }

    fn unsupported(&mut self, at: Span, what: &str, help: &str) {
        let message = format!("{what} is not yet supported in a template");
        self.diagnostics.push(FlowDiagnostic::new(Code::E0002, at, message).help(help));
    }

    /// The place in the file of an expression with all that belongs to it.
    fn span_of(&self, expr: &ast::Expr<'_>) -> Span {
        let (start, end) = (syntax::start(expr, &self.lit.value), expr.span().end_offset as usize);
        self.lit.source_span(start..end.max(start))
    }

    /// The place in the file of a stretch that the parser has marked.
    fn place(&self, place: Place) -> Span {
        self.lit.source_span(place.start_offset as usize..place.end_offset as usize)
    }

    /// The place in the file of a name that a marked stretch starts with.
    fn leading_name(&self, place: Place, name: &str) -> Span {
        let start = place.start_offset as usize;
        self.lit.source_span(start..start + name.len())
    }

    /// The place in the file of a name that a marked stretch ends with.
    fn trailing_name(&self, place: Place, name: &str) -> Span {
        let end = place.end_offset as usize;
        self.lit.source_span(end.saturating_sub(name.len())..end)
    }
}
