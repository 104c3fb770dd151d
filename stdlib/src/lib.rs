//! What every program may use without bringing it: the modules under `std` and the model catalogue,
//! both embedded in the binary.
//!
//! In: nothing. Out: the source text of a module, [`catalog`], and [`read_catalog`] for a project's own prices.
//! Not here: `std.guards`, whose guards the runtime declares as capabilities.

mod catalog;

pub use catalog::{CatalogError, catalog, read_catalog};

const MODULES: &[(&str, &str)] = &[("judges", include_str!("../std/judges.flow"))];

/// The source of the module `std.<name>`.
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of the modules, without `std.`.
pub fn modules() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_by_name_only() {
        for name in modules() {
            assert!(module(name).is_some_and(|text| text.starts_with("//!")), "{name} says what it is for");
        }
        assert_eq!(module("judge"), None);
    }
}
