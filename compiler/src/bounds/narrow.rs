//! Sizes set to their means: a plan in which no value is larger than it is on average.
//!
//! In: a plan and what is said of a size. Out: the plan with that assumed, so that what requests hold
//! follows from it as it does from what a flow assumes.

use flow_diagnostics::Span;
use flow_plan::{Assumed, Block, FlowId, Often, Plan, Size, StepKind, VarId};

/// Sets the size of an input or a step's result to its mean, as if no value were larger.
pub(super) fn narrow(plan: &mut Plan, flow: FlowId, of: &str, value: Often) {
    let most = match value {
        Often::Number(n) => Size::Items(n.ceil() as u64),
        Often::Text(size) => size,
        Often::Share(_) => return,
    };
    let flow = &mut plan.flows[flow.index()];
    let input = flow.params.iter().position(|p| p.name == of).map(|i| VarId(flow.body.vars.start + i as u32));
    let assumed = |var| Assumed {
        var,
        name: of.into(),
        most,
        text: "".into(),
        at: Span::default(),
        span: Span::default(),
    };
    match input {
        // What is said first is looked at first.
        Some(var) => flow.body.assumes.insert(0, narrowest(&flow.body, assumed(var))),
        None => result(&mut flow.body, of, &assumed),
    }
}

fn result(block: &mut Block, path: &str, assumed: &dyn Fn(VarId) -> Assumed) {
    let nodes: Vec<_> = block.steps.node_indices().collect();
    if let Some(node) = nodes.iter().find(|n| block.steps[**n].name == path) {
        // The rounds of a `repeat` are no size of what it gives.
        if !matches!(block.steps[*node].kind, StepKind::Repeat { .. }) {
            let assumed = narrowest(block, assumed(block.var_of(*node)));
            block.assumes.insert(0, assumed);
        }
        return;
    }
    for node in nodes {
        let step = &mut block.steps[node];
        let Some(rest) = path.strip_prefix(step.name.as_str()).and_then(|r| r.strip_prefix('.')) else {
            continue;
        };
        match &mut step.kind {
            StepKind::If(_, then, otherwise) => {
                result(then, rest, assumed);
                otherwise.iter_mut().for_each(|b| result(b, rest, assumed));
            }
            StepKind::Match(_, arms) => arms.iter_mut().for_each(|a| result(&mut a.body, rest, assumed)),
            StepKind::Each { body, .. } | StepKind::Repeat { body, .. } => result(body, rest, assumed),
            StepKind::Call(..) | StepKind::Compute(_) => {}
        }
    }
}

// The smaller of the mean and what is assumed of the same variable.
fn narrowest(block: &Block, mean: Assumed) -> Assumed {
    let known = block.assumes.iter().find(|a| a.var == mean.var).map(|a| a.most);
    let most = match (known, mean.most) {
        (Some(Size::Items(a)), Size::Items(b)) => Size::Items(a.min(b)),
        (Some(Size::Tokens(a)), Size::Tokens(b)) => Size::Tokens(a.min(b)),
        (_, most) => most,
    };
    Assumed { most, ..mean }
}
