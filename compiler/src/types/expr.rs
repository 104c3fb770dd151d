//! The type of an expression, and its form in the plan.

use crate::ast::{Expr, ExprKind, Ident, Item, SizeUnit};
use crate::checker::Checker;
use crate::resolve::Target;
use crate::types::{Scopes, Typed};
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{self as plan, Integrity, Labels, Type, Value};

impl Checker<'_> {
    /// Types an expression. `expected` is what the place wants, which gives bare variants and
    /// anonymous records their type; it is not enforced here.
    pub(crate) fn expr(&mut self, scopes: &mut Scopes, expr: &Expr, expected: Option<&Type>) -> Typed {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Int(i) => Typed::constant(Value::Int(*i), Type::Int(Some((*i, *i)))),
            ExprKind::Float(f) | ExprKind::Percent(f) => {
                Typed::constant(Value::Float(*f), Type::Float(Some((*f, *f))))
            }
            ExprKind::Bool(b) => Typed::constant(Value::Bool(*b), Type::Bool),
            ExprKind::Null => Typed::constant(Value::Null, Type::Null),
            ExprKind::Money(cost) => Typed::constant(Value::Money(*cost), Type::Money),
            ExprKind::Duration(millis) => Typed::constant(Value::Duration(*millis), Type::Duration),
            ExprKind::Size(_, unit) => {
                let word = match unit {
                    SizeUnit::Tokens => "tokens",
                    SizeUnit::Chars => "chars",
                    SizeUnit::Bits => "bits",
                };
                self.report(
                    FlowDiagnostic::new(Code::E0201, span, format!("a number of {word} is not a value"))
                        .help("sizes stand in bounds and settings: `text <= 300 tokens`"),
                );
                Typed::error()
            }
            ExprKind::Text(lit) => self.text(scopes, lit, expected),
            ExprKind::Name(name) => self.name(scopes, name, span, expected),
            ExprKind::Field(of, name) => self.field(scopes, of, name),
            ExprKind::Index(of, at) => self.index(scopes, of, at),
            ExprKind::Call(callee, args) => self.inner_call(scopes, callee, args, span),
            ExprKind::Unary(op, operand) => self.unary(scopes, *op, operand),
            ExprKind::Binary(op, left, right) => self.binary(scopes, *op, (left, right), (span, expected)),
            ExprKind::List(items) => self.list(scopes, items, expected),
            ExprKind::Record(name, entries) => self.record(scopes, (name.as_ref(), entries), span, expected),
            ExprKind::Lambda(..) => {
                self.report(
                    FlowDiagnostic::new(Code::E0201, span, "a function cannot be a value").help(
                        "`x => …` stands as an argument of `map`, `filter`, `sort_by`, `any` and `all`",
                    ),
                );
                Typed::error()
            }
            ExprKind::Error => Typed::error(),
        }
    }

    /// Types an expression that must have a type; reports E0201 where it does not.
    pub(crate) fn expr_as(&mut self, scopes: &mut Scopes, expr: &Expr, wanted: &Type) -> Typed {
        let typed = self.expr(scopes, expr, Some(wanted));
        self.coerce(typed, wanted, expr.span)
    }

    /// Holds a checked expression to a type.
    pub(crate) fn coerce(&mut self, typed: Typed, wanted: &Type, at: Span) -> Typed {
        if wanted.accepts(&typed.ty) {
            if let Some(message) = never_in_range(&typed.ty, wanted) {
                self.report(FlowDiagnostic::new(Code::E0201, at, message));
                return Typed::error();
            }
            return typed;
        }
        if let Type::Json(_) = typed.ty {
            let expr = plan::Expr::Cast(Box::new(typed.expr), wanted.clone());
            return Typed::new(expr, wanted.clone(), typed.labels);
        }
        let message = format!("expected `{}`, found `{}`", wanted.unbounded(), typed.ty.unbounded());
        let mut diagnostic = FlowDiagnostic::new(Code::E0201, at, message);
        match (&typed.ty, wanted) {
            (Type::Optional(inner), _) if wanted.accepts(inner) => {
                diagnostic = diagnostic.help("it may be null: say what stands in for it with `??`");
            }
            (_, Type::Enum(e)) => diagnostic = diagnostic.help(format!("the values are {}", e.names())),
            (Type::List(item, _), _) if wanted.accepts(item) => {
                diagnostic = diagnostic.help("take one element: `first(…)`, or go through them with `each`");
            }
            (_, Type::List(item, _)) if item.accepts(&typed.ty) => {
                diagnostic = diagnostic.help("put it into a list: `[…]`");
            }
            (_, Type::Text { .. }) => diagnostic = diagnostic.help("paste it into a text: `\"{{ … }}\"`"),
            _ => {}
        }
        self.report(diagnostic);
        Typed::error()
    }

    fn name(&mut self, scopes: &mut Scopes, name: &str, span: Span, expected: Option<&Type>) -> Typed {
        if let Some(binding) = scopes.get(name) {
            let binding = binding.clone();
            scopes.reads.push(binding.var);
            self.hir.uses.push((span, binding.span));
            return Typed::new(plan::Expr::Var(binding.var), binding.ty, binding.labels);
        }
        if let Some(Type::Enum(e)) = expected.map(Type::present)
            && let Some(variant) = e.variants.iter().find(|v| v.name == name)
        {
            return Typed::constant(Value::Text(variant.name.clone()), Type::Enum(e.clone()));
        }
        match self.global(scopes.file, name, span) {
            Some(Target::Decl(id)) if matches!(self.program.item(id), Item::Const(_)) => {
                let (value, ty) = self.constant(id);
                Typed::constant(value, ty)
            }
            Some(Target::Poison) => Typed::error(),
            Some(target) => {
                let what = self.describe_target(target);
                let mut diagnostic =
                    FlowDiagnostic::new(Code::E0201, span, format!("`{name}` is {what}, not a value"));
                if let Target::Decl(id) = target {
                    diagnostic = diagnostic.maybe_help(match self.program.item(id) {
                        Item::Enum(e) => e
                            .variants
                            .first()
                            .map(|(v, _)| format!("name one of its values: `{name}.{}`", v.name)),
                        Item::Type(_) => Some(format!("a value of it is written `{name} {{ … }}`")),
                        Item::Model(_) => Some("a model stands in a setting: `model: …`".to_owned()),
                        Item::Batch(_) | Item::Eval(_) => None,
                        _ => Some(format!("call it: `{name}(…)`")),
                    });
                }
                self.report(diagnostic);
                Typed::error()
            }
            None => {
                self.report_unknown(scopes, name, span, expected);
                Typed::error()
            }
        }
    }

    fn report_unknown(&mut self, scopes: &Scopes, name: &str, span: Span, expected: Option<&Type>) {
        if name == "stop" {
            let message = "`stop` does not say what the caller is told";
            return self.report(
                FlowDiagnostic::new(Code::E0001, span, message).help("write it behind: `else stop \"…\"`"),
            );
        }
        let variants = match expected.map(Type::present) {
            Some(Type::Enum(e)) => e.variants.iter().map(|v| v.name.as_str()).collect(),
            _ => Vec::new(),
        };
        let locals = scopes.names();
        let globals = self.global_names(scopes.file);
        let mut diagnostic = FlowDiagnostic::new(Code::E0101, span, format!("unknown name `{name}`"));
        diagnostic = match self.near(name, locals.chain(variants.iter().copied()).chain(globals)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("change it to `{near}`"),
                span,
                near,
            ),
            None if name == "it" => diagnostic.help("`it` is known in `until`, `unless` and inside `repeat`"),
            None if !variants.is_empty() => {
                diagnostic.help(format!("the values are {}", variants.join(", ")))
            }
            None => diagnostic.maybe_help(scopes.no_calls.map(str::to_owned)),
        };
        self.report(diagnostic);
    }

    fn field(&mut self, scopes: &mut Scopes, of: &Expr, name: &Ident) -> Typed {
        // `Kind.billing`: a variant of a declared enum.
        if let ExprKind::Name(owner) = &of.kind
            && scopes.get(owner).is_none()
            && let Some(typed) = self.variant(scopes.file, owner, of.span, name)
        {
            return typed;
        }
        let typed = self.expr(scopes, of, None);
        self.field_of(typed, name, of.span)
    }

    fn variant(&mut self, file: usize, owner: &str, at: Span, name: &Ident) -> Option<Typed> {
        let symbol = self.program.files[file].scope.get(owner)?;
        let Target::Decl(id) = symbol.target else { return None };
        if !matches!(self.program.item(id), Item::Enum(_)) {
            return None;
        }
        self.global(file, owner, at);
        let Type::Enum(e) = self.declared_type(id).ty else { return None };
        if e.variants.iter().any(|v| v.name == name.name) {
            return Some(Typed::constant(Value::Text(name.name.clone()), Type::Enum(e)));
        }
        let near = did_you_mean(&name.name, e.variants.iter().map(|v| v.name.as_str()));
        let mut diagnostic =
            FlowDiagnostic::new(Code::E0202, name.span, format!("`{owner}` has no value `{}`", name.name));
        diagnostic = match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("change it to `{near}`"),
                name.span,
                near,
            ),
            None => diagnostic.help(format!("its values are {}", e.names())),
        };
        self.report(diagnostic);
        Some(Typed::error())
    }

    fn field_of(&mut self, of: Typed, name: &Ident, at: Span) -> Typed {
        let expr = plan::Expr::Field(Box::new(of.expr), name.name.clone());
        match &of.ty {
            Type::Error => Typed::error(),
            Type::Json(_) => Typed::new(expr, Type::Json(None), of.labels),
            Type::Map(item, _) => {
                Typed::new(expr, Type::Optional(Box::new(item.present().clone())), of.labels)
            }
            Type::Record(record) => match record.field(&name.name) {
                Some(field) => {
                    self.note_field(name, record.name.clone(), &field.ty);
                    let labels = of.labels.join(field.labels);
                    Typed::new(expr, field.ty.clone(), clean(labels, &field.ty))
                }
                None => {
                    let near = did_you_mean(&name.name, record.fields.iter().map(|f| f.name.as_str()));
                    let message = format!("`{}` has no field `{}`", of.ty.unbounded(), name.name);
                    let mut diagnostic = FlowDiagnostic::new(Code::E0202, name.span, message);
                    diagnostic = match near {
                        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                            format!("change it to `{near}`"),
                            name.span,
                            near,
                        ),
                        None => diagnostic.help(format!("its fields are {}", record.names())),
                    };
                    self.report(diagnostic);
                    Typed::error()
                }
            },
            Type::Optional(_) => {
                let message = format!(
                    "`{}` may be null, so its field `{}` may not be there",
                    of.ty.unbounded(),
                    name.name
                );
                self.report(
                    FlowDiagnostic::new(Code::E0201, at, message)
                        .help("say what stands in for it with `??` first"),
                );
                Typed::error()
            }
            Type::List(..) => {
                let message = format!("`{}` is a list: it has no field `{}`", of.ty.unbounded(), name.name);
                self.report(
                    FlowDiagnostic::new(Code::E0202, name.span, message)
                        .help(format!("go through it: `map(…, x => x.{})`", name.name)),
                );
                Typed::error()
            }
            ty => {
                let message = format!("`{}` has no field `{}`", ty.unbounded(), name.name);
                self.report(FlowDiagnostic::new(Code::E0202, name.span, message));
                Typed::error()
            }
        }
    }

    fn index(&mut self, scopes: &mut Scopes, of: &Expr, at: &Expr) -> Typed {
        let of_typed = self.expr(scopes, of, None);
        let (wanted, result) = match &of_typed.ty {
            Type::List(item, _) => (Type::INT, (**item).clone()),
            Type::Map(item, _) => (Type::TEXT, Type::Optional(Box::new(item.present().clone()))),
            Type::Json(_) => (Type::Error, Type::Json(None)),
            Type::Error => (Type::Error, Type::Error),
            ty => {
                let message = format!("`{}` cannot be indexed", ty.unbounded());
                self.report(
                    FlowDiagnostic::new(Code::E0201, of.span, message)
                        .help("only lists, maps and json have elements"),
                );
                return Typed::error();
            }
        };
        let at = self.expr_as(scopes, at, &wanted);
        let labels = of_typed.labels.join(at.labels);
        let expr = plan::Expr::Index(Box::new(of_typed.expr), Box::new(at.expr));
        Typed::new(expr, result, labels)
    }
}

