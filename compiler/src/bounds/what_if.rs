//! What if: a program with other numbers in it, and the numbers with which it fits.
//!
//! In: a program. Out: [`Priced`], with the [`Number`]s that its bounds follow from, by name. A
//! number can be set, and the largest looked for with which every budget, deadline and window holds.
//! Not here: what a number is in the plan ([`knob`]), and what is reported of bounds (`check`).

use super::check::tried;
use super::expected::{Expected, expected};
use super::knob::{self, Kind, Knob};
use super::{Amount, Bounds, FlowBound, derive, derive_for};
use crate::hir::Hir;
use crate::rates::{self, Misplaced};
use crate::resolve::Program;
use crate::{Analysed, World, analysed};
use ecow::{EcoString, eco_format};
use flow_diagnostics::{Code, Diagnostics, Sources, Span};
use flow_plan::{
    Bound, Callee, Cost, FlowId, Millis, ModelId, Plan, Rate, RecordType, Size, StepKind, StepSettings,
    Tokens, Type,
};
use flow_tokens::{Measure, json_tokens};
use std::sync::Arc;

/// A compiled program whose numbers can be turned.
pub struct Priced {
    /// The files that were read, the root first.
    pub sources: Sources,
    /// Everything found, as the program is written.
    pub diagnostics: Diagnostics,
    /// What is done, with the numbers that were set; whole only where there are bounds.
    pub plan: Plan,
    /// What the flows take, with the numbers that were set; nothing where the program has errors
    /// beside those of its bounds.
    pub bounds: Option<Bounds>,
    /// What is known of the program beside its plan, as it is written.
    pub hir: Hir,
    program: Program,
}

/// A number of the program that bounds follow from.
#[derive(Clone, Debug)]
pub struct Number {
    // From the shortest to the one that no other number has.
    names: Vec<EcoString>,
    /// The shortest name that no other number has.
    pub name: EcoString,
    /// What it is.
    pub now: u64,
    /// Whose it is, where its name does not say that: a model's or a step's name.
    pub owner: Option<EcoString>,
    knob: Knob,
}

/// How far a number can be turned up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Most {
    /// Even the least is too much.
    Nothing,
    /// This fits, and more does not.
    UpTo(u64),
    /// Nothing is exceeded up to the most that there can be, which this is.
    Any(u64),
}

/// What exceeds what is allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Excess {
    /// The dearest run and the budget.
    Budget(Cost, Cost),
    /// The longest run and the deadline.
    Deadline(Millis, Millis),
    /// A step's largest request with its answer, and the window of the model.
    Window(EcoString, ModelId, Tokens, Tokens),
}

/// What one notch of a number saves.
#[derive(Clone, Debug)]
pub struct Notch {
    /// The number.
    pub number: Number,
    /// One notch less.
    pub to: u64,
    /// What a run costs less at worst.
    pub usd: Cost,
    /// What a run takes less at worst.
    pub time: Millis,
}

// More than anyone means, and far from where sums are cut off.
const CEILING: u64 = 1 << 40;

impl Priced {
    /// Compiles a program. `file` is the root's path relative to the program's folder.
    pub fn compile(world: &dyn World, file: &str) -> Priced {
        let Analysed { outcome, program, plan } = analysed(world, file, None);
        // Where something has no bound, what was added up is no worst case.
        let is_open = outcome.diagnostics.iter().any(|d| matches!(d.code, Code::E0303 | Code::E0306));
        Priced {
            sources: outcome.sources,
            diagnostics: outcome.diagnostics,
            plan,
            bounds: outcome.bounds.filter(|_| !is_open),
            hir: outcome.hir,
            program,
        }
    }

