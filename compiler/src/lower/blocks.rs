//! Blocks, steps and operations.

use super::{Documented, Lower};
use crate::ast::{
    Arm, Block, BlockResult, Expr, ExprKind, Ident, OnFail, Operation, OperationKind, Pattern, Setting, Step,
};
use ecow::EcoString;
use flow_diagnostics::Span;
use flow_grammar::{Kind, Node};

/// The most alternatives in a row: `else … else …`, `else if … else if …`.
const MOST_ALTERNATIVES: usize = 64;

impl Lower<'_> {
    pub(super) fn block(&mut self, node: Node<'_>) -> Block {
        let mut block = Block { span: self.span(node), ..Block::default() };
        for Documented { node, doc } in self.documented(node) {
            match node.kind() {
                Kind::setting => block.settings.push(self.setting(node, doc)),
                Kind::step => block.steps.push(self.step(node, doc)),
                Kind::lone => block.steps.push(self.lone(node, doc)),
                Kind::result => {
                    let word = node.child(Kind::keyword_result);
                    block.results.push(BlockResult {
                        is_return: word.is_some_and(|w| self.of(w) == "return"),
                        keyword: word.map_or(self.span(node).before(), |w| self.span(w)),
                        value: self.operation_in(node),
                    });
                }
                _ => {}
            }
        }
        block
    }

    pub(super) fn step(&mut self, node: Node<'_>, doc: EcoString) -> Step {
        let name = self.named(node, Kind::ident);
        Step {
            doc,
            name: Some(name).filter(|n| !n.name.is_empty()),
            operation: self.operation_in(node),
            span: self.span(node),
        }
    }

    // A step without a name: fine for a block operation, a mistake for a call.
    fn lone(&mut self, node: Node<'_>, doc: EcoString) -> Step {
        let span = self.span(node);
        let operation = self.operation_in(node);
        if let OperationKind::Expr(expr) = &operation.kind {
            let called = match &expr.kind {
                ExprKind::Call(callee, _) => match &callee.kind {
                    ExprKind::Name(name) => name.clone(),
                    _ => EcoString::from("step"),
                },
                _ => EcoString::from("step"),
            };
            let name = suggested(&called);
            let diagnostic = self
                .error(expr.span, "a step needs a name")
                .help(format!("write `{name} = {called}(…)`"))
                .fix("give the step a name", span.before(), format!("{name} = "));
            self.out.push(diagnostic);
        }
        Step { doc, name: None, operation, span }
    }

    fn operation_in(&mut self, node: Node<'_>) -> Operation {
        match node.child(Kind::operation) {
            Some(operation) => self.operation(operation),
            None => self.nothing(self.span(node).after()),
        }
    }

    fn nothing(&self, span: Span) -> Operation {
        Operation { kind: OperationKind::Error(span), settings: Vec::new(), on_fail: None, span }
    }

    fn operation(&mut self, node: Node<'_>) -> Operation {
        // The first part is the work itself, each further one what stands in when all before failed.
        let mut parts: Vec<Part> = Vec::new();
        for child in node.children() {
            let span = self.span(child);
            match child.kind() {
                Kind::comment | Kind::doc => {}
                Kind::call_settings => {
                    let settings = self.settings(child);
                    if let Some(Part::Work { settings: own, span: whole, .. }) = parts.last_mut() {
                        own.extend(settings);
                        *whole = whole.to(span);
                    }
                }
                Kind::stop => parts.push(Part::Handler(OnFail::Stop { message: self.expr_in(child), span })),
                Kind::retry => parts.push(Part::Handler(OnFail::Retry { times: self.expr_in(child), span })),
                Kind::redact => parts.push(Part::Handler(OnFail::Redact(span))),
                Kind::hold => parts.push(Part::Handler(OnFail::Hold(span))),
                _ => parts.push(Part::Work { kind: self.work(child), settings: Vec::new(), span }),
            }
        }
        if parts.len() > MOST_ALTERNATIVES {
            return self.too_many(node);
        }
        let mut on_fail: Option<OnFail> = None;
        for part in parts.into_iter().rev() {
            on_fail = Some(match part {
                Part::Handler(handler) => {
                    if let Some(never) = on_fail.take() {
                        self.never_runs(&handler, &never);
                    }
                    handler
                }
                Part::Work { kind, settings, span } => {
                    let end = on_fail.as_ref().map_or(span, |f| span.to(fail_span(f)));
                    OnFail::Do(Operation { kind, settings, on_fail: on_fail.take().map(Box::new), span: end })
                }
            });
        }
        match on_fail {
            Some(OnFail::Do(operation)) => operation,
            _ => self.nothing(self.span(node)),
        }
    }

    // `else stop "…" else …`: nothing comes after a stop.
    fn never_runs(&mut self, before: &OnFail, never: &OnFail) {
        let diagnostic = flow_diagnostics::FlowDiagnostic::new(
            flow_diagnostics::Code::E0403,
            fail_span(never),
            "this `else` can never run",
        )
        .label(fail_span(before), "nothing is left to fail here")
        .help("take it out");
        self.out.push(diagnostic);
    }

    fn too_many(&mut self, node: Node<'_>) -> Operation {
        let span = self.span(node);
        let diagnostic = self
            .error(span.before(), format!("more than {MOST_ALTERNATIVES} alternatives stand in a row here"))
            .help("`match` tells many cases apart; steps of their own keep them short");
        self.out.push(diagnostic);
        self.nothing(span)
    }

    fn work(&mut self, node: Node<'_>) -> OperationKind {
        match node.kind() {
            Kind::if_work => self.if_work(node),
            Kind::match_work => OperationKind::Match {
                subject: self.expr_in(node),
                arms: node.child(Kind::arms).map(|a| self.arms(a)).unwrap_or_default(),
            },
            Kind::each_work => OperationKind::Each {
                item: self.named(node, Kind::ident),
                list: self.expr_in(node),
                body: node.child(Kind::block).map(|b| self.block(b)).unwrap_or_default(),
            },
            Kind::repeat_work => OperationKind::Repeat {
                up_to: node.child(Kind::up_to).map(|n| self.expr_in(n)),
                from: node.child(Kind::start).map(|n| self.expr_in(n)),
                body: node.child(Kind::block).map(|b| self.block(b)).unwrap_or_default(),
                until: node.child(Kind::until).map(|n| self.expr_in(n)),
            },
            Kind::expr => OperationKind::Expr(self.expr(node)),
            _ => OperationKind::Error(self.span(node)),
        }
    }

    fn if_work(&mut self, node: Node<'_>) -> OperationKind {
        let mut branches: Vec<(Expr, Block)> = Vec::new();
        let mut otherwise: Option<Block> = None;
        let mut condition: Option<Expr> = None;
        for child in node.children() {
            match (child.kind(), condition.take()) {
                (Kind::subject, _) => condition = Some(self.expr(child)),
                (Kind::block, Some(condition)) => branches.push((condition, self.block(child))),
                (Kind::block, None) => otherwise = Some(self.block(child)),
                (_, before) => condition = before,
            }
        }
        if branches.len() > MOST_ALTERNATIVES {
            return self.too_many(node).kind;
        }
        // `else if` is a block whose one result is an `if`.
        while branches.len() > 1 {
            let Some((condition, then)) = branches.pop() else { break };
            let span = condition.span.to(otherwise.as_ref().map_or(then.span, |o| o.span));
            let kind = OperationKind::If { condition, then, otherwise };
            let value = Operation { kind, settings: Vec::new(), on_fail: None, span };
            let result = BlockResult { is_return: false, keyword: span.before(), value };
            otherwise = Some(Block { results: vec![result], span, ..Block::default() });
        }
        match branches.pop() {
            Some((condition, then)) => OperationKind::If { condition, then, otherwise },
            None => OperationKind::Error(self.span(node)),
        }
    }

    fn arms(&mut self, node: Node<'_>) -> Vec<Arm> {
        let mut arms = Vec::new();
        for Documented { node, .. } in self.documented(node) {
            if node.kind() != Kind::arm {
                continue;
            }
            let patterns =
                node.children().filter(|c| c.kind() == Kind::pattern).map(|c| self.pattern(c)).collect();
            let span = self.span(node);
            let body = match (node.child(Kind::block), node.child(Kind::anonymous)) {
                (Some(block), _) => self.block(block),
                (None, Some(record)) => {
                    let at = self.span(record);
                    let kind = OperationKind::Expr(self.primary(record));
                    self.single(Operation { kind, settings: Vec::new(), on_fail: None, span: at })
                }
                (None, None) => {
                    let operation = self.operation_in(node);
                    self.single(operation)
                }
            };
            arms.push(Arm { patterns, body, span });
        }
        arms
    }

    // A block that is worth one operation.
    fn single(&self, value: Operation) -> Block {
        let span = value.span;
        let result = BlockResult { is_return: false, keyword: span.before(), value };
        Block { results: vec![result], span, ..Block::default() }
    }

    fn pattern(&mut self, node: Node<'_>) -> Pattern {
        let span = self.span(node);
        let mut idents: Vec<Ident> = Vec::new();
        let mut literal: Option<Expr> = None;
        for child in node.children() {
            match child.kind() {
                Kind::otherwise => return Pattern::Else(span),
                Kind::ident => idents.push(self.ident(child)),
                Kind::number => literal = Some(self.number(child, None)),
                Kind::money => literal = Some(self.money(child)),
                _ => {
                    literal = self.string(child).map(|lit| Expr { span: lit.span, kind: ExprKind::Text(lit) })
                }
            }
        }
        if let Some(literal) = literal {
            return Pattern::Literal(match self.of(node).starts_with('-') {
                true => Expr { kind: ExprKind::Unary(crate::ast::UnaryOp::Negate, Box::new(literal)), span },
                false => literal,
            });
        }
        match idents.as_slice() {
            [one] => match one.name.as_str() {
                "_" => Pattern::Else(span),
                "true" => Pattern::Literal(Expr { kind: ExprKind::Bool(true), span }),
                "false" => Pattern::Literal(Expr { kind: ExprKind::Bool(false), span }),
                "null" => Pattern::Literal(Expr { kind: ExprKind::Null, span }),
                "" => Pattern::Literal(Expr { kind: ExprKind::Error, span }),
                _ => Pattern::Variant { of: None, name: one.clone() },
            },
            [of, name] => Pattern::Variant { of: Some(of.clone()), name: name.clone() },
            _ => Pattern::Literal(Expr { kind: ExprKind::Error, span }),
        }
    }
}

enum Part {
    Work { kind: OperationKind, settings: Vec<Setting>, span: Span },
    Handler(OnFail),
}

fn fail_span(on_fail: &OnFail) -> Span {
    match on_fail {
        OnFail::Stop { span, .. } | OnFail::Retry { span, .. } => *span,
        OnFail::Redact(span) | OnFail::Hold(span) | OnFail::Error(span) => *span,
        OnFail::Do(operation) => operation.span,
    }
}

// A name that differs from what is called: `email` for `send_email`.
fn suggested(called: &str) -> EcoString {
    match called.rsplit('_').next() {
        Some(last) if last != called && !last.is_empty() => last.into(),
        _ => ecow::eco_format!("{called}_1"),
    }
}
