//! Calls: what is called, and whether the arguments fit.
//!
//! A pure function is computed in place. A call that costs something or has an effect is a step: at
//! the head of a step it is that step, inside an expression it becomes a step of its own before it.

use crate::ast::{Arg, Expr, ExprKind, Ident};
use crate::checker::Checker;
use crate::resolve::Target;
use crate::types::expr::clean;
use crate::types::review::REVIEW;
use crate::types::{Binding, Scopes, Signature, Typed};
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{
    self as plan, Callee, CapabilitySpec, Integrity, Labels, Names, Over, Step, StepKind, StepSettings, Type,
    TypeSpec, functions,
};
use std::sync::Arc;

/// A checked call of something that runs.
pub(crate) struct Called {
    pub(crate) callee: Callee,
    pub(crate) args: Vec<plan::Expr>,
    pub(crate) ty: Type,
    pub(crate) labels: Labels,
    /// What is known of a declaration; a built-in guard has a spec instead.
    pub(crate) signature: Option<Arc<Signature>>,
    pub(crate) spec: Option<&'static CapabilitySpec>,
}

/// What the name before the parentheses stands for.
enum Head {
    Function(&'static functions::Function),
    Declared(Arc<Signature>),
    Guard(&'static CapabilitySpec),
    Review,
    Unknown,
}

impl Checker<'_> {
    /// A call inside an expression.
    pub(crate) fn inner_call(
        &mut self,
        scopes: &mut Scopes,
        callee: &Expr,
        args: &[Arg],
        span: Span,
    ) -> Typed {
        let head = self.head(scopes, callee);
        if let Head::Function(function) = head {
            return self.function(scopes, function, args, callee.span);
        }
        let Some(called) = self.call_head(scopes, head, args, callee.span) else { return Typed::error() };
        if let Some(reason) = scopes.no_calls {
            let message = "a call that runs a step cannot stand here".to_owned();
            self.report(FlowDiagnostic::new(Code::E0201, span, message).help(reason));
            return Typed::error();
        }
        let settings = self.inner_settings(scopes, &called, span);
        let called = Called { labels: crate::steps::tools::joined(called.labels, &settings), ..called };
        self.lift(scopes, called, settings, span)
    }

    /// The call at the head of a step, if the expression is one that runs something.
    pub(crate) fn head_call(&mut self, scopes: &mut Scopes, expr: &Expr) -> Option<Result<Called, ()>> {
        let ExprKind::Call(callee, args) = &expr.kind else { return None };
        if self.is_function(scopes, callee) {
            return None;
        }
        let head = self.head(scopes, callee);
        Some(self.call_head(scopes, head, args, callee.span).ok_or(()))
    }

    fn is_function(&self, scopes: &Scopes, callee: &Expr) -> bool {
        let ExprKind::Name(name) = &callee.kind else { return false };
        !self.program.files[scopes.file].scope.contains_key(name) && functions::find(name).is_some()
    }

    fn head(&mut self, scopes: &mut Scopes, callee: &Expr) -> Head {
        let ExprKind::Name(name) = &callee.kind else {
            let mut diagnostic = FlowDiagnostic::new(Code::E0201, callee.span, "this cannot be called");
            if let ExprKind::Field(_, method) = &callee.kind {
                diagnostic = diagnostic
                    .help(format!("a function takes its value as an argument: `{}(…)`", method.name));
            }
            self.report(diagnostic);
            return Head::Unknown;
        };
        match self.global(scopes.file, name, callee.span) {
            Some(Target::Builtin(spec)) => Head::Guard(spec),
            Some(Target::Decl(id)) => match self.callables.get(&id) {
                Some(signature) => Head::Declared(signature.clone()),
                None => {
                    let what = self.describe_target(Target::Decl(id));
                    let message = format!("`{name}` is {what} and cannot be called");
                    self.report(FlowDiagnostic::new(Code::E0201, callee.span, message));
                    Head::Unknown
                }
            },
            Some(Target::Poison) => Head::Unknown,
            None if name == REVIEW => Head::Review,
            None => match functions::find(name) {
                Some(function) => Head::Function(function),
                None => {
                    self.report_unknown_call(scopes, name, callee.span);
                    Head::Unknown
                }
            },
        }
    }

    fn report_unknown_call(&mut self, scopes: &Scopes, name: &str, at: Span) {
        if name == "env" {
            return self.report(
                FlowDiagnostic::new(Code::E0203, at, "`env` stands in a setting only")
                    .help("a secret never enters a value: use it as `base_url: env(\"NAME\")`"),
            );
        }
        let declared = self.program.files[scopes.file].scope.keys().map(EcoString::as_str);
        let guard = crate::world::capability(self.world, plan::CapabilityKind::Guard, name);
        let near_declared = self.near(name, declared);
        let near_function = functions::meant(name)
            .or_else(|| did_you_mean(name, functions::all().iter().map(|f| f.spec.name)));
        let (code, near) = match (near_declared, near_function) {
            (None, Some(near)) => (Code::E0205, Some(near)),
            (near, _) => (Code::E0101, near),
        };
        let what = if code == Code::E0205 { "function" } else { "name" };
        let mut diagnostic = FlowDiagnostic::new(code, at, format!("unknown {what} `{name}`"));
        if guard.is_some() {
            diagnostic = diagnostic.help(format!("import it: `import {name} from std.guards`"));
        } else if let Some(near) = near {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("change it to `{near}`"),
                at,
                near,
            );
        } else if scopes.get(name).is_some() {
            diagnostic.message = format!("`{name}` is a value and cannot be called");
        }
        self.report(diagnostic);
    }

