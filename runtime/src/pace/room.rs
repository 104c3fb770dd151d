//! What a provider says of the rest of its own limits for a model, and the pauses that it asks for.
//!
//! Providers say it in the headers of their answers: OpenAI and those who follow it in
//! `x-ratelimit-limit-requests`, `-remaining-` and `-reset-`, Anthropic in `anthropic-ratelimit-…`; the
//! reset is when the limit is whole again, so that what is between refills evenly until then.
//! Limits are counted for each model, so a pause holds for all runs that ask the model, and not for
//! the provider's other models, which may be the fallback.

use flow_plan::Millis;
use reqwest::header::HeaderMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// What is known of the room that a provider leaves for calls of a model.
#[derive(Debug, Default)]
pub struct Room {
    // Whether nothing is known: most providers and all local ones say nothing.
    known: AtomicBool,
    calls: AtomicU64,
    tokens: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    paused: Option<Instant>,
    calls: Option<Rest>,
    tokens: Option<Rest>,
}

/// Why, and until when, a call has to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    /// The provider has asked for a pause.
    Asked(Instant),
    /// The provider would turn it away before, by what it has said.
    Full(Instant),
}

impl Room {
    /// Why a call with this many tokens should not be made now.
    pub(crate) fn wait(&self, tokens: u64) -> Option<Wait> {
        if !self.known.load(Ordering::Relaxed) {
            return None;
        }
        let (mut state, now) = (self.lock(), Instant::now());
        if let Some(until) = state.paused {
            if until > now {
                return Some(Wait::Asked(until));
            }
            state.paused = None;
        }
        let calls = state.calls.as_ref().and_then(|rest| rest.free_at(1, now));
        let tokens = state.tokens.as_ref().and_then(|rest| rest.free_at(tokens, now));
        calls.max(tokens).map(Wait::Full)
    }

    /// Counts a call that is made now, until what is given is dropped.
    pub(crate) fn go(&self, tokens: u64) -> Going<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.tokens.fetch_add(tokens, Ordering::Relaxed);
        if self.known.load(Ordering::Relaxed) {
            let (mut state, now) = (self.lock(), Instant::now());
            state.calls.as_mut().into_iter().for_each(|rest| rest.take(1, now));
            state.tokens.as_mut().into_iter().for_each(|rest| rest.take(tokens, now));
        }
        Going { room: self, tokens }
    }

    /// Keeps every call waiting for this long, from now.
    pub(crate) fn pause(&self, wait: Millis) {
        let until = Instant::now() + wait.duration();
        let mut state = self.lock();
        state.paused = state.paused.max(Some(until));
        self.known.store(true, Ordering::Relaxed);
    }

    /// Takes over what the headers of an answer say.
    pub(crate) fn told(&self, headers: &HeaderMap) {
        let calls = said(headers, "requests");
        let tokens = said(headers, "tokens");
        if calls.is_none() && tokens.is_none() {
            return;
        }
        // Of what is under way the provider may not have heard; the call that was answered is done.
        let others = |count: &AtomicU64, own: u64| count.load(Ordering::Relaxed).saturating_sub(own);
        let under_way = others(&self.calls, 1);
        let each = self.tokens.load(Ordering::Relaxed) / (under_way + 1);
        let mut state = self.lock();
        if let Some(rest) = calls {
            state.calls = Some(rest.without(under_way));
        }
        if let Some(rest) = tokens {
            state.tokens = Some(rest.without(each * under_way));
        }
        self.known.store(true, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Going<'a> {
    room: &'a Room,
    tokens: u64,
}

impl Drop for Going<'_> {
    fn drop(&mut self) {
        self.room.calls.fetch_sub(1, Ordering::Relaxed);
        self.room.tokens.fetch_sub(self.tokens, Ordering::Relaxed);
    }
}

// What is left of a limit, and how it fills again.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Rest {
    limit: f64,
    left: f64,
    at: Instant,
    // How much comes back in a second.
    rate: f64,
}

impl Rest {
    fn without(mut self, taken: u64) -> Rest {
        self.left = (self.left - taken as f64).max(0.0);
        self
    }

    fn left(&self, now: Instant) -> f64 {
        let back = now.saturating_duration_since(self.at).as_secs_f64() * self.rate;
        (self.left + back).min(self.limit)
    }

