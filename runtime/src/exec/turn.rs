//! The turn of an attempt: whether its model may be asked now, and the wait until it may.
//!
//! First the model's circuit breaker, then what the provider has said of its own limits, then the
//! limits that are configured. The wait is inside the attempt's time, so that no bound on seconds
//! knows of it; who can't be asked within it fails without having been asked, and costs nothing.

use super::attempt::Ask;
use super::halt::{Again, Failure, Halt};
use super::state::Given;
use super::step::Site;
use crate::events::What;
use crate::pace::{Going, Pass, Permit, Wait};
use crate::provider::{CallError, CallErrorKind};
use crate::{RunError, Spent};
use flow_diagnostics::Code;
use flow_plan::Millis;
use tokio::time::{Instant, timeout_at};

/// The right to ask a model once.
#[derive(Default)]
pub(super) struct Turn<'a> {
    pass: Option<Pass<'a>>,
    permit: Option<Permit>,
    going: Option<Going<'a>>,
    /// How long it was waited for.
    pub(super) waited: Millis,
}

/// Waits for the turn of a call, until the attempt's time is over.
pub(super) async fn turn<'a>(site: Site<'a>, ask: &Ask<'_>, until: Instant) -> Given<Turn<'a>> {
    let engine = site.run().engine;
    if !engine.is_paced() {
        return Ok(Turn::default());
    }
    let given = tokio::select! {
        biased;
        given = wait(site, ask, until) => given,
        () = site.run().finish.wished() => {
            // A hedge may have its other attempt under way.
            if site.step.settings.hedge.is_none() {
                site.rest();
            }
            std::future::pending().await
        }
    };
    given.map_err(|failure| skipped(site, ask, failure))
}

/// Tells that a model was not asked, and why. That there was no money for it is told by who has none.
pub(super) fn skipped(site: Site<'_>, ask: &Ask<'_>, failure: Failure) -> Halt {
    if failure.error.code != Code::E0803 {
        site.run()
            .tell(Some(site.path), || What::CallSkipped { model: ask.whom(), error: failure.error.clone() });
    }
    failure.into()
}

impl Turn<'_> {
    /// The call is sent now.
    pub(super) fn sent(&mut self) {
        if let Some(permit) = &mut self.permit {
            permit.sent();
        }
    }

    /// The call has an answer, or failed with this; nothing is known of one that took too long but that
    /// it did.
    pub(super) fn ended(&mut self, site: Site<'_>, ask: &Ask<'_>, result: Result<(), Option<&CallError>>) {
        let kind = result.err().map(|error| error.map(|e| e.kind));
        if let Some(pass) = &self.pass {
            match kind {
                None => pass.answered(),
                Some(None) => pass.failed(),
                Some(Some(
                    CallErrorKind::Unreached
                    | CallErrorKind::Connection
                    | CallErrorKind::Server
                    | CallErrorKind::Overloaded,
                )) => pass.failed(),
                Some(Some(CallErrorKind::RateLimited | CallErrorKind::TooLong | CallErrorKind::Rejected)) => {
                    pass.answered();
                }
                // A key that is missing says nothing of the provider, and a garbled answer not enough.
                Some(Some(CallErrorKind::Key | CallErrorKind::Malformed)) => {}
            }
        }
        let pause = result.err().flatten().filter(|e| e.kind == CallErrorKind::RateLimited);
        if let (Some(wait), Some(_)) = (pause.and_then(|e| e.retry_after), &self.going) {
            site.run().engine.gates[ask.id.index()].room.pause(wait);
        }
    }

    /// What the call used is known.
    pub(super) fn used(&mut self, spent: Spent) {
        if let Some(permit) = &mut self.permit {
            permit.used(spent.input.0.saturating_add(spent.output.0));
        }
    }
}

async fn wait<'a>(site: Site<'a>, ask: &Ask<'_>, until: Instant) -> Result<Turn<'a>, Failure> {
    let gate = &site.run().engine.gates[ask.id.index()];
    let name = &ask.model.name;
    let pass = gate.breaker.admit().map_err(|open| shut(site, ask, open))?;
    let tokens = ask.input.0.saturating_add(ask.output.0);
    let began = Instant::now();
    let permit = loop {
        match gate.room.wait(tokens) {
            Some(Wait::Asked(open)) if open > until => return Err(paused(ask, open)),
            // What the provider has said of its limits is advice: it may answer nevertheless.
            Some(Wait::Full(open)) if open > until => {}
            Some(Wait::Asked(open) | Wait::Full(open)) => {
                tokio::time::sleep_until(open).await;
                continue;
            }
            None => {}
        }
        let Some(limiter) = &gate.limiter else { break None };
        let provider = &limiter.provider;
        if !limiter.can_take(tokens) {
            let most = limiter.limit.tokens_per_minute.unwrap_or_default();
            let message = format!(
                "a call of `{name}` may have {tokens} tokens, and `{provider}` may be asked for {most} a minute"
            );
            let error = RunError::new(Code::E0810, message);
            return Err(Failure::lasting(
                error.help(format!("raise `tokens_per_minute` of `[limits.{provider}]` in flow.toml")),
            ));
        }
        let Ok(permit) = timeout_at(until, limiter.permit(&site.run().id, tokens)).await else {
            let waited = Millis::from(began.elapsed());
            let message = format!("`{name}` was not asked: its turn did not come within {waited}");
            let error = RunError::new(Code::E0805, message).help(format!(
                "raise the limits of `[limits.{provider}]` in flow.toml or the step's `timeout`, or lower `parallel`"
            ));
            return Err(Failure::passing(error));
        };
        // While it waited the provider may have asked for a pause.
        match gate.room.wait(tokens) {
            Some(Wait::Asked(_)) => drop(permit),
            _ => break Some(permit),
        }
    };
    if let Some(open) = pass.shut() {
        return Err(shut(site, ask, open));
    }
    let going = Some(gate.room.go(tokens));
    Ok(Turn { pass: Some(pass), permit, going, waited: Millis::from(began.elapsed()) })
}

// Where there is a fallback it is asked at once; else a retry waits until the model is asked again.
fn shut(site: Site<'_>, ask: &Ask<'_>, open: Instant) -> Failure {
    let left = Millis::from(open.saturating_duration_since(Instant::now()));
    let message =
        format!("`{}` was not asked: it has failed too often, and its circuit is open", ask.model.name);
    let error = RunError::new(Code::E0805, message)
        .help("give the step a `fallback`, or try again in a minute: one call then finds out how it is");
    let again = if site.step.settings.fallback.is_empty() { Again::May(Some(left)) } else { Again::Never };
    Failure { error, again, reply: None }
}

fn paused(ask: &Ask<'_>, open: Instant) -> Failure {
    let left = Millis::from(open.saturating_duration_since(Instant::now()));
    let (name, provider) = (&ask.model.name, &ask.model.provider);
    let message = format!("`{name}` was not asked: `{provider}` wants no call of it for another {left}");
    let error = RunError::new(Code::E0805, message).help("try later, or give the step a `fallback`");
    Failure { error, again: Again::May(Some(left)), reply: None }
}
