//! Walks over a syntax tree: every expression, text, setting, step and type, in the order of the text.

use flow_compiler::ast::*;

/// What is looked at on the way. Each does nothing unless it is said otherwise.
pub(crate) trait Visit {
    /// An expression, before what is in it.
    fn expr(&mut self, _: &Expr) {}
    /// A text, wherever one may stand.
    fn text(&mut self, _: &StringLit) {}
    /// A setting, before its value.
    fn setting(&mut self, _: &Setting) {}
    /// A step, before its operation.
    fn step(&mut self, _: &Step) {}
    /// A block with its settings and steps, before them.
    fn block(&mut self, _: &Block) {}
    /// A type, before what is in it.
    fn ty(&mut self, _: &TypeExpr) {}
    /// A parameter or a field, before its type.
    fn param(&mut self, _: &Param) {}
    /// A name in a place where nothing else could stand.
    fn ident(&mut self, _: &Ident) {}
}

/// Walks over all declarations.
pub(crate) fn file(file: &File, see: &mut dyn Visit) {
    file.items().for_each(|it| item(it, see));
}

/// Walks over one declaration.
pub(crate) fn item(item: &Item, see: &mut dyn Visit) {
    match item {
        Item::Import(d) => d.names.iter().for_each(|n| {
            see.ident(&n.name);
            n.alias.iter().for_each(|a| see.ident(a));
        }),
        Item::Const(d) => {
            d.ty.iter().for_each(|t| ty(t, see));
            expr(&d.value, see);
        }
        Item::Type(d) => match &d.body {
            TypeBody::Record(fields) => params(fields, see),
            TypeBody::Alias(alias) => ty(alias, see),
        },
        Item::Enum(d) => d.variants.iter().for_each(|(name, _)| see.ident(name)),
        Item::Model(d) => {
            see.text(&d.id);
            settings(&d.settings, see);
        }
        Item::Prompt(d) => {
            callable((&d.params, &d.output), see);
            d.from.iter().for_each(|t| see.text(t));
            settings(&d.settings, see);
        }
        Item::Lookup(d) | Item::Guard(d) | Item::Action(d) => {
            callable((&d.params, &d.output), see);
            settings(&d.settings, see);
        }
        Item::Flow(d) => {
            callable((&d.params, &d.output), see);
            block(&d.body, see);
        }
        Item::Batch(d) => block(&d.body, see),
        Item::Test(d) => {
            see.text(&d.name);
            d.lines.iter().for_each(|line| test_line(line, see));
        }
        Item::Eval(d) => {
            settings(&d.settings, see);
            d.scores.iter().for_each(|(_, e)| expr(e, see));
        }
        Item::Error(_) => {}
    }
}

fn callable((list, output): (&[Param], &Option<TypeExpr>), see: &mut dyn Visit) {
    params(list, see);
    output.iter().for_each(|t| ty(t, see));
}

fn params(list: &[Param], see: &mut dyn Visit) {
    for param in list {
        see.param(param);
        ty(&param.ty, see);
        param.default.iter().for_each(|d| expr(d, see));
    }
}

fn ty(written: &TypeExpr, see: &mut dyn Visit) {
    see.ty(written);
    match &written.kind {
        TypeExprKind::Named(name) => see.ident(name),
        TypeExprKind::List(t) | TypeExprKind::Map(t) | TypeExprKind::Optional(t) => ty(t, see),
        TypeExprKind::Bounded { inner, bound, .. } => {
            ty(inner, see);
            expr(bound, see);
        }
        TypeExprKind::Range { inner, low, high } => {
            ty(inner, see);
            expr(low, see);
            expr(high, see);
        }
        TypeExprKind::Labelled { inner, .. } => ty(inner, see),
        TypeExprKind::Error => {}
    }
}

fn test_line(line: &TestLine, see: &mut dyn Visit) {
    match line {
        TestLine::Reply { prompt, with, .. } => {
            see.ident(prompt);
            match with {
                Reply::Value(value) => expr(value, see),
                Reply::From(file) => see.text(file),
            }
        }
        TestLine::Let(s) => step(s, see),
        TestLine::Expect { value, .. } => expr(value, see),
        TestLine::Error(_) => {}
    }
}

fn settings(list: &[Setting], see: &mut dyn Visit) {
    for setting in list {
        see.setting(setting);
        match &setting.value {
            SettingValue::Expr(value) => expr(value, see),
            SettingValue::Words { head, words } => {
                head.iter().for_each(|e| expr(e, see));
                words.iter().for_each(|(_, e)| expr(e, see));
            }
            SettingValue::Price(parts) => parts.iter().for_each(|(e, _)| expr(e, see)),
            SettingValue::Typed { source, ty: written } => {
                expr(source, see);
                ty(written, see);
            }
            SettingValue::Error(_) => {}
        }
    }
}

fn block(inner: &Block, see: &mut dyn Visit) {
    see.block(inner);
    settings(&inner.settings, see);
    inner.steps.iter().for_each(|s| step(s, see));
    inner.results.iter().for_each(|r| operation(&r.value, see));
}

fn step(inner: &Step, see: &mut dyn Visit) {
    see.step(inner);
    operation(&inner.operation, see);
}

fn operation(inner: &Operation, see: &mut dyn Visit) {
    match &inner.kind {
        OperationKind::Expr(e) => expr(e, see),
        OperationKind::If { condition, then, otherwise } => {
            expr(condition, see);
            block(then, see);
            otherwise.iter().for_each(|b| block(b, see));
        }
        OperationKind::Match { subject, arms } => {
            expr(subject, see);
            for arm in arms {
                for pattern in &arm.patterns {
                    if let Pattern::Literal(e) = pattern {
                        expr(e, see);
                    }
                }
                block(&arm.body, see);
            }
        }
        OperationKind::Each { item, list, body } => {
            see.ident(item);
            expr(list, see);
            block(body, see);
        }
        OperationKind::Repeat { up_to, from, body, until } => {
            up_to.iter().chain(from).for_each(|e| expr(e, see));
            block(body, see);
            until.iter().for_each(|e| expr(e, see));
        }
        OperationKind::Error(_) => {}
    }
    settings(&inner.settings, see);
    match inner.on_fail.as_deref() {
        Some(OnFail::Stop { message, .. }) => expr(message, see),
        Some(OnFail::Retry { times, .. }) => expr(times, see),
        Some(OnFail::Do(handler)) => operation(handler, see),
        Some(OnFail::Redact(_) | OnFail::Hold(_) | OnFail::Error(_)) | None => {}
    }
}

/// Walks over an expression.
pub(crate) fn value(value: &Expr, see: &mut dyn Visit) {
    expr(value, see);
}

fn expr(inner: &Expr, see: &mut dyn Visit) {
    see.expr(inner);
    match &inner.kind {
        ExprKind::Text(text) => see.text(text),
        ExprKind::Field(of, _) | ExprKind::Unary(_, of) => expr(of, see),
        ExprKind::Lambda(name, body) => {
            see.ident(name);
            expr(body, see);
        }
        ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
            expr(a, see);
            expr(b, see);
        }
        ExprKind::Call(callee, args) => {
            expr(callee, see);
            args.iter().for_each(|a| expr(&a.value, see));
        }
        ExprKind::List(items) => items.iter().for_each(|e| expr(e, see)),
        ExprKind::Record(_, entries) => entries.iter().for_each(|(_, e)| expr(e, see)),
        _ => {}
    }
}
