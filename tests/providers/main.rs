//! Providers against local servers that speak each protocol: the same program has the same answer, the
//! same usage and the same errors on each.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod failing;
mod looks_up;
mod official;
mod program;
mod protocol;
mod proxy;
mod python;
mod recorded;
mod same;
mod server;
