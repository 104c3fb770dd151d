//! Calls: what one takes with all its settings.

use super::held::Given;
use super::infer::{Env, narrowest};
use super::kept::{Args, Request};
use super::prompt::{Asked, Pasted};
use super::refusal::{self, Behind, Said};
use super::tools;
use super::walk::{CallWorst, Place, Unbounded, Walk};
use super::worst::{Line, Ways, Worst, either};
use flow_plan::limits::{CACHE, NEAREST, longest_embedding, longest_shared, longest_wait};
use flow_plan::{
    Bound, CallBounds, Callee, Cost, EmbeddingBound, Escalate, FlowId, Millis, ModelId, OnFail, Prompt,
    PromptId, RequestBound, Step, StepSettings, Tokens, Type, VarId,
};
use std::sync::Arc;

impl Walk<'_> {
    pub(super) fn call(
        &mut self,
        step: &mut Step,
        callee: &mut Callee,
        given: Given<'_>,
        env: &Env,
        place: &Place,
    ) -> (Ways, Type) {
        let first = || given.args.first().cloned().unwrap_or(Type::Null);
        match callee {
            Callee::Prompt(id) => self.prompt(step, *id, given, env, place),
            Callee::Lookup(id) => {
                let output = self.plan.lookups[id.index()].output.clone();
                (self.local(step, callee, place), output)
            }
            // What a guard of the library lets through may be redacted.
            Callee::Builtin(_) => (self.local(step, callee, place), first().plain()),
            Callee::Action(_) => (self.local(step, callee, place), Type::Null),
            Callee::Guard(id) => {
                let instance = self.guard(*id, given);
                *id = instance.id;
                let attempts = attempts(&step.settings);
                self.calls.extend(instance.calls.iter().map(|call| CallWorst {
                    step: place.name(&super::joined(&step.name, &call.step)),
                    calls: call.calls.saturating_mul(place.times).saturating_mul(attempts),
                    ..call.clone()
                }));
                let (ways, late) = timed(instance.ways, step.settings.timeout, step, place);
                let ways = Ways { failed: either(&ways.failed, &late), ..ways };
                let redacts = matches!(step.on_fail, Some(OnFail::Redact));
                let passed = if redacts { first().plain() } else { first() };
                (tried(&ways, &step.settings, waiting(step, place)), passed)
            }
            Callee::Flow(id) => self.sub_flow(step, *id, given, place),
            Callee::Review(review) => self.review(step, review, given.args.first(), place),
        }
    }

    // What costs nothing and takes time.
    pub(super) fn local(&self, step: &Step, callee: &Callee, place: &Place) -> Ways {
        let time = step.settings.timeout.or(callee.longest()).unwrap_or_default();
        let once = Worst::wait(Line { time, ..line_of(step, place, "its timeout") });
        let ways = Ways { ok: once.clone(), failed: Some(once), ..Ways::default() };
        let ways = tried(&ways, &step.settings, waiting(step, place));
        match callee {
            Callee::Lookup(_) => self.behind_cache(ways, step, callee, place),
            _ => ways,
        }
    }

    fn sub_flow(&mut self, step: &mut Step, id: FlowId, given: Given<'_>, place: &Place) -> (Ways, Type) {
        let limits = [self.limit, step.settings.timeout, self.plan.flows[id.index()].settings.deadline];
        let (worst, called) = self.called(id, given, limits.into_iter().flatten().min());
        step.called = called;
        let attempts = attempts(&step.settings);
        self.calls.extend(worst.calls.iter().map(|call| CallWorst {
            step: place.name(&super::joined(&step.name, &call.step)),
            calls: call.calls.saturating_mul(place.times).saturating_mul(attempts),
            ..call.clone()
        }));
        let settings = &self.plan.flows[id.index()].settings;
        // To its caller, a flow that refuses has failed, for good.
        let Ways { ok, failed, lasting, stopped } = worst.ways;
        let ways = Ways { ok, failed, lasting: either(&lasting, &stopped), stopped: None };
        let (ways, late) = timed(ways, settings.deadline, step, place);
        let ways = Ways { lasting: either(&ways.lasting, &late), ..ways };
        let (ways, late) = timed(ways, step.settings.timeout, step, place);
        let ways = Ways { failed: either(&ways.failed, &late), ..ways };
        (tried(&ways, &step.settings, waiting(step, place)), worst.output)
    }

    fn prompt(
        &mut self,
        step: &mut Step,
        id: PromptId,
        given: Given<'_>,
        env: &Env,
        place: &Place,
    ) -> (Ways, Type) {
        let guarded = std::mem::take(&mut self.guarded);
        let prompt = &self.plan.prompts[id.index()];
        let taken = |args: &[Type]| -> Vec<Type> {
            prompt.params.iter().zip(args).map(|(param, arg)| narrowest(&param.ty, arg)).collect()
        };
        let (args, held) = (taken(given.args), given.held.map(taken));
        let given = Given { args: &args, held: held.as_deref().filter(|held| **held != *args) };
        let models = models(&step.settings);
        let cap = |m: &ModelId| self.plan.models[m.index()].output_cap();
        let reply = models.iter().map(cap).max().unwrap_or_default();
        let output = filled(&prompt.output, reply);
        // Who is asked last fails last; and what a guard does not let pass is an answer of any of them.
        let last = step.settings.fallback.last().or(step.settings.model.as_ref());
        let last = last.into_iter().chain(step.settings.escalate.as_ref().map(|e| &e.to));
        let failed = last.map(cap).max().unwrap_or_default();
        let shown = match (&guarded, &prompt.output) {
            (None, _) => failed,
            (Some(refusal), Type::Text { bound: Some(bound), .. }) => {
                let answer = Tokens(bound.tokens()).min(reply);
                if refusal.times > 1 { answer.max(failed) } else { answer }
            }
            (Some(_), _) => reply,
        };
        let shown = if matches!(step.on_fail, Some(OnFail::Retry(_))) { shown.max(failed) } else { shown };
        let embed = step.settings.cache.as_ref().and_then(|c| c.similar).and_then(|similar| similar.embed);
        let behind = Behind { reply: shown, refusal: guarded.as_ref(), output: &output };
        let bounds = match self.bounds(id, given, (&models, embed), behind) {
            Ok(bounds) => bounds,
            Err(open) => {
                self.unbounded.push(Unbounded::Hole { step: step.span, open });
                return (Ways::certain(Worst::default()), output);
            }
        };
        let bounds = self.with_tools(step, id, bounds);
        self.too_large(step, (id, &args), &bounds);
        if self.asides > 0 {
            self.prove(step, &bounds);
        }
        step.bounds = Some(bounds.clone());
        self.note(step, &bounds, place, 1, Said::Nothing);
        // Only an answer of the models before it can leave doubt.
        let chain = step.settings.model.iter().chain(&step.settings.fallback);
        let cap = chain.map(|m| self.plan.models[m.index()].output_cap()).max().unwrap_or_default();
        let doubted = filled(&self.plan.prompts[id.index()].output, cap);
        let unless = self.unless(step, &doubted, env, place);
        if let Some(unless) = &unless {
            self.doubts.insert((step.span, step.name.clone()), unless.clone());
        }
        self.prompted = Some(id);
        (self.answered(step, &bounds, unless.as_ref(), place, Said::Nothing), output)
    }

    // Notes what is proven of the calls of a step in the case that is looked at.
    fn prove(&mut self, step: &Step, bounds: &CallBounds) {
        for request in &bounds.requests {
            for request in (0..=tools::rounds(step)).map(|lookups| request.behind(lookups)) {
                self.plan.cases.note((step.span, request.model), request.input);
                self.plan.cases.note((step.span, request.model), request.again);
                self.plan.cases.note((step.span, request.model), request.refused.input);
            }
        }
        if let Some(embedding) = bounds.embedding {
            self.plan.cases.note((step.span, embedding.model), embedding.input);
        }
    }

    fn bounds(
        &self,
        id: PromptId,
        given: Given<'_>,
        asked: (&[ModelId], Option<ModelId>),
        behind: Behind<'_>,
    ) -> Result<Arc<CallBounds>, super::prompt::Open> {
        let prompt = &self.plan.prompts[id.index()];
        let made = || self.bounds_of(prompt, given, asked, behind).map(Arc::new);
        let Some(requests) = self.requests.filter(|_| given.held.is_none()) else { return made() };
        let number = self.asked.borrow_mut().get_mut(id.index()).map(|n| std::mem::replace(n, *n + 1));
        let Behind { reply, refusal, .. } = behind;
        let (args, (models, embed)) = (Args::Given(given.args), asked);
        let request = Request { plan: self.plan, prompt, args, models, embed, reply, refusal };
        requests.bounds(&request, number.unwrap_or_default(), made)
    }

    fn bounds_of(
        &self,
        prompt: &Prompt,
        given: Given<'_>,
        (models, embed): (&[ModelId], Option<ModelId>),
        Behind { reply, refusal, output }: Behind<'_>,
    ) -> Result<CallBounds, super::prompt::Open> {
        let inference = self.in_all_cases();
        let asked = Asked::new(&inference, prompt, given);
        let request = |id: &ModelId| {
            let measure = &self.measures[id.index()];
            let refused = refusal.map(|r| (refusal::answer(output, reply, measure), r.reason(measure)));
            asked.request((*id, &self.plan.models[id.index()]), measure, (reply, refused))
        };
        let requests = models.iter().map(request).collect::<Result<_, _>>()?;
        let embedding = embed.map(|model| {
            let input = asked.embedded(&self.plan.models[model.index()], &self.measures[model.index()])?;
            Ok(EmbeddingBound { model, input })
        });
        let embedding = embedding.transpose()?;
        Ok(CallBounds { holes: asked.holes(), requests, embedding, shown: reply, shows: Default::default() })
    }

    // Keeps what a request that does not fit is made of.
    fn too_large(&mut self, step: &Step, (id, args): (PromptId, &[Type]), bounds: &CallBounds) {
        let lookups = tools::rounds(step);
        for request in bounds.requests.iter().map(|request| request.behind(lookups)) {
            let window = self.plan.models[request.model.index()].card.context;
            let needed = request
                .again
                .max(request.refused.input)
                .max(request.input)
                .0
                .saturating_add(request.output.0);
            if window == Tokens(0) || needed <= window.0 {
                continue;
            }
            let given = Given { args, held: None };
            let asked = Asked::new(&self.in_all_cases(), &self.plan.prompts[id.index()], given);
            let mut pasted = asked.pasted(&self.measures[request.model.index()]);
            let what = "what `tools` find, as it was asked for".into();
            pasted.push(Pasted { what, times: u64::from(lookups), each: request.turn.0 });
            self.pasted.insert((step.span, request.model), pasted);
        }
    }

    // Notes the calls of a step for the table of costs.
    pub(super) fn note(&mut self, step: &Step, bounds: &CallBounds, place: &Place, rounds: u64, said: Said) {
        let hedged = hedges(&step.settings);
        let behind = |request: &RequestBound| {
            let request = *request;
            (0..=tools::rounds(step)).map(move |lookups| request.behind(lookups))
        };
        for request in bounds.requests.iter().flat_map(behind) {
            let times = u64::from(step.settings.retry) + 1;
            let calls = times.saturating_mul(if hedged { 2 } else { 1 }).saturating_mul(rounds);
            self.calls.push(CallWorst {
                step: place.name(&step.name),
                span: step.span,
                model: request.model,
                calls: calls.saturating_mul(place.times),
                each: self.request_line(step, &request, place, said),
                again: (said != Said::Nothing).then(|| said.input(&request)),
            });
        }
        if let Some(embedding) = bounds.embedding {
            self.calls.push(CallWorst {
                step: place.name(&step.name),
                span: step.span,
                model: embedding.model,
                calls: rounds.saturating_mul(place.times),
                each: self.embedding_line(step, embedding, place),
                again: None,
            });
        }
    }

    fn unless(&mut self, step: &mut Step, output: &Type, env: &Env, place: &Place) -> Option<Doubt> {
        let mut escalate = step.settings.escalate.take()?;
        let ways = escalate.unless.as_mut().map(|unless| {
            let mut inner = env.clone();
            inner.set(VarId(unless.vars.start), output.clone());
            let (ways, _) = self.block(unless, &mut inner, place);
            let ways = ways.or_lasting(Worst::default());
            let holds = unless.result.as_ref().and_then(|holds| self.inference().known(holds, &inner));
            Doubt { ways, is_never: holds == Some(true) }
        });
        step.settings.escalate = Some(escalate);
        ways
    }

    // The `unless` of a step that was walked.
    pub(super) fn doubt(&self, step: &Step) -> Option<&Doubt> {
        self.doubts.get(&(step.span, step.name.clone()))
    }

    /// The answer to a prompt: the model and its fallbacks in turn, each with its tries, then the
    /// model that it is escalated to.
    pub(super) fn answered(
        &self,
        step: &Step,
        bounds: &CallBounds,
        unless: Option<&Doubt>,
        place: &Place,
        said: Said,
    ) -> Ways {
        let settings = &step.settings;
        let asked = |model: ModelId| {
            let request = bounds.request(model);
            request.map(|request| self.one_model(step, request, place, said)).unwrap_or_default()
        };
        let escalated = |ok: Worst, by: ModelId| match &settings.escalate {
            Some(Escalate { to, .. }) if *to != by => {
                let more = asked(*to);
                let doubted = match unless {
                    Some(Doubt { ways, is_never: true }) => ways.clone(),
                    Some(Doubt { ways, .. }) => {
                        let mut asked = ways.then(&more);
                        // Without doubt, the answer stands.
                        asked.ok = asked.ok.or(&ways.ok);
                        asked
                    }
                    None => more,
                };
                Ways::certain(ok).then(&doubted)
            }
            _ => Ways::certain(ok),
        };
        let mut before = Worst::default();
        let mut ways: Option<Ways> = None;
        let mut chain: Vec<ModelId> = settings.model.into_iter().collect();
        chain.extend(&settings.fallback);
        for model in chain {
            let one = asked(model);
            let answer = escalated(before.then(&one.ok), model);
            ways = Some(match ways {
                None => answer,
                Some(so_far) => so_far.or(&answer),
            });
            before = before.then(&one.failed.unwrap_or_default());
        }
        let mut ways = ways.unwrap_or_default();
        ways.failed = either(&ways.failed, &Some(before));
        self.behind_cache(ways, step, &Callee::Prompt(PromptId(0)), place)
    }

    /// The `cache` setting: nothing is in the cache, which takes its time to say so and to be told the
    /// answer, and an equal call under way that was waited for has failed. One by similarity asks for an
    /// embedding first, looks through what is near, and is told where the answer stands.
    fn behind_cache(&self, ways: Ways, step: &Step, callee: &Callee, place: &Place) -> Ways {
        let Some(policy) = &step.settings.cache else { return ways };
        let shared = longest_shared(callee, step.settings.timeout).0;
        let mut time = shared.saturating_add(CACHE.0).saturating_add(CACHE.0);
        if policy.similar.is_some() {
            time = time.saturating_add(NEAREST.0).saturating_add(CACHE.0);
        }
        let wait = Line { time: Millis(time), ..line_of(step, place, "the cache and an equal call") };
        let mut before = Worst::wait(wait);
        if let Some(embedding) = step.bounds.as_deref().and_then(|bounds| bounds.embedding) {
            before = before.then(&Worst::call(self.embedding_line(step, embedding, place)));
        }
        Ways::certain(before).then(&ways)
    }

    fn embedding_line(&self, step: &Step, bound: EmbeddingBound, place: &Place) -> Line {
        let model = &self.plan.models[bound.model.index()];
        Line {
            usd: model.card.worst(bound.input, Tokens(0)),
            input: bound.input,
            time: longest_embedding(step.settings.timeout),
            ..line_of(step, place, &model.name)
        }
    }

    // One model with its tries, each perhaps with another beside it.
    fn one_model(&self, step: &Step, request: &RequestBound, place: &Place, said: Said) -> Ways {
        let one = self.attempt(step, request, place, said);
        let time = one.time;
        let once = match step.settings.hedge {
            Some(after) if after < time => {
                let longer = Worst { time: Millis(after.0.saturating_add(time.0)), ..one.clone() };
                one.beside(&longer)
            }
            _ => one.clone(),
        };
        let either = |once: Worst| Ways { ok: once.clone(), failed: Some(once), ..Ways::default() };
        let tries = |once: Worst| tried(&either(once), &step.settings, waiting(step, place));
        let ways = tries(once);
        let Some(fewer) = self.fewer_calls(step) else { return ways };
        let fewer = one.times(fewer);
        let failed = ways.failed.as_ref().map(|time| fewer.clone().taking(time));
        Ways { ok: fewer.taking(&ways.ok), failed, ..ways }
    }

    pub(super) fn request_line(
        &self,
        step: &Step,
        request: &RequestBound,
        place: &Place,
        said: Said,
    ) -> Line {
        let model = &self.plan.models[request.model.index()];
        let input = said.input(request);
        let longest = Callee::Prompt(PromptId(0)).longest().unwrap_or_default();
        Line {
            usd: model.card.worst(input, request.output),
            input,
            output: request.output,
            time: step.settings.timeout.unwrap_or(longest),
            ..line_of(step, place, &model.name)
        }
    }
}

