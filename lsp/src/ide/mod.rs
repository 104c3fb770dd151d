//! What the editor can ask, each in a file of its own: plain functions of a snapshot and a place.
//!
//! In: a [`crate::snapshot::Snapshot`] and byte offsets. Out: data with spans. Nothing here awaits,
//! locks or knows the client; `handlers/` turns it into the protocol's terms.

pub(crate) mod actions;
pub(crate) mod calls;
pub(crate) mod complete;
pub(crate) mod cost;
pub(crate) mod diagnostics;
pub(crate) mod graph;
pub(crate) mod hints;
pub(crate) mod hover;
pub(crate) mod lens;
pub(crate) mod links;
pub(crate) mod names;
pub(crate) mod program;
pub(crate) mod prompt;
pub(crate) mod refactor;
pub(crate) mod rename;
pub(crate) mod sample;
pub(crate) mod signature;
pub(crate) mod symbols;
pub(crate) mod tokens;
pub(crate) mod walk;
