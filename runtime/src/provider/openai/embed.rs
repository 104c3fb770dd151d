//! Embeddings of OpenAI's protocol: `POST /embeddings`.

use crate::provider::Texts;
use crate::provider::embedding::NUMBERS;
use serde::{Deserialize, Serialize};

/// The body of a request. `shortens` says whether the models of the service that can be asked for
/// shorter vectors are.
pub(crate) fn body(request: &Texts<'_>, shortens: bool) -> serde_json::Result<Vec<u8>> {
    let model = request.model.model.as_str();
    // OpenAI's third generation takes it; the others refuse it.
    let dimensions = (shortens && model.starts_with("text-embedding-3")).then_some(NUMBERS);
    serde_json::to_vec(&Body { model, input: request.texts, dimensions })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
}

/// The body of an answer.
#[derive(Deserialize)]
pub(crate) struct Answer {
    data: Vec<One>,
    #[serde(default)]
    usage: Usage,
}

#[derive(Deserialize)]
struct One {
    #[serde(default)]
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Deserialize, Default)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    total_tokens: u64,
}

impl Answer {
    /// The vectors in the order of the texts, and what was used.
    pub(crate) fn vectors(mut self) -> (Vec<Vec<f32>>, u64) {
        self.data.sort_by_key(|one| one.index);
        let used = self.usage.prompt_tokens.max(self.usage.total_tokens);
        (self.data.into_iter().map(|one| one.embedding).collect(), used)
    }
}
