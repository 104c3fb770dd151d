//! `flowc lsp` as editors meet it: the real binary, over its standard streams.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

#[expect(dead_code, unreachable_pub, reason = "a client for all tests, of which each uses a part")]
mod client;
mod completion;
mod features;
mod fuzz;
mod grammars;
mod panels;
mod refactor;
mod sync;
