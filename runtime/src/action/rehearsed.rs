//! Channels that take everything and do nothing: what tests and replays act with, since both change no
//! world.

use super::{Channel, Unacted};
use crate::Context;
use async_trait::async_trait;
use ecow::EcoString;
use flow_plan::{Action, CapabilitySpec, Value};
use std::sync::Arc;

/// A channel that does nothing in place of another.
pub(crate) struct Rehearsed(pub(crate) Arc<dyn Channel>);

#[async_trait]
impl Channel for Rehearsed {
    fn spec(&self) -> &'static CapabilitySpec {
        self.0.spec()
    }

    async fn act(
        &self,
        _: &Context,
        _: &Action,
        _: &[(EcoString, Value)],
        _: &[(EcoString, Value)],
        _: &str,
    ) -> Result<Value, Unacted> {
        Ok(Value::Null)
    }
}
