//! Bounds: what every call of a program takes at most, in tokens, dollars and seconds.
//!
//! In: a checked [`Plan`]. Out: the plan with what is proven of each call written into its steps,
//! which is what the runtime holds calls to and reserves; and [`Bounds`], what each flow takes at
//! worst, and why. Nothing here is declared by hand: all of it follows from the program.

mod again;
mod assumed;
mod best;
mod call;
mod calls;
mod cases;
mod check;
mod edges;
mod expected;
mod fixed;
mod given;
mod held;
mod infer;
mod instances;
mod kept;
mod knob;
mod known;
mod limit;
mod mean;
mod narrow;
mod near;
mod prompt;
mod refusal;
mod review;
mod rounds;
mod tools;
mod walk;
mod what_if;
mod worst;

pub(crate) use cases::apart;
pub(crate) use check::check;
pub use expected::Expected;
pub use fixed::{Fixed, fixed};
pub(crate) use infer::widest;
pub(crate) use kept::Requests;
pub use mean::Mean;
pub use what_if::{Excess, Most, Notch, Number, Priced};

use crate::kept::Memo;
use ecow::{EcoString, eco_format};
use flow_diagnostics::Span;
use flow_plan::{Cost, FlowId, Millis, ModelId, Plan, Tokens};
use flow_tokens::{DEFAULT_TOKENIZER, Measure};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::sync::Arc;
use walk::{FlowWorst, Walk};
use worst::{Sum, Worst};

/// The bounds of a program's flows, in the order of the plan.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// One for each flow.
    pub flows: Vec<FlowBound>,
    /// What has no bound.
    pub(crate) unbounded: Vec<walk::Unbounded>,
    /// Assumptions of what is known without them.
    pub(crate) needless: Vec<assumed::Needless>,
    /// What each `each` goes through at most, by its step.
    pub(crate) elements: FxHashMap<Span, u64>,
    /// What is pasted into requests that do not fit their model, by step.
    pub(crate) pasted: FxHashMap<(Span, ModelId), Vec<prompt::Pasted>>,
    /// What counts the tokens of each model: a tokenizer's file is read once.
    pub(crate) measures: Vec<Measure>,
    /// The flows whose bounds are of an earlier analysis, in which nothing was reported of them.
    pub(crate) known: FxHashSet<FlowId>,
}

/// What a run of a flow takes at worst.
#[derive(Clone, Debug)]
pub struct FlowBound {
    /// The flow.
    pub flow: FlowId,
    /// The most of each measure, however the run ends.
    pub worst: Amount,
    /// What a run takes at least in which nothing fails.
    pub best: Amount,
    /// What the dollars of the dearest way are made of.
    pub spent_on: Vec<BoundLine>,
    /// What the time of the longest way is made of.
    pub waited_for: Vec<BoundLine>,
    /// The calls of each step, each with each model that it may ask.
    pub steps: Vec<StepBound>,
    /// Steps that were looked at for what loops grow to, before any was added up.
    pub(crate) looked: usize,
}

/// Amounts of each measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Amount {
    /// Money.
    pub usd: Cost,
    /// Calls of models.
    pub calls: u64,
    /// Tokens in.
    pub input: Tokens,
    /// Tokens out.
    pub output: Tokens,
    /// Tokens in and out together: the most of both need not be on one way.
    pub tokens: Tokens,
    /// Time.
    pub time: Millis,
}

/// One line of a sum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoundLine {
    /// The step, with the steps around it: `checked.tone`.
    pub step: EcoString,
    /// Where it is written.
    pub span: Span,
    /// The model that is asked, or what is waited for.
    pub what: EcoString,
    /// How often.
    pub times: u64,
    /// What it takes each time.
    pub each: Amount,
}

/// The calls that a step can make of a model in one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepBound {
    /// The step, with the steps around it.
    pub step: EcoString,
    /// Where it is written.
    pub span: Span,
    /// Who is asked.
    pub model: ModelId,
    /// The most of each measure, all calls together; the time as if one came after the other.
    pub worst: Amount,
    /// What of it every run takes in which nothing fails.
    pub best: Amount,
    /// What the largest request holds.
    pub request: Tokens,
    /// The most output of one call.
    pub output: Tokens,
}

