//! Flows and guards of the program with the arguments of single calls: each is looked at once for what it
//! is given.

use super::calls::Calls;
use super::held::{Given, Held};
use super::infer::{Env, narrowest};
use super::limit::is_pressed;
use super::walk::{CallWorst, FlowWorst, Place, Walk};
use super::worst::Ways;
use flow_plan::{Block, FlowId, GuardId, Millis, Type, VarId};
use std::sync::Arc;

/// A flow of the program with arguments of certain types.
#[derive(Clone)]
pub(crate) struct Called {
    args: Vec<Type>,
    // In all cases, where those are the types in a single one.
    held: Option<Vec<Type>>,
    // The time that it has, where that counts.
    limit: Option<Millis>,
    worst: FlowWorst,
    body: Arc<Block>,
}

/// A guard of the program with arguments of certain types.
#[derive(Clone)]
pub(crate) struct Instance {
    pub(crate) args: Vec<Type>,
    pub(crate) id: GuardId,
    // In all cases, where those are the types in a single one.
    pub(crate) held: Option<Vec<Type>>,
    pub(crate) ways: Ways,
    pub(crate) calls: Calls<CallWorst>,
    // What its variables hold.
    pub(crate) main: Arc<Held>,
}

// How many steps of flows are looked at for the arguments of single calls. Flows that call others
// which call others make their number grow fast.
const MOST_CALLED: usize = 2_000;

impl Walk<'_> {
    // A flow for arguments of these types, with the steps of its own that it has then.
    // `limit` is the time that it has.
    pub(super) fn called(
        &mut self,
        id: FlowId,
        given: Given<'_>,
        limit: Option<Millis>,
    ) -> (FlowWorst, Option<Arc<Block>>) {
        let limit = limit.filter(|limit| is_pressed(self.plan, &self.plan.flows[id.index()].body, *limit));
        let params = &self.plan.flows[id.index()].params;
        let taken = |args: &[Type]| -> Vec<Type> {
            params.iter().zip(args).map(|(param, arg)| narrowest(&param.ty, arg)).collect()
        };
        let mut args = taken(given.args);
        let mut held = given.held.map(taken).filter(|held| *held != args);
        let is_less = |args: &[Type]| params.iter().zip(args).any(|(param, arg)| param.ty != *arg);
        let known = |args: &[Type], held: Option<&Vec<Type>>| {
            let all = self.called.get(&id).into_iter().flatten();
            all.clone().find(|c| c.args == args && c.held.as_ref() == held && c.limit == limit)
        };
        let mut main = Arc::default();
        if let Some(all) = &held {
            let known = known(all, None).map(|called| &called.worst);
            let own = || self.flows[id.index()].as_ref().filter(|_| !is_less(all) && limit.is_none());
            match known.or_else(own).filter(|known| !known.main.types.is_empty()) {
                Some(known) => main = known.main.clone(),
                // It was not looked at by itself.
                None => args = held.take().unwrap_or_default(),
            }
        }
        if let Some(known) = known(&args, held.as_ref()) {
            return (known.worst.clone(), Some(known.body.clone()));
        }
        if !(is_less(&args) || limit.is_some()) || args.len() != params.len() || self.inside >= MOST_CALLED {
            return (self.flow(id), None);
        }
        let mut body = self.plan.flows[id.index()].body.clone();
        self.inside += body.steps.node_count().max(1);
        let mut env = Env::of_params([]);
        for (i, ty) in args.iter().enumerate() {
            env.set(VarId(body.vars.start + i as u32), ty.clone());
        }
        // What is wrong in it is told of the flow itself.
        let (unbounded, needless) = (self.unbounded.len(), self.needless.len());
        let around = std::mem::replace(&mut self.limit, limit);
        let worst = self.walked(id, &mut body, env, main);
        self.limit = around;
        self.unbounded.truncate(unbounded);
        self.needless.truncate(needless);
        let body = Arc::new(body);
        let called = Called { args, held, limit, worst: worst.clone(), body: body.clone() };
        self.called.entry(id).or_default().push(called);
        (worst, Some(body))
    }

    // The instance of a guard of the program for arguments of these types.
    pub(super) fn guard(&mut self, id: GuardId, given: Given<'_>) -> Instance {
        let origin = self.origins.get(&id).copied().unwrap_or(id);
        let known = self.guards.entry(origin).or_default();
        let find = |args: &[Type], held: Option<&[Type]>| {
            known.iter().find(|i| i.args == args && i.held.as_deref() == held)
        };
        let main = given.held.and_then(|held| find(held, None)).map(|all| all.main.clone());
        let main = main.filter(|main| !main.types.is_empty());
        let (args, held) = match (given.held, &main) {
            // It was not looked at by itself.
            (Some(held), None) => (held, None),
            (held, _) => (given.args, held),
        };
        if let Some(instance) = find(args, held) {
            return instance.clone();
        }
        let is_first = known.is_empty();
        let mut guard = self.plan.guards[origin.index()].clone();
        let mut env = Env::default();
        for (i, (param, arg)) in guard.params.iter().zip(args).enumerate() {
            env.set(VarId(guard.body.vars.start + i as u32), narrowest(&param.ty, arg));
        }
        let (around, limit) = (std::mem::take(&mut self.calls), self.limit.take());
        let main = std::mem::replace(&mut self.main, main.unwrap_or_default());
        let place = Place { inside: ecow::EcoString::new(), times: 1 };
        let (ways, _) = self.block(&mut guard.body, &mut env, &place);
        self.limit = limit;
        let calls = std::mem::replace(&mut self.calls, around);
        let inference = self.in_all_cases();
        // A requirement that does not hold is found when all judges have answered.
        let refused = ways.ok.clone();
        let ways = match guard.requires.iter().all(|require| inference.surely_holds(&require.holds, &env)) {
            true => ways,
            false => ways.or_lasting(refused),
        };
        let main = std::mem::replace(&mut self.main, main);
        let id = if is_first {
            self.plan.guards[origin.index()] = guard;
            origin
        } else {
            self.plan.guards.push(guard);
            GuardId(self.plan.guards.len() as u32 - 1)
        };
        self.origins.insert(id, origin);
        let instance =
            Instance { args: args.to_vec(), held: held.map(<[Type]>::to_vec), id, ways, calls, main };
        self.guards.entry(origin).or_default().push(instance.clone());
        instance
    }
}
