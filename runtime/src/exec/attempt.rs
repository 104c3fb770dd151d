//! One attempt at one model. The duties of a call stand in [`attempt`], in their order.

use super::ceiling;
use super::halt::{Again, Failure};
use super::state::Given;
use super::step::Site;
use crate::budget::{Money, worst_case};
use crate::events::What;
use crate::output;
use crate::provider::{CallError, CallErrorKind, Finish, Message, OnText, Provider, Reply, Request};
use crate::{RunError, Spent};
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Cost, Millis, Model, ModelId, Prompt, Tokens, Value};
use futures::future::BoxFuture;
use std::sync::atomic::Ordering;
use tokio::time::Instant;

/// A prompt, ready to be sent to one model.
pub(super) struct Ask<'a> {
    pub(super) prompt: &'a Prompt,
    pub(super) id: ModelId,
    pub(super) model: &'a Model,
    pub(super) provider: &'a dyn Provider,
    pub(super) schema_bytes: usize,
    pub(super) messages: Vec<Message>,
}

impl<'a> Ask<'a> {
    /// The request, with its cap on output.
    pub(super) fn request(&self, site: Site<'_>) -> Request<'a> {
        Request {
            model: self.model,
            prompt: &self.prompt.name,
            messages: self.messages.clone(),
            output: &self.prompt.output,
            max_output: max_output(self.model),
            stream: site.run().sink.is_some(),
        }
    }
}

fn max_output(model: &Model) -> Tokens {
    model.settings.max_output.unwrap_or(model.card.max_output)
}

/// Asks once: reserve, note, send within the timeout, settle, read.
pub(super) async fn attempt(site: Site<'_>, ask: &Ask<'_>, request: &Request<'_>) -> Given<Value> {
    let worst = worst_case(ask.model, &request.messages, ask.schema_bytes, request.max_output);
    ceiling::trusted(site, ask)?;
    let engine = site.run().engine;
    let money = Money::reserve(site.cx.ledger, engine.budgets.as_ref(), worst.cost, &site.run().id).await?;
    site.run().begin(site.path, worst.cost).await?;
    let call = Call::start(site, ask.model, money);
    match send(site, ask, request, &call).await {
        Ok(reply) => {
            let spent = used(ask.model, &reply, worst.cost);
            let excess = ceiling::broken(site, ask, (worst, request.max_output), (reply.usage, spent));
            let request_id = reply.request_id.clone();
            let result = read(ask, reply);
            let error = result.as_ref().err().map(|f| &f.error);
            call.finish(Ended { spent, request_id, excess, error }).await;
            Ok(result?)
        }
        Err(failure) => {
            let (failure, spent) = *failure;
            let spent = spent.unwrap_or_else(|| cut_off(worst.cost));
            call.finish(Ended { error: Some(&failure.error), ..Ended::with(spent) }).await;
            Err(failure.into())
        }
    }
}

/// What a call that may have been billed counts as.
fn cut_off(worst: Cost) -> Spent {
    Spent { usd: worst, calls: 1, ..Spent::default() }
}

/// What a call used. Where the provider does not say, what was reserved stays charged.
fn used(model: &Model, reply: &Reply, worst: Cost) -> Spent {
    let usage = reply.usage;
    if usage.input == Tokens(0) && usage.output == Tokens(0) {
        return cut_off(worst);
    }
    Spent {
        usd: model.card.price.billed(&usage),
        calls: 1,
        input: usage.input,
        output: usage.output,
        cached_calls: 0,
    }
}

/// A failed call, and what it used where that is known.
type Unsent = Box<(Failure, Option<Spent>)>;

async fn send(
    site: Site<'_>,
    ask: &Ask<'_>,
    request: &Request<'_>,
    call: &Call<'_>,
) -> Result<Reply, Unsent> {
    let context = &site.run().engine.context;
    let mut listen = |text: &str| call.token(text);
    let mut ignore = |_: &str| {};
    let on_text: &mut OnText<'_> = if site.run().sink.is_some() { &mut listen } else { &mut ignore };
    let work = ask.provider.call(context, request, on_text);
    let answered = match site.step.settings.timeout {
        Some(limit) => match tokio::time::timeout(limit.duration(), work).await {
            Ok(answered) => answered,
            Err(_) => {
                let message = format!("`{}` did not answer within {limit}", ask.model.name);
                let error = RunError::new(Code::E0805, message)
                    .help("raise the step's `timeout`, or give it a `fallback`");
                return Err(Box::new((Failure::passing(error), None)));
            }
        },
        None => work.await,
    };
    answered.map_err(|error| Box::new(refused(ask.model, error)))
}

/// What a provider's error means. What was refused before a model saw it costs nothing.
fn refused(model: &Model, error: CallError) -> (Failure, Option<Spent>) {
    let code = if error.kind == CallErrorKind::Key { Code::E0810 } else { Code::E0805 };
    let mut run_error = RunError::new(code, format!("`{}`: {}", model.name, error.message));
    run_error.help = error.help;
    let again = if error.kind.is_retryable() { Again::May(error.retry_after) } else { Again::Never };
    let free = match error.kind {
        CallErrorKind::RateLimited | CallErrorKind::Key | CallErrorKind::Rejected => true,
        // The connection may have broken, or the answer been spoilt, after the model had worked.
        CallErrorKind::Connection | CallErrorKind::Server | CallErrorKind::Malformed => false,
    };
    let spent = free.then(|| Spent { calls: 1, ..Spent::default() });
    (Failure { error: run_error, again, reply: None }, spent)
}

/// The reply as a value of the prompt's type. One that is not whole is never passed on.
fn read(ask: &Ask<'_>, reply: Reply) -> Result<Value, Box<Failure>> {
    match reply.finish {
        Finish::Done => output::read(&ask.prompt.output, &reply.text)
            .map_err(|error| Box::new(Failure { error, again: Again::May(None), reply: Some(reply.text) })),
        Finish::Cut => Err(Box::new(Failure::lasting(
            RunError::new(
                Code::E0806,
                format!("the answer of `{}` was cut off at {}", ask.model.name, max_output(ask.model)),
            )
            .help("raise `max_output`, or ask for less"),
        ))),
        Finish::Refused => Err(Box::new(Failure::lasting(
            RunError::new(Code::E0805, format!("`{}` refused to answer", ask.model.name))
                .help("change the prompt, or give the step an `else`"),
        ))),
    }
}

/// A call under way. Dropped before its end, it counts with its worst case.
struct Call<'a> {
    site: Site<'a>,
    model: EcoString,
    number: u32,
    started: Instant,
    money: Option<Money<'a>>,
}

