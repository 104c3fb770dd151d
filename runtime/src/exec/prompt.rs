//! A call of a prompt: the models that are asked one after another.
//!
//! The cache first; then the step's model and its fallbacks in turn, each with its retries; then,
//! where the answer leaves doubt, the model it is escalated to.

use super::attempt::{Ask, Purpose, attempt};
use super::halt::{Again, Failure, Halt};
use super::request::Messages;
use super::state::Given;
use super::step::{Said, Site};
use super::{backoff, block, cached, doubt, similar, taped, tools};
use crate::RunError;
use crate::cache::Digest;
use crate::provider::Message;
use flow_diagnostics::Code;
use flow_plan::limits::COMPLAINT;
use flow_plan::{Millis, ModelId, PromptId, Role, Tokens, Type, Value};
use flow_tokens::Measure;
use futures::future::{BoxFuture, Either, select};
use std::pin::pin;

/// Asks for a prompt's answer. `again` is said behind the prompt, when an answer could not be used.
pub(super) async fn prompt(site: Site<'_>, id: PromptId, args: &[Value], again: Said<'_>) -> Given<Value> {
    let engine = site.run().engine;
    let (prompt, facts) = (&engine.plan.prompts[id.index()], &engine.prompts[id.index()]);
    let settings = &site.step.settings;
    let Some(first) = settings.model else {
        let error = RunError::new(Code::E0810, format!("no model is set for prompt `{}`", prompt.name));
        return Err(Halt::from(error.help("give the step, the prompt or the flow a `model`")));
    };
    taped::note_privates(site, &prompt.params, args);
    let bounds = site.step.bounds.as_deref();
    let measure = &engine.measures[first.index()];
    let mut messages = Messages::render(site, (prompt, facts), args, (bounds, measure)).await?;
    let call = cached::call(site, &prompt.name, |d| call_parts(d, site, id, messages.list()))?;
    let call = match call {
        // A cassette has what models answer, and no embeddings.
        Some(call) if again.is_nothing() && engine.tape.is_none() => {
            let words = similar::words(site, (id, prompt), args, (bounds, measure, &messages))?;
            Some(call.near(words))
        }
        call => call,
    };
    messages.extend(again.messages, longest(site, first, again), measure);
    let question = Question { prompt: id, args, again, first: (&messages, measure) };
    let models = std::iter::once(first).chain(settings.fallback.iter().copied());
    // On the heap, since it stands in every way below.
    let work: BoxFuture<'_, Given<Value>> = Box::pin(async {
        let (answer, by) = first_answer(site, question, models).await?;
        escalated(site, question, answer, by).await
    });
    match call {
        None => work.await,
        Some(call) if again.is_nothing() => call.answered(site, work).await,
        // The answer that is there could not be used.
        Some(call) => call.renewed(site, work).await,
    }
}

// The most tokens of an answer that is shown to a model again, and of what is said of it.
fn longest(site: Site<'_>, model: ModelId, said: Said<'_>) -> (Tokens, Tokens) {
    match site.step.bounds.as_deref() {
        Some(bounds) => match bounds.request(model).filter(|_| said.is_refused) {
            Some(request) => (request.refused.answer, request.refused.reason),
            None => (bounds.shown, COMPLAINT),
        },
        None => (Tokens(u64::MAX), COMPLAINT),
    }
}

#[derive(Clone, Copy)]
struct Question<'a> {
    prompt: PromptId,
    args: &'a [Value],
    again: Said<'a>,
    // As the first model is asked, and what counts there.
    first: (&'a Messages, &'a Measure),
}

/// All that an answer depends on: the prompt as it is sent, who may answer, and what an answer is.
pub(super) fn call_parts(d: &mut Digest, site: Site<'_>, id: PromptId, messages: &[Message]) {
    let (engine, settings) = (site.run().engine, &site.step.settings);
    d.part(engine.answers.prompt(id));
    for model in settings.model.iter().chain(&settings.fallback) {
        d.part(engine.answers.model(*model));
    }
    if let Some(escalate) = &settings.escalate {
        d.part(b"escalate");
        d.part(engine.answers.model(escalate.to));
        doubt::parts(d, site, escalate);
    }
    if let Some(setting) = &settings.tools {
        tools::parts(d, &engine.plan, setting);
    }
    for message in messages {
        d.part(match message.role {
            Role::System => b"system",
            Role::User => b"user",
            Role::Assistant => b"assistant",
        });
        d.part(message.text.as_bytes());
        for image in &message.images {
            d.part(image.as_bytes());
        }
    }
}

/// The answer of the first model that has one.
async fn first_answer(
    site: Site<'_>,
    question: Question<'_>,
    models: impl Iterator<Item = ModelId>,
) -> Given<(Value, ModelId)> {
    let mut failures: Vec<Failure> = Vec::new();
    for (nth, model) in (0..).zip(models) {
        match retried(site, question, model, nth).await {
            Ok(value) => return Ok((value, model)),
            Err(Halt::Fail(failure)) if failure.again == Again::Nowhere => return Err(Halt::Fail(failure)),
            Err(Halt::Fail(failure)) => failures.push(*failure),
            Err(halt) => return Err(halt),
        }
    }
    Err(joined(failures).into())
}

/// One failure for all models that were tried: the last one's, with what the others said.
fn joined(mut failures: Vec<Failure>) -> Failure {
    let Some(mut last) = failures.pop() else {
        return Failure::lasting(RunError::new(Code::E0805, "no model was asked"));
    };
    if !failures.is_empty() {
        // Each message names its model already.
        let before: Vec<&str> = failures.iter().map(|f| f.error.message.as_str()).collect();
        last.error.message = format!("{} (before it, {})", last.error.message, before.join("; "));
    }
    last
}

