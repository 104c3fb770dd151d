//! What a cache holds and what it was good for, and which entries are meant.

use super::Saved;
use ecow::EcoString;

/// What a cache holds and what it was good for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Survey {
    /// What is kept now, by flow, callee and scope.
    pub groups: Vec<Group>,
    /// How often it was asked since it was made, by flow and callee.
    pub counted: Vec<Counted>,
}

/// Entries of one callee and scope.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// The flow that ran.
    pub flow: EcoString,
    /// The prompt or lookup.
    pub callee: EcoString,
    /// The digest of the scope's value; everyone, if missing.
    pub scope: Option<[u8; 32]>,
    /// How many.
    pub entries: u64,
    /// How large they are, in bytes.
    pub bytes: u64,
}

/// How often a cache was asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Counted {
    /// The flow that ran.
    pub flow: EcoString,
    /// The prompt or lookup.
    pub callee: EcoString,
    /// Calls that it answered.
    pub hits: u64,
    /// Of these the calls that were answered with what is kept for nearly the same words.
    pub similar: u64,
    /// Calls that it did not.
    pub misses: u64,
    /// What the hits would have cost.
    pub saved: Saved,
}

/// How a question was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    /// From what is kept for the same call.
    Hit(Saved),
    /// From what is kept for nearly the same words.
    Similar(Saved),
    /// Not at all.
    Miss,
}

/// Which entries are meant: those for which all of it holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Which {
    /// Of this prompt or lookup.
    pub callee: Option<EcoString>,
    /// Of this flow.
    pub flow: Option<EcoString>,
    /// Of one of these scopes; of any, where there are none.
    pub scopes: Vec<[u8; 32]>,
}

impl Which {
    /// Whether everything is meant.
    pub fn is_all(&self) -> bool {
        *self == Which::default()
    }
}
