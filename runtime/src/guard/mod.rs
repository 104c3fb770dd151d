//! The guards of `std.guards`. Each is one file with a [`Guard`] implementation and its
//! [`CapabilitySpec`], and one line in [`builtin`].

use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilitySpec, Value};

/// A built-in guard.
#[async_trait]
pub trait Guard: Send + Sync {
    /// Its name, its arguments and what it can do.
    fn spec(&self) -> &'static CapabilitySpec;

    /// Looks at the first argument in the light of the others.
    async fn check(&self, context: &Context, args: &[Value]) -> Result<Verdict, RunError>;

    /// The first argument without what [`Guard::check`] found, for `else redact`.
    /// Only called where the spec says `can_redact`.
    fn redact(&self, args: &[Value]) -> Value {
        args.first().cloned().unwrap_or_default()
    }
}

/// What a guard says.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// The value passes.
    Pass,
    /// The value does not pass, for this reason: one line in lower case.
    Fail(String),
}

/// Every guard of `std.guards`.
pub fn builtin() -> Vec<Box<dyn Guard>> {
    vec![]
}
