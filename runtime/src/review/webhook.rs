//! Whoever wants to hear that a run waits for a person: one HTTP request, without the value.

use crate::journal::Asked;
use crate::{Context, RunId};
use serde_json::json;
use std::fmt;
use std::time::Duration;

/// An address that is told of each review that waits.
#[derive(Clone)]
pub struct Webhook {
    url: reqwest::Url,
}

/// How long the other side may take to take it.
const PATIENCE: Duration = Duration::from_secs(10);

impl Webhook {
    /// The webhook at an `http` or `https` address, which is never shown: it may hold a token.
    pub fn new(url: &str) -> Option<Webhook> {
        let url = reqwest::Url::parse(url).ok()?;
        matches!(url.scheme(), "http" | "https").then_some(Webhook { url })
    }

    /// Tells it; the reason in lower case where it was not taken. The same question has the same
    /// `Idempotency-Key`, so that whoever is told twice can tell.
    pub(crate) async fn tell(
        &self,
        context: &Context,
        (run, flow): (&RunId, &str),
        asked: &Asked,
    ) -> Result<(), String> {
        let Asked { path, by, since, until, .. } = asked;
        let body = json!({
            "event": "review_waiting", "run": run.0.as_str(), "flow": flow, "step": path, "by": by.as_str(),
            "since": since.to_string(), "expires": until.to_string(),
            "approve": format!("flowc approve {run} {path}"), "reject": format!("flowc reject {run} {path}"),
        });
        let key = blake3::hash(format!("{run} {path} {since}").as_bytes()).to_hex();
        let patience = PATIENCE.min(Duration::from_millis(
            u64::try_from(until.duration_since(*since).as_millis()).unwrap_or(u64::MAX).max(1),
        ));
        let sent = context
            .http
            .direct()?
            .post(self.url.clone())
            .header("Idempotency-Key", key.as_str())
            .timeout(patience)
            .json(&body)
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("the webhook answers {}", answer.status())),
            Err(error) if error.is_timeout() => {
                Err(format!("the webhook does not answer within {} s", patience.as_secs_f64()))
            }
            Err(error) if error.is_connect() => Err("there is no connection to the webhook".to_owned()),
            Err(error) => Err(format!("the webhook can't be told: {}", error.without_url())),
        }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
