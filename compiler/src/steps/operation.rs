//! One step: its work, its settings, and what happens when it fails.

use super::block::{BlockKind, Checked, Input};
use super::{failing, names, tools};
use crate::ast::{Block, Expr, OnFail, Operation, OperationKind};
use crate::checker::Checker;
use crate::types::{Handled, REVIEW, Scopes, Typed};
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic, Span};
use flow_plan::{self as plan, Callee, Labels, StepKind, StepSettings, Type, Value};

/// What a step does, checked.
pub(super) struct Work {
    pub(super) kind: StepKind,
    pub(super) ty: Type,
    pub(super) labels: Labels,
    pub(super) settings: StepSettings,
    pub(super) can_fail: bool,
    /// A guard that can take out what it found.
    can_redact: bool,
}

impl Work {
    pub(super) fn new(kind: StepKind, ty: Type, labels: Labels) -> Self {
        let can_fail = failing::kind_can_fail(&kind);
        Work { kind, ty, labels, settings: StepSettings::default(), can_fail, can_redact: false }
    }
}

impl Checker<'_> {
    /// Checks an operation and puts it into the block under construction, as a step of this name.
    /// A plain reference needs no step: it stands for what it names.
    pub(crate) fn operation_step(
        &mut self,
        scopes: &mut Scopes,
        operation: &Operation,
        (name, span): (EcoString, Span),
        expected: Option<&Type>,
    ) -> Typed {
        let outer = (scopes.mark, std::mem::replace(&mut scopes.step_name, name.clone()));
        scopes.mark = scopes.reads.len();
        let typed = self.step_of(scopes, operation, (name, span), expected);
        (scopes.mark, scopes.step_name) = outer;
        typed
    }

    fn step_of(
        &mut self,
        scopes: &mut Scopes,
        operation: &Operation,
        (name, span): (EcoString, Span),
        expected: Option<&Type>,
    ) -> Typed {
        let work = self.work(scopes, operation, expected);
        if let (StepKind::Compute(plan::Expr::Var(var)), None) = (&work.kind, &operation.on_fail) {
            return Typed::new(plan::Expr::Var(*var), work.ty, work.labels);
        }
        let (mut ty, mut labels) = (work.ty.clone(), work.labels);
        let on_fail = match &operation.on_fail {
            Some(handler) => {
                let (on_fail, other) = self.on_fail(scopes, handler, (&work, &name, span), expected);
                if let Some((other, at)) = other {
                    labels = labels.join(other.labels);
                    ty = self.joined(ty, &other.ty, at, "the step itself");
                }
                on_fail
            }
            None => None,
        };
        let reads = scopes.reads[scopes.mark..].to_vec();
        let step = plan::Step {
            name,
            ty: ty.clone(),
            labels,
            given: Labels::default(),
            kind: work.kind,
            settings: work.settings,
            on_fail,
            bounds: None,
            called: None,
            span,
        };
        match scopes.builders.last_mut() {
            Some(builder) => {
                let var = builder.add(step, reads);
                scopes.reads.push(var);
                Typed::new(plan::Expr::Var(var), ty, labels)
            }
            // Steps stand in blocks only; a body without one was reported.
            None => Typed::error(),
        }
    }

    fn work(&mut self, scopes: &mut Scopes, operation: &Operation, expected: Option<&Type>) -> Work {
        match &operation.kind {
            OperationKind::Expr(expr) => self.expr_work(scopes, expr, operation, expected),
            OperationKind::If { condition, then, otherwise } => {
                let condition = self.expr_as(scopes, condition, &Type::Bool);
                let then_checked = self.inner_block(scopes, then, Vec::new(), expected);
                let mut labels = condition.labels.join(then_checked.labels);
                let mut ty = then_checked.ty;
                let otherwise = match otherwise {
                    Some(block) => {
                        let checked = self.inner_block(scopes, block, Vec::new(), expected);
                        labels = labels.join(checked.labels);
                        ty = self.joined(ty, &checked.ty, result_span(block), "the other branch");
                        Some(Box::new(checked.block))
                    }
                    None => {
                        ty = ty.join(&Type::Null).unwrap_or(Type::Error);
                        None
                    }
                };
                let kind = StepKind::If(condition.expr, Box::new(then_checked.block), otherwise);
                Work::new(kind, ty, labels)
            }
            OperationKind::Match { subject, arms } => self.match_work(scopes, subject, arms, expected),
            OperationKind::Each { item, list, body } => self.each_work(scopes, (item, list), body, expected),
            OperationKind::Repeat { .. } => self.repeat_work(scopes, operation),
            OperationKind::Error(_) => {
                Work::new(StepKind::Compute(plan::Expr::Literal(Value::Null)), Type::Error, Labels::default())
            }
        }
    }

    fn expr_work(
        &mut self,
        scopes: &mut Scopes,
        expr: &Expr,
        operation: &Operation,
        expected: Option<&Type>,
    ) -> Work {
        match self.head_call(scopes, expr) {
            Some(Ok(called)) => {
                let settings = self.call_settings(scopes, &called, &operation.settings, expr.span);
                let can_fail = match (&called.spec, &called.signature) {
                    (Some(spec), _) => spec.can_fail,
                    (None, Some(signature)) => signature.can_fail,
                    (None, None) => true,
                };
                let can_redact = called.spec.is_some_and(|s| s.can_redact)
                    || called.signature.as_ref().is_some_and(|s| s.can_redact);
                let kind = StepKind::Call(called.callee, called.args);
                let labels = tools::joined(called.labels, &settings);
                Work { kind, ty: called.ty, labels, settings, can_fail, can_redact }
            }
            Some(Err(())) => {
                let mut work = Work::new(
                    StepKind::Compute(plan::Expr::Literal(Value::Null)),
                    Type::Error,
                    Labels::default(),
                );
                work.can_fail = true;
                work
            }
            None => {
                let typed = self.expr(scopes, expr, expected);
                if let Some(setting) = operation.settings.first() {
                    self.report(
                        FlowDiagnostic::new(Code::E0206, setting.key.span, "only a call has settings")
                            .help("take the block out: this is computed, not called"),
                    );
                }
                Work::new(StepKind::Compute(typed.expr), typed.ty, typed.labels)
            }
        }
    }

    pub(super) fn inner_block(
        &mut self,
        scopes: &mut Scopes,
        block: &Block,
        inputs: Vec<Input>,
        expected: Option<&Type>,
    ) -> Checked {
        self.block(scopes, block, (BlockKind::Inner, inputs), expected)
    }

    // What stands in for a failed step, and its type where it has one.
    fn on_fail(
        &mut self,
        scopes: &mut Scopes,
        handler: &OnFail,
        (work, name, step): (&Work, &EcoString, Span),
        expected: Option<&Type>,
    ) -> (Option<plan::OnFail>, Option<(Typed, Span)>) {
        let at = match handler {
            OnFail::Stop { span, .. }
            | OnFail::Redact(span)
            | OnFail::Retry { span, .. }
            | OnFail::Hold(span) => *span,
            OnFail::Do(operation) => operation.span,
            OnFail::Error(_) => return (None, None),
        };
        if !work.can_fail && work.ty != Type::Error {
            self.report(
                FlowDiagnostic::new(Code::E0403, at, "this `else` can never run")
                    .label(Span { end: at.start, ..step }, "this cannot fail")
                    .help("take the `else` out"),
            );
        }
        match handler {
            OnFail::Stop { message, .. } => {
                let message = self.expr_as(scopes, message, &Type::TEXT);
                (Some(plan::OnFail::Stop(message.expr)), None)
            }
            OnFail::Redact(span) => {
                if !work.can_redact && work.ty != Type::Error {
                    self.report(
                        FlowDiagnostic::new(
                            Code::E0403,
                            *span,
                            "there is nothing that could be redacted here",
                        )
                        .help(
                            "`else redact` goes with a guard that finds things, such as `pii` or `secrets`, or one of \
                             your own that requires `not matches(…, \"…\")` and nothing else",
                        ),
                    );
                }
                (Some(plan::OnFail::Redact), None)
            }
            OnFail::Retry { span, .. } if matches!(work.kind, StepKind::Call(Callee::Review(_), _)) => {
                self.not_yet(*span, "`else retry` of a review");
                (None, None)
            }
            OnFail::Retry { times, .. } => {
                let times_value = self.constant_of(scopes.file, times, &Type::INT);
                match times_value {
                    Some(Value::Int(n)) if n >= 1 => {
                        (Some(plan::OnFail::Retry(u32::try_from(n).unwrap_or(u32::MAX))), None)
                    }
                    Some(_) => {
                        self.report(FlowDiagnostic::new(
                            Code::E0201,
                            times.span,
                            "`retry` is at least 1 here",
                        ));
                        (None, None)
                    }
                    None => (None, None),
                }
            }
            OnFail::Hold(span) => {
                self.not_yet(*span, "`else hold`");
                (None, None)
            }
            OnFail::Do(operation) => {
                let wanted = expected.cloned().or_else(|| (work.ty != Type::Error).then(|| work.ty.clone()));
                let count = 1 + names::calls(operation);
                let mut name = ecow::eco_format!("{name}.else");
                if self.is_short_review(scopes.file, operation) {
                    scopes.handled = Some(handled(work));
                    name = REVIEW.into();
                }
                let checked = self.in_block(scopes, (Vec::new(), count), |checker, scopes| {
                    checker.operation_step(scopes, operation, (name, operation.span), wanted.as_ref())
                });
                let typed = Typed::new(plan::Expr::Literal(Value::Null), checked.ty, checked.labels);
                (Some(plan::OnFail::Do(Box::new(checked.block))), Some((typed, operation.span)))
            }
            OnFail::Error(_) => (None, None),
        }
    }

    // The type both fit into; E0201 where there is none.
    pub(super) fn joined(&mut self, first: Type, second: &Type, at: Span, other: &str) -> Type {
        match first.join(second) {
            Some(ty) => ty,
            None => {
                let message =
                    format!("this gives `{}`, {other} gives `{}`", second.unbounded(), first.unbounded());
                self.report(
                    FlowDiagnostic::new(Code::E0201, at, message)
                        .help("whichever way is taken, the type must be the same"),
                );
                Type::Error
            }
        }
    }
}

// What a person decides on where a step has failed: of a guard, what it did not let pass.
fn handled(work: &Work) -> Handled {
    let value = match &work.kind {
        StepKind::Call(Callee::Guard(_) | Callee::Builtin(_) | Callee::Review(_), args) => {
            args.first().cloned()
        }
        _ => None,
    };
    Handled { value, ty: work.ty.clone(), labels: work.labels }
}

pub(super) fn result_span(block: &Block) -> Span {
    block.results.first().map_or(block.span, |r| r.value.span)
}
