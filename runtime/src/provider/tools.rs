//! Lookups that are offered to a model, as functions of a protocol.
//!
//! In: a [`Request`] with its [`Tools`]. Out: the functions and who may choose among them. Providers that
//! force an answer into its type by a tool have that tool beside the lookups, and it is not mistaken for
//! one of them.

use super::Request;
use super::schema::Schema;
use flow_plan::Type;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The lookups that a model may ask for before it answers.
#[derive(Clone, Copy, Debug)]
pub struct Tools<'a> {
    /// What is offered.
    pub offered: &'a [Tool],
    /// What the model has asked for so far, in its order, with what it was told.
    pub turns: &'a [Turn],
    /// Whether it has asked often enough: now it has to answer.
    pub withheld: bool,
}

/// A lookup that is offered.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Its name: letters, digits and `_`, 64 of them at most.
    pub name: String,
    /// What it is for.
    pub doc: String,
    /// What it takes: a record.
    pub args: Type,
    /// The same as a JSON schema.
    pub schema: Arc<RawValue>,
}

/// A lookup that was asked for, and what the model was told.
#[derive(Clone, PartialEq, Debug)]
pub struct Turn {
    /// The lookup.
    pub tool: String,
    /// What it was asked with: a JSON object.
    pub args: String,
    /// What was found, or why it was not looked up.
    pub found: String,
}

/// A lookup that a model asks for instead of an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Wish {
    /// The name of a lookup, as the model wrote it.
    pub tool: String,
    /// What to ask it with, as the model wrote it: JSON, or nearly.
    pub args: String,
}

/// The name of the tool that a typed answer is the input of.
const ANSWER: &str = "answer";
/// What that tool is for.
pub(super) const ANSWER_DOC: &str = "Gives the answer in its form.";

/// The functions of a request.
pub(super) struct Functions<'a> {
    /// The functions, the answer's own first.
    pub(super) list: Vec<Function<'a>>,
    /// Which of them may be called.
    pub(super) choice: Choice,
    /// The name of the one that gives the answer, where one does.
    pub(super) answer: Option<String>,
    /// Whether lookups are among them.
    pub(super) has_lookups: bool,
}

/// A function.
pub(super) struct Function<'a> {
    pub(super) name: String,
    pub(super) doc: &'a str,
    pub(super) schema: &'a RawValue,
}

/// Which functions may be called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// Any of them, or none.
    Auto,
    /// One of them, whichever.
    Any,
    /// None of them.
    None,
    /// The one that gives the answer.
    Answer,
}

impl<'a> Functions<'a> {
    /// The functions of a request, where it has any. `by_tool` where a typed answer is the input of one.
    pub(super) fn of(
        request: &Request<'a>,
        schema: Option<&'a Schema>,
        by_tool: bool,
    ) -> Option<Functions<'a>> {
        let tools = request.tools;
        let offered = tools.map_or(&[][..], |tools| tools.offered);
        let schema = schema.filter(|_| by_tool);
        let mut answer = schema.map(|_| ANSWER.to_owned());
        if let Some(name) = &mut answer {
            while offered.iter().any(|tool| tool.name == *name) {
                name.push('_');
            }
        }
        let own = answer.iter().zip(schema).map(|(name, schema)| Function {
            name: name.clone(),
            doc: ANSWER_DOC,
            schema: &schema.text,
        });
        let lookups =
            offered.iter().map(|t| Function { name: t.name.clone(), doc: &t.doc, schema: &t.schema });
        let list: Vec<Function<'a>> = own.chain(lookups).collect();
        if list.is_empty() {
            return None;
        }
        let choice = match (&answer, tools.is_none_or(|tools| tools.withheld)) {
            (Some(_), true) => Choice::Answer,
            (Some(_), false) => Choice::Any,
            (None, true) => Choice::None,
            (None, false) => Choice::Auto,
        };
        Some(Functions { list, choice, answer, has_lookups: tools.is_some() })
    }
}

/// The name of a call in what is sent back, from 0: one that every protocol takes.
pub(super) fn call_id(number: usize) -> String {
    format!("call{:05}", number % 100_000)
}

/// What was asked for so far.
pub(super) fn turns<'a>(request: &Request<'a>) -> &'a [Turn] {
    request.tools.map_or(&[], |tools| tools.turns)
}

/// Text that is JSON already, as it is.
pub(super) fn raw(json: &str) -> serde_json::Result<&RawValue> {
    serde_json::from_str(json)
}
