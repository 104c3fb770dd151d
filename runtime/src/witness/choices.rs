//! Choices: which way everything goes that the world decides in a run.
//!
//! A choice has a name, which says where it is made, and a number of ways. What is not set goes the
//! usual way, 0. A run tells which choices it came to, so that a search can try the other ways.

use indexmap::IndexMap;
use std::collections::HashMap;

/// The ways that are set, by the name of the choice.
#[derive(Clone, Default, Debug)]
pub(super) struct Choices {
    set: HashMap<String, usize>,
    // By the general name of a step in a loop: its last element or round in the run before.
    last: IndexMap<String, Vec<u32>>,
}

/// What a run came to.
#[derive(Clone, Default, Debug)]
pub(super) struct Met {
    /// How many ways each choice has, in the order of the run.
    pub(super) ways: IndexMap<String, usize>,
    last: IndexMap<String, Vec<u32>>,
}

/// Behind the name of a choice: only for the last element or round.
const LAST: &str = "@last";

impl Choices {
    /// Which way it goes.
    pub(super) fn way(&self, name: &str) -> usize {
        self.set.get(name).copied().unwrap_or(0)
    }

    /// The same as [`Choices::choose`], where the usual way is another than 0: the ways are counted from
    /// it.
    pub(super) fn choose_from(
        &self,
        met: &mut Met,
        name: &str,
        items: &[u32],
        (ways, usual): (usize, usize),
    ) -> usize {
        let way = self.choose(met, name, items, ways) + usual;
        if ways > 0 { way % ways } else { 0 }
    }

    /// Sets a way.
    pub(super) fn set(&mut self, name: &str, way: usize) {
        self.set.insert(name.to_owned(), way);
    }

    /// Takes over which elements were the last, of which each may go another way in the next run.
    pub(super) fn learn(&mut self, met: &mut Met) {
        for (name, last) in &met.last {
            let ways = met.ways.get(name).copied().unwrap_or(0);
            if last.iter().any(|item| *item > 0) {
                met.ways.entry(format!("{name}{LAST}")).or_insert(ways);
            }
        }
        self.last = met.last.clone();
    }

    /// Decides a choice, and notes it. `items` are the elements and rounds that it is made in: the
    /// last of a loop may go another way than those before it.
    pub(super) fn choose(&self, met: &mut Met, name: &str, items: &[u32], ways: usize) -> usize {
        if ways < 2 {
            return 0;
        }
        met.ways.entry(name.to_owned()).or_insert(ways);
        if !items.is_empty() {
            let last = met.last.entry(name.to_owned()).or_default();
            if items > last.as_slice() {
                *last = items.to_vec();
            }
            let is_last = self.last.get(name).is_some_and(|last| last == items);
            let is_own = is_last && items.iter().any(|item| *item > 0);
            if is_own && let Some(way) = self.set.get(&format!("{name}{LAST}")) {
                return *way.min(&(ways - 1));
            }
        }
        self.way(name).min(ways - 1)
    }
}
