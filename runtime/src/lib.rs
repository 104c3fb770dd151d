//! From a plan to a run.
//!
//! In: a [`flow_plan::Plan`], inputs and a [`Context`]. Out: a result, events as things happen, and
//! what was spent. The runtime knows no syntax.

pub mod action;
pub mod cache;
mod capabilities;
pub mod codec;
mod context;
mod error;
pub mod guard;
pub mod lookup;
pub mod provider;
mod size;
mod words;

pub use capabilities::capabilities;
pub use context::{Context, Environment, Http};
pub use error::RunError;
