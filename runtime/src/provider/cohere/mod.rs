//! `cohere/…`: Cohere's chat protocol, version 2.
//!
//! In: a [`Request`]. Out: a [`Reply`]. A typed answer is held to a JSON schema.

mod answer;
mod body;
mod embed;

use super::alone::said_by_user;
use super::embedding::vectors;
use super::exchange::exchange;
use super::failure::{not_taken, unsendable};
use super::http::{self, Sent};
use super::schema::Schemas;
use super::tools::Functions;
use super::{CallError, Embedded, OnText, Provider, Reply, Request, Texts};
use crate::Context;
use answer::Events;
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, Service, TypeSpec};

/// Cohere's models.
#[derive(Debug, Default)]
pub struct Cohere {
    schemas: Schemas,
}

static SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "cohere",
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
    doc: "Cohere's models, over version 2 of its chat protocol. \
          The key comes from CO_API_KEY or COHERE_API_KEY, the address from CO_API_URL where it is set. \
          What Cohere bills is charged, which leaves out the prompt that it puts before yours.",
    examples: &["model fast = \"cohere/command-r-08-2024\" { max_output: 600 tokens }"],
    embeds: true,
    service: Some(Service {
        keys: &["CO_API_KEY", "COHERE_API_KEY"],
        key_needed: true,
        bases: &["CO_API_URL"],
        usual: Some("https://api.cohere.com"),
        models_of: None,
    }),
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Provider for Cohere {
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
            return Err(not_taken(&SPEC, model, "reasoning"));
        }
        let key = http::key(&SPEC, env, model)?;
        let url = format!("{}/v2/chat", without_version(&http::base_url(&SPEC, env, model)?));
        let schema = self.schemas.held(request, false)?;
        // A schema and tools exclude one another: the answer is one of the tools then.
        let functions = request.tools.and_then(|_| Functions::of(request, schema.as_ref(), true));
        let body = body::body(request, schema.as_ref(), functions.as_ref()).map_err(|e| unsendable(&e))?;
        let sent = Sent { url, headers: http::bearer(key.as_deref())?, body };
        let read = (Events, schema.as_ref(), functions.as_ref());
        exchange((context, &SPEC, request.room), sent, read, on_text).await
    }

    async fn embed(&self, context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        let (model, env) = (request.model, &context.env);
        let key = http::key(&SPEC, env, model)?;
        let url = format!("{}/v2/embed", without_version(&http::base_url(&SPEC, env, model)?));
        let body = embed::body(request).map_err(|e| unsendable(&e))?;
        let sent = Sent { url, headers: http::bearer(key.as_deref())?, body };
        vectors((context, &SPEC), sent, request, embed::Answer::vectors).await
    }
}

fn without_version(base: &str) -> &str {
    base.trim_end_matches("/v1").trim_end_matches("/v2")
}
