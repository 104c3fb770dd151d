//! What of a decision goes into the audit record by itself, in the same transaction.

use super::Judged;
use serde_json::{Value as Json, json};

/// Who has decided what; the reason and the value stay in the journal alone.
pub(super) fn decision(path: &str, judged: &Judged) -> Json {
    json!({
        "event": "decision", "step": path, "who": judged.who.as_str(), "verdict": judged.verdict.name(),
        "edited": judged.value.is_some(),
    })
}
