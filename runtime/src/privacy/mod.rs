//! What is kept of private data at run time: `Masks` take it out of what is told, and a [`Vault`] seals
//! it where it must be kept, so that a run can go on and an answer can be found again.
//!
//! Which values are private is decided by the compiler: `Step::labels`, `Flow::labels` and the labels
//! of parameters and fields. What a model may see of them is checked there as well, and once more
//! before each call.

mod key;
mod mask;
mod seal;
mod values;

pub(crate) use mask::{Masks, is_in_word, small, words_of};
pub use seal::{Vault, shown};
pub(crate) use values::{PRIVATE, all_texts, private_texts, sealed};

use flow_plan::{Flow, Param, Plan, Type};

/// Whether a run of the flow can come by private data: it is given some, or a step of the program makes
/// some.
pub(crate) fn concerns(plan: &Plan, flow: &Flow) -> bool {
    let mut found = flow.params.iter().any(is_private);
    let flows = plan.flows.iter().map(|f| &f.body);
    for body in flows.chain(plan.guards.iter().map(|g| &g.body)) {
        body.each_step(&mut |step| found |= step.labels.private || step.given.private);
    }
    found
}

/// Whether a parameter is private, or a part of it.
pub(crate) fn is_private(param: &Param) -> bool {
    param.labels.private || has_private(&param.ty)
}

/// Whether a part of a value of the type is private.
pub(crate) fn has_private(ty: &Type) -> bool {
    match ty.present() {
        Type::Record(record) => record.fields.iter().any(|f| f.labels.private || has_private(&f.ty)),
        Type::List(element, _) | Type::Map(element, _) => has_private(element),
        _ => false,
    }
}
