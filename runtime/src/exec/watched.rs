//! Which guards look at what a step makes, before anybody else may see it: in the step's own block, in what
//! is made of it there, and in the blocks and flows that it goes into.
//!
//! In: the steps of a block. Out: whether pieces of an answer may be told while it comes. It goes by the
//! program alone, so an answer that some branch would show unguarded is held as well.

use flow_plan::{Block, Callee, Expr, OnFail, Plan, Step, StepKind, VarId};
use petgraph::graph::NodeIndex;
use std::cell::Cell;

// How many steps are looked at; a program for which that is not enough has its answers held.
const STEPS: u32 = 20_000;

/// Who looks at what a step makes before anybody else sees it.
pub(super) enum Watched<'a> {
    /// No guard.
    Open,
    /// Guards that look at each sentence as it comes, in their order.
    Sentences(Vec<&'a Step>),
    /// A guard that looks at the whole alone, or at what is made of it.
    Whole,
}

/// The guards that look at the value of a variable, at what they pass on, and at what holds its text.
pub(super) fn watched<'a>(plan: &'a Plan, block: &'a Block, of: VarId) -> Watched<'a> {
    guards(&Search { plan, left: Cell::new(STEPS) }, block, of)
}

struct Search<'a> {
    plan: &'a Plan,
    left: Cell<u32>,
}

fn guards<'a>(search: &Search<'a>, block: &'a Block, of: VarId) -> Watched<'a> {
    let mut sentences = Vec::new();
    // Variables with the text in them, and whether they are the text itself.
    let mut holding = vec![(of, true)];
    let mut next = 0;
    while let Some((var, is_itself)) = holding.get(next).copied() {
        next += 1;
        for node in block.steps.node_indices() {
            let step = &block.steps[node];
            let passed = block.var_of(node);
            if search.left.replace(search.left.get().saturating_sub(1)) == 0 {
                return Watched::Whole;
            }
            match looks(search, step, var) {
                Looks::Elsewhere => {}
                Looks::AtIt if is_itself && step.settings.streaming => {
                    sentences.push(step);
                    holding.push((passed, true));
                }
                Looks::AtIt | Looks::AtSome => return Watched::Whole,
                Looks::PassesOn if holding.iter().any(|(known, _)| *known == passed) => {}
                Looks::PassesOn => holding.push((passed, false)),
            }
        }
    }
    if sentences.is_empty() { Watched::Open } else { Watched::Sentences(sentences) }
}

/// The step whose answer passes through guards that stream to become the value of this one: itself, where
/// it is no such guard.
pub(crate) fn source(block: &Block, node: NodeIndex) -> Option<NodeIndex> {
    let step = &block.steps[node];
    let StepKind::Call(Callee::Builtin(_), args) = &step.kind else { return Some(node) };
    let Some(Expr::Var(guarded)) = args.first().filter(|_| step.settings.streaming) else { return None };
    source(block, block.steps.node_indices().find(|n| block.var_of(*n) == *guarded)?)
}

// What a step does with the text in a variable.
enum Looks {
    /// Nothing, or it makes something else of it.
    Elsewhere,
    /// It is a guard of just that.
    AtIt,
    /// It has a guard of what holds it.
    AtSome,
    /// What it makes may hold it.
    PassesOn,
}

