//! Caches: answers that are kept for equal calls. Each kind of cache is one file with a [`Cache`]
//! implementation; [`Front`] stands before a slower one and answers from memory.
//!
//! In: an [`Asked`], whose key is a digest and so holds no data of the call itself. Out: an [`Entry`].
//! Not here: what belongs into a key, which the executor decides.

mod entry;
mod front;
mod key;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod sqlite;
mod survey;

#[cfg(feature = "redis")]
pub use self::redis::RedisCache;
pub use entry::{Entry, Saved};
pub use front::Front;
pub use key::{Asked, CacheKey, Digest, digest, scope_of};
pub use memory::MemoryCache;
pub use sqlite::SqliteCache;
pub use survey::{Counted, Group, Survey, Which};

use crate::RunError;
use async_trait::async_trait;
use flow_plan::Millis;

/// Where answers are kept. It may forget whatever it likes, and never answers past the time to live.
/// An error of it, E0810, says why it can't be asked; runs go on without it.
#[async_trait]
pub trait Cache: Send + Sync {
    /// What was put under an equal key and is still good. It is counted as a hit or a miss.
    async fn get(&self, asked: &Asked) -> Result<Found, RunError>;

    /// Keeps an entry for `ttl`, in place of an earlier one.
    ///
    /// [`crate::codec`] turns values into text and back without loss.
    async fn put(&self, asked: &Asked, entry: &Entry, ttl: Millis) -> Result<(), RunError>;

    /// Counts a hit that somebody in front of it has answered. It must not wait.
    fn hit(&self, _asked: &Asked, _saved: Saved) {}

    /// Writes what was counted and is not written yet; a process that ends calls it.
    async fn flush(&self) -> Result<(), RunError> {
        Ok(())
    }

    /// What is kept, and how often it was asked.
    async fn survey(&self) -> Result<Survey, RunError>;

    /// Forgets entries, and says how many.
    async fn clear(&self, which: &Which) -> Result<u64, RunError>;
}

/// What a cache knows of a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// An answer, and for how long it is still good.
    Hit(Entry, Millis),
    /// Nothing that is still good.
    Miss,
    /// An entry that is not what was put there; it has been dropped.
    Spoilt,
}
