//! Walks the plan: what each step takes at worst, what its variables hold at most, and what is proven
//! of each call, which is written into the plan.
//!
//! The rules follow the executor: what it may do after a failure, which attempts it may pay for, how
//! long it waits. [`call`](super::call) has those of calls.

use super::assumed::{Needless, or_ended};
use super::call::Doubt;
use super::calls::{Call, Calls};
use super::cases::{Case, apart, each_of};
use super::held::{Given, Held};
use super::infer::{Env, Inference, narrowest, widest};
use super::instances::{Called, Instance};
use super::kept::Requests;
use super::near::{Near, Total};
use super::prompt::{Open, Pasted};
use super::refusal::Refusal;
use super::review::stands_in;
use super::rounds::{Rounds, Settled};
use super::worst::{Line, Ways, Worst, either};
use super::{Amount, amount};
use ecow::{EcoString, eco_format};
use flow_diagnostics::Span;
use flow_plan::{
    Block, Callee, Expr, FlowId, GuardId, Millis, ModelId, OnFail, Plan, PromptId, Step, StepKind, Tokens,
    Type, VarId,
};
use flow_tokens::Measure;
use petgraph::Direction;
use petgraph::graph::NodeIndex;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::sync::Arc;

/// What is known of a flow.
#[derive(Clone, Debug)]
pub(crate) struct FlowWorst {
    pub(crate) ways: Ways,
    /// What it gives.
    pub(crate) output: Type,
    /// The calls of its steps.
    pub(crate) calls: Calls<CallWorst>,
    /// What its variables hold.
    pub(crate) main: Arc<Held>,
}

/// The calls that one step can make of one model in a run of a flow.
#[derive(Clone, Debug)]
pub(crate) struct CallWorst {
    /// The step, with the steps around it.
    pub(crate) step: EcoString,
    pub(crate) span: Span,
    pub(crate) model: ModelId,
    /// How many at most.
    pub(crate) calls: u64,
    /// What one takes.
    pub(crate) each: Line,
    /// What a call takes in where an answer that could not be used stands behind the prompt, if
    /// that can happen.
    pub(crate) again: Option<Tokens>,
}

impl Call for CallWorst {
    fn of(&self) -> (Span, ModelId) {
        (self.span, self.model)
    }

    fn add(&mut self, other: CallWorst) {
        self.calls = self.calls.saturating_add(other.calls);
        self.again = self.again.max(other.again);
        let (one, other) = (&mut self.each, &other.each);
        one.usd = one.usd.max(other.usd);
        one.input = one.input.max(other.input);
        one.output = one.output.max(other.output);
        one.time = one.time.max(other.time);
    }
}

/// Something without a bound where one is needed.
#[derive(Clone, Debug)]
pub(crate) enum Unbounded {
    /// Pasted into a prompt that this step asks.
    Hole { step: Span, open: Open },
    /// Gone through by this step.
    Loop { step: Span },
}

/// Where a step stands: the names around it, and how often what is there runs.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) inside: EcoString,
    pub(crate) times: u64,
}

impl Place {
    pub(crate) fn name(&self, step: &str) -> EcoString {
        if self.inside.is_empty() { step.into() } else { eco_format!("{}.{step}", self.inside) }
    }

    pub(super) fn within(&self, step: &str, times: u64) -> Place {
        Place { inside: self.name(step), times: self.times.saturating_mul(times) }
    }
}

