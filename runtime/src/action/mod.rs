//! Action channels: how a flow changes the world. Each is one file with a [`Channel`]
//! implementation and its [`CapabilitySpec`], and one line in [`builtin`].

mod file;
mod http;
mod rehearsed;
mod unsupported;

use crate::journal::InDoubt;
use crate::{Context, RunError};
use async_trait::async_trait;
use ecow::EcoString;
use flow_plan::{Action, CapabilitySpec, Value};

pub(crate) use rehearsed::Rehearsed;
pub use unsupported::UNSUPPORTED;

/// A way to change the world.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Its name, its arguments and what it can do.
    fn spec(&self) -> &'static CapabilitySpec;

    /// What becomes of an act of which it is not known whether it happened. [`InDoubt::Repeat`] says
    /// that doing it again does no harm, since the receiver knows the act by its key.
    fn in_doubt(&self, _action: &Action) -> InDoubt {
        InDoubt::Hold
    }

    /// Does it, once. `args` are the channel's own arguments, `params` the action's by name;
    /// `key` is the same whenever it is the same act, for receivers that can tell.
    async fn act(
        &self,
        context: &Context,
        action: &Action,
        args: &[(EcoString, Value)],
        params: &[(EcoString, Value)],
        key: &str,
    ) -> Result<Value, Unacted>;
}

/// Why an act has no result.
#[derive(Clone, PartialEq, Debug)]
pub enum Unacted {
    /// It was not done.
    Failed(RunError),
    /// It may have been done: nothing was heard of it again.
    Unknown(RunError),
}

impl From<RunError> for Unacted {
    fn from(error: RunError) -> Unacted {
        Unacted::Failed(error)
    }
}

/// Every channel there is; [`UNSUPPORTED`] names the others.
pub fn builtin() -> Vec<Box<dyn Channel>> {
    vec![Box::new(file::File), Box::new(http::Http)]
}
