//! The best case: what a run takes at least in which nothing fails.
//!
//! In: a plan and its bounds. Out: the bounds with [`FlowBound::best`] and [`StepBound::best`]
//! filled in. The first model answers at the first try, with one token; conditions take the smaller
//! side, lists are empty, `until` holds at once, what may be in a cache is there. No answer has a
//! least time, so that the time is nothing.

use super::calls::{Call, Calls};
use super::kept::Requests;
use super::{Amount, Bounds, fixed, joined};
use ecow::EcoString;
use flow_diagnostics::Span;
use flow_plan::{
    Block, Callee, Expr, FlowId, GuardId, Millis, ModelId, Plan, PromptId, Step, StepKind, Tokens, Used,
    Value,
};
use rustc_hash::FxHashMap;

/// Fills the best cases in.
pub(super) fn find(plan: &Plan, bounds: &mut Bounds, kept: Option<&Requests>) {
    let mut best = Best {
        plan,
        kept,
        requests: FxHashMap::default(),
        flows: FxHashMap::default(),
        guards: FxHashMap::default(),
    };
    for bound in &mut bounds.flows {
        let least = best.flow(bound.flow);
        bound.best = least.all.at_most(bound.worst);
        let mut ways: FxHashMap<(Span, ModelId), usize> = FxHashMap::default();
        for step in &bound.steps {
            *ways.entry((step.span, step.model)).or_default() += 1;
        }
        let mut own: FxHashMap<(Span, ModelId), Vec<&Certain>> = FxHashMap::default();
        for call in least.calls.iter() {
            own.entry(call.of()).or_default().push(call);
        }
        for step in &mut bound.steps {
            let place = (step.span, step.model);
            // Where all ways to a step are one entry, it stands for all of its calls.
            let is_one = ways.get(&place) == Some(&1);
            let calls = own.get(&place).into_iter().flatten().filter(|c| is_one || c.step == step.step);
            step.best = calls.fold(Amount::default(), |sum, c| sum.plus(c.takes)).at_most(step.worst);
        }
    }
}

struct Best<'a> {
    plan: &'a Plan,
    kept: Option<&'a Requests>,
    requests: FxHashMap<(PromptId, ModelId), Amount>,
    flows: FxHashMap<FlowId, Least>,
    guards: FxHashMap<GuardId, Least>,
}

/// The least of a part of a program.
#[derive(Clone, Default)]
struct Least {
    all: Amount,
    /// The calls that are made in any case.
    calls: Calls<Certain>,
}

#[derive(Clone)]
struct Certain {
    step: EcoString,
    span: Span,
    model: ModelId,
    takes: Amount,
}

impl Call for Certain {
    fn of(&self) -> (Span, ModelId) {
        (self.span, self.model)
    }

    fn add(&mut self, other: Certain) {
        self.takes = self.takes.plus(other.takes);
    }
}

impl Best<'_> {
    fn flow(&mut self, id: FlowId) -> Least {
        if let Some(known) = self.flows.get(&id) {
            return known.clone();
        }
        let plan = self.plan;
        let least = self.block(&plan.flows[id.index()].body);
        self.flows.insert(id, least.clone());
        least
    }

    fn guard(&mut self, id: GuardId) -> Least {
        if let Some(known) = self.guards.get(&id) {
            return known.clone();
        }
        let plan = self.plan;
        let least = self.block(&plan.guards[id.index()].body);
        self.guards.insert(id, least.clone());
        least
    }

    fn block(&mut self, block: &Block) -> Least {
        block.steps.node_weights().fold(Least::default(), |sum, step| sum.and(self.step(step)))
    }

    fn step(&mut self, step: &Step) -> Least {
        let name = &step.name;
        match &step.kind {
            StepKind::Compute(_) => Least::default(),
            // What is in a cache is not asked for.
            StepKind::Call(..) if step.settings.cache.is_some() => Least::default(),
            StepKind::Call(Callee::Prompt(id), _) => self.prompt(step, *id),
            StepKind::Call(Callee::Guard(id), _) => self.guard(*id).inside(name),
            StepKind::Call(Callee::Flow(id), _) => self.flow(*id).inside(name),
            StepKind::Call(..) => Least::default(),
            StepKind::If(_, then, otherwise) => {
                let other = otherwise.as_ref().map(|b| self.block(b)).unwrap_or_default();
                self.block(then).or(&other)
            }
            StepKind::Match(_, arms) => {
                let arms: Vec<Least> = arms.iter().map(|arm| self.block(&arm.body)).collect();
                arms.into_iter().reduce(|a, b| a.or(&b)).unwrap_or_default()
            }
            StepKind::Each { list, body, .. } => match list {
                Expr::List(items) => self.block(body).times(items.len() as u64).inside(name),
                Expr::Literal(Value::List(items)) => self.block(body).times(items.len() as u64).inside(name),
                _ => Least::default(),
            },
            StepKind::Repeat { up_to, body, until, .. } => match until {
                Some(until) => self.block(until).inside("until").inside(name),
                None => self.block(body).times(u64::from(*up_to)).inside(name),
            },
        }
    }

    fn prompt(&mut self, step: &Step, id: PromptId) -> Least {
        let Some(first) = step.settings.model else { return Least::default() };
        let answered = self.call(step, id, first);
        match &step.settings.escalate {
            Some(escalate) if escalate.to != first => answered.and(match &escalate.unless {
                Some(unless) => self.block(unless).inside(&step.name),
                None => self.call(step, id, escalate.to),
            }),
            _ => answered,
        }
    }

    fn call(&mut self, step: &Step, prompt: PromptId, model: ModelId) -> Least {
        let plan = self.plan;
        let kept = self.kept;
        let takes = *self.requests.entry((prompt, model)).or_insert_with(|| {
            let least = || fixed::least(plan, prompt, model);
            let input = kept.map_or_else(least, |kept| kept.least(plan, (prompt, model), least));
            let used = Used { input, output: Tokens(1), ..Used::default() };
            let price = &plan.models[model.index()].card.price;
            let cached = price.billed(&Used { cached_input: used.input, ..used });
            Amount {
                usd: price.billed(&used).min(cached),
                calls: 1,
                input: used.input,
                output: used.output,
                tokens: Tokens(used.input.0.saturating_add(used.output.0)),
                time: Millis(0),
            }
        });
        let mut calls = Calls::default();
        calls.push(Certain { step: step.name.clone(), span: step.span, model, takes });
        Least { all: takes, calls }
    }
}

impl Least {
    fn and(mut self, other: Least) -> Least {
        self.all = self.all.plus(other.all);
        self.calls.extend(other.calls);
        self
    }

    // Nothing of either side is certain.
    fn or(self, other: &Least) -> Least {
        Least { all: self.all.at_most(other.all), calls: Calls::default() }
    }

    fn times(mut self, n: u64) -> Least {
        self.all = self.all.times(n);
        self.calls.iter_mut().for_each(|c| c.takes = c.takes.times(n));
        if n == 0 {
            self.calls = Calls::default();
        }
        self
    }

    fn inside(mut self, step: &str) -> Least {
        self.calls.iter_mut().for_each(|c| c.step = joined(step, &c.step));
        self
    }
}