    fn call_head(&mut self, scopes: &mut Scopes, head: Head, args: &[Arg], at: Span) -> Option<Called> {
        match head {
            Head::Declared(signature) => Some(self.declared_call(scopes, signature, args, at)),
            Head::Guard(spec) => Some(self.guard_call(scopes, spec, args, at)),
            Head::Review => self.review_call(scopes, args, at),
            Head::Unknown => {
                for arg in args {
                    self.expr(scopes, &arg.value, None);
                }
                None
            }
            // A function has no head of its own; `inner_call` computed it in place.
            Head::Function(_) => None,
        }
    }

    fn declared_call(
        &mut self,
        scopes: &mut Scopes,
        signature: Arc<Signature>,
        args: &[Arg],
        at: Span,
    ) -> Called {
        if signature.reviews {
            self.may_review(scopes, at);
        }
        let names: Vec<&str> = signature.params.iter().map(|p| p.name.as_str()).collect();
        let required = |i: usize| {
            let param = &signature.params[i];
            param.default.is_none() && !matches!(param.ty, Type::Optional(_))
        };
        let slots = self.place_args(args, (&signature.name, &names), required, at);
        let mut labels = signature.labels;
        let mut out = Vec::with_capacity(slots.len());
        let mut first = None;
        for (param, slot) in signature.params.iter().zip(slots) {
            let Some(arg) = slot else {
                out.push(plan::Expr::Literal(param.default.clone().unwrap_or_default()));
                continue;
            };
            let typed = self.expr_as(scopes, &arg.value, &param.ty);
            labels = labels.join(typed.labels);
            if first.is_none() {
                first = Some(typed.ty.clone());
            }
            out.push(typed.expr);
        }
        let declared = signature.output.clone().unwrap_or(Type::Error);
        // A guard passes its first argument on, with the argument's own bound.
        let ty = match (&signature.callee, first) {
            (Callee::Guard(_), Some(given)) if declared.accepts(&given) => given,
            _ => declared,
        };
        if signature.endorses {
            labels.integrity = Integrity::Trusted;
        }
        Called {
            callee: signature.callee.clone(),
            args: out,
            labels: clean(labels, &ty),
            ty,
            signature: Some(signature),
            spec: None,
        }
    }

