//! Checks of templates that are kept from one analysis to the next.
//!
//! A check is taken again where the literal is the same but for where it stands, and every name that was
//! asked for has the type that it had. One in which something was wrong is made anew.

use super::{Hole, Names, Part, Seen, TemplateCheck, check};
use crate::ast::StringLit;
use crate::kept::{Kept, Slot, is_exact_type};
use ecow::EcoString;
use flow_diagnostics::{Diagnostics, Span};
use flow_plan::Type;
use std::cell::RefCell;
use std::sync::Arc;

/// The checks of a program's templates.
pub(crate) type Checks = Kept<CheckedFrom, Arc<TemplateCheck>>;

/// What a check was made from.
#[derive(Debug)]
pub(crate) struct CheckedFrom {
    lit: StringLit,
    asked: Vec<(EcoString, Option<Type>)>,
}

/// Checks a template, unless that is known.
pub(crate) fn check_again(
    (checks, slot): (&Checks, Slot),
    lit: &StringLit,
    names: &dyn Names,
    diagnostics: &mut Diagnostics,
) -> Arc<TemplateCheck> {
    let known = checks.get(&slot, |from, known| {
        let is_same = from.is_of(lit) && from.asked.iter().all(|(name, ty)| names.has(name, ty.as_ref()));
        if is_same && from.lit.span != lit.span {
            *known = Arc::new(moved(known, from.lit.span, lit.span));
            from.lit = lit.clone();
        }
        is_same
    });
    if let Some(known) = known {
        return known;
    }
    let asking = Asking { names, asked: RefCell::default() };
    let mut found = Diagnostics::default();
    let made = Arc::new(check(lit, &asking, &mut found));
    let asked = asking.asked.into_inner();
    if found.is_empty() && asked.iter().all(|(_, ty)| ty.as_ref().is_none_or(is_exact_type)) {
        checks.put(slot, CheckedFrom { lit: lit.clone(), asked }, made.clone());
    }
    diagnostics.append(found);
    made
}

impl CheckedFrom {
    // Whether it is the same literal, wherever it stands.
    fn is_of(&self, lit: &StringLit) -> bool {
        let length = |span: Span| span.end - span.start;
        let place = |lit: &StringLit, at: usize| {
            let (offset, source) = lit.pieces[at];
            (offset, source.wrapping_sub(lit.span.start))
        };
        self.lit.value == lit.value
            && length(self.lit.span) == length(lit.span)
            && self.lit.pieces.len() == lit.pieces.len()
            && (0..lit.pieces.len()).all(|at| place(&self.lit, at) == place(lit, at))
    }
}

fn moved(check: &TemplateCheck, from: Span, to: Span) -> TemplateCheck {
    let place = |span: Span| Span {
        file: to.file,
        start: span.start.wrapping_sub(from.start).wrapping_add(to.start),
        end: span.end.wrapping_sub(from.start).wrapping_add(to.start),
    };
    let hole = |hole: &Hole| Hole { span: place(hole.span), ..hole.clone() };
    TemplateCheck {
        free: check.free.clone(),
        holes: check.holes.iter().map(hole).collect(),
        seen: check.seen.iter().map(|seen| Seen { span: place(seen.span), ..seen.clone() }).collect(),
        parts: parts(&check.parts, &hole),
        decides: check.decides.clone(),
        is_static: check.is_static,
    }
}

fn parts(all: &[Part], hole: &dyn Fn(&Hole) -> Hole) -> Vec<Part> {
    let moved = |part: &Part| match part {
        Part::Text(_) | Part::Hole(_) => part.clone(),
        Part::Known(known) => Part::Known(Box::new(hole(known))),
        Part::Either(one, other) => Part::Either(parts(one, hole), parts(other, hole)),
        Part::Repeat(most, body, apart) => {
            let apart = apart.iter().map(|one| parts(one, hole)).collect();
            Part::Repeat(*most, parts(body, hole), apart)
        }
    };
    all.iter().map(moved).collect()
}

/// Names that note what was asked of them.
struct Asking<'n> {
    names: &'n dyn Names,
    asked: RefCell<Vec<(EcoString, Option<Type>)>>,
}

impl Names for Asking<'_> {
    fn ty(&self, name: &str) -> Option<Type> {
        let ty = self.names.ty(name);
        let mut asked = self.asked.borrow_mut();
        if !asked.iter().any(|(known, _)| known == name) {
            asked.push((name.into(), ty.clone()));
        }
        ty
    }

    fn candidates(&self) -> Vec<EcoString> {
        self.names.candidates()
    }
}
