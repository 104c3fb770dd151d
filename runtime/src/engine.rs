//! The engine: a plan made ready to run, with everything looked up once.
//!
//! In: a [`Plan`], a [`Context`] and [`Options`]. Out: an [`Engine`], which many runs share.
//! Not here: what a run does, which is [`crate::exec`]'s.

use crate::action::{Channel, Rehearsed};
use crate::audit::AuditKey;
use crate::budget::Budgets;
use crate::cache::{Cache, MemoryCache};
use crate::cassette::Tape;
use crate::exec::{Answers, Director, PromptFacts};
use crate::guard::Guard;
use crate::journal::{Journal, PlanDigest};
use crate::lookup::Source;
use crate::pace::{Breaker, Limiter, Limits, Room};
use crate::privacy::{Vault, words_of};
use crate::prompt::Templates;
use crate::provider::Provider;
use crate::review::Webhook;
use crate::script::Script;
use crate::{Context, RunError};
use ecow::EcoString;
use flow_diagnostics::{Code, did_you_mean};
use flow_plan::{Callee, CapabilitySpec, Flow, Model, Plan, StepKind, Type, Value};
use flow_tokens::{DEFAULT_TOKENIZER, Measure, Over};
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

/// A plan made ready to run.
pub struct Engine {
    pub(crate) plan: Arc<Plan>,
    pub(crate) context: Context,
    pub(crate) digest: PlanDigest,
    pub(crate) templates: Templates,
    // Each by the index of its model, prompt, lookup or action.
    pub(crate) providers: Vec<Arc<dyn Provider>>,
    pub(crate) prompts: Vec<PromptFacts>,
    pub(crate) measures: Vec<Measure>,
    // Each way to count tokens once.
    pub(crate) counts: Vec<Measure>,
    pub(crate) sources: Vec<Arc<dyn Source>>,
    pub(crate) channels: Vec<Arc<dyn Channel>>,
    pub(crate) guards: Vec<(EcoString, Arc<dyn Guard>)>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
    pub(crate) answers: Answers,
    pub(crate) budgets: Option<Budgets>,
    // Why the bound of a model can't be trusted any more, by the model's index.
    pub(crate) broken: Vec<OnceLock<String>>,
    // When each model may be asked.
    pub(crate) gates: Vec<Gate>,
    // Answers that stand in for the models.
    script: Option<Arc<Script>>,
    // What becomes of calls of models besides.
    pub(crate) tape: Option<Tape>,
    // Where private data is sealed that has to be kept.
    pub(crate) vault: Arc<Vault>,
    // The words of the program, once an error with private data has to be told.
    words: OnceLock<HashSet<EcoString>>,
    // By what data is named in the audit record, where one is kept.
    pub(crate) audit: Option<AuditKey>,
    // Who is told that a person is waited for.
    pub(crate) webhook: Option<Webhook>,
    // Who stands in for the world.
    pub(crate) director: Option<Arc<dyn Director>>,
}

/// When a model may be asked.
pub(crate) struct Gate {
    pub(crate) breaker: Breaker,
    pub(crate) room: Arc<Room>,
    pub(crate) limiter: Option<Arc<Limiter>>,
}

/// What an engine may use besides the plan.
pub struct Options {
    /// Where runs are recorded; without one, a run cannot be resumed.
    pub journal: Option<Arc<dyn Journal>>,
    /// Where answers are kept for equal calls.
    pub cache: Arc<dyn Cache>,
    /// What flows may spend a day, over all runs; a flow's own `budget` is for each run.
    pub budgets: Option<Budgets>,
    /// How fast providers are asked, over all runs of all engines that are given the same.
    pub limits: Limits,
    /// Answers that stand in for the models: tests.
    pub script: Option<Script>,
    /// A cassette, on which the calls of models are written down or from which they are answered.
    pub tape: Option<Tape>,
    /// What seals private data where a journal or a cache keeps it.
    pub vault: Arc<Vault>,
    /// Who is told that a run waits for a person.
    pub webhook: Option<Webhook>,
    /// By what data is named in the audit record, which is kept in the journal; none is kept without.
    pub audit: Option<AuditKey>,
    /// What there is to call.
    pub tables: Tables,
}

