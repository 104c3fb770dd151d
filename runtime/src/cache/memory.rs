//! A cache that lives as long as the process.

use super::{
    AT_ONCE, Asked, Cache, CacheKey, Count, Counted, Entry, Found, Group, Placed, Places, Saved, Survey,
    Which,
};
use crate::RunError;
use async_trait::async_trait;
use ecow::EcoString;
use flow_plan::{Millis, Value};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// The most that is kept, in bytes of what the values hold.
const MOST_BYTES: u64 = 64 << 20;
/// The most bytes of vectors.
const MOST_PLACES: usize = 64 << 20;

/// Entries in memory, shared by every run of the process. Where they are too many, those that are
/// rarely asked for are forgotten.
pub struct MemoryCache {
    entries: moka::sync::Cache<CacheKey, Kept>,
    counted: Mutex<HashMap<(EcoString, EcoString), Counted>>,
    places: Mutex<Standing>,
}

// What is placed in each group, with its number.
#[derive(Default)]
struct Standing {
    groups: HashMap<[u8; 32], VecDeque<(u64, Placed)>>,
    last: u64,
    bytes: usize,
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
        MemoryCache { entries, counted: Mutex::default(), places: Mutex::default() }
    }

    /// What is kept.
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
        if which.is_all() {
            *self.places.lock().unwrap_or_else(PoisonError::into_inner) = Standing::default();
        }
        let (which, mut gone) = (which.clone(), 0);
        for (key, kept) in &self.entries {
            if which.means(&kept.flow, &kept.callee, key.scope) {
                self.entries.invalidate(&*key);
                gone += 1;
            }
        }
        gone
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, asked: &Asked) -> Result<Found, RunError> {
        Ok(self.peek(&asked.key).map_or(Found::Miss, |(entry, left)| Found::Hit(entry, left)))
    }

    async fn put(&self, asked: &Asked, entry: &Entry, ttl: Millis) -> Result<(), RunError> {
        self.keep(asked, entry, ttl);
        Ok(())
    }

    fn count(&self, asked: &Asked, count: Count) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let whose = (asked.flow.clone(), asked.callee.clone());
        counted.entry(whose).or_insert_with(|| Counted::none(asked)).add(count);
    }

    async fn place(&self, group: &[u8; 32], _: &Asked, placed: &Placed) -> Result<(), RunError> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).put(*group, placed.clone());
        Ok(())
    }

    async fn placed(&self, group: &[u8; 32], after: u64) -> Result<Places, RunError> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let all = places.groups.get(group);
        let behind = all.iter().flat_map(|all| all.iter()).filter(|(number, _)| *number > after);
        let some: Vec<&(u64, Placed)> = behind.take(AT_ONCE).collect();
        let upto = some.last().map_or(after, |(number, _)| *number);
        let more = some.len() == AT_ONCE;
        Ok(Places { placed: some.into_iter().map(|(_, p)| p.clone()).collect(), upto, more, spoilt: 0 })
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

impl Standing {
    fn put(&mut self, group: [u8; 32], placed: Placed) {
        self.last += 1;
        self.bytes += size(&placed);
        self.groups.entry(group).or_default().push_back((self.last, placed));
        // The oldest make room.
        while self.bytes > MOST_PLACES {
            let first = |all: &VecDeque<(u64, Placed)>| all.front().map(|(number, _)| *number);
            let oldest = self.groups.iter().min_by_key(|(_, all)| first(all)).map(|(group, _)| *group);
            let Some(oldest) = oldest.and_then(|group| self.groups.get_mut(&group)) else { return };
            match oldest.pop_front() {
                Some((_, gone)) => self.bytes = self.bytes.saturating_sub(size(&gone)),
                None => return,
            }
            self.groups.retain(|_, all| !all.is_empty());
        }
    }
}

fn size(placed: &Placed) -> usize {
    placed.vectors.numbers().len() + 128
}

impl Counted {
    pub(super) fn none(asked: &Asked) -> Counted {
        let (flow, callee) = (asked.flow.clone(), asked.callee.clone());
        Counted { flow, callee, hits: 0, similar: 0, misses: 0, saved: Saved::default() }
    }

    /// Adds a question.
    pub(super) fn add(&mut self, count: Count) {
        match count {
            Count::Hit(saved) | Count::Similar(saved) => {
                self.hits += 1;
                self.similar += u64::from(matches!(count, Count::Similar(_)));
                self.saved.add(saved);
            }
            Count::Miss => self.misses += 1,
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
