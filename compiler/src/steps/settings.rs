//! Settings of a step: typed, with the flow's and the prompt's defaults filled in.

use super::block::Input;
use crate::ast::{Expr, ExprKind, Setting, SettingValue};
use crate::checker::Checker;
use crate::resolve::Target;
use crate::types::call::Called;
use crate::types::{Scopes, Typed};
use crate::world::capability;
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{
    CachePolicy, Callee, CapabilityKind, CapabilitySpec, Escalate, Millis, ModelId, ModelKind, Similar,
    StepSettings, Type, Value,
};

/// Settings a step may have, by what it calls.
const PROMPT: &[&str] =
    &["model", "fallback", "escalate", "retry", "timeout", "hedge", "cache", "at", "tools", "key"];
const LOOKUP: &[&str] = &["retry", "timeout", "cache", "at", "key"];
const GUARD: &[&str] = &["retry", "timeout", "cache", "while"];
const ACTION: &[&str] = &["retry", "timeout", "cache", "at", "key", "rate"];
const FLOW: &[&str] = &["retry", "timeout", "cache", "at", "key"];
const REVIEW: &[&str] = &[];

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
                (None, None, None) => self.only_model(scopes.file, called, at),
            };
        }
        for setting in settings {
            if setting.key.name == "timeout" && called.signature.as_ref().is_some_and(|s| s.reviews) {
                self.no_timeout(&setting.key);
            }
            if !matches!(setting.value, SettingValue::Error(_)) {
                self.typed_setting(scopes, called, setting, &mut out);
            }
        }
        self.may_hedge(&out, settings);
        let written = |key: &str| settings.iter().find(|s| s.key.name == key).map(|s| s.span);
        let fallback = out.fallback.iter().map(|model| (Some(*model), "fallback"));
        let embeds = out.cache.as_ref().and_then(|c| c.similar).and_then(|s| s.embed);
        let escalates = out.escalate.as_ref().map(|e| e.to);
        let asked = [(out.model, "model"), (escalates, "escalate"), (embeds, "cache")];
        out.models_at = asked
            .into_iter()
            .chain(fallback)
            .filter_map(|(model, key)| Some((model?, written(key)?)))
            .collect();
        if let (Some(CachePolicy { similar: Some(_), .. }), Some(_)) = (&out.cache, &out.key) {
            self.report(
                FlowDiagnostic::new(
                    Code::E0206,
                    at,
                    "a `key` says which calls are the same, and `similar` that nearly the same ones are",
                )
                .help("leave one of them out"),
            );
        }
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
            "while" => out.streaming = self.streaming(called, setting),
            "key" => out.key = self.value_setting(scopes, setting).map(|t| t.expr),
            "tools" => out.tools = self.tools(scopes, setting),
            key @ ("at" | "rate") => self.not_yet(setting.key.span, &format!("`{key}`")),
            _ => {}
        }
    }

    /// `while: streaming`: whether the guard looks at an answer while that comes.
    fn streaming(&mut self, called: &Called, setting: &Setting) -> bool {
        let is_said = matches!(&setting.value, SettingValue::Expr(e) if matches!(&e.kind, ExprKind::Name(n) if n == "streaming"));
        if !is_said {
            return self
                .bad_setting(setting, "`streaming`, for a guard that looks at an answer while it comes");
        }
        let Callee::Builtin(name) = &called.callee else {
            let message = "a guard of the program looks at whole answers alone";
            self.report(
                FlowDiagnostic::new(Code::E0206, setting.span, message)
                    .help("leave `while` out, or put a guard of `std.guards` that streams in front of it"),
            );
            return false;
        };
        let streams = |spec: &&CapabilitySpec| spec.kind == CapabilityKind::Guard && spec.streams;
        if capability(self.world, CapabilityKind::Guard, name).is_some_and(|spec| spec.streams) {
            return true;
        }
        let all = self.world.capabilities().iter().copied().filter(|s| streams(s)).map(|s| s.name);
        let help = format!(
            "those that need no more than the beginning of an answer are `{}`",
            all.collect::<Vec<_>>().join("`, `")
        );
        let message = format!("`{name}` looks at whole answers alone");
        self.report(FlowDiagnostic::new(Code::E0206, setting.span, message).help(help));
        false
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
            let around = scopes.no_reviews.replace("`unless`");
            let checked = self.condition(scopes, condition, vec![it], "escalate");
            scopes.no_reviews = around;
            checked.block
        });
        Some(Escalate { to, unless })
    }

    fn cache(&mut self, scopes: &mut Scopes, called: &Called, setting: &Setting) -> Option<CachePolicy> {
        let CacheWords { ttl, scope, similar } = self.cache_words(scopes, setting)?;
        let Some(Value::Duration(ttl)) = self.constant_of(scopes.file, ttl, &Type::Duration) else {
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
        let similar = match (&called.callee, similar) {
            (Callee::Prompt(_), similar) => similar,
            // A lookup that takes the flow's default keeps what is the same.
            (Callee::Lookup(_), Some(_)) if !from_defaults(scopes, setting) => {
                self.report(
                    FlowDiagnostic::new(
                        Code::E0206,
                        setting.span,
                        "what a lookup finds is not kept by similarity",
                    )
                    .help("write how long it is good: `cache: 1h`"),
                );
                None
            }
            _ => None,
        };
        let scope = scope.map(|s| self.expr(scopes, s, None).expr);
        Some(CachePolicy { ttl, scope, similar })
    }

    /// The words of a `cache` setting: `1h per customer`, or `similar 0.93 for 1d per customer embed vectors`.
    fn cache_words<'s>(&mut self, scopes: &Scopes, setting: &'s Setting) -> Option<CacheWords<'s>> {
        const WANTED: &str = "how long an answer is good: `1h`, `1h per customer` or `similar 0.93 for 1d`";
        let (head, words) = match &setting.value {
            SettingValue::Expr(ttl) => return Some(CacheWords { ttl, scope: None, similar: None }),
            SettingValue::Words { head, words } => (head.as_ref(), words.as_slice()),
            _ => return self.bad_setting(setting, WANTED),
        };
        let mut said: Vec<(&str, &Expr)> = Vec::new();
        for (word, value) in words {
            let word = word.name.as_str();
            if !["similar", "for", "per", "embed"].contains(&word) || said.iter().any(|(w, _)| *w == word) {
                return self.bad_setting(setting, WANTED);
            }
            said.push((word, value));
        }
        let of = |wanted: &str| said.iter().find(|(word, _)| *word == wanted).map(|(_, value)| *value);
        let scope = of("per");
        match (head, of("similar"), of("for"), of("embed")) {
            (Some(ttl), None, None, None) => Some(CacheWords { ttl, scope, similar: None }),
            (None, Some(least), Some(ttl), embed) => {
                let similar = self.similar(scopes.file, setting, (least, embed))?;
                Some(CacheWords { ttl, scope, similar: Some(similar) })
            }
            (None, Some(_), None, _) => {
                self.bad_setting(setting, "how long an answer is good as well: `similar 0.93 for 1d`")
            }
            _ => self.bad_setting(setting, WANTED),
        }
    }

    fn similar(
        &mut self,
        file: usize,
        setting: &Setting,
        (least, embed): (&Expr, Option<&Expr>),
    ) -> Option<Similar> {
        let least = self.constant_of(file, least, &Type::FLOAT)?.as_number()?;
        if !(least > 0.0 && least <= 1.0) {
            return self.bad_setting(setting, "a similarity over 0 and up to 1: `similar 0.93 for 1d`");
        }
        let Some(named) = embed else { return Some(Similar { least, embed: None }) };
        let id = self.model_name(file, named)?;
        let model = &self.plan.models[id.index()];
        let spec = capability(self.world, CapabilityKind::Provider, &model.provider);
        let answers = self.world.catalog().card(&model.id()).is_some_and(|c| c.kind == ModelKind::Chat);
        // Any name of a simulated model does both.
        let is_able = spec.is_none_or(|s| s.embeds) && (!answers || model.provider == "sim");
        if is_able {
            return Some(Similar { least, embed: Some(id) });
        }
        let message = format!("the model `{}` ({}) makes no embeddings", model.name, model.id());
        let label = model.span;
        self.report(
            FlowDiagnostic::new(Code::E0402, named.span, message)
                .label(label, "this model answers prompts")
                .help(
                    "choose one that does, `flowc models --can embedding` lists them; or leave `embed` out",
                ),
        );
        None
    }

    fn model_setting(&mut self, file: usize, setting: &Setting) -> Option<ModelId> {
        match &setting.value {
            SettingValue::Expr(expr) => self.model_name(file, expr),
            SettingValue::Error(_) => None,
            _ => self.bad_setting(setting, "the name of a model"),
        }
    }

    // A file with one model needs no word about which.
    fn only_model(&mut self, file: usize, called: &Called, at: Span) -> Option<ModelId> {
        // One that makes embeddings answers nothing.
        let answers = |model: &Option<ModelId>| {
            model.is_none_or(|id| self.plan.models[id.index()].card.kind == ModelKind::Chat)
        };
        let mut able = self.models.iter().filter(|(_, model)| answers(model));
        let (only, declared) = (able.next(), able.count() + 1);
        let declared = if only.is_some() { declared } else { self.models.len() };
        if declared == 1 {
            let (id, model) = only.or(self.models.iter().next()).map(|(id, model)| (*id, *model))?;
            self.used.insert(id);
            if !self.asks_only_model.insert(file) {
                return model;
            }
            // What imports it needs it, though nothing names it.
            let scope = self.program.files[file].scope.values();
            let is_it = |target| matches!(target, Target::Decl(declared) if declared == id);
            let meant = scope.filter(|symbol| symbol.imported && is_it(symbol.target));
            self.used_imports.extend(meant.map(|symbol| symbol.span));
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
        Callee::Review(_) => (REVIEW, "review's step"),
    }
}

/// What a `cache` setting says.
struct CacheWords<'s> {
    ttl: &'s Expr,
    scope: Option<&'s Expr>,
    similar: Option<Similar>,
}

fn from_defaults(scopes: &Scopes, setting: &Setting) -> bool {
    scopes.defaults.iter().any(|d| d.span == setting.span)
}

fn article(what: &str) -> String {
    let vowel = what.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {what}", if vowel { "an" } else { "a" })
}
