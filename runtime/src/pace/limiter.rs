//! The limits of one provider: who may ask it when.
//!
//! In: calls with the run they belong to and the tokens they may have. Out: a [`Permit`] for each, in
//! turn between the runs, so that a run of thousands of calls makes nobody wait for more than one of
//! them. The call whose turn it is is not overtaken, so a large one is not starved by small ones.

use super::window::{SLOTS, Window};
use crate::RunId;
use ecow::EcoString;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The most that may be asked of a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limit {
    /// Calls in any minute.
    pub requests_per_minute: Option<u64>,
    /// Tokens in any minute, input and output together. A call counts with the most that it can have
    /// until it is known what it used.
    pub tokens_per_minute: Option<u64>,
    /// Calls at once.
    pub concurrency: Option<u64>,
}

/// Who may ask a provider when.
#[derive(Debug)]
pub(crate) struct Limiter {
    pub(crate) provider: EcoString,
    pub(crate) limit: Limit,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    requests: Option<Window>,
    tokens: Option<Window>,
    under_way: u64,
    // The runs that wait, the one whose turn it is first. INVARIANT: none is empty.
    queue: VecDeque<Line>,
    // Whether someone waits for the next moment at which something is free.
    timed: bool,
}

#[derive(Debug)]
struct Line {
    run: RunId,
    waiting: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    tokens: u64,
    turn: oneshot::Sender<Permit>,
}

impl Limiter {
    /// Holds a provider to its limit.
    pub(super) fn new(provider: EcoString, limit: Limit) -> Limiter {
        let state = State {
            requests: limit.requests_per_minute.map(Window::new),
            tokens: limit.tokens_per_minute.map(Window::new),
            under_way: 0,
            queue: VecDeque::new(),
            timed: false,
        };
        Limiter { provider, limit, began: Instant::now(), state: Mutex::new(state) }
    }

    /// Whether a call with this many tokens can ever be made.
    pub(crate) fn can_take(&self, tokens: u64) -> bool {
        self.limit.tokens_per_minute.is_none_or(|limit| tokens <= limit)
    }

    /// Waits for the turn of a call that can be made. Dropping it leaves the queue.
    pub(crate) async fn permit(self: &Arc<Limiter>, run: &RunId, tokens: u64) -> Permit {
        let turn = {
            let mut state = self.lock();
            let now = self.slot();
            if state.queue.is_empty() && matches!(state.next(self.limit, tokens, now), Next::Now) {
                state.take(tokens, now);
                return Permit::new(self, now, tokens);
            }
            let (sender, turn) = oneshot::channel();
            state.join(run, Waiter { tokens, turn: sender });
            turn
        };
        self.dispatch();
        match turn.await {
            Ok(permit) => permit,
            // A waiter leaves the queue by its turn alone.
            Err(_) => std::future::pending().await,
        }
    }

    // Gives all permits that there are now, and sees to it that it is called for the next.
    fn dispatch(self: &Arc<Limiter>) {
        loop {
            let (waiter, now) = {
                let mut state = self.lock();
                let now = self.slot();
                let Some(tokens) = state.first() else { return };
                match state.next(self.limit, tokens, now) {
                    Next::Now => {}
                    Next::At(slot) => return self.wake_at(slot, &mut state),
                    Next::Released => return,
                }
                let Some(waiter) = state.leave() else { return };
                state.take(waiter.tokens, now);
                (waiter, now)
            };
            // Outside of the lock: a permit that nobody takes gives itself back.
            let _ = waiter.turn.send(Permit::new(self, now, waiter.tokens));
        }
    }