    /// The numbers that the bounds of these flows follow from.
    pub fn numbers(&self, flows: &[FlowId]) -> Vec<Number> {
        let mut found: Vec<(Knob, FlowId)> = Vec::new();
        for bound in self.bounds.iter().flat_map(|b| &b.flows).filter(|b| flows.contains(&b.flow)) {
            let written = knob::of(&self.program, (&self.plan, self.measures()), bound.flow, bound);
            for knob in written.into_iter().chain(self.caps(bound)) {
                let same = |k: &Knob| k.at == knob.at && k.kind == knob.kind;
                let is_cap = |k: &Knob| matches!(k.kind, Kind::MaxOutput(_)) && k.kind == knob.kind;
                if !found.iter().any(|(k, _)| same(k) || is_cap(k)) {
                    found.push((knob, bound.flow));
                }
            }
        }
        let mut numbers: Vec<Number> =
            found.into_iter().map(|(knob, flow)| self.number(knob, flow)).collect();
        let taken: Vec<EcoString> = numbers.iter().flat_map(|n| n.names.clone()).collect();
        for number in &mut numbers {
            let alone = |name: &&EcoString| taken.iter().filter(|t| t == name).count() == 1;
            let name = number.names.iter().find(alone).or(number.names.last());
            number.name = name.cloned().unwrap_or_default();
        }
        numbers
    }

