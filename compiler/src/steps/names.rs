//! The names an operation mentions, to find out what depends on what before anything is typed.
//!
//! A mention may turn out to be something else (an enum's variant), so this errs towards more.

use crate::ast::{Block, Expr, ExprKind, OnFail, Operation, OperationKind, Setting, SettingValue, StringLit};
use crate::template::{self, Names};
use ecow::EcoString;
use flow_diagnostics::Diagnostics;
use flow_plan::Type;

/// Calls `see` for each name an operation mentions and does not define itself.
pub(crate) fn mentions(operation: &Operation, see: &mut dyn FnMut(&EcoString)) {
    let mut walk = Walk { bound: Vec::new(), see };
    walk.operation(operation);
}

/// How many calls an operation holds outside its nested blocks: the most steps it can become.
pub(crate) fn calls(operation: &Operation) -> u32 {
    let mut count = 0;
    each_own(operation, &mut |expr| count_calls(expr, &mut count));
    count
}

/// How many calls an expression holds.
pub(crate) fn inner_calls(expr: &Expr) -> u32 {
    let mut count = 0;
    count_calls(expr, &mut count);
    count
}

/// Whether it holds of an expression, or of one inside it.
pub(super) fn any(expr: &Expr, is: &dyn Fn(&Expr) -> bool) -> bool {
    let mut found = is(expr);
    children(expr, &mut |child| found = found || any(child, is));
    found
}

fn each_own<'a>(operation: &'a Operation, see: &mut dyn FnMut(&'a Expr)) {
    match &operation.kind {
        OperationKind::Expr(expr) => see(expr),
        OperationKind::If { condition, .. } => see(condition),
        OperationKind::Match { subject, .. } => see(subject),
        OperationKind::Each { list, .. } => see(list),
        OperationKind::Repeat { from, .. } => from.iter().for_each(see),
        OperationKind::Error(_) => {}
    }
}

fn count_calls(expr: &Expr, count: &mut u32) {
    if matches!(expr.kind, ExprKind::Call(..)) {
        *count += 1;
    }
    children(expr, &mut |child| count_calls(child, count));
}

fn children<'a>(expr: &'a Expr, see: &mut dyn FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::Field(a, _) | ExprKind::Unary(_, a) | ExprKind::Lambda(_, a) => see(a),
        ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
            see(a);
            see(b);
        }
        ExprKind::Call(callee, args) => {
            // The name of what is called is no value.
            if !matches!(callee.kind, ExprKind::Name(_)) {
                see(callee);
            }
            args.iter().for_each(|a| see(&a.value));
        }
        ExprKind::List(items) => items.iter().for_each(see),
        ExprKind::Record(_, entries) => entries.iter().for_each(|(_, e)| see(e)),
        _ => {}
    }
}

struct Walk<'s> {
    bound: Vec<EcoString>,
    see: &'s mut dyn FnMut(&EcoString),
}

impl Walk<'_> {
    fn name(&mut self, name: &EcoString) {
        if !self.bound.contains(name) {
            (self.see)(name);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::Text(lit) if lit.is_template() => free_names(lit).iter().for_each(|n| self.name(n)),
            ExprKind::Lambda(param, body) => self.with([&param.name], |w| w.expr(body)),
            _ => children(expr, &mut |child| self.expr(child)),
        }
    }

    fn with<'n>(&mut self, names: impl IntoIterator<Item = &'n EcoString>, inner: impl FnOnce(&mut Self)) {
        let before = self.bound.len();
        self.bound.extend(names.into_iter().cloned());
        inner(self);
        self.bound.truncate(before);
    }

    fn operation(&mut self, operation: &Operation) {
        each_own(operation, &mut |e| self.expr(e));
        match &operation.kind {
            OperationKind::If { then, otherwise, .. } => {
                self.block(then);
                otherwise.iter().for_each(|b| self.block(b));
            }
            OperationKind::Match { arms, .. } => arms.iter().for_each(|a| self.block(&a.body)),
            OperationKind::Each { item, body, .. } => self.with([&item.name], |w| w.block(body)),
            OperationKind::Repeat { body, until, .. } => {
                let it = EcoString::from("it");
                self.with([&it], |w| {
                    w.block(body);
                    until.iter().for_each(|u| w.expr(u));
                });
            }
            OperationKind::Expr(_) | OperationKind::Error(_) => {}
        }
        let it = EcoString::from("it");
        self.with([&it], |w| operation.settings.iter().for_each(|s| w.setting(s)));
        match operation.on_fail.as_deref() {
            Some(OnFail::Stop { message, .. }) => self.expr(message),
            Some(OnFail::Do(handler)) => self.operation(handler),
            _ => {}
        }
    }

    fn setting(&mut self, setting: &Setting) {
        match &setting.value {
            SettingValue::Expr(expr) => self.expr(expr),
            SettingValue::Words { head, words } => {
                head.iter().for_each(|e| self.expr(e));
                words.iter().for_each(|(_, e)| self.expr(e));
            }
            SettingValue::Typed { source, .. } => self.expr(source),
            SettingValue::Price(_) | SettingValue::Error(_) => {}
        }
    }

    fn block(&mut self, block: &Block) {
        let own: Vec<&EcoString> =
            block.steps.iter().filter_map(|s| s.name.as_ref()).map(|n| &n.name).collect();
        self.with(own, |w| {
            block.settings.iter().for_each(|s| w.setting(s));
            block.steps.iter().for_each(|s| w.operation(&s.operation));
            block.results.iter().for_each(|r| w.operation(&r.value));
        });
    }
}

/// The free names of a text with holes.
fn free_names(lit: &StringLit) -> Vec<EcoString> {
    struct Anything;
    impl Names for Anything {
        fn ty(&self, _: &str) -> Option<Type> {
            Some(Type::Error)
        }
        fn candidates(&self) -> Vec<EcoString> {
            Vec::new()
        }
    }
    // What is wrong in the template is reported when it is typed.
    template::check(lit, &Anything, &mut Diagnostics::default()).free
}
