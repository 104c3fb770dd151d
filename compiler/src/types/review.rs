//! `review(value, by: "team", within: 2d)`: a person decides.
//!
//! As the `else` of a step it is shorter, `else review("team", within: 2d)`: the value is then what a guard
//! did not let pass; what has failed otherwise left none, and the person gives one.

use crate::ast::{Arg, Expr, ExprKind, Ident, Operation, OperationKind};
use crate::checker::Checker;
use crate::types::call::Called;
use crate::types::{Scopes, Typed};
use flow_diagnostics::{Code, FlowDiagnostic, Span};
use flow_plan::{self as plan, Callee, Labels, Millis, Review, Type, Value};
use std::sync::Arc;

/// The name by which it is called, unless the program declares something of that name.
pub(crate) const REVIEW: &str = "review";

const TAKES: [&str; 3] = ["value", "by", "within"];
/// What a review of a batch takes besides.
const OF_BATCHES: [&str; 3] = ["sample", "at_least", "pass"];

/// What a review that stands in for a failed step decides on.
#[derive(Clone, Debug)]
pub(crate) struct Handled {
    /// What was not let pass; nothing where a step has come to nothing.
    pub(crate) value: Option<plan::Expr>,
    pub(crate) ty: Type,
    pub(crate) labels: Labels,
}

impl Checker<'_> {
    /// Whether an expression calls a review itself.
    pub(crate) fn is_review(&self, file: usize, expr: &Expr) -> bool {
        let ExprKind::Call(callee, _) = &expr.kind else { return false };
        matches!(&callee.kind, ExprKind::Name(name) if name == REVIEW
            && !self.program.files[file].scope.contains_key(name))
    }

    /// Whether a handler is the short form, which names no value.
    pub(crate) fn is_short_review(&self, file: usize, operation: &Operation) -> bool {
        let OperationKind::Expr(expr) = &operation.kind else { return false };
        let ExprKind::Call(_, args) = &expr.kind else { return false };
        let plain = args.iter().filter(|a| a.name.is_none()).count();
        let names_by = args.iter().any(|a| a.name.as_ref().is_some_and(|n| n.name == "by"));
        self.is_review(file, expr) && plain == usize::from(!names_by)
    }

    /// E0002 where nobody can be waited for.
    pub(crate) fn may_review(&mut self, scopes: &Scopes, at: Span) {
        if let Some(place) = scopes.no_reviews {
            self.not_yet(at, &format!("a review inside {place}"));
        }
    }

    pub(crate) fn review_call(&mut self, scopes: &mut Scopes, args: &[Arg], at: Span) -> Option<Called> {
        self.may_review(scopes, at);
        let handled = scopes.handled.take();
        let takes = if handled.is_some() { &TAKES[1..] } else { &TAKES[..] };
        for name in args.iter().filter_map(|a| a.name.as_ref()) {
            if OF_BATCHES.contains(&name.name.as_str()) {
                self.not_yet(name.span, &format!("`{}:` of a review", name.name));
            }
        }
        let of_batches =
            |arg: &&Arg| arg.name.as_ref().is_some_and(|n| OF_BATCHES.contains(&n.name.as_str()));
        let args: Vec<Arg> = args.iter().filter(|arg| !of_batches(arg)).cloned().collect();
        let mut slots = self.place_args(&args, (REVIEW, takes), |_| true, at).into_iter();
        let (value, labels, ty) = match handled {
            Some(Handled { value, ty, labels }) => (value, labels, ty),
            None => {
                let typed = slots
                    .next()
                    .flatten()
                    .map_or_else(Typed::error, |arg| self.expr(scopes, &arg.value, None));
                (Some(typed.expr), typed.labels, typed.ty)
            }
        };
        let (by, within) = (slots.next().flatten(), slots.next().flatten());
        let by = by.and_then(|arg| self.constant_of(scopes.file, &arg.value, &Type::TEXT).zip(Some(arg)));
        let within =
            within.and_then(|arg| self.constant_of(scopes.file, &arg.value, &Type::Duration).zip(Some(arg)));
        let by = match by? {
            (Value::Text(by), _) if !by.trim().is_empty() => by,
            (_, arg) => {
                let message = "nobody is named who decides";
                self.report(
                    FlowDiagnostic::new(Code::E0201, arg.value.span, message).help("write `by: \"team\"`"),
                );
                return None;
            }
        };
        let within = match within? {
            (Value::Duration(within), _) if within > Millis(0) => within,
            (_, arg) => {
                let message = "a person needs more than no time at all";
                self.report(
                    FlowDiagnostic::new(Code::E0201, arg.value.span, message).help("write `within: 2d`"),
                );
                return None;
            }
        };
        let review = Review { by, within, ty: ty.clone() };
        let callee = Callee::Review(Arc::new(review));
        Some(Called { callee, args: value.into_iter().collect(), ty, labels, signature: None, spec: None })
    }

    /// E0206 where a step that may wait for a person has a `timeout`: whoever waits ends the process, and
    /// with it what counts the time.
    pub(crate) fn no_timeout(&mut self, key: &Ident) {
        self.report(
            FlowDiagnostic::new(Code::E0206, key.span, "a step that may wait for a person has no `timeout`")
                .help("the review says how long a person has: `within:`"),
        );
    }
}
