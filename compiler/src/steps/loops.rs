//! `each` and `repeat`.

use super::block::{Checked, Input};
use super::names;
use super::operation::Work;
use crate::ast::{Block, Expr, Ident, Operation, OperationKind, SettingValue};
use crate::checker::Checker;
use crate::types::{Scopes, Typed};
use flow_diagnostics::{Code, FlowDiagnostic, Span};
use flow_plan::{self as plan, Labels, StepKind, Type, Value};

/// Elements of an `each` that run at once unless it says otherwise.
const PARALLEL: u32 = 8;

impl Checker<'_> {
    pub(super) fn each_work(
        &mut self,
        scopes: &mut Scopes,
        (item, list): (&Ident, &Expr),
        body: &Block,
        expected: Option<&Type>,
    ) -> Work {
        let typed = self.expr(scopes, list, None);
        let (element, most) = match &typed.ty {
            Type::List(element, most) => ((**element).clone(), *most),
            Type::Error => (Type::Error, None),
            ty => {
                let message = format!("`each` goes through a list, found `{}`", ty.unbounded());
                self.report(FlowDiagnostic::new(Code::E0201, list.span, message));
                (Type::Error, None)
            }
        };
        let wanted = match expected.map(Type::present) {
            Some(Type::List(element, _)) => Some((**element).clone()),
            _ => None,
        };
        if let Some(first) = scopes.get(&item.name).map(|b| b.span) {
            self.report(crate::resolve::defined_twice(&item.name, item.span, first));
        }
        let parallel = self.parallel(scopes.file, body);
        let input = Input { name: item.name.clone(), ty: element, labels: typed.labels, span: item.span };
        let checked = self.inner_block(scopes, body, vec![input], wanted.as_ref());
        let labels = typed.labels.join(checked.labels);
        let ty = Type::List(Box::new(checked.ty), most);
        let kind =
            StepKind::Each { list: typed.expr, parallel, body: Box::new(checked.block), apart: Vec::new() };
        Work::new(kind, ty, labels)
    }

    fn parallel(&mut self, file: usize, body: &Block) -> u32 {
        let mut parallel = PARALLEL;
        for setting in &body.settings {
            match (setting.key.name.as_str(), &setting.value) {
                ("parallel", SettingValue::Expr(expr)) => match self.constant_of(file, expr, &Type::INT) {
                    Some(Value::Int(n)) if n >= 1 => parallel = u32::try_from(n).unwrap_or(u32::MAX),
                    Some(_) => {
                        self.report(FlowDiagnostic::new(Code::E0201, expr.span, "`parallel` is at least 1"));
                    }
                    None => {}
                },
                (_, SettingValue::Error(_)) => {}
                _ => self.unknown_setting(setting, "each", &["parallel"]),
            }
        }
        parallel
    }

    pub(super) fn repeat_work(&mut self, scopes: &mut Scopes, operation: &Operation) -> Work {
        let OperationKind::Repeat { up_to, from, body, until } = &operation.kind else {
            return Work::new(
                StepKind::Compute(plan::Expr::Literal(Value::Null)),
                Type::Error,
                Labels::default(),
            );
        };
        let keyword = Span { end: operation.span.start + "repeat".len() as u32, ..operation.span };
        let rounds = match up_to {
            Some(expr) => match self.constant_of(scopes.file, expr, &Type::INT) {
                Some(Value::Int(n)) if n >= 1 => u32::try_from(n).unwrap_or(u32::MAX),
                Some(_) => {
                    self.report(FlowDiagnostic::new(Code::E0201, expr.span, "a loop runs at least once"));
                    1
                }
                None => 1,
            },
            None => {
                self.report(
                    FlowDiagnostic::new(Code::E0306, keyword, "this loop has no bound")
                        .help("say how often it may run at most: `repeat up to 3 from …`")
                        .fix("at most 3 rounds", keyword.after(), " up to 3"),
                );
                1
            }
        };
        let from_typed = match from {
            Some(expr) => self.expr(scopes, expr, None),
            None => {
                self.report(
                    FlowDiagnostic::new(Code::E0001, keyword, "this loop has nothing to begin with")
                        .help("say what `it` is at first: `repeat up to 3 from draft { … }`"),
                );
                Typed::constant(Value::Null, Type::Error)
            }
        };
        for setting in &body.settings {
            self.unknown_setting(setting, "repeat", &[]);
        }
        let at = from.as_ref().map_or(operation.span, |f| f.span);
        let it = |ty: &Type, labels| Input { name: "it".into(), ty: ty.clone(), labels, span: at };
        let wanted = from_typed.ty.clone();
        let checked = self.inner_block(scopes, body, vec![it(&wanted, from_typed.labels)], Some(&wanted));
        let labels = from_typed.labels.join(checked.labels);
        let ty = wanted.join(&checked.ty).unwrap_or_else(|| wanted.clone());
        let until = until.as_ref().map(|until| {
            let inputs = vec![it(&ty, labels)];
            Box::new(self.condition(scopes, until, inputs, "until").block)
        });
        let (from, body) = (from_typed.expr, Box::new(checked.block));
        let kind = StepKind::Repeat { up_to: rounds, from, body, until, first: None };
        Work::new(kind, ty, labels)
    }

    /// A condition with `it`, as a block: a judge may be called in it.
    pub(crate) fn condition(
        &mut self,
        scopes: &mut Scopes,
        expr: &Expr,
        inputs: Vec<Input>,
        name: &str,
    ) -> Checked {
        let wrapped = Operation {
            kind: OperationKind::Expr(expr.clone()),
            settings: Vec::new(),
            on_fail: None,
            span: expr.span,
        };
        let count = 1 + names::calls(&wrapped);
        let step = ecow::eco_format!("{}.{name}", scopes.step_name);
        self.in_block(scopes, (inputs, count), |checker, scopes| {
            let outer = (scopes.mark, std::mem::replace(&mut scopes.step_name, step));
            scopes.mark = scopes.reads.len();
            let typed = checker.expr_as(scopes, expr, &Type::Bool);
            (scopes.mark, scopes.step_name) = outer;
            typed
        })
    }
}
