//! `azure/…`: OpenAI's models in a deployment of Azure's. The chat completions protocol at another
//! address and with another header; what follows the slash is the deployment's name.

use super::embedding::vectors;
use super::exchange::exchange;
use super::failure::unsendable;
use super::http::{self, Sent};
use super::openai::{Chat, Dialect, PARAMS, Vectors, body, functions, texts};
use super::schema::Schemas;
use super::{CallError, Embedded, OnText, Provider, Reply, Request, Texts};
use crate::{Context, Environment};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, Model, Service, TypeSpec};
use reqwest::header::HeaderMap;

/// Azure's deployments of OpenAI's models.
#[derive(Debug, Default)]
pub struct Azure {
    schemas: Schemas,
}

static DIALECT: Dialect =
    Dialect { spec: SPEC, newer_cap: true, shortens: true, both: true, one_by_one: true, ..Dialect::BASE };

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "azure",
    params: PARAMS,
    returns: TypeSpec::Declared,
    doc: "Azure's deployments of OpenAI's models: what follows the slash is the deployment's name. \
          The key comes from AZURE_OPENAI_API_KEY, the resource's address from AZURE_OPENAI_ENDPOINT. \
          The version 1 API is asked, or the one of AZURE_OPENAI_API_VERSION where that is set. \
          A deployment that is not called what its model is called needs `context` and `price`.",
    examples: &["model fast = \"azure/gpt-4o-mini\" { max_output: 600 tokens }"],
    embeds: true,
    service: Some(Service {
        keys: &["AZURE_OPENAI_API_KEY"],
        key_needed: true,
        bases: &["AZURE_OPENAI_ENDPOINT"],
        usual: None,
        models_of: None,
    }),
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Provider for Azure {
    fn spec(&self) -> &'static CapabilitySpec {
        &DIALECT.spec
    }

    async fn call(
        &self,
        context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        let (spec, env) = (self.spec(), &context.env);
        let headers = headers(spec, env, request.model)?;
        let url = url(&http::base_url(spec, env, request.model)?, (env, request.model), "chat/completions");
        let schema = self.schemas.held(request, true)?;
        let functions = functions(request, schema.as_ref(), &DIALECT);
        let body = body(request, (schema.as_ref(), functions.as_ref()), &DIALECT);
        let sent = Sent { url, headers, body: body.map_err(|e| unsendable(&e))? };
        let read = (Chat::default(), schema.as_ref(), functions.as_ref());
        exchange((context, spec, request.room), sent, read, on_text).await
    }

    async fn embed(&self, context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        let (spec, env) = (self.spec(), &context.env);
        let headers = headers(spec, env, request.model)?;
        let url = url(&http::base_url(spec, env, request.model)?, (env, request.model), "embeddings");
        let body = texts(request, DIALECT.shortens).map_err(|e| unsendable(&e))?;
        vectors((context, spec), Sent { url, headers, body }, request, Vectors::vectors).await
    }
}

fn headers(spec: &CapabilitySpec, env: &Environment, model: &Model) -> Result<HeaderMap, CallError> {
    let key = http::key(spec, env, model)?.unwrap_or_default();
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert("api-key", http::secret(&key)?);
    Ok(headers)
}

// The address of a deployment: by its path and a version that is asked for, else by the API that has no
// versions any more.
fn url(base: &str, (env, model): (&Environment, &Model), method: &str) -> String {
    let resource = base.trim_end_matches("/openai/v1").trim_end_matches("/openai");
    match http::first(env, &["AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"]) {
        Some(version) => {
            let deployment = http::in_path(&model.model);
            let version = http::in_path(version);
            format!("{resource}/openai/deployments/{deployment}/{method}?api-version={version}")
        }
        None => format!("{resource}/openai/v1/{method}"),
    }
}
