//! Reviews: what a person may make of a value, and how long that takes at most.
//!
//! Whoever waits for a person costs nothing, and waits for as long as `within` says: that is part of the
//! flow's time, and stands against its deadline. A value that a person has edited is held at run time to the
//! type that is written here into the call.

use super::infer::widest;
use super::walk::{Place, Walk};
use super::worst::{Line, Ways, Worst};
use ecow::eco_format;
use flow_plan::{Block, Callee, Field, RecordType, Review, Step, StepKind, Type};
use std::sync::Arc;

impl Walk<'_> {
    /// The wait for a person, and what comes of it: what was given, or what it was edited to.
    pub(super) fn review(
        &self,
        step: &Step,
        review: &mut Arc<Review>,
        given: Option<&Type>,
        place: &Place,
    ) -> (Ways, Type) {
        if let Some(given) = given {
            *review = Arc::new(held(review, given));
        }
        let what = eco_format!("a decision by {}", review.by);
        let wait = Worst::wait(Line { time: review.within, ..super::call::line_of(step, place, &what) });
        (Ways { ok: wait.clone(), failed: Some(wait), stopped: None, lasting: None }, review.ty.clone())
    }
}

/// Writes into a handler that is a review without a value what the failed step would have given: a person
/// gives a value of that type.
pub(super) fn stands_in(handler: &mut Block, for_type: &Type) {
    for step in handler.steps.node_weights_mut() {
        if let StepKind::Call(Callee::Review(review), args) = &mut step.kind
            && args.is_empty()
        {
            *review = Arc::new(held(review, for_type));
        }
    }
}

// At least what is given; where the program says no bound, not more than that.
fn held(review: &Review, given: &Type) -> Review {
    let given = given.plain();
    Review { ty: widest(&bounded(&review.ty, &given), &given).plain(), ..review.clone() }
}

fn bounded(declared: &Type, given: &Type) -> Type {
    match (declared, given) {
        (Type::Text { bound: None, truncate }, Type::Text { bound, .. }) => {
            Type::Text { bound: *bound, truncate: *truncate }
        }
        (Type::Json(None), Type::Json(bound)) => Type::Json(*bound),
        (Type::List(a, m), Type::List(b, n)) => Type::List(Box::new(bounded(a, b)), m.or(*n)),
        (Type::Map(a, m), Type::Map(b, n)) => Type::Map(Box::new(bounded(a, b)), m.or(*n)),
        (Type::Optional(a), b) => Type::Optional(Box::new(bounded(a, b.present()))),
        (a, Type::Optional(b)) => bounded(a, b),
        (Type::Record(a), Type::Record(b)) => {
            let field = |f: &Field| Field {
                ty: b.field(&f.name).map_or_else(|| f.ty.clone(), |g| bounded(&f.ty, &g.ty)),
                ..f.clone()
            };
            let fields = a.fields.iter().map(field).collect();
            Type::Record(Arc::new(RecordType { name: a.name.clone(), doc: a.doc.clone(), fields }))
        }
        (Type::Error, given) => given.clone(),
        _ => declared.clone(),
    }
}
