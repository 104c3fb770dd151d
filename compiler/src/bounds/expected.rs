//! The expected case: what a run takes on average, by the rates that are assumed.
//!
//! In: a plan with its bounds and [`Rate`]s. Out: [`Expected`] for each flow. It walks the plan as the
//! worst case does and takes means where that takes the larger side. It is an estimate: what happens
//! to one attempt is taken to say nothing of another, and what a value's mean size makes of a prompt
//! is taken for the mean of what its sizes make. Where nothing is said, nothing fails, nothing leaves
//! doubt, nothing is in a cache, conditions take the dearer side and sizes are at their bounds.

use super::mean::{Mean, Part, dearest, mixed, power_sum, power_sum_of};
use super::narrow::narrow;
use super::{derive_for, joined, tools};
use crate::rates;
use ecow::{EcoString, eco_format};
use flow_diagnostics::Span;
use flow_plan::{
    Block, CallBounds, Callee, EmbeddingBound, Expr, Fact, FlowId, GuardId, ModelId, Often, OnFail, Plan,
    Rate, RequestBound, Size, Step, StepKind, Tokens, Used, VarId,
};
use flow_tokens::Measure;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What a run of a flow takes on average.
#[derive(Clone, PartialEq, Debug)]
pub struct Expected {
    /// The flow.
    pub flow: FlowId,
    /// All of it.
    pub all: Mean,
    /// Of it the calls of each step and model, by the step's name in the table of costs.
    pub steps: Vec<(EcoString, ModelId, Mean)>,
}

impl Expected {
    /// What one step takes of a model.
    pub fn step(&self, step: &str, model: ModelId) -> Mean {
        let own = self.steps.iter().find(|(name, id, _)| name == step && *id == model);
        own.map(|(.., mean)| *mean).unwrap_or_default()
    }
}

/// The expected case of flows: by the rates that they assume, and by these, which come first.
pub(super) fn expected(
    (plan, measures): (&Plan, &[Measure]),
    bounds: &[super::FlowBound],
    more: &[(FlowId, Rate)],
) -> Vec<Expected> {
    let mut rates: FxHashMap<(FlowId, EcoString, Fact), Often> = FxHashMap::default();
    for (i, flow) in plan.flows.iter().enumerate() {
        let own = flow.settings.rates.iter();
        rates.extend(own.map(|r| ((FlowId(i as u32), r.of.clone(), r.fact), r.value)));
    }
    rates.extend(more.iter().map(|(flow, r)| ((*flow, r.of.clone(), r.fact), r.value)));
    let mut plan = plan.clone();
    for ((flow, of, fact), value) in &rates {
        if *fact == Fact::Averages {
            narrow(&mut plan, *flow, of, *value);
        }
    }
    let flows: Vec<FlowId> = bounds.iter().map(|b| b.flow).collect();
    let elements = derive_for(&mut plan, &flows, measures).elements;
    let mut walk = Means {
        plan: &plan,
        elements,
        rates: &rates,
        flows: FxHashMap::default(),
        called: FxHashMap::default(),
        guards: FxHashMap::default(),
    };
    bounds.iter().map(|bound| walk.of(bound)).collect()
}

struct Means<'a> {
    plan: &'a Plan,
    // What each `each` goes through at most.
    elements: FxHashMap<Span, u64>,
    rates: &'a FxHashMap<(FlowId, EcoString, Fact), Often>,
    flows: FxHashMap<FlowId, Part>,
    // The same for what a step gives it, by the place in memory of the steps, which the plan holds.
    called: FxHashMap<usize, Part>,
    guards: FxHashMap<GuardId, Part>,
}

/// Where a step stands: in which flow, with the names around it; in a guard, nothing is said of it.
#[derive(Clone)]
struct Place {
    flow: Option<FlowId>,
    inside: EcoString,
}

impl Place {
    fn name(&self, step: &str) -> EcoString {
        if self.inside.is_empty() { step.into() } else { joined(&self.inside, step) }
    }

    fn within(&self, step: &str) -> Place {
        Place { flow: self.flow, inside: self.name(step) }
    }
}

