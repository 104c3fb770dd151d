//! Calls: a function of the library, as a filter or by its name, and `range`.

use super::Checker;
use super::filter::Called;
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::Type;
use flow_plan::filters::{self, MOST_RANGE};
use flow_plan::functions::{self, Function};
use minijinja::machinery::ast;

impl Checker<'_> {
    pub(super) fn call(&mut self, whole: &ast::Expr<'_>, call: &ast::Call<'_>) -> Type {
        match &call.expr {
            ast::Expr::Var(var) => {
                let at = self.place(var.span());
                if self.bindings.get(var.id).is_some() || self.names.ty(var.id).is_some() {
                    self.args(&call.args);
                    let message = format!("`{}` is a value, not a function", var.id);
                    return self.report(FlowDiagnostic::new(Code::E0205, at, message));
                }
                if var.id == "range" {
                    return self.range(whole, &call.args);
                }
                match filters::template_functions().find(|f| f.spec.name == var.id) {
                    Some(function) => self.function(Called { function, at, piped: None }, &call.args),
                    None => {
                        self.args(&call.args);
                        self.unknown_function(var.id, at)
                    }
                }
            }
            ast::Expr::GetAttr(attr) => {
                let is_loop = matches!(&attr.expr, ast::Expr::Var(v) if v.id == "loop");
                if is_loop && attr.name == "cycle" && self.bindings.innermost_loop().is_some() {
                    return self.cycle(whole, &call.args);
                }
                self.expr(&attr.expr);
                self.args(&call.args);
                let at = self.trailing_name(call.expr.span(), attr.name);
                let found = FlowDiagnostic::new(Code::E0205, at, "values have no methods in a template");
                let help = filters::find(attr.name).map(|f| format!("use the filter: `| {}`", f.name));
                self.report(found.maybe_help(help))
            }
            other => {
                self.expr(other);
                let found = self.wrong(Code::E0205, other, "this is a value, not a function");
                self.report(found)
            }
        }
    }

    fn unknown_function(&mut self, name: &str, at: Span) -> Type {
        let found =
            FlowDiagnostic::new(Code::E0205, at, format!("unknown function `{name}` in the template"));
        let known = filters::template_functions().map(|f| f.spec.name).chain(["range"]);
        let near = functions::meant(name).or_else(|| did_you_mean(name, known));
        let found = match near {
            Some(near) => {
                found.help(format!("did you mean `{near}`?")).fix(format!("change it to `{near}`"), at, near)
            }
            None => found.help("call it in a step of the flow and pass the result on"),
        };
        self.report(found)
    }

    /// The type of a function's result.
    pub(super) fn function(&mut self, called: Called<'_, '_>, args: &[ast::CallArg<'_>]) -> Type {
        let Called { function, at, piped } = called;
        let params = function.spec.params;
        let mut given: Vec<(Type, Option<&ast::Expr<'_>>)> = Vec::new();
        let piped_expr = piped.as_ref().map(|(_, e)| *e);
        given.extend(piped.map(|(ty, _)| (ty, None)));
        for arg in args {
            match arg {
                ast::CallArg::Pos(e) => given.push((self.expr(e), Some(e))),
                // A name says what the next argument is; it cannot leave one out.
                ast::CallArg::Kwarg(name, e) => {
                    let ty = self.expr(e);
                    match params.iter().position(|p| p.name == *name) {
                        Some(place) if place == given.len() => given.push((ty, Some(e))),
                        _ => return self.wrong_name(function, name, e),
                    }
                }
                ast::CallArg::PosSplat(e) | ast::CallArg::KwargSplat(e) => {
                    let span = self.span_of(e);
                    self.unsupported(span, "unpacking arguments", "write each argument");
                    return Type::Error;
                }
            }
        }
        let types: Vec<Type> = given.iter().map(|(ty, _)| ty.clone()).collect();
        let (least, most) = function.arity();
        let wrong_count = types.len() < least || most.is_some_and(|m| types.len() > m);
        let misfit = match function.check(&types) {
            Ok(ty) => {
                self.literals(function, &given);
                return ty;
            }
            Err(misfit) => misfit,
        };
        if wrong_count {
            return self.report(FlowDiagnostic::new(Code::E0203, at, misfit.message));
        }
        let place = given.get(misfit.arg).and_then(|(_, e)| *e).or(piped_expr);
        let span = place.map_or(at, |e| self.span_of(e));
        let help = place.zip(types.get(misfit.arg)).and_then(|(e, ty)| self.may_be_null(ty, e));
        self.report(FlowDiagnostic::new(Code::E0201, span, misfit.message).maybe_help(help))
    }

    fn wrong_name(&mut self, function: &Function, name: &str, value: &ast::Expr<'_>) -> Type {
        let message = format!("`{}` takes no `{name}=` here", function.spec.name);
        let found = self.wrong(Code::E0203, value, message);
        self.report(found.help(format!("it is `{}`", function.signature())))
    }

    // Patterns that stand in the template are looked at now.
    fn literals(&mut self, function: &Function, given: &[(Type, Option<&ast::Expr<'_>>)]) {
        let Some((_, Some(expr @ ast::Expr::Const(c)))) = given.get(1) else { return };
        let Some(pattern) = c.value.as_str() else { return };
        if let ("matches", Err(why)) = (function.spec.name, functions::check_pattern(pattern)) {
            let found = self.wrong(Code::E0201, expr, why);
            self.report(found);
        }
    }

    fn range(&mut self, whole: &ast::Expr<'_>, args: &[ast::CallArg<'_>]) -> Type {
        let types = self.args(args);
        let mut numbers = Vec::with_capacity(types.len());
        for (ty, expr) in &types {
            match ty {
                Type::Error => return Type::Error,
                Type::Int(Some((low, high))) if low == high => numbers.push(*low),
                _ => {
                    let message = "the ends of `range` are written as numbers";
                    let found = self.wrong(Code::E0306, expr, message);
                    return self.report(found.help("a loop over a list is bounded by the list"));
                }
            }
        }
        let (from, to, step) = match numbers[..] {
            [to] => (0, to, 1),
            [from, to] => (from, to, 1),
            [from, to, step] if step > 0 => (from, to, step),
            _ => {
                let found = self.wrong(Code::E0203, whole, "`range` takes its ends and a step above 0");
                return self.report(found.help("write `range(5)`, `range(1, 6)` or `range(0, 10, 2)`"));
            }
        };
        let count = to.saturating_sub(from).max(0).unsigned_abs().div_ceil(step.unsigned_abs());
        if count > MOST_RANGE {
            let found = self.wrong(Code::E0306, whole, format!("`range` gives {MOST_RANGE} numbers at most"));
            return self.report(found);
        }
        Type::List(Box::new(Type::Int(Some((from, to.max(from))))), Some(count))
    }

    fn cycle(&mut self, whole: &ast::Expr<'_>, args: &[ast::CallArg<'_>]) -> Type {
        let types = self.args(args);
        let joined = types.split_first().and_then(|((first, _), rest)| {
            rest.iter().try_fold(first.clone(), |joined, (ty, _)| joined.join(ty))
        });
        match joined {
            Some(ty) => ty,
            None => {
                let found = self.wrong(Code::E0203, whole, "`loop.cycle` takes values of one type");
                self.report(found.help("write `loop.cycle(\"odd\", \"even\")`"))
            }
        }
    }
}