/// How a call ended.
struct Ended<'a> {
    spent: Spent,
    request_id: Option<String>,
    excess: Option<String>,
    error: Option<&'a RunError>,
}

impl Ended<'_> {
    fn with(spent: Spent) -> Ended<'static> {
        Ended { spent, request_id: None, excess: None, error: None }
    }
}

impl<'a> Call<'a> {
    fn start(site: Site<'a>, model: &Model, mut money: Money<'a>) -> Call<'a> {
        money.begin();
        let number = site.tally.attempt();
        let id = ecow::eco_format!("{}/{}", model.provider, model.model);
        site.run().tell(Some(site.path), || What::CallStarted {
            model: id.clone(),
            attempt: number,
            restarts: site.tally.shown.swap(false, Ordering::Relaxed),
        });
        Call { site, model: id, number, started: Instant::now(), money: Some(money) }
    }

    fn token(&self, text: &str) {
        self.site.tally.shown.store(true, Ordering::Relaxed);
        self.site.run().tell(Some(self.site.path), || What::Token {
            attempt: self.number,
            text: text.into(),
            result: self.site.streams,
        });
    }

    /// Settles, and waits until that outlives the process, which may end right after the run.
    async fn finish(mut self, ended: Ended<'_>) {
        self.site.tally.answered_by(self.model.clone());
        if let Some(kept) = self.settle(ended) {
            // What could not be kept stays charged in full, and the next reservation says why.
            let _ = kept.await;
        }
    }

    fn settle(&mut self, ended: Ended<'_>) -> Option<BoxFuture<'static, Result<(), RunError>>> {
        let Ended { spent, request_id, excess, error } = ended;
        let kept = self.money.take()?.settle(spent);
        self.site.tally.spend(spent);
        self.site.run().tell(Some(self.site.path), || What::CallFinished {
            model: self.model.clone(),
            attempt: self.number,
            spent,
            took: Millis::from(self.started.elapsed()),
            request_id,
            excess,
            error: error.cloned(),
        });
        kept
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let Some(worst) = self.money.as_ref().map(Money::worst) else { return };
        let error = RunError::new(Code::E0812, "the call was dropped before its end");
        drop(self.settle(Ended { error: Some(&error), ..Ended::with(cut_off(worst)) }));
    }
}