pub(crate) struct Walk<'a> {
    pub(crate) plan: &'a mut Plan,
    /// Bounds of requests that are kept, where they are.
    pub(crate) requests: Option<&'a Requests>,
    // How often each prompt was asked so far, where bounds are kept.
    pub(crate) asked: RefCell<Vec<u32>>,
    /// What counts for each model.
    pub(crate) measures: Vec<Measure>,
    /// Each way to count once.
    pub(crate) distinct: Vec<Measure>,
    pub(crate) flows: Vec<Option<FlowWorst>>,
    pub(crate) calls: Calls<CallWorst>,
    pub(crate) unbounded: Vec<Unbounded>,
    /// Assumptions of what is known without them.
    pub(crate) needless: Vec<Needless>,
    /// What each `each` goes through at most.
    pub(crate) elements: FxHashMap<Span, u64>,
    // The instances of a guard of the program, by the types of its arguments.
    pub(crate) guards: FxHashMap<GuardId, Vec<Instance>>,
    // Flows with the arguments of single calls, and how many steps those have.
    pub(crate) called: FxHashMap<FlowId, Vec<Called>>,
    pub(crate) inside: usize,
    // The guard that an instance was made from.
    pub(crate) origins: FxHashMap<GuardId, GuardId>,
    /// What is pasted into requests that do not fit their model, by step.
    pub(crate) pasted: FxHashMap<(Span, ModelId), Vec<Pasted>>,
    // What the `unless` of a step takes.
    pub(crate) doubts: FxHashMap<(Span, EcoString), Doubt>,
    // The guards behind the step that is walked which ask it again.
    pub(crate) guarded: Option<Refusal>,
    // What the `it` of each `repeat` holds behind the first round, as it was found last.
    pub(crate) settled: FxHashMap<Span, Settled>,
    // How many loops are being looked at for what their `it` holds.
    pub(crate) settling: usize,
    // The time that the flow has, where it is walked for a call that says so.
    pub(crate) limit: Option<Millis>,
    // The prompt that the step asks.
    pub(crate) prompted: Option<PromptId>,
    // How many loops the step lies in.
    pub(crate) rounds: usize,
    /// Steps that were looked at for what loops grow to.
    pub(crate) looked: usize,
    // What the variables of the flow hold in all cases.
    pub(crate) main: Arc<Held>,
    // In how many elements, one inside another, the step is looked at by itself.
    pub(crate) elements_inside: usize,
    // In how many cases, one inside another, the step is looked at, and how many steps of the flow were
    // looked at in cases.
    pub(crate) asides: usize,
    pub(crate) aside: usize,
}

/// What is found of a step.
pub(super) struct Done {
    pub(super) ways: Ways,
    pub(super) ty: Type,
    /// How it may come by its value, where that is told apart.
    pub(super) cases: Vec<Case>,
}

impl Done {
    // What is not known to the token holds in one case no less than in any other.
    fn of(ways: Ways, ty: Type, mut cases: Vec<Case>) -> Done {
        cases.iter_mut().for_each(|case| case.ty = apart(&case.ty, &ty));
        Done { ways, ty, cases }
    }
}

