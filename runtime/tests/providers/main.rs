//! The providers on the network against local servers that speak their protocols, well or badly.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod anthropic;
mod embeddings;
mod model_server;
mod openai;
