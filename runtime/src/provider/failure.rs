//! What a provider's failures mean: a status, an error body or an error in a stream as a [`CallError`].
//!
//! Each provider words its errors differently, and means the same dozen things by them. They are told
//! apart by their codes first, then by the status, and by the message only where the codes of several
//! providers leave it open. No message holds what looks like a key.

use super::{CallError, CallErrorKind};
use flow_plan::{CapabilitySpec, Millis};
use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value as Json;
use std::time::{Duration, SystemTime};

/// How a call failed before there was an answer.
#[derive(Debug)]
pub(super) enum Failed {
    /// With an error.
    Error(Box<CallError>),
    /// The provider's filter turned the prompt away, which is an answer too; with its words.
    Refused(String),
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Failed {
        Failed::Error(Box::new(error))
    }
}

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

/// The error for a stream that ended before its end.
pub(super) fn broke_off() -> CallError {
    CallError::new(CallErrorKind::Connection, "the answer broke off before its end")
}

/// The error for a body that is not the protocol.
pub(super) fn malformed(spec: &CapabilitySpec, error: &dyn std::fmt::Display) -> CallError {
    CallError::new(
        CallErrorKind::Malformed,
        format!("what `{}` sent is not its protocol: {error}", spec.name),
    )
}

/// The error for a request that can't be written.
pub(super) fn unsendable(error: &dyn std::fmt::Display) -> CallError {
    CallError::new(CallErrorKind::Rejected, format!("the request can't be written: {error}"))
}

/// The error for a setting that the provider's protocol does not have.
pub(super) fn not_taken(spec: &CapabilitySpec, model: &flow_plan::Model, setting: &str) -> CallError {
    let (name, provider) = (&model.name, spec.name);
    CallError::new(
        CallErrorKind::Rejected,
        format!("model `{name}` sets `{setting}`, which `{provider}` does not take"),
    )
    .help("remove the setting")
}

/// The failure that a provider reports inside an answer, by its code or type.
pub(super) fn reported(spec: &CapabilitySpec, code: &str, message: &str) -> Failed {
    let message = plain(message);
    // Some number their errors as HTTP does.
    let class = Class::of(code.parse().ok(), &code.to_lowercase(), &message);
    let Some(kind) = class.kind() else { return Failed::Refused(message) };
    CallError::new(kind, format!("`{}` reports: {message}", spec.name)).into()
}

/// The failure of a response that is no success.
pub(super) async fn of_response(spec: &'static CapabilitySpec, mut response: Response) -> Failed {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    // A longer body is no message; what breaks here is told by the status alone.
    while body.len() < 65_536
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    let json: Option<Json> = serde_json::from_slice(&body).ok();
    // Google sends the error of a stream as a list of one.
    let json = json.map(|json| if json.is_array() { json[0].clone() } else { json });
    let message = match json.as_ref().and_then(own_message) {
        Some(message) => plain(&message),
        None => plain(&String::from_utf8_lossy(&body)),
    };
    let codes = codes(json.as_ref(), &headers);
    let class = Class::of(Some(status), &codes, &message);
    let Some(kind) = class.kind() else { return Failed::Refused(message) };
    let mut error = CallError::new(kind, class.words(spec, status, &message, request_id(&headers)));
    error.help = class.help(spec);
    let wait = retry_after(&headers, SystemTime::now());
    error.retry_after = wait.or_else(|| json.as_ref().and_then(retry_delay));
    error.into()
}

/// The provider's name for a call, where a header says it.
pub(super) fn request_id(headers: &HeaderMap) -> Option<&str> {
    ["x-request-id", "request-id", "x-amzn-requestid", "apim-request-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= 200)
}

// What a failure means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Refused,
    TooLong,
    Credit,
    Key,
    RateLimited,
    Overloaded,
    Server,
    Unknown,
    Rejected,
}