impl Walk<'_> {
    pub(crate) fn inference(&self) -> Inference<'_> {
        let held = self.is_aside().then_some(&self.main.types);
        Inference { held, ..self.in_all_cases() }
    }

    pub(super) fn in_all_cases(&self) -> Inference<'_> {
        Inference { plan: self.plan, measures: &self.distinct, held: None }
    }

    /// The worst case of a flow, worked out once.
    pub(crate) fn flow(&mut self, id: FlowId) -> FlowWorst {
        if let Some(known) = &self.flows[id.index()] {
            return known.clone();
        }
        // Not first where only a case is looked at, behind which nothing of it would be left.
        for called in called_in(self.plan, &self.plan.flows[id.index()].body) {
            self.flow(called);
        }
        let flow = &mut self.plan.flows[id.index()];
        let mut body = std::mem::take(&mut flow.body);
        let mut env = Env::of_params([]);
        for (i, param) in flow.params.iter().enumerate() {
            env.set(VarId(body.vars.start + i as u32), param.ty.clone());
        }
        let limit = self.limit.take();
        let worst = self.walked(id, &mut body, env, Arc::default());
        self.limit = limit;
        self.plan.flows[id.index()].body = body;
        self.flows[id.index()] = Some(worst.clone());
        worst
    }

    /// The worst case of a flow's steps with these inputs; `main` is what its variables hold in all cases,
    /// where these are the inputs in a single one.
    pub(crate) fn walked(
        &mut self,
        id: FlowId,
        body: &mut Block,
        mut env: Env,
        main: Arc<Held>,
    ) -> FlowWorst {
        let around = (std::mem::take(&mut self.calls), std::mem::replace(&mut self.main, main));
        let (rounds, aside) = (std::mem::take(&mut self.rounds), std::mem::take(&mut self.aside));
        let place = Place { inside: EcoString::new(), times: 1 };
        let (ways, ty) = self.block(body, &mut env, &place);
        let output = narrowest(&self.plan.flows[id.index()].output, &ty);
        (self.rounds, self.aside) = (rounds, aside);
        let calls = std::mem::replace(&mut self.calls, around.0);
        FlowWorst { ways, output, calls, main: std::mem::replace(&mut self.main, around.1) }
    }

    /// The worst case of a block, and the type of its result.
    pub(crate) fn block(&mut self, block: &mut Block, env: &mut Env, place: &Place) -> (Ways, Type) {
        let may_end = self.inputs_assumed(block, env);
        self.keep_inputs(block, env);
        let nodes: Vec<NodeIndex> = block.steps.node_indices().collect();
        let mut each: Vec<Ways> = Vec::with_capacity(nodes.len());
        let mut cases: Vec<Vec<Case>> = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let mut step = std::mem::replace(&mut block.steps[*node], placeholder());
            let done = self.one_of(block, *node, &mut step, env, place);
            self.keep(block.var_of(*node), &done.ty);
            env.set(block.var_of(*node), done.ty);
            block.steps[*node] = step;
            each.push(done.ways);
            cases.push(done.cases);
        }
        let ty = block.result.as_ref().map_or(Type::Null, |r| self.inference().full(r, env));
        let ways = match self.may_tell_apart(place) {
            true => self.by_cases(block, (each, &cases), env, place),
            false => together(block, &each),
        };
        (or_ended(ways, may_end), ty)
    }

    /// One step of a block, from which it was taken.
    pub(super) fn one_of(
        &mut self,
        block: &Block,
        node: NodeIndex,
        step: &mut Step,
        env: &Env,
        place: &Place,
    ) -> Done {
        let author = author(block, step);
        self.guarded = Refusal::behind(self.plan, block, node);
        let Done { ways, ty, cases } = self.step(step, author.as_ref(), env, place);
        let (var, before) = (block.var_of(node), ty.clone());
        let (ways, ty) = self.result_assumed(block, var, (ways, ty));
        let mut cases = if ty == before { cases } else { Vec::new() };
        let ty = match &step.kind {
            // What a person makes of it is held to what holds in all cases.
            StepKind::Call(Callee::Review(_), _) if self.is_aside() && self.main.types.has(var) => {
                self.main.types.full(var)
            }
            _ => self.held(var, ty),
        };
        cases
            .iter_mut()
            .for_each(|case| case.ty = self.held(var, std::mem::replace(&mut case.ty, Type::Null)));
        Done { ways, ty, cases }
    }

    // A block that never runs: its steps get their bounds, and nothing is counted.
    pub(super) fn unseen(&mut self, block: &mut Block, env: &Env, place: &Place) -> (Ways, Type) {
        let calls = std::mem::take(&mut self.calls);
        let (_, ty) = self.block(block, &mut env.clone(), &Place { times: 0, ..place.clone() });
        self.calls = calls;
        (Ways::certain(Worst::default()), ty)
    }

    fn step(&mut self, step: &mut Step, author: Option<&Step>, env: &Env, place: &Place) -> Done {
        self.looked += usize::from(self.settling > 0);
        self.aside += usize::from(self.asides + self.elements_inside > 0);
        let around = std::mem::take(&mut self.calls);
        let Done { ways: work, ty, mut cases } = self.work(step, env, place);
        let mut calls = std::mem::replace(&mut self.calls, around);
        if let (Some(OnFail::Retry(times)), false) = (&step.on_fail, step.bounds.is_some()) {
            for call in calls.iter_mut() {
                call.calls = call.calls.saturating_mul(u64::from(*times) + 1);
            }
        }
        self.calls.extend(calls);
        let mut ty = narrowest(&step.ty, &ty);
        cases.iter_mut().for_each(|case| case.ty = narrowest(&step.ty, &case.ty));
        let Some(mut on_fail) = step.on_fail.take() else { return Done::of(work, ty, cases) };
        let ways = match &mut on_fail {
            OnFail::Stop(message) => {
                let failed = work.fails();
                // What is said may not be computable.
                let lasting = failed.clone().filter(|_| can_fail(message));
                Ways { stopped: either(&work.stopped, &failed), ok: work.ok, failed: None, lasting }
            }
            OnFail::Redact => {
                cases.clear();
                let ok = work.fails().map_or(work.ok.clone(), |f| work.ok.or(&f));
                Ways { ok, ..work }
            }
            OnFail::Retry(times) => {
                cases.clear();
                self.asked_again(step, author, work, u64::from(*times), place)
            }
            OnFail::Do(other) => {
                stands_in(other, &ty);
                let mut inner = env.clone();
                let (ways, other_ty) = self.block(other, &mut inner, place);
                let own = ty.clone();
                ty = widest(&ty, &other_ty);
                match work.fails() {
                    None => work,
                    Some(failed) => {
                        let other = Ways::certain(failed).then(&ways);
                        if cases.is_empty() {
                            cases.push(Case { ok: work.ok.clone(), ty: own });
                        }
                        cases.push(Case { ok: other.ok.clone(), ty: other_ty });
                        Ways {
                            ok: work.ok.or(&other.ok),
                            stopped: either(&work.stopped, &other.stopped),
                            ..other
                        }
                    }
                }
            }
        };
        step.on_fail = Some(on_fail);
        Done::of(ways, ty, cases)
    }

    // The work of a step, without its `else`.
    fn work(&mut self, step: &mut Step, env: &Env, place: &Place) -> Done {
        let nothing = || Ways::certain(Worst::default());
        let mut cases = Vec::new();
        let mut kind = std::mem::replace(&mut step.kind, StepKind::Compute(Expr::List(Vec::new())));
        let done = match &mut kind {
            StepKind::Compute(expr) => {
                let lasting = can_fail(expr).then(Worst::default);
                (Ways { lasting, ..nothing() }, self.inference().full(expr, env))
            }
            StepKind::Call(callee, args) => {
                let held = self.held_args(callee, args);
                let args = self.inference().given(callee, args, env);
                let held = held.as_deref().filter(|held| **held != *args);
                self.call(step, callee, Given { args: &args, held }, env, place)
            }
            StepKind::If(condition, then, otherwise) => {
                let inside = place.within(&step.name, 1);
                let known = self.inference().known(condition, env);
                let branch = |walk: &mut Self, block: Option<&mut Block>, holds: bool| match block {
                    Some(block) if known == Some(!holds) => walk.unseen(block, env, &inside),
                    Some(block) => walk.block(block, &mut env.clone(), &inside),
                    None => (nothing(), Type::Null),
                };
                let (yes, yes_ty) = branch(self, Some(then), true);
                let (no, no_ty) = branch(self, otherwise.as_deref_mut(), false);
                let ways = match known {
                    Some(true) => yes,
                    Some(false) => no,
                    None => {
                        let sides = [(&yes, &yes_ty), (&no, &no_ty)];
                        cases.extend(sides.map(|(w, ty)| Case { ok: w.ok.clone(), ty: ty.clone() }));
                        yes.or(&no)
                    }
                };
                let ty = widest(&yes_ty, &no_ty);
                (ways.or_lasting(Worst::default()), ty)
            }
            StepKind::Match(_, arms) => {
                let inside = place.within(&step.name, 1);
                let mut all: Option<(Ways, Type)> = None;
                for arm in arms {
                    let (ways, ty) = self.block(&mut arm.body, &mut env.clone(), &inside);
                    cases.push(Case { ok: ways.ok.clone(), ty: ty.clone() });
                    all = Some(match all {
                        None => (ways, ty),
                        Some((so_far, joined)) => (so_far.or(&ways), widest(&joined, &ty)),
                    });
                }
                let (ways, ty) = all.unwrap_or((nothing(), Type::Null));
                (ways.or_lasting(Worst::default()), ty)
            }
            StepKind::Each { list, parallel, body, apart } => {
                let known = self.inference().full(list, env);
                let (item, most) = match known.plain() {
                    Type::List(item, Some(most)) => (known.any_item(&widest).unwrap_or(*item), most),
                    other => {
                        if other != Type::Error {
                            self.unbounded.push(Unbounded::Loop { step: step.span });
                        }
                        (Type::Error, 1)
                    }
                };
                self.elements.insert(step.span, most);
                let mut inner = env.clone();
                inner.set(VarId(body.vars.start), item);
                let inside = place.within(&step.name, most);
                let (one, ty) = self.block(body, &mut inner, &inside);
                let parallel = u64::from((*parallel).max(1));
                let (all, list) = (for_each(&one, most, parallel), Type::List(Box::new(ty), Some(most)));
                apart.clear();
                match self.elements_apart(&known, (body, apart), env, &inside) {
                    Some(found) => (each_of(&found, &all, parallel == 1), list),
                    None => (all, list),
                }
            }
            StepKind::Repeat { up_to, from, body, until, first } => {
                let it = self.inference().full(from, env);
                let rounds = Rounds { up_to: *up_to, body, until: until.as_deref_mut(), first };
                self.repeat(step, rounds, it, env, place)
            }
        };
        step.kind = kind;
        let (ways, ty) = done;
        Done { ways, ty, cases }
    }
}

