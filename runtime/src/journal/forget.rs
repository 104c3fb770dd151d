//! Which runs are forgotten, and which are kept all the same: one that is under way, one that waits for a
//! person, and one with an act of which it is not known whether it happened.

use super::{Doubt, RunId, RunRow, RunState};
use crate::RunError;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

/// Which runs are to be forgotten: those for which all of it holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Forget {
    /// These; any, if empty.
    pub runs: Vec<RunId>,
    /// Those that were last heard of before this moment.
    pub before: Option<Timestamp>,
    /// Of this flow.
    pub flow: Option<String>,
    /// In one of these states. In any but `running` and `waiting`, if empty.
    pub states: Vec<RunState>,
}

/// What was forgotten.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Forgotten {
    /// How many runs, with all that was recorded of them.
    pub runs: u64,
    /// Those that were meant and are kept, newest first.
    pub kept: Vec<(RunId, Kept)>,
    /// Why the room that they took could not be given back; it is used for what is recorded next.
    pub held_back: Option<String>,
}

/// Why a run is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kept {
    /// A process drives it.
    Running,
    /// It waits for a person, and `states` does not name that.
    Waiting,
    /// It is not known whether an act of it happened; a person decides that first.
    InDoubt,
}

/// What is forgotten, and what is kept though it is meant.
type Chosen = (Vec<RunId>, Vec<(RunId, Kept)>);

impl Forget {
    /// Of all runs, those that are forgotten and those that are kept. E0810 where one that is named is
    /// not there.
    pub(super) fn choose(&self, rows: Vec<RunRow>, doubts: &[Doubt]) -> Result<Chosen, RunError> {
        let known: HashSet<&RunId> = rows.iter().map(|row| &row.run).collect();
        if let Some(unknown) = self.runs.iter().find(|run| !known.contains(run)) {
            return Err(super::unknown_run(unknown));
        }
        let named: HashSet<&RunId> = self.runs.iter().collect();
        let doubtful: HashSet<&RunId> = doubts.iter().map(|doubt| &doubt.run).collect();
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for row in &rows {
            if !self.means(row, &named) {
                continue;
            }
            let why = match row.state {
                RunState::Running => Some(Kept::Running),
                _ if doubtful.contains(&row.run) => Some(Kept::InDoubt),
                RunState::Waiting if !self.states.contains(&RunState::Waiting) => Some(Kept::Waiting),
                _ => None,
            };
            match why {
                Some(why) => kept.push((row.run.clone(), why)),
                None => gone.push(row.run.clone()),
            }
        }
        Ok((gone, kept))
    }

    fn means(&self, row: &RunRow, named: &HashSet<&RunId>) -> bool {
        // Of a run whose process died it is not known when that was: it was driven for so long at least.
        let took = SignedDuration::from_millis(i64::try_from(row.took.0).unwrap_or(i64::MAX));
        let heard = row.ended.or_else(|| row.started.checked_add(took).ok()).unwrap_or(row.started);
        (named.is_empty() || named.contains(&row.run))
            && self.before.is_none_or(|before| heard < before)
            && self.flow.as_ref().is_none_or(|flow| row.flow == *flow)
            && (self.states.is_empty() || self.states.contains(&row.state))
    }
}