impl Default for Options {
    /// No journal, no daily budgets, no limits, a cache in memory, no key for private data, and everything
    /// the runtime has built in.
    fn default() -> Self {
        Options {
            journal: None,
            cache: Arc::new(MemoryCache::default()),
            budgets: None,
            limits: Limits::default(),
            script: None,
            tape: None,
            vault: Arc::default(),
            webhook: None,
            audit: None,
            tables: Tables::builtin(),
        }
    }
}

/// What there is to call, each found by its spec's name; the first of a name counts.
#[derive(Clone, Default)]
pub struct Tables {
    /// Who answers prompts.
    pub providers: Vec<Arc<dyn Provider>>,
    /// Where lookups look.
    pub sources: Vec<Arc<dyn Source>>,
    /// The guards of `std.guards`.
    pub guards: Vec<Arc<dyn Guard>>,
    /// How actions act.
    pub channels: Vec<Arc<dyn Channel>>,
}

impl Tables {
    /// Everything the runtime has built in.
    pub fn builtin() -> Tables {
        Tables {
            providers: crate::provider::builtin().into_iter().map(Arc::from).collect(),
            sources: crate::lookup::builtin().into_iter().map(Arc::from).collect(),
            guards: crate::guard::builtin().into_iter().map(Arc::from).collect(),
            channels: crate::action::builtin().into_iter().map(Arc::from).collect(),
        }
    }

    /// The same, with channels that take everything and do nothing: tests and replays change no world.
    pub fn rehearsed(&self) -> Tables {
        let rehearse =
            |channel: &Arc<dyn Channel>| -> Arc<dyn Channel> { Arc::new(Rehearsed(channel.clone())) };
        Tables { channels: self.channels.iter().map(rehearse).collect(), ..self.clone() }
    }
}

impl Engine {
    /// Makes a plan ready to run: E0810 where it names something the tables lack.
    pub fn new(plan: Arc<Plan>, context: Context, options: Options) -> Result<Engine, RunError> {
        let Options { journal, cache, budgets, limits, script, tape, vault, webhook, audit, tables } =
            options;
        let templates = Templates::new(&plan)?;
        let digest = digest(&plan);
        let script = script.map(Arc::new);
        let providers = plan.models.iter().map(|model| {
            let found = named(&tables.providers, |p| p.spec(), "provider", &model.provider);
            match &script {
                Some(script) => Ok(script.clone().before(found.ok(), model)),
                None => found.map_err(|e| e.at(&model.name, model.span)),
            }
        });
        let sources = plan.lookups.iter().map(|l| {
            named(&tables.sources, |s| s.spec(), "source", &l.source).map_err(|e| e.at(&l.name, l.span))
        });
        let channels = plan.actions.iter().map(|a| {
            named(&tables.channels, |c| c.spec(), "channel", &a.channel).map_err(|e| e.at(&a.name, a.span))
        });
        let guards = builtin_guards(&plan).into_iter().map(|name| {
            let guard = named(&tables.guards, |g| g.spec(), "guard", &name)?;
            Ok((name, guard))
        });
        let prompts = plan.prompts.iter().map(|p| PromptFacts::of(p, plan.models.len(), &templates));
        let measures = plan.models.iter().map(measure).collect::<Result<Vec<_>, RunError>>()?;
        // A program without a model counts as most do.
        let usual = measures.is_empty().then(|| Measure::named(DEFAULT_TOKENIZER, None).ok()).flatten();
        let mut counts: Vec<Measure> = usual.into_iter().collect();
        for measure in &measures {
            if !counts.iter().any(|m| m.counts_like(measure)) {
                counts.push(measure.clone());
            }
        }
        let gates = plan.models.iter().map(|model| {
            let (limiter, room) = limits.of(&model.provider, &model.model);
            Gate { breaker: Breaker::default(), room, limiter }
        });
        Ok(Engine {
            gates: gates.collect(),
            script: script.clone(),
            tape,
            webhook,
            audit,
            providers: providers.collect::<Result<_, RunError>>()?,
            sources: sources.collect::<Result<_, RunError>>()?,
            channels: channels.collect::<Result<_, RunError>>()?,
            guards: guards.collect::<Result<_, RunError>>()?,
            prompts: prompts.collect::<Result<_, RunError>>()?,
            measures,
            counts,
            broken: plan.models.iter().map(|_| OnceLock::new()).collect(),
            answers: Answers::new(&plan, cache),
            plan,
            context,
            digest,
            templates,
            journal,
            budgets,
            vault,
            words: OnceLock::new(),
            director: None,
        })
    }