/// What is asked of an answer before another model is.
#[derive(Clone)]
pub(crate) struct Doubt {
    ways: Ways,
    // Whether the answer stands in every run.
    is_never: bool,
}

/// Every model that a step may ask.
fn models(settings: &StepSettings) -> Vec<ModelId> {
    let mut models: Vec<ModelId> = settings.model.into_iter().collect();
    models.extend(&settings.fallback);
    models.extend(settings.escalate.as_ref().map(|e| e.to));
    let mut kept: Vec<ModelId> = Vec::new();
    for model in models {
        if !kept.contains(&model) {
            kept.push(model);
        }
    }
    kept
}

pub(super) fn hedges(settings: &StepSettings) -> bool {
    let longest = Callee::Prompt(PromptId(0)).longest().unwrap_or_default();
    settings.hedge.is_some_and(|after| after < settings.timeout.unwrap_or(longest))
}

pub(super) fn attempts(settings: &StepSettings) -> u64 {
    u64::from(settings.retry) + 1
}

// The texts of a model's answer are bounded by its output cap where they have no bound of their own.
fn filled(ty: &Type, cap: Tokens) -> Type {
    match ty {
        ty if is_filled(ty) => ty.clone(),
        Type::Text { bound: None, truncate } => {
            Type::Text { bound: Some(Bound::Tokens(cap.0)), truncate: *truncate }
        }
        Type::Json(None) => Type::Json(Some(Bound::Tokens(cap.0))),
        Type::List(item, most) => Type::List(Box::new(filled(item, cap)), *most),
        Type::Map(item, most) => Type::Map(Box::new(filled(item, cap)), *most),
        Type::Optional(inner) => Type::Optional(Box::new(filled(inner, cap))),
        Type::Record(record) => {
            let fields = record.fields.iter();
            let fields = fields.map(|f| flow_plan::Field { ty: filled(&f.ty, cap), ..f.clone() }).collect();
            Type::Record(Arc::new(flow_plan::RecordType {
                name: record.name.clone(),
                doc: record.doc.clone(),
                fields,
            }))
        }
        other => other.clone(),
    }
}

