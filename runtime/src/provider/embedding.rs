//! One exchange that asks for embeddings: send, read one body, give the vectors.
//!
//! In: what is sent, and how the protocol says vectors and usage. Out: [`Embedded`]. Shared by all
//! protocols, so that a refusal and a spoilt answer are the same with each.

use super::failure::{Failed, malformed, request_id};
use super::http::{self, Sent};
use super::{CallError, CallErrorKind, Embedded, Texts};
use crate::Context;
use flow_plan::{CapabilitySpec, Tokens};
use serde::de::DeserializeOwned;

/// How many numbers a vector is asked to have where a model makes shorter ones of its own: enough to
/// tell texts apart, and a third of the room.
pub(super) const NUMBERS: u32 = 512;

/// Sends, and reads a body of type `B`; `of` gives its vectors and what was used.
pub(super) async fn vectors<B: DeserializeOwned>(
    (context, spec): (&Context, &'static CapabilitySpec),
    sent: Sent,
    request: &Texts<'_>,
    of: impl FnOnce(B) -> (Vec<Vec<f32>>, u64),
) -> Result<Embedded, CallError> {
    let secrets = http::secrets(&sent.headers);
    let response = match http::post(context, spec, sent).await {
        Ok(response) => response,
        Err(Failed::Error(mut error)) => {
            http::without_secrets(&mut error.message, &secrets);
            return Err(*error);
        }
        Err(Failed::Refused(mut text)) => {
            http::without_secrets(&mut text, &secrets);
            let message = format!("`{}` refuses the text: {text}", spec.name);
            return Err(CallError::new(CallErrorKind::Rejected, message));
        }
    };
    let id = request_id(response.headers()).map(str::to_owned);
    let body = response.bytes().await.map_err(|error| http::broken(&error))?;
    let body: B = serde_json::from_slice(&body).map_err(|error| malformed(spec, &error))?;
    let (vectors, used) = of(body);
    let is_whole = vectors.len() == request.texts.len()
        && vectors.iter().all(|v| !v.is_empty() && v.iter().all(|n| n.is_finite()));
    if !is_whole {
        return Err(malformed(spec, &"it is not one vector for each text"));
    }
    Ok(Embedded { vectors, input: Tokens(used), request_id: id })
}