// The flows that a block calls, and the guards in it.
fn called_in(plan: &Plan, block: &Block) -> Vec<FlowId> {
    let mut all = Vec::new();
    block.each_step(&mut |step| match &step.kind {
        StepKind::Call(Callee::Flow(id), _) => all.push(*id),
        StepKind::Call(Callee::Guard(id), _) => all.extend(called_in(plan, &plan.guards[id.index()].body)),
        _ => {}
    });
    all
}

fn placeholder() -> Step {
    Step {
        name: EcoString::new(),
        ty: Type::Null,
        labels: flow_plan::Labels::default(),
        kind: StepKind::Compute(Expr::List(Vec::new())),
        settings: flow_plan::StepSettings::default(),
        on_fail: None,
        bounds: None,
        given: flow_plan::Labels::default(),
        called: None,
        span: Span::default(),
    }
}

// The step that asked for what a guard with `else retry` guards.
fn author(block: &Block, step: &Step) -> Option<Step> {
    let (Some(OnFail::Retry(_)), StepKind::Call(Callee::Guard(_) | Callee::Builtin(_), args)) =
        (&step.on_fail, &step.kind)
    else {
        return None;
    };
    let Some(Expr::Var(guarded)) = args.first() else { return None };
    let node = block.steps.node_indices().find(|n| block.var_of(*n) == *guarded)?;
    let author = &block.steps[node];
    matches!(author.kind, StepKind::Call(Callee::Prompt(_), _)).then(|| author.clone())
}

