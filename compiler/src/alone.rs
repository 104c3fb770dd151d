//! A world of one file, for tests: every path is this text, and nothing is installed.

use crate::World;
use flow_plan::{CapabilitySpec, Catalog};
use std::sync::Arc;

/// The file's text, and the models that there are.
pub(crate) struct Alone(pub(crate) Arc<str>, pub(crate) Catalog);

impl World for Alone {
    fn read(&self, _: &str) -> Result<Arc<str>, String> {
        Ok(self.0.clone())
    }
    fn catalog(&self) -> &Catalog {
        &self.1
    }
    fn capabilities(&self) -> &[&'static CapabilitySpec] {
        &[]
    }
    fn model_override(&self, _: &str) -> Option<String> {
        None
    }
    fn today(&self) -> Option<jiff::civil::Date> {
        None
    }
}
