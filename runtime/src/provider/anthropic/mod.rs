//! `anthropic/…`: Anthropic's messages protocol.
//!
//! In: a [`Request`]. Out: a [`Reply`], from a stream where pieces are wanted and from one body where
//! not. A typed answer is asked for as the input of one tool that must be called.

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
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

/// Anthropic's models.
#[derive(Debug, Default)]
pub struct Anthropic {
    schemas: Schemas,
}

const SERVICE: Service = Service {
    name: "anthropic",
    key: "ANTHROPIC_API_KEY",
    base: "ANTHROPIC_BASE_URL",
    usual: Some("https://api.anthropic.com"),
};

const SPEC: CapabilitySpec = CapabilitySpec {
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
          A `seed` is not sent, since the protocol has none.",
    examples: &["model careful = \"anthropic/claude-sonnet-4-5\" { max_output: 600 tokens }"],
    ..CapabilitySpec::BASE
};

/// The version of the protocol that this file is written to.
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
        if request.model.settings.reasoning.is_some() {
            // Thinking and a tool that must be called exclude one another.
            let message = format!(
                "model `{}` sets `reasoning`, which `anthropic` does not take yet",
                request.model.name
            );
            return Err(CallError::new(CallErrorKind::Rejected, message).help("remove the setting"));
        }
        let headers = headers(context, request.model)?;
        let base = http::base_url(&SERVICE, &context.env, request.model)?;
        let url = format!("{}/v1/messages", base.trim_end_matches("/v1"));
        let unsendable = |error: serde_json::Error| {
            CallError::new(CallErrorKind::Rejected, format!("the request can't be written: {error}"))
        };
        let schema = match request.output {
            Type::Text { .. } => None,
            // Without the ability the prompt says the shape in words, and no room is reserved for a tool.
            output if request.model.card.abilities.json_schema => {
                Some(self.schemas.of(output, false).map_err(unsendable)?)
            }
            _ => None,
        };
        let body = body::body(request, schema.as_ref()).map_err(unsendable)?;
        let response = http::post(context, &SERVICE, &url, headers, body).await?;
        let answer = Answer::new(schema.is_some());
        if schema.is_none_or(|schema| !schema.wrapped) {
            return read(response, answer, on_text).await?.reply();
        }
        // Pieces of the wrapping are no use to anybody.
        let mut reply = read(response, answer, &mut |_| ()).await?.reply()?;
        reply.text = schema::unwrap(reply.text);
        on_text(&reply.text);
        Ok(reply)
    }
}

fn headers(context: &Context, model: &Model) -> Result<HeaderMap, CallError> {
    let key = http::key(&SERVICE, &context.env, model, true)?.ok_or_else(|| http::no_key(&SERVICE, model))?;
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert("x-api-key", http::secret(&key)?);
    headers.insert("anthropic-version", VERSION);
    Ok(headers)
}

async fn read(
    mut response: Response,
    mut answer: Answer,
    on_text: &mut OnText<'_>,
) -> Result<Answer, CallError> {
    let kind = response.headers().get(CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        let body = response.bytes().await.map_err(|e| http::broken(&e))?;
        answer.whole(&SERVICE, &body, on_text)?;
        return Ok(answer);
    }
    let mut events = Events::default();
    while let Some(chunk) = response.chunk().await.map_err(|e| http::broken(&e))? {
        events.feed(&chunk, &mut |data| answer.event(&SERVICE, data, on_text))?;
        if answer.done {
            http::drain(response).await;
            return Ok(answer);
        }
    }
    events.finish(&mut |data| answer.event(&SERVICE, data, on_text))?;
    Ok(answer)
}
