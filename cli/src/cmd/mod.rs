//! The commands, one a file: its arguments, and a function that does it.

pub(crate) mod audit;
pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod cost;
pub(crate) mod doctor;
pub(crate) mod dump;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod graph;
pub(crate) mod models;
pub(crate) mod new;
pub(crate) mod resolve;
pub(crate) mod review;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod test;
pub(crate) mod trace;

use crate::exit::Failure;
use clap::ValueEnum;
use tokio::runtime::{Builder, Runtime};

/// How an answer is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// How a table is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum Form {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For pull requests.
    Markdown,
}

/// The threads that runs need; commands that run nothing do not start them.
fn threads() -> Result<Runtime, Failure> {
    let started = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    started.map_err(|e| Failure::outside(format!("no threads can be started: {e}")))
}
