//! Capabilities: what the runtime can do, declared once where it is done.
//!
//! A provider, lookup source, guard, action channel or function is one file with an implementation
//! and a constant [`CapabilitySpec`]. The checker, hover, completion and docs all read the spec.

/// What kind of thing a capability is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "the names of the language's own kinds")]
pub enum CapabilityKind {
    Provider,
    Lookup,
    Guard,
    Action,
    Function,
}

/// What a capability is called, takes, gives and does.
#[derive(Debug)]
pub struct CapabilitySpec {
    /// What kind of thing it is.
    pub kind: CapabilityKind,
    /// Its name in a program.
    pub name: &'static str,
    /// What it takes, in order.
    pub params: &'static [ParamSpec],
    /// What it gives.
    pub returns: TypeSpec,
    /// What it does, in Markdown; the first sentence alone says it.
    pub doc: &'static str,
    /// Uses of it, each a line of Flow.
    pub examples: &'static [&'static str],
    /// A guard: whether it can fail at all.
    pub can_fail: bool,
    /// A guard: whether `else redact` is possible.
    pub can_redact: bool,
    /// A guard: whether what passes may instruct.
    pub endorses: bool,
    /// Whether it is there; what is named but not built is reported as E0002, never run.
    pub supported: bool,
}

/// A parameter of a capability.
#[derive(Debug)]
pub struct ParamSpec {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: TypeSpec,
    /// Whether it must be given.
    pub required: bool,
    /// What it is for.
    pub doc: &'static str,
}

/// A type in a spec.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the type of that name in the language")]
pub enum TypeSpec {
    Any,
    Text,
    Int,
    Float,
    Bool,
    Duration,
    Money,
    Json,
    /// A list of anything that fits.
    List(&'static TypeSpec),
    /// The type of the first argument.
    First,
    /// The type that the declaration writes.
    Declared,
    /// Nothing.
    Null,
}

impl CapabilitySpec {
    /// A spec with the usual answers, to be overridden with `..CapabilitySpec::BASE`.
    pub const BASE: CapabilitySpec = CapabilitySpec {
        kind: CapabilityKind::Function,
        name: "",
        params: &[],
        returns: TypeSpec::Any,
        doc: "",
        examples: &[],
        can_fail: true,
        can_redact: false,
        endorses: false,
        supported: true,
    };
}
