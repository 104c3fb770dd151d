//! Caches: answers that are kept for equal calls. Each kind of cache is one file with a [`Cache`]
//! implementation.
//!
//! In: a [`CacheKey`], which is a digest and so holds no data of the call itself. Out: the value.
//! Not here: what belongs into a key, which the executor decides.

mod memory;
mod sqlite;

pub use memory::MemoryCache;
pub use sqlite::SqliteCache;

use crate::RunError;
use async_trait::async_trait;
use flow_plan::{Millis, Value};

/// Where answers are kept. It may forget whatever it likes, and never answers past the time to live.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The value that was put under an equal key and is still good.
    async fn get(&self, key: &CacheKey) -> Result<Option<Value>, RunError>;

    /// Keeps a value for `ttl`, in place of an earlier one.
    ///
    /// [`crate::codec`] turns values into text and back without loss.
    async fn put(&self, key: &CacheKey, value: &Value, ttl: Millis) -> Result<(), RunError>;
}

/// What makes two calls equal, as BLAKE3 digests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CacheKey {
    /// Who shares the entry, as a digest of the scope's value; everyone, if missing.
    /// Kept apart from `call` so that all entries of one scope can be deleted together.
    pub scope: Option<[u8; 32]>,
    /// The call: callee, arguments, model and settings.
    pub call: [u8; 32],
}
