//! Caches that are servers of their own, with real servers that the tests start.
#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

#[path = "../chain/mod.rs"]
mod chain;
mod redis;
