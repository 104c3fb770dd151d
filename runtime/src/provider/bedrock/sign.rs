//! Signatures of requests to AWS (version 4), made by AWS's own crate.

use crate::Environment;
use crate::provider::failure::unsendable;
use crate::provider::{CallError, http};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use flow_plan::Model;
use reqwest::header::{HeaderMap, HeaderName};
use std::time::SystemTime;

/// The headers that sign a request with the keys of the environment.
pub(super) fn headers(
    env: &Environment,
    model: &Model,
    region: &str,
    (url, body): (&str, &[u8]),
) -> Result<HeaderMap, CallError> {
    let needed = |name: &str| env.get(name).ok_or_else(|| http::no_key(name, model));
    let (id, secret) = (needed("AWS_ACCESS_KEY_ID")?, needed("AWS_SECRET_ACCESS_KEY")?);
    let token = env.get("AWS_SESSION_TOKEN").map(str::to_owned);
    let identity = Credentials::new(id, secret, token, None, "environment").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("bedrock")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|e| unsendable(&e))?
        .into();
    let signed = [("content-type", "application/json")];
    let request = SignableRequest::new("POST", url, signed.into_iter(), SignableBody::Bytes(body))
        .map_err(|e| unsendable(&e))?;
    let (instructions, _) = sign(request, &params).map_err(|e| unsendable(&e))?.into_parts();
    let mut headers = HeaderMap::with_capacity(5);
    for (name, value) in instructions.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| unsendable(&e))?;
        headers.insert(name, http::secret(value)?);
    }
    Ok(headers)
}
