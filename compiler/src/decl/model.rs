//! Models: what the catalogue knows, what the program says, what a profile puts in their place.

use crate::ast::{Expr, ExprKind, Model, Setting, SettingValue, StringLit};
use crate::checker::Checker;
use crate::resolve::{DeclId, Target};
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{
    self as plan, CapabilityKind, CapabilitySpec, ModelCard, ModelId, ModelSettings, Price, TokenizerFile,
    Tokens, Type, Value,
};
use flow_tokens::Measure;

const SETTINGS: &[&str] = &[
    "max_output",
    "temperature",
    "top_p",
    "seed",
    "stop",
    "reasoning",
    "base_url",
    "api_key",
    "context",
    "price",
    "tokenizer",
    "clearance",
    "region",
    "latency",
    "failure_rate",
    "malformed_rate",
];

/// Settings that say what a model is, not how it is asked: they do not go over to another model that
/// a profile puts in its place.
const OF_THE_MODEL: &[&str] =
    &["base_url", "api_key", "context", "price", "tokenizer", "region", "clearance"];

const SIMULATED: &[&str] = &["latency", "failure_rate", "malformed_rate"];

impl Checker<'_> {
    pub(crate) fn model_decl(&mut self, id: DeclId, decl: &Model) {
        let written = decl.id.value.clone();
        let swapped =
            self.world.model_override(&decl.name.name).map(EcoString::from).filter(|o| *o != written);
        let model_id = swapped.clone().unwrap_or(written);
        let settings = self.known_settings(&decl.settings, ("model", SETTINGS, &[]));
        let settings: Vec<&Setting> = settings
            .into_iter()
            .filter(|s| swapped.is_none() || !OF_THE_MODEL.contains(&s.key.name.as_str()))
            .collect();
        let built = self.build_model(id, decl, &model_id, &settings);
        let model = built.map(|mut model| {
            // What stands in for a model in a rehearsal runs in this process.
            model.cleared |= swapped.is_some() && model.provider == "sim";
            self.plan.models.push(model);
            ModelId(self.plan.models.len() as u32 - 1)
        });
        self.models.insert(id, model);
    }

    fn build_model(
        &mut self,
        id: DeclId,
        decl: &Model,
        model_id: &str,
        settings: &[&Setting],
    ) -> Option<plan::Model> {
        let at = decl.id.span;
        let Some((provider, name)) = model_id.split_once('/').filter(|(p, n)| !p.is_empty() && !n.is_empty())
        else {
            let message = format!("`{model_id}` is not the name of a model");
            self.report(
                FlowDiagnostic::new(Code::E0401, at, message)
                    .help("write the provider, a slash and the model: \"openai/gpt-4o-mini\""),
            );
            return None;
        };
        let spec = self.check_provider(provider, at)?;
        let catalog = self.world.catalog();
        let lent = spec.service.and_then(|service| service.models_of);
        let known = catalog.card(model_id).or_else(|| catalog.card(&format!("{}/{name}", lent?)));
        let (card, out, cleared) = self.model_settings(id, provider, known.clone(), settings);
        let missing: Vec<&str> =
            [("context", card.context == Tokens(0)), ("price", !has_price(&known, settings))]
                .into_iter()
                .filter(|(_, missing)| *missing)
                .map(|(key, _)| key)
                .collect();
        if !missing.is_empty() {
            self.report_unknown_model(model_id, at, &missing);
            return None;
        }
        let card = ModelCard {
            max_output: if card.max_output == Tokens(0) { card.context } else { card.max_output },
            ..card
        };
        let tokenizer = self.tokenizer(id, &card, settings);
        Some(plan::Model {
            name: decl.name.name.clone(),
            provider: provider.into(),
            model: name.into(),
            card,
            settings: out,
            tokenizer,
            cleared,
            span: decl.name.span,
        })
    }

    // The model's `tokenizer.json`, if it has one. A tokenizer that is not known is E0401.
    fn tokenizer(&mut self, id: DeclId, card: &ModelCard, settings: &[&Setting]) -> Option<TokenizerFile> {
        let setting = settings.iter().find(|s| s.key.name == "tokenizer")?;
        let name = card.tokenizer.as_deref()?;
        let base = name.split('*').next().unwrap_or(name).trim_end();
        let file = match (base.ends_with(".json"), &setting.value) {
            (true, SettingValue::Expr(Expr { kind: ExprKind::Text(lit), .. })) => {
                let lit = StringLit { value: base.into(), ..lit.clone() };
                let (text, path) = self.beside(id.file, &lit)?;
                // Models that name the same file share what is made of it.
                let new = |path: &EcoString| match self.memo {
                    Some(memo) => memo.same_tokenizer(path.clone(), text),
                    None => TokenizerFile::new(text),
                };
                Some(self.tokenizers.entry(path).or_insert_with_key(new).clone())
            }
            _ => None,
        };
        if let Err(unknown) = Measure::named(name, file.as_ref()) {
            let at = setting.span;
            self.report(FlowDiagnostic::new(Code::E0401, at, unknown.to_string()).help(
                "leave it out where the model's tokenizer is not public: tokens are then planned by a factor",
            ));
        }
        file
    }

    fn check_provider(&mut self, provider: &str, at: Span) -> Option<&'static CapabilitySpec> {
        match crate::world::capability(self.world, CapabilityKind::Provider, provider) {
            Some(spec) if spec.supported => Some(spec),
            Some(_) => {
                self.not_yet(at, &format!("the provider `{provider}`"));
                None
            }
            None => {
                let providers =
                    self.world.capabilities().iter().filter(|s| s.kind == CapabilityKind::Provider);
                let known: Vec<&str> = providers.map(|s| s.name).collect();
                let mut diagnostic =
                    FlowDiagnostic::new(Code::E0401, at, format!("unknown provider `{provider}`"));
                diagnostic = match did_you_mean(provider, known.iter().copied()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic.help(format!(
                        "the providers are {}; anything that speaks OpenAI's protocol is `openai-compatible/…` with a `base_url`",
                        known.join(", ")
                    )),
                };
                self.report(diagnostic);
                None
            }
        }
    }

    fn report_unknown_model(&mut self, model_id: &str, at: Span, missing: &[&str]) {
        let catalog = self.world.catalog();
        let in_catalog = catalog.card(model_id).is_some();
        let near = did_you_mean(model_id, catalog.models.keys().map(EcoString::as_str));
        let example = missing
            .iter()
            .map(|key| match *key {
                "context" => "`context: 128k tokens`",
                _ => "`price: $0.10 in, $0.40 out`",
            })
            .collect::<Vec<_>>()
            .join(" and ");
        let message = match in_catalog {
            true => format!("the model `{model_id}` needs the setting {}", missing.join(" and ")),
            false => format!("the catalogue does not know the model `{model_id}`"),
        };
        let mut diagnostic = FlowDiagnostic::new(Code::E0401, at, message);
        diagnostic = match near {
            Some(near) => diagnostic
                .help(format!("did you mean `{near}`? A model it does not know needs {example}"))
                .fix(format!("change it to `{near}`"), at, format!("\"{near}\"")),
            None => diagnostic.help(format!("say what it is: {example}")),
        };
        self.report(diagnostic);
    }

    fn model_settings(
        &mut self,
        id: DeclId,
        provider: &str,
        known: Option<ModelCard>,
        settings: &[&Setting],
    ) -> (ModelCard, ModelSettings, bool) {
        let file = id.file;
        let mut card = known.unwrap_or_default();
        let mut out = ModelSettings::default();
        let mut cleared = false;
        for setting in settings {
            let key = setting.key.name.as_str();
            if SIMULATED.contains(&key) && provider != "sim" {
                self.report(
                    FlowDiagnostic::new(
                        Code::E0206,
                        setting.key.span,
                        format!("`{key}` is for simulated models only"),
                    )
                    .help("it belongs to a model such as \"sim/text\""),
                );
                continue;
            }
            match key {
                "max_output" => out.max_output = self.tokens(setting),
                "context" => card.context = self.tokens(setting).unwrap_or(card.context),
                "temperature" => out.temperature = self.number(file, setting, (0.0, 2.0)),
                "top_p" => out.top_p = self.number(file, setting, (0.0, 1.0)),
                "seed" => {
                    out.seed = match self.constant_setting(file, setting, &Type::INT) {
                        Some(Value::Int(n)) => Some(n),
                        _ => None,
                    }
                }
                "stop" => {
                    let list = Type::List(Box::new(Type::TEXT), None);
                    out.stop = match self.constant_setting(file, setting, &list) {
                        Some(Value::List(items)) => {
                            items.iter().filter_map(|i| i.as_text().map(EcoString::from)).collect()
                        }
                        _ => Vec::new(),
                    }
                }
                "reasoning" => out.reasoning = self.word(setting),
                "base_url" => out.base_url = self.config(file, setting),
                "api_key" => out.api_key = self.config(file, setting),
                "price" => {
                    if let Some(price) = self.price(setting) {
                        // What the program says is no older than the program.
                        card = ModelCard { price, dated: None, source: EcoString::new(), ..card };
                    }
                }
                "tokenizer" => card.tokenizer = self.word(setting),
                "clearance" => cleared = self.clearance(setting),
                // Where the provider runs; read by the label checks to come.
                "region" => drop(self.word(setting)),
                "latency" => out.sim.latency = self.duration_setting(file, setting).unwrap_or_default(),
                "failure_rate" => {
                    out.sim.failure_rate = self.number(file, setting, (0.0, 1.0)).unwrap_or(0.0)
                }
                _ => out.sim.malformed_rate = self.number(file, setting, (0.0, 1.0)).unwrap_or(0.0),
            }
        }
        if let (Some(wanted), true) = (out.max_output, card.max_output > Tokens(0)) {
            // What the model cannot give is not asked for.
            out.max_output = Some(wanted.min(card.max_output));
        }
        (card, out, cleared)
    }

    /// `clearance: private`: whether private data may go there.
    pub(super) fn clearance(&mut self, setting: &Setting) -> bool {
        let word = self.word(setting);
        if word.as_ref().is_some_and(|w| w != "private") {
            self.bad_setting::<()>(setting, "`private`: private data may go there");
        }
        word.is_some_and(|w| w == "private")
    }

    // A bare word or a text.
    fn word(&mut self, setting: &Setting) -> Option<EcoString> {
        match &setting.value {
            SettingValue::Expr(Expr { kind: ExprKind::Name(word), .. }) => Some(word.clone()),
            SettingValue::Expr(Expr { kind: ExprKind::Text(lit), .. }) => Some(lit.value.clone()),
            SettingValue::Error(_) => None,
            _ => self.bad_setting(setting, "a word or a text"),
        }
    }

    fn tokens(&mut self, setting: &Setting) -> Option<Tokens> {
        match &setting.value {
            SettingValue::Expr(Expr { kind: ExprKind::Size(n, crate::ast::SizeUnit::Tokens), .. })
                if *n > 0 =>
            {
                Some(Tokens(*n))
            }
            SettingValue::Error(_) => None,
            SettingValue::Expr(expr @ Expr { kind: ExprKind::Int(n), .. }) => {
                let message = format!("`{}` counts tokens", setting.key.name);
                self.report(
                    FlowDiagnostic::new(Code::E0206, expr.span, message)
                        .help(format!("write `{n} tokens`"))
                        .fix("count tokens", expr.span.after(), " tokens"),
                );
                None
            }
            _ => self.bad_setting(setting, "a number of tokens: `600 tokens`"),
        }
    }

    /// A number within both ends, known while compiling.
    fn number(&mut self, file: usize, setting: &Setting, (low, high): (f64, f64)) -> Option<f64> {
        let value = self.constant_setting(file, setting, &Type::FLOAT)?.as_number()?;
        if !(low..=high).contains(&value) {
            return self.bad_setting(setting, &format!("a number from {low} to {high}"));
        }
        Some(value)
    }

    fn price(&mut self, setting: &Setting) -> Option<Price> {
        let SettingValue::Price(parts) = &setting.value else {
            return self.bad_setting(setting, "what a million tokens cost: `$0.10 in, $0.40 out`");
        };
        let mut price = Price::default();
        let mut seen: Vec<&str> = Vec::new();
        for (amount, word) in parts {
            let ExprKind::Money(cost) = amount.kind else {
                self.bad_setting::<()>(setting, "amounts of money: `$0.10 in, $0.40 out`");
                return None;
            };
            match word.name.as_str() {
                "in" => price.input = cost,
                "out" => price.output = cost,
                "cached" => price.cached_input = Some(cost),
                "cache_write" => price.cache_write = Some(cost),
                other => {
                    let message = format!("`{other}` is not a kind of price");
                    self.report(
                        FlowDiagnostic::new(Code::E0206, word.span, message)
                            .help("the kinds are `in`, `out`, `cached` and `cache_write`"),
                    );
                    return None;
                }
            }
            seen.push(&word.name);
        }
        if !seen.contains(&"in") || !seen.contains(&"out") {
            return self.bad_setting(setting, "a price for both ways: `$0.10 in, $0.40 out`");
        }
        Some(price)
    }

    /// The model a name stands for; reports E0401 where it stands for none.
    pub(crate) fn model_name(&mut self, file: usize, expr: &Expr) -> Option<ModelId> {
        let ExprKind::Name(name) = &expr.kind else {
            if !matches!(expr.kind, ExprKind::Error) {
                self.report(
                    FlowDiagnostic::new(Code::E0401, expr.span, "this is not the name of a model")
                        .help("declare the model and name it here: `model fast = \"openai/gpt-4o-mini\"`"),
                );
            }
            return None;
        };
        let target = self.global(file, name, expr.span);
        if let Some(Target::Decl(id)) = target
            && let Some(model) = self.models.get(&id)
        {
            return *model;
        }
        if matches!(target, Some(Target::Poison)) {
            return None;
        }
        let scope = &self.program.files[file].scope;
        let is_model = |t: Target| matches!(t, Target::Decl(id) if self.models.contains_key(&id));
        let names: Vec<&str> =
            scope.iter().filter(|(_, s)| is_model(s.target)).map(|(n, _)| n.as_str()).collect();
        let message = match target {
            Some(target) => format!("`{name}` is {}, not a model", self.describe_target(target)),
            None => format!("unknown model `{name}`"),
        };
        let mut diagnostic = FlowDiagnostic::new(Code::E0401, expr.span, message);
        diagnostic = match did_you_mean(name, names.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("change it to `{near}`"),
                expr.span,
                near,
            ),
            None if names.is_empty() => diagnostic.help("declare one: `model fast = \"openai/gpt-4o-mini\"`"),
            None => diagnostic.help(format!("the models are {}", names.join(", "))),
        };
        self.report(diagnostic);
        None
    }
}

// A price of nothing is a price if the catalogue or the program says so.
fn has_price(known: &Option<ModelCard>, settings: &[&Setting]) -> bool {
    known.is_some() || settings.iter().any(|s| s.key.name == "price")
}
