//! The rest of the outside of hostile runs: a lookup source and an action channel that do what they
//! like.

use super::count;
use super::values::{Maker, Size};
use async_trait::async_trait;
use ecow::EcoString;
use fastrand::Rng;
use flow_diagnostics::Code;
use flow_plan::{Action, CapabilityKind, CapabilitySpec, Lookup, Model, Value};
use flow_runtime::action::{Channel, Unacted};
use flow_runtime::lookup::Source;
use flow_runtime::{Context, RunError};
use serde_json::Value as Json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The source and the channel `file`.
pub(super) struct Outside {
    models: Vec<Model>,
    size: Size,
    rng: Mutex<Rng>,
}

static SOURCE: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Lookup, name: "file", ..CapabilitySpec::BASE };
static CHANNEL: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Action, name: "file", ..CapabilitySpec::BASE };

impl Outside {
    pub(super) fn new(models: &[Model], size: Size, seed: u64) -> Arc<Outside> {
        Arc::new(Outside { models: models.to_vec(), size, rng: Mutex::new(Rng::with_seed(seed)) })
    }

    fn with<T>(&self, decide: impl FnOnce(&mut Rng) -> T) -> T {
        decide(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    // Whether it works, after how long.
    async fn works(&self, code: Code) -> Result<(), RunError> {
        let (after, fails) = self.with(|rng| match self.size {
            Size::Largest => (0, false),
            _ => ([0, 0, 40, 4000][rng.usize(0..4)], rng.u32(0..5) == 0),
        });
        if after > 0 {
            tokio::time::sleep(Duration::from_millis(after)).await;
        }
        if fails { Err(RunError::new(code, "out of order")) } else { Ok(()) }
    }
}

#[async_trait]
impl Source for Outside {
    fn spec(&self) -> &'static CapabilitySpec {
        &SOURCE
    }

    async fn find(
        &self,
        _context: &Context,
        lookup: &Lookup,
        _args: &[(EcoString, Value)],
        _params: &[Value],
    ) -> Result<Json, RunError> {
        self.works(Code::E0807).await?;
        let tokens = |text: &str| self.models.iter().map(|m| count::text(m, text)).max().unwrap_or(0);
        Ok(self.with(|rng| {
            Maker { rng, size: self.size, count: &tokens, escaped_too: true }.json(&lookup.output)
        }))
    }
}

#[async_trait]
impl Channel for Outside {
    fn spec(&self) -> &'static CapabilitySpec {
        &CHANNEL
    }

    async fn act(
        &self,
        _context: &Context,
        _action: &Action,
        _args: &[(EcoString, Value)],
        _params: &[(EcoString, Value)],
        _key: &str,
    ) -> Result<Value, Unacted> {
        Ok(self.works(Code::E0811).await.map(|()| Value::Null)?)
    }
}
