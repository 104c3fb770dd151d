//! Caches: answers that are kept for equal calls. Each kind of cache is one file with a [`Cache`]
//! implementation; [`Front`] stands before a slower one and answers from memory. [`Nearest`] finds what is
//! kept for nearly the same words; caches only keep where answers stand.
//!
//! In: an [`Asked`], whose key is a digest and so holds no data of the call itself. Out: an [`Entry`].
//! Not here: what belongs into a key, which the executor decides.

mod entry;
mod front;
mod key;
mod memory;
mod nearest;
mod place;
#[cfg(feature = "redis")]
mod redis;
mod sqlite;
mod survey;

#[cfg(feature = "redis")]
pub use self::redis::RedisCache;
pub(crate) use entry::now;
pub use entry::{Entry, Saved};
pub use front::Front;
pub use key::{Asked, CacheKey, Digest, digest, scope_of};
pub use memory::MemoryCache;
pub use nearest::{Group as NearGroup, Nearest};
pub use place::{AT_ONCE, Placed, Places, Vectors};
pub use sqlite::SqliteCache;
pub use survey::{Count, Counted, Group, Survey, Which};

use crate::RunError;
use async_trait::async_trait;
use flow_plan::Millis;

/// Where answers are kept. It may forget whatever it likes, and never answers past the time to live.
/// An error of it, E0810, says why it can't be asked; runs go on without it.
#[async_trait]
pub trait Cache: Send + Sync {
    /// What was put under an equal key and is still good.
    async fn get(&self, asked: &Asked) -> Result<Found, RunError>;

    /// Keeps an entry for `ttl`, in place of an earlier one.
    ///
    /// [`crate::codec`] turns values into text and back without loss.
    async fn put(&self, asked: &Asked, entry: &Entry, ttl: Millis) -> Result<(), RunError>;

    /// Counts a question, by how it was answered. It must not wait.
    fn count(&self, _asked: &Asked, _count: Count) {}

    /// Keeps where the answer to a call stands in a group, in place of an earlier place. The entry is
    /// there already.
    async fn place(&self, _group: &[u8; 32], _asked: &Asked, _placed: &Placed) -> Result<(), RunError> {
        Ok(())
    }

    /// What was placed in a group behind a point that it gave, [`AT_ONCE`] at most; from the first on
    /// behind 0.
    async fn placed(&self, _group: &[u8; 32], after: u64) -> Result<Places, RunError> {
        Ok(Places { upto: after, ..Places::default() })
    }

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
