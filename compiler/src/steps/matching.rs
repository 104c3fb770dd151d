//! `match`: what each arm is for, and whether every value has one.

use super::operation::{Work, result_span};
use crate::ast::{Arm, Expr, Pattern};
use crate::checker::Checker;
use crate::types::Scopes;
use flow_diagnostics::{Code, FlowDiagnostic, Span};
use flow_plan::{self as plan, StepKind, Type, Value};

impl Checker<'_> {
    pub(super) fn match_work(
        &mut self,
        scopes: &mut Scopes,
        subject: &Expr,
        arms: &[Arm],
        expected: Option<&Type>,
    ) -> Work {
        let typed = self.expr(scopes, subject, None);
        let mut labels = typed.labels;
        let mut ty: Option<Type> = None;
        let mut seen: Vec<(Value, Span)> = Vec::new();
        let mut otherwise: Option<Span> = None;
        let mut wrong = false;
        let mut out = Vec::with_capacity(arms.len());
        for arm in arms {
            if let Some(first) = otherwise {
                self.report(
                    FlowDiagnostic::new(Code::E0403, arm.span, "this arm can never run")
                        .label(first, "everything ends here"),
                );
            }
            let mut values = Vec::new();
            for pattern in &arm.patterns {
                match self.pattern(scopes, pattern, &typed.ty) {
                    Matched::Value(value, at) => {
                        if let Some((_, first)) = seen.iter().find(|(v, _)| plan::equal(v, &value)) {
                            let message = format!("`{value}` is matched twice, so this can never run");
                            self.report(
                                FlowDiagnostic::new(Code::E0403, at, message)
                                    .label(*first, "matched first here"),
                            );
                        }
                        seen.push((value.clone(), at));
                        values.push(value);
                    }
                    Matched::Else(at) => {
                        otherwise.get_or_insert(at);
                        values.clear();
                    }
                    Matched::Wrong => wrong = true,
                }
            }
            let checked = self.inner_block(scopes, &arm.body, Vec::new(), expected);
            labels = labels.join(checked.labels);
            ty = Some(match ty {
                None => checked.ty,
                Some(so_far) => {
                    self.joined(so_far, &checked.ty, result_span(&arm.body), "the arms before it")
                }
            });
            out.push(plan::Arm { values, body: checked.block });
        }
        if let (Some(at), Type::Enum(e), false) = (otherwise, &typed.ty, wrong) {
            let covered = |v: &plan::Variant| seen.iter().any(|(s, _)| s.as_text() == Some(v.name.as_str()));
            if e.variants.iter().all(covered) {
                self.report(
                    FlowDiagnostic::new(Code::E0403, at, "this arm can never run")
                        .help("every value has an arm of its own already"),
                );
            }
        }
        // A pattern that was a mistake may have been meant for what is missing.
        if otherwise.is_none() && !wrong && typed.ty != Type::Error {
            self.exhaustive(&typed.ty, &seen, (subject, arms));
        }
        let kind = StepKind::Match(typed.expr, out);
        Work::new(kind, ty.unwrap_or(Type::Null), labels)
    }

    fn pattern(&mut self, scopes: &mut Scopes, pattern: &Pattern, subject: &Type) -> Matched {
        let typed = match pattern {
            Pattern::Else(at) => return Matched::Else(*at),
            Pattern::Variant { of, name } => {
                let kind = match of {
                    Some(of) => {
                        let owner = Expr { kind: crate::ast::ExprKind::Name(of.name.clone()), span: of.span };
                        crate::ast::ExprKind::Field(Box::new(owner), name.clone())
                    }
                    None => crate::ast::ExprKind::Name(name.name.clone()),
                };
                let span = of.as_ref().map_or(name.span, |o| o.span.to(name.span));
                if let (None, Type::Enum(e)) = (of, subject.present())
                    && !e.variants.iter().any(|v| v.name == name.name)
                {
                    let near = flow_diagnostics::did_you_mean(
                        &name.name,
                        e.variants.iter().map(|v| v.name.as_str()),
                    );
                    let message = format!("`{}` has no value `{}`", e.name, name.name);
                    let mut diagnostic = FlowDiagnostic::new(Code::E0202, span, message);
                    diagnostic = match near {
                        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                            format!("change it to `{near}`"),
                            span,
                            near,
                        ),
                        None => diagnostic.help(format!("its values are {}", e.names())),
                    };
                    self.report(diagnostic);
                    return Matched::Wrong;
                }
                let expr = Expr { kind, span };
                (self.expr_as(scopes, &expr, subject), span)
            }
            Pattern::Literal(expr) => (self.expr_as(scopes, expr, subject), expr.span),
        };
        match typed.0.expr {
            plan::Expr::Literal(value) if typed.0.ty != Type::Error => Matched::Value(value, typed.1),
            _ if typed.0.ty == Type::Error => Matched::Wrong,
            _ => {
                self.report(
                    FlowDiagnostic::new(Code::E0201, typed.1, "an arm matches a constant")
                        .help("compare with `if` where the value is only known at run time"),
                );
                Matched::Wrong
            }
        }
    }

    fn exhaustive(&mut self, ty: &Type, seen: &[(Value, Span)], (subject, arms): (&Expr, &[Arm])) {
        let covered = |value: &Value| seen.iter().any(|(v, _)| plan::equal(v, value));
        let mut missing: Vec<String> = match ty.present() {
            Type::Enum(e) => e
                .variants
                .iter()
                .filter(|v| !covered(&Value::Text(v.name.clone())))
                .map(|v| v.name.to_string())
                .collect(),
            Type::Bool => [true, false]
                .into_iter()
                .filter(|b| !covered(&Value::Bool(*b)))
                .map(|b| b.to_string())
                .collect(),
            Type::Null => Vec::new(),
            _ => vec!["else".to_owned()],
        };
        if matches!(ty, Type::Optional(_) | Type::Null) && !covered(&Value::Null) && missing != ["else"] {
            missing.push("null".to_owned());
        }
        if missing.is_empty() {
            return;
        }
        let what = match missing.as_slice() {
            [one] if one == "else" => "every other value".to_owned(),
            list => format!("`{}`", list.join("`, `")),
        };
        let mut diagnostic = FlowDiagnostic::new(
            Code::E0207,
            subject.span,
            format!("`match` does not say what to do with {what}"),
        )
        .help("add an arm for it, or `else => …` for everything else");
        if let Some(last) = arms.last() {
            diagnostic = diagnostic.label(last.span.after(), "the arms end here");
        }
        self.report(diagnostic);
    }
}

enum Matched {
    Value(Value, Span),
    Else(Span),
    Wrong,
}
