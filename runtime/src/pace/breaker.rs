//! A circuit breaker: a model that keeps failing is not asked for a while, so that its fallback is asked
//! at once and nobody waits for what will not come.
//!
//! It opens after [`AFTER`] failures in a row that are the provider's own, where they took [`SPAN`] or
//! longer: of hundreds of calls a second some fail in a row by chance, and an answer comes between soon. When its pause is over, one
//! call is let through; an answer closes it, another failure opens it for twice as long.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many failures in a row open it.
const AFTER: u32 = 5;
/// How long nothing must have been answered.
const SPAN: Duration = Duration::from_secs(1);
/// How long it stays open at first, and at most.
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(60);

/// The breaker of one model.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: AtomicU32,
    open: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    // When the first of the failures in a row came.
    since: Option<Instant>,
    until: Option<Instant>,
    pause: Duration,
    probing: bool,
}

impl Breaker {
    /// Lets a call through, or says when another may be: the moment may be now, while one is under way
    /// that finds out.
    pub(crate) fn admit(&self) -> Result<Pass<'_>, Instant> {
        if !self.open.load(Ordering::Relaxed) {
            return Ok(Pass { breaker: self, probe: false });
        }
        let (mut state, now) = (self.lock(), Instant::now());
        match state.until {
            None => Ok(Pass { breaker: self, probe: false }),
            Some(until) if until > now => Err(until),
            Some(_) if state.probing => Err(now),
            Some(_) => {
                state.probing = true;
                Ok(Pass { breaker: self, probe: true })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was let through. Dropped without a word, nothing is known of how it went.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Pass<'_> {
    /// Until when the breaker is open for this call, which has waited since it was let through.
    pub(crate) fn shut(&self) -> Option<Instant> {
        if self.probe || !self.breaker.open.load(Ordering::Relaxed) {
            return None;
        }
        self.breaker.lock().until
    }

    /// The provider has answered.
    pub(crate) fn answered(&self) {
        let breaker = self.breaker;
        if breaker.failures.load(Ordering::Relaxed) != 0 {
            breaker.failures.store(0, Ordering::Relaxed);
        }
        if breaker.open.load(Ordering::Relaxed) {
            *breaker.lock() = State::default();
            breaker.open.store(false, Ordering::Relaxed);
        }
    }

    /// The provider has failed.
    pub(crate) fn failed(&self) {
        let breaker = self.breaker;
        let (mut state, now) = (breaker.lock(), Instant::now());
        let failures = breaker.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures == 1 {
            state.since = Some(now);
        }
        let lasts = state.since.is_some_and(|since| now.saturating_duration_since(since) >= SPAN);
        if self.probe || (state.until.is_none() && failures >= AFTER && lasts) {
            state.pause = if state.until.is_some() { (state.pause * 2).min(LONGEST) } else { FIRST };
            state.until = Some(now + state.pause);
            breaker.open.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.lock().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fail(breaker: &Breaker, times: u32) {
        for i in 0..times {
            if i == AFTER - 1 {
                tokio::time::sleep(SPAN).await;
            }
            breaker.admit().unwrap_or_else(|_| panic!("it is open")).failed();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_one_call_finds_out() {
        let breaker = Breaker::default();
        fail(&breaker, AFTER - 1).await;
        breaker.admit().unwrap_or_else(|_| panic!("it is open")).answered();
        // By chance, all within a moment.
        for _ in 0..20 {
            breaker.admit().unwrap_or_else(|_| panic!("it is open")).failed();
        }
        breaker.admit().unwrap_or_else(|_| panic!("it is open")).answered();
        fail(&breaker, AFTER).await;
        let until = breaker.admit().err();
        assert_eq!(until, Some(Instant::now() + FIRST));
        tokio::time::sleep(FIRST).await;
        let probe = breaker.admit().unwrap_or_else(|_| panic!("it is open"));
        assert!(breaker.admit().is_err(), "one call finds out");
        probe.failed();
        drop(probe);
        assert_eq!(breaker.admit().err(), Some(Instant::now() + 2 * FIRST));
        tokio::time::sleep(2 * FIRST).await;
        // Given up: the next one finds out.
        drop(breaker.admit());
        breaker.admit().unwrap_or_else(|_| panic!("it is open")).answered();
        assert!(breaker.admit().is_ok());
        fail(&breaker, AFTER - 1).await;
        assert!(breaker.admit().is_ok());
    }
}
