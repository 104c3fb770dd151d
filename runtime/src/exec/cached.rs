//! The `cache` setting: what makes two calls equal, and how an equal call is answered.
//!
//! The cache is asked first, then an equal call under way is waited for, then what is kept for nearly the
//! same words is looked for where the step wants that ([`super::similar`]), then the call is made. A cache
//! that does not answer in time, or can't be used, is said once and left alone for a while: no run
//! fails because of it.

use super::audit;
use super::flight::{Flights, Turn};
use super::halt::Halt;
use super::similar::Words;
use super::state::Given;
use super::step::Site;
use crate::cache::{
    Asked, Cache, CacheKey, Count, Digest, Entry, Found, Nearest, Placed, Saved, Vectors, digest, now,
    scope_of,
};
use crate::events::What;
use crate::{RunError, Spent};
use flow_plan::limits::{CACHE, NEAREST, longest_shared};
use flow_plan::{Callee, Cost, Integrity, Labels, Millis, ModelId, Plan, PromptId, StepKind, Tokens, Value};
use futures::future::BoxFuture;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// The answers that the runs of an engine share.
pub(crate) struct Answers {
    cache: Arc<dyn Cache>,
    flights: Flights,
    nearest: Nearest,
    // By prompt and by model: what of them an answer depends on.
    prompts: Vec<[u8; 32]>,
    models: Vec<[u8; 32]>,
    // Until when a cache that failed is left alone.
    away: Mutex<Option<Instant>>,
    told_failed: AtomicBool,
    told_spoilt: AtomicBool,
    told_unlike: AtomicBool,
    told_sealed: AtomicBool,
}

/// For how long a cache that failed is left alone.
const AWAY: Millis = Millis(5_000);

/// Raised when the parts of a key, or what they mean, change.
const KEYS: &[u8] = b"3";

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
            nearest: Nearest::default(),
            away: Mutex::default(),
            told_failed: AtomicBool::new(false),
            told_spoilt: AtomicBool::new(false),
            told_unlike: AtomicBool::new(false),
            told_sealed: AtomicBool::new(false),
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
            // Whatever says that it is sealed is opened: no answer looks like that by itself.
            Found::Hit(entry, _) => match site.run().engine.vault.open(&entry.value, &asked.key.call) {
                Ok(value) => Some(Entry { value, ..entry }),
                Err(error) => {
                    self.unsealed(site, &error.message);
                    None
                }
            },
            Found::Miss => None,
            Found::Spoilt => {
                self.spoilt(site, asked);
                None
            }
        }
    }

    fn unsealed(&self, site: Site<'_>, reason: &str) {
        if !self.told_sealed.swap(true, Ordering::Relaxed) {
            let what = "private answers can't be kept or read";
            tell(site, format!("{what}: {reason}; the run goes on without them"));
        }
    }

    fn spoilt(&self, site: Site<'_>, asked: &Asked) {
        if !self.told_spoilt.swap(true, Ordering::Relaxed) {
            let what = "a cached answer is not what was kept there, and has been dropped";
            tell(site, format!("{what} (`{}`)", asked.callee));
        }
    }

    /// What is kept for nearly the same words: whose it is, and how near they are.
    async fn near(&self, site: Site<'_>, asked: &Asked, near: &Near) -> Option<(Asked, Entry, f64)> {
        let look = async {
            let group = self.nearest.group(&near.group);
            let mut after = group.due();
            while let Some(from) = after {
                let places = self.patiently(site, self.cache.placed(&near.group, from)).await?;
                if places.spoilt > 0 {
                    self.spoilt(site, asked);
                }
                after = places.more.then_some(places.upto);
                group.learn(places);
            }
            for (call, similarity) in group.nearest(&near.vectors, near.least, now()) {
                let key = CacheKey { call, ..asked.key };
                let whose = Asked { key, ..asked.clone() };
                match self.get(site, &whose).await {
                    Some(entry) => return Some((whose, entry, similarity)),
                    None => group.forget(&call),
                }
            }
            None
        };
        // What was not read by then is read with the next question.
        tokio::time::timeout(NEAREST.duration(), look).await.ok().flatten()
    }

    async fn place(&self, site: Site<'_>, asked: &Asked, near: Near, ttl: Millis) {
        let until = now().saturating_add(i64::try_from(ttl.0).unwrap_or(i64::MAX));
        let placed = Placed { call: asked.key.call, vectors: near.vectors, until };
        self.nearest.group(&near.group).add(placed.call, &placed.vectors, until);
        // From a vector something of its words can be told.
        if site.step.given.private {
            return;
        }
        self.patiently(site, self.cache.place(&near.group, asked, &placed)).await;
    }

    async fn put(&self, site: Site<'_>, asked: &Asked, entry: &Entry, ttl: Millis) {
        let vault = &site.run().engine.vault;
        let sealed = match site.step.labels.private {
            false => None,
            true => match vault.seal_for_now(&entry.value, &asked.key.call) {
                Some(value) => Some(Entry { value, ..entry.clone() }),
                None => return self.unsealed(site, "no key can be made"),
            },
        };
        self.patiently(site, self.cache.put(asked, sealed.as_ref().unwrap_or(entry), ttl)).await;
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
pub(super) struct Call<'a> {
    asked: Asked,
    ttl: Millis,
    words: Option<Words<'a>>,
}