    fn take(&mut self, amount: u64, now: Instant) {
        (self.left, self.at) = ((self.left(now) - amount as f64).max(0.0), now);
    }

    // Later than now, or nothing. What can't ever fit is the provider's to refuse.
    fn free_at(&self, amount: u64, now: Instant) -> Option<Instant> {
        let missing = amount as f64 - self.left(now);
        if missing <= 0.0 || amount as f64 > self.limit || self.rate <= 0.0 {
            return None;
        }
        // A limit is counted by the minute; one that is said to fill more slowly is not waited for longer.
        let wait = (missing / self.rate).clamp(0.001, 60.0);
        Some(now + Duration::from_secs_f64(wait))
    }
}

// What the headers say of calls or of tokens.
fn said(headers: &HeaderMap, what: &str) -> Option<Rest> {
    let text = |name: String| headers.get(name)?.to_str().ok();
    let (limit, left, reset) = match text(format!("x-ratelimit-remaining-{what}")) {
        Some(left) => {
            let of = |part: &str| text(format!("x-ratelimit-{part}-{what}"));
            (of("limit")?, left, seconds(of("reset")?)?)
        }
        None => {
            let of = |part: &str| text(format!("anthropic-ratelimit-{what}-{part}"));
            let reset: jiff::Timestamp = of("reset")?.parse().ok()?;
            let wait = SystemTime::from(reset).duration_since(SystemTime::now()).unwrap_or_default();
            (of("limit")?, of("remaining")?, wait.as_secs_f64())
        }
    };
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    let (limit, left) = (number(limit)?, number(left)?);
    if left > limit {
        return None;
    }
    Some(Rest { limit, left, at: Instant::now(), rate: (limit - left) / reset.max(0.001) })
}

// A time as OpenAI writes it: `6m0s`, `1.5s`, `120ms`; a bare number is seconds.
fn seconds(text: &str) -> Option<f64> {
    let (mut total, mut rest) = (0.0, text.trim());
    if let Ok(number) = rest.parse::<f64>() {
        return Some(number).filter(|n| n.is_finite() && *n >= 0.0);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |i| digits + i);
        total += number
            * match &rest[digits..unit_end] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        of.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?))).collect()
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, found) in [
            ("6m0s", Some(360.0)),
            ("1.5s", Some(1.5)),
            ("120ms", Some(0.12)),
            ("1h2m3s", Some(3723.0)),
            ("2", Some(2.0)),
            ("soon", None),
            ("-4", None),
            ("5 apples", None),
            ("", Some(0.0)),
        ] {
            assert_eq!(seconds(text), found, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_is_used_up_fills_again_evenly() {
        let room = Room::default();
        assert_eq!(room.wait(1_000_000), None);
        room.told(&headers(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "1"),
            ("x-ratelimit-reset-requests", "59s"),
        ]));
        assert_eq!(room.wait(10), None);
        let going = room.go(10);
        let Some(Wait::Full(at)) = room.wait(10) else { panic!("it is full") };
        let wait = at - Instant::now();
        assert!((990..=1010).contains(&wait.as_millis()), "{wait:?}");
        tokio::time::sleep_until(at).await;
        assert_eq!(room.wait(10), None);
        drop(going);
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_count_as_anthropic_says_them() {
        let room = Room::default();
        let reset = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(30)).to_string();
        room.told(&headers(&[
            ("anthropic-ratelimit-tokens-limit", "1000"),
            ("anthropic-ratelimit-tokens-remaining", "400"),
            ("anthropic-ratelimit-tokens-reset", &reset),
        ]));
        assert_eq!(room.wait(400), None);
        let Some(Wait::Full(at)) = room.wait(500) else { panic!("it is full") };
        // 600 come back in 30 seconds.
        assert!((4500..=5500).contains(&(at - Instant::now()).as_millis()));
        assert_eq!(room.wait(1001), None, "what can't ever fit is the provider's to refuse");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_everyone_and_ends() {
        let room = Room::default();
        room.pause(Millis(2000));
        room.pause(Millis(500));
        let until = Instant::now() + Duration::from_secs(2);
        assert_eq!(room.wait(1), Some(Wait::Asked(until)));
        tokio::time::sleep_until(until).await;
        assert_eq!(room.wait(1), None);
    }
}
