//! Guards of the program: what they require.

use super::lookup::is_true;
use crate::ast::{Callable, Expr, ExprKind, Setting, SettingValue, UnaryOp};
use crate::checker::Checker;
use crate::resolve::DeclId;
use crate::steps::{Input, inner_calls};
use crate::types::{Scopes, Typed};
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::{self as plan, Require, Type, Value};
use std::sync::Arc;

const SETTINGS: &[&str] = &["require", "endorses"];

impl Checker<'_> {
    /// What of a guard its callers must know before any body is checked.
    pub(crate) fn guard_promises(&mut self, id: DeclId, decl: &Callable) {
        let endorses = decl.settings.iter().any(|s| s.key.name == "endorses" && is_true(&s.value));
        let can_fail = decl.settings.iter().any(|s| s.key.name == "require" && !is_true(&s.value));
        if let Some(signature) = self.callables.get_mut(&id) {
            let signature = Arc::make_mut(signature);
            signature.endorses = endorses;
            signature.can_redact = can_fail && decl.settings.iter().all(|s| finds(s, decl));
            signature.can_fail = can_fail;
        }
        if !can_fail {
            let message = format!("the guard `{}` can't fail", decl.name.name);
            self.report(
                FlowDiagnostic::new(Code::W0703, decl.name.span, message)
                    .help("say what must hold: `require: len(reply) < 1200`"),
            );
        }
    }

    pub(crate) fn guard_body(&mut self, id: DeclId, decl: &Callable) {
        let Some(signature) = self.callables.get(&id).cloned() else { return };
        if signature.params.is_empty() {
            let message = format!("the guard `{}` takes nothing it could look at", decl.name.name);
            self.report(
                FlowDiagnostic::new(Code::E0203, decl.name.span, message)
                    .help("its first parameter is the value it passes on"),
            );
        }
        let mut scopes = Scopes::new(id.file);
        scopes.step_name = decl.name.name.clone();
        scopes.no_reviews = Some("a guard");
        let settings = self.known_settings(&decl.settings, ("guard", SETTINGS, &["require"]));
        let required: Vec<&Expr> = settings
            .iter()
            .filter(|s| s.key.name == "require")
            .filter_map(|s| match &s.value {
                SettingValue::Expr(expr) => Some(expr),
                SettingValue::Error(_) => None,
                _ => self.bad_setting(s, "a condition"),
            })
            .collect();
        for setting in settings.iter().filter(|s| s.key.name == "endorses") {
            self.constant_setting(id.file, setting, &Type::Bool);
        }
        let calls = required.iter().map(|e| inner_calls(e)).sum();
        let inputs: Vec<Input> = signature
            .params
            .iter()
            .map(|p| Input { name: p.name.clone(), ty: p.ty.clone(), labels: p.labels, span: p.span })
            .collect();
        let mut requires = Vec::new();
        let checked = self.in_block(&mut scopes, (inputs, calls), |checker, scopes| {
            for expr in required {
                scopes.mark = scopes.reads.len();
                let typed = checker.expr_as(scopes, expr, &Type::Bool);
                let text = checker.sources.text(expr.span).into();
                requires.push(Require { holds: typed.expr, text, span: expr.span });
            }
            Typed::constant(Value::Null, Type::Null)
        });
        if signature.can_fail {
            self.unused_params(&signature.params, &scopes);
        }
        let guard = plan::Guard {
            name: decl.name.name.clone(),
            doc: decl.doc.clone(),
            params: signature.params.clone(),
            body: checked.block,
            requires,
            endorses: signature.endorses,
            span: decl.name.span,
        };
        self.guards.push((signature.callee.clone(), guard));
    }
}

// `require: not matches(reply, "…")`: what is found can be taken out; of anything else it is not known
// what would have to go.
fn finds(setting: &Setting, decl: &Callable) -> bool {
    if setting.key.name != "require" {
        return true;
    }
    let SettingValue::Expr(Expr { kind: ExprKind::Unary(UnaryOp::Not, found), .. }) = &setting.value else {
        return false;
    };
    let ExprKind::Call(callee, args) = &found.kind else { return false };
    let [text, pattern] = args.as_slice() else { return false };
    let names = |expr: &Expr, name: &str| matches!(&expr.kind, ExprKind::Name(n) if n == name);
    let is_first = decl.params.first().is_some_and(|first| names(&text.value, &first.name.name));
    let is_written = matches!(&pattern.value.kind, ExprKind::Text(text) if !text.is_template());
    names(callee, "matches") && is_first && is_written && args.iter().all(|arg| arg.name.is_none())
}