fn looks(search: &Search<'_>, step: &Step, var: VarId) -> Looks {
    let has = |expr: &Expr| mentions(search.plan, expr, var);
    let stands_in = match &step.on_fail {
        Some(OnFail::Do(handler)) => inside(search, handler, var),
        _ => Looks::Elsewhere,
    };
    let does = match &step.kind {
        StepKind::Call(Callee::Builtin(_) | Callee::Guard(_), args) => match args.first() {
            Some(Expr::Var(guarded)) if *guarded == var => Looks::AtIt,
            Some(first) if has(first) => Looks::AtSome,
            _ => Looks::Elsewhere,
        },
        StepKind::Call(Callee::Flow(id), args) => {
            let Some(flow) = search.plan.flows.get(id.index()) else { return stands_in };
            let given = args.iter().enumerate().filter(|(_, arg)| has(arg));
            let params = given.map(|(i, _)| VarId(flow.body.vars.start + i as u32));
            params.map(|param| held(search, &flow.body, param)).fold(Looks::Elsewhere, Looks::or)
        }
        StepKind::Call(Callee::Review(_), args) => passes(args.iter().any(has)),
        // What a model makes of it, or a lookup finds by it, is another text.
        StepKind::Call(..) => Looks::Elsewhere,
        StepKind::Compute(expr) => passes(has(expr)),
        StepKind::If(_, then, otherwise) => {
            let blocks = std::iter::once(then).chain(otherwise);
            blocks.map(|block| inside(search, block, var)).fold(Looks::Elsewhere, Looks::or)
        }
        StepKind::Match(_, arms) => {
            arms.iter().map(|arm| inside(search, &arm.body, var)).fold(Looks::Elsewhere, Looks::or)
        }
        StepKind::Each { list: from, body, .. } | StepKind::Repeat { from, body, .. } => {
            let input = VarId(body.vars.start);
            let taken = if has(from) { held(search, body, input) } else { Looks::Elsewhere };
            inside(search, body, var).or(taken)
        }
    };
    does.or(stands_in)
}

impl Looks {
    fn or(self, other: Looks) -> Looks {
        match (self, other) {
            (Looks::AtIt, Looks::Elsewhere) => Looks::AtIt,
            (Looks::AtIt | Looks::AtSome, _) | (_, Looks::AtIt | Looks::AtSome) => Looks::AtSome,
            (Looks::PassesOn, _) | (_, Looks::PassesOn) => Looks::PassesOn,
            (Looks::Elsewhere, Looks::Elsewhere) => Looks::Elsewhere,
        }
    }
}

fn passes(does: bool) -> Looks {
    if does { Looks::PassesOn } else { Looks::Elsewhere }
}

// What a block inside does with a variable from around it.
fn inside(search: &Search<'_>, block: &Block, var: VarId) -> Looks {
    if has(search.plan, block, var) { held(search, block, var) } else { Looks::Elsewhere }
}

// The same of a block that has it.
fn held(search: &Search<'_>, block: &Block, var: VarId) -> Looks {
    match guards(search, block, var) {
        Watched::Open => Looks::PassesOn,
        Watched::Sentences(_) | Watched::Whole => Looks::AtSome,
    }
}

fn has(plan: &Plan, block: &Block, var: VarId) -> bool {
    let is_in = |expr: &Expr| mentions(plan, expr, var);
    let mut found = false;
    block.each_step(&mut |step| {
        found |= match &step.kind {
            StepKind::Call(_, args) => args.iter().any(is_in),
            StepKind::Compute(of) | StepKind::If(of, ..) | StepKind::Match(of, _) => is_in(of),
            StepKind::Each { list: of, .. } | StepKind::Repeat { from: of, .. } => is_in(of),
        };
        step.each_block(&mut |block| found |= block.result.as_ref().is_some_and(is_in));
    });
    found || block.result.as_ref().is_some_and(is_in)
}

fn mentions(plan: &Plan, expr: &Expr, var: VarId) -> bool {
    let has = |expr: &Expr| mentions(plan, expr, var);
    match expr {
        Expr::Literal(_) => false,
        Expr::Var(other) => *other == var,
        Expr::Field(of, _) | Expr::Unary(_, of) | Expr::Cast(of, _) => has(of),
        Expr::Index(a, b) | Expr::Binary(_, a, b) | Expr::Over(_, a, _, b) => has(a) || has(b),
        Expr::Call(_, all) | Expr::List(all) => all.iter().any(has),
        Expr::Record(entries) => entries.iter().any(|(_, e)| has(e)),
        Expr::Template(id) => {
            plan.templates.get(id.0 as usize).is_some_and(|t| t.vars.iter().any(|(_, e)| has(e)))
        }
    }
}
