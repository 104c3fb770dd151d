//! Declarations: from each kind's syntax to its part of the plan, one kind a file.

mod action;
mod assume;
mod config;
mod decision;
mod flow;
mod guard;
mod lookup;
mod model;
mod prompt;
mod test;

pub(crate) use assume::is_sized;