fn can_fail(expr: &Expr) -> bool {
    !matches!(expr, Expr::Literal(_) | Expr::Var(_))
}

/// Steps that run as soon as what they name is there. The first that fails ends them all: what it
/// needs has run, what needs it has not begun, and all others may have.
pub(super) fn together(block: &Block, each: &[Ways]) -> Ways {
    let steps = &block.steps;
    // When a step can begin at the latest.
    let mut starts: Vec<Worst> = Vec::with_capacity(each.len());
    let mut ok = Worst::default();
    for (i, ways) in each.iter().enumerate() {
        let before = steps.neighbors_directed(NodeIndex::new(i), Direction::Incoming);
        let mut start = Worst::default();
        for earlier in before {
            let end = time_of(&starts[earlier.index()].then(&each[earlier.index()].ok));
            if end.time > start.time {
                start = end;
            }
        }
        let end = time_of(&start.then(&ways.ok));
        ok = ok.beside(&Worst { time: Millis(0), waited_for: Default::default(), ..ways.ok.clone() });
        if end.time > ok.time {
            ok = ok.taking(&end);
        }
        starts.push(start);
    }
    Ways {
        ok,
        failed: cut_short(block, each, &starts, |w| &w.failed),
        lasting: cut_short(block, each, &starts, |w| &w.lasting),
        stopped: cut_short(block, each, &starts, |w| &w.stopped),
    }
}

