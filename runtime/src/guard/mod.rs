//! The guards of `std.guards`. Each is one file with a [`Guard`] implementation and its
//! [`CapabilitySpec`], and one line in [`builtin`].

mod bias;
mod copyright;
mod grounded;
mod injection;
mod json_schema;
mod language;
mod length;
mod lists;
mod on_topic;
mod phrases;
mod pii;
mod pii_restore;
mod regex;
mod secrets;
mod texts;
mod toxicity;

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
    /// The value passes, changed to this.
    Become(Value),
    /// The value does not pass, for this reason: one line in lower case.
    Fail(String),
}

/// Every guard of `std.guards`.
pub fn builtin() -> Vec<Box<dyn Guard>> {
    vec![
        Box::new(injection::Injection),
        Box::new(pii::Pii),
        Box::new(pii_restore::Replace),
        Box::new(pii_restore::Restore),
        Box::new(secrets::Secrets),
        Box::new(grounded::Grounded),
        Box::new(length::Length),
        Box::new(regex::Pattern),
        Box::new(toxicity::Toxicity),
        Box::new(bias::Bias),
        Box::new(on_topic::OnTopic),
        Box::new(language::Language),
        Box::new(json_schema::JsonSchema),
        Box::new(copyright::Copyright),
        Box::new(lists::COMPETITORS),
        Box::new(lists::WORDS),
    ]
}
