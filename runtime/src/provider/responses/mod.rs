//! `openai-responses/…`: OpenAI's responses protocol, which some of its models are reached by alone.
//!
//! In: a [`Request`]. Out: a [`Reply`]. Nothing is kept at OpenAI (`store` is false).

mod answer;
mod body;

use super::exchange::exchange;
use super::failure::{not_taken, unsendable};
use super::http::{self, Sent};
use super::openai::PARAMS;
use super::schema::Schemas;
use super::tools::Functions;
use super::{CallError, OnText, Provider, Reply, Request};
use crate::Context;
use answer::Events;
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, Service, TypeSpec};

/// OpenAI's models, over the responses protocol.
#[derive(Debug, Default)]
pub struct Responses {
    schemas: Schemas,
}

static SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "openai-responses",
    params: PARAMS,
    returns: TypeSpec::Declared,
    doc: "OpenAI's models, over the responses protocol. \
          Key, address and the catalogue's models are those of `openai/…`. \
          Nothing is stored at OpenAI. \
          The protocol has no `stop` and no `seed`: the first is refused, the second not sent.",
    examples: &["model careful = \"openai-responses/gpt-5\" { max_output: 2000 tokens, reasoning: low }"],
    service: Some(Service {
        keys: &["OPENAI_API_KEY"],
        key_needed: true,
        bases: &["OPENAI_BASE_URL"],
        usual: Some("https://api.openai.com/v1"),
        models_of: Some("openai"),
    }),
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Provider for Responses {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(
        &self,
        context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        let (model, env) = (request.model, &context.env);
        if !model.settings.stop.is_empty() {
            return Err(not_taken(&SPEC, model, "stop"));
        }
        let key = http::key(&SPEC, env, model)?;
        let url = format!("{}/responses", http::base_url(&SPEC, env, model)?);
        let schema = self.schemas.held(request, true)?;
        let functions = Functions::of(request, schema.as_ref(), false);
        let body = body::body(request, schema.as_ref(), functions.as_ref()).map_err(|e| unsendable(&e))?;
        let sent = Sent { url, headers: http::bearer(key.as_deref())?, body };
        let read = (Events::default(), schema.as_ref(), functions.as_ref());
        exchange((context, &SPEC, request.room), sent, read, on_text).await
    }
}
