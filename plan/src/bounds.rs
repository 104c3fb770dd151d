//! What is proven of the calls of a step, and held to at run time.

use crate::{Labels, ModelId, Tokens, Type};
use std::sync::Arc;

/// What is proven of the calls of one step that asks a prompt.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CallBounds {
    /// For each message of the prompt, what each hole of its template holds at most. The runtime
    /// cuts what is longer.
    pub holes: Vec<Arc<[Type]>>,
    /// For each model that may be asked, what a request holds at most.
    pub requests: Vec<RequestBound>,
    /// The longest answer that is shown to a model again. The runtime cuts what is longer.
    pub shown: Tokens,
    /// What the embedding of its texts takes in at most, where the step's cache compares them by a
    /// model's embeddings.
    pub embedding: Option<EmbeddingBound>,
    /// The labels of all that its requests show.
    pub shows: Labels,
}

/// What the texts that are sent for an embedding hold at most, all together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EmbeddingBound {
    /// Who is asked.
    pub model: ModelId,
    /// The input.
    pub input: Tokens,
}

impl CallBounds {
    /// The bound of a request to this model.
    pub fn request(&self, model: ModelId) -> Option<&RequestBound> {
        self.requests.iter().find(|r| r.model == model)
    }
}

/// What one request holds at most. The runtime refuses to send more, and reserves the price of
/// this, or of what is proven in the case that the run is in ([`crate::Cases`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestBound {
    /// Who is asked.
    pub model: ModelId,
    /// The input.
    pub input: Tokens,
    /// The input where an answer that could not be used and the reason stand behind the prompt.
    pub again: Tokens,
    /// The same where a guard has not let the answer pass.
    pub refused: Refused,
    /// The output: the cap that is sent along.
    pub output: Tokens,
    /// What each lookup that the model asks for adds to the input of the calls behind it.
    pub turn: Tokens,
}

impl RequestBound {
    /// The bound of the request behind so many lookups.
    #[must_use]
    pub fn behind(self, lookups: u32) -> RequestBound {
        let more = self.turn.0.saturating_mul(u64::from(lookups));
        let with = |input: Tokens| Tokens(input.0.saturating_add(more));
        let refused = Refused { input: with(self.refused.input), ..self.refused };
        RequestBound { input: with(self.input), again: with(self.again), refused, ..self }
    }
}

/// What a request holds at most that shows a model the answer which a guard has not let pass, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The input.
    pub input: Tokens,
    /// The answer. The runtime cuts what is longer.
    pub answer: Tokens,
    /// What is said of it. The runtime cuts what is longer.
    pub reason: Tokens,
}
