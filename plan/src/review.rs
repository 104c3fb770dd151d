//! What a person is asked: `review(value, by: "team", within: 2d)`.

use crate::{Millis, Type, Value};
use ecow::EcoString;

/// What is asked of a person.
#[derive(Clone, PartialEq, Debug)]
pub struct Review {
    /// Who decides, as the program calls them.
    pub by: EcoString,
    /// How long they have; silence is not consent.
    pub within: Millis,
    /// What is approved: a value that a person has edited is held to it.
    pub ty: Type,
}

/// A decision that a test scripts.
#[derive(Clone, PartialEq, Debug)]
pub enum Scripted {
    /// It is approved, with the value that takes its place where there is one: JSON, read by the type
    /// of what is reviewed.
    Approve(Option<Value>),
    /// It is turned down, for this reason.
    Reject(EcoString),
    /// Nobody decides in time.
    Expire,
}
