//! One attempt at one model. The duties of a call stand in [`attempt`], in their order.

use super::ceiling;
use super::director::At;
use super::guarded::Teller;
use super::halt::{Again, Failure};
use super::state::Given;
use super::step::Site;
use super::taped::{self, Taped};
use super::turn::{Turn, skipped};
use super::under_way::{Call, Ended, cut_off, open};
use crate::output::{self, Partial};
use crate::provider::{
    CallError, CallErrorKind, Finish, Message, OnText, Provider, Reply, Request, Tools, Wish,
};
use crate::{RunError, Spent};
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Callee, Cost, Millis, Model, ModelId, Prompt, PromptId, Tokens, Type, Value};
use flow_tokens::{Cut, Measure};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::Instant;

/// A prompt, ready to be sent to one model.
pub(super) struct Ask<'a> {
    pub(super) prompt: &'a Prompt,
    pub(super) id: ModelId,
    pub(super) model: &'a Model,
    pub(super) provider: &'a dyn Provider,
    pub(super) measure: &'a Measure,
    /// How many tokens the request has.
    pub(super) input: Tokens,
    /// How many it may have: what is proven of the call.
    pub(super) most: Tokens,
    /// How many are set aside for it: what is proven of the call in the case that the run is in.
    pub(super) proven: Tokens,
    /// The output cap: nothing where the texts are asked for an embedding.
    pub(super) output: Tokens,
    /// What it is for.
    pub(super) purpose: Purpose,
    pub(super) messages: Vec<Message>,
    /// The messages without what is said of the shape to a model that is held to no schema.
    pub(super) said: &'a [Message],
    /// What the prompt is given.
    pub(super) args: &'a [Value],
    /// How many of them, from the first on, are the same in every call.
    pub(super) fixed: usize,
    /// What was cut at a hole.
    pub(super) cuts: &'a [Cut],
    /// The lookups that the model may ask for, where it may.
    pub(super) tools: Option<Tools<'a>>,
    /// How many of them it has asked for.
    pub(super) lookups: u32,
    /// What of that is private, by name.
    pub(super) found: &'a [(EcoString, String)],
}

/// What a model has said.
pub(super) enum Said {
    /// Its answer.
    Answer(Value),
    /// The lookup that it asks for first.
    Wish(Wish),
}

/// What a model is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// The answer of a step.
    Answer,
    /// Where its texts stand, to find an answer that is kept.
    Embedding,
}

impl<'a> Ask<'a> {
    /// Who is asked, as `provider/model`.
    pub(super) fn whom(&self) -> EcoString {
        ecow::eco_format!("{}/{}", self.model.provider, self.model.model)
    }

    /// The most that it can cost in any case.
    pub(super) fn worst(&self) -> Cost {
        self.model.card.worst(self.most, self.output)
    }

    /// The most that it can cost in the case that the run is in.
    pub(super) fn reserved(&self) -> Cost {
        self.model.card.worst(self.proven, self.output)
    }

    /// Refuses a request that is larger than what was proven of it: it would cost more than what is
    /// set aside, or not fit its model.
    pub(super) fn fits(&self) -> Given<()> {
        if self.input <= self.most {
            return Ok(());
        }
        let message = format!(
            "the prompt `{}` has {} for `{}`, and {} are set aside for it",
            self.prompt.name, self.input, self.model.name, self.most
        );
        let error = RunError::new(Code::E0803, message);
        Err(Failure::lasting(error.help("bound what is pasted more narrowly, or put it into a `fence`"))
            .into())
    }

