//! The `cache` setting: what makes two calls equal, and how an equal call is answered.
//!
//! The cache is asked first, then an equal call under way is waited for, then the call is made. A cache
//! that does not answer in time, or can't be used, is said once and left alone for a while: no run
//! fails because of it.

use super::flight::{Flights, Turn};
use super::state::Given;
use super::step::Site;
use crate::cache::{Asked, Cache, CacheKey, Digest, Entry, Found, Saved, digest, scope_of};
use crate::events::What;
use crate::{RunError, Spent};
use flow_plan::limits::{CACHE, longest_shared};
use flow_plan::{Callee, Cost, Millis, ModelId, Plan, PromptId, StepKind, Tokens, Value};
use futures::future::BoxFuture;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// The answers that the runs of an engine share.
pub(crate) struct Answers {
    cache: Arc<dyn Cache>,
    flights: Flights,
    // By prompt and by model: what of them an answer depends on.
    prompts: Vec<[u8; 32]>,
    models: Vec<[u8; 32]>,
    // Until when a cache that failed is left alone.
    away: Mutex<Option<Instant>>,
    told_failed: AtomicBool,
    told_spoilt: AtomicBool,
}

/// For how long a cache that failed is left alone.
const AWAY: Millis = Millis(5_000);

/// Raised when the parts of a key, or what they mean, change.
const KEYS: &[u8] = b"2";

impl Answers {
    /// The answers in a cache.
    pub(crate) fn new(plan: &Plan, cache: Arc<dyn Cache>) -> Answers {
        let prompts = plan.prompts.iter().map(|prompt| {
            digest(|d| {
                // With all bounds and what is said of it: an answer must be of just this type.
                d.part(format!("{:?}", prompt.output).as_bytes());
            })
        });
        let models = plan.models.iter().map(|model| {
            digest(|d| {
                d.part(model.id().as_bytes());
                // All that changes an answer; addresses, keys and prices do not.
                let s = &model.settings;
                let sampling = (model.output_cap(), s.temperature, s.top_p, s.seed, &s.stop, &s.reasoning);
                d.part(format!("{sampling:?}").as_bytes());
                // The bounds of texts are in its tokens.
                d.part(format!("{:?} {:?}", model.card.tokenizer, model.tokenizer).as_bytes());
            })
        });
        Answers {
            prompts: prompts.collect(),
            models: models.collect(),
            cache,
            flights: Flights::default(),
            away: Mutex::default(),
            told_failed: AtomicBool::new(false),
            told_spoilt: AtomicBool::new(false),
        }
    }

    /// What of a prompt an answer depends on, besides its messages.
    pub(super) fn prompt(&self, id: PromptId) -> &[u8] {
        &self.prompts[id.index()]
    }

    /// What of a model an answer depends on.
    pub(super) fn model(&self, id: ModelId) -> &[u8] {
        &self.models[id.index()]
    }

    async fn get(&self, site: Site<'_>, asked: &Asked) -> Option<Entry> {
        match self.patiently(site, self.cache.get(asked)).await? {
            Found::Hit(entry, _) => Some(entry),
            Found::Miss => None,
            Found::Spoilt => {
                if !self.told_spoilt.swap(true, Ordering::Relaxed) {
                    let what = "a cached answer is not what was kept there, and has been dropped";
                    tell(site, format!("{what} (`{}`)", asked.callee));
                }
                None
            }
        }
    }

    async fn put(&self, site: Site<'_>, asked: &Asked, entry: &Entry, ttl: Millis) {
        self.patiently(site, self.cache.put(asked, entry, ttl)).await;
    }

    /// What the cache answers, if it does in time.
    async fn patiently<T>(
        &self,
        site: Site<'_>,
        answer: impl Future<Output = Result<T, RunError>>,
    ) -> Option<T> {
        let away = || self.away.lock().unwrap_or_else(PoisonError::into_inner);
        if away().is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let reason = match tokio::time::timeout(CACHE.duration(), answer).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => error.message,
            Err(_) => format!("the cache has not answered within {CACHE}"),
        };
        *away() = Instant::now().checked_add(AWAY.duration());
        if !self.told_failed.swap(true, Ordering::Relaxed) {
            tell(site, format!("{reason}; the run goes on without it"));
        }
        None
    }
}

