//! A cache that lives as long as the process.

use super::{Asked, Cache, CacheKey, Counted, Entry, Found, Group, Saved, Survey, Which};
use crate::RunError;
use async_trait::async_trait;
use ecow::EcoString;
use flow_plan::{Millis, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// The most that is kept, in bytes of what the values hold.
const MOST_BYTES: u64 = 64 << 20;

/// Entries in memory, shared by every run of the process. Where they are too many, those that are
/// rarely asked for are forgotten.
pub struct MemoryCache {
    entries: moka::sync::Cache<CacheKey, Kept>,
    counted: Mutex<HashMap<(EcoString, EcoString), Counted>>,
}

#[derive(Clone)]
struct Kept {
    entry: Entry,
    until: Instant,
    bytes: u32,
    flow: EcoString,
    callee: EcoString,
}

impl Default for MemoryCache {
    fn default() -> Self {
        MemoryCache::holding(MOST_BYTES)
    }
}

impl MemoryCache {
    /// A cache that holds so many bytes of values at most.
    pub fn holding(bytes: u64) -> MemoryCache {
        let entries = moka::sync::Cache::builder()
            .weigher(|_: &CacheKey, kept: &Kept| kept.bytes)
            .max_capacity(bytes)
            .build();
        MemoryCache { entries, counted: Mutex::default() }
    }

    /// What is kept, without being counted.
    pub(super) fn peek(&self, key: &CacheKey) -> Option<(Entry, Millis)> {
        let kept = self.entries.get(key)?;
        let left = kept.until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        match left {
            Some(left) => Some((kept.entry, Millis::from(left))),
            None => {
                self.entries.invalidate(key);
                None
            }
        }
    }

    pub(super) fn keep(&self, asked: &Asked, entry: &Entry, ttl: Millis) {
        let now = Instant::now();
        // A time to live past the clock's end is one that never ends.
        let until =
            now.checked_add(ttl.duration()).unwrap_or_else(|| now + Millis(u64::from(u32::MAX)).duration());
        // What an entry takes besides its value.
        let bytes = u32::try_from(weight(&entry.value)).unwrap_or(u32::MAX).saturating_add(256);
        let (flow, callee) = (asked.flow.clone(), asked.callee.clone());
        self.entries.insert(asked.key, Kept { entry: entry.clone(), until, bytes, flow, callee });
    }

    pub(super) fn forget(&self, which: &Which) -> u64 {
        let (which, mut gone) = (which.clone(), 0);
        for (key, kept) in &self.entries {
            if which.means(&kept.flow, &kept.callee, key.scope) {
                self.entries.invalidate(&*key);
                gone += 1;
            }
        }
        gone
    }

    fn count(&self, asked: &Asked, saved: Option<Saved>) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let whose = (asked.flow.clone(), asked.callee.clone());
        counted.entry(whose).or_insert_with(|| Counted::none(asked)).add(saved);
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, asked: &Asked) -> Result<Found, RunError> {
        let found = self.peek(&asked.key);
        self.count(asked, found.as_ref().map(|(entry, _)| entry.saved));
        Ok(found.map_or(Found::Miss, |(entry, left)| Found::Hit(entry, left)))
    }

    async fn put(&self, asked: &Asked, entry: &Entry, ttl: Millis) -> Result<(), RunError> {
        self.keep(asked, entry, ttl);
        Ok(())
    }

    fn hit(&self, asked: &Asked, saved: Saved) {
        self.count(asked, Some(saved));
    }

    async fn survey(&self) -> Result<Survey, RunError> {
        let mut groups: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for (key, kept) in &self.entries {
            let group = groups.entry((kept.flow.clone(), kept.callee.clone(), key.scope)).or_default();
            *group = (group.0 + 1, group.1 + u64::from(kept.bytes));
        }
        let groups = groups.into_iter();
        let groups = groups.map(|((flow, callee, scope), (entries, bytes))| Group {
            flow,
            callee,
            scope,
            entries,
            bytes,
        });
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counted: Vec<Counted> = counted.values().cloned().collect();
        counted.sort_by(|a, b| (&a.flow, &a.callee).cmp(&(&b.flow, &b.callee)));
        Ok(Survey { groups: groups.collect(), counted })
    }

    async fn clear(&self, which: &Which) -> Result<u64, RunError> {
        Ok(self.forget(which))
    }
}

impl Counted {
    pub(super) fn none(asked: &Asked) -> Counted {
        let (flow, callee) = (asked.flow.clone(), asked.callee.clone());
        Counted { flow, callee, hits: 0, misses: 0, saved: Saved::default() }
    }

    /// Adds a hit, or a miss.
    pub(super) fn add(&mut self, hit: Option<Saved>) {
        match hit {
            Some(saved) => {
                self.hits += 1;
                self.saved.add(saved);
            }
            None => self.misses += 1,
        }
    }
}

impl Which {
    pub(super) fn means(&self, flow: &str, callee: &str, scope: Option<[u8; 32]>) -> bool {
        self.flow.as_ref().is_none_or(|f| f == flow)
            && self.callee.as_ref().is_none_or(|c| c == callee)
            && (self.scopes.is_empty() || scope.is_some_and(|s| self.scopes.contains(&s)))
    }
}

// Roughly the bytes that a value takes.
fn weight(value: &Value) -> usize {
    const EACH: usize = 32;
    EACH + match value {
        Value::Text(text) => text.len(),
        Value::Image(image) => image.len(),
        Value::Json(json) => json.to_string().len(),
        Value::List(items) => items.iter().map(weight).sum(),
        Value::Record(fields) => fields.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;

    fn asked(scope: u8, call: u8) -> Asked {
        let key = CacheKey { scope: Some([scope; 32]), call: [call; 32] };
        Asked { key, flow: "main".into(), callee: "answer".into() }
    }

    fn entry(value: Value) -> Entry {
        Entry { value, saved: Saved::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_is_good_for_its_time_and_in_its_scope() {
        let cache = MemoryCache::default();
        cache.put(&asked(1, 7), &entry(Value::Int(1)), Millis(1000)).await.unwrap();
        let hit = Found::Hit(entry(Value::Int(1)), Millis(1000));
        assert_eq!(cache.get(&asked(1, 7)).await, Ok(hit));
        assert_eq!(cache.get(&asked(2, 7)).await, Ok(Found::Miss));
        tokio::time::advance(Millis(1000).duration()).await;
        assert_eq!(cache.get(&asked(1, 7)).await, Ok(Found::Miss));
    }

    #[tokio::test]
    async fn it_never_holds_more_than_it_may() {
        let cache = MemoryCache::holding(100_000);
        for call in 0..250 {
            cache.put(&asked(1, call), &entry(Value::text("x".repeat(1000))), Millis(60_000)).await.unwrap();
        }
        cache.entries.run_pending_tasks();
        let survey = cache.survey().await.unwrap();
        assert!((20..=78).contains(&survey.groups[0].entries), "{:?}", survey.groups);
        assert_eq!(cache.clear(&Which::default()).await, Ok(survey.groups[0].entries));
    }
}