    /// The request, with its cap on output.
    pub(super) fn request(&self, site: Site<'a>) -> Request<'a> {
        Request {
            model: self.model,
            prompt: &self.prompt.name,
            messages: self.messages.clone(),
            fixed: self.fixed,
            output: &self.prompt.output,
            measure: self.measure,
            input: self.input,
            max_output: self.output,
            stream: site.run().sink.is_some(),
            room: Some(&*site.run().engine.gates[self.id.index()].room),
            tools: self.tools,
        }
    }
}

/// Refuses private data for a model that is not cleared for it, whatever the compiler knew of it.
pub(super) fn cleared(site: Site<'_>, ask: &Ask<'_>) -> Given<()> {
    if ask.model.cleared || !site.step.given.private {
        return Ok(());
    }
    let message = format!("`{}` ({}) is not cleared for private data", ask.model.name, ask.model.id());
    let help = "write `clearance: private` into the model if such data may go there, or ask another one";
    Err(Failure::lasting(RunError::new(Code::E0810, message).help(help)).into())
}

/// Asks once for an answer.
pub(super) async fn attempt(site: Site<'_>, ask: &Ask<'_>, request: &Request<'_>) -> Given<Value> {
    match asked(site, ask, request).await? {
        Said::Answer(value) => Ok(value),
        Said::Wish(wish) => {
            let message = format!("`{}` asks for `{}`, which it is not offered", ask.model.name, wish.tool);
            Err(Failure::passing(RunError::new(Code::E0806, message)).into())
        }
    }
}

/// Asks once: see that it may be told, look at the cassette, wait for its turn, reserve, note, send, settle, read; all until it is
/// answered within the timeout.
pub(super) async fn asked(site: Site<'_>, ask: &Ask<'_>, request: &Request<'_>) -> Given<Said> {
    let worst = ask.worst();
    cleared(site, ask)?;
    ceiling::trusted(site, ask)?;
    let mut taped = taped::taped(site, ask)?;
    let time = Time::begin(site);
    let opened = match taped.not_asked() {
        Some(failure) => Err(skipped(site, ask, failure)),
        None => open(site, ask, time.until).await,
    };
    let (call, mut turn) = opened.inspect_err(|halt| taped.was_not_asked(halt))?;
    match send(site, ask, request, (&call, &time, &mut turn, &mut taped)).await {
        Ok(reply) => {
            let spent = used(ask, &reply);
            turn.used(spent);
            let excess = ceiling::broken(site, ask, worst, (reply.usage, spent));
            let request_id = reply.request_id.clone();
            site.run().mask_said(site.step, &reply.text);
            if let (Some(wish), Finish::Done) = (&reply.wish, reply.finish) {
                let wish = wish.clone();
                call.finish(Ended { request_id, excess, ..Ended::with(spent) }).await;
                return Ok(Said::Wish(wish));
            }
            let result = read(ask, reply);
            let error = result.as_ref().err().map(|f| &f.error);
            let repaired = result.as_ref().map_or(&[][..], |read| &read.repairs);
            call.finish(Ended { spent, request_id, excess, repaired, error }).await;
            Ok(Said::Answer(result?.value))
        }
        Err(failure) => {
            let (failure, spent) = *failure;
            let spent = spent.unwrap_or_else(|| cut_off(ask));
            turn.used(spent);
            call.finish(Ended { error: Some(&failure.error), ..Ended::with(spent) }).await;
            Err(failure.into())
        }
    }
}

/// What a call used. Where the provider does not say, what was reserved stays charged.
fn used(ask: &Ask<'_>, reply: &Reply) -> Spent {
    let usage = reply.usage;
    if usage.input == Tokens(0) && usage.output == Tokens(0) {
        return cut_off(ask);
    }
    Spent {
        usd: ask.model.card.price.billed(&usage),
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
    (call, time, turn, taped): (&Call<'_>, &Time, &mut Turn<'_>, &mut Taped),
) -> Result<Reply, Unsent> {
    let context = &site.run().engine.context;
    let listens = site.run().sink.is_some();
    let mut teller = if listens { Teller::of(site) } else { Teller::Open };
    let mut growing = (site.grows && teller.is_open()).then(|| Growing::new(&ask.prompt.output));
    // As long as the model may ask for a lookup, what it says may be none of the answer.
    let held = AtomicBool::new(request.tools.is_some_and(|tools| !tools.withheld));
    let mut listen = |text: &str| {
        if !listens || held.load(Ordering::Relaxed) {
            return;
        }
        match teller.is_open() {
            true => call.token(text),
            false => teller.piece(text).iter().for_each(|passed| call.token(passed)),
        }
        if let Some(value) = growing.as_mut().and_then(|growing| growing.take(text)) {
            call.partial(value);
        }
    };
    let answered = match (&mut *taped, &site.run().engine.director) {
        (Taped::Played(outcome), _) => {
            let work = taped::played(outcome, request.stream, &mut listen);
            tokio::time::timeout_at(time.until, work).await.ok().flatten()
        }
        (_, Some(director)) => {
            let at = At { lookups: ask.lookups, ..At::of(site, call.number) };
            let work = director.reply(at, request);
            tokio::time::timeout_at(time.until, work).await.ok()
        }
        (Taped::Recording(take), None) => {
            let mut on_text = |text: &str| {
                take.said(text);
                listen(text);
            };
            let work = ask.provider.call(context, request, &mut on_text);
            tokio::time::timeout_at(time.until, work).await.ok()
        }
        (Taped::Live, None) => {
            let mut ignore = |_: &str| {};
            let on_text: &mut OnText<'_> = if listens { &mut listen } else { &mut ignore };
            let work = ask.provider.call(context, request, on_text);
            tokio::time::timeout_at(time.until, work).await.ok()
        }
    };
    taped.ended(answered.as_ref().map(Result::as_ref));
    if let (true, Some(Ok(Reply { wish: None, text, .. }))) = (held.swap(false, Ordering::Relaxed), &answered)
    {
        listen(text);
    }
    if let (true, Some(Ok(Reply { finish: Finish::Done, .. }))) = (listens, &answered) {
        teller.end().iter().for_each(|passed| call.token(passed));
    }
    let answered = match answered {
        Some(answered) => answered,
        None => {
            turn.ended(site, ask, Err(None));
            let waited = match turn.waited {
                Millis(0) => String::new(),
                waited => format!(", of which {waited} passed before its turn came"),
            };
            let message = format!("`{}` did not answer within {}{waited}", ask.model.name, time.limit);
            let error = RunError::new(Code::E0805, message)
                .help("raise the step's `timeout`, or give it a `fallback`");
            return Err(Box::new((Failure::passing(error), None)));
        }
    };
    turn.ended(site, ask, answered.as_ref().map(drop).map_err(Some));
    answered.map_err(|error| Box::new(refused(ask.model, error)))
}

/// The time of an attempt.
struct Time {
    limit: Millis,
    until: Instant,
}

impl Time {
    fn begin(site: Site<'_>) -> Time {
        let longest = Callee::Prompt(PromptId(0)).longest().unwrap_or_default();
        let limit = site.step.settings.timeout.unwrap_or(longest);
        Time { limit, until: Instant::now() + limit.duration() }
    }
}

/// What a provider's error means. What was refused before a model saw it costs nothing.
pub(super) fn refused(model: &Model, error: CallError) -> (Failure, Option<Spent>) {
    let code = if error.kind == CallErrorKind::Key { Code::E0810 } else { Code::E0805 };
    let mut run_error = RunError::new(code, format!("`{}`: {}", model.name, error.message));
    run_error.help = error.help;
    let again = if error.kind.is_retryable() { Again::May(error.retry_after) } else { Again::Never };
    let free = match error.kind {
        CallErrorKind::RateLimited
        | CallErrorKind::Key
        | CallErrorKind::TooLong
        | CallErrorKind::Rejected
        | CallErrorKind::Unreached => true,
        // The connection may have broken, or the answer been spoilt, after the model had worked.
        CallErrorKind::Connection
        | CallErrorKind::Overloaded
        | CallErrorKind::Server
        | CallErrorKind::Malformed => false,
    };
    let spent = free.then(|| Spent { calls: 1, ..Spent::default() });
    (Failure { error: run_error, again, reply: None }, spent)
}

/// The reply as a value of the prompt's type. One that is not whole is never passed on.
fn read(ask: &Ask<'_>, reply: Reply) -> Result<output::Read, Box<Failure>> {
    match reply.finish {
        Finish::Done => output::read_held(&ask.prompt.output, &reply.text, ask.measure)
            .map_err(|error| Box::new(Failure { error, again: Again::May(None), reply: Some(reply.text) })),
        Finish::Cut => Err(Box::new(Failure::lasting(
            RunError::new(
                Code::E0806,
                format!("the answer of `{}` was cut off at {}", ask.model.name, ask.model.output_cap()),
            )
            .help("raise `max_output`, or ask for less"),
        ))),
        Finish::Refused => Err(Box::new(Failure::lasting(
            RunError::new(Code::E0805, format!("`{}` refused to answer", ask.model.name))
                .help("change the prompt, or give the step an `else`"),
        ))),
    }
}

/// An answer that is shown in parts while it comes.
struct Growing {
    partial: Partial,
    /// Bytes so far, and how many there were when it was last shown.
    seen: usize,
    shown: usize,
}

impl Growing {
    fn new(ty: &Type) -> Growing {
        Growing { partial: Partial::new(ty.clone()), seen: 0, shown: 0 }
    }

    /// What is to be shown behind this piece. A long answer is shown less often, so that showing it
    /// stays in proportion to its length.
    fn take(&mut self, text: &str) -> Option<Value> {
        const SHORT: usize = 4096;
        self.seen += text.len();
        let is_new = self.partial.feed(text);
        let is_due =
            self.seen <= SHORT || (self.seen - self.shown) * 8 >= self.seen || self.partial.is_whole();
        if !is_new || !is_due {
            return None;
        }
        self.shown = self.seen;
        self.partial.value()
    }
}
