//! A cache that lives as long as the process.

use super::{Cache, CacheKey};
use crate::RunError;
use async_trait::async_trait;
use flow_plan::{Millis, Value};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

// Above this many entries, those that are no longer good are dropped before another is kept.
const SWEEP_ABOVE: usize = 4096;

/// Entries in memory, shared by every run of the process.
#[derive(Default)]
pub struct MemoryCache {
    entries: Mutex<HashMap<CacheKey, (Value, Instant)>>,
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Value>, RunError> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        match entries.get(key) {
            Some((value, until)) if Instant::now() < *until => Ok(Some(value.clone())),
            Some(_) => {
                entries.remove(key);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    async fn put(&self, key: &CacheKey, value: &Value, ttl: Millis) -> Result<(), RunError> {
        let now = Instant::now();
        // A time to live past the clock's end is one that never ends.
        let until =
            now.checked_add(ttl.duration()).unwrap_or_else(|| now + Millis(u64::from(u32::MAX)).duration());
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= SWEEP_ABOVE {
            entries.retain(|_, (_, until)| now < *until);
        }
        entries.insert(*key, (value.clone(), until));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_entry_is_good_for_its_time_and_in_its_scope() {
        let cache = MemoryCache::default();
        let mine = CacheKey { scope: Some([1; 32]), call: [7; 32] };
        let other = CacheKey { scope: Some([2; 32]), ..mine };
        assert_eq!(cache.put(&mine, &Value::Int(1), Millis(1000)).await, Ok(()));
        assert_eq!(cache.get(&mine).await, Ok(Some(Value::Int(1))));
        assert_eq!(cache.get(&other).await, Ok(None));
        tokio::time::advance(Millis(1000).duration()).await;
        assert_eq!(cache.get(&mine).await, Ok(None));
    }
}
