//! Templates: texts with holes, and what each hole shows.

use crate::{Expr, Type};
use ecow::EcoString;
use flow_diagnostics::Span;
use std::sync::Arc;

/// A text with holes. Its holes name `vars`; the runtime renders it with minijinja.
#[derive(Clone, Debug)]
pub struct Template {
    /// The source, without its quotes and common indent.
    pub source: EcoString,
    /// Each free name of the source with what it stands for.
    pub vars: Vec<(EcoString, Expr)>,
    /// Its holes, in their order in the source.
    pub holes: Arc<[Hole]>,
    /// What decides which of its texts are rendered: a condition shows whether it holds.
    pub decides: Arc<[Read]>,
    /// Where the literal stands.
    pub span: Span,
}

/// A place in a template where a value is pasted: `{{ … }}`.
#[derive(Clone, PartialEq, Debug)]
pub struct Hole {
    /// What it shows, for messages: `p.body`.
    pub name: EcoString,
    /// The type of what is pasted, as it is declared: it says how the value is laid out.
    pub ty: Type,
    /// The name in the fence around it, where it is written `{{ … | fence }}`.
    pub fence: Option<EcoString>,
    /// Whether white space at the start of a text is left out: the text in front opens a fence.
    pub trim_start: bool,
    /// Whether white space at the end of a text is left out: the text behind closes a fence.
    pub trim_end: bool,
    /// What it shows of the template's variables.
    pub reads: Vec<Read>,
    /// Where the expression between its braces is written.
    pub span: Span,
}

impl Hole {
    /// The place where a model is shown what a lookup that it asked for has found: in a fence of the
    /// lookup's name.
    pub fn found(lookup: &EcoString, output: &Type) -> Hole {
        Hole { name: lookup.clone(), ty: output.clone(), fence: Some(lookup.clone()), ..Hole::default() }
    }
}

/// A part of a variable of a template that a hole shows or is computed from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Read {
    /// The variable.
    pub var: EcoString,
    /// The way from its value to the part.
    pub path: Vec<Access>,
    /// What of it counts.
    pub of: Of,
    /// What is made of that.
    pub shows: Shows,
}

/// What of a value counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// All of it.
    Value,
    /// How long it is: how many elements a list has.
    Length,
    /// Whether it is there at all, or how often a loop goes round.
    Presence,
}

/// What is made of a value, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Shows {
    /// A truth value: how a comparison of it ends.
    Truth,
    /// A number, or which part of something else it chooses.
    Number,
    /// The value.
    Value,
}

/// A step from a value to a part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// The field or entry of this name.
    Field(EcoString),
    /// An element of a list, or an entry of a map that is not known by name.
    Item,
    /// A key of a map; nothing of a list.
    Key,
}

impl Default for Hole {
    /// A hole of which nothing is known.
    fn default() -> Self {
        Hole {
            name: EcoString::new(),
            ty: Type::Error,
            fence: None,
            trim_start: false,
            trim_end: false,
            reads: Vec::new(),
            span: Span::default(),
        }
    }
}
