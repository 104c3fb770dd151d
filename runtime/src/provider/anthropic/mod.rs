//! `anthropic/…`: Anthropic's messages protocol.
//!
//! In: a [`Request`]. Out: a [`Reply`], from a stream where pieces are wanted and from one body where
//! not. A typed answer is asked for as the input of one tool that must be called.

mod answer;
mod body;

use super::alone::said_by_user;
use super::exchange::exchange;
use super::failure::{not_taken, unsendable};
use super::http::{self, Sent};
use super::prefix::Prefixes;
use super::schema::Schemas;
use super::tools::Functions;
use super::{CallError, OnText, Provider, Reply, Request};
use crate::{Context, Environment};
use answer::Messages;
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, Model, ParamSpec, Service, TypeSpec};
use reqwest::header::{HeaderMap, HeaderValue};

/// Anthropic's models.
#[derive(Debug, Default)]
pub struct Anthropic {
    schemas: Schemas,
    prefixes: Prefixes,
}

static SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "anthropic",
    params: &[
        ParamSpec {
            name: "base_url",
            ty: TypeSpec::Text,
            required: false,
            doc: "Where the provider answers.",
        },
        ParamSpec {
            name: "api_key", ty: TypeSpec::Text, required: false, doc: "The key, as `env(\"…\")`."
        },
    ],
    returns: TypeSpec::Declared,
    doc: "Anthropic's models, over the messages protocol. \
          The key comes from ANTHROPIC_API_KEY, the address from ANTHROPIC_BASE_URL where it is set. \
          A long fixed beginning of a prompt that is sent again within five minutes is marked for the prompt cache. \
          A `seed` is not sent, since the protocol has none.",
    examples: &["model careful = \"anthropic/claude-sonnet-4-5\" { max_output: 600 tokens }"],
    service: Some(Service {
        keys: &["ANTHROPIC_API_KEY"],
        key_needed: true,
        bases: &["ANTHROPIC_BASE_URL"],
        usual: Some("https://api.anthropic.com"),
        models_of: None,
    }),
    ..CapabilitySpec::BASE
};

/// The version of the protocol that this file is written to. The one after it, 2026-10-21, takes no
/// `temperature` and no `top_p`, which models have as settings.
const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

#[async_trait]
impl Provider for Anthropic {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(
        &self,
        context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        let by_user = said_by_user(request);
        let request = by_user.as_ref().unwrap_or(request);
        let (model, env) = (request.model, &context.env);
        if model.settings.reasoning.is_some() {
            // Thinking and a tool that must be called exclude one another.
            return Err(not_taken(&SPEC, model, "reasoning"));
        }
        let headers = headers(env, model)?;
        let base = http::base_url(&SPEC, env, model)?;
        let url = format!("{}/v1/messages", base.trim_end_matches("/v1"));
        let schema = self.schemas.held(request, false)?;
        let fixed = self.prefixes.marked(request);
        let functions = Functions::of(request, schema.as_ref(), true);
        let body = body::body(request, functions.as_ref(), fixed).map_err(|e| unsendable(&e))?;
        let sent = Sent { url, headers, body };
        let read = (Messages::default(), schema.as_ref(), functions.as_ref());
        exchange((context, &SPEC, request.room), sent, read, on_text).await
    }
}

fn headers(env: &Environment, model: &Model) -> Result<HeaderMap, CallError> {
    let key = http::key(&SPEC, env, model)?.unwrap_or_default();
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert("x-api-key", http::secret(&key)?);
    headers.insert("anthropic-version", VERSION);
    Ok(headers)
}
