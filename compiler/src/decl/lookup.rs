//! Lookups: their source and what it is asked.

use crate::ast::{Callable, Expr, ExprKind, SettingValue};
use crate::checker::Checker;
use crate::resolve::DeclId;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::{self as plan, CapabilityKind, Integrity, Labels, Type, Value};
use std::sync::Arc;

const SETTINGS: &[&str] = &["source", "trusted"];

impl Checker<'_> {
    pub(crate) fn lookup_body(&mut self, id: DeclId, decl: &Callable) {
        let Some(signature) = self.callables.get(&id).cloned() else { return };
        let mut scopes = self.param_scopes(id.file, &signature.params);
        let mut source = None;
        let mut trusted = false;
        for setting in self.known_settings(&decl.settings, ("lookup", SETTINGS, &[])) {
            match setting.key.name.as_str() {
                "source" => source = Some(self.capable(&mut scopes, setting, CapabilityKind::Lookup)),
                _ => {
                    trusted = self.constant_setting(id.file, setting, &Type::Bool) == Some(Value::Bool(true));
                }
            }
        }
        if source.is_none() {
            let message = format!("the lookup `{}` has no source", decl.name.name);
            self.report(
                FlowDiagnostic::new(Code::E0206, decl.name.span, message)
                    .help("say where it looks: `source: search(\"help/**/*.md\")`"),
            );
        }
        if let (true, Some(signature)) = (trusted, self.callables.get_mut(&id)) {
            Arc::make_mut(signature).labels.integrity = Integrity::Trusted;
        }
        // A full-text search reads its question from the parameters, so they are used.
        let Some(Some(source)) = source else { return };
        self.plan.lookups.push(plan::Lookup {
            name: decl.name.name.clone(),
            doc: decl.doc.clone(),
            params: signature.params.clone(),
            output: signature.output.clone().unwrap_or(Type::Error),
            labels: Labels { integrity: Integrity::default(), ..signature.labels },
            source: source.spec.name.into(),
            args: source.args,
            trusted,
            file: self.program.files[id.file].path.clone(),
            span: decl.name.span,
        });
    }
}

/// A setting that is `true` as it is written, without looking anything up.
pub(super) fn is_true(value: &SettingValue) -> bool {
    matches!(value, SettingValue::Expr(Expr { kind: ExprKind::Bool(true), .. }))
}
