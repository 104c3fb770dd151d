//! What the compiler asks of the outside: sources, the catalogue, what the runtime can do.
//!
//! The command line, the editor and the tests each bring their own [`World`]; the compiler itself
//! touches no disk, network, clock or environment.

use flow_plan::{CapabilityKind, CapabilitySpec, Catalog};
use jiff::civil::Date;
use std::sync::Arc;

/// The outside, as far as a compilation needs it.
pub trait World {
    /// The text of a file, by its path relative to the program's folder, with `/` between folders.
    /// An error is the reason, for people.
    fn read(&self, path: &str) -> Result<Arc<str>, String>;

    /// The models that are known without the program's help.
    fn catalog(&self) -> &Catalog;

    /// What the runtime can do.
    fn capabilities(&self) -> &[&'static CapabilitySpec];

    /// The `provider/model` that a profile or the command line puts in a model's place.
    fn model_override(&self, name: &str) -> Option<String>;

    /// The day it is; without one, nothing is too old.
    fn today(&self) -> Option<Date>;
}

/// The capability of this kind and name.
pub(crate) fn capability(
    world: &dyn World,
    kind: CapabilityKind,
    name: &str,
) -> Option<&'static CapabilitySpec> {
    world.capabilities().iter().copied().find(|s| s.kind == kind && s.name == name)
}
