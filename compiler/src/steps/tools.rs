//! `tools: [search, orders] rounds 4`: the lookups that a model may ask for, each as a step that calls it.

use super::block::Input;
use crate::ast::{Expr, ExprKind, Setting, SettingValue};
use crate::checker::Checker;
use crate::resolve::Target;
use crate::types::call::Called;
use crate::types::{Scopes, Signature};
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{
    self as plan, Callee, Labels, LookupId, MOST_ROUNDS, Offer, StepKind, StepSettings, Tools, Type, Value,
};
use std::sync::Arc;

/// What the setting takes, as E0206 says it.
const WANTED: &str = "lookups and how often they may be asked for: `[search, orders] rounds 4`";

/// The longest name of a function that every provider takes.
const LONGEST_NAME: usize = 64;

impl Checker<'_> {
    /// The lookups of a `tools` setting; nothing where it is not understood, which is reported.
    pub(super) fn tools(&mut self, scopes: &mut Scopes, setting: &Setting) -> Option<Tools> {
        let (list, rounds) = match &setting.value {
            SettingValue::Words { head: Some(list), words } => match words.as_slice() {
                [(word, rounds)] if word.name == "rounds" => (list, rounds),
                _ => return self.bad_setting(setting, WANTED),
            },
            SettingValue::Expr(list) if matches!(list.kind, ExprKind::List(_)) => {
                let message = "`tools` does not say how many rounds there are at most";
                self.report(
                    FlowDiagnostic::new(Code::E0206, list.span, message)
                        .help("a loop has a bound: write how many lookups the model may ask for, `rounds 4`")
                        .fix("add `rounds 4`", list.span.after(), " rounds 4"),
                );
                return None;
            }
            SettingValue::Error(_) => return None,
            _ => return self.bad_setting(setting, WANTED),
        };
        let ExprKind::List(named) = &list.kind else { return self.bad_setting(setting, WANTED) };
        if named.is_empty() {
            let message = "no lookup is offered";
            self.report(
                FlowDiagnostic::new(Code::E0206, list.span, message)
                    .help("name lookups between the brackets, or take `tools` out"),
            );
            return None;
        }
        let rounds_at = rounds.span;
        let rounds = self.rounds(scopes.file, rounds);
        let mut offers: Vec<Offer> = Vec::with_capacity(named.len());
        let mut names: Vec<(Arc<Signature>, Span)> = Vec::new();
        for item in named {
            let Some((id, signature)) = self.offered(scopes.file, item) else { continue };
            if let Some((first, at)) = names.iter().find(|(s, _)| s.name == signature.name) {
                let message = match first.callee == signature.callee {
                    true => format!("`{}` is offered twice", signature.name),
                    false => {
                        format!(
                            "a model can't tell two lookups apart that are both called `{}`",
                            signature.name
                        )
                    }
                };
                self.report(FlowDiagnostic::new(Code::E0206, item.span, message).label(*at, "the first one"));
                continue;
            }
            if signature.name.len() > LONGEST_NAME {
                let message =
                    format!("the name of a lookup that is offered has {LONGEST_NAME} characters at most");
                self.report(
                    FlowDiagnostic::new(Code::E0206, item.span, message)
                        .help("providers take no longer names of functions: rename the lookup"),
                );
                continue;
            }
            names.push((signature.clone(), item.span));
            offers.push(self.offer(scopes, (id, &signature), item.span));
        }
        // What is wrong with one of them was reported.
        (offers.len() == named.len()).then_some(Tools {
            offers,
            rounds: rounds?,
            rounds_at,
            span: setting.span,
        })
    }

    fn rounds(&mut self, file: usize, rounds: &Expr) -> Option<u32> {
        match self.constant_of(file, rounds, &Type::INT)? {
            Value::Int(n) if (1..=i64::from(MOST_ROUNDS)).contains(&n) => Some(n as u32),
            _ => {
                let message = format!("`rounds` is a number from 1 to {MOST_ROUNDS}");
                self.report(
                    FlowDiagnostic::new(Code::E0206, rounds.span, message)
                        .help("each round is a call of the model more, with all that was found before"),
                );
                None
            }
        }
    }

    fn offered(&mut self, file: usize, item: &Expr) -> Option<(LookupId, Arc<Signature>)> {
        let ExprKind::Name(name) = &item.kind else {
            if !matches!(item.kind, ExprKind::Error) {
                let message = "this is not the name of a lookup";
                self.report(
                    FlowDiagnostic::new(Code::E0201, item.span, message)
                        .help("name the lookup without arguments: the model chooses them"),
                );
            }
            return None;
        };
        let target = self.global(file, name, item.span);
        if let Some(Target::Decl(id)) = target
            && let Some(signature) = self.callables.get(&id)
            && let Callee::Lookup(lookup) = signature.callee
        {
            return Some((lookup, signature.clone()));
        }
        let diagnostic = match target {
            Some(Target::Poison) => return None,
            Some(target) => {
                let message = format!("`{name}` is {}, and a model is offered lookups alone", {
                    self.describe_target(target)
                });
                let help = match self.describe_target(target).as_str() {
                    "an action" => {
                        "an action changes the world: call it as a step, behind what the model answers"
                    }
                    _ => "call it as a step of its own, or write a lookup",
                };
                FlowDiagnostic::new(Code::E0201, item.span, message).help(help)
            }
            None => {
                let is_lookup = |t: Target| matches!(t, Target::Decl(id) if self.callables.get(&id).is_some_and(|s| matches!(s.callee, Callee::Lookup(_))));
                let scope = &self.program.files[file].scope;
                let known: Vec<&str> =
                    scope.iter().filter(|(_, s)| is_lookup(s.target)).map(|(n, _)| n.as_str()).collect();
                let diagnostic =
                    FlowDiagnostic::new(Code::E0101, item.span, format!("unknown lookup `{name}`"));
                match did_you_mean(name, known.iter().copied()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("change it to `{near}`"),
                        item.span,
                        near,
                    ),
                    None if known.is_empty() => {
                        diagnostic.help("declare one: `lookup search(question: text <= 50 tokens) -> …`")
                    }
                    None => diagnostic.help(format!("the lookups are {}", known.join(", "))),
                }
            }
        };
        self.report(diagnostic);
        None
    }

    // The step that looks up what the model has chosen: with the flow's defaults, as for any lookup
    // inside an expression.
    fn offer(
        &mut self,
        scopes: &mut Scopes,
        (lookup, signature): (LookupId, &Arc<Signature>),
        at: Span,
    ) -> Offer {
        let inputs = signature.params.iter().map(|param| Input {
            name: param.name.clone(),
            ty: param.ty.clone(),
            labels: Labels::default(),
            span: param.span,
        });
        let inputs: Vec<Input> = inputs.collect();
        let fields = signature.params.iter().map(|param| plan::Field {
            name: param.name.clone(),
            ty: param.ty.clone(),
            doc: param.doc.clone(),
            default: param.default.clone(),
            labels: param.labels,
        });
        let args = Type::Record(Arc::new(plan::RecordType {
            name: None,
            doc: Default::default(),
            fields: fields.collect(),
        }));
        let called = Called {
            callee: Callee::Lookup(lookup),
            args: Vec::new(),
            ty: signature.output.clone().unwrap_or(Type::Error),
            labels: signature.labels,
            signature: Some(signature.clone()),
            spec: None,
        };
        let settings = self.inner_settings(scopes, &called, at);
        let (count, start) = (inputs.len() as u32, scopes.reserve(inputs.len() as u32 + 1));
        let step = plan::Step {
            name: signature.name.clone(),
            ty: called.ty,
            labels: called.labels,
            given: Labels::default(),
            kind: StepKind::Call(
                called.callee,
                (0..count).map(|i| plan::Expr::Var(plan::VarId(start + i))).collect(),
            ),
            settings,
            on_fail: None,
            bounds: None,
            called: None,
            span: at,
        };
        let mut body = plan::Block {
            vars: start..start + count + 1,
            inputs: count,
            result: Some(plan::Expr::Var(plan::VarId(start + count))),
            ..plan::Block::default()
        };
        body.steps.add_node(step);
        Offer { lookup, args, body, span: at }
    }

    /// E0206: an answer that a model puts together round by round is not asked for twice at once.
    pub(super) fn may_hedge(&mut self, settings: &StepSettings, written: &[Setting]) {
        let at = |key: &str| written.iter().find(|s| s.key.name == key).map(|s| s.span);
        if let (Some(_), Some(_), Some(tools), Some(hedge)) =
            (&settings.tools, settings.hedge, at("tools"), at("hedge"))
        {
            let message = "a step with `tools` has no second attempt beside the first";
            self.report(
                FlowDiagnostic::new(Code::E0206, hedge, message)
                    .label(tools, "the model may ask for lookups here")
                    .help("take `hedge` out: each attempt would look up by itself"),
            );
        }
    }
}

/// The labels of a step with these settings: an answer is made of what was found as well.
pub(crate) fn joined(labels: Labels, settings: &StepSettings) -> Labels {
    let offers = settings.tools.iter().flat_map(|tools| &tools.offers);
    offers.flat_map(|offer| offer.body.steps.node_weights()).fold(labels, |all, step| all.join(step.labels))
}