// Words in codes, in lower case, and what they mean; the first that is found counts.
const CODES: &[(&str, Class)] = &[
    ("content_filter", Class::Refused),
    ("content_policy", Class::Refused),
    ("responsibleaipolicy", Class::Refused),
    ("data_inspection_failed", Class::Refused),
    ("bio_policy", Class::Refused),
    ("prompt_moderated", Class::Refused),
    ("context_length_exceeded", Class::TooLong),
    ("exceed_context_size", Class::TooLong),
    ("insufficient_quota", Class::Credit),
    ("billing", Class::Credit),
    ("api_key_invalid", Class::Key),
    ("invalid_api_key", Class::Key),
    ("authentication_error", Class::Key),
    ("permission", Class::Key),
    ("unauthenticated", Class::Key),
    ("accessdenied", Class::Key),
    ("unrecognizedclient", Class::Key),
    ("expiredtoken", Class::Key),
    ("invalidsignature", Class::Key),
    ("overloaded", Class::Overloaded),
    ("unavailable", Class::Overloaded),
    ("modelnotready", Class::Overloaded),
    ("rate_limit", Class::RateLimited),
    ("throttling", Class::RateLimited),
    ("resource_exhausted", Class::RateLimited),
    ("not_found", Class::Unknown),
    ("resourcenotfound", Class::Unknown),
    ("server_error", Class::Server),
    ("api_error", Class::Server),
    ("timeout", Class::Server),
    ("internal", Class::Server),
    ("modelstreamerror", Class::Server),
    ("modelerror", Class::Server),
    ("invalid_request", Class::Rejected),
    ("invalid_argument", Class::Rejected),
    ("validation", Class::Rejected),
];

// What providers say of a prompt that is too long for the model, where no code of its own says it.
const TOO_LONG: &[&str] = &[
    "maximum context length",
    "context window",
    "context limit",
    "context size",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "exceeds the maximum number of tokens",
];

impl Class {
    fn of(status: Option<u16>, codes: &str, message: &str) -> Class {
        let by_code = CODES.iter().find(|(word, _)| codes.contains(word)).map(|(_, class)| *class);
        let by_status = status.map(|status| match status {
            401 | 403 => Class::Key,
            402 => Class::Credit,
            404 => Class::Unknown,
            413 => Class::TooLong,
            429 => Class::RateLimited,
            503 | 529 => Class::Overloaded,
            // Cohere's for a token that is not accepted, Groq's for want of capacity.
            498 if message.contains("capacity") => Class::Overloaded,
            498 => Class::Key,
            408 | 409 | 424 | 425 | 500..=599 => Class::Server,
            _ => Class::Rejected,
        });
        let class = match (by_code, by_status) {
            (Some(code), Some(status)) => {
                // A code that only says that it was the request, or the server, knows less than the status.
                if matches!(code, Class::Rejected | Class::Server) { status } else { code }
            }
            (Some(code), None) => code,
            (None, Some(status)) => status,
            (None, None) if matches!(codes, "requests" | "tokens") => Class::RateLimited,
            (None, None) => Class::Server,
        };
        let says = |words: &[&str]| {
            let message = message.to_lowercase();
            words.iter().any(|word| message.contains(word))
        };
        match class {
            Class::Rejected if says(TOO_LONG) => Class::TooLong,
            Class::Rejected if says(&["credit balance"]) => Class::Credit,
            Class::Server if says(&["overloaded", "server busy"]) => Class::Overloaded,
            class => class,
        }
    }

    // `None` where the provider has refused, which is no error.
    fn kind(self) -> Option<CallErrorKind> {
        Some(match self {
            Class::Refused => return None,
            Class::TooLong => CallErrorKind::TooLong,
            Class::Key => CallErrorKind::Key,
            Class::RateLimited => CallErrorKind::RateLimited,
            Class::Overloaded => CallErrorKind::Overloaded,
            Class::Server => CallErrorKind::Server,
            Class::Credit | Class::Unknown | Class::Rejected => CallErrorKind::Rejected,
        })
    }

    fn words(self, spec: &CapabilitySpec, status: u16, message: &str, id: Option<&str>) -> String {
        let name = spec.name;
        let what = match self {
            Class::Key => format!("`{name}` does not accept the key ({status})"),
            Class::Credit => format!("the account at `{name}` has no credit left"),
            Class::RateLimited => format!("`{name}` is asked too often"),
            Class::Overloaded => format!("`{name}` is overloaded ({status})"),
            Class::Server => format!("`{name}` failed with status {status}"),
            Class::TooLong => format!("the prompt is too long for `{name}` ({status})"),
            Class::Unknown => format!("`{name}` does not know what is asked for ({status})"),
            Class::Rejected | Class::Refused => format!("`{name}` refused the request ({status})"),
        };
        let said = if message.is_empty() { String::new() } else { format!(": {message}") };
        let id = id.map(|id| format!(" [request {}]", plain(id))).unwrap_or_default();
        format!("{what}{said}{id}")
    }