/// Where the words of a call stand.
struct Near {
    group: [u8; 32],
    vectors: Vectors,
    least: f64,
}

/// The call of a step, if the step has a `cache`. `who` is called; `parts` adds all that its answer
/// depends on, unless the step's `key` says what makes it the same.
pub(super) fn call<'a>(
    site: Site<'_>,
    who: &str,
    parts: impl FnOnce(&mut Digest),
) -> Given<Option<Call<'a>>> {
    let Some(policy) = &site.step.settings.cache else { return Ok(None) };
    let scope = policy.scope.as_ref().map(|scope| site.frame.eval(scope)).transpose()?;
    let by = site.step.settings.key.as_ref().map(|key| site.frame.eval(key)).transpose()?;
    let call = digest(|d| {
        d.part(KEYS);
        d.part(who.as_bytes());
        labels(d, site);
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
    Ok(Some(Call { asked, ttl: policy.ttl, words: None }))
}

impl<'a> Call<'a> {
    /// The same call, which these words may find as well.
    pub(super) fn near(self, words: Option<Words<'a>>) -> Call<'a> {
        Call { words, ..self }
    }

    /// Its answer: from the cache, of an equal call under way, or of `work`.
    pub(super) async fn answered(self, site: Site<'_>, work: BoxFuture<'_, Given<Value>>) -> Given<Value> {
        let answers = &site.run().engine.answers;
        let leader = match answers.flights.turn(self.asked.key) {
            Turn::First(leader) => leader,
            Turn::Later(other) => {
                let longest = shared(site);
                if let Ok(Some(entry)) = tokio::time::timeout(longest.duration(), other.answer()).await {
                    answers.cache.count(&self.asked, Count::Hit(entry.saved));
                    return Ok(self.hit(site, entry));
                }
                // It has failed or takes too long, so this one is made without waiting for anyone again.
                return self.renewed(site, work).await;
            }
        };
        if let Some(entry) = answers.get(site, &self.asked).await {
            answers.cache.count(&self.asked, Count::Hit(entry.saved));
            leader.answers(&entry);
            return Ok(self.hit(site, entry));
        }
        let near = self.place(site).await?;
        if let Some(near) = &near
            && let Some((whose, entry, similarity)) = answers.near(site, &self.asked, near).await
        {
            answers.cache.count(&whose, Count::Similar(entry.saved));
            leader.answers(&entry);
            site.tally.similar(similarity);
            return Ok(self.hit(site, entry));
        }
        answers.cache.count(&self.asked, Count::Miss);
        let entry = self.made(site, work).await?;
        if let Some(near) = near {
            answers.place(site, &self.asked, near, self.ttl).await;
        }
        leader.answers(&entry);
        Ok(entry.value)
    }

    /// Notes in the step's tally, in the run's account and in its audit record that nobody was asked.
    fn hit(&self, site: Site<'_>, entry: Entry) -> Value {
        let spent = Spent { cached_calls: 1, ..Spent::default() };
        site.tally.cached.store(true, Ordering::Relaxed);
        site.tally.spend(spent);
        site.cx.ledger.charge(spent);
        audit::cached(site, &self.asked.callee, &entry.value, self.asked.key.scope.is_some());
        entry.value
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

    /// Where its words stand. Where that can't be known it is said, and the answer is asked for; only
    /// what no call could go on from ends the step.
    async fn place(&self, site: Site<'_>) -> Given<Option<Near>> {
        let Some(words) = &self.words else { return Ok(None) };
        match words.vectors(site).await {
            Ok(vectors) => {
                let near = |vectors| Near { group: words.group, vectors, least: words.least() };
                Ok(vectors.map(near))
            }
            Err(Halt::Fail(failure)) => {
                let answers = &site.run().engine.answers;
                if !answers.told_unlike.swap(true, Ordering::Relaxed) {
                    let reason = failure.error.message;
                    tell(
                        site,
                        format!("nothing similar can be looked for: {reason}; the run goes on without it"),
                    );
                }
                Ok(None)
            }
            Err(halt) => Err(halt),
        }
    }
}

/// What may be done with an answer depends on what it was made from.
pub(super) fn labels(d: &mut Digest, site: Site<'_>) {
    let Labels { integrity, private, secret } = site.step.given.join(site.step.labels);
    d.part(&[u8::from(integrity == Integrity::Untrusted), u8::from(private), u8::from(secret)]);
}

fn shared(site: Site<'_>) -> Millis {
    match &site.step.kind {
        StepKind::Call(callee, _) => longest_shared(callee, site.step.settings.timeout),
        _ => longest_shared(&Callee::Prompt(PromptId(0)), site.step.settings.timeout),
    }
}

fn since(before: Spent, after: Spent) -> Saved {
    Saved {
        usd: Cost(after.usd.0.saturating_sub(before.usd.0)),
        input: Tokens(after.input.0.saturating_sub(before.input.0)),
        output: Tokens(after.output.0.saturating_sub(before.output.0)),
    }
}
