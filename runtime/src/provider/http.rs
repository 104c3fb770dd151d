//! What the providers on the network share: where they answer, the key, sending, and turning what goes
//! wrong into a [`CallError`]. A key is in none of the messages.

use super::{CallError, CallErrorKind};
use crate::{Context, Environment};
use flow_plan::{Config, Millis, Model};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use serde_json::Value as Json;
use std::time::{Duration, SystemTime};

/// What a provider calls its variables, and where it answers unless told otherwise.
#[derive(Debug)]
pub(super) struct Service {
    /// Its name in a program.
    pub(super) name: &'static str,
    /// The variable of its key.
    pub(super) key: &'static str,
    /// The variable of its base URL.
    pub(super) base: &'static str,
    /// Its base URL; `None` where there is no usual one.
    pub(super) usual: Option<&'static str>,
}

/// How long the end of a body may take.
const TAIL: Duration = Duration::from_millis(50);

impl CallError {
    /// A failure of this kind.
    pub(super) fn new(kind: CallErrorKind, message: impl Into<String>) -> CallError {
        CallError { kind, message: message.into(), help: None, retry_after: None }
    }

    /// Says what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> CallError {
        self.help = Some(help.into());
        self
    }
}

/// Where a model answers, without a slash at the end.
pub(super) fn base_url(service: &Service, env: &Environment, model: &Model) -> Result<String, CallError> {
    let url = match &model.settings.base_url {
        Some(config) => Some(read(config, env, model)?),
        None => env.get(service.base).or(service.usual).map(str::to_owned),
    };
    url.map(|url| url.trim_end_matches('/').to_owned()).ok_or_else(|| {
        CallError::new(CallErrorKind::Rejected, format!("model `{}` has no `base_url`", model.name))
            .help(format!("write `base_url:` into the model, or set {}", service.base))
    })
}

/// The key of a model; `None` where there is none. The provider's usual variable counts only where the
/// provider's usual server is asked, or `anywhere` says that the key is meant for every server.
pub(super) fn key(
    service: &Service,
    env: &Environment,
    model: &Model,
    anywhere: bool,
) -> Result<Option<String>, CallError> {
    match &model.settings.api_key {
        Some(config) => read(config, env, model).map(Some),
        // A key must not go to a server that the program names for something else.
        None if model.settings.base_url.is_some() && !anywhere => Ok(None),
        None => Ok(env.get(service.key).map(str::to_owned)),
    }
}

/// The error for a key that has to be there and is not.
pub(super) fn no_key(service: &Service, model: &Model) -> CallError {
    let (name, key) = (&model.name, service.key);
    CallError::new(CallErrorKind::Key, format!("the key is missing: {key} is not set"))
        .help(format!("set {key}, or run with `--model {name}=sim/text`"))
}

