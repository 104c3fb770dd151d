//! Who stands in for the whole world of a run, and knows which step asks: [`crate::witness`].

use super::step::Site;
use crate::guard::Verdict;
use crate::provider::{CallError, Embedded, Reply, Request, Texts};
use crate::{RunError, StepPath};
use async_trait::async_trait;
use flow_plan::{Lookup, Step, Value};
use serde_json::Value as Json;
use std::time::Duration;

/// Answers instead of providers, sources, built-in guards and channels.
#[async_trait]
pub(crate) trait Director: Send + Sync {
    /// The answer of a model.
    async fn reply(&self, at: At<'_>, request: &Request<'_>) -> Result<Reply, CallError>;

    /// The vectors of texts.
    async fn embedded(&self, request: &Texts<'_>) -> Result<Embedded, CallError>;

    /// How long a lookup, a built-in guard or an action takes.
    fn takes(&self, at: At<'_>) -> Duration;

    /// What a lookup finds, as its source would give it.
    fn found(&self, at: At<'_>, lookup: &Lookup) -> Result<Json, RunError>;

    /// What a built-in guard says.
    fn verdict(&self, at: At<'_>) -> Verdict;

    /// What comes of an action.
    fn act(&self, at: At<'_>) -> Result<Value, RunError>;
}

/// Which call it is.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    /// The step that asks.
    pub(crate) step: &'a Step,
    /// Its place in the run.
    pub(crate) path: &'a StepPath,
    /// Which of the further tries that `else retry` asks for; 0 for the first.
    pub(crate) round: u32,
    /// The number of the try, from 1: of a prompt over all rounds, of anything else in this one.
    pub(crate) number: u32,
    /// How many lookups the model has asked for in this try.
    pub(crate) lookups: u32,
}

impl<'a> At<'a> {
    pub(super) fn of(site: Site<'a>, number: u32) -> At<'a> {
        At { step: site.step, path: site.path, round: site.round, number, lookups: 0 }
    }
}
