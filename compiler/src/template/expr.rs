//! Expressions of templates: names, fields, elements, literals.

use super::bindings::Binding;
use super::presence::present_where;
use super::{Checker, Seen, SeenAs, syntax};
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{Bound, Field, Labels, RecordType, Type};
use minijinja::machinery::ast;
use minijinja::value::ValueKind;
use std::sync::Arc;

impl Checker<'_> {
    /// The type of an expression. What is wrong in it is reported once and is [`Type::Error`] then.
    pub(super) fn expr(&mut self, expr: &ast::Expr<'_>) -> Type {
        match expr {
            ast::Expr::Const(c) => constant(&c.value),
            ast::Expr::Var(var) => self.name(var.id, self.place(var.span())).plain(),
            ast::Expr::GetAttr(attr) => self.attribute(expr, attr),
            ast::Expr::GetItem(item) => self.item(item),
            ast::Expr::Slice(slice) => self.slice(slice),
            ast::Expr::UnaryOp(unary) => self.unary(unary),
            ast::Expr::BinOp(binary) => self.binary(expr, binary),
            ast::Expr::Compare(compare) => self.compare(expr, compare),
            ast::Expr::IfExpr(choice) => self.choice(choice),
            ast::Expr::Filter(filter) => self.filter(filter, filter.span()),
            ast::Expr::Test(test) => self.test(test, test.span()),
            ast::Expr::Call(call) => self.call(expr, call),
            ast::Expr::List(list) => self.list(&list.items),
            ast::Expr::Tuple(tuple) => self.list(&tuple.items),
            ast::Expr::Map(map) => self.map(map),
        }
    }

    fn name(&mut self, name: &str, at: Span) -> Type {
        let (ty, what) = match self.bindings.get(name) {
            Some(Binding::Is(ty)) => (ty.clone(), SeenAs::Bound),
            Some(Binding::Sometimes) => {
                let message = format!("`{name}` is not set in every branch before this");
                let found = FlowDiagnostic::new(Code::E0204, at, message);
                return self.report(found.help("set it before the `{% if %}`, too"));
            }
            None if name == "loop" && self.bindings.innermost_loop().is_some() => {
                let message = "`loop` is only used by its fields, such as `loop.index`";
                return self.report(FlowDiagnostic::new(Code::E0204, at, message));
            }
            None => match self.names.ty(name) {
                Some(ty) => {
                    if !self.free.iter().any(|n| n == name) {
                        self.free.push(name.into());
                    }
                    (ty, SeenAs::Free)
                }
                None => return self.unknown_name(name, at),
            },
        };
        self.seen.push(Seen { span: at, name: name.into(), ty: ty.clone(), what });
        self.narrowed(ty, name)
    }

    /// What is known beyond its type of a name, or of a field of one.
    pub(super) fn known(&self, expr: &ast::Expr<'_>) -> Option<Type> {
        match expr {
            ast::Expr::Var(var) => match self.bindings.get(var.id) {
                Some(Binding::Is(ty)) => Some(ty.clone()),
                Some(Binding::Sometimes) => None,
                None => self.names.ty(var.id),
            },
            ast::Expr::GetAttr(attr) => match self.known(&attr.expr)? {
                Type::Record(record) => record.field(attr.name).map(|f| f.ty.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn narrowed(&self, ty: Type, path: &str) -> Type {
        if matches!(ty, Type::Optional(_)) && self.bindings.is_present(path) {
            ty.present().clone()
        } else {
            ty
        }
    }

    fn unknown_name(&mut self, name: &str, at: Span) -> Type {
        if self.unknown.iter().any(|n| n == name) {
            return Type::Error;
        }
        self.unknown.push(name.into());
        let mut known: Vec<EcoString> = self.names.candidates();
        known.extend(self.bindings.names().cloned());
        known.sort();
        known.dedup();
        let found = FlowDiagnostic::new(Code::E0204, at, format!("unknown name `{name}` in the template"));
        let found = match did_you_mean(name, known.iter().map(EcoString::as_str)) {
            Some(near) => {
                found.help(format!("did you mean `{near}`?")).fix(format!("change it to `{near}`"), at, near)
            }
            None if known.is_empty() => found.help("there are no names here; give the prompt a parameter"),
            None => found.help(format!("the names here are {}", listed(known.iter().map(EcoString::as_str)))),
        };
        self.report(found)
    }

    fn item(&mut self, item: &ast::GetItem<'_>) -> Type {
        let of = self.expr(&item.expr);
        let at = self.expr(&item.subscript_expr);
        let key = match &item.subscript_expr {
            ast::Expr::Const(c) => c.value.as_str().map(str::to_owned),
            _ => None,
        };
        let span = self.span_of(&item.subscript_expr);
        match (&of, &at) {
            (Type::Error, _) | (_, Type::Error) => Type::Error,
            (Type::Json(bound), _) => Type::Json(*bound),
            (Type::List(inner, _), Type::Int(_)) => (**inner).clone(),
            (Type::Map(..) | Type::Record(_) | Type::Optional(_), Type::Text { .. } | Type::Enum(_)) => {
                match (&of, key) {
                    (Type::Map(value, _), _) => optional(value),
                    (_, Some(key)) => self.field(&of, &key, span, &item.expr),
                    (_, None) => {
                        let message = "a field of a record is named, not computed";
                        self.report(FlowDiagnostic::new(Code::E0201, span, message))
                    }
                }
            }
            _ => {
                let message = format!("`{}` cannot be indexed by `{}`", of.unbounded(), at.unbounded());
                let found = FlowDiagnostic::new(Code::E0201, span, message);
                let help = matches!(of, Type::Optional(_)).then(|| {
                    let name = self.source_of(&item.expr);
                    format!("`{name}` may be null: put this into `{{% if {name} %}}`")
                });
                self.report(found.maybe_help(help))
            }
        }
    }

    fn slice(&mut self, slice: &ast::Slice<'_>) -> Type {
        let of = self.expr(&slice.expr);
        let mut most = None;
        for (bound, is_stop) in [(&slice.start, false), (&slice.stop, true), (&slice.step, false)] {
            let Some(bound) = bound else { continue };
            let ty = self.expr(bound);
            match ty {
                Type::Int(Some((low, high))) if low == high && is_stop => most = u64::try_from(high).ok(),
                Type::Int(_) | Type::Error | Type::Json(_) => {}
                other => {
                    let message = format!("a slice goes by whole numbers, found `{}`", other.unbounded());
                    let found = self.wrong(Code::E0201, bound, message);
                    return self.report(found);
                }
            }
        }
        let count = Type::Int(most.and_then(|n| i64::try_from(n).ok()).map(|n| (0, n)));
        match &of {
            Type::Error | Type::Json(_) => of,
            // What a slice keeps is no more than the first `stop`.
            Type::List(..) | Type::Text { .. } => flow_plan::functions::find("take")
                .and_then(|take| take.check(&[of.clone(), count]).ok())
                .unwrap_or(Type::Error),
            other => {
                let message = format!("only lists and text can be sliced, found `{}`", other.unbounded());
                let found = self.wrong(Code::E0201, &slice.expr, message);
                self.report(found)
            }
        }
    }

    fn unary(&mut self, unary: &ast::UnaryOp<'_>) -> Type {
        let ty = self.expr(&unary.expr);
        match (&unary.op, ty) {
            (ast::UnaryOpKind::Not, _) => Type::Bool,
            (ast::UnaryOpKind::Neg, Type::Int(Some((a, b)))) => {
                Type::Int(b.checked_neg().zip(a.checked_neg()))
            }
            (ast::UnaryOpKind::Neg, Type::Float(range)) => Type::Float(range.map(|(a, b)| (-b, -a))),
            (ast::UnaryOpKind::Neg, ty @ (Type::Int(_) | Type::Error)) => ty,
            (ast::UnaryOpKind::Neg, Type::Json(_)) => Type::Error,
            (ast::UnaryOpKind::Neg, other) => {
                let found = self.wrong(
                    Code::E0201,
                    &unary.expr,
                    format!("`-` needs a number, found `{}`", other.unbounded()),
                );
                self.report(found)
            }
        }
    }

    // `a if b else c`; without `else` it may be null.
    fn choice(&mut self, choice: &ast::IfExpr<'_>) -> Type {
        self.expr(&choice.test_expr);
        self.note_presence(&choice.test_expr);
        let before = self.bindings.clone();
        self.bindings.assume(present_where(&choice.test_expr, true));
        let a = self.expr(&choice.true_expr);
        self.bindings = before.clone();
        self.bindings.assume(present_where(&choice.test_expr, false));
        let b = choice.false_expr.as_ref().map_or(Type::Null, |e| self.expr(e));
        self.bindings = before;
        match a.join(&b) {
            Some(ty) => ty,
            None => {
                let start = syntax::start(&choice.true_expr, &self.lit.value);
                let end = choice.false_expr.as_ref().map_or(start, |e| e.span().end_offset as usize);
                let message = format!("one side is `{}`, the other `{}`", a.unbounded(), b.unbounded());
                let found = FlowDiagnostic::new(Code::E0201, self.lit.source_span(start..end), message);
                self.report(found.help("use `{% if %}` and `{% else %}` to paste different things"))
            }
        }
    }

    fn list(&mut self, items: &[ast::Expr<'_>]) -> Type {
        let mut joined = Type::Error;
        for (i, item) in items.iter().enumerate() {
            let ty = self.expr(item);
            joined = match if i == 0 { Some(ty.clone()) } else { joined.join(&ty) } {
                Some(ty) => ty,
                None => {
                    let message = format!(
                        "this is `{}`, the elements before it are `{}`",
                        ty.unbounded(),
                        joined.unbounded()
                    );
                    let found = self.wrong(Code::E0201, item, message);
                    return self.report(found.help("the elements of a list have one type"));
                }
            };
        }
        Type::List(Box::new(joined), Some(items.len() as u64))
    }

    fn map(&mut self, map: &ast::Map<'_>) -> Type {
        let mut fields: Vec<Field> = Vec::with_capacity(map.keys.len());
        for (key, value) in map.keys.iter().zip(&map.values) {
            let ty = self.expr(value);
            let name = match key {
                ast::Expr::Const(c) => c.value.as_str().map(EcoString::from),
                _ => None,
            };
            let Some(name) = name else {
                let found = self.wrong(Code::E0201, key, "a key is a text in quotes");
                return self.report(found);
            };
            fields.retain(|f| f.name != name);
            fields.push(Field { name, ty, doc: "".into(), labels: Labels::default(), default: None });
        }
        Type::Record(Arc::new(RecordType { name: None, doc: "".into(), fields }))
    }
}

/// The type of a literal: the range of its one value, the bound of its own length.
fn constant(value: &minijinja::Value) -> Type {
    match value.kind() {
        ValueKind::None | ValueKind::Undefined => Type::Null,
        ValueKind::Bool => Type::Bool,
        ValueKind::String => {
            let chars = value.as_str().map(|s| s.chars().count() as u64);
            Type::Text { bound: chars.map(Bound::Chars), truncate: false }
        }
        ValueKind::Number if value.is_integer() => Type::Int(value.as_i64().map(|i| (i, i))),
        ValueKind::Number => Type::FLOAT,
        _ => Type::Error,
    }
}

pub(super) fn optional(ty: &Type) -> Type {
    match ty {
        Type::Optional(_) | Type::Null | Type::Error | Type::Json(_) => ty.clone(),
        ty => Type::Optional(Box::new(ty.clone())),
    }
}

/// `a`, `b` and `c`, with backticks.
pub(super) fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "none".into(),
    }
}
