//! An entry, and its form in a store: a text with a digest of all that it stands for.

use super::{Asked, digest};
use crate::codec;
use flow_plan::{Cost, Tokens, Value};
use std::time::{SystemTime, UNIX_EPOCH};

/// An answer, and what it cost when it was made.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The answer.
    pub value: Value,
    /// What a hit saves.
    pub saved: Saved,
}

/// What a hit saves: what the call cost when it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Saved {
    /// Money.
    pub usd: Cost,
    /// Input tokens.
    pub input: Tokens,
    /// Output tokens.
    pub output: Tokens,
}

impl Saved {
    /// Adds what else was saved.
    pub fn add(&mut self, other: Saved) {
        self.usd = self.usd.plus(other.usd);
        self.input.0 = self.input.0.saturating_add(other.input.0);
        self.output.0 = self.output.0.saturating_add(other.output.0);
    }
}

/// An entry as a store keeps it.
pub(super) struct Sealed {
    pub(super) text: String,
    pub(super) saved: Saved,
    /// Until when it is good, in milliseconds since 1970.
    pub(super) until: i64,
}

impl Sealed {
    pub(super) fn of(entry: &Entry, until: i64) -> Sealed {
        Sealed { text: codec::encode(&entry.value), saved: entry.saved, until }
    }

    /// A digest of the entry and of where it belongs: nothing of it can be changed, and it can't be
    /// moved to another key, without that being seen.
    pub(super) fn seal(&self, asked: &Asked) -> [u8; 32] {
        digest(|d| {
            d.part(asked.key.scope.as_ref().map_or(&[], |scope| scope.as_slice()));
            d.part(&asked.key.call);
            d.part(self.text.as_bytes());
            d.part(&self.until.to_le_bytes());
            d.part(&self.saved.usd.0.to_le_bytes());
            d.part(&self.saved.input.0.to_le_bytes());
            d.part(&self.saved.output.0.to_le_bytes());
        })
    }

    /// The entry, where the seal is its own.
    pub(super) fn open(&self, asked: &Asked, seal: &[u8]) -> Option<Entry> {
        if self.seal(asked) != seal {
            return None;
        }
        Some(Entry { value: codec::decode(&self.text).ok()?, saved: self.saved })
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
