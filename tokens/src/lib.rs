//! Tokens: how many a text has, what a value adds where it is pasted, what a request adds around
//! its messages.
//!
//! In: texts, values, types. Out: counts that are the same for the compiler, which proves a bound
//! from types, and for the runtime, which holds every call to it with the values.
//! Not here: what tokens cost ([`flow_plan::Price`]), and which step calls what.

mod capped;
mod counter;
mod fragment;
mod json;
mod layout;
mod marks;
mod measure;
mod memo;
pub mod request;
mod size;

pub use capped::{Cut, Over, cap, check};
pub use counter::Counter;
pub use fragment::{Fragment, Shape, closes_fence, opens_fence};
pub use json::json_most;
pub use layout::{Leaf, Paste, fence_close, fence_open, is_laid_out, lays_out_alike, shape, tag_of};
pub use marks::without_marks;
pub use measure::{BYTES, Counts, DEFAULT_TOKENIZER, Measure, UnknownTokenizer};
pub use memo::Memo;
pub use size::{json_tokens, leaf_tokens};

pub use flow_plan::limits::JOINT;