impl Means<'_> {
    fn of(&mut self, bound: &super::FlowBound) -> Expected {
        let part = self.flow(bound.flow);
        let mut steps: FxHashMap<(EcoString, ModelId), Mean> = FxHashMap::default();
        for (step, model, mean) in part.calls {
            let sum = steps.entry((step, model)).or_default();
            *sum = sum.plus(mean);
        }
        // In the order of the table.
        let own = |s: &super::StepBound| {
            let mean = steps.get(&(s.step.clone(), s.model)).copied().unwrap_or_default();
            (s.step.clone(), s.model, mean.at_most(s.worst))
        };
        Expected {
            flow: bound.flow,
            all: part.takes.at_most(bound.worst),
            steps: bound.steps.iter().map(own).collect(),
        }
    }

    fn flow(&mut self, id: FlowId) -> Part {
        if let Some(known) = self.flows.get(&id) {
            return known.clone();
        }
        let plan = self.plan;
        let place = Place { flow: Some(id), inside: EcoString::new() };
        let part = self.block(&plan.flows[id.index()].body, &place);
        self.flows.insert(id, part.clone());
        part
    }

    // The flow as a step calls it: with the bounds for what the step gives it, where they are its own.
    fn called(&mut self, id: FlowId, body: Option<&Arc<Block>>) -> Part {
        let Some(body) = body else { return self.flow(id) };
        let key = Arc::as_ptr(body) as usize;
        if let Some(known) = self.called.get(&key) {
            return known.clone();
        }
        let part = self.block(body, &Place { flow: Some(id), inside: EcoString::new() });
        self.called.insert(key, part.clone());
        part
    }

    fn guard(&mut self, id: GuardId) -> Part {
        if let Some(known) = self.guards.get(&id) {
            return known.clone();
        }
        let plan = self.plan;
        let place = Place { flow: None, inside: EcoString::new() };
        let part = self.block(&plan.guards[id.index()].body, &place);
        self.guards.insert(id, part.clone());
        part
    }

    // A step begins where all that it needs has a value.
    fn block(&mut self, block: &Block, place: &Place) -> Part {
        let mut sum = Part::nothing();
        let mut oks: Vec<f64> = Vec::new();
        // For each step those before it that may fail.
        let mut doubtful: Vec<Vec<usize>> = Vec::new();
        for node in block.steps.node_indices() {
            let mut before: Vec<usize> = Vec::new();
            for earlier in block.steps.neighbors_directed(node, petgraph::Direction::Incoming) {
                before.extend(&doubtful[earlier.index()]);
                before.extend(Some(earlier.index()).filter(|i| oks[*i] < 1.0));
            }
            before.sort_unstable();
            before.dedup();
            let begins: f64 = before.iter().map(|i| oks[*i]).product();
            let step = self.step(block, &block.steps[node], place);
            sum.ok *= step.ok;
            oks.push(step.ok);
            doubtful.push(before);
            sum.add(step, begins);
        }
        sum
    }

    fn step(&mut self, block: &Block, step: &Step, place: &Place) -> Part {
        let mut part = self.work(step, place, false);
        let fails = 1.0 - part.ok;
        match &step.on_fail {
            Some(OnFail::Redact) => part.ok = 1.0,
            Some(OnFail::Do(handler)) if fails > 0.0 => {
                let other = self.block(handler, place);
                part.ok += fails * other.ok;
                part.add(other, fails);
            }
            Some(OnFail::Retry(times)) if fails > 0.0 => {
                let round = self.again(block, step, place);
                // Each round begins where all before it have failed.
                let rounds: f64 = power_sum(1.0 - round.ok, f64::from(*times));
                part.ok = 1.0 - fails * (1.0 - round.ok).powi(i32::try_from(*times).unwrap_or(i32::MAX));
                part.add(round, fails * rounds);
            }
            Some(OnFail::Stop(_) | OnFail::Do(_) | OnFail::Retry(_)) | None => {}
        }
        part
    }

    // One round of `else retry`: the prompt again, or what made the value that a guard turned down.
    fn again(&mut self, block: &Block, step: &Step, place: &Place) -> Part {
        let author = match &step.kind {
            StepKind::Call(Callee::Guard(_) | Callee::Builtin(_), args) => match args.first() {
                Some(Expr::Var(guarded)) => {
                    block.steps.node_indices().find(|n| block.var_of(*n) == *guarded).map(|n| &block.steps[n])
                }
                _ => None,
            },
            _ => None,
        };
        let author = author.filter(|a| matches!(a.kind, StepKind::Call(Callee::Prompt(_), _)));
        let Some(author) = author else { return self.work(step, place, true) };
        let mut round = self.work(author, place, true);
        let guard = self.work(step, place, false);
        let (asked, passed) = (round.ok, guard.ok);
        round.add(guard, asked);
        round.ok = asked * passed;
        round
    }

    // The work of a step, without its `else`; `again` where a prompt shows the answer before.
    fn work(&mut self, step: &Step, place: &Place, again: bool) -> Part {
        let path = place.name(&step.name);
        let share = |fact| self.share(place, &path, fact);
        match &step.kind {
            StepKind::Compute(_) => Part::nothing(),
            StepKind::Call(callee, _) => {
                let (fails, hits) = (share(Fact::Fails), share(Fact::Hits));
                let once = match callee {
                    Callee::Prompt(_) => self.prompt(step, place, again),
                    Callee::Guard(id) => self.guard(*id).inside(&path).tried(step, fails),
                    Callee::Flow(id) => {
                        self.called(*id, step.called.as_ref()).inside(&path).tried(step, fails)
                    }
                    _ => Part::nothing().tried(step, fails),
                };
                let ok = hits + (1.0 - hits) * once.ok;
                let mut part = Part::nothing();
                part.add(once, 1.0 - hits);
                if let Some(embedding) = step.bounds.as_deref().and_then(|bounds| bounds.embedding) {
                    part.add(self.embedding(embedding, &path), 1.0);
                }
                Part { ok, ..part }
            }
            StepKind::If(_, then, otherwise) => {
                let taken = self.rates(place, &path, Fact::Taken);
                let inside = place.within(&step.name);
                let then = self.block(then, &inside);
                let other = otherwise.as_ref().map_or_else(Part::nothing, |b| self.block(b, &inside));
                match taken {
                    Some(Often::Share(taken)) => mixed(vec![(taken, then), (1.0 - taken, other)]),
                    _ => mixed(dearest(vec![then, other])),
                }
            }
            StepKind::Match(_, arms) => {
                let inside = place.within(&step.name);
                let mut said: Vec<(f64, Part)> = Vec::new();
                let mut rest: Vec<Part> = Vec::new();
                for arm in arms {
                    let names = rates::names_of(&arm.values);
                    let part = self.block(&arm.body, &inside);
                    // An arm with several values is taken for each of them.
                    let shares = names
                        .iter()
                        .filter_map(|n| self.rates(place, &eco_format!("{path}.{n}"), Fact::Taken));
                    let shares: Vec<f64> = shares.map(share_of).collect();
                    match shares.is_empty() {
                        true => rest.push(part),
                        false => said.push((shares.iter().sum(), part)),
                    }
                }
                let sum: f64 = said.iter().map(|(share, _)| share).sum();
                if rest.is_empty() || sum > 1.0 {
                    said.iter_mut().for_each(|(share, _)| *share /= if sum > 0.0 { sum } else { 1.0 });
                } else {
                    said.extend(dearest(rest).into_iter().map(|(share, part)| (share * (1.0 - sum), part)));
                }
                mixed(said)
            }
            StepKind::Each { list, parallel, body, .. } => {
                let n = self.elements(step, list, place);
                let one = self.block(body, &place.within(&step.name));
                // The first that fails ends them; those beside it have begun.
                let begun = (power_sum(one.ok, n) + f64::from((*parallel).max(1)) - 1.0).min(n);
                Part { ok: one.ok.powf(n), ..one.scaled(begun) }
            }
            StepKind::Repeat { up_to, body, until, first, .. } => {
                let most = f64::from(*up_to);
                let rounds = match self.rates(place, &path, Fact::Averages) {
                    Some(Often::Number(rounds)) => rounds.min(most),
                    _ => most,
                };
                let looks = (rounds + 1.0).min(most);
                let later = self.round((body, until.as_deref()), &step.name, place);
                let first = match first {
                    Some(first) => self.round((&first.body, first.until.as_ref()), &step.name, place),
                    None => later.clone(),
                };
                let ok = later.0.ok.powf(rounds) * later.1.ok.powf(looks);
                let (made, looked) = (power_sum_of(ok, rounds), power_sum_of(ok, looks));
                let mut part = Part::nothing();
                part.add(first.0, made.min(1.0));
                part.add(first.1, looked.min(1.0));
                part.add(later.0, (made - 1.0).max(0.0));
                part.add(later.1, (looked - 1.0).max(0.0));
                Part { ok, ..part }
            }
        }
    }

    // One round of a `repeat`, and one look whether to stop.
    fn round(&mut self, (body, until): (&Block, Option<&Block>), name: &str, place: &Place) -> (Part, Part) {
        let look = until.map_or_else(Part::nothing, |b| self.block(b, place));
        (self.block(body, &place.within(name)), look)
    }

    // How many elements an `each` goes through: its own mean, or that of its list, or all there can be.
    fn elements(&self, step: &Step, list: &Expr, place: &Place) -> f64 {
        let most = self.elements.get(&step.span).copied().unwrap_or(1) as f64;
        let own = self.rates(place, &place.name(&step.name), Fact::Averages);
        let of_list = || match list {
            Expr::Var(var) => self.rates(place, &self.name(place.flow?, *var)?, Fact::Averages),
            _ => None,
        };
        match own.or_else(of_list) {
            Some(Often::Number(n)) => n.min(most),
            _ => most,
        }
    }

    // The name of an input or of a step of the flow's own block.
    fn name(&self, flow: FlowId, var: VarId) -> Option<EcoString> {
        let flow = &self.plan.flows[flow.index()];
        let param = flow.params.get(var.0.checked_sub(flow.body.vars.start)? as usize);
        let step = || flow.body.steps.node_indices().find(|n| flow.body.var_of(*n) == var);
        param.map(|p| p.name.clone()).or_else(|| step().map(|n| flow.body.steps[n].name.clone()))
    }

    // The model and its fallbacks in turn, each with its tries; then the one it is escalated to.
    fn prompt(&mut self, step: &Step, place: &Place, again: bool) -> Part {
        let Some(bounds) = step.bounds.clone() else { return Part::nothing() };
        let (settings, path) = (&step.settings, place.name(&step.name));
        let fails = self.share(place, &path, Fact::Fails);
        let beside = 1.0 + self.share(place, &path, Fact::Hedges);
        let attempts = power_sum(fails, f64::from(settings.retry) + 1.0) * beside;
        let lost = fails.powf(f64::from(settings.retry) + 1.0);
        let mut part = Part::nothing();
        let (mut reached, mut doubtful) = (1.0, 0.0);
        for model in settings.model.iter().chain(&settings.fallback) {
            part.add(self.attempt(step, (&bounds, *model), (place, &path), again), reached * attempts);
            let answered = reached * (1.0 - lost);
            if settings.escalate.as_ref().is_some_and(|e| e.to != *model) {
                doubtful += answered;
            }
            reached *= lost;
        }
        part.ok = 1.0 - reached;
        if let Some(escalate) = &settings.escalate {
            let doubted = match &escalate.unless {
                Some(unless) => {
                    let judged = self.block(unless, place);
                    part.add(judged, doubtful);
                    doubtful * self.share(place, &path, Fact::Escalates)
                }
                None => doubtful,
            };
            part.add(self.attempt(step, (&bounds, escalate.to), (place, &path), again), doubted * attempts);
            part.ok -= doubted * lost;
        }
        part
    }

    // All calls of an attempt: the model asks for all lookups that it may.
    fn attempt(
        &self,
        step: &Step,
        (bounds, model): (&CallBounds, ModelId),
        at: (&Place, &EcoString),
        again: bool,
    ) -> Part {
        let Some(request) = bounds.request(model) else { return Part::nothing() };
        let mut part = self.call(*request, at, again);
        for lookups in 1..=tools::rounds(step) {
            part.add(self.call(request.behind(lookups), at, again), 1.0);
        }
        part
    }

    fn call(&self, request: RequestBound, (place, path): (&Place, &EcoString), again: bool) -> Part {
        let model = request.model;
        let input = if again { request.again.max(request.refused.input) } else { request.input };
        let output = match self.rates(place, path, Fact::Averages) {
            Some(Often::Text(Size::Tokens(n))) => Tokens(n.min(request.output.0)),
            _ => request.output,
        };
        let used = Used { input, output, ..Used::default() };
        let takes = Mean {
            usd: self.plan.models[model.index()].card.price.billed(&used).dollars(),
            calls: 1.0,
            input: input.0 as f64,
            output: output.0 as f64,
        };
        Part { ok: 1.0, takes, calls: vec![(path.clone(), model, takes)] }
    }

    // What is asked for before it is known whether anything is near.
    fn embedding(&self, bound: EmbeddingBound, path: &EcoString) -> Part {
        let used = Used { input: bound.input, ..Used::default() };
        let takes = Mean {
            usd: self.plan.models[bound.model.index()].card.price.billed(&used).dollars(),
            calls: 1.0,
            input: bound.input.0 as f64,
            output: 0.0,
        };
        Part { ok: 1.0, takes, calls: vec![(path.clone(), bound.model, takes)] }
    }

    fn rates(&self, place: &Place, path: &str, fact: Fact) -> Option<Often> {
        self.rates.get(&(place.flow?, path.into(), fact)).copied()
    }

    fn share(&self, place: &Place, path: &str, fact: Fact) -> f64 {
        self.rates(place, path, fact).map_or(0.0, share_of)
    }
}

fn share_of(value: Often) -> f64 {
    match value {
        Often::Share(share) => share,
        Often::Number(_) | Often::Text(_) => 0.0,
    }
}
