//! Which steps change the world: those always run, whether or not something uses them.

use super::names;
use crate::ast::{Block, Expr, ExprKind, Item, OnFail, Operation, OperationKind};
use crate::checker::{Checker, MOST_DEPTH};
use crate::resolve::{DeclId, Target};
use rustc_hash::FxHashMap;
use std::sync::Arc;

impl Checker<'_> {
    /// Whether an operation, or anything inside it, acts or asks a person.
    pub(crate) fn acts(&self, file: usize, operation: &Operation) -> bool {
        self.any_expr(operation, &|expr| self.expr_acts(file, expr) || self.expr_reviews(file, expr))
    }

    fn any_expr(&self, operation: &Operation, is: &dyn Fn(&Expr) -> bool) -> bool {
        let inner = match &operation.kind {
            OperationKind::Expr(expr) => is(expr),
            OperationKind::If { condition, then, otherwise } => {
                is(condition)
                    || self.any_in_block(then, is)
                    || otherwise.as_ref().is_some_and(|b| self.any_in_block(b, is))
            }
            OperationKind::Match { subject, arms } => {
                is(subject) || arms.iter().any(|a| self.any_in_block(&a.body, is))
            }
            OperationKind::Each { list, body, .. } => is(list) || self.any_in_block(body, is),
            OperationKind::Repeat { from, body, until, .. } => {
                from.iter().chain(until).any(is) || self.any_in_block(body, is)
            }
            OperationKind::Error(_) => true,
        };
        inner
            || match operation.on_fail.as_deref() {
                Some(OnFail::Do(handler)) => self.any_expr(handler, is),
                _ => false,
            }
    }

    fn any_in_block(&self, block: &Block, is: &dyn Fn(&Expr) -> bool) -> bool {
        block.steps.iter().any(|s| self.any_expr(&s.operation, is))
            || block.results.iter().any(|r| self.any_expr(&r.value, is))
    }

    fn expr_acts(&self, file: usize, expr: &Expr) -> bool {
        let mut acts = false;
        self.each_callee(file, expr, &mut |id| {
            acts |= self.callables.get(&id).is_some_and(|s| s.acts);
        });
        acts
    }

    // Whether a person is asked, here or in a flow that is called.
    fn expr_reviews(&self, file: usize, expr: &Expr) -> bool {
        let mut reviews = false;
        self.each_callee(file, expr, &mut |id| {
            reviews |= self.callables.get(&id).is_some_and(|s| s.reviews);
        });
        reviews || names::any(expr, &|inner| self.is_review(file, inner))
    }

    /// The declarations an expression calls.
    pub(crate) fn each_callee(&self, file: usize, expr: &Expr, see: &mut dyn FnMut(DeclId)) {
        match &expr.kind {
            ExprKind::Call(callee, args) => {
                if let ExprKind::Name(name) = &callee.kind
                    && let Some(Target::Decl(id)) = self.program.files[file].scope.get(name).map(|s| s.target)
                {
                    see(id);
                }
                args.iter().for_each(|a| self.each_callee(file, &a.value, see));
            }
            ExprKind::Field(a, _) | ExprKind::Unary(_, a) | ExprKind::Lambda(_, a) => {
                self.each_callee(file, a, see)
            }
            ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
                self.each_callee(file, a, see);
                self.each_callee(file, b, see);
            }
            ExprKind::List(items) => items.iter().for_each(|i| self.each_callee(file, i, see)),
            ExprKind::Record(_, entries) => entries.iter().for_each(|(_, e)| self.each_callee(file, e, see)),
            _ => {}
        }
    }

    /// Guards and flows such that whatever one calls comes before it; reports circles (E0601).
    pub(crate) fn bodies_in_order(&mut self) -> Vec<DeclId> {
        let mut graph = petgraph::graphmap::DiGraphMap::<DeclId, ()>::new();
        for (id, item) in self.program.decls() {
            let mut see = |callee| {
                if matches!(self.program.item(callee), Item::Flow(_) | Item::Guard(_)) {
                    graph.add_edge(id, callee, ());
                }
            };
            match item {
                Item::Flow(flow) => self.block_callees(id.file, &flow.body, &mut see),
                Item::Guard(guard) => {
                    for setting in &guard.settings {
                        if let crate::ast::SettingValue::Expr(expr) = &setting.value {
                            self.each_callee(id.file, expr, &mut see);
                        }
                    }
                }
                _ => continue,
            }
            graph.add_node(id);
        }
        let mut order = Vec::new();
        let mut depths: FxHashMap<DeclId, u32> = FxHashMap::default();
        // Kosaraju gives the components callees first, and does not recurse.
        for mut group in petgraph::algo::kosaraju_scc(&graph) {
            group.sort();
            if group.len() > 1 || graph.contains_edge(group[0], group[0]) {
                self.report_call_circle(&group);
            }
            for id in &group {
                let below = graph.neighbors(*id).filter_map(|callee| depths.get(&callee));
                let depth = below.max().map_or(0, |deepest| deepest + 1);
                // What calls it is as deep, and is not reported again.
                if depth == MOST_DEPTH {
                    self.too_deep(*id, &format!("calls through more than {MOST_DEPTH} others"));
                }
                depths.insert(*id, depth);
                // A flow acts if its own steps do; the flows it calls are already known.
                if let Item::Flow(flow) = self.program.item(*id) {
                    let acts = self.any_in_block(&flow.body, &|e| self.expr_acts(id.file, e));
                    let reviews = self.any_in_block(&flow.body, &|e| self.expr_reviews(id.file, e));
                    if let Some(signature) = self.callables.get_mut(id).filter(|_| acts || reviews) {
                        let signature = Arc::make_mut(signature);
                        (signature.acts, signature.reviews) = (acts || reviews, reviews);
                    }
                }
            }
            order.extend(group);
        }
        order
    }

    fn block_callees(&self, file: usize, block: &Block, see: &mut dyn FnMut(DeclId)) {
        let operations =
            block.steps.iter().map(|s| &s.operation).chain(block.results.iter().map(|r| &r.value));
        for operation in operations {
            self.operation_callees(file, operation, see);
        }
    }

    fn operation_callees(&self, file: usize, operation: &Operation, see: &mut dyn FnMut(DeclId)) {
        let mut exprs: Vec<&Expr> = Vec::new();
        let mut blocks: Vec<&Block> = Vec::new();
        match &operation.kind {
            OperationKind::Expr(expr) => exprs.push(expr),
            OperationKind::If { condition, then, otherwise } => {
                exprs.push(condition);
                blocks.push(then);
                blocks.extend(otherwise);
            }
            OperationKind::Match { subject, arms } => {
                exprs.push(subject);
                blocks.extend(arms.iter().map(|a| &a.body));
            }
            OperationKind::Each { list, body, .. } => {
                exprs.push(list);
                blocks.push(body);
            }
            OperationKind::Repeat { from, body, until, .. } => {
                exprs.extend(from);
                exprs.extend(until);
                blocks.push(body);
            }
            OperationKind::Error(_) => {}
        }
        exprs.into_iter().for_each(|e| self.each_callee(file, e, see));
        blocks.into_iter().for_each(|b| self.block_callees(file, b, see));
        if let Some(OnFail::Do(handler)) = operation.on_fail.as_deref() {
            self.operation_callees(file, handler, see);
        }
    }

    fn report_call_circle(&mut self, group: &[DeclId]) {
        let names: Vec<_> = group.iter().filter_map(|id| self.program.item(*id).name()).collect();
        let Some((first, rest)) = names.split_first() else { return };
        let message = match rest {
            [] => format!("`{}` calls itself", first.name),
            _ => format!("`{}` and `{}` call one another", first.name, rest[0].name),
        };
        let mut diagnostic =
            flow_diagnostics::FlowDiagnostic::new(flow_diagnostics::Code::E0601, first.span, message)
                .help("a run must end: use `repeat up to n` for what is done again");
        for name in rest {
            diagnostic = diagnostic.label(name.span, "part of the circle");
        }
        self.report(diagnostic);
    }
}