/// The answer of one model, the step's `nth`, asked again where that makes sense.
async fn retried(site: Site<'_>, question: Question<'_>, model: ModelId, nth: u32) -> Given<Value> {
    let engine = site.run().engine;
    let (prompt, facts) =
        (&engine.plan.prompts[question.prompt.index()], &engine.prompts[question.prompt.index()]);
    let (who, measure) = (&engine.plan.models[model.index()], &engine.measures[model.index()]);
    let bounds = site.step.bounds.as_deref();
    let (first, counted_by) = question.first;
    // What is cut at a hole depends on how the model's tokens are counted.
    let own = match counted_by.counts_like(measure) {
        true => None,
        false => {
            let mut own = Messages::render(site, (prompt, facts), question.args, (bounds, measure)).await?;
            own.extend(question.again.messages, longest(site, model, question.again), measure);
            Some(own)
        }
    };
    let own = own.as_ref().unwrap_or(first);
    let messages = own.for_model(who, facts);
    let offered = match &site.step.settings.tools {
        Some(setting) => tools::offered(&engine.plan, setting)?,
        None => Vec::new(),
    };
    let mut input = facts.count(prompt, (model, who), measure, &messages);
    if !offered.is_empty() {
        let is_held = who.card.abilities.json_schema && !matches!(prompt.output, Type::Text { .. });
        input.0 = input.0.saturating_add(tools::count(measure, &who.provider, (&offered, is_held)).0);
    }
    let bound = bounds.and_then(|b| b.request(model));
    let most = bound.map_or(input, |b| match question.again {
        again if again.is_nothing() => b.input,
        again if again.is_refused => b.refused.input,
        _ => b.again,
    });
    let proven = engine.plan.cases.least((site.step.span, model), input, most);
    let ask = Ask {
        id: model,
        prompt,
        model: who,
        measure,
        provider: &*engine.providers[model.index()],
        input,
        most,
        proven,
        output: who.output_cap(),
        purpose: Purpose::Answer,
        messages,
        said: own.list(),
        args: question.args,
        fixed: facts.fixed,
        cuts: &own.cuts,
        tools: None,
        lookups: 0,
        found: &[],
    };
    ask.fits()?;
    let request = ask.request(site);
    let settings = &site.step.settings;
    let may_try = settings.retry.saturating_add(1);
    // Tries are counted over all models and further rounds, so that no two attempts share a path.
    let models = u32::try_from(settings.fallback.len()).unwrap_or(u32::MAX).saturating_add(2);
    let before = site.round.saturating_mul(models).saturating_add(nth).saturating_mul(may_try);
    let mut tries = 0;
    loop {
        tries += 1;
        site.begin().await;
        let result = match (&settings.tools, settings.hedge) {
            (Some(setting), _) => {
                let number = before.saturating_add(tries);
                tools::attempt(site, &ask, (setting, &offered), number).await
            }
            (None, Some(after)) => hedged(after, || attempt(site, &ask, &request)).await,
            (None, None) => attempt(site, &ask, &request).await,
        };
        let failure = match result {
            Err(Halt::Fail(failure)) if tries <= settings.retry => failure,
            other => return other,
        };
        match backoff::before(site, failure.again, tries) {
            // The model has answered; there is nothing to wait for.
            Some(_) if failure.reply.is_some() || !engine.waits() => {}
            Some(wait) => {
                site.rest();
                tokio::time::sleep(wait.duration()).await;
            }
            None => return Err(Halt::Fail(failure)),
        }
    }
}

/// The first good answer of an attempt and, where it is slow, of another beside it.
async fn hedged<F: Future<Output = Given<Value>>>(after: Millis, attempt: impl Fn() -> F) -> Given<Value> {
    let mut first = pin!(attempt());
    if let Ok(result) = tokio::time::timeout(after.duration(), &mut first).await {
        return result;
    }
    let second = pin!(attempt());
    match select(first, second).await {
        Either::Left((Ok(value), _)) | Either::Right((Ok(value), _)) => Ok(value),
        Either::Left((Err(lost @ Halt::Lost(_)), _)) | Either::Right((Err(lost @ Halt::Lost(_)), _)) => {
            Err(lost)
        }
        Either::Left((Err(_), other)) => other.await,
        Either::Right((Err(_), other)) => other.await,
    }
}

/// The answer, or that of the model it is escalated to where there is doubt.
async fn escalated(site: Site<'_>, question: Question<'_>, answer: Value, by: ModelId) -> Given<Value> {
    let Some(escalate) = &site.step.settings.escalate else { return Ok(answer) };
    if escalate.to == by {
        return Ok(answer);
    }
    if let Some(unless) = &escalate.unless {
        let path = site.inside_part(None, "unless");
        site.rest();
        let held = block(site.enter(&path), unless, vec![answer.clone()], Some(site.frame)).await;
        // What a judge has answered is no answer to this prompt.
        match held.map_err(Halt::without_reply)? {
            Value::Bool(true) => return Ok(answer),
            Value::Bool(false) => {}
            other => {
                let message = format!("expected true or false, found {}", flow_plan::kind(&other));
                return Err(Halt::from(RunError::new(Code::E0813, message)));
            }
        }
    }
    let nth = u32::try_from(site.step.settings.fallback.len()).unwrap_or(u32::MAX).saturating_add(1);
    retried(site, question, escalate.to, nth).await
}