/// A header that is never printed.
pub(super) fn secret(value: &str) -> Result<HeaderValue, CallError> {
    let mut header = HeaderValue::from_str(value).map_err(|_| {
        CallError::new(CallErrorKind::Key, "the key holds characters that can't be sent")
            .help("check it for line breaks and quotes")
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// Sends a request; an answer that is not a success is an error.
pub(super) async fn post(
    context: &Context,
    service: &Service,
    url: &str,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Result<Response, CallError> {
    let client = context.http.client().map_err(|reason| CallError::new(CallErrorKind::Rejected, reason))?;
    let sent = client
        .post(url)
        .headers(headers)
        .header(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(body)
        .send()
        .await;
    let response = sent.map_err(|error| unsent(url, &error))?;
    if response.status().is_success() { Ok(response) } else { Err(refused(service, response).await) }
}

/// Waits a moment for the end of a body whose last event has come: a connection that is dropped before
/// its end can't be used again.
pub(super) async fn drain(mut response: Response) {
    let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
    // A server that keeps the body open loses the connection, and nothing else.
    let _ = tokio::time::timeout(TAIL, rest).await;
}

/// The error for a body that broke off.
pub(super) fn broken(error: &reqwest::Error) -> CallError {
    CallError::new(
        CallErrorKind::Connection,
        format!("the connection broke during the answer: {}", cause(error)),
    )
}

/// The error for a stream that ended before its end.
pub(super) fn broke_off() -> CallError {
    CallError::new(CallErrorKind::Connection, "the answer broke off before its end")
}

/// The error for a body that is not the protocol.
pub(super) fn malformed(service: &Service, error: &serde_json::Error) -> CallError {
    CallError::new(
        CallErrorKind::Malformed,
        format!("what `{}` sent is not its protocol: {error}", service.name),
    )
}

/// The error that a provider reports in words of its own, by its type or code.
pub(super) fn reported(service: &Service, kind: &str, message: &str) -> CallError {
    let what = match kind {
        "overloaded_error" | "server_error" | "api_error" | "timeout_error" => CallErrorKind::Server,
        "rate_limit_error" | "rate_limit_exceeded" | "requests" | "tokens" => CallErrorKind::RateLimited,
        "authentication_error" | "permission_error" => CallErrorKind::Key,
        "invalid_request_error" | "not_found_error" | "billing_error" => CallErrorKind::Rejected,
        _ => CallErrorKind::Server,
    };
    CallError::new(what, format!("`{}` reports: {}", service.name, plain(message)))
}

fn read(config: &Config, env: &Environment, model: &Model) -> Result<String, CallError> {
    match config {
        Config::Text(text) => Ok(text.to_string()),
        Config::Env(name) => env.get(name).map(str::to_owned).ok_or_else(|| {
            CallError::new(
                CallErrorKind::Key,
                format!("model `{}` needs {name}, which is not set", model.name),
            )
            .help(format!("set {name}, or run with `--model {}=sim/text`", model.name))
        }),
    }
}

fn unsent(url: &str, error: &reqwest::Error) -> CallError {
    if error.is_builder() {
        return CallError::new(CallErrorKind::Rejected, "the model's `base_url` is not a URL")
            .help("it begins with `https://` or `http://`");
    }
    // Without the user and password that a URL may hold.
    let parsed = reqwest::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(|u| Some((u.host_str()?, u.port())));
    let place = match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => "the provider".to_owned(),
    };
    CallError::new(CallErrorKind::Connection, format!("no answer from `{place}`: {}", cause(error)))
}

// The innermost reason says the most: "connection refused".
fn cause(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    let text = if std::ptr::addr_eq(reason, error) { "it failed".to_owned() } else { reason.to_string() };
    plain(&text).to_lowercase()
}

async fn refused(service: &Service, mut response: Response) -> CallError {
    let status = response.status();
    let retry_after = retry_after(response.headers(), SystemTime::now());
    let mut body = Vec::new();
    // A longer body is no message; what breaks here is told by the status alone.
    while body.len() < 65_536
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    let json: Option<Json> = serde_json::from_slice(&body).ok();
    let message =
        json.as_ref().and_then(own_message).unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
    let code = json.as_ref().and_then(|j| j["error"]["code"].as_str().or(j["error"]["type"].as_str()));
    let mut error = by_status(service, status, code.unwrap_or_default(), &plain(&message));
    error.retry_after = retry_after;
    error
}

fn by_status(service: &Service, status: StatusCode, code: &str, message: &str) -> CallError {
    let name = service.name;
    let number = status.as_u16();
    let said = if message.is_empty() { String::new() } else { format!(": {message}") };
    match number {
        401 | 403 => {
            CallError::new(CallErrorKind::Key, format!("`{name}` does not accept the key ({number}){said}"))
                .help(format!("check {}, or the model's `api_key`", service.key))
        }
        429 if code == "insufficient_quota" => CallError::new(
            CallErrorKind::Rejected,
            format!("the account at `{name}` has no credit left{said}"),
        )
        .help("add credit, or choose another model"),
        429 => CallError::new(CallErrorKind::RateLimited, format!("`{name}` is asked too often{said}"))
            .help("lower `parallel`, or set limits for the provider in flow.toml"),
        408 | 409 | 425 | 500..=599 => {
            CallError::new(CallErrorKind::Server, format!("`{name}` failed with status {number}{said}"))
        }
        404 => CallError::new(
            CallErrorKind::Rejected,
            format!("`{name}` does not know what is asked for (404){said}"),
        )
        .help("check the model's name and its `base_url`"),
        _ => {
            CallError::new(CallErrorKind::Rejected, format!("`{name}` refused the request ({number}){said}"))
        }
    }
}

fn own_message(json: &Json) -> Option<String> {
    let places = [&json["error"]["message"], &json["error"], &json["message"], &json["detail"]];
    places.into_iter().find_map(|place| place.as_str().map(str::to_owned))
}

// One line, not endless, and without what looks like a key.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if word.contains("sk-") { "***" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    match line.char_indices().nth(300) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}

// `retry-after-ms`, else `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Millis> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    if let Some(ms) = text("retry-after-ms").and_then(|t| t.trim().parse::<f64>().ok()) {
        return Some(Millis(ms.max(0.0) as u64));
    }
    let value = text("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Some(Millis((seconds.max(0.0) * 1000.0) as u64));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.as_second()).ok()?);
    Some(at.duration_since(now).unwrap_or_default().into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;

    #[test]
    fn waits_are_read_in_every_form() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_435_200);
        for (name, value, wait) in [
            ("retry-after", "7", Some(7_000)),
            ("retry-after", "0.5", Some(500)),
            ("retry-after-ms", "120", Some(120)),
            ("retry-after", "Mon, 23 Nov 2026 12:00:10 GMT", Some(10_000)),
            ("retry-after", "Mon, 23 Nov 2020 12:00:10 GMT", Some(0)),
            ("retry-after", "soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(retry_after(&headers, now), wait.map(Millis), "{name}: {value}");
        }
    }

    #[test]
    fn messages_are_one_line_without_keys() {
        assert_eq!(plain("Incorrect key:\n sk-abc***def.  Try again."), "Incorrect key: *** Try again");
        assert_eq!(plain(&"a".repeat(400)).chars().count(), 301);
    }
}
