//! Settings that may come from the environment, and arguments of sources and channels.

use crate::ast::{Arg as AstArg, Expr, ExprKind, Setting, SettingValue};
use crate::checker::Checker;
use crate::types::Scopes;
use crate::types::call::spec_type;
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic, did_you_mean};
use flow_plan::{Arg, CapabilityKind, CapabilitySpec, Config, Type, Value};

/// A checked `name(arguments)` behind `source:` or `channel:`.
pub(crate) struct Capable {
    pub(crate) spec: &'static CapabilitySpec,
    pub(crate) args: Vec<(EcoString, Arg)>,
}

impl Checker<'_> {
    /// A text or `env("NAME")`.
    pub(crate) fn config(&mut self, file: usize, setting: &Setting) -> Option<Config> {
        let SettingValue::Expr(expr) = &setting.value else {
            return self.bad_setting(setting, "a text or `env(\"NAME\")`");
        };
        if let Some(name) = self.env_call(expr) {
            return name.map(Config::Env);
        }
        match self.constant_of(file, expr, &Type::TEXT)? {
            Value::Text(text) => Some(Config::Text(text)),
            _ => None,
        }
    }

    /// The variable of `env("NAME")`; `Some(None)` where the call itself is wrong.
    pub(crate) fn env_call(&mut self, expr: &Expr) -> Option<Option<EcoString>> {
        let ExprKind::Call(callee, args) = &expr.kind else { return None };
        if !matches!(&callee.kind, ExprKind::Name(n) if n == "env") {
            return None;
        }
        match args.as_slice() {
            [AstArg { name: None, value: Expr { kind: ExprKind::Text(lit), .. } }]
                if !lit.value.is_empty() =>
            {
                Some(Some(lit.value.clone()))
            }
            _ => {
                self.report(
                    FlowDiagnostic::new(Code::E0203, expr.span, "`env` takes the name of one variable")
                        .help("write it as a plain text: `env(\"CRM_URL\")`"),
                );
                Some(None)
            }
        }
    }

    /// `search("help/**/*.md")`: a capability of this kind with its arguments.
    pub(crate) fn capable(
        &mut self,
        scopes: &mut Scopes,
        setting: &Setting,
        kind: CapabilityKind,
    ) -> Option<Capable> {
        let what = if kind == CapabilityKind::Lookup { "source" } else { "channel" };
        let (name, args, at) = match &setting.value {
            SettingValue::Expr(Expr { kind: ExprKind::Call(callee, args), .. }) => match &callee.kind {
                ExprKind::Name(name) => (name, args, callee.span),
                _ => return self.bad_setting(setting, &format!("a {what} with its arguments")),
            },
            SettingValue::Error(_) => return None,
            _ => return self.bad_setting(setting, &format!("a {what} with its arguments")),
        };
        let Some(spec) = crate::world::capability(self.world, kind, name) else {
            let known: Vec<&str> =
                self.world.capabilities().iter().filter(|s| s.kind == kind).map(|s| s.name).collect();
            let mut diagnostic = FlowDiagnostic::new(Code::E0101, at, format!("there is no {what} `{name}`"));
            diagnostic = match did_you_mean(name, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("change it to `{near}`"),
                    at,
                    near,
                ),
                None => diagnostic.help(format!("the {what}s are {}", known.join(", "))),
            };
            self.report(diagnostic);
            return None;
        };
        if !spec.supported {
            self.not_yet(at, &format!("the {what} `{name}`"));
            return Some(Capable { spec, args: Vec::new() });
        }
        let names: Vec<&str> = spec.params.iter().map(|p| p.name).collect();
        let slots = self.place_args(args, (spec.name, &names), |i| spec.params[i].required, at);
        let mut out = Vec::new();
        for (param, slot) in spec.params.iter().zip(slots) {
            let Some(arg) = slot else { continue };
            let value = match self.env_call(&arg.value) {
                Some(Some(name)) => Arg::Env(name),
                Some(None) => continue,
                None => Arg::Expr(self.expr_as(scopes, &arg.value, &spec_type(param.ty)).expr),
            };
            out.push((EcoString::from(param.name), value));
        }
        Some(Capable { spec, args: out })
    }
}