    fn guard_call(
        &mut self,
        scopes: &mut Scopes,
        spec: &'static CapabilitySpec,
        args: &[Arg],
        at: Span,
    ) -> Called {
        if !spec.supported {
            self.not_yet(at, &format!("the guard `{}`", spec.name));
        }
        let names: Vec<&str> = spec.params.iter().map(|p| p.name).collect();
        let slots = self.place_args(args, (spec.name, &names), |i| spec.params[i].required, at);
        let mut first: Option<Typed> = None;
        // What is left out at the end is not there; in front of others it is null.
        let given = slots.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let mut out = Vec::with_capacity(given);
        for (param, slot) in spec.params.iter().zip(slots).take(given) {
            let Some(arg) = slot else {
                out.push(plan::Expr::Literal(plan::Value::Null));
                continue;
            };
            if let TypeSpec::Names(names) = param.ty {
                out.push(self.names(scopes.file, spec.name, names, &arg.value));
                continue;
            }
            let typed = self.expr_as(scopes, &arg.value, &spec_type(param.ty));
            out.push(typed.expr.clone());
            first.get_or_insert(typed);
        }
        let (ty, mut labels) = first.map_or((Type::Error, Labels::default()), |t| (t.ty, t.labels));
        if spec.endorses {
            labels.integrity = Integrity::Trusted;
        }
        let callee = Callee::Builtin(spec.name.into());
        Called { callee, args: out, ty, labels, signature: None, spec: Some(spec) }
    }

    // A list of names that a guard knows, each of which is looked up while compiling.
    fn names(&mut self, file: usize, guard: &str, names: &Names, written: &Expr) -> plan::Expr {
        let list = self.constant_of(file, written, &Type::List(Box::new(Type::TEXT), None));
        let Some(plan::Value::List(given)) = list else { return plan::Expr::Literal(plan::Value::Null) };
        if given.is_empty() {
            let message = format!("`{guard}` is to look for nothing");
            let help = format!("leave the list out, or name one {}", names.of);
            self.report(FlowDiagnostic::new(Code::E0201, written.span, message).help(help));
        }
        for name in given.iter().filter_map(plan::Value::as_text) {
            if name == Names::ALL || names.known.contains(&name) {
                continue;
            }
            let at = written_as(written, name);
            let found = FlowDiagnostic::new(Code::E0201, at, format!("`{name}` is no {}", names.of));
            let help = match did_you_mean(name, names.known.iter().copied()) {
                Some(near) => format!("did you mean `\"{near}\"`?"),
                None => format!("there are {}, and `all`", names.known.join(", ")),
            };
            self.report(found.help(help));
        }
        plan::Expr::Literal(plan::Value::List(given))
    }

