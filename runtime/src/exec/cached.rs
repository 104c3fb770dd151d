//! The `cache` setting: what makes two calls equal, and the entry of one.

use super::state::Given;
use super::step::Site;
use crate::Spent;
use crate::cache::CacheKey;
use crate::codec;
use flow_plan::{Millis, Value};
use std::sync::atomic::Ordering;

/// The entry of one call.
pub(super) struct Entry {
    key: CacheKey,
    ttl: Millis,
}

/// A digest over parts of any length, none of which can be taken for another.
pub(super) struct Digest(blake3::Hasher);

impl Digest {
    /// Adds a part.
    pub(super) fn part(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds a value.
    pub(super) fn value(&mut self, value: &Value) {
        self.part(codec::encode(value).as_bytes());
    }
}

/// The digest of what `parts` adds.
pub(super) fn digest(parts: impl FnOnce(&mut Digest)) -> [u8; 32] {
    let mut digest = Digest(blake3::Hasher::new());
    parts(&mut digest);
    *digest.0.finalize().as_bytes()
}

/// The entry of a step's call, if the step has a `cache`. `who` is called; `call` adds all that its
/// answer depends on, unless the step's `key` says what makes it the same.
pub(super) fn entry(site: Site<'_>, who: &str, call: impl FnOnce(&mut Digest)) -> Given<Option<Entry>> {
    let Some(policy) = &site.step.settings.cache else { return Ok(None) };
    let scope = match &policy.scope {
        Some(scope) => {
            let scope = site.frame.eval(scope)?;
            Some(digest(|d| d.value(&scope)))
        }
        None => None,
    };
    let by = site.step.settings.key.as_ref().map(|key| site.frame.eval(key)).transpose()?;
    let call = digest(|d| {
        d.part(who.as_bytes());
        match &by {
            Some(key) => {
                d.part(b"key");
                d.value(key);
            }
            None => {
                d.part(b"call");
                call(d);
            }
        }
    });
    Ok(Some(Entry { key: CacheKey { scope, call }, ttl: policy.ttl }))
}

impl Entry {
    /// What the cache answers. A hit is noted in the step's tally and in the run's account.
    pub(super) async fn get(&self, site: Site<'_>) -> Given<Option<Value>> {
        let hit = site.run().engine.cache.get(&self.key).await?;
        if hit.is_some() {
            let spent = Spent { cached_calls: 1, ..Spent::default() };
            site.tally.cached.store(true, Ordering::Relaxed);
            site.tally.spend(spent);
            site.cx.ledger.charge(spent);
        }
        Ok(hit)
    }

    /// Keeps an answer.
    pub(super) async fn put(&self, site: Site<'_>, value: &Value) -> Given<()> {
        Ok(site.run().engine.cache.put(&self.key, value, self.ttl).await?)
    }
}