/// Works out the bounds of a plan and writes what is proven of its calls into it.
pub fn derive(plan: &mut Plan) -> Bounds {
    derive_with(plan, None)
}

/// The same, with what was worked out before.
pub(crate) fn derive_with(plan: &mut Plan, memo: Option<&Memo>) -> Bounds {
    let remembering = |measure: Measure| match memo {
        Some(memo) => measure.remembering(&memo.counted),
        None => measure,
    };
    let measures: Vec<Measure> = plan.models.iter().map(measure).map(remembering).collect();
    let requests = memo.map(|memo| &memo.requests);
    requests.inspect(|requests| requests.begin(&plan.models));
    let again::Known { bounds: known, worst, elements } =
        memo.map(|memo| again::known(memo, plan)).unwrap_or_default();
    let is_new = |id: &FlowId| known.get(id.index()).is_none_or(Option::is_none);
    let flows: Vec<FlowId> = (0..plan.flows.len()).map(|i| FlowId(i as u32)).filter(is_new).collect();
    let mut bounds = derive_again(plan, &flows, &measures, (requests, worst));
    best::find(plan, &mut bounds, requests);
    // What is known has none of them.
    let looked = bounds.flows.first().map_or(0, |bound| bound.looked);
    bounds.known = known.iter().flatten().map(|bound| bound.flow).collect();
    bounds.flows.extend(known.into_iter().flatten().map(|bound| FlowBound { looked, ..bound }));
    bounds.flows.sort_by_key(|bound| bound.flow);
    bounds.elements.extend(elements);
    bounds
}

/// The same for some of the flows, and what they call; without the best case.
pub(crate) fn derive_for(plan: &mut Plan, wanted: &[FlowId], measures: &[Measure]) -> Bounds {
    derive_again(plan, wanted, measures, (None, Vec::new()))
}

fn derive_again(
    plan: &mut Plan,
    wanted: &[FlowId],
    measures: &[Measure],
    (requests, mut known): (Option<&Requests>, Vec<Option<FlowWorst>>),
) -> Bounds {
    let mut distinct: Vec<Measure> = Vec::new();
    for measure in measures {
        if !distinct.iter().any(|m| m.counts_like(measure)) {
            distinct.push(measure.clone());
        }
    }
    let prompts = plan.prompts.len();
    known.resize(plan.flows.len(), None);
    let mut walk = Walk {
        plan,
        requests,
        asked: RefCell::new(vec![0; if requests.is_some() { prompts } else { 0 }]),
        measures: measures.to_vec(),
        distinct,
        flows: known,
        calls: calls::Calls::default(),
        unbounded: Vec::new(),
        needless: Vec::new(),
        elements: FxHashMap::default(),
        guards: FxHashMap::default(),
        origins: FxHashMap::default(),
        doubts: FxHashMap::default(),
        guarded: None,
        pasted: FxHashMap::default(),
        settled: FxHashMap::default(),
        settling: 0,
        rounds: 0,
        called: FxHashMap::default(),
        inside: 0,
        limit: None,
        prompted: None,
        looked: 0,
        main: Arc::default(),
        elements_inside: 0,
        asides: 0,
        aside: 0,
    };
    let mut flows: Vec<FlowBound> = wanted.iter().map(|id| flow_bound(*id, &walk.flow(*id))).collect();
    flows.iter_mut().for_each(|bound| bound.looked = walk.looked);
    requests.inspect(|requests| drop(requests.walked.replace(std::mem::take(&mut walk.flows))));
    Bounds {
        flows,
        unbounded: walk.unbounded,
        needless: walk.needless,
        elements: walk.elements,
        pasted: walk.pasted,
        measures: walk.measures,
        known: FxHashSet::default(),
    }
}

/// What counts the tokens of a model.
fn measure(model: &flow_plan::Model) -> Measure {
    let name = model.card.tokenizer.as_deref().unwrap_or(DEFAULT_TOKENIZER);
    // A tokenizer that is not known was reported; bytes are never too few.
    Measure::named(name, model.tokenizer.as_ref()).unwrap_or_else(|_| flow_tokens::BYTES.clone())
}