    /// The number of this name; nothing where there is none, or several.
    pub fn named<'n>(&self, numbers: &'n [Number], name: &str) -> Option<&'n Number> {
        let mut found = numbers.iter().filter(|n| self.is_named(n, name));
        found.next().filter(|_| found.next().is_none())
    }

    /// Whether a number can be meant by a name.
    pub fn is_named(&self, number: &Number, name: &str) -> bool {
        number.names.iter().any(|own| own == name)
    }

    /// A value of a number as the source would have it: `312 tokens`.
    pub fn written(&self, number: &Number, value: u64) -> String {
        number.knob.written(&self.plan, value)
    }

    /// Sets a number, and works all bounds out again.
    pub fn set(&mut self, number: &Number, value: u64) {
        turn(&mut self.plan, &number.knob, value);
        self.bounds = Some(derive(&mut self.plan));
    }

    /// What these flows take on average, by the rates that they assume and by `more`, which come first.
    pub fn expected(&self, flows: &[FlowId], more: &[(FlowId, Rate)]) -> Vec<Expected> {
        let Some(bounds) = &self.bounds else { return Vec::new() };
        let wanted: Vec<FlowBound> =
            bounds.flows.iter().filter(|b| flows.contains(&b.flow)).cloned().collect();
        expected((&self.plan, self.measures()), &wanted, more)
    }

    /// Whether a rate says something about a flow; the error says why it does not, and for a name that
    /// is not known it is the one that may be meant.
    pub fn takes(&self, flow: FlowId, rate: &Rate) -> Result<(), Misplaced> {
        let flow = &self.plan.flows[flow.index()];
        rates::place(&flow.params, &flow.body, rate)
    }

    /// What a flow exceeds.
    pub fn excess(&self, bound: &FlowBound) -> Vec<Excess> {
        excess(&self.plan, bound)
    }

    // What counts the tokens of each model; nothing where there are no bounds, and so no numbers.
    fn measures(&self) -> &[Measure] {
        self.bounds.as_ref().map_or(&[], |bounds| &bounds.measures)
    }

    /// The largest value of a number with which these flows exceed nothing.
    pub fn most(&self, number: &Number, flows: &[FlowId]) -> Most {
        let fits = |value: u64| {
            let mut plan = self.plan.clone();
            turn(&mut plan, &number.knob, value);
            derive_for(&mut plan, flows, self.measures())
                .flows
                .iter()
                .all(|bound| excess(&plan, bound).is_empty())
        };
        let least = number.knob.least;
        let ceiling = self.ceiling(number).max(least);
        if !fits(least) {
            return Most::Nothing;
        }
        let (mut good, mut bad) = (least, least.max(1));
        while bad < ceiling && fits(bad) {
            good = bad;
            bad = bad.saturating_mul(2).min(ceiling);
        }
        if bad == ceiling && fits(ceiling) {
            return Most::Any(ceiling);
        }
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            if fits(middle) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        Most::UpTo(number.knob.neat(good))
    }

    /// The number whose smallest notch saves most in a flow: in dollars, or in time where no number
    /// saves any.
    pub fn matters(&self, bound: &FlowBound) -> Option<Notch> {
        let numbers = self.numbers(&[bound.flow]).into_iter().take(tried(&self.plan, bound, 1));
        let notches = numbers.filter_map(|number| {
            let to = number.notch(&self.plan)?;
            let mut plan = self.plan.clone();
            turn(&mut plan, &number.knob, to);
            let after = derive_for(&mut plan, &[bound.flow], self.measures()).flows.first()?.worst;
            let Amount { usd, time, .. } = bound.worst;
            let usd = Cost(usd.0.saturating_sub(after.usd.0));
            Some(Notch { number, to, usd, time: Millis(time.0.saturating_sub(after.time.0)) })
        });
        // The first of equals, as the program has them.
        let best = notches.reduce(|a, b| if (b.usd, b.time) > (a.usd, a.time) { b } else { a });
        best.filter(|n| n.usd > Cost::ZERO || n.time > Millis(0))
    }

    // The caps of models that are not written in the program.
    fn caps(&self, bound: &FlowBound) -> Vec<Knob> {
        let cap = |step: &super::StepBound| {
            let model = &self.plan.models[step.model.index()];
            let measure = &self.measures()[step.model.index()];
            let needed = self.plan.prompts.iter().map(|p| json_tokens(&p.output, measure)).max();
            Knob {
                kind: Kind::MaxOutput(step.model),
                at: Span::default(),
                now: model.output_cap().0,
                least: needed.unwrap_or(0).max(16),
            }
        };
        bound.steps.iter().map(cap).collect()
    }

    fn number(&self, knob: Knob, flow: FlowId) -> Number {
        let in_flow = &self.plan.flows[flow.index()].name;
        let (name, owner): (EcoString, Option<EcoString>) = match knob.kind {
            Kind::MaxOutput(id) => ("max_output".into(), Some(self.plan.models[id.index()].name.clone())),
            Kind::Retry => ("retry".into(), Some(self.holder(flow, |s| s.retry_at == Some(knob.at)))),
            Kind::Timeout => ("timeout".into(), Some(self.holder(flow, |s| s.timeout_at == Some(knob.at)))),
            Kind::NewTimeout(_) => ("timeout".into(), Some(in_flow.clone())),
            Kind::Found(id) => (self.plan.lookups[id.index()].name.clone(), None),
            Kind::Input(flow, i) => (self.plan.flows[flow.index()].params[i].name.clone(), None),
            Kind::Assumed(flow, i) => (self.plan.flows[flow.index()].body.assumes[i].name.clone(), None),
            Kind::Rounds(at) => (self.repeat(flow, at), None),
            Kind::Lookups => {
                let has = |s: &StepSettings| s.tools.as_ref().is_some_and(|t| t.rounds_at == knob.at);
                ("rounds".into(), Some(self.holder(flow, has)))
            }
        };
        let mut names = vec![name.clone()];
        if let Some(owner) = &owner {
            names.push(eco_format!("{owner}.{name}"));
        }
        let longest = names.last().cloned().unwrap_or_default();
        names.push(eco_format!("{in_flow}.{longest}"));
        Number { names, name, now: knob.now, owner, knob }
    }

    // The one step that has a setting, or the flow.
    fn holder(&self, flow: FlowId, has: impl Fn(&StepSettings) -> bool) -> EcoString {
        let flow = &self.plan.flows[flow.index()];
        let mut steps: Vec<EcoString> = Vec::new();
        flow.body.each_step(&mut |step| {
            let calls =
                matches!(&step.kind, StepKind::Call(callee, _) if !matches!(callee, Callee::Action(_)));
            if calls && has(&step.settings) {
                steps.push(step.name.clone());
            }
        });
        match steps.as_slice() {
            [one] => one.clone(),
            _ => flow.name.clone(),
        }
    }

    fn repeat(&self, flow: FlowId, at: Span) -> EcoString {
        let mut name = EcoString::new();
        self.plan.flows[flow.index()].body.each_step(&mut |step| {
            if step.span == at {
                name = step.name.clone();
            }
        });
        name
    }

    // The most that a number can be.
    fn ceiling(&self, number: &Number) -> u64 {
        match number.knob.kind {
            Kind::MaxOutput(id) => self.plan.models[id.index()].card.max_output.0,
            Kind::Retry | Kind::Rounds(_) => u64::from(u32::MAX),
            Kind::Lookups => u64::from(flow_plan::MOST_ROUNDS),
            Kind::Input(flow, i) => match &self.plan.flows[flow.index()].params[i].ty {
                Type::Text { bound: Some(Bound::Chars(_)), .. } => CEILING / 4,
                _ => CEILING,
            },
            Kind::Assumed(flow, i) => match self.plan.flows[flow.index()].body.assumes[i].most {
                Size::Chars(_) => CEILING / 4,
                _ => CEILING,
            },
            Kind::Timeout | Kind::NewTimeout(_) | Kind::Found(_) => CEILING,
        }
    }
}

