//! Capabilities: what the runtime can do, declared once where it is done.
//!
//! A provider, lookup source, guard, action channel or function is one file with an implementation
//! and a constant [`CapabilitySpec`]. The checker, hover, completion and docs all read the spec.

use crate::Value;

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
    /// A guard: whether it can look at the beginning of a text before its end is there, without a wait:
    /// `while: streaming`.
    pub streams: bool,
    /// A guard: whether what passes may instruct.
    pub endorses: bool,
    /// A guard: whether what passes is private no more.
    pub clears: bool,
    /// A guard: whether what passes is made of its further arguments too, and has their labels.
    pub joins: bool,
    /// An action: whether what it is given leaves the machine.
    pub outward: bool,
    /// Whether it is there; what is named but not built is reported as E0002, never run.
    pub supported: bool,
    /// A provider: whether it makes embeddings.
    pub embeds: bool,
    /// A provider on the network: how it is reached.
    pub service: Option<Service>,
}

/// How a provider on the network is reached, and whose models it has.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// The variables that its key may be in; the first that is set counts.
    pub keys: &'static [&'static str],
    /// Whether nobody is answered without a key.
    pub key_needed: bool,
    /// The variables that its base URL may be in; the first that is set counts.
    pub bases: &'static [&'static str],
    /// Its base URL where no variable is set; `None` where there is no usual one.
    pub usual: Option<&'static str>,
    /// The provider whose models it has as well: of a model that the catalogue does not list under
    /// its own name, the card of that provider's model holds.
    pub models_of: Option<&'static str>,
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
    /// A list of names, written out.
    Names(&'static Names),
    /// The type of the first argument.
    First,
    /// The type that the declaration writes.
    Declared,
    /// Nothing.
    Null,
}

/// The names that a parameter's list is made of.
#[derive(Debug)]
pub struct Names {
    /// What each of them names: `kind of personal data`.
    pub of: &'static str,
    /// All that there are.
    pub known: &'static [&'static str],
    /// Those that must be in the list for what passes to be private no more.
    pub clearing: &'static [&'static str],
}

impl Names {
    /// In place of all of them.
    pub const ALL: &'static str = "all";

    /// Whether what passes is private no more with this list; without one, the capability goes by those that
    /// it must have.
    pub fn clear(&self, given: &Value) -> bool {
        let Value::List(given) = given else { return true };
        let has = |name: &str| given.iter().any(|value| value.as_text() == Some(name));
        has(Names::ALL) || self.clearing.iter().all(|name| has(name))
    }
}

impl TypeSpec {
    /// Whether a value of it can hold no text, whatever it was made of: a number, a truth value, a
    /// length of time, an amount.
    pub fn is_plain(self) -> bool {
        matches!(
            self,
            TypeSpec::Int | TypeSpec::Float | TypeSpec::Bool | TypeSpec::Duration | TypeSpec::Money
        )
    }
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
        streams: false,
        endorses: false,
        clears: false,
        joins: false,
        outward: false,
        supported: true,
        embeds: false,
        service: None,
    };
}
