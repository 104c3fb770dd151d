//! Blocks: orders the steps by what they name, types them, and builds the graph.

use super::names;
use crate::ast::{Block, BlockResult, Ident, Operation, Step};
use crate::checker::Checker;
use crate::types::{Binding, Builder, Scopes, Typed};
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic, Span};
use flow_plan::{self as plan, Labels, Type, VarId};
use rustc_hash::FxHashMap;

/// A variable a block is given: a parameter, an element, `it`.
pub(crate) struct Input {
    pub(crate) name: EcoString,
    pub(crate) ty: Type,
    pub(crate) labels: Labels,
    pub(crate) span: Span,
}

/// What kind of block it is, which decides how its result is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// A flow: `return`.
    Flow,
    /// An arm or a loop's body: `yield`.
    Inner,
}

/// A checked block, with what its result is.
pub(crate) struct Checked {
    pub(crate) block: plan::Block,
    pub(crate) ty: Type,
    pub(crate) labels: Labels,
}

impl Checker<'_> {
    /// Checks the steps and the result of a block. `expected` is what its result should be.
    pub(crate) fn block(
        &mut self,
        scopes: &mut Scopes,
        block: &Block,
        (kind, inputs): (BlockKind, Vec<Input>),
        expected: Option<&Type>,
    ) -> Checked {
        let result = self.one_result(block, kind);
        let given: Vec<Ident> = inputs.iter().map(|i| Ident { name: i.name.clone(), span: i.span }).collect();
        let (order, circular) = self.order(scopes, (block, &given), Runs::For(result));
        let count: u32 = block.steps.iter().map(|s| 1 + names::calls(&s.operation)).sum::<u32>()
            + result.map_or(0, |r| 1 + names::calls(&r.value));
        self.in_block(scopes, (inputs, count), |checker, scopes| {
            // A circle is reported; what names its steps is not a mistake of its own.
            for name in circular {
                let binding = Binding {
                    var: scopes.fresh(),
                    ty: Type::Error,
                    labels: Labels::default(),
                    span: name.span,
                };
                scopes.bind(name.name, binding);
            }
            for (step, runs) in order {
                checker.step(scopes, step, runs);
            }
            match result {
                Some(result) => checker.result(scopes, result, expected),
                None => Typed::constant(plan::Value::Null, Type::Null),
            }
        })
    }

    /// Checks steps that all run, then something that looks at their results.
    pub(crate) fn steps_then(
        &mut self,
        scopes: &mut Scopes,
        block: &Block,
        calls: u32,
        then: impl FnOnce(&mut Self, &mut Scopes),
    ) -> plan::Block {
        let (order, _) = self.order(scopes, (block, &[]), Runs::All);
        let count = block.steps.iter().map(|s| 1 + names::calls(&s.operation)).sum::<u32>() + calls;
        self.in_block(scopes, (Vec::new(), count), |checker, scopes| {
            for (step, _) in order {
                checker.step(scopes, step, true);
            }
            then(checker, scopes);
            Typed::constant(plan::Value::Null, Type::Null)
        })
        .block
    }

    /// Builds a block of `count` steps at most around what `fill` checks.
    pub(crate) fn in_block(
        &mut self,
        scopes: &mut Scopes,
        (inputs, count): (Vec<Input>, u32),
        fill: impl FnOnce(&mut Self, &mut Scopes) -> Typed,
    ) -> Checked {
        let given = inputs.len() as u32;
        let start = scopes.reserve(given + count);
        scopes.push();
        for (i, input) in inputs.into_iter().enumerate() {
            let var = VarId(start + i as u32);
            self.note(input.span, &input.name, (&input.ty, input.labels));
            scopes.bind(input.name, Binding { var, ty: input.ty, labels: input.labels, span: input.span });
        }
        scopes.builders.push(Builder { start, inputs: given, steps: Vec::new() });
        // A call that does not always run makes a block of its own here.
        let no_calls = scopes.no_calls.take();
        let (mark, name) = (scopes.mark, scopes.step_name.clone());
        let result = fill(self, scopes);
        (scopes.mark, scopes.step_name) = (mark, name);
        scopes.no_calls = no_calls;
        scopes.pop();
        let builder = scopes.builders.pop().unwrap_or_default();
        let block = finish(builder, start..start + given + count, result.expr);
        Checked { block, ty: result.ty, labels: result.labels }
    }

    fn one_result<'b>(&mut self, block: &'b Block, kind: BlockKind) -> Option<&'b BlockResult> {
        let word = |is_return| if is_return { "return" } else { "yield" };
        let mut results = block.results.iter();
        let first = results.next();
        for again in results {
            let mut diagnostic = FlowDiagnostic::new(
                Code::E0102,
                again.keyword,
                format!("a block has one `{}`", word(again.is_return)),
            );
            if let Some(first) = first {
                diagnostic = diagnostic.label(first.keyword, "the first one stands here");
            }
            self.report(diagnostic);
        }
        let first = first?;
        if first.is_return != (kind == BlockKind::Flow) {
            let (found, wanted) = (word(first.is_return), word(!first.is_return));
            let place = if kind == BlockKind::Flow { "a flow gives back" } else { "a block is worth" };
            self.report(
                FlowDiagnostic::new(Code::E0001, first.keyword, format!("`{found}` does not belong here"))
                    .help(format!("what {place} is written with `{wanted}`"))
                    .fix(format!("change it to `{wanted}`"), first.keyword, wanted),
            );
        }
        Some(first)
    }

    // Steps in an order in which each comes after what it names, with whether each runs at all; and
    // the names that stand in circles.
    fn order<'b>(
        &mut self,
        scopes: &Scopes,
        (block, given): (&'b Block, &[Ident]),
        wanted: Runs<'_>,
    ) -> (Vec<(&'b Step, bool)>, Vec<Ident>) {
        let mut by_name: FxHashMap<&str, usize> = FxHashMap::default();
        for (i, step) in block.steps.iter().enumerate() {
            let Some(name) = &step.name else { continue };
            let first =
                by_name.get(name.name.as_str()).and_then(|f| block.steps[*f].name.as_ref()).map(|n| n.span);
            let outer = || {
                let given = given.iter().find(|g| g.name == name.name).map(|g| g.span);
                given.or_else(|| scopes.get(&name.name).map(|b| b.span))
            };
            match first.or_else(outer) {
                Some(first) => self.report(crate::resolve::defined_twice(&name.name, name.span, first)),
                None => {
                    by_name.insert(&name.name, i);
                }
            }
        }
        let needs = |operation: &Operation| {
            let mut needs: Vec<usize> = Vec::new();
            names::mentions(operation, &mut |name| needs.extend(by_name.get(name.as_str())));
            needs.sort_unstable();
            needs.dedup();
            needs
        };
        let edges: Vec<Vec<usize>> = block.steps.iter().map(|s| needs(&s.operation)).collect();
        let (order, circular) = self.sorted(&block.steps, &edges);
        let mut runs: Vec<bool> = block
            .steps
            .iter()
            .map(|s| matches!(wanted, Runs::All) || s.name.is_none() || self.acts(scopes.file, &s.operation))
            .collect();
        if let Runs::For(Some(result)) = wanted {
            needs(&result.value).into_iter().for_each(|i| runs[i] = true);
        }
        // Consumers come later in the order, so one backward pass reaches every producer.
        for i in order.iter().rev().copied().filter(|i| !edges[*i].is_empty()).collect::<Vec<_>>() {
            if runs[i] {
                edges[i].iter().for_each(|need| runs[*need] = true);
            }
        }
        for (step, runs) in block.steps.iter().zip(&runs) {
            if let (Some(name), false) = (&step.name, runs) {
                self.report(
                    FlowDiagnostic::new(
                        Code::W0701,
                        name.span,
                        format!("the step `{}` is never used", name.name),
                    )
                    .here("nothing names it, so it does not run")
                    .help("use its result, or take the step out"),
                );
            }
        }
        (order.into_iter().map(|i| (&block.steps[i], runs[i])).collect(), circular)
    }

    // Depth first, in the written order; a circle is reported once and cut.
    fn sorted(&mut self, steps: &[Step], edges: &[Vec<usize>]) -> (Vec<usize>, Vec<Ident>) {
        let mut graph = petgraph::graphmap::DiGraphMap::<usize, ()>::new();
        for (from, needs) in edges.iter().enumerate() {
            graph.add_node(from);
            for need in needs {
                graph.add_edge(from, *need, ());
            }
        }
        let mut order = Vec::with_capacity(steps.len());
        let mut circular = Vec::new();
        for mut group in petgraph::algo::kosaraju_scc(&graph) {
            group.sort_unstable();
            if group.len() > 1 || graph.contains_edge(group[0], group[0]) {
                self.report_circle(steps, &group);
                circular.extend(group.iter().filter_map(|i| steps[*i].name.clone()));
            }
            order.extend(group);
        }
        (order, circular)
    }

    fn report_circle(&mut self, steps: &[Step], group: &[usize]) {
        let names: Vec<_> = group.iter().filter_map(|i| steps[*i].name.as_ref()).collect();
        let Some((first, rest)) = names.split_first() else { return };
        let message = match rest {
            [] => format!("the step `{}` depends on itself", first.name),
            [other] => format!("the steps `{}` and `{}` depend on one another", first.name, other.name),
            _ => format!("{} steps depend on one another in a circle", names.len()),
        };
        let mut diagnostic = FlowDiagnostic::new(Code::E0601, first.span, message)
            .help("a step can only use what is there before it; `repeat` does something again");
        for name in rest {
            diagnostic = diagnostic.label(name.span, "part of the circle");
        }
        self.report(diagnostic);
    }

    fn step(&mut self, scopes: &mut Scopes, step: &Step, runs: bool) {
        let name = match &step.name {
            Some(name) => name.name.clone(),
            None => self.unnamed(scopes, step),
        };
        let kept = scopes.builders.last().map_or(0, |b| b.steps.len());
        let typed = self.operation_step(scopes, &step.operation, (name.clone(), step.span), None);
        if !runs {
            // Checked for its mistakes, but not part of the plan.
            if let Some(builder) = scopes.builders.last_mut() {
                builder.steps.truncate(kept);
            }
        }
        if let (Some(named), plan::Expr::Var(var)) = (&step.name, &typed.expr) {
            self.note(named.span, &name, (&typed.ty, typed.labels));
            let binding = Binding { var: *var, ty: typed.ty, labels: typed.labels, span: named.span };
            scopes.bind(name, binding);
        }
    }

    fn result(&mut self, scopes: &mut Scopes, result: &BlockResult, expected: Option<&Type>) -> Typed {
        let word = if result.is_return { "return" } else { "yield" };
        let span = result.value.span;
        let typed = self.operation_step(scopes, &result.value, (word.into(), span), expected);
        match expected {
            Some(wanted) => self.coerce(typed, wanted, span),
            None => typed,
        }
    }

    // `if`, `match`, `each` and `repeat` may stand alone: they get their keyword and a number.
    fn unnamed(&self, scopes: &Scopes, step: &Step) -> EcoString {
        use crate::ast::OperationKind::{Each, Error, Expr, If, Match, Repeat};
        let word = match step.operation.kind {
            If { .. } => "if",
            Match { .. } => "match",
            Each { .. } => "each",
            Repeat { .. } => "repeat",
            Expr(_) | Error(_) => "step",
        };
        let number = scopes.builders.last().map_or(0, |b| b.steps.len()) + 1;
        ecow::eco_format!("{word}_{number}")
    }

    /// Notes the type of a named place, for hover and `dump hir`.
    pub(crate) fn note(&mut self, span: Span, name: &EcoString, (ty, labels): (&Type, Labels)) {
        self.hir.typed.push(crate::hir::Typed { span, name: name.clone(), ty: ty.clone(), labels });
    }
}

/// Which steps of a block run.
enum Runs<'r> {
    /// All of them.
    All,
    /// What the result needs, and what acts.
    For(Option<&'r BlockResult>),
}

fn finish(builder: Builder, vars: std::ops::Range<u32>, result: plan::Expr) -> plan::Block {
    let mut steps: petgraph::graph::DiGraph<plan::Step, ()> =
        petgraph::graph::DiGraph::with_capacity(builder.steps.len(), builder.steps.len());
    let first = builder.start + builder.inputs;
    let count = builder.steps.len() as u32;
    let mut edges: Vec<(u32, u32)> = Vec::new();
    for (i, (step, reads)) in builder.steps.into_iter().enumerate() {
        steps.add_node(step);
        let own = reads.iter().filter_map(|v| v.0.checked_sub(first)).filter(|n| *n < count && *n < i as u32);
        edges.extend(own.map(|n| (n, i as u32)));
    }
    edges.sort_unstable();
    edges.dedup();
    for (from, to) in edges {
        steps.add_edge(from.into(), to.into(), ());
    }
    plan::Block { vars, inputs: builder.inputs, steps, result: Some(result), assumes: Vec::new() }
}
