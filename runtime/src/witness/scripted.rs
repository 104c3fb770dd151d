//! A world that says what a witness says.

use super::file::{Call, Found, Witness};
use super::steered::{failed, nowhere, played};
use super::values::reason;
use crate::RunError;
use crate::exec::{At, Director};
use crate::guard::Verdict;
use crate::provider::{CallError, CallErrorKind, Embedded, Reply, Request, Texts};
use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::{Lookup, Value};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One witness's world.
pub(super) struct Scripted {
    calls: HashMap<(String, u32, u32), Call>,
    found: HashMap<(String, u32, u32), Found>,
    // What the run asked that the witness says nothing of.
    missing: Mutex<Vec<String>>,
}

impl Scripted {
    pub(super) fn new(witness: &Witness) -> Scripted {
        let calls = witness.calls.iter().map(|c| ((c.step.clone(), c.call, c.lookups), c.clone()));
        let found = witness.found.iter().map(|f| ((f.step.clone(), f.round, f.number), f.clone()));
        Scripted { calls: calls.collect(), found: found.collect(), missing: Mutex::default() }
    }

    /// The first call that the witness says nothing of.
    pub(super) fn missing(&self) -> Option<String> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    fn find(&self, at: At<'_>) -> Option<&Found> {
        let found = self.found.get(&(at.path.to_string(), at.round, at.number));
        if found.is_none() {
            self.miss(at, "");
        }
        found
    }

    fn miss(&self, at: At<'_>, model: &str) {
        let what = if model.is_empty() { String::new() } else { format!(" of `{model}`") };
        let missed = format!("call {}{what} by `{}`", at.number, at.path);
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).push(missed);
    }
}

#[async_trait]
impl Director for Scripted {
    async fn reply(&self, at: At<'_>, request: &Request<'_>) -> Result<Reply, CallError> {
        let call = self.calls.get(&(at.path.to_string(), at.number, at.lookups));
        match call.filter(|call| request.model.name == call.model) {
            Some(call) => played(call).await,
            None => {
                self.miss(at, &request.model.name);
                Err(CallError {
                    kind: CallErrorKind::Rejected,
                    message: "the witness says nothing of this call".to_owned(),
                    help: None,
                    retry_after: None,
                })
            }
        }
    }

    async fn embedded(&self, request: &Texts<'_>) -> Result<Embedded, CallError> {
        Ok(nowhere(request))
    }

    fn takes(&self, at: At<'_>) -> Duration {
        let found = self.found.get(&(at.path.to_string(), at.round, at.number));
        Duration::from_millis(found.map_or(0, |found| found.after_ms))
    }

    fn found(&self, at: At<'_>, _lookup: &Lookup) -> Result<Json, RunError> {
        match self.find(at) {
            Some(found) if found.goes => Ok(found.gives.clone()),
            _ => Err(failed(Code::E0807)),
        }
    }

    fn verdict(&self, at: At<'_>) -> Verdict {
        match self.find(at) {
            Some(found) if found.goes => Verdict::Pass,
            _ => Verdict::Fail(reason()),
        }
    }

    fn act(&self, at: At<'_>) -> Result<Value, RunError> {
        match self.find(at) {
            Some(found) if found.goes => Ok(Value::Null),
            _ => Err(failed(Code::E0811)),
        }
    }
}
