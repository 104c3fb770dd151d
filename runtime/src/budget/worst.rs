//! What a call can cost at worst.
//!
//! In: a model's card with a request's messages. Out: tokens and money.

use crate::provider::Message;
use flow_plan::{Cost, Model, Tokens};

// What the chat protocols add to each message, its role and the reply's start, rounded up.
const MESSAGE_OVERHEAD: u64 = 8;
// What a provider adds around an output schema.
const SCHEMA_OVERHEAD: u64 = 64;

/// The most a call can use: input in tokens, and the price of it with all the output there may be.
///
/// A text has at most as many tokens as UTF-8 bytes in every byte-level vocabulary. What images
/// cost differs by provider, so a request with images counts as a full context window, which
/// also bounds every request: a longer one is not accepted.
pub fn worst_case(model: &Model, messages: &[Message], schema_bytes: usize, max_output: Tokens) -> Worst {
    let text: u64 = messages.iter().map(|m| m.text.len() as u64 + MESSAGE_OVERHEAD).sum();
    let schema = if schema_bytes > 0 { schema_bytes as u64 + SCHEMA_OVERHEAD } else { 0 };
    let bytes = text + schema + MESSAGE_OVERHEAD;
    let window = model.card.context.0;
    let images = messages.iter().any(|m| !m.images.is_empty());
    let input = match (window, images) {
        (0, _) => bytes,
        (window, true) => window,
        (window, false) => bytes.min(window),
    };
    let cost = model.card.price.worst(Tokens(input), model.card.most_output(max_output));
    Worst { input: Tokens(input), cost }
}

/// The most a call can use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Worst {
    /// Input tokens.
    pub input: Tokens,
    /// What they and the most output cost.
    pub cost: Cost,
}
