//! `google/…`: Google's Gemini models, over `generateContent` and `streamGenerateContent`.
//!
//! In: a [`Request`]. Out: a [`Reply`]. A typed answer is held to a JSON schema
//! (`responseJsonSchema`), and what is said to the system stands apart from the conversation.

mod answer;
mod body;
mod embed;

use super::alone::said_by_user;
use super::embedding::vectors;
use super::exchange::exchange;
use super::failure::unsendable;
use super::http::{self, Sent};
use super::schema::Schemas;
use super::tools::Functions;
use super::{CallError, Embedded, OnText, Provider, Reply, Request, Texts};
use crate::{Context, Environment};
use answer::Candidates;
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, Model, ParamSpec, Service, TypeSpec};
use reqwest::header::HeaderMap;

/// Google's Gemini models.
#[derive(Debug, Default)]
pub struct Google {
    schemas: Schemas,
}

static SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "google",
    params: &[
        ParamSpec {
            name: "base_url",
            ty: TypeSpec::Text,
            required: false,
            doc: "Where the provider answers; with `/v1beta` at its end, that version is asked.",
        },
        ParamSpec {
            name: "api_key", ty: TypeSpec::Text, required: false, doc: "The key, as `env(\"…\")`."
        },
        ParamSpec {
            name: "reasoning",
            ty: TypeSpec::Text,
            required: false,
            doc: "How much the model thinks: `low`, `high`, or a number of tokens for models that take a budget.",
        },
    ],
    returns: TypeSpec::Declared,
    doc: "Google's Gemini models, over the Gemini API. \
          The key comes from GEMINI_API_KEY or GOOGLE_API_KEY, the address from GOOGLE_GEMINI_BASE_URL where it is set. \
          Thoughts are billed as output, and the output cap does not dependably hold them.",
    examples: &["model fast = \"google/gemini-2.5-flash\" { max_output: 600 tokens }"],
    embeds: true,
    service: Some(Service {
        keys: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        key_needed: true,
        bases: &["GOOGLE_GEMINI_BASE_URL", "GEMINI_BASE_URL"],
        usual: Some("https://generativelanguage.googleapis.com"),
        models_of: None,
    }),
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Provider for Google {
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
        let headers = headers(env, model)?;
        let base = http::base_url(&SPEC, env, model)?;
        // The stable version, unless the address says another, or for functions, which it does not take as
        // JSON schemas.
        let base = match (base.ends_with("/v1beta"), request.tools) {
            (true, _) => base,
            (false, None) => format!("{}/v1", base.trim_end_matches("/v1")),
            (false, Some(_)) => format!("{}/v1beta", base.trim_end_matches("/v1")),
        };
        let name = http::in_path(&model.model);
        let method = if request.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        let url = format!("{base}/models/{name}:{method}");
        let schema = self.schemas.held(request, false)?;
        // Older models take no functions beside a schema: the answer is one of the functions then.
        let functions = request.tools.and_then(|_| Functions::of(request, schema.as_ref(), true));
        let body = body::body(request, schema.as_ref(), functions.as_ref()).map_err(|e| unsendable(&e))?;
        let sent = Sent { url, headers, body };
        let read = (Candidates, schema.as_ref(), functions.as_ref());
        exchange((context, &SPEC, request.room), sent, read, on_text).await
    }

    async fn embed(&self, context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        let (model, env) = (request.model, &context.env);
        let headers = headers(env, model)?;
        let base = http::base_url(&SPEC, env, model)?;
        // The stable version has no length of vectors.
        let base = base.trim_end_matches("/v1").trim_end_matches("/v1beta");
        let url = format!("{base}/v1beta/models/{}:batchEmbedContents", http::in_path(&model.model));
        let body = embed::body(request).map_err(|e| unsendable(&e))?;
        vectors((context, &SPEC), Sent { url, headers, body }, request, embed::Answer::vectors).await
    }
}

fn headers(env: &Environment, model: &Model) -> Result<HeaderMap, CallError> {
    let key = http::key(&SPEC, env, model)?.unwrap_or_default();
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert("x-goog-api-key", http::secret(&key)?);
    Ok(headers)
}
