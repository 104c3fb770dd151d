//! Embeddings of Ollama's protocol: `POST /api/embed`.

use crate::provider::Texts;
use serde::{Deserialize, Serialize};

/// The body of a request. Ollama would silently cut a longer text.
pub(super) fn body(request: &Texts<'_>) -> serde_json::Result<Vec<u8>> {
    let options = Options { num_ctx: request.model.card.context.0 };
    serde_json::to_vec(&Body { model: &request.model.model, input: request.texts, truncate: false, options })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [String],
    truncate: bool,
    options: Options,
}

#[derive(Serialize)]
struct Options {
    num_ctx: u64,
}

/// The body of an answer.
#[derive(Deserialize)]
pub(super) struct Answer {
    embeddings: Vec<Vec<f32>>,
    #[serde(default)]
    prompt_eval_count: u64,
}

impl Answer {
    /// The vectors in the order of the texts, and what was used.
    pub(super) fn vectors(self) -> (Vec<Vec<f32>>, u64) {
        (self.embeddings, self.prompt_eval_count)
    }
}
