//! What the editor can ask, each in a file of its own: plain functions of a snapshot and a place.
//!
//! In: a [`crate::snapshot::Snapshot`] and byte offsets. Out: data with spans. Nothing here awaits,
//! locks or knows the client; `handlers/` turns it into the protocol's terms.

pub(crate) mod diagnostics;
