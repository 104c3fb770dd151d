//! A call of a model under way: its money is set aside, the journal knows of it, and whoever listens is
//! told; until it is settled.

use super::attempt::{Ask, Purpose};
use super::audit;
use super::ceiling;
use super::state::{About, Given};
use super::step::Site;
use super::turn::{Turn, turn};
use crate::budget::Money;
use crate::events::What;
use crate::journal::{AttemptId, InDoubt};
use crate::output::Repair;
use crate::{RunError, Spent};
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Cost, Millis, Value};
use futures::future::BoxFuture;
use std::sync::atomic::Ordering;
use tokio::time::Instant;

/// Waits for a call's turn, reserves and notes: from here on it may be billed.
pub(super) async fn open<'a>(site: Site<'a>, ask: &Ask<'_>, until: Instant) -> Given<(Call<'a>, Turn<'a>)> {
    let (reserved, worst) = (ask.reserved(), ask.worst());
    ceiling::trusted(site, ask)?;
    let mut turn = turn(site, ask, until).await?;
    let engine = site.run().engine;
    let money =
        Money::reserve(site.cx.ledger, engine.budgets.as_ref(), (reserved, worst), &site.run().id).await?;
    let whom = ask.whom();
    let about = About { whom: whom.clone(), worst, in_doubt: InDoubt::Repeat, key: None };
    let attempt = AttemptId::fresh();
    // In the record before the call is made, since `begin` waits for what stands before it.
    audit::asked(site, ask, attempt);
    let noted = site.run().begin(site.path, attempt, about).await?;
    let call = Call::start(site, ask, (money, noted), (whom, reserved, turn.waited));
    turn.sent();
    Ok((call, turn))
}

/// What a call that may have been billed counts as: all that it could use.
pub(super) fn cut_off(ask: &Ask<'_>) -> Spent {
    let (input, output) = (ask.proven, ask.output);
    Spent { usd: ask.reserved(), calls: 1, input, output, cached_calls: 0 }
}

/// A call under way. Dropped before its end, it counts with its worst case.
pub(super) struct Call<'a> {
    site: Site<'a>,
    model: EcoString,
    /// Its number among the attempts of the step, from 1; 0 where it is none of them.
    pub(super) number: u32,
    purpose: Purpose,
    started: Instant,
    worst: Spent,
    money: Option<Money<'a>>,
    // What the journal calls it.
    noted: Option<AttemptId>,
}

/// How a call ended.
pub(super) struct Ended<'a> {
    pub(super) spent: Spent,
    pub(super) request_id: Option<String>,
    pub(super) excess: Option<String>,
    pub(super) repaired: &'a [Repair],
    pub(super) error: Option<&'a RunError>,
}

impl Ended<'_> {
    pub(super) fn with(spent: Spent) -> Ended<'static> {
        Ended { spent, request_id: None, excess: None, repaired: &[], error: None }
    }
}

impl<'a> Call<'a> {
    fn start(
        site: Site<'a>,
        ask: &Ask<'_>,
        (mut money, noted): (Money<'a>, Option<AttemptId>),
        (model, reserved, waited): (EcoString, Cost, Millis),
    ) -> Call<'a> {
        money.begin();
        let number = match ask.purpose {
            // All rounds of an attempt are one.
            Purpose::Answer if ask.lookups > 0 => site.tally.attempts(),
            Purpose::Answer => site.tally.attempt(),
            Purpose::Embedding => 0,
        };
        site.run().tell(Some(site.path), || What::CallStarted {
            model: model.clone(),
            attempt: number,
            restarts: number > 0 && restarts(site),
            reserved,
            waited,
            cuts: ask.cuts.to_vec(),
        });
        Call {
            site,
            model,
            number,
            purpose: ask.purpose,
            started: Instant::now(),
            worst: cut_off(ask),
            money: Some(money),
            noted,
        }
    }

    pub(super) fn token(&self, text: &str) {
        self.site.tally.shown.store(true, Ordering::Relaxed);
        self.site.run().tell(Some(self.site.path), || What::Token {
            attempt: self.number,
            text: text.into(),
            result: self.site.streams,
            private: self.is_private(),
        });
    }

    pub(super) fn partial(&self, value: Value) {
        let private = self.is_private();
        self.site.run().tell(Some(self.site.path), || What::Partial { attempt: self.number, value, private });
    }

    fn is_private(&self) -> bool {
        self.site.step.labels.private || self.site.step.given.private
    }

    /// Settles, and waits until that outlives the process, which may end right after the run.
    pub(super) async fn finish(mut self, ended: Ended<'_>) {
        if self.purpose == Purpose::Answer {
            self.site.tally.answered_by(self.model.clone());
        }
        if let Some(kept) = self.settle(ended) {
            // What could not be kept stays charged in full, and the next reservation says why.
            let _ = kept.await;
        }
    }

    fn settle(&mut self, ended: Ended<'_>) -> Option<BoxFuture<'static, Result<(), RunError>>> {
        let Ended { spent, request_id, excess, repaired, error } = ended;
        let kept = self.money.take()?.settle(spent);
        self.site.tally.spend(spent);
        self.site.run().settle(self.noted, spent, error);
        audit::answered(self.site, (self.noted, &self.model), spent, error);
        if error.is_none() {
            self.site.tally.repaired(repaired);
        }
        self.site.run().tell(Some(self.site.path), || What::CallFinished {
            model: self.model.clone(),
            attempt: self.number,
            spent,
            took: Millis::from(self.started.elapsed()),
            request_id,
            excess,
            repaired: repaired.to_vec(),
            error: error.cloned(),
        });
        kept
    }
}

// Whether what was told so far is void: it was of an attempt that failed, or a guard has not let it pass.
fn restarts(site: Site<'_>) -> bool {
    let [one, other] = [&site.tally.shown, &site.run().void].map(|flag| flag.swap(false, Ordering::Relaxed));
    one || other
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if self.money.is_none() {
            return;
        }
        let error = RunError::new(Code::E0812, "the call was dropped before its end");
        drop(self.settle(Ended { error: Some(&error), ..Ended::with(self.worst) }));
    }
}
