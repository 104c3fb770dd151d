//! Actions: their channel and what it is given.

use crate::ast::{Callable, Expr, ExprKind, Setting, SettingValue, SizeUnit};
use crate::checker::Checker;
use crate::resolve::DeclId;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::{self as plan, CapabilityKind};

const SETTINGS: &[&str] = &["channel", "clearance", "influence"];

impl Checker<'_> {
    pub(crate) fn action_body(&mut self, id: DeclId, decl: &Callable) {
        let Some(signature) = self.callables.get(&id).cloned() else { return };
        let mut scopes = self.param_scopes(id.file, &signature.params);
        let (mut channel, mut cleared, mut influence) = (None, false, None);
        for setting in self.known_settings(&decl.settings, ("action", SETTINGS, &[])) {
            match setting.key.name.as_str() {
                "influence" => influence = self.influence(setting),
                "channel" => channel = Some(self.capable(&mut scopes, setting, CapabilityKind::Action)),
                _ => cleared = self.clearance(setting),
            }
        }
        if channel.is_none() {
            let message = format!("the action `{}` has no channel", decl.name.name);
            self.report(
                FlowDiagnostic::new(Code::E0206, decl.name.span, message)
                    .help("say how it acts: `channel: file(\"sent.jsonl\")`"),
            );
        }
        let Some(Some(channel)) = channel else { return };
        self.plan.actions.push(plan::Action {
            name: decl.name.name.clone(),
            doc: decl.doc.clone(),
            params: signature.params.clone(),
            channel: channel.spec.name.into(),
            args: channel.args,
            cleared,
            influence,
            outward: channel.spec.outward,
            span: decl.name.span,
        });
    }

    // `influence: 4 bits`.
    fn influence(&mut self, setting: &Setting) -> Option<u32> {
        match &setting.value {
            SettingValue::Expr(Expr { kind: ExprKind::Size(bits, SizeUnit::Bits), .. }) => {
                Some(u32::try_from(*bits).unwrap_or(u32::MAX))
            }
            SettingValue::Error(_) => None,
            _ => self.bad_setting(setting, "a number of bits, as in `4 bits`"),
        }
    }
}
