//! How often a flow calls each guard, itself and through the flows it calls: a guard that is called
//! less often than before is gone somewhere.

use crate::names::Names;
use crate::report::Lost;
use crate::work::guard;
use flow_plan::{Block, Callee, StepKind};
use std::collections::BTreeMap;

/// The guards that are called less often now, and by how much.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guards {
    gone: BTreeMap<String, u32>,
    // What is left to be told.
    left: BTreeMap<String, u32>,
}

impl Guards {
    /// Those of two bodies.
    pub(crate) fn gone(old: (&Block, &Names<'_>), new: (&Block, &Names<'_>)) -> Guards {
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        count(old.0, old.1, &mut before, 0);
        count(new.0, new.1, &mut after, 0);
        let less = |(name, n): (String, u32)| {
            let now = after.get(&name).copied().unwrap_or(0);
            (n > now).then(|| (name, n - now))
        };
        let gone: BTreeMap<String, u32> = before.into_iter().filter_map(less).collect();
        Guards { left: gone.clone(), gone }
    }

    /// Takes one call of a guard as gone, where one is that has not been told.
    pub(crate) fn take(&mut self, guard: &str, owner: &str) -> Option<Lost> {
        let left = self.left.get_mut(guard).filter(|n| **n > 0)?;
        *left -= 1;
        Some(Lost { guard: guard.to_owned(), owner: owner.to_owned() })
    }

    /// Whether it is called less often.
    pub(crate) fn is_gone(&self, guard: &str) -> bool {
        self.gone.contains_key(guard)
    }
}

// Flows call each other without circles, and no deeper than anyone writes.
const DEEPEST: u32 = 32;

fn count(block: &Block, names: &Names<'_>, into: &mut BTreeMap<String, u32>, depth: u32) {
    block.each_step(&mut |step| {
        if let Some(name) = guard(step, names) {
            *into.entry(name).or_default() += 1;
        }
        if let (StepKind::Call(Callee::Flow(id), _), true) = (&step.kind, depth < DEEPEST) {
            count(&names.plan.flows[id.index()].body, names, into, depth + 1);
        }
    });
}