fn flow_bound(flow: FlowId, found: &FlowWorst) -> FlowBound {
    let worst = found.ways.any();
    let mut steps: Vec<StepBound> = Vec::new();
    let mut places: FxHashMap<(EcoString, ModelId), usize> = FxHashMap::default();
    for call in found.calls.iter() {
        let input = call.again.unwrap_or_default().max(call.each.input);
        let all = Worst::call(call.each.clone()).times(call.calls);
        let place = *places.entry((call.step.clone(), call.model)).or_insert(steps.len());
        match steps.get_mut(place) {
            Some(step) => {
                step.worst = step.worst.plus(amount(&all));
                step.request = step.request.max(input);
            }
            None => steps.push(StepBound {
                step: call.step.clone(),
                span: call.span,
                model: call.model,
                worst: amount(&all),
                best: Amount::default(),
                request: input,
                output: call.each.output,
            }),
        }
    }
    // As the program has them: a walk takes what needs nothing first.
    steps.sort_by_key(|s| (s.span.file.0, s.span.start));
    FlowBound {
        flow,
        spent_on: lines(&worst.spent_on, |each| each.usd.0 as u64),
        waited_for: lines(&worst.waited_for, |each| each.time.0),
        worst: amount(&worst),
        best: Amount::default(),
        steps,
        looked: 0,
    }
}

// Largest first.
fn lines(sum: &Sum, size: fn(&Amount) -> u64) -> Vec<BoundLine> {
    let mut lines: Vec<BoundLine> = sum
        .lines()
        .into_iter()
        .map(|(times, line)| BoundLine {
            step: line.step.clone(),
            span: line.span,
            what: line.what.clone(),
            times,
            each: Amount {
                usd: line.usd,
                calls: u64::from(line.usd > Cost::ZERO),
                input: line.input,
                output: line.output,
                tokens: Tokens(line.input.0.saturating_add(line.output.0)),
                time: line.time,
            },
        })
        .collect();
    lines.sort_by_key(|l| std::cmp::Reverse(size(&l.each).saturating_mul(l.times)));
    lines
}

fn amount(worst: &Worst) -> Amount {
    let Worst { usd, calls, input, output, tokens, time, .. } = *worst;
    Amount { usd, calls, input, output, tokens, time }
}

impl Amount {
    /// The larger of the two, each measure by itself.
    fn or(self, other: Amount) -> Amount {
        Amount {
            usd: self.usd.max(other.usd),
            calls: self.calls.max(other.calls),
            input: self.input.max(other.input),
            output: self.output.max(other.output),
            tokens: self.tokens.max(other.tokens),
            time: self.time.max(other.time),
        }
    }

    /// The smaller of the two, each measure by itself.
    fn at_most(self, other: Amount) -> Amount {
        Amount {
            usd: self.usd.min(other.usd),
            calls: self.calls.min(other.calls),
            input: self.input.min(other.input),
            output: self.output.min(other.output),
            tokens: self.tokens.min(other.tokens),
            time: self.time.min(other.time),
        }
    }

    /// So many times.
    fn times(self, n: u64) -> Amount {
        Amount {
            usd: Cost(self.usd.0.saturating_mul(i64::try_from(n).unwrap_or(i64::MAX))),
            calls: self.calls.saturating_mul(n),
            input: Tokens(self.input.0.saturating_mul(n)),
            output: Tokens(self.output.0.saturating_mul(n)),
            tokens: Tokens(self.tokens.0.saturating_mul(n)),
            time: Millis(self.time.0.saturating_mul(n)),
        }
    }

    /// Both together.
    pub fn plus(self, other: Amount) -> Amount {
        Amount {
            usd: self.usd.plus(other.usd),
            calls: self.calls.saturating_add(other.calls),
            input: Tokens(self.input.0.saturating_add(other.input.0)),
            output: Tokens(self.output.0.saturating_add(other.output.0)),
            tokens: Tokens(self.tokens.0.saturating_add(other.tokens.0)),
            time: Millis(self.time.0.saturating_add(other.time.0)),
        }
    }
}

fn joined(a: &str, b: &str) -> EcoString {
    eco_format!("{a}.{b}")
}
