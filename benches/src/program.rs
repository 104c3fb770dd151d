//! A program in Flow, compiled and made ready to run.

use crate::Failure;
use async_trait::async_trait;
use flow_compiler::{World, compile};
use flow_plan::{CapabilityKind, CapabilitySpec, Catalog, FlowId, Tokens, Value};
use flow_runtime::provider::{CallError, Finish, OnText, Provider, Reply, Request, Usage};
use flow_runtime::{Context, Engine, Environment, Options, RunStatus, Start, Tables};
use std::sync::Arc;

/// The engine of a program in one file, which asks OpenAI's protocol at `url`.
pub fn engine(text: &str, url: &str, options: Options) -> Result<Engine, Failure> {
    let world = OneFile { text: text.into(), catalog: flow_stdlib::catalog().clone() };
    let outcome = compile(&world, "main.flow");
    let plan = outcome.plan.ok_or_else(|| format!("{:?}", outcome.diagnostics))?;
    let mut env = Environment::default();
    env.vars.insert("OPENAI_API_KEY".into(), "sk-bench".into());
    env.vars.insert("OPENAI_BASE_URL".into(), url.into());
    let folder = std::env::temp_dir();
    let context = Context::new(env, &folder, folder.join("flow-benches"));
    Ok(Engine::new(Arc::new(plan), context, options)?)
}

/// One run of the first flow, with one text as its input.
pub async fn run(engine: &Engine, input: &str) -> Result<(), Failure> {
    let report = engine.run(Start::new(FlowId(0), vec![Value::text(input)])).await;
    match (report.status, report.error) {
        (RunStatus::Ok, _) => Ok(()),
        (_, Some(error)) => Err(error.to_string().into()),
        (status, None) => Err(format!("the run ended as {status:?}").into()),
    }
}

/// Everything built in, but a model of OpenAI answers at once from within this process.
pub fn at_once() -> Tables {
    let mut tables = Tables::builtin();
    tables.providers.insert(0, Arc::new(AtOnce));
    tables
}

struct AtOnce;

static AT_ONCE: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Provider, name: "openai", ..CapabilitySpec::BASE };

#[async_trait]
impl Provider for AtOnce {
    fn spec(&self) -> &'static CapabilitySpec {
        &AT_ONCE
    }

    async fn call(&self, _: &Context, _: &Request<'_>, _: &mut OnText<'_>) -> Result<Reply, CallError> {
        tokio::task::yield_now().await;
        Ok(Reply {
            text: "Foxes are small to medium-sized omnivores.".to_owned(),
            usage: Usage { input: Tokens(24), output: Tokens(9), ..Usage::default() },
            finish: Finish::Done,
            request_id: None,
            wish: None,
        })
    }
}

struct OneFile {
    text: Arc<str>,
    catalog: Catalog,
}

impl World for OneFile {
    fn read(&self, path: &str) -> Result<Arc<str>, String> {
        if path == "main.flow" { Ok(self.text.clone()) } else { Err("there is no such file".into()) }
    }
    fn catalog(&self) -> &Catalog {
        &self.catalog
    }
    fn capabilities(&self) -> &[&'static CapabilitySpec] {
        static ALL: std::sync::OnceLock<Vec<&'static CapabilitySpec>> = std::sync::OnceLock::new();
        ALL.get_or_init(flow_runtime::capabilities)
    }
    fn model_override(&self, _: &str) -> Option<String> {
        None
    }
    fn today(&self) -> Option<jiff::civil::Date> {
        None
    }
}
