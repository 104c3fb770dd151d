//! Settings of a step: typed, with the flow's and the prompt's defaults filled in.

use super::block::Input;
use crate::ast::{Expr, ExprKind, Setting, SettingValue};
use crate::checker::Checker;
use crate::types::call::Called;
use crate::types::{Scopes, Typed};
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{CachePolicy, Callee, Escalate, Millis, ModelId, StepSettings, Type, Value};

/// Settings a step may have, by what it calls.
const PROMPT: &[&str] =
    &["model", "fallback", "escalate", "retry", "timeout", "hedge", "cache", "at", "tools", "key"];
const LOOKUP: &[&str] = &["retry", "timeout", "cache", "at", "key"];
const GUARD: &[&str] = &["retry", "timeout", "cache"];
const ACTION: &[&str] = &["retry", "timeout", "cache", "at", "key", "rate"];
const FLOW: &[&str] = &["retry", "timeout", "cache", "at", "key"];

/// Settings that a flow may give to all its steps.
pub(crate) const DEFAULTS: &[&str] =
    &["model", "fallback", "escalate", "retry", "timeout", "hedge", "cache", "at", "tools"];

impl Checker<'_> {
    /// The settings of a call at the head of a step.
    pub(crate) fn call_settings(
        &mut self,
        scopes: &mut Scopes,
        called: &Called,
        own: &[Setting],
        at: Span,
    ) -> StepSettings {
        let (known, what) = known_settings(&called.callee);
        let mut settings: Vec<Setting> = self.applicable_defaults(scopes, &called.callee);
        for (i, setting) in own.iter().enumerate() {
            if let Some(first) = own[..i].iter().find(|s| s.key.name == setting.key.name) {
                self.report_repeated(setting, first);
                continue;
            }
            if !known.contains(&setting.key.name.as_str()) {
                self.unknown_setting(setting, what, known);
                continue;
            }
            settings.retain(|s| s.key.name != setting.key.name);
            settings.push(setting.clone());
        }
        self.typed_settings(scopes, called, &settings, at)
    }

    /// The settings of a call inside an expression, which has none of its own.
    pub(crate) fn inner_settings(&mut self, scopes: &mut Scopes, called: &Called, at: Span) -> StepSettings {
        let defaults = self.applicable_defaults(scopes, &called.callee);
        self.typed_settings(scopes, called, &defaults, at)
    }

    // A prompt takes all the flow's defaults; a lookup and a built-in guard those that mean something
    // to them; what acts or calls further steps only what it says itself.
    fn applicable_defaults(&self, scopes: &Scopes, callee: &Callee) -> Vec<Setting> {
        let applies = |key: &str| match callee {
            Callee::Prompt(_) => true,
            Callee::Lookup(_) => matches!(key, "retry" | "timeout" | "cache"),
            Callee::Builtin(_) => key == "timeout",
            _ => false,
        };
        scopes.defaults.iter().filter(|s| applies(&s.key.name)).cloned().collect()
    }

    fn typed_settings(
        &mut self,
        scopes: &mut Scopes,
        called: &Called,
        settings: &[Setting],
        at: Span,
    ) -> StepSettings {
        let mut out = StepSettings::default();
        let is_prompt = matches!(called.callee, Callee::Prompt(_));
        if is_prompt {
            let own = settings.iter().find(|s| s.key.name == "model" && !from_defaults(scopes, s));
            let flows = settings.iter().find(|s| s.key.name == "model");
            let prompts = called.signature.as_ref().and_then(|s| s.model);
            // The closest word counts: the step's, then the prompt's, then the flow's.
            out.model = match (own, prompts, flows) {
                (Some(setting), ..) => self.model_setting(scopes.file, setting),
                (None, Some(model), _) => Some(model),
                (None, None, Some(setting)) => self.model_setting(scopes.file, setting),
                (None, None, None) => self.only_model(called, at),
            };
        }
        for setting in settings {
            if !matches!(setting.value, SettingValue::Error(_)) {
                self.typed_setting(scopes, called, setting, &mut out);
            }
        }
        let written = |key: &str| settings.iter().find(|s| s.key.name == key).map(|s| s.span);
        let fallback = out.fallback.iter().map(|model| (Some(*model), "fallback"));
        let asked = [(out.model, "model"), (out.escalate.as_ref().map(|e| e.to), "escalate")];
        out.models_at = asked
            .into_iter()
            .chain(fallback)
            .filter_map(|(model, key)| Some((model?, written(key)?)))
            .collect();
        out
    }

    fn typed_setting(
        &mut self,
        scopes: &mut Scopes,
        called: &Called,
        setting: &Setting,
        out: &mut StepSettings,
    ) {
        let file = scopes.file;
        let at = match &setting.value {
            SettingValue::Expr(expr) => Some(expr.span),
            _ => None,
        };
        match setting.key.name.as_str() {
            "fallback" => out.fallback = self.fallback(file, setting, out.model),
            "escalate" => out.escalate = self.escalate(scopes, called, setting, out.model),
            "retry" => {
                out.retry_at = at;
                let times = self.constant_setting(file, setting, &Type::INT);
                match times {
                    Some(Value::Int(n)) if (0..=100).contains(&n) => out.retry = n as u32,
                    Some(_) => self.bad_setting::<()>(setting, "a number of further attempts from 0 to 100"),
                    None => {}
                }
            }
            "timeout" => (out.timeout, out.timeout_at) = (self.duration_setting(file, setting), at),
            "hedge" => out.hedge = self.duration_setting(file, setting),
            "cache" => {
                (out.cache, out.cache_at) = (self.cache(scopes, called, setting), Some(setting.span));
            }
            "key" => out.key = self.value_setting(scopes, setting).map(|t| t.expr),
            key @ ("at" | "tools" | "rate") => self.not_yet(setting.key.span, &format!("`{key}`")),
            _ => {}
        }
    }

    fn fallback(&mut self, file: usize, setting: &Setting, first: Option<ModelId>) -> Vec<ModelId> {
        let SettingValue::Expr(expr) = &setting.value else {
            self.bad_setting::<()>(setting, "a model or a list of models");
            return Vec::new();
        };
        let list: Vec<&Expr> = match &expr.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![expr],
        };
        let mut out: Vec<ModelId> = Vec::new();
        for item in list {
            let Some(model) = self.model_name(file, item) else { continue };
            if Some(model) == first || out.contains(&model) {
                self.report(
                    FlowDiagnostic::new(Code::E0403, item.span, "this fallback can never run")
                        .here("this model has failed already by then")
                        .help("name another model, or try the same one again with `retry`"),
                );
                continue;
            }
            out.push(model);
        }
        out
    }

    fn escalate(
        &mut self,
        scopes: &mut Scopes,
        called: &Called,
        setting: &Setting,
        first: Option<ModelId>,
    ) -> Option<Escalate> {
        let (head, unless) = match &setting.value {
            SettingValue::Expr(expr) => (expr, None),
            SettingValue::Words { head: Some(head), words } => match words.as_slice() {
                [(word, condition)] if word.name == "unless" => (head, Some(condition)),
                _ => {
                    return self
                        .bad_setting(setting, "a model and a condition: `careful unless it.confident`");
                }
            },
            _ => return self.bad_setting(setting, "a model and a condition: `careful unless it.confident`"),
        };
        let to = self.model_name(scopes.file, head)?;
        if Some(to) == first {
            self.report(
                FlowDiagnostic::new(Code::E0403, head.span, "the model would be asked again by itself")
                    .help("escalate to another model"),
            );
        }
        let unless = unless.map(|condition| {
            let it =
                Input { name: "it".into(), ty: called.ty.clone(), labels: called.labels, span: head.span };
            self.condition(scopes, condition, vec![it], "escalate").block
        });
        Some(Escalate { to, unless })
    }

    fn cache(&mut self, scopes: &mut Scopes, called: &Called, setting: &Setting) -> Option<CachePolicy> {
        let (head, scope) = match &setting.value {
            SettingValue::Expr(expr) => (expr, None),
            SettingValue::Words { head: Some(head), words } => match words.as_slice() {
                [(word, scope)] if word.name == "per" => (head, Some(scope)),
                _ => {
                    return self
                        .bad_setting(setting, "how long an answer is good: `1h` or `1h per customer`");
                }
            },
            SettingValue::Words { head: None, words } if words.iter().any(|(w, _)| w.name == "similar") => {
                self.not_yet(setting.span, "`cache: similar`");
                return None;
            }
            _ => return self.bad_setting(setting, "how long an answer is good: `1h` or `1h per customer`"),
        };
        let Some(Value::Duration(ttl)) = self.constant_of(scopes.file, head, &Type::Duration) else {
            return None;
        };
        let never = match &called.callee {
            _ if ttl == Millis(0) => Some("an entry that is good for no time is never found again"),
            Callee::Action(_) => Some("an action runs once for each key, so there is nothing to find again"),
            Callee::Builtin(_) => Some("a built-in guard makes no call, so there is nothing to save"),
            _ => None,
        };
        if let Some(reason) = never {
            self.report(
                FlowDiagnostic::new(Code::W0704, setting.span, "this cache never saves a call").help(reason),
            );
            return None;
        }
        match called.callee {
            Callee::Flow(_) => self.not_yet(setting.span, "`cache` of a flow"),
            Callee::Guard(_) => self.not_yet(setting.span, "`cache` of a guard"),
            _ => {}
        }
        let scope = scope.map(|s| self.expr(scopes, s, None).expr);
        Some(CachePolicy { ttl, scope })
    }

    fn model_setting(&mut self, file: usize, setting: &Setting) -> Option<ModelId> {
        match &setting.value {
            SettingValue::Expr(expr) => self.model_name(file, expr),
            SettingValue::Error(_) => None,
            _ => self.bad_setting(setting, "the name of a model"),
        }
    }

    // A file with one model needs no word about which.
    fn only_model(&mut self, called: &Called, at: Span) -> Option<ModelId> {
        let declared = self.models.len();
        if declared == 1 {
            let (id, model) = self.models.iter().next().map(|(id, model)| (*id, *model))?;
            self.used.insert(id);
            return model;
        }
        let name = called.signature.as_ref().map(|s| s.name.as_str()).unwrap_or("the prompt");
        let help = match declared {
            0 => "declare one: `model fast = \"openai/gpt-4o-mini\"`",
            _ => "name one in the step, `{ model: … }`, in the prompt or in the flow",
        };
        let message = format!("no model is named that could answer `{name}`");
        self.report(FlowDiagnostic::new(Code::E0401, at, message).help(help));
        None
    }

    /// A setting whose value is known while compiling.
    pub(crate) fn constant_setting(&mut self, file: usize, setting: &Setting, ty: &Type) -> Option<Value> {
        match &setting.value {
            SettingValue::Expr(expr) => self.constant_of(file, expr, ty),
            SettingValue::Error(_) => None,
            _ => self.bad_setting(setting, &format!("`{ty}`")),
        }
    }

    /// A setting that is a length of time.
    pub(crate) fn duration_setting(&mut self, file: usize, setting: &Setting) -> Option<Millis> {
        match self.constant_setting(file, setting, &Type::Duration)? {
            Value::Duration(Millis(0)) => self.bad_setting(setting, "more than no time at all"),
            Value::Duration(millis) => Some(millis),
            _ => None,
        }
    }

    /// A setting that is computed when the step runs.
    pub(crate) fn value_setting(&mut self, scopes: &mut Scopes, setting: &Setting) -> Option<Typed> {
        match &setting.value {
            SettingValue::Expr(expr) => Some(self.expr(scopes, expr, None)),
            SettingValue::Error(_) => None,
            _ => self.bad_setting(setting, "a value"),
        }
    }

    /// E0206: the key is there, the value is not what it takes. Gives nothing, of any type.
    pub(crate) fn bad_setting<T: Default>(&mut self, setting: &Setting, wanted: &str) -> T {
        let span = match &setting.value {
            SettingValue::Expr(expr) => expr.span,
            _ => setting.span,
        };
        let message = format!("`{}` takes {wanted}", setting.key.name);
        self.report(FlowDiagnostic::new(Code::E0206, span, message));
        T::default()
    }

    /// E0206: no such setting here.
    pub(crate) fn unknown_setting(&mut self, setting: &Setting, what: &str, known: &[&str]) {
        let key = &setting.key;
        let message = format!("{} has no setting `{}`", article(what), key.name);
        let mut diagnostic = FlowDiagnostic::new(Code::E0206, key.span, message);
        diagnostic = match did_you_mean(&key.name, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("change it to `{near}`"),
                key.span,
                near,
            ),
            None if known.is_empty() => diagnostic.help("it has no settings"),
            None => diagnostic.help(format!("its settings are {}", known.join(", "))),
        };
        self.report(diagnostic);
    }

    /// E0206: the same setting again.
    pub(crate) fn report_repeated(&mut self, again: &Setting, first: &Setting) {
        let message = format!("`{}` is set twice", again.key.name);
        self.report(
            FlowDiagnostic::new(Code::E0206, again.key.span, message)
                .here("set again here")
                .label(first.key.span, "set first here"),
        );
    }

    /// Reports settings that repeat or that the declaration does not have; gives the others.
    pub(crate) fn known_settings<'s>(
        &mut self,
        settings: &'s [Setting],
        (what, known, repeatable): (&str, &[&str], &[&str]),
    ) -> Vec<&'s Setting> {
        let mut out: Vec<&Setting> = Vec::new();
        for setting in settings {
            let key = setting.key.name.as_str();
            if !known.contains(&key) {
                self.unknown_setting(setting, what, known);
            } else if let (Some(first), false) =
                (out.iter().find(|s| s.key.name == setting.key.name), repeatable.contains(&key))
            {
                self.report_repeated(setting, first);
            } else {
                out.push(setting);
            }
        }
        out
    }
}

fn known_settings(callee: &Callee) -> (&'static [&'static str], &'static str) {
    match callee {
        Callee::Prompt(_) => (PROMPT, "prompt's step"),
        Callee::Lookup(_) => (LOOKUP, "lookup's step"),
        Callee::Guard(_) | Callee::Builtin(_) => (GUARD, "guard's step"),
        Callee::Action(_) => (ACTION, "action's step"),
        Callee::Flow(_) => (FLOW, "flow's step"),
    }
}

fn from_defaults(scopes: &Scopes, setting: &Setting) -> bool {
    scopes.defaults.iter().any(|d| d.span == setting.span)
}

fn article(what: &str) -> String {
    let vowel = what.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {what}", if vowel { "an" } else { "a" })
}
