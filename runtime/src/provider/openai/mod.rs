//! `openai/…` and `openai-compatible/…`: the chat completions protocol, with OpenAI itself or with any
//! server that speaks it (vLLM, llama.cpp, Ollama, LiteLLM and many more).
//!
//! In: a [`Request`]. Out: a [`Reply`], from a stream where pieces are wanted and from one body where
//! not. This is the hot path: a call copies its prompt once and its answer once.

mod answer;
mod body;

use super::events::Events;
use super::http::{self, Service};
use super::schema::{self, Schemas};
use super::{CallError, CallErrorKind, OnText, Provider, Reply, Request};
use crate::Context;
use answer::Answer;
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, Model, ParamSpec, Type, TypeSpec};
use reqwest::Response;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};

/// A server that speaks the chat completions protocol.
#[derive(Debug)]
pub struct OpenAi {
    spec: &'static CapabilitySpec,
    service: &'static Service,
    /// Whether this is OpenAI's own kind: a key is needed, and the output cap has its newer name.
    own: bool,
    schemas: Schemas,
}

impl OpenAi {
    /// `openai/…`.
    pub fn own() -> OpenAi {
        OpenAi { spec: &OPENAI, service: &OPENAI_SERVICE, own: true, schemas: Schemas::default() }
    }

    /// `openai-compatible/…`.
    pub fn compatible() -> OpenAi {
        OpenAi { spec: &COMPATIBLE, service: &COMPATIBLE_SERVICE, own: false, schemas: Schemas::default() }
    }
}

const OPENAI_SERVICE: Service = Service {
    name: "openai",
    key: "OPENAI_API_KEY",
    base: "OPENAI_BASE_URL",
    usual: Some("https://api.openai.com/v1"),
};

const COMPATIBLE_SERVICE: Service =
    Service { name: "openai-compatible", key: "OPENAI_API_KEY", base: "OPENAI_BASE_URL", usual: None };

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        name: "base_url",
        ty: TypeSpec::Text,
        required: false,
        doc: "Where the provider answers, up to `/v1`.",
    },
    ParamSpec { name: "api_key", ty: TypeSpec::Text, required: false, doc: "The key, as `env(\"…\")`." },
    ParamSpec {
        name: "reasoning",
        ty: TypeSpec::Text,
        required: false,
        doc: "How much a reasoning model thinks: `low`, `medium`, `high`.",
    },
];

const OPENAI: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "openai",
    params: PARAMS,
    returns: TypeSpec::Declared,
    doc: "OpenAI's models, over the chat completions protocol. \
          The key comes from OPENAI_API_KEY, the address from OPENAI_BASE_URL where it is set.",
    examples: &["model fast = \"openai/gpt-4o-mini\" { max_output: 600 tokens }"],
    ..CapabilitySpec::BASE
};

const COMPATIBLE: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "openai-compatible",
    params: PARAMS,
    returns: TypeSpec::Declared,
    doc: "Any server that speaks OpenAI's chat completions protocol: vLLM, llama.cpp, Ollama, LiteLLM and others. \
          The address is the model's `base_url`, or OPENAI_BASE_URL. A key is sent where the model has an `api_key`; \
          OPENAI_API_KEY goes only to the server of OPENAI_BASE_URL.",
    examples: &["model local = \"openai-compatible/llama-3.1-8b-instruct\" { base_url: env(\"VLLM_URL\") }"],
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Provider for OpenAi {
    fn spec(&self) -> &'static CapabilitySpec {
        self.spec
    }

    async fn call(
        &self,
        context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        let headers = self.headers(context, request.model)?;
        let url = format!("{}/chat/completions", http::base_url(self.service, &context.env, request.model)?);
        let unsendable = |error: serde_json::Error| {
            CallError::new(CallErrorKind::Rejected, format!("the request can't be written: {error}"))
        };
        let schema = match request.output {
            Type::Text { .. } => None,
            output if request.model.card.abilities.json_schema => {
                Some(self.schemas.of(output, true).map_err(unsendable)?)
            }
            _ => None,
        };
        let body = body::body(request, schema.as_ref(), self.own).map_err(unsendable)?;
        let response = http::post(context, self.service, &url, headers, body).await?;
        let estimate = || request.messages.iter().map(|m| crate::size::tokens(&m.text)).sum();
        if schema.is_none_or(|schema| !schema.wrapped) {
            return self.read(response, on_text).await?.reply(estimate);
        }
        // Pieces of the wrapping are no use to anybody.
        let mut reply = self.read(response, &mut |_| ()).await?.reply(estimate)?;
        reply.text = schema::unwrap(reply.text);
        on_text(&reply.text);
        Ok(reply)
    }
}

impl OpenAi {
    fn headers(&self, context: &Context, model: &Model) -> Result<HeaderMap, CallError> {
        let mut headers = HeaderMap::with_capacity(2);
        match http::key(self.service, &context.env, model, self.own)? {
            Some(key) => {
                headers.insert(AUTHORIZATION, http::secret(&format!("Bearer {key}"))?);
            }
            None if self.own => return Err(http::no_key(self.service, model)),
            None => {}
        }
        Ok(headers)
    }

    async fn read(&self, mut response: Response, on_text: &mut OnText<'_>) -> Result<Answer, CallError> {
        let mut answer = Answer::default();
        let streamed = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if !streamed {
            // A server that does not stream answers with one body, asked for or not.
            let body = response.bytes().await.map_err(|e| http::broken(&e))?;
            answer.whole(self.service, &body, on_text)?;
            return Ok(answer);
        }
        let mut events = Events::default();
        while let Some(chunk) = response.chunk().await.map_err(|e| http::broken(&e))? {
            events.feed(&chunk, &mut |data| answer.event(self.service, data, on_text))?;
            if answer.done {
                http::drain(response).await;
                return Ok(answer);
            }
        }
        events.finish(&mut |data| answer.event(self.service, data, on_text))?;
        Ok(answer)
    }
}
