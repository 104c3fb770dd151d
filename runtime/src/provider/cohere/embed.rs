//! Embeddings of Cohere's protocol: `POST /v2/embed`.

use crate::provider::Texts;
use crate::provider::embedding::NUMBERS;
use serde::{Deserialize, Serialize};

/// The body of a request.
pub(super) fn body(request: &Texts<'_>) -> serde_json::Result<Vec<u8>> {
    let model = request.model.model.as_str();
    let output_dimension = model.starts_with("embed-v4").then_some(NUMBERS);
    // For texts that are compared with each other, none being the question and none the answer.
    let input_type = "clustering";
    serde_json::to_vec(&Body {
        model,
        texts: request.texts,
        input_type,
        embedding_types: ["float"],
        truncate: "NONE",
        output_dimension,
    })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    texts: &'a [String],
    input_type: &'static str,
    embedding_types: [&'static str; 1],
    truncate: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u32>,
}

/// The body of an answer.
#[derive(Deserialize)]
pub(super) struct Answer {
    embeddings: Kinds,
    #[serde(default)]
    meta: Meta,
}

#[derive(Deserialize)]
struct Kinds {
    float: Vec<Vec<f32>>,
}

#[derive(Deserialize, Default)]
struct Meta {
    #[serde(default)]
    billed_units: Billed,
}

#[derive(Deserialize, Default)]
struct Billed {
    #[serde(default)]
    input_tokens: f64,
}

impl Answer {
    /// The vectors in the order of the texts, and what was used.
    pub(super) fn vectors(self) -> (Vec<Vec<f32>>, u64) {
        (self.embeddings.float, self.meta.billed_units.input_tokens.ceil().max(0.0) as u64)
    }
}
