//! `ollama/…`: models that Ollama serves, over its own protocol.
//!
//! In: a [`Request`]. Out: a [`Reply`]. A typed answer is held to a JSON schema by the sampler. The
//! model's `context` is sent along: Ollama would silently cut a longer prompt at its own default.

mod answer;
mod body;
mod embed;

use super::embedding::vectors;
use super::exchange::exchange;
use super::failure::{not_taken, unsendable};
use super::http::{self, Sent};
use super::schema::Schemas;
use super::tools::Functions;
use super::{CallError, Embedded, OnText, Provider, Reply, Request, Texts};
use crate::Context;
use answer::Pieces;
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, Service, TypeSpec};

/// Models that Ollama serves.
#[derive(Debug, Default)]
pub struct Ollama {
    schemas: Schemas,
}

static SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "ollama",
    params: &[
        ParamSpec { name: "base_url", ty: TypeSpec::Text, required: false, doc: "Where Ollama answers." },
        ParamSpec {
            name: "api_key",
            ty: TypeSpec::Text,
            required: false,
            doc: "The key, as `env(\"…\")`, for Ollama's cloud.",
        },
        ParamSpec {
            name: "reasoning",
            ty: TypeSpec::Text,
            required: false,
            doc: "Whether and how much the model thinks: `on`, `off`, `low`, `medium`, `high`.",
        },
    ],
    returns: TypeSpec::Declared,
    doc: "Models that Ollama serves, over its own protocol. \
          The address is OLLAMA_HOST, else http://localhost:11434; a key is sent where OLLAMA_API_KEY is set. \
          The model needs `context`, which is sent along, and `price`, which may be nothing. \
          Images are files or `data:` URLs.",
    examples: &["model local = \"ollama/llama3.2\" { context: 8k tokens, price: $0 in, $0 out }"],
    embeds: true,
    service: Some(Service {
        keys: &["OLLAMA_API_KEY"],
        key_needed: false,
        bases: &["OLLAMA_HOST"],
        usual: Some("http://localhost:11434"),
        models_of: None,
    }),
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Provider for Ollama {
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
        let think = match model.settings.reasoning.as_deref() {
            None => None,
            Some(word) => Some(body::Think::of(word).ok_or_else(|| not_taken(&SPEC, model, "reasoning"))?),
        };
        let key = http::key(&SPEC, env, model)?;
        let url = format!("{}/api/chat", address(&http::base_url(&SPEC, env, model)?));
        let schema = self.schemas.held(request, false)?;
        let images = body::images(&SPEC, &request.messages)?;
        // The sampler holds to a schema or lets tools be called, so that the answer is one of the tools as
        // long as there are lookups; and nobody can be told to call none, so that they are left out then.
        let may_ask = request.tools.filter(|tools| !tools.withheld);
        let functions = may_ask.and_then(|_| Functions::of(request, schema.as_ref(), true));
        let held = (schema.as_ref(), functions.as_ref());
        let body = body::body(request, held, (think, images)).map_err(|e| unsendable(&e))?;
        let sent = Sent { url, headers: http::bearer(key.as_deref())?, body };
        let read = (Pieces, schema.as_ref(), functions.as_ref());
        exchange((context, &SPEC, request.room), sent, read, on_text).await
    }

    async fn embed(&self, context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        let (model, env) = (request.model, &context.env);
        let key = http::key(&SPEC, env, model)?;
        let url = format!("{}/api/embed", address(&http::base_url(&SPEC, env, model)?));
        let body = embed::body(request).map_err(|e| unsendable(&e))?;
        let sent = Sent { url, headers: http::bearer(key.as_deref())?, body };
        vectors((context, &SPEC), sent, request, embed::Answer::vectors).await
    }
}

// OLLAMA_HOST may be a name alone, or the address that the server listens on.
fn address(host: &str) -> String {
    let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
    let rest = rest.trim_end_matches("/api");
    let rest =
        rest.strip_prefix("0.0.0.0").map_or_else(|| rest.to_owned(), |port| format!("127.0.0.1{port}"));
    let has_port = rest.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if host.contains("://") || has_port || rest.contains('/') {
        format!("{scheme}://{rest}")
    } else {
        format!("{scheme}://{rest}:11434")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_made_an_address() {
        for (host, url) in [
            ("localhost", "http://localhost:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("box:1234", "http://box:1234"),
            ("https://ollama.com", "https://ollama.com"),
            ("http://box:1234/api", "http://box:1234"),
        ] {
            assert_eq!(address(host), url, "{host}");
        }
    }
}
