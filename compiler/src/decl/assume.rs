//! `assume:` lines of a flow: sizes that are checked while it runs, and rates that are expected.
//!
//! `assume: len(rows) <= 200` and `assume: question <= 80 tokens` are sizes; `assume: draft fails 2%`
//! is a rate. One fact a line.

use crate::ast::{BinaryOp, Expr, ExprKind, Flow, Ident, Setting, SettingValue, SizeUnit};
use crate::checker::Checker;
use crate::rates::{self, Misplaced};
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{Assumed, Block, Fact, Often, Param, Rate, Size, Type, Value, VarId};

const FORM: &str = "a size is written `len(rows) <= 200` or `question <= 80 tokens`, a rate `draft fails 2%`";

/// A flow whose steps are known.
pub(crate) struct Assuming<'a> {
    pub(crate) file: usize,
    pub(crate) decl: &'a Flow,
    pub(crate) params: &'a [Param],
    pub(crate) body: &'a Block,
}

impl Checker<'_> {
    /// What a flow assumes.
    pub(crate) fn assumptions(
        &mut self,
        flow: &Assuming<'_>,
        settings: &[&Setting],
    ) -> (Vec<Assumed>, Vec<Rate>) {
        let (mut sizes, mut rates): (Vec<Assumed>, Vec<Rate>) = (Vec::new(), Vec::new());
        for setting in settings {
            match &setting.value {
                SettingValue::Error(_) => {}
                SettingValue::Words { head: Some(head), words } => {
                    let Some(rate) = self.rate(flow, setting, (head, words)) else { continue };
                    let same = |r: &&Rate| r.of == rate.of && r.fact == rate.fact;
                    match rates.iter().find(same).and_then(|r| r.span) {
                        Some(first) => self.assumed_twice(setting.span, first),
                        None => rates.push(rate),
                    }
                }
                SettingValue::Expr(expr) => {
                    let Some(size) = self.size(flow, setting, expr) else { continue };
                    match sizes.iter().find(|s| s.var == size.var) {
                        Some(first) => self.assumed_twice(setting.span, first.span),
                        None => sizes.push(size),
                    }
                }
                _ => self.neither(setting),
            }
        }
        self.shares_of_arms(&rates);
        (sizes, rates)
    }

    // E0206: a line that is no size and no rate. Gives nothing, of any type.
    fn neither<T: Default>(&mut self, setting: &Setting) -> T {
        let at = match &setting.value {
            SettingValue::Expr(expr) => expr.span,
            _ => setting.span,
        };
        self.report(FlowDiagnostic::new(Code::E0206, at, "`assume` takes a size or a rate").help(FORM));
        T::default()
    }

    fn assumed_twice(&mut self, again: Span, first: Span) {
        self.report(
            FlowDiagnostic::new(Code::E0206, again, "this is assumed twice")
                .here("assumed again here")
                .label(first, "assumed first here"),
        );
    }

    // `len(rows) <= 200`, `rows <= 2M`, `question <= 80 tokens`, `n <= 7`.
    fn size(&mut self, flow: &Assuming<'_>, setting: &Setting, expr: &Expr) -> Option<Assumed> {
        let ExprKind::Binary(BinaryOp::LessEqual, left, right) = &expr.kind else {
            if !matches!(expr.kind, ExprKind::Error) {
                self.neither::<()>(setting);
            }
            return None;
        };
        let (name, at, is_len) = match &left.kind {
            ExprKind::Name(name) => (name, left.span, false),
            ExprKind::Call(callee, args) => match (&callee.kind, args.as_slice()) {
                (ExprKind::Name(len), [arg]) if len == "len" && arg.name.is_none() => match &arg.value.kind {
                    ExprKind::Name(name) => (name, arg.value.span, true),
                    _ => return self.neither(setting),
                },
                _ => return self.neither(setting),
            },
            _ => return self.neither(setting),
        };
        let (var, ty) = self.variable(flow, name, at)?;
        let most = self.most(flow.file, (name, &ty, is_len), right)?;
        let text = EcoString::from(self.sources.text(expr.span));
        Some(Assumed { var, name: name.clone(), most, text, at: right.span, span: setting.span })
    }

    // The input or step of this name, with its type. Nothing where it is not known, or is a step that
    // does not run, of which there is a warning.
    fn variable(&mut self, flow: &Assuming<'_>, name: &EcoString, at: Span) -> Option<(VarId, Type)> {
        let body = flow.body;
        if let Some(i) = flow.params.iter().position(|p| p.name == *name) {
            return Some((VarId(body.vars.start + i as u32), flow.params[i].ty.clone()));
        }
        if let Some(node) = body.steps.node_indices().find(|n| body.steps[*n].name == *name) {
            return Some((body.var_of(node), body.steps[node].ty.clone()));
        }
        let steps = || flow.decl.body.steps.iter().filter_map(|s| s.name.as_ref());
        if !steps().any(|s| s.name == *name) {
            let known = flow.params.iter().map(|p| p.name.as_str()).chain(steps().map(|s| s.name.as_str()));
            let near = self.near(name, known).map(EcoString::from);
            self.no_such(flow, (name, at), near);
        }
        None
    }

    fn no_such(&mut self, flow: &Assuming<'_>, (name, at): (&str, Span), near: Option<EcoString>) {
        let message = format!("`{}` has no input and no step `{name}`", flow.decl.name.name);
        let diagnostic = FlowDiagnostic::new(Code::E0101, at, message);
        self.report(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("change it to `{near}`"),
                at,
                near.as_str(),
            ),
            None => diagnostic.help("an assumption is about an input of the flow or one of its steps"),
        });
    }

    // The most of a value of this type.
    fn most(&mut self, file: usize, (name, ty, is_len): (&str, &Type, bool), right: &Expr) -> Option<Size> {
        let unit = match right.kind {
            ExprKind::Size(n, unit) => Some((n, unit)),
            ExprKind::Error => return None,
            _ => None,
        };
        let whole = |value: Value| match value {
            Value::Int(n) => u64::try_from(n).ok(),
            _ => None,
        };
        let inner = match ty {
            Type::Optional(inner) => inner,
            ty => ty,
        };
        let wrong = |message: String| FlowDiagnostic::new(Code::E0201, right.span, message);
        let diagnostic = match (inner, unit) {
            (Type::Error, _) => return None,
            (Type::Text { .. }, Some((n, SizeUnit::Tokens))) if !is_len => return Some(Size::Tokens(n)),
            (Type::Text { .. }, Some((n, SizeUnit::Chars))) if !is_len => return Some(Size::Chars(n)),
            (Type::Text { .. }, None) if is_len => match whole(self.constant_of(file, right, &Type::INT)?) {
                Some(n) => return Some(Size::Chars(n)),
                None => wrong(format!("`{name}` has a number of characters, from 0")),
            },
            (Type::Text { .. }, _) => {
                wrong(format!("`{name}` is text, which has a size in tokens or characters"))
                    .help(format!("write `{name} <= 200 tokens` or `len({name}) <= 800`"))
            }
            (Type::List(..) | Type::Map(..), None) => {
                match whole(self.constant_of(file, right, &Type::INT)?) {
                    Some(n) => return Some(Size::Items(n)),
                    None => wrong(format!("`{name}` has a number of elements, from 0")),
                }
            }
            (Type::List(..) | Type::Map(..), Some(_)) => {
                wrong(format!("`{name}` is a list, which has a size in elements"))
                    .help(format!("write `len({name}) <= 200`"))
            }
            (Type::Int(range), None) if !is_len => match self.constant_of(file, right, &Type::INT)? {
                Value::Int(n) if range.is_some_and(|(least, _)| n < least) => {
                    let least = range.map_or(0, |(least, _)| least);
                    wrong(format!("`{name}` is never that small, so every run would end here"))
                        .help(format!("`{name}` is {least} at least"))
                }
                Value::Int(n) => return Some(Size::Int(n)),
                _ => return None,
            },
            (Type::Float(_), None) if !is_len => match self.constant_of(file, right, &Type::FLOAT)? {
                Value::Float(n) => return Some(Size::Float(n)),
                Value::Int(n) => return Some(Size::Float(n as f64)),
                _ => return None,
            },
            (Type::Int(_) | Type::Float(_), _) => {
                wrong(format!("`{name}` is a number")).help(format!("write `{name} <= 200`"))
            }
            (ty, _) => FlowDiagnostic::new(
                Code::E0201,
                right.span,
                format!("`{name}` is `{ty}`, and sizes are assumed of lists, maps, texts and numbers"),
            ),
        };
        self.report(diagnostic);
        None
    }

    // `draft fails 2%`.
    fn rate(
        &mut self,
        flow: &Assuming<'_>,
        setting: &Setting,
        (head, words): (&Expr, &[(Ident, Expr)]),
    ) -> Option<Rate> {
        let Some(of) = path(head) else { return self.neither(setting) };
        let [(word, value)] = words else { return self.neither(setting) };
        let Some(fact) = Fact::of(&word.name) else {
            let message = format!("there is no rate `{}`", word.name);
            let diagnostic = FlowDiagnostic::new(Code::E0206, word.span, message);
            self.report(match did_you_mean(&word.name, rates::words()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("change it to `{near}`"),
                    word.span,
                    near,
                ),
                None => diagnostic.help(format!("the rates are {}", rates::listed())),
            });
            return None;
        };
        let often = match value.kind {
            ExprKind::Percent(share) => Often::Share(share),
            ExprKind::Int(n) => Often::Number(n as f64),
            ExprKind::Float(n) => Often::Number(n),
            ExprKind::Size(n, SizeUnit::Tokens) => Often::Text(Size::Tokens(n)),
            ExprKind::Size(n, SizeUnit::Chars) => Often::Text(Size::Chars(n)),
            ExprKind::Error => return None,
            _ => Often::Number(f64::NAN),
        };
        if let Err(message) = rates::fits(fact, often) {
            self.report(FlowDiagnostic::new(Code::E0206, value.span, message));
            return None;
        }
        let rate = Rate { of, fact, value: often, span: Some(setting.span) };
        match rates::place(flow.params, flow.body, &rate) {
            Ok(()) => Some(rate),
            Err(Misplaced::Unknown(near)) => {
                // A step that does not run has a warning of its own.
                let first = rate.of.split('.').next().unwrap_or_default();
                let mut written = flow.decl.body.steps.iter().filter_map(|s| s.name.as_ref());
                let runs = flow.body.steps.node_weights().any(|s| s.name == first);
                if runs || !written.any(|s| s.name == first) {
                    self.no_such(flow, (&rate.of, head.span), near);
                }
                None
            }
            Err(Misplaced::Unfit(why)) => {
                self.report(FlowDiagnostic::new(Code::E0206, setting.span, why));
                None
            }
        }
    }

    // The arms of a `match` cannot be taken more often than it is gone through.
    fn shares_of_arms(&mut self, rates: &[Rate]) {
        for (i, rate) in rates.iter().enumerate().filter(|(_, r)| r.fact == Fact::Taken) {
            let Some((of, _)) = rate.of.rsplit_once('.') else { continue };
            let same =
                |r: &&Rate| r.fact == Fact::Taken && r.of.rsplit_once('.').is_some_and(|(o, _)| o == of);
            let sum: f64 = rates[..=i].iter().filter(same).map(|r| share(r.value)).sum();
            if let (true, Some(span)) = (sum > 1.0 + 1e-9, rate.span) {
                let message = format!("the arms of `{of}` are taken more often than it is gone through");
                self.report(
                    FlowDiagnostic::new(Code::E0206, span, message)
                        .help(format!("their shares come to {:.0}%, and 100% is all", sum * 100.0)),
                );
                return;
            }
        }
    }
}

fn share(value: Often) -> f64 {
    match value {
        Often::Share(share) => share,
        _ => 0.0,
    }
}

// `pages.draft`.
fn path(expr: &Expr) -> Option<EcoString> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Field(of, name) => Some(ecow::eco_format!("{}.{}", path(of)?, name.name)),
        _ => None,
    }
}

/// Whether an `assume:` line says how large an input is at most, so that it needs no other bound.
pub(crate) fn is_sized(flow: &Flow, input: &str) -> bool {
    flow.body.settings.iter().filter(|s| s.key.name == "assume").any(|setting| match &setting.value {
        SettingValue::Expr(Expr { kind: ExprKind::Binary(BinaryOp::LessEqual, left, _), .. }) => {
            match &left.kind {
                ExprKind::Name(name) => name == input,
                ExprKind::Call(_, args) => {
                    args.iter().any(|a| matches!(&a.value.kind, ExprKind::Name(name) if name == input))
                }
                _ => false,
            }
        }
        _ => false,
    })
}