fn tell(site: Site<'_>, message: String) {
    site.run().tell(Some(site.path), || What::Warned { message });
}

/// A call whose answer is kept.
pub(super) struct Call {
    asked: Asked,
    ttl: Millis,
}

/// The call of a step, if the step has a `cache`. `who` is called; `parts` adds all that its answer
/// depends on, unless the step's `key` says what makes it the same.
pub(super) fn call(site: Site<'_>, who: &str, parts: impl FnOnce(&mut Digest)) -> Given<Option<Call>> {
    let Some(policy) = &site.step.settings.cache else { return Ok(None) };
    let scope = policy.scope.as_ref().map(|scope| site.frame.eval(scope)).transpose()?;
    let by = site.step.settings.key.as_ref().map(|key| site.frame.eval(key)).transpose()?;
    let call = digest(|d| {
        d.part(KEYS);
        d.part(who.as_bytes());
        match &by {
            Some(key) => {
                d.part(b"key");
                d.value(key);
                // An entry of another type is of no use, whatever the key says.
                d.part(format!("{:?}", site.step.ty).as_bytes());
            }
            None => {
                d.part(b"call");
                parts(d);
            }
        }
    });
    let key = CacheKey { scope: scope.as_ref().map(scope_of), call };
    let asked = Asked { key, flow: site.run().flow.clone(), callee: who.into() };
    Ok(Some(Call { asked, ttl: policy.ttl }))
}

impl Call {
    /// Its answer: from the cache, of an equal call under way, or of `work`.
    pub(super) async fn answered(self, site: Site<'_>, work: BoxFuture<'_, Given<Value>>) -> Given<Value> {
        let answers = &site.run().engine.answers;
        let leader = match answers.flights.turn(self.asked.key) {
            Turn::First(leader) => leader,
            Turn::Later(other) => {
                let longest = shared(site);
                if let Ok(Some(entry)) = tokio::time::timeout(longest.duration(), other.answer()).await {
                    answers.cache.hit(&self.asked, entry.saved);
                    return Ok(hit(site, entry));
                }
                // It has failed or takes too long, so this one is made without waiting for anyone again.
                return self.renewed(site, work).await;
            }
        };
        if let Some(entry) = answers.get(site, &self.asked).await {
            leader.answers(&entry);
            return Ok(hit(site, entry));
        }
        let entry = self.made(site, work).await?;
        leader.answers(&entry);
        Ok(entry.value)
    }

    /// The answer of `work`, which is kept.
    pub(super) async fn renewed(self, site: Site<'_>, work: BoxFuture<'_, Given<Value>>) -> Given<Value> {
        Ok(self.made(site, work).await?.value)
    }

    async fn made(&self, site: Site<'_>, work: BoxFuture<'_, Given<Value>>) -> Given<Entry> {
        let before = site.tally.spent();
        let value = work.await?;
        let entry = Entry { value, saved: since(before, site.tally.spent()) };
        site.run().engine.answers.put(site, &self.asked, &entry, self.ttl).await;
        Ok(entry)
    }
}

fn shared(site: Site<'_>) -> Millis {
    match &site.step.kind {
        StepKind::Call(callee, _) => longest_shared(callee, site.step.settings.timeout),
        _ => longest_shared(&Callee::Prompt(PromptId(0)), site.step.settings.timeout),
    }
}

/// Notes in the step's tally and in the run's account that it cost nothing.
fn hit(site: Site<'_>, entry: Entry) -> Value {
    let spent = Spent { cached_calls: 1, ..Spent::default() };
    site.tally.cached.store(true, Ordering::Relaxed);
    site.tally.spend(spent);
    site.cx.ledger.charge(spent);
    entry.value
}

fn since(before: Spent, after: Spent) -> Saved {
    Saved {
        usd: Cost(after.usd.0.saturating_sub(before.usd.0)),
        input: Tokens(after.input.0.saturating_sub(before.input.0)),
        output: Tokens(after.output.0.saturating_sub(before.output.0)),
    }
}
