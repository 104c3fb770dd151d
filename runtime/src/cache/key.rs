//! What makes two calls equal: digests.

use crate::codec;
use ecow::EcoString;
use flow_plan::Value;

/// What makes two calls equal, as BLAKE3 digests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CacheKey {
    /// Who shares the entry, as a digest of the scope's value; everyone, if missing.
    /// Kept apart from `call` so that all entries of one scope can be deleted together.
    pub scope: Option<[u8; 32]>,
    /// The call: callee, arguments, models, settings and the type of the answer.
    pub call: [u8; 32],
}

/// A call that a cache is asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// By what it is the same call.
    pub key: CacheKey,
    /// The flow that runs.
    pub flow: EcoString,
    /// The prompt or lookup that is called.
    pub callee: EcoString,
}

/// A digest over parts of any length, none of which can be taken for another.
pub struct Digest(blake3::Hasher);

impl Digest {
    /// Adds a part.
    pub fn part(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds a value.
    pub fn value(&mut self, value: &Value) {
        self.part(codec::encode(value).as_bytes());
    }
}

/// The digest of what `parts` adds.
pub fn digest(parts: impl FnOnce(&mut Digest)) -> [u8; 32] {
    let mut digest = Digest(blake3::Hasher::new());
    parts(&mut digest);
    *digest.0.finalize().as_bytes()
}

/// The digest by which a scope's value is known: what `per customer` is worth.
pub fn scope_of(value: &Value) -> [u8; 32] {
    digest(|d| d.value(value))
}
