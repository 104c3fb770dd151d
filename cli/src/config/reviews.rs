//! `[reviews]` of `flow.toml`: who is told that a run waits for a person.
//!
//! In: the table, and `FLOW_REVIEWS_WEBHOOK`, which is stronger. Out: a [`Webhook`]. Its address may hold a
//! token and is never shown.

use super::file::{Reader, Value};
use crate::exit::Failure;
use flow_runtime::Environment;
use flow_runtime::review::Webhook;

const WRITTEN: &str = "write it like `https://chat.example.com/hooks/reviews`";

/// Reads the table; what is wrong in it is left out and reported.
pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Webhook> {
    let mut out = None;
    for (key, value) in reader.table(value).into_iter().flatten() {
        if key.get_ref() != "webhook" {
            reader.unknown(key, &["webhook"]);
            continue;
        }
        let text = reader.text(value);
        out = text.as_deref().and_then(Webhook::new);
        if text.is_some() && out.is_none() {
            reader.report(
                value.span(),
                "this is no address of a webhook".to_owned(),
                Some(WRITTEN.to_owned()),
            );
        }
    }
    out
}

/// Puts `FLOW_REVIEWS_WEBHOOK` in place of what is written.
pub(super) fn webhook(written: Option<Webhook>, env: &Environment) -> Result<Option<Webhook>, Failure> {
    let Some(text) = env.get("FLOW_REVIEWS_WEBHOOK") else { return Ok(written) };
    let wrong = || Failure::usage("`FLOW_REVIEWS_WEBHOOK` is no address of a webhook").help(WRITTEN);
    Webhook::new(text).map(Some).ok_or_else(wrong)
}
