//! Labels: whether text may instruct, and who may see it.

use serde::{Deserialize, Serialize};

/// Whether a value may become an instruction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash, Serialize, Deserialize)]
pub enum Integrity {
    /// Written in the program, or endorsed by a guard.
    #[default]
    Trusted,
    /// From outside, or made from what is from outside.
    Untrusted,
}

/// The labels of a value. They only ever join: a value made of others carries all of theirs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize)]
pub struct Labels {
    /// Whether it may instruct.
    pub integrity: Integrity,
    /// Whether it is about a person.
    pub private: bool,
    /// Whether it is a key or a password.
    pub secret: bool,
}

impl Labels {
    /// Text from outside.
    pub const UNTRUSTED: Labels = Labels { integrity: Integrity::Untrusted, private: false, secret: false };

    /// The labels of a value made from both.
    pub fn join(self, other: Labels) -> Labels {
        Labels {
            integrity: self.integrity.max(other.integrity),
            private: self.private || other.private,
            secret: self.secret || other.secret,
        }
    }
}
