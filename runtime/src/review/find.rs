//! The review at a place of a run, from the place as text: `each_1[3].sub.approved`.
//!
//! The names of steps may have dots, so every step is tried whose name the text begins with.

use flow_plan::{Block, Callee, OnFail, Plan, Review, Step, StepKind};

/// The review of a block's step at this path.
pub(super) fn review<'p>(plan: &'p Plan, block: &'p Block, path: &str) -> Option<&'p Review> {
    block.steps.node_weights().find_map(|step| {
        let rest = path.strip_prefix(step.name.as_str())?;
        at_step(plan, step, rest)
    })
}

// `rest` is what stands behind the step's name.
fn at_step<'p>(plan: &'p Plan, step: &'p Step, rest: &str) -> Option<&'p Review> {
    if rest.is_empty() {
        return match &step.kind {
            StepKind::Call(Callee::Review(review), _) => Some(review),
            _ => None,
        };
    }
    let (number, inside) = behind_number(rest)?;
    let inside = inside.strip_prefix('.')?;
    let mut found = None;
    let mut look = |block: &'p Block, inside: &str| {
        if found.is_none() {
            found = review(plan, block, inside);
        }
    };
    match &step.kind {
        StepKind::Call(Callee::Flow(id), _) => {
            look(step.called.as_deref().unwrap_or(&plan.flows[id.index()].body), inside);
        }
        StepKind::Call(..) | StepKind::Compute(_) => {}
        StepKind::If(_, yes, no) => {
            look(yes, inside);
            no.iter().for_each(|no| look(no, inside));
        }
        StepKind::Match(_, arms) => arms.iter().for_each(|arm| look(&arm.body, inside)),
        StepKind::Each { body, apart, .. } => {
            look(number.and_then(|at| apart.get(at)).map_or(body, |body| body), inside);
        }
        StepKind::Repeat { body, until, first, .. } => {
            let first = first.as_deref().filter(|_| number == Some(0));
            if let Some(inside) = inside.strip_prefix("until.") {
                let until = first.map_or(until.as_deref(), |first| first.until.as_ref());
                until.into_iter().for_each(|until| look(until, inside));
            }
            look(first.map_or(body, |first| &first.body), inside);
        }
    }
    if let (Some(OnFail::Do(handler)), Some(inside)) = (&step.on_fail, inside.strip_prefix("else.")) {
        look(handler, inside);
    }
    found
}

// The element or round, and what stands behind it and the try: `#2`, `[3]`.
fn behind_number(rest: &str) -> Option<(Option<usize>, &str)> {
    let digits = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut rest = rest;
    if let Some(number) = rest.strip_prefix('#') {
        rest = &number[number.len() - digits(number)..];
    }
    if let Some(number) = rest.strip_prefix('[') {
        let (digits, behind) = number.split_at(number.len() - digits(number));
        return Some((digits.parse().ok(), behind.strip_prefix(']')?));
    }
    Some((None, rest))
}
