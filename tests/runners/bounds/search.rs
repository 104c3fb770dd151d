//! Looks for the dearest run of a flow, by trying: which way each branch goes, and then, call by call,
//! what its provider makes of it.
//!
//! It knows nothing of bounds, so that what it finds says how near to them a run can come. It takes
//! the best of each step and may miss a run for which something cheaper has to come first.

use super::play::{Fault, Played, play};
use super::replies::{GENES, Policy, World};
use flow_plan::{FlowId, Plan, Type};
use std::sync::Arc;

// Calls behind these go well.
const MOST_GENES: usize = 48;

/// Plays a flow in many worlds and lets `see` look at each run.
pub(super) fn dearest(
    plan: &Arc<Plan>,
    flow: FlowId,
    seed: u64,
    see: &mut dyn FnMut(&Played) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let params = plan.flows[flow.index()].params.iter();
    let flags = params.filter(|p| p.ty == Type::Bool).count();
    let mut world = World { flags: vec![false; flags], ..World::of(Policy::Script, seed) };
    let mut tried = |world: &World| -> Result<(i64, u64), Fault> {
        let Some(played) = play(plan, flow, world)? else { return Ok((0, 0)) };
        see(&played)?;
        Ok((played.books.usd.0, played.books.calls))
    };
    let (mut most, mut calls) = tried(&world)?;
    // Twice, since one branch may stand in another.
    for place in (0..flags).chain(0..flags) {
        let mut other = world.clone();
        other.flags[place] = !other.flags[place];
        let (cost, made) = tried(&other)?;
        if cost > most {
            (world, most, calls) = (other, cost, made);
        }
    }
    while world.script.len() < (calls as usize).min(MOST_GENES) {
        let place = world.script.len();
        world.script.push(0);
        for gene in 1..GENES {
            let mut other = world.clone();
            other.script[place] = gene;
            let (cost, made) = tried(&other)?;
            if cost > most {
                (world, most, calls) = (other, cost, made);
            }
        }
    }
    Ok(())
}