    fn help(self, spec: &CapabilitySpec) -> Option<String> {
        match self {
            Class::Key => Some(match spec.service.and_then(|s| s.keys.first()) {
                Some(key) => format!("check {key}, or the model's `api_key`"),
                None => "check the model's `api_key`".to_owned(),
            }),
            Class::Credit => Some("add credit, or choose another model".to_owned()),
            Class::RateLimited => {
                Some("lower `parallel`, or set limits for the provider in flow.toml".to_owned())
            }
            Class::Overloaded => Some("try later, or give the step a `fallback`".to_owned()),
            Class::TooLong => {
                Some("set the model's `context` and `tokenizer` right, or choose a larger model".to_owned())
            }
            Class::Unknown => Some("check the model's name and its `base_url`".to_owned()),
            Class::Server | Class::Rejected | Class::Refused => None,
        }
    }
}

// All that the providers call a code, in lower case.
fn codes(json: Option<&Json>, headers: &HeaderMap) -> String {
    let mut codes = String::new();
    let mut add = |code: &str| {
        codes.push_str(&code.to_lowercase());
        codes.push(' ');
    };
    if let Some(name) = headers.get("x-amzn-errortype").and_then(|h| h.to_str().ok()) {
        add(name);
    }
    let Some(json) = json else { return codes };
    let error = &json["error"];
    let inner = &error["innererror"];
    for place in [&error["code"], &error["type"], &error["status"], &json["code"], &json["type"]] {
        place.as_str().into_iter().for_each(&mut add);
    }
    inner["code"].as_str().into_iter().for_each(&mut add);
    for detail in error["details"].as_array().into_iter().flatten() {
        detail["reason"].as_str().into_iter().for_each(&mut add);
    }
    // OpenRouter says with 403 that a prompt was flagged, and why.
    if error["metadata"]["reasons"].is_array() {
        add("prompt_moderated");
    }
    codes
}

fn own_message(json: &Json) -> Option<String> {
    let places = [
        &json["error"]["message"],
        &json["error"],
        &json["message"],
        &json["Message"],
        &json["detail"],
        &json["detail"][0]["msg"],
        &json["message"]["detail"][0]["msg"],
    ];
    places.into_iter().find_map(|place| place.as_str().map(str::to_owned))
}

/// One line, not endless, and without what looks like a key.
pub(super) fn plain(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if looks_secret(word) { "***" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    match line.char_indices().nth(300) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}

// The beginnings of the providers' keys.
fn looks_secret(word: &str) -> bool {
    ["sk-", "sk_", "gsk_", "xai-", "AIza", "AKIA", "ASIA", "Bearer", "ABSK", "key-"]
        .iter()
        .any(|start| word.contains(start))
}

// `retry-after-ms`, else `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Millis> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let exact = ["retry-after-ms", "x-ms-retry-after-ms"].iter().find_map(|name| text(name));
    if let Some(ms) = exact.and_then(|t| t.trim().parse::<f64>().ok()) {
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

// Google's `RetryInfo`: a number of seconds, such as "34.07s".
fn retry_delay(json: &Json) -> Option<Millis> {
    let details = json["error"]["details"].as_array()?;
    let delay = details.iter().find_map(|detail| detail["retryDelay"].as_str())?;
    let seconds: f64 = delay.strip_suffix('s')?.parse().ok()?;
    Some(Millis((seconds.max(0.0) * 1000.0) as u64))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;
    use serde_json::json;

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
        let google = json!({"error": {"details": [{"reason": "x"}, {"retryDelay": "34.5s"}]}});
        assert_eq!(retry_delay(&google), Some(Millis(34_500)));
    }

    #[test]
    fn messages_are_one_line_without_keys() {
        assert_eq!(plain("Incorrect key:\n sk-abc***def.  Try again."), "Incorrect key: *** Try again");
        assert_eq!(plain("no AIzaSyA1 here"), "no *** here");
        assert_eq!(plain(&"a".repeat(400)).chars().count(), 301);
    }

    #[test]
    fn a_code_says_more_than_a_status_and_a_message_where_neither_does() {
        for (status, codes, message, class) in [
            (Some(429), "insufficient_quota", "", Class::Credit),
            (Some(400), "invalid_argument api_key_invalid", "", Class::Key),
            (Some(400), "invalid_request_error", "prompt is too long: 9 tokens", Class::TooLong),
            (Some(400), "content_filter", "", Class::Refused),
            (Some(500), "server_error", "", Class::Server),
            (Some(403), "invalid_request_error", "", Class::Key),
            (Some(498), "", "flex tier capacity exceeded", Class::Overloaded),
            (None, "tokens", "", Class::RateLimited),
            (None, "anything", "", Class::Server),
            (None, "throttlingexception", "", Class::RateLimited),
        ] {
            assert_eq!(Class::of(status, codes, message), class, "{status:?} {codes} {message}");
        }
    }
}
