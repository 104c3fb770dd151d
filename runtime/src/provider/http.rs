//! What the providers on the network share on the way out: where they answer, the key, and sending.
//! A key is in none of the messages.

use super::failure::{self, Failed};
use super::{CallError, CallErrorKind};
use crate::{Context, Environment};
use flow_plan::{CapabilitySpec, Config, Model, Service};
use reqwest::Response;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

/// Where a model answers, without a slash at the end.
pub(super) fn base_url(spec: &CapabilitySpec, env: &Environment, model: &Model) -> Result<String, CallError> {
    let service = service(spec);
    let url = match &model.settings.base_url {
        Some(config) => Some(read(config, env, model)?),
        None => first(env, service.bases).or(service.usual).map(str::to_owned),
    };
    url.map(|url| url.trim_end_matches('/').to_owned()).ok_or_else(|| {
        let help = match service.bases.first() {
            Some(base) => format!("write `base_url:` into the model, or set {base}"),
            None => "write `base_url:` into the model".to_owned(),
        };
        CallError::new(CallErrorKind::Rejected, format!("model `{}` has no `base_url`", model.name))
            .help(help)
    })
}

/// The key of a model; `None` where there is none and none is needed.
pub(super) fn key(
    spec: &CapabilitySpec,
    env: &Environment,
    model: &Model,
) -> Result<Option<String>, CallError> {
    let service = service(spec);
    // Of a provider without a server of its own, a key must not go to a server that the program names:
    // the variable's key is meant for something else.
    let anywhere = service.usual.is_some() || service.key_needed;
    let key = match &model.settings.api_key {
        Some(config) => Some(read(config, env, model)?),
        None if model.settings.base_url.is_some() && !anywhere => None,
        None => first(env, service.keys).map(str::to_owned),
    };
    if key.is_none() && service.key_needed {
        return Err(no_key(service.keys.first().copied().unwrap_or_default(), model));
    }
    Ok(key)
}

/// The error for a variable that has to be there and is not.
pub(super) fn no_key(variable: &str, model: &Model) -> CallError {
    CallError::new(CallErrorKind::Key, format!("the key is missing: {variable} is not set"))
        .help(format!("set {variable}, or run with `--model {}=sim/text`", model.name))
}

/// The headers of a service that takes its key as a bearer.
pub(super) fn bearer(key: Option<&str>) -> Result<HeaderMap, CallError> {
    let mut headers = HeaderMap::with_capacity(2);
    if let Some(key) = key {
        headers.insert(AUTHORIZATION, secret(&format!("Bearer {key}"))?);
    }
    Ok(headers)
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

/// Takes the secrets of a request out of what is said of it. What a provider says may be cut off within
/// one.
pub(super) fn without_secrets(message: &mut String, secrets: &[HeaderValue]) {
    // What is shorter may stand in any text, and guards nothing.
    const SHORTEST: usize = 5;
    let secrets = secrets.iter().filter_map(|s| std::str::from_utf8(s.as_bytes()).ok());
    for secret in secrets.flat_map(str::split_whitespace).filter(|s| s.len() >= SHORTEST) {
        *message = message.replace(secret, "***");
        let begins = (SHORTEST..secret.len()).rev().filter(|n| secret.is_char_boundary(*n));
        for begin in begins.map(|n| format!("{}…", &secret[..n])) {
            *message = message.replace(&begin, "***…");
        }
    }
}

/// The headers that are never printed.
pub(super) fn secrets(headers: &HeaderMap) -> Vec<HeaderValue> {
    headers.values().filter(|value| value.is_sensitive()).cloned().collect()
}

/// What is sent.
pub(super) struct Sent {
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Sends a request; an answer that is not a success is a failure.
pub(super) async fn post(
    context: &Context,
    spec: &'static CapabilitySpec,
    sent: Sent,
) -> Result<Response, Failed> {
    let Sent { url, headers, body } = sent;
    let client = context.http.client().map_err(|reason| CallError::new(CallErrorKind::Rejected, reason))?;
    let sent = client
        .post(&url)
        .headers(headers)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(body)
        .send()
        .await;
    let response = sent.map_err(|error| unsent(&url, &error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(failure::of_response(spec, response).await)
}

/// The error for a body that broke off.
pub(super) fn broken(error: &reqwest::Error) -> CallError {
    CallError::new(
        CallErrorKind::Connection,
        format!("the connection broke during the answer: {}", cause(error)),
    )
}

/// The value of a setting that may come from the environment.
pub(super) fn read(config: &Config, env: &Environment, model: &Model) -> Result<String, CallError> {
    match config {
        Config::Text(text) => Ok(text.to_string()),
        Config::Env(name) => env.get(name).map(str::to_owned).ok_or_else(|| {
            CallError::new(
                CallErrorKind::Key,
                format!("model `{}` needs {name}, which is not set", model.name),
            )
            .help(format!(
                "{}, or run with `--model {}=sim/text`",
                env.how_to_set(name),
                model.name
            ))
        }),
    }
}

/// The first of these variables that is set.
pub(super) fn first<'e>(env: &'e Environment, names: &[&str]) -> Option<&'e str> {
    names.iter().find_map(|name| env.get(name))
}

// A provider without a service has nothing in the environment.
fn service(spec: &CapabilitySpec) -> Service {
    const NONE: Service = Service { keys: &[], key_needed: false, bases: &[], usual: None, models_of: None };
    spec.service.unwrap_or(NONE)
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
    // What fails before there is a connection fails before anything of the request is written. On a
    // connection that was there already, it may have been.
    let kind = if error.is_connect() { CallErrorKind::Unreached } else { CallErrorKind::Connection };
    CallError::new(kind, format!("no answer from `{place}`: {}", cause(error)))
}

// The innermost reason says the most: "connection refused".
fn cause(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    let text = if std::ptr::addr_eq(reason, error) { "it failed".to_owned() } else { reason.to_string() };
    failure::plain(&text).to_lowercase()
}

/// A text as a part of a path or query: all but letters, digits and `-._~` is escaped (RFC 3986, 2.3).
pub(super) fn in_path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