    fn wake_at(self: &Arc<Limiter>, slot: u64, state: &mut State) {
        if state.timed {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        state.timed = true;
        let at = self.began + Duration::from_millis(slot * 1000 / SLOTS);
        let alarm = Alarm(Arc::downgrade(self));
        runtime.spawn(async move {
            tokio::time::sleep_until(at).await;
            drop(alarm);
        });
    }

    fn release(self: &Arc<Limiter>, permit: &Permit) {
        {
            let mut state = self.lock();
            state.under_way -= 1;
            let unused = if permit.sent { permit.tokens.saturating_sub(permit.used) } else { permit.tokens };
            if let Some(tokens) = &mut state.tokens {
                tokens.give_back(unused, permit.slot);
            }
            if let (Some(requests), false) = (&mut state.requests, permit.sent) {
                requests.give_back(1, permit.slot);
            }
        }
        self.dispatch();
    }

    fn slot(&self) -> u64 {
        (self.began.elapsed().as_millis() as u64) * SLOTS / 1000
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// Rings when its time has come, and also where the runtime that counted for it ends before.
struct Alarm(Weak<Limiter>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(limiter) = self.0.upgrade() {
            limiter.lock().timed = false;
            limiter.dispatch();
        }
    }
}

// When the next call may be made.
enum Next {
    Now,
    /// From this slot on.
    At(u64),
    /// When one under way has ended.
    Released,
}

impl State {
    fn next(&mut self, limit: Limit, tokens: u64, now: u64) -> Next {
        if limit.concurrency.is_some_and(|most| self.under_way >= most) {
            return Next::Released;
        }
        let requests = self.requests.as_mut().map_or(now, |w| w.free_at(1, now));
        let tokens = self.tokens.as_mut().map_or(now, |w| w.free_at(tokens, now));
        let at = requests.max(tokens);
        if at <= now { Next::Now } else { Next::At(at) }
    }

    fn take(&mut self, tokens: u64, now: u64) {
        self.under_way += 1;
        if let Some(window) = &mut self.requests {
            window.take(1, now);
        }
        if let Some(window) = &mut self.tokens {
            window.take(tokens, now);
        }
    }

    fn join(&mut self, run: &RunId, waiter: Waiter) {
        match self.queue.iter_mut().find(|line| line.run == *run) {
            Some(line) => line.waiting.push_back(waiter),
            None => self.queue.push_back(Line { run: run.clone(), waiting: VecDeque::from([waiter]) }),
        }
    }

    // The tokens of the call whose turn it is, past those that were given up.
    fn first(&mut self) -> Option<u64> {
        loop {
            let line = self.queue.front_mut()?;
            while line.waiting.front().is_some_and(|w| w.turn.is_closed()) {
                line.waiting.pop_front();
            }
            match line.waiting.front() {
                Some(waiter) => return Some(waiter.tokens),
                None => self.queue.pop_front(),
            };
        }
    }

    // Takes the call whose turn it is out; its run goes to the end.
    fn leave(&mut self) -> Option<Waiter> {
        let mut line = self.queue.pop_front()?;
        let waiter = line.waiting.pop_front();
        if !line.waiting.is_empty() {
            self.queue.push_back(line);
        }
        waiter
    }
}

/// The right to make one call. It ends with the call; what was not used is free again.
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: Arc<Limiter>,
    slot: u64,
    tokens: u64,
    sent: bool,
    used: u64,
}

impl Permit {
    fn new(limiter: &Arc<Limiter>, slot: u64, tokens: u64) -> Permit {
        Permit { limiter: limiter.clone(), slot, tokens, sent: false, used: tokens }
    }

    /// From now on the call counts.
    pub(crate) fn sent(&mut self) {
        self.sent = true;
    }

    /// What it used is known.
    pub(crate) fn used(&mut self, tokens: u64) {
        self.used = tokens;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let limiter = self.limiter.clone();
        limiter.release(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn limiter(limit: Limit) -> Arc<Limiter> {
        Arc::new(Limiter::new("openai".into(), limit))
    }

    fn run(name: &str) -> RunId {
        RunId(name.into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_with_thousands_of_calls_makes_another_wait_for_one() {
        let limiter = limiter(Limit { concurrency: Some(1), ..Limit::default() });
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        let names = std::iter::repeat_n("large", 2000).chain(["small", "other", "small"]);
        for name in names {
            let (limiter, order) = (limiter.clone(), order.clone());
            tasks.push(tokio::spawn(async move {
                let mut permit = limiter.permit(&run(name), 1).await;
                permit.sent();
                order.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }));
        }
        for task in tasks {
            assert!(task.await.is_ok());
        }
        let order = order.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(order.len(), 2003);
        assert_eq!(order[..6], ["large", "large", "small", "other", "large", "small"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_has_as_many_calls_and_tokens_as_it_may() {
        let limiter = limiter(Limit {
            requests_per_minute: Some(10),
            tokens_per_minute: Some(500),
            concurrency: Some(3),
        });
        let (began, most) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let mut tasks = Vec::new();
        for i in 0..40u64 {
            let (limiter, most) = (limiter.clone(), most.clone());
            tasks.push(tokio::spawn(async move {
                let mut permit = limiter.permit(&run(&format!("{}", i % 4)), 100).await;
                permit.sent();
                most.fetch_max(limiter.lock().under_way, Ordering::Relaxed);
                let at = Instant::now();
                tokio::time::sleep(Duration::from_secs(1)).await;
                permit.used(40);
                at
            }));
        }
        let mut at = Vec::new();
        for task in tasks {
            at.extend(task.await.ok().map(|at| (at - began).as_secs()));
        }
        at.sort_unstable();
        assert_eq!(most.load(Ordering::Relaxed), 3);
        for window in at.windows(11) {
            assert!(window[10] - window[0] >= 60, "{at:?}");
        }
        // Ten in a minute, since what was not used of the tokens is free again: four minutes begin.
        assert!((180..190).contains(&at[39]), "{at:?}");
        assert_eq!(limiter.lock().under_way, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_leaves_no_trace() {
        let limiter = limiter(Limit { requests_per_minute: Some(1), ..Limit::default() });
        // Not sent: it does not count.
        drop(limiter.permit(&run("a"), 5).await);
        let mut first = limiter.permit(&run("a"), 5).await;
        first.sent();
        drop(first);
        let given_up = tokio::time::timeout(Duration::from_secs(5), limiter.permit(&run("b"), 5)).await;
        assert!(given_up.is_err());
        let began = Instant::now();
        drop(limiter.permit(&run("c"), 5).await);
        assert!((55..56).contains(&began.elapsed().as_secs()));
        assert!(limiter.lock().queue.is_empty());
    }
}
