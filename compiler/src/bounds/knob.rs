//! What could be turned down, or up, so that a flow fits; and how far it has to be turned.
//!
//! A bound grows with each of these, so the value that just fits is found by halving: the flow is
//! worked out again with the value in the plan. What is found is offered as a fix of the source.

use super::{FlowBound, check, derive_for};
use crate::ast::{
    Block, Expr, ExprKind, Flow, Item, OperationKind, Setting, SettingValue, TypeExpr, TypeExprKind,
};
use crate::resolve::Program;
use flow_diagnostics::Span;
use flow_plan::{
    Assumed, Bound, Callee, FlowId, LookupId, Millis, ModelId, Plan, Size, Step, StepKind, Tokens, Type,
    VarId,
};
use flow_tokens::{Measure, json_tokens};
use rustc_hash::FxHashMap;

/// A number of the program that a bound follows from.
#[derive(Clone, Debug)]
pub(crate) struct Knob {
    pub(super) kind: Kind,
    /// Where the number stands, with its unit.
    pub(super) at: Span,
    /// What it is now.
    pub(super) now: u64,
    /// The least it may be.
    pub(super) least: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    MaxOutput(ModelId),
    Retry,
    Timeout,
    // A flow without one gets one.
    NewTimeout(FlowId),
    Found(LookupId),
    Input(FlowId, usize),
    // What a flow assumes, by its place in the flow's body.
    Assumed(FlowId, usize),
    Rounds(Span),
    // How many lookups a model may ask for.
    Lookups,
}

impl Knob {
    /// Whose number it is, behind its new value in a message.
    pub(crate) fn owner(&self, plan: &Plan) -> String {
        match self.kind {
            Kind::MaxOutput(id) => format!(" of `{}`", plan.models[id.index()].name),
            Kind::Found(id) => format!(" of `{}`", plan.lookups[id.index()].name),
            Kind::Input(flow, i) => format!(" of `{}`", plan.flows[flow.index()].params[i].name),
            Kind::Assumed(flow, i) => format!(" of `{}`", assumed(plan, flow, i).name),
            Kind::Retry | Kind::Timeout | Kind::NewTimeout(_) | Kind::Rounds(_) | Kind::Lookups => {
                String::new()
            }
        }
    }

    /// Whether time depends on it, and not what is spent.
    pub(crate) fn is_time(&self) -> bool {
        matches!(self.kind, Kind::Timeout | Kind::NewTimeout(_))
    }

    /// The number as the source has it.
    pub(super) fn written(&self, plan: &Plan, value: u64) -> String {
        match self.kind {
            Kind::MaxOutput(_) => format!("{value} tokens"),
            Kind::Timeout | Kind::NewTimeout(_) => check::shown(Millis(value)),
            Kind::Input(flow, i) => match &plan.flows[flow.index()].params[i].ty {
                Type::Text { bound: Some(Bound::Chars(_)), .. } => format!("{value} chars"),
                Type::Text { .. } => format!("{value} tokens"),
                _ => value.to_string(),
            },
            Kind::Assumed(flow, i) => {
                let assumed = assumed(plan, flow, i);
                match assumed.most {
                    Size::Tokens(_) => format!("{value} tokens"),
                    Size::Chars(_) if !assumed.text.starts_with("len") => format!("{value} chars"),
                    _ => value.to_string(),
                }
            }
            Kind::Retry | Kind::Found(_) | Kind::Rounds(_) | Kind::Lookups => value.to_string(),
        }
    }

    /// What the change says, as an editor's menu shows it.
    pub(crate) fn title(&self, plan: &Plan, value: u64) -> String {
        let written = self.written(plan, value);
        match self.kind {
            Kind::MaxOutput(_) => format!("`max_output: {written}`"),
            Kind::Retry => format!("`retry: {written}`"),
            Kind::Timeout | Kind::NewTimeout(_) => format!("`timeout: {written}`"),
            Kind::Found(_) | Kind::Input(..) | Kind::Assumed(..) => format!("`<= {written}`"),
            Kind::Rounds(_) => format!("`repeat up to {written}`"),
            Kind::Lookups => format!("`rounds {written}`"),
        }
    }

    /// The edit that turns it.
    pub(crate) fn edit(&self, plan: &Plan, value: u64) -> (Span, String) {
        match self.kind {
            Kind::NewTimeout(_) => (self.at, format!("\n  timeout: {}", self.written(plan, value))),
            _ => (self.at, self.written(plan, value)),
        }
    }

    /// How much of it is left, in thousandths.
    pub(crate) fn share(&self, value: u64) -> u64 {
        value.saturating_mul(1000) / self.now.max(1)
    }