fn is_filled(ty: &Type) -> bool {
    match ty {
        Type::Text { bound, .. } | Type::Json(bound) => bound.is_some(),
        Type::List(inner, _) | Type::Map(inner, _) | Type::Optional(inner) => is_filled(inner),
        Type::Record(record) => record.fields.iter().all(|f| is_filled(&f.ty)),
        _ => true,
    }
}

/// Cut off after so long: then it has failed, whatever it was about to do. That is told apart.
fn timed(ways: Ways, limit: Option<Millis>, step: &Step, place: &Place) -> (Ways, Option<Worst>) {
    let Some(limit) = limit else { return (ways, None) };
    let cut_off = Worst::wait(Line { time: limit, ..line_of(step, place, "its limit") });
    let within = |worst: Worst| if worst.time > limit { worst.taking(&cut_off) } else { worst };
    let cut = Some(ways.any()).filter(|any| any.time > limit).map(within);
    (Ways { ok: within(ways.ok.clone()), ..ways.ended(within) }, cut)
}

/// The `retry` setting: tried again after a failure, with a wait before each further try.
fn tried(once: &Ways, settings: &StepSettings, waiting: Line) -> Ways {
    let retries = u64::from(settings.retry);
    let Some(failed) = once.failed.as_ref().filter(|_| retries > 0) else { return once.clone() };
    let wait = Worst::wait(waiting);
    let before = failed.then(&wait).times(retries);
    Ways { ok: once.ok.or(&before.then(&once.ok)), ..once.clone().ended(|end| before.then(&end)) }
}

pub(super) fn waiting(step: &Step, place: &Place) -> Line {
    Line { time: longest_wait(step.settings.timeout), ..line_of(step, place, "the wait before another try") }
}

pub(super) fn line_of(step: &Step, place: &Place, what: &str) -> Line {
    Line {
        step: place.name(&step.name),
        span: step.span,
        what: what.into(),
        usd: Cost::ZERO,
        input: Tokens(0),
        output: Tokens(0),
        time: Millis(0),
    }
}
