//! `openai/…`, `openai-compatible/…`, and every service of the table in `services.rs`: the chat
//! completions protocol, with OpenAI itself or with any server that speaks it.
//!
//! In: a [`Request`]. Out: a [`Reply`], from a stream where pieces are wanted and from one body where
//! not. This is the hot path: a call copies its prompt once and its answer once.

mod answer;
mod body;
mod embed;
mod services;

use super::embedding::vectors;
use super::exchange::exchange;
use super::failure::unsendable;
use super::http::{self, Sent};
use super::schema::Schemas;
use super::{CallError, Embedded, OnText, Provider, Reply, Request, Texts};
use crate::Context;
use async_trait::async_trait;
use flow_plan::CapabilitySpec;

pub(super) use answer::Chat;
pub(super) use body::{Made, Tool, body, functions, name};
pub(super) use embed::{Answer as Vectors, body as texts};
pub(super) use services::{Dialect, PARAMS};

/// A server that speaks the chat completions protocol.
#[derive(Debug)]
pub struct OpenAi {
    dialect: &'static Dialect,
    schemas: Schemas,
}

impl OpenAi {
    /// `openai/…`.
    pub fn own() -> OpenAi {
        OpenAi::of(&services::OPENAI)
    }

    /// `openai-compatible/…`.
    pub fn compatible() -> OpenAi {
        OpenAi::of(&services::COMPATIBLE)
    }

    /// Mistral, Groq, Together and the others that have a name of their own.
    pub fn named() -> impl Iterator<Item = OpenAi> {
        services::NAMED.iter().map(OpenAi::of)
    }

    fn of(dialect: &'static Dialect) -> OpenAi {
        OpenAi { dialect, schemas: Schemas::default() }
    }
}

#[async_trait]
impl Provider for OpenAi {
    fn spec(&self) -> &'static CapabilitySpec {
        &self.dialect.spec
    }

    async fn call(
        &self,
        context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        let (spec, env) = (self.spec(), &context.env);
        let key = http::key(spec, env, request.model)?;
        let url = format!("{}/chat/completions", http::base_url(spec, env, request.model)?);
        let schema = self.schemas.held(request, true)?;
        let functions = functions(request, schema.as_ref(), self.dialect);
        let body = body(request, (schema.as_ref(), functions.as_ref()), self.dialect);
        let body = body.map_err(|e| unsendable(&e))?;
        let sent = Sent { url, headers: http::bearer(key.as_deref())?, body };
        let read = (Chat::default(), schema.as_ref(), functions.as_ref());
        exchange((context, spec, request.room), sent, read, on_text).await
    }

    async fn embed(&self, context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        let (spec, env) = (self.spec(), &context.env);
        let key = http::key(spec, env, request.model)?;
        let url = format!("{}/embeddings", http::base_url(spec, env, request.model)?);
        let body = texts(request, self.dialect.shortens).map_err(|e| unsendable(&e))?;
        let sent = Sent { url, headers: http::bearer(key.as_deref())?, body };
        vectors((context, spec), sent, request, Vectors::vectors).await
    }
}
