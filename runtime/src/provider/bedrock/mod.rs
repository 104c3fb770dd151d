//! `bedrock/…`: models that Amazon Bedrock hosts, over its Converse protocol.
//!
//! In: a [`Request`]. Out: a [`Reply`]. A typed answer is asked for as the input of one tool that must
//! be called. A request carries an API key or is signed (`sign`).

mod answer;
mod body;
mod sign;

use super::alone::said_by_user;
use super::exchange::exchange;
use super::failure::{not_taken, unsendable};
use super::http::{self, Sent};
use super::prefix::Prefixes;
use super::schema::Schemas;
use super::tools::Functions;
use super::{CallError, OnText, Provider, Reply, Request};
use crate::{Context, Environment};
use answer::Converse;
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, Model, ParamSpec, Service, TypeSpec};

/// Models that Amazon Bedrock hosts.
#[derive(Debug, Default)]
pub struct Bedrock {
    schemas: Schemas,
    prefixes: Prefixes,
}

static SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Provider,
    name: "bedrock",
    params: &[
        ParamSpec {
            name: "base_url",
            ty: TypeSpec::Text,
            required: false,
            doc: "Where Bedrock answers, if not in AWS_REGION.",
        },
        ParamSpec {
            name: "api_key",
            ty: TypeSpec::Text,
            required: false,
            doc: "A Bedrock API key, as `env(\"…\")`.",
        },
    ],
    returns: TypeSpec::Declared,
    doc: "Models that Amazon Bedrock hosts, over its Converse protocol: what follows the slash is the model's id, an inference profile or an ARN. \
          The key comes from AWS_BEARER_TOKEN_BEDROCK, or requests are signed with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where it is set, AWS_SESSION_TOKEN. \
          The region is AWS_REGION or AWS_DEFAULT_REGION; AWS_ENDPOINT_URL_BEDROCK_RUNTIME is another address. \
          Profiles in `~/.aws` and roles of the machine are not read. \
          A long fixed beginning of a prompt that is sent again within five minutes is marked for the prompt cache. \
          A `seed` is not sent, since the protocol has none. \
          Images are files or `data:` URLs.",
    examples: &[
        "model careful = \"bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0\" { max_output: 600 tokens }",
    ],
    service: Some(Service {
        keys: &["AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID"],
        key_needed: true,
        bases: &["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"],
        usual: None,
        models_of: None,
    }),
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Provider for Bedrock {
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
        let region = http::first(env, &["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let base = address(env, model, region)?;
        let id = http::in_path(&model.model);
        let method = if request.stream { "converse-stream" } else { "converse" };
        let url = format!("{base}/model/{id}/{method}");
        let schema = self.schemas.held(request, false)?;
        let functions = Functions::of(request, schema.as_ref(), true);
        let body = body::body(&SPEC, request, functions.as_ref(), self.prefixes.marked(request))?;
        let body = serde_json::to_vec(&body).map_err(|e| unsendable(&e))?;
        let headers = match bearer(env, model)? {
            Some(key) => http::bearer(Some(&key))?,
            // A server of another address has no region; the signature needs a word for it.
            None => sign::headers(env, model, region.unwrap_or("us-east-1"), (&url, &body))?,
        };
        let sent = Sent { url, headers, body };
        let read = (Converse, schema.as_ref(), functions.as_ref());
        exchange((context, &SPEC, request.room), sent, read, on_text).await
    }
}

fn bearer(env: &Environment, model: &Model) -> Result<Option<String>, CallError> {
    match &model.settings.api_key {
        Some(config) => http::read(config, env, model).map(Some),
        None => Ok(env.get("AWS_BEARER_TOKEN_BEDROCK").map(str::to_owned)),
    }
}

fn address(env: &Environment, model: &Model, region: Option<&str>) -> Result<String, CallError> {
    let is_given = model.settings.base_url.is_some() || env.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME").is_some();
    match region {
        _ if is_given => http::base_url(&SPEC, env, model),
        // A region becomes part of a name, so it has to look like one.
        Some(region) if region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
            let end = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            Ok(format!("https://bedrock-runtime.{region}.{end}"))
        }
        _ => Err(CallError::new(
            super::CallErrorKind::Rejected,
            format!("model `{}` has no region", model.name),
        )
        .help("set AWS_REGION, such as `us-east-1`")),
    }
}
