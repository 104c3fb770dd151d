//! `flowc diff`: the pairs of `tests/corpus/diff`, revisions of real repositories, gates, and large
//! projects.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

#[path = "../sandbox/mod.rs"]
mod sandbox;

mod action;
mod api;
mod corpus;
mod drawn;
mod merges;
mod revisions;