// The worst case where one of the steps ends the block.
fn cut_short(
    block: &Block,
    each: &[Ways],
    starts: &[Worst],
    way: fn(&Ways) -> &Option<Worst>,
) -> Option<Worst> {
    if each.iter().all(|ways| way(ways).is_none()) {
        return None;
    }
    let any: Vec<Amount> = each.iter().map(|w| amount(&w.any())).collect();
    let ok: Vec<Amount> = each.iter().map(|w| amount(&w.ok)).collect();
    // All of them together once, so that of each only its neighbours are looked at.
    let all_any = any.iter().fold(Total::default(), |sum, a| sum.plus(*a, 1));
    let mut near = Near::new(block);
    let mut most: Option<(Amount, usize)> = None;
    let mut longest: Option<Worst> = None;
    for (i, ways) in each.iter().enumerate() {
        let Some(last) = way(ways) else { continue };
        let mut all = all_any.plus(any[i], -1).plus(amount(last), 1);
        // What needs it has not begun, and what it needs gave its value.
        near.reach(i, Direction::Outgoing, |behind| all = all.plus(any[behind], -1));
        near.reach(i, Direction::Incoming, |before| all = all.plus(any[before], -1).plus(ok[before], 1));
        let all = all.amount();
        let (so_far, dearest) = most.unwrap_or((all, i));
        most = Some((so_far.or(all), if all.usd > so_far.usd { i } else { dearest }));
        let took = time_of(&starts[i].then(&time_of(last)));
        if longest.as_ref().is_none_or(|l| took.time > l.time) {
            longest = Some(took);
        }
    }
    let (amount, dearest) = most?;
    let (mut before, mut behind) = (vec![false; each.len()], vec![false; each.len()]);
    near.reach(dearest, Direction::Incoming, |step| before[step] = true);
    near.reach(dearest, Direction::Outgoing, |step| behind[step] = true);
    let mut all = way(&each[dearest]).clone().unwrap_or_default();
    for (other, ways) in each.iter().enumerate() {
        if other != dearest && !behind[other] {
            all = all.beside(&if before[other] { ways.ok.clone() } else { ways.any() });
        }
    }
    let Amount { calls, input, output, tokens, .. } = amount;
    let all = Worst { calls, input, output, tokens, ..all };
    Some(all.taking(&longest.unwrap_or_default()))
}

// Only the time.
fn time_of(worst: &Worst) -> Worst {
    Worst { time: worst.time, waited_for: worst.waited_for.clone(), ..Worst::default() }
}

/// The body for each of so many elements, `parallel` at once. When one fails, those beside it may be
/// about to fail as well.
fn for_each(one: &Ways, most: u64, parallel: u64) -> Ways {
    if most == 0 {
        return Ways::certain(Worst::default());
    }
    let beside = parallel.min(most) - 1;
    let waves = most.div_ceil(parallel);
    let ok_time = time_of(&one.ok).times(waves);
    let ok = one.ok.times(most).taking(&ok_time);
    let others = one.ok.times(most - 1 - beside).beside(&one.any().times(beside));
    let before = time_of(&one.ok).times(waves - 1);
    let ends = |last: Worst| {
        let time = before.then(&time_of(&last));
        others.beside(&last).taking(&time)
    };
    Ways { ok, ..one.clone().ended(ends) }
}
