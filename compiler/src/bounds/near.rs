//! Sums over the steps of a block from which single steps are taken out again, and which steps those
//! are.
//!
//! For each step that may end its block, what may have been paid is all there is without what has not
//! begun. In a block of thousands of steps, adding that up anew for each would take as long as all
//! else together.

use super::Amount;
use flow_plan::{Block, Cost, Tokens};
use petgraph::Direction;
use petgraph::graph::NodeIndex;

/// A sum of amounts, without the time, wide enough that nothing is cut off while it is added up.
#[derive(Clone, Copy, Default)]
pub(super) struct Total {
    usd: i128,
    calls: i128,
    input: i128,
    output: i128,
    tokens: i128,
}

impl Total {
    /// With so many times this amount more.
    pub(super) fn plus(self, amount: Amount, times: i128) -> Total {
        Total {
            usd: self.usd + times * i128::from(amount.usd.0),
            calls: self.calls + times * i128::from(amount.calls),
            input: self.input + times * i128::from(amount.input.0),
            output: self.output + times * i128::from(amount.output.0),
            tokens: self.tokens + times * i128::from(amount.tokens.0),
        }
    }

    /// The sum; what is more than the greatest amount is held at that.
    pub(super) fn amount(self) -> Amount {
        let held = |n: i128| u64::try_from(n.max(0)).unwrap_or(u64::MAX);
        Amount {
            usd: Cost(i64::try_from(self.usd).unwrap_or(i64::MAX)),
            calls: held(self.calls),
            input: Tokens(held(self.input)),
            output: Tokens(held(self.output)),
            tokens: Tokens(held(self.tokens)),
            ..Amount::default()
        }
    }
}

/// Finds the steps that a step needs, and those that need it.
pub(super) struct Near<'a> {
    block: &'a Block,
    // In which search each step was last seen.
    seen: Vec<u32>,
    searches: u32,
    left: Vec<NodeIndex>,
}

impl<'a> Near<'a> {
    pub(super) fn new(block: &'a Block) -> Near<'a> {
        Near { block, seen: vec![0; block.steps.node_count()], searches: 0, left: Vec::new() }
    }

    /// Calls `see` once for each step that can be reached this way from a step, but not for itself.
    pub(super) fn reach(&mut self, from: usize, way: Direction, mut see: impl FnMut(usize)) {
        self.searches += 1;
        self.left.push(NodeIndex::new(from));
        while let Some(node) = self.left.pop() {
            for next in self.block.steps.neighbors_directed(node, way) {
                if std::mem::replace(&mut self.seen[next.index()], self.searches) != self.searches {
                    see(next.index());
                    self.left.push(next);
                }
            }
        }
    }
}