    /// Puts this value in its place.
    pub(super) fn set(&self, plan: &mut Plan, value: u64) {
        match self.kind {
            Kind::MaxOutput(id) => plan.models[id.index()].settings.max_output = Some(Tokens(value)),
            Kind::Retry => each_step(plan, &mut |step| {
                if step.settings.retry_at == Some(self.at) {
                    step.settings.retry = u32::try_from(value).unwrap_or(u32::MAX);
                }
            }),
            Kind::Timeout => each_step(plan, &mut |step| {
                if step.settings.timeout_at == Some(self.at) {
                    step.settings.timeout = Some(Millis(value));
                }
            }),
            Kind::NewTimeout(flow) => plan.flows[flow.index()].body.each_step_mut(&mut |step| {
                let takes = match &step.kind {
                    StepKind::Call(callee, _) => {
                        matches!(callee, Callee::Prompt(_) | Callee::Lookup(_) | Callee::Builtin(_))
                    }
                    _ => false,
                };
                if takes && step.settings.timeout_at.is_none() {
                    step.settings.timeout = Some(Millis(value));
                }
            }),
            Kind::Found(id) => {
                if let Type::List(_, most) = &mut plan.lookups[id.index()].output {
                    *most = Some(value);
                }
                // The steps that call it carry its type.
                let output = plan.lookups[id.index()].output.clone();
                each_step(plan, &mut |step| {
                    if matches!(&step.kind, StepKind::Call(Callee::Lookup(l), _) if *l == id) {
                        step.ty = output.clone();
                    }
                });
            }
            Kind::Input(flow, i) => match &mut plan.flows[flow.index()].params[i].ty {
                Type::Text { bound: Some(Bound::Tokens(n) | Bound::Chars(n)), .. } => *n = value,
                Type::List(_, most) => *most = Some(value),
                _ => {}
            },
            Kind::Assumed(flow, i) => {
                let assumes = &mut plan.flows[flow.index()].body.assumes;
                if let Some(Size::Items(n) | Size::Tokens(n) | Size::Chars(n)) =
                    assumes.get_mut(i).map(|a| &mut a.most)
                {
                    *n = value;
                }
            }
            Kind::Rounds(at) => each_step(plan, &mut |step| {
                if let (StepKind::Repeat { up_to, .. }, true) = (&mut step.kind, step.span == at) {
                    *up_to = u32::try_from(value).unwrap_or(u32::MAX);
                }
            }),
            Kind::Lookups => each_step(plan, &mut |step| {
                if let Some(tools) = step.settings.tools.as_mut().filter(|tools| tools.rounds_at == self.at) {
                    tools.rounds = u32::try_from(value).unwrap_or(u32::MAX);
                }
            }),
        }
    }

