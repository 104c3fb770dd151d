//! A journal that lives as long as the process: for tests, and for programs that resume within one.

use super::{AttemptId, Journal, Outcome, Recorded, RunHead, RunId, StepKey};
use crate::RunError;
use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::Cost;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Runs in memory.
#[derive(Default)]
pub struct MemoryJournal {
    runs: Mutex<HashMap<RunId, Run>>,
}

struct Run {
    head: RunHead,
    recorded: Recorded,
    // The paths of the outcomes, in the order they were recorded.
    order: Vec<String>,
}

impl MemoryJournal {
    /// The paths of a run's recorded steps, in the order they were recorded.
    pub fn order(&self, run: &RunId) -> Vec<String> {
        self.lock().get(run).map(|r| r.order.clone()).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn open(&self, head: &RunHead) -> Result<Recorded, RunError> {
        let mut runs = self.lock();
        let Some(run) = runs.get(&head.run) else {
            let run = Run { head: head.clone(), recorded: Recorded::default(), order: Vec::new() };
            runs.insert(head.run.clone(), run);
            return Ok(Recorded::default());
        };
        if run.head.plan != head.plan {
            return Err(RunError::new(Code::E0810, format!("run `{}` is of another program", head.run))
                .help("resume it with the program as it was, or start a new run"));
        }
        if run.head != *head {
            return Err(RunError::new(Code::E0810, format!("run `{}` has other inputs", head.run))
                .help("resume it with the inputs it was started with, or start a new run"));
        }
        Ok(run.recorded.clone())
    }

    async fn begin(&self, key: &StepKey, _attempt: AttemptId, worst: Cost) -> Result<(), RunError> {
        if let Some(run) = self.lock().get_mut(&key.run) {
            run.recorded.in_doubt.entry(key.path.clone()).or_default().push(worst);
        }
        Ok(())
    }

    async fn record(&self, key: &StepKey, outcome: &Outcome) -> Result<(), RunError> {
        if let Some(run) = self.lock().get_mut(&key.run) {
            run.recorded.in_doubt.remove(&key.path);
            run.recorded.done.insert(key.path.clone(), outcome.clone());
            run.order.push(key.path.clone());
        }
        Ok(())
    }
}
