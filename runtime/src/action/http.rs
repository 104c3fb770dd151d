//! `http(url)`: sends the action's parameters to a server as a JSON object.
//!
//! A receiver that knows an act by a key is told it in the header that `idempotency` names; then an
//! act of which nothing was heard again is simply sent again. Where there is no such header it is held
//! for a person.

use super::{Channel, Unacted};
use crate::journal::InDoubt;
use crate::{Context, RunError};
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Action, Arg, CapabilityKind, CapabilitySpec, Expr, ParamSpec, TypeSpec, Value};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::{Map, Value as Json};

/// A server that speaks HTTP.
#[derive(Debug)]
pub(super) struct Http;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Action,
    name: "http",
    outward: true,
    params: &[
        ParamSpec {
            name: "url",
            ty: TypeSpec::Text,
            required: true,
            doc: "The address: written as it is, or `env(…)`; it is not computed from parameters.",
        },
        ParamSpec {
            name: "method",
            ty: TypeSpec::Text,
            required: false,
            doc: "`POST`, unless it is `PUT`, `PATCH` or `DELETE`.",
        },
        ParamSpec {
            name: "authorization",
            ty: TypeSpec::Text,
            required: false,
            doc: "The `Authorization` header, such as `env(\"CRM_AUTHORIZATION\")`.",
        },
        ParamSpec {
            name: "idempotency",
            ty: TypeSpec::Text,
            required: false,
            doc: "The header in which the receiver takes the key of an act, such as `Idempotency-Key`. \
                  With it, an act that may have happened is sent again.",
        },
    ],
    returns: TypeSpec::Null,
    doc: "Sends the action's parameters to a server as a JSON object. \
          A status from 200 to 299 says that it is done, and one from 300 to 499 that it is not, but for 408 and \
          409; after these, any other, and a broken connection it is not known.",
    examples: &["channel: http(\"https://crm.example.com/notes\", idempotency: \"Idempotency-Key\")"],
    ..CapabilitySpec::BASE
};

const METHODS: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];
/// How much of an answer that is an error is shown, in characters.
const SHOWN: usize = 200;

#[async_trait]
impl Channel for Http {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    fn in_doubt(&self, action: &Action) -> InDoubt {
        match action.args.iter().any(|(name, _)| name == "idempotency") {
            true => InDoubt::Repeat,
            false => InDoubt::Hold,
        }
    }

    async fn act(
        &self,
        context: &Context,
        action: &Action,
        args: &[(EcoString, Value)],
        params: &[(EcoString, Value)],
        key: &str,
    ) -> Result<Value, Unacted> {
        let fails = |reason: &str| failed(action, reason);
        let arg = |name: &str| {
            let value = args.iter().find(|(n, _)| n == name).and_then(|(_, value)| value.as_text());
            value.filter(|text| !text.is_empty())
        };
        let fixed = |(_, arg): &(EcoString, Arg)| matches!(arg, Arg::Expr(Expr::Literal(_)) | Arg::Env(_));
        if !action.args.iter().filter(|(name, _)| name == "url").all(fixed) {
            // What is computed may come from outside, and must not choose who is told.
            return Err(fails("its `url` is computed")
                .help("write the address, or take it from `env(…)`")
                .into());
        }
        let url = arg("url").and_then(|url| Url::parse(url).ok());
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return Err(fails("its `url` is no address").help("it begins with `https://`").into());
        };
        let method = arg("method").unwrap_or("POST");
        let Some(method) = METHODS.iter().find(|m| m.eq_ignore_ascii_case(method)) else {
            let reason = format!("`{method}` is no method to act with");
            return Err(fails(&reason).help(format!("it is one of {}", METHODS.join(", "))).into());
        };
        let client = context.http.direct().map_err(|reason| fails(&reason))?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|e| fails(&e.to_string()))?;
        let mut request = client.request(method, url).header(CONTENT_TYPE, "application/json");
        if let Some(secret) = arg("authorization") {
            let mut header = HeaderValue::from_str(secret)
                .map_err(|_| fails("its `authorization` holds characters that can't be sent"))?;
            header.set_sensitive(true);
            request = request.header(AUTHORIZATION, header);
        }
        if let Some(name) = arg("idempotency") {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| fails(&format!("`{name}` is no name of a header")))?;
            request = request.header(name, key);
        }
        let response = send(action, request.body(body(params))).await?;
        judge(action, response, arg("authorization")).await
    }
}

fn body(params: &[(EcoString, Value)]) -> String {
    let object: Map<String, Json> = params.iter().map(|(name, v)| (name.to_string(), v.to_json())).collect();
    Json::Object(object).to_string()
}

async fn send(action: &Action, request: RequestBuilder) -> Result<Response, Unacted> {
    request.send().await.map_err(|error| {
        // An address may hold a secret.
        let error = error.without_url();
        if error.is_connect() || error.is_builder() {
            return failed(action, &format!("its server can't be reached: {}", cause(&error)))
                .help("check the address and whether the server runs")
                .into();
        }
        Unacted::Unknown(failed(action, &format!("the connection broke: {}", cause(&error))))
    })
}

async fn judge(action: &Action, response: Response, secret: Option<&str>) -> Result<Value, Unacted> {
    let status = response.status();
    if status.is_redirection() {
        return Err(failed(action, &format!("the server answered {}, a redirect", status.as_u16()))
            .help("write the address it leads to")
            .into());
    }
    if status.is_success() {
        return Ok(Value::Null);
    }
    let said = said(response, secret).await;
    let error = failed(action, &format!("the server answered {}{said}", status.as_u16()));
    let is_unknown = status == StatusCode::REQUEST_TIMEOUT || status == StatusCode::CONFLICT;
    match status.is_client_error() && !is_unknown {
        true => Err(error.help("check what is sent, and the authorization").into()),
        false => Err(Unacted::Unknown(error)),
    }
}

// One line of what a server says, without the secret it was told.
async fn said(response: Response, secret: Option<&str>) -> String {
    let Ok(text) = response.text().await else { return String::new() };
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for secret in secret.into_iter().flat_map(str::split_whitespace).filter(|s| s.len() > 3) {
        line = line.replace(secret, "***");
    }
    match line.char_indices().nth(SHOWN) {
        _ if line.is_empty() => line,
        Some((cut, _)) => format!(": {}…", &line[..cut]),
        None => format!(": {line}"),
    }
}

fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn failed(action: &Action, reason: &str) -> RunError {
    RunError::new(Code::E0811, format!("action `{}` failed: {reason}", action.name))
}
