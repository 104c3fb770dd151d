//! `flowc lsp` as editors meet it: the real binary, over its standard streams.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod client;
mod sync;
