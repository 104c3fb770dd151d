//! Memory in front of a slower cache: what was found there lately is answered from here.
//!
//! In: any [`Cache`]. Out: a faster one that holds the same. The cache behind it, which is the one that
//! lasts, counts and knows what is near.

use super::{Asked, Cache, Count, Entry, Found, MemoryCache, Placed, Places, Survey, Which};
use crate::RunError;
use async_trait::async_trait;
use flow_plan::Millis;
use std::sync::Arc;

/// A cache with memory in front of it.
pub struct Front {
    memory: MemoryCache,
    behind: Arc<dyn Cache>,
}

/// What another process has cleared or replaced is answered from memory for so long at most.
const LONGEST: Millis = Millis(60_000);

impl Front {
    /// Memory in front of this cache.
    pub fn new(behind: Arc<dyn Cache>) -> Front {
        Front { memory: MemoryCache::default(), behind }
    }
}

#[async_trait]
impl Cache for Front {
    async fn get(&self, asked: &Asked) -> Result<Found, RunError> {
        if let Some((entry, left)) = self.memory.peek(&asked.key) {
            return Ok(Found::Hit(entry, left));
        }
        let found = self.behind.get(asked).await?;
        if let Found::Hit(entry, left) = &found {
            self.memory.keep(asked, entry, (*left).min(LONGEST));
        }
        Ok(found)
    }

    async fn put(&self, asked: &Asked, entry: &Entry, ttl: Millis) -> Result<(), RunError> {
        // Also where the cache behind it is away, an equal call of this process finds it.
        self.memory.keep(asked, entry, ttl.min(LONGEST));
        self.behind.put(asked, entry, ttl).await
    }

    fn count(&self, asked: &Asked, count: Count) {
        self.behind.count(asked, count);
    }

    async fn place(&self, group: &[u8; 32], asked: &Asked, placed: &Placed) -> Result<(), RunError> {
        self.behind.place(group, asked, placed).await
    }

    async fn placed(&self, group: &[u8; 32], after: u64) -> Result<Places, RunError> {
        self.behind.placed(group, after).await
    }

    async fn flush(&self) -> Result<(), RunError> {
        self.behind.flush().await
    }

    async fn survey(&self) -> Result<Survey, RunError> {
        self.behind.survey().await
    }

    async fn clear(&self, which: &Which) -> Result<u64, RunError> {
        self.memory.forget(which);
        self.behind.clear(which).await
    }
}
