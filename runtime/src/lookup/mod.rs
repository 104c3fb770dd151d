//! Lookup sources: where outside knowledge comes from. Each is one file with a [`Source`]
//! implementation and its [`CapabilitySpec`], and one line in [`builtin`].

mod file;
mod files;
mod search;
mod shape;
mod unsupported;

use crate::{Context, RunError};
use async_trait::async_trait;
use ecow::EcoString;
use flow_plan::{CapabilitySpec, Lookup, Value};
use serde_json::Value as Json;

pub use unsupported::UNSUPPORTED;

/// A source of outside knowledge.
#[async_trait]
pub trait Source: Send + Sync {
    /// Its name, its arguments and what it can do.
    fn spec(&self) -> &'static CapabilitySpec;

    /// Finds what a lookup asks for, as JSON in the shape of `lookup.output`, not yet checked.
    ///
    /// `args` are the source's own arguments, computed; `params` the lookup's, in order.
    async fn find(
        &self,
        context: &Context,
        lookup: &Lookup,
        args: &[(EcoString, Value)],
        params: &[Value],
    ) -> Result<Json, RunError>;
}

/// Every source there is; [`UNSUPPORTED`] names the others.
pub fn builtin() -> Vec<Box<dyn Source>> {
    vec![Box::new(file::File), Box::<search::Search>::default()]
}
