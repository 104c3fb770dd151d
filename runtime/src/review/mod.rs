//! Reviews as people see them: what a decision may say, and who is told that one is wanted.
//!
//! In: a place in a run, JSON that a person has written. Out: the value that takes the place of the one that
//! was shown, held to its type. What a run does while a person thinks is `exec`'s, what is recorded
//! [`crate::journal`]'s.

mod find;
mod webhook;

pub use webhook::Webhook;

use crate::{Engine, RunError};
use flow_diagnostics::Code;
use flow_plan::{FlowId, Review, Value};
use serde_json::Value as Json;

impl Engine {
    /// What a person writes in place of what a step shows, as a value of its type. E0809 where it is none,
    /// E0810 where the flow has no review at that place.
    pub fn edited(&self, flow: FlowId, path: &str, json: &Json) -> Result<Value, RunError> {
        let body = &self.plan.flows[flow.index()].body;
        let Some(review) = find::review(&self.plan, body, path) else {
            let message = format!("the program has no review at `{path}`");
            return Err(
                RunError::new(Code::E0810, message).help("use the program that the run was started with")
            );
        };
        edited(self, review, json)
    }
}

/// JSON as a value of what is reviewed.
pub(crate) fn edited(engine: &Engine, review: &Review, json: &Json) -> Result<Value, RunError> {
    let value = review.ty.read(json).map_err(|mismatch| {
        RunError::new(Code::E0809, format!("the edited value does not have its type: {mismatch}"))
            .help(format!("it is `{}`", review.ty))
    })?;
    held(engine, review, value)
}

/// The value, held to the bounds of what is reviewed: those of its texts, too.
pub(crate) fn held(engine: &Engine, review: &Review, value: Value) -> Result<Value, RunError> {
    engine.hold(value, &review.ty).map_err(|over| {
        RunError::new(Code::E0809, format!("the value is over its bound: {over}"))
            .help(format!("it is `{}`", review.ty))
    })
}
