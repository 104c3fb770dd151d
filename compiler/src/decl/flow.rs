//! Flows: their settings, their steps, what they give back.

use super::assume::Assuming;
use crate::ast::{Flow, Setting, SettingValue};
use crate::checker::Checker;
use crate::resolve::DeclId;
use crate::steps::{BlockKind, DEFAULTS, Input};
use crate::types::Scopes;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::{self as plan, FlowSettings, Type, Value};
use std::sync::Arc;

const OWN: &[&str] = &["budget", "deadline", "assume"];

impl Checker<'_> {
    pub(crate) fn flow_body(&mut self, id: DeclId, decl: &Flow) {
        let Some(signature) = self.callables.get(&id).cloned() else { return };
        let known: Vec<&str> = OWN.iter().chain(DEFAULTS).copied().collect();
        let settings = self.known_settings(&decl.body.settings, ("flow", &known, &["assume"]));
        let (own, defaults): (Vec<&Setting>, Vec<&Setting>) =
            settings.into_iter().partition(|s| OWN.contains(&s.key.name.as_str()));
        let mut scopes = Scopes::new(id.file);
        scopes.defaults = defaults.into_iter().cloned().collect();
        let mut flow_settings = self.flow_settings(id.file, &own);
        let inputs = signature
            .params
            .iter()
            .map(|p| Input { name: p.name.clone(), ty: p.ty.clone(), labels: p.labels, span: p.span })
            .collect();
        let mut checked =
            self.block(&mut scopes, &decl.body, (BlockKind::Flow, inputs), signature.output.as_ref());
        let assumes: Vec<&Setting> = own.iter().copied().filter(|s| s.key.name == "assume").collect();
        let assuming = Assuming { file: id.file, decl, params: &signature.params, body: &checked.block };
        (checked.block.assumes, flow_settings.rates) = self.assumptions(&assuming, &assumes);
        self.unused_params(&signature.params, &scopes);
        self.check_result(decl, &signature.output);
        let output = signature.output.clone().unwrap_or(checked.ty);
        if let Some(signature) = self.callables.get_mut(&id) {
            let signature = Arc::make_mut(signature);
            signature.output = Some(output.clone());
            signature.labels = checked.labels;
        }
        let flow = plan::Flow {
            name: decl.name.name.clone(),
            doc: decl.doc.clone(),
            params: signature.params.clone(),
            output,
            // What it is declared to be; what is found of it comes with the labels.
            labels: signature.labels,
            settings: flow_settings,
            body: checked.block,
            span: decl.name.span,
        };
        self.flows.push((signature.callee.clone(), flow));
    }

    fn check_result(&mut self, decl: &Flow, output: &Option<Type>) {
        let nothing = matches!(output, None | Some(Type::Null | Type::Error | Type::Optional(_)));
        if decl.body.results.is_empty() && !nothing {
            let message = format!("the flow `{}` returns nothing", decl.name.name);
            let at = decl.output.as_ref().map_or(decl.name.span, |t| t.span);
            self.report(
                FlowDiagnostic::new(Code::E0201, decl.name.span, message)
                    .label(at, "it should give this back")
                    .help("end it with `return …`"),
            );
        }
    }

    fn flow_settings(&mut self, file: usize, own: &[&Setting]) -> FlowSettings {
        let mut out = FlowSettings::default();
        for setting in own {
            if matches!(setting.value, SettingValue::Error(_)) {
                continue;
            }
            match setting.key.name.as_str() {
                "budget" => {
                    out.budget = match self.constant_setting(file, setting, &Type::Money) {
                        Some(Value::Money(cost)) => Some(cost),
                        _ => None,
                    }
                }
                "deadline" => out.deadline = self.duration_setting(file, setting),
                // Once the steps are known.
                _ => {}
            }
        }
        out
    }
}