    /// The words of the program: what an error may say of private data.
    pub(crate) fn words(&self) -> &HashSet<EcoString> {
        self.words.get_or_init(|| words_of(&self.plan))
    }

    /// Whether models are asked only when they may be: what stands in for them is there at any time.
    pub(crate) fn is_paced(&self) -> bool {
        self.script.is_none() && self.director.is_none() && self.waits()
    }

    /// Whether there is anybody to wait for before a model is asked again.
    pub(crate) fn waits(&self) -> bool {
        !matches!(self.tape, Some(Tape::Replay(_)))
    }

    /// What stands in for the models, in a test.
    pub(crate) fn script(&self) -> Option<&Script> {
        self.script.as_deref()
    }

    /// Whether there are answers that stand in for the models when this prompt is called.
    pub(crate) fn is_scripted(&self, prompt: &str) -> bool {
        self.script.as_ref().is_some_and(|script| script.answers(prompt))
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// A value that comes from outside, with its texts held to their bounds in tokens as every model of
    /// the program counts them.
    pub(crate) fn hold(&self, value: Value, ty: &Type) -> Result<Value, Over> {
        flow_tokens::check(value, ty, &self.counts, false)
    }

    /// Inputs of a flow, held to their bounds in tokens: E0809 names the one that is over.
    pub fn hold_inputs(&self, flow: &Flow, inputs: Vec<Value>) -> Result<Vec<Value>, RunError> {
        let params = flow.params.iter().zip(inputs);
        params
            .map(|(param, value)| {
                self.hold(value, &param.ty).map_err(|over| {
                    let dot = if over.path.is_empty() || over.path.starts_with('[') { "" } else { "." };
                    let message = format!(
                        "input `{}{dot}{}` has {} {}, and {} is the most",
                        param.name, over.path, over.found, over.unit, over.most
                    );
                    RunError::new(Code::E0809, message).help(format!(
                        "`{}` is `{}`; with `truncate` behind the bound, what is longer is cut",
                        param.name, param.ty
                    ))
                })
            })
            .collect()
    }

    /// The digest of the plan: part of every step's key in the journal.
    pub fn digest(&self) -> PlanDigest {
        self.digest
    }
}

// What counts the tokens of a model.
/// What counts as a model does.
pub(crate) fn measure(model: &Model) -> Result<Measure, RunError> {
    let name = model.card.tokenizer.as_deref().unwrap_or(DEFAULT_TOKENIZER);
    Measure::named(name, model.tokenizer.as_ref())
        .map_err(|unknown| RunError::new(Code::E0810, unknown.to_string()).at(&model.name, model.span))
}

fn named<T: ?Sized>(
    table: &[Arc<T>],
    spec: impl Fn(&T) -> &'static CapabilitySpec,
    kind: &str,
    name: &str,
) -> Result<Arc<T>, RunError> {
    if let Some(found) = table.iter().find(|t| spec(t).name == name) {
        return Ok(found.clone());
    }
    let error = RunError::new(Code::E0810, format!("there is no {kind} `{name}`"));
    let names: Vec<&str> = table.iter().map(|t| spec(t).name).collect();
    Err(match did_you_mean(name, names.iter().copied()) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None if names.is_empty() => error,
        None => error.help(format!("there are {}", names.join(", "))),
    })
}

// Comments and places in the source do not change what a run does, and the dump leaves them out.
fn digest(plan: &Plan) -> PlanDigest {
    PlanDigest(*blake3::hash(plan.dump().as_bytes()).as_bytes())
}

/// The names of the built-in guards that a plan calls, each once.
fn builtin_guards(plan: &Plan) -> Vec<EcoString> {
    let mut names = Vec::new();
    let bodies = plan.flows.iter().map(|f| &f.body);
    let bodies = bodies.chain(plan.guards.iter().map(|g| &g.body));
    for body in bodies.chain(plan.tests.iter().map(|t| &t.body)) {
        body.each_step(&mut |step| {
            if let StepKind::Call(Callee::Builtin(name), _) = &step.kind
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        });
    }
    names
}
