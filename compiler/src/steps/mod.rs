//! Steps: blocks of them, what each does, its settings, and what it depends on.

mod block;
mod effects;
mod failing;
mod loops;
mod matching;
mod names;
mod operation;
mod settings;
pub(crate) mod tools;

pub(crate) use block::{BlockKind, Input};

pub(crate) use names::inner_calls;
pub(crate) use settings::DEFAULTS;