    /// Puts each argument to its parameter; reports E0203 where that does not work out.
    pub(crate) fn place_args<'x>(
        &mut self,
        args: &'x [Arg],
        (called, names): (&str, &[&str]),
        required: impl Fn(usize) -> bool,
        at: Span,
    ) -> Vec<Option<&'x Arg>> {
        let mut slots: Vec<Option<&Arg>> = vec![None; names.len()];
        let mut extra: Vec<&Arg> = Vec::new();
        let mut unknown = false;
        let mut named = None;
        for (i, arg) in args.iter().enumerate() {
            let slot = match &arg.name {
                None if named.is_some() => {
                    let message = "an argument without a name cannot stand behind one with a name";
                    self.report(FlowDiagnostic::new(Code::E0203, arg.value.span, message));
                    unknown = true;
                    continue;
                }
                None => (i < names.len()).then_some(i),
                Some(name) => {
                    named = Some(name);
                    let place = names.iter().position(|n| *n == name.name);
                    if place.is_none() {
                        unknown = true;
                        self.report_unknown_arg(called, name, names);
                        continue;
                    }
                    place
                }
            };
            match slot {
                Some(slot) if slots[slot].is_none() => slots[slot] = Some(arg),
                Some(slot) => {
                    let message = format!("`{}` of `{called}` is given twice", names[slot]);
                    self.report(FlowDiagnostic::new(Code::E0203, arg.value.span, message));
                }
                None => extra.push(arg),
            }
        }
        let takes = match names {
            [] => format!("`{called}` takes no arguments"),
            _ => format!("`{called}` takes `{}`", names.join("`, `")),
        };
        if let Some(first) = extra.first() {
            let span = extra.iter().fold(first.value.span, |s, a| s.to(a.value.span));
            let message = format!("too many arguments for `{called}`");
            self.report(FlowDiagnostic::new(Code::E0203, span, message).help(takes.clone()));
        }
        let missing: Vec<String> = (0..names.len())
            .filter(|i| slots[*i].is_none() && required(*i))
            .map(|i| format!("`{}`", names[i]))
            .collect();
        if !missing.is_empty() && !unknown {
            let message = format!("`{called}` is missing {}", missing.join(", "));
            self.report(FlowDiagnostic::new(Code::E0203, at, message).help(takes));
        }
        slots
    }

    fn report_unknown_arg(&mut self, called: &str, name: &Ident, names: &[&str]) {
        let message = format!("`{called}` has no parameter `{}`", name.name);
        let mut diagnostic = FlowDiagnostic::new(Code::E0203, name.span, message);
        diagnostic = match did_you_mean(&name.name, names.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("change it to `{near}`"),
                name.span,
                near,
            ),
            None => diagnostic.help(format!("it takes `{}`", names.join("`, `"))),
        };
        self.report(diagnostic);
    }

    fn function(
        &mut self,
        scopes: &mut Scopes,
        function: &'static functions::Function,
        args: &[Arg],
        at: Span,
    ) -> Typed {
        let name = function.spec.name;
        if let Some(named) = args.iter().find_map(|a| a.name.as_ref()) {
            let message = format!("the arguments of `{name}` have no names");
            self.report(FlowDiagnostic::new(Code::E0203, named.span, message));
            return Typed::error();
        }
        if let ("map" | "filter" | "sort_by" | "any" | "all", [list, body]) = (name, args) {
            return self.over(scopes, name, list, body);
        }
        let mut labels = Labels::default();
        let mut types = Vec::with_capacity(args.len());
        let mut out = Vec::with_capacity(args.len());
        for arg in args {
            let typed = self.expr(scopes, &arg.value, None);
            labels = labels.join(typed.labels);
            types.push(typed.ty);
            out.push(typed.expr);
        }
        if types.contains(&Type::Error) {
            return Typed::error();
        }
        if let ("matches", Some(plan::Expr::Literal(plan::Value::Text(pattern)))) = (name, out.get(1))
            && let Err(reason) = functions::check_pattern(pattern)
        {
            self.report(FlowDiagnostic::new(Code::E0201, args[1].value.span, reason));
            return Typed::error();
        }
        match function.check(&types) {
            Ok(ty) => Typed::new(function.expr(out, &types), ty.clone(), clean(labels, &ty)),
            Err(misfit) => {
                // An argument that is there is shown, a missing one at the name.
                let at = args.get(misfit.arg).map_or(at, |a| a.value.span);
                let code = if misfit.arg < args.len().min(function.spec.params.len()) {
                    Code::E0201
                } else {
                    Code::E0203
                };
                let help = format!("it is `{}`", function.signature());
                self.report(FlowDiagnostic::new(code, at, misfit.message).help(help));
                Typed::error()
            }
        }
    }

    // `map(rows, r => r.score)`, or `map(rows, it.score)`.
    fn over(&mut self, scopes: &mut Scopes, name: &str, list: &Arg, body: &Arg) -> Typed {
        let over_list = self.expr(scopes, &list.value, None);
        let item = match &over_list.ty {
            Type::List(item, _) => (**item).clone(),
            Type::Error | Type::Json(_) => Type::Error,
            ty => {
                let message = format!("`{name}` goes through a list, found `{}`", ty.unbounded());
                self.report(FlowDiagnostic::new(Code::E0201, list.value.span, message));
                Type::Error
            }
        };
        let (param, expr) = match &body.value.kind {
            ExprKind::Lambda(param, expr) => (param.clone(), &**expr),
            _ => (Ident { name: "it".into(), span: body.value.span.before() }, &body.value),
        };
        let var = scopes.fresh();
        scopes.push();
        let binding = Binding { var, ty: item.clone(), labels: over_list.labels, span: param.span };
        scopes.bind(param.name, binding);
        let wanted = matches!(name, "filter" | "any" | "all").then_some(Type::Bool);
        let result = self.maybe_run(scopes, |c, s| match &wanted {
            Some(ty) => c.expr_as(s, expr, ty),
            None => c.expr(s, expr, None),
        });
        scopes.pop();
        let bound = match &over_list.ty {
            Type::List(_, bound) => *bound,
            _ => None,
        };
        let labels = over_list.labels.join(result.labels);
        let over =
            |how| plan::Expr::Over(how, Box::new(over_list.expr.clone()), var, Box::new(result.expr.clone()));
        let of = |item: Type| Type::List(Box::new(item), bound);
        match name {
            "map" => {
                let ty = of(result.ty.clone());
                Typed::new(over(Over::Map), ty.clone(), clean(labels, &ty))
            }
            "filter" => Typed::new(over(Over::Filter), of(item), over_list.labels),
            "sort_by" => {
                if !result.ty.is_ordered() {
                    let message = format!("`{}` has no order to sort by", result.ty.unbounded());
                    self.report(FlowDiagnostic::new(Code::E0201, expr.span, message));
                }
                Typed::new(over(Over::SortBy), of(item), over_list.labels)
            }
            _ => Typed::new(
                plan::Expr::Call(name.into(), vec![over(Over::Map)]),
                Type::Bool,
                Labels::default(),
            ),
        }
    }

    /// Makes a call inside an expression a step of the block under construction.
    fn lift(&mut self, scopes: &mut Scopes, called: Called, settings: StepSettings, span: Span) -> Typed {
        let reads = scopes.reads[scopes.mark..].to_vec();
        let name = scopes.step_name.clone();
        let Some(builder) = scopes.builders.last_mut() else {
            self.report(FlowDiagnostic::new(Code::E0201, span, "a call that runs a step cannot stand here"));
            return Typed::error();
        };
        let number =
            builder.steps.iter().filter(|(s, _)| s.name.starts_with(&format!("{name}."))).count() + 1;
        let step = Step {
            name: ecow::eco_format!("{name}.{number}"),
            ty: called.ty.clone(),
            labels: called.labels,
            kind: StepKind::Call(called.callee, called.args),
            settings,
            on_fail: None,
            bounds: None,
            given: Labels::default(),
            called: None,
            span,
        };
        let var = builder.add(step, reads);
        scopes.reads.push(var);
        Typed::new(plan::Expr::Var(var), called.ty, called.labels)
    }
}

// Where an element of a list is written, or the list.
fn written_as(list: &Expr, name: &str) -> Span {
    let is = |item: &&Expr| matches!(&item.kind, ExprKind::Text(text) if text.value == name);
    match &list.kind {
        ExprKind::List(items) => items.iter().find(is).map_or(list.span, |item| item.span),
        _ => list.span,
    }
}

/// A spec's type as a type that arguments are held to.
pub(crate) fn spec_type(spec: TypeSpec) -> Type {
    match spec {
        TypeSpec::Any | TypeSpec::First | TypeSpec::Declared => Type::Error,
        TypeSpec::Text => Type::TEXT,
        TypeSpec::Int => Type::INT,
        TypeSpec::Float => Type::FLOAT,
        TypeSpec::Bool => Type::Bool,
        TypeSpec::Duration => Type::Duration,
        TypeSpec::Money => Type::Money,
        TypeSpec::Json => Type::Json(None),
        TypeSpec::List(item) => Type::List(Box::new(spec_type(*item)), None),
        TypeSpec::Names(_) => Type::List(Box::new(Type::TEXT), None),
        TypeSpec::Null => Type::Null,
    }
}
