//! Loops: `each` over a list, `repeat` until a condition holds.

use super::block;
use super::halt::Halt;
use super::state::Given;
use super::step::Site;
use crate::RunError;
use flow_diagnostics::Code;
use flow_plan::{Block, Expr, FirstRound, Value};
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;

/// What an `each` goes through.
pub(super) struct Elements<'a> {
    pub(super) list: &'a Expr,
    pub(super) parallel: u32,
    pub(super) body: &'a Block,
    /// The body for each element, where other bounds are proven of them.
    pub(super) apart: &'a [Arc<Block>],
}

impl<'a> Elements<'a> {
    fn body(&self, index: usize) -> &'a Block {
        self.apart.get(index).map_or(self.body, |body| body)
    }
}

/// The body for each element, at most `parallel` at once; the results in the order of the list.
/// The first failure drops those under way; an element that waits for a person lets the others go on.
pub(super) async fn each(site: Site<'_>, elements: Elements<'_>) -> Given<Value> {
    let list = site.frame.eval(elements.list)?;
    let Some(items) = list.as_list() else { return Err(not("a list", &list)) };
    let elements = &elements;
    let one = |index: usize, item: Value| async move {
        let path = site.inside_item(index);
        (index, block(site.enter(&path), elements.body(index), vec![item], Some(site.frame)).await)
    };
    let mut waiting = items.iter().cloned().enumerate();
    let mut running = FuturesUnordered::new();
    let mut results = vec![Value::Null; items.len()];
    for (index, item) in waiting.by_ref().take(elements.parallel.max(1) as usize) {
        running.push(one(index, item));
    }
    let mut waits: Option<Halt> = None;
    while let Some((index, result)) = running.next().await {
        match result {
            Ok(value) => results[index] = value,
            Err(halt @ Halt::Wait(_)) => drop(waits.get_or_insert(halt)),
            Err(halt) => return Err(halt),
        }
        if let Some((index, item)) = waiting.next() {
            running.push(one(index, item));
        }
    }
    waits.map_or_else(|| Ok(Value::List(results.into())), Err)
}

/// What a `repeat` repeats.
pub(super) struct Rounds<'a> {
    pub(super) up_to: u32,
    pub(super) from: &'a Expr,
    pub(super) body: &'a Block,
    pub(super) until: Option<&'a Block>,
    /// The first round, where other bounds are proven of it.
    pub(super) first: Option<&'a FirstRound>,
}

impl<'a> Rounds<'a> {
    fn body(&self, round: usize) -> &'a Block {
        self.first.filter(|_| round == 0).map_or(self.body, |first| &first.body)
    }

    fn until(&self, round: usize) -> Option<&'a Block> {
        self.first.filter(|_| round == 0).map_or(self.until, |first| first.until.as_ref())
    }
}

/// The body again and again, each round from the last one's result, until `until` holds; it is
/// looked at before the first round and after each but the last, whose result counts in any case.
pub(super) async fn repeat(site: Site<'_>, rounds: Rounds<'_>) -> Given<Value> {
    let mut it = site.frame.eval(rounds.from)?;
    for round in 0..rounds.up_to as usize {
        if done(site, &rounds, &it, round).await? {
            return Ok(it);
        }
        let path = site.inside_item(round);
        it = block(site.enter(&path), rounds.body(round), vec![it], Some(site.frame)).await?;
    }
    // What the last round made is the result, whether `until` holds or not.
    Ok(it)
}

async fn done(site: Site<'_>, rounds: &Rounds<'_>, it: &Value, round: usize) -> Given<bool> {
    let Some(until) = rounds.until(round) else { return Ok(false) };
    let path = site.inside_part(Some(round), "until");
    match block(site.enter(&path), until, vec![it.clone()], Some(site.frame)).await? {
        Value::Bool(done) => Ok(done),
        other => Err(not("true or false", &other)),
    }
}

fn not(wanted: &str, found: &Value) -> Halt {
    let message = format!("expected {wanted}, found {}", flow_plan::kind(found));
    Halt::from(RunError::new(Code::E0813, message))
}
