//! Action channels: how a flow changes the world. Each is one file with a [`Channel`]
//! implementation and its [`CapabilitySpec`], and one line in [`builtin`].

mod file;
mod unsupported;

use crate::{Context, RunError};
use async_trait::async_trait;
use ecow::EcoString;
use flow_plan::{Action, CapabilitySpec, Value};

pub use unsupported::UNSUPPORTED;

/// A way to change the world.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Its name, its arguments and what it can do.
    fn spec(&self) -> &'static CapabilitySpec;

    /// Does it, once. `args` are the channel's own arguments, `params` the action's by name;
    /// `key` is the same whenever it is the same act, for receivers that can tell.
    async fn act(
        &self,
        context: &Context,
        action: &Action,
        args: &[(EcoString, Value)],
        params: &[(EcoString, Value)],
        key: &str,
    ) -> Result<Value, RunError>;
}

/// Every channel there is; [`UNSUPPORTED`] names the others.
pub fn builtin() -> Vec<Box<dyn Channel>> {
    vec![Box::new(file::File)]
}
