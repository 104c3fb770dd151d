//! Embeddings of the Gemini API: `batchEmbedContents`.

use crate::provider::Texts;
use crate::provider::embedding::NUMBERS;
use serde::{Deserialize, Serialize};

/// The body of a request.
pub(super) fn body(request: &Texts<'_>) -> serde_json::Result<Vec<u8>> {
    let model = format!("models/{}", request.model.model);
    let requests = request.texts.iter().map(|text| One {
        model: &model,
        content: Content { parts: [Part { text }] },
        task_type: "SEMANTIC_SIMILARITY",
        output_dimensionality: NUMBERS,
    });
    serde_json::to_vec(&Body { requests: requests.collect() })
}

#[derive(Serialize)]
struct Body<'a> {
    requests: Vec<One<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    model: &'a str,
    content: Content<'a>,
    task_type: &'static str,
    output_dimensionality: u32,
}

#[derive(Serialize)]
struct Content<'a> {
    parts: [Part<'a>; 1],
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
}

/// The body of an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    embeddings: Vec<Vector>,
    #[serde(default)]
    usage_metadata: Usage,
}

#[derive(Deserialize)]
struct Vector {
    values: Vec<f32>,
}

// Older versions tell no usage: what was reserved stays charged.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Usage {
    #[serde(default)]
    prompt_token_count: u64,
}

impl Answer {
    /// The vectors in the order of the texts, and what was used.
    pub(super) fn vectors(self) -> (Vec<Vec<f32>>, u64) {
        let vectors = self.embeddings.into_iter().map(|vector| vector.values);
        (vectors.collect(), self.usage_metadata.prompt_token_count)
    }
}
