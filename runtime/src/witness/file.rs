//! What a witness is made of, as it is kept in a file.

use crate::exec::At;
use flow_plan::{Tokens, Used};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};
use std::time::Duration;

/// The inputs of a run and all that the world said in it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Witness {
    /// The flow that runs.
    pub flow: String,
    /// Its inputs.
    pub inputs: Map<String, Json>,
    /// What became of each call of a model.
    pub calls: Vec<Call>,
    /// What lookups found, what built-in guards and actions said.
    pub found: Vec<Found>,
}

/// One call of a model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Call {
    /// The step that asks, with the element, round and try of all that it lies in.
    pub step: String,
    /// Which of the step's calls it is, from 1.
    pub call: u32,
    /// How many lookups the model has asked for before it, in the same try.
    #[serde(default, skip_serializing_if = "is_none")]
    pub lookups: u32,
    /// The name of the model in the program.
    pub model: String,
    /// After how long it ends, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after_ms: u64,
    /// How it ends.
    pub ends: Ends,
}

/// How a call ends.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// With an answer.
    Answer(Answer),
    /// With a lookup that the model asks for first.
    LookUp(LookUp),
    /// The connection breaks when the model may have done all of its work.
    Break,
    /// Not before someone else has answered.
    Silence,
}

/// What a model answers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// What the provider says that it used.
    #[serde(serialize_with = "write_usage", deserialize_with = "read_usage")]
    pub usage: Used,
}

/// What a model asks for before it answers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LookUp {
    /// The lookup.
    pub lookup: String,
    /// What it is asked with, as JSON.
    pub with: String,
    /// What the provider says that it used.
    #[serde(serialize_with = "write_usage", deserialize_with = "read_usage")]
    pub usage: Used,
}

/// What comes of a call of anything but a model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Found {
    /// The step, as in [`Call::step`].
    pub step: String,
    /// Which of the tries that `else retry` asks for; 0 for the first.
    #[serde(default, skip_serializing_if = "is_none")]
    pub round: u32,
    /// Which try in this round, from 1.
    pub number: u32,
    /// After how long it is done, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after_ms: u64,
    /// Whether it goes well.
    pub goes: bool,
    /// What a lookup finds.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub gives: Json,
}

impl Found {
    /// Of one call: after how long it is done, and what it gives, nothing where it fails.
    pub(super) fn of(at: At<'_>, after: Duration, gives: Option<Json>) -> Found {
        Found {
            step: at.path.to_string(),
            round: at.round,
            number: at.number,
            after_ms: after.as_millis() as u64,
            goes: gives.is_some(),
            gives: gives.unwrap_or(Json::Null),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_none(n: &u32) -> bool {
    *n == 0
}

#[derive(Serialize, Deserialize)]
struct Usage {
    input: u64,
    #[serde(default)]
    cache_write: u64,
    output: u64,
}

fn write_usage<S: Serializer>(used: &Used, serializer: S) -> Result<S::Ok, S::Error> {
    let Used { input, cache_write, output, .. } = *used;
    Usage { input: input.0, cache_write: cache_write.0, output: output.0 }.serialize(serializer)
}

fn read_usage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Used, D::Error> {
    let Usage { input, cache_write, output } = Usage::deserialize(deserializer)?;
    let cached_input = Tokens(0);
    Ok(Used { input: Tokens(input), cached_input, cache_write: Tokens(cache_write), output: Tokens(output) })
}
