//! How the hostile provider counts tokens: what it bills for a request, and how much text a cap holds.
//!
//! Texts are counted by tiktoken, so that what the runtime counts is held against another's count.

use flow_plan::{Model, Tokens};
use flow_runtime::provider::Request;
use flow_tokens::{DEFAULT_TOKENIZER, Measure, request as around};

/// The tokens of a text for this model, before what they count where the model is only planned.
pub(super) fn text(model: &Model, text: &str) -> u64 {
    let name = model.card.tokenizer.as_deref().unwrap_or(DEFAULT_TOKENIZER);
    let tokens = match name.split('*').next() {
        Some("o200k_base") => tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len(),
        Some("cl100k_base") => tiktoken_rs::cl100k_base_singleton().encode_ordinary(text).len(),
        _ => text.len(),
    };
    tokens as u64
}

/// The input tokens that a request is billed for.
pub(super) fn request(request: &Request<'_>) -> Tokens {
    let model = request.model;
    let said: u64 = request.messages.iter().map(|m| text(model, &m.text)).sum();
    let schema = match model.card.abilities.json_schema {
        true => around::schema(request.measure, &model.provider, request.output),
        false => 0,
    };
    let tools = request.tools.map_or(0, |tools| {
        let offered = tools.offered.iter().map(|t| (t.name.as_str(), t.doc.as_str(), &t.args));
        let held = schema > 0;
        let turn = |turn: &flow_runtime::provider::Turn| {
            text(model, &turn.args) + text(model, &turn.found) + around::turn(request.measure, &turn.tool)
        };
        let turns: u64 = tools.turns.iter().map(turn).sum();
        turns + around::tools(request.measure, &model.provider, offered, held)
    });
    let name = model.card.tokenizer.as_deref().unwrap_or(DEFAULT_TOKENIZER);
    let measure = Measure::named(name, None).expect("random programs name known tokenizers");
    Tokens(
        measure
            .scaled(said + schema + tools + around::framing(&model.provider, request.messages.len() as u64)),
    )
}