impl Number {
    /// Whether it is a time, in milliseconds.
    pub fn is_time(&self) -> bool {
        self.knob.is_time()
    }

    /// Whether it is the cap on a model's output, which has a most of its own.
    pub fn is_cap(&self) -> bool {
        matches!(self.knob.kind, Kind::MaxOutput(_))
    }

    // One less of what is counted, a tenth less of what is measured.
    fn notch(&self, plan: &Plan) -> Option<u64> {
        let less = match self.knob.kind {
            Kind::Input(flow, i) if matches!(plan.flows[flow.index()].params[i].ty, Type::List(..)) => 1,
            Kind::Assumed(flow, i)
                if matches!(plan.flows[flow.index()].body.assumes[i].most, Size::Items(_)) =>
            {
                1
            }
            Kind::Retry | Kind::Rounds(_) | Kind::Found(_) | Kind::Lookups => 1,
            Kind::Input(..)
            | Kind::Assumed(..)
            | Kind::MaxOutput(_)
            | Kind::Timeout
            | Kind::NewTimeout(_) => (self.now / 10).max(1),
        };
        self.now.checked_sub(less).filter(|to| *to >= self.knob.least)
    }
}

// Sets a number; the types that its steps were given with the program as it is written do not hold
// back what it is turned up to.
fn turn(plan: &mut Plan, knob: &Knob, value: u64) {
    if let Kind::Input(flow, i) = knob.kind
        && let Type::Text { bound: Some(was), .. } = plan.flows[flow.index()].params[i].ty
        && value > knob.now
    {
        let will = match was {
            Bound::Tokens(_) => Bound::Tokens(value),
            Bound::Chars(_) => Bound::Chars(value),
        };
        let flow = &mut plan.flows[flow.index()];
        flow.body.each_step_mut(&mut |step| widen(&mut step.ty, was, will));
        widen(&mut flow.output, was, will);
    }
    knob.set(plan, value);
}

// What has the bound of an input may have come from it. A text that has not is bounded where it does
// come from as well, and the smaller counts.
fn widen(ty: &mut Type, was: Bound, will: Bound) {
    match ty {
        Type::Text { bound, .. } if *bound == Some(was) => *bound = Some(will),
        Type::List(inner, _) | Type::Map(inner, _) | Type::Optional(inner) => widen(inner, was, will),
        Type::Record(record) => {
            let mut fields = record.fields.clone();
            fields.iter_mut().for_each(|f| widen(&mut f.ty, was, will));
            let (name, doc) = (record.name.clone(), record.doc.clone());
            *record = Arc::new(RecordType { name, doc, fields });
        }
        _ => {}
    }
}

fn excess(plan: &Plan, bound: &FlowBound) -> Vec<Excess> {
    let settings = &plan.flows[bound.flow.index()].settings;
    let mut found = Vec::new();
    if let Some(budget) = settings.budget.filter(|most| bound.worst.usd > *most) {
        found.push(Excess::Budget(bound.worst.usd, budget));
    }
    if let Some(deadline) = settings.deadline.filter(|most| bound.worst.time > *most) {
        found.push(Excess::Deadline(bound.worst.time, deadline));
    }
    for step in &bound.steps {
        let window = plan.models[step.model.index()].card.context;
        let needed = Tokens(step.request.0.saturating_add(step.output.0));
        if window > Tokens(0) && needed > window {
            found.push(Excess::Window(step.step.clone(), step.model, needed, window));
        }
    }
    found
}
