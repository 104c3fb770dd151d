//! A [`World`] for tests: files of a folder, with others laid over them, the real catalogue and the
//! real capabilities.

use flow_compiler::{Outcome, World, compile};
use flow_plan::{CapabilitySpec, Catalog};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a test's program lives.
#[derive(Debug, Default)]
pub struct FolderWorld {
    root: Option<PathBuf>,
    files: BTreeMap<String, Arc<str>>,
    models: BTreeMap<String, String>,
    catalog: Catalog,
    capabilities: Vec<&'static CapabilitySpec>,
}

impl FolderWorld {
    /// A world without files.
    pub fn empty() -> Self {
        FolderWorld {
            catalog: flow_stdlib::catalog(),
            capabilities: flow_runtime::capabilities(),
            ..FolderWorld::default()
        }
    }

    /// The files of a folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        FolderWorld { root: Some(root.into()), ..FolderWorld::empty() }
    }

    /// Lays a file over those of the folder.
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.into());
        self
    }

    /// Swaps a model, as a profile does.
    pub fn model(mut self, name: &str, id: &str) -> Self {
        self.models.insert(name.to_owned(), id.to_owned());
        self
    }

    /// Compiles a file of this world.
    pub fn compile(&self, file: &str) -> Outcome {
        compile(self, file)
    }
}

impl World for FolderWorld {
    fn read(&self, path: &str) -> Result<Arc<str>, String> {
        if let Some(text) = self.files.get(path) {
            return Ok(text.clone());
        }
        let Some(root) = &self.root else { return Err("there is no such file".to_owned()) };
        match std::fs::read_to_string(root.join(path)) {
            Ok(text) => Ok(text.into()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err("there is no such file".to_owned()),
            Err(e) => Err(e.to_string()),
        }
    }

    fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    fn capabilities(&self) -> &[&'static CapabilitySpec] {
        &self.capabilities
    }

    fn model_override(&self, name: &str) -> Option<String> {
        self.models.get(name).cloned()
    }
}