    /// A value with which the flow fits, the largest unless that takes more than so many tries; none
    /// where even the least does not.
    pub(crate) fn solve(
        &self,
        (plan, measures): (&Plan, &[Measure]),
        flow: FlowId,
        (fits, tries): (&dyn Fn(&FlowBound) -> bool, u32),
    ) -> Option<u64> {
        let mut plan = plan.clone();
        let mut fits_with = |value: u64| {
            self.set(&mut plan, value);
            derive_for(&mut plan, &[flow], measures).flows.first().is_some_and(fits)
        };
        if self.now <= self.least || !fits_with(self.least) {
            return None;
        }
        let (mut good, mut bad) = (self.least, self.now);
        let mut left = tries;
        while bad - good > 1 && left > 0 {
            left -= 1;
            let middle = good + (bad - good) / 2;
            if fits_with(middle) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        Some(self.neat(good))
    }

    // A number that people would write.
    pub(super) fn neat(&self, value: u64) -> u64 {
        match self.kind {
            Kind::Timeout | Kind::NewTimeout(_) if value >= 2_000 => value / 1_000 * 1_000,
            Kind::Timeout | Kind::NewTimeout(_) if value >= 200 => value / 100 * 100,
            _ => value,
        }
    }
}

fn assumed(plan: &Plan, flow: FlowId, i: usize) -> &Assumed {
    &plan.flows[flow.index()].body.assumes[i]
}

fn each_step(plan: &mut Plan, see: &mut dyn FnMut(&mut Step)) {
    for flow in &mut plan.flows {
        flow.body.each_step_mut(see);
    }
    for guard in &mut plan.guards {
        guard.body.each_step_mut(see);
    }
}

/// Every knob that the flow's bound may follow from.
pub(crate) fn of(
    program: &Program,
    (plan, measures): (&Plan, &[Measure]),
    flow: FlowId,
    bound: &FlowBound,
) -> Vec<Knob> {
    let mut knobs = Vec::new();
    let mut add = |kind, at, now, least| {
        if !knobs.iter().any(|k: &Knob| k.at == at) {
            knobs.push(Knob { kind, at, now, least });
        }
    };
    // Those of the dearest steps first.
    let ranks: FxHashMap<Span, usize> =
        bound.spent_on.iter().enumerate().rev().map(|(rank, line)| (line.span, rank)).collect();
    let mut settings: Vec<(usize, Kind, Span, u64)> = Vec::new();
    plan.flows[flow.index()].body.each_step(&mut |step| {
        let (s, rank) = (&step.settings, ranks.get(&step.span).copied().unwrap_or(usize::MAX));
        settings.extend(s.retry_at.map(|at| (rank, Kind::Retry, at, u64::from(s.retry))));
        settings.extend(s.timeout_at.zip(s.timeout).map(|(at, t)| (rank, Kind::Timeout, at, t.0)));
        let rounds =
            s.tools.as_ref().map(|tools| (rank, Kind::Lookups, tools.rounds_at, u64::from(tools.rounds)));
        settings.extend(rounds);
    });
    settings.sort_by_key(|(rank, ..)| *rank);
    for (_, item) in program.decls() {
        match item {
            Item::Model(decl) => {
                let id = plan.models.iter().position(|m| m.span == decl.name.span);
                let Some((id, value)) = id.zip(value(&decl.settings, "max_output")) else { continue };
                let id = ModelId(id as u32);
                if !bound.steps.iter().any(|s| s.model == id) {
                    continue;
                }
                let model = &plan.models[id.index()];
                let measure = &measures[id.index()];
                // An answer must still fit.
                let needed = plan.prompts.iter().map(|p| json_tokens(&p.output, measure)).max();
                add(Kind::MaxOutput(id), value.span, model.output_cap().0, needed.unwrap_or(0).max(16));
            }
            Item::Lookup(decl) => {
                let id = plan.lookups.iter().position(|l| l.span == decl.name.span);
                let Some((id, at)) = id.zip(decl.output.as_ref().and_then(bound_of)) else { continue };
                if let Type::List(_, Some(most)) = &plan.lookups[id].output {
                    add(Kind::Found(LookupId(id as u32)), at, *most, 1);
                }
            }
            Item::Flow(decl) if plan.flows[flow.index()].span == decl.name.span => {
                let body = &plan.flows[flow.index()].body;
                for (i, assumed) in body.assumes.iter().enumerate() {
                    if let Size::Items(n) | Size::Tokens(n) | Size::Chars(n) = assumed.most {
                        add(Kind::Assumed(flow, i), assumed.at, n, 1);
                    }
                }
                for (i, param) in decl.params.iter().enumerate() {
                    // What is assumed of an input counts, and not what it is declared with.
                    if body.assumes.iter().any(|a| a.var == VarId(body.vars.start + i as u32)) {
                        continue;
                    }
                    let Some(at) = bound_of(&param.ty) else { continue };
                    match plan.flows[flow.index()].params.get(i).map(|p| &p.ty) {
                        Some(Type::Text { bound: Some(Bound::Tokens(n) | Bound::Chars(n)), .. }) => {
                            add(Kind::Input(flow, i), at, *n, 1);
                        }
                        Some(Type::List(_, Some(n))) => add(Kind::Input(flow, i), at, *n, 1),
                        _ => {}
                    }
                }
                let own = |key: &str| decl.body.settings.iter().find(|s| s.key.name == key);
                if let (Some(deadline), None) = (own("deadline"), own("timeout")) {
                    let longest = Callee::Prompt(flow_plan::PromptId(0)).longest().unwrap_or_default();
                    add(Kind::NewTimeout(flow), deadline.span.after(), longest.0, 1);
                }
                rounds(&decl.body, &mut |step, at, now| add(Kind::Rounds(step), at, now, 1));
            }
            _ => {}
        }
    }
    for (_, kind, at, now) in settings {
        add(kind, at, now, if kind == Kind::Retry { 0 } else { 1 });
    }
    knobs
}

/// The value of a setting that is one expression.
pub(crate) fn value<'s>(settings: &'s [Setting], key: &str) -> Option<&'s Expr> {
    settings.iter().filter(|s| s.key.name == key).find_map(|s| match &s.value {
        SettingValue::Expr(expr) => Some(expr),
        _ => None,
    })
}

/// The declaration of a flow.
pub(crate) fn declaration(program: &Program, span: Span) -> Option<&Flow> {
    program.decls().find_map(|(_, item)| match item {
        Item::Flow(flow) if flow.name.span == span => Some(flow),
        _ => None,
    })
}

// Where the bound of a type is written.
fn bound_of(ty: &TypeExpr) -> Option<Span> {
    match &ty.kind {
        TypeExprKind::Bounded { bound, .. } => Some(bound.span),
        TypeExprKind::Labelled { inner, .. } | TypeExprKind::Optional(inner) => bound_of(inner),
        _ => None,
    }
}

// Every `repeat up to` with a literal number: the step, the number's place and the number.
fn rounds(block: &Block, see: &mut dyn FnMut(Span, Span, u64)) {
    for step in &block.steps {
        match &step.operation.kind {
            OperationKind::Repeat { up_to: Some(up_to), body, .. } => {
                if let (Some(name), ExprKind::Int(n)) = (&step.name, &up_to.kind) {
                    see(name.span, up_to.span, u64::try_from(*n).unwrap_or(0));
                }
                rounds(body, see);
            }
            OperationKind::Each { body, .. } => rounds(body, see),
            OperationKind::If { then, otherwise, .. } => {
                rounds(then, see);
                otherwise.iter().for_each(|block| rounds(block, see));
            }
            OperationKind::Match { arms, .. } => arms.iter().for_each(|arm| rounds(&arm.body, see)),
            _ => {}
        }
    }
}
