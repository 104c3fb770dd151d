//! The executor: interprets the blocks of a plan.
//!
//! In: a [`Block`] and the values of its inputs. Out: the block's result, or why it has none.
//! Every step runs as soon as what it names is there; all of them in the run's own task, so that
//! dropping the run's future drops everything it has under way.
//!
//! [`assumed`] holds values to what a flow assumes of them, [`frame`] holds variables, [`step`] takes one
//! step to its end, [`handler`] is its `else`, [`finish`] ends a run in good order, [`guarded`] tells an answer
//! behind its guards, which [`watched`] finds, [`call`] calls what it
//! calls, [`prompt`] asks models one after another, [`attempt`] asks one model once, [`taped`] records or
//! plays that, [`tools`] makes the lookups that a model asks for, [`turn`] waits until it may be, [`under_way`] is a call's money and record, [`ceiling`]
//! stops asking one that can't be trusted, [`repeating`] runs loops, [`cached`] answers equal calls once,
//! those under way by [`flight`] and those of nearly the same words by [`similar`] with an
//! [`embedding`], [`doubt`] is what an escalation depends on,
//! [`audit`] is what stands in its audit record, [`review`] asks a person,
//! [`director`] stands in for the world where one is given, [`state`] is what all steps of a run share.

mod assumed;
mod attempt;
mod audit;
mod backoff;
mod cached;
mod call;
mod ceiling;
mod director;
mod doubt;
mod embedding;
mod finish;
mod flight;
mod frame;
mod guarded;
mod halt;
mod handler;
mod images;
mod preview;
mod prompt;
mod repeating;
mod request;
mod review;
mod similar;
mod state;
mod step;
mod taped;
mod tools;
mod turn;
mod under_way;
mod watched;

pub(crate) use cached::Answers;
pub(crate) use call::within;
pub(crate) use director::{At, Director};
pub(crate) use finish::Finish;
pub(crate) use frame::Frame;
pub(crate) use halt::Halt;
pub use preview::{Preview, Shown, preview};
pub(crate) use request::PromptFacts;
pub(crate) use state::{Cx, Run};
pub(crate) use taped::of_params;
pub(crate) use watched::source;

use flow_plan::{Block, Value};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use petgraph::Direction;
use petgraph::graph::NodeIndex;

/// Runs a block and gives its result.
pub(crate) fn block<'a>(
    cx: Cx<'a>,
    block: &'a Block,
    inputs: Vec<Value>,
    parent: Option<&'a Frame<'a>>,
) -> BoxFuture<'a, Result<Value, Halt>> {
    Box::pin(async move {
        assumed::inputs(cx, block, &inputs)?;
        let frame = Frame::new(cx, block, inputs, parent);
        fill(cx, block, &frame).await?;
        frame.result(block)
    })
}

/// Runs the steps of a block, each as soon as what it names is there. The first failure drops those
/// under way; one that waits for a person lets all go on that does not need it.
pub(crate) async fn fill<'a>(cx: Cx<'a>, block: &'a Block, frame: &'a Frame<'a>) -> Result<(), Halt> {
    let steps = &block.steps;
    // INVARIANT: `missing[i]` producers of node `i` have no value yet.
    let mut missing: Vec<u32> = steps
        .node_indices()
        .map(|n| steps.neighbors_directed(n, Direction::Incoming).count() as u32)
        .collect();
    let mut ready: Vec<NodeIndex> = steps.node_indices().filter(|n| missing[n.index()] == 0).collect();
    let mut running = FuturesUnordered::new();
    let mut waits: Option<Halt> = None;
    loop {
        // A step that is alone runs without the set's bookkeeping.
        let done = if running.is_empty() && ready.len() == 1 {
            let node = ready[0];
            Some((node, step::step(cx, block, node, frame).await))
        } else {
            for node in ready.iter().copied() {
                running.push(async move { (node, step::step(cx, block, node, frame).await) });
            }
            running.next().await
        };
        let (node, value) = match done {
            Some((node, Ok(value))) => (node, value),
            Some((_, Err(halt @ Halt::Wait(_)))) => {
                waits.get_or_insert(halt);
                ready.clear();
                continue;
            }
            Some((_, Err(halt))) => return Err(halt),
            None => return waits.map_or(Ok(()), Err),
        };
        assumed::holds(cx, block, block.var_of(node), &value)?;
        frame.set(block.var_of(node), value);
        ready.clear();
        for next in steps.neighbors(node) {
            missing[next.index()] -= 1;
            if missing[next.index()] == 0 {
                ready.push(next);
            }
        }
        // petgraph gives neighbours latest edge first; steps start in the order of the plan.
        ready.sort_unstable();
        if ready.is_empty() && running.is_empty() {
            return waits.map_or(Ok(()), Err);
        }
    }
}
