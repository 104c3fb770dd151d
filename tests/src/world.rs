//! A [`World`] for tests: files of a folder, with others laid over them, the real catalogue, the
//! prices of a `prices.toml` among the files, the real capabilities and a day that stays.

use flow_compiler::{Outcome, World, compile};
use flow_plan::{CapabilitySpec, Catalog};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The day it is in tests. Not before the catalogue's own date, and not so long after it that its
/// prices are old.
pub const TODAY: Date = Date::constant(2026, 11, 24);

/// Where a test's program lives.
#[derive(Debug, Default)]
pub struct FolderWorld {
    root: Option<PathBuf>,
    files: BTreeMap<String, Arc<str>>,
    models: BTreeMap<String, String>,
    catalog: Catalog,
    capabilities: Vec<&'static CapabilitySpec>,
}

const PRICES: &str = "prices.toml";

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
        let root = root.into();
        let prices = std::fs::read_to_string(root.join(PRICES)).ok();
        let world = FolderWorld { root: Some(root), ..FolderWorld::empty() };
        match prices {
            Some(prices) => world.with(PRICES, &prices),
            None => world,
        }
    }

    /// Lays a file over those of the folder, and the prices of a `prices.toml` over the catalogue.
    pub fn with(mut self, path: &str, text: &str) -> Self {
        if path == PRICES {
            let prices =
                flow_stdlib::read_catalog(text).unwrap_or_else(|e| panic!("{PRICES}: {}", e.message));
            self.catalog.lay_over(prices);
        }
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
    fn today(&self) -> Option<Date> {
        Some(TODAY)
    }
}