// Ranges widen freely on the way; only a value that can never fit is a mistake.
fn never_in_range(found: &Type, wanted: &Type) -> Option<String> {
    let apart = |(a, b): (f64, f64), (low, high): (f64, f64)| b < low || a > high;
    let range = |ty: &Type| match ty.present() {
        Type::Int(range) => range.map(|(a, b)| (a as f64, b as f64)),
        Type::Float(range) => *range,
        _ => None,
    };
    let (found, wanted_range) = (range(found)?, range(wanted)?);
    apart(found, wanted_range).then(|| match found.0 == found.1 {
        true => format!("{} is outside `{}`", found.0, wanted.present()),
        false => format!("a number from {} to {} is outside `{}`", found.0, found.1, wanted.present()),
    })
}

/// Labels of a value of this type: what cannot carry text cannot carry an instruction.
pub(crate) fn clean(labels: Labels, ty: &Type) -> Labels {
    match carries_text(ty) {
        true => labels,
        false => Labels { integrity: Integrity::Trusted, ..labels },
    }
}

fn carries_text(ty: &Type) -> bool {
    match ty {
        Type::Text { .. } | Type::Json(_) | Type::Image | Type::Error | Type::Map(..) => true,
        Type::List(item, _) | Type::Optional(item) => carries_text(item),
        Type::Record(record) => record.fields.iter().any(|f| carries_text(&f.ty)),
        _ => false,
    }
}
