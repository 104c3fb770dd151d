//! `tools: [search, orders] rounds 4`: lookups that a model may ask for before it answers.
//!
//! Each is a block with one step, which calls the lookup with what the model has chosen: a lookup that a
//! model asks for is a step like any other.

use crate::{Block, LookupId, Type};
use flow_diagnostics::Span;

/// The most rounds that can be written.
pub const MOST_ROUNDS: u32 = 32;

/// The lookups that are offered to a model.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Each lookup, in the order in which they are offered.
    pub offers: Vec<Offer>,
    /// How many of them are looked up at most in one attempt, from 1 to [`MOST_ROUNDS`]. Behind them the
    /// model is asked without them, so that an attempt has one call more than this.
    pub rounds: u32,
    /// Where that number is written: the step or its flow.
    pub rounds_at: Span,
    /// Where the setting is written.
    pub span: Span,
}

/// A lookup that is offered.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The lookup.
    pub lookup: LookupId,
    /// What the model has to give: a record of the lookup's parameters.
    pub args: Type,
    /// The step that looks it up. Its inputs are the lookup's parameters.
    pub body: Block,
    /// Where it is named.
    pub span: Span,
}
