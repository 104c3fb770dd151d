//! The outside as the compiler sees it from the editor: open documents before the disk.
//!
//! In: the open documents and a folder. Out: a [`World`] that notes what was asked for, so that a
//! change of one of those files is known to concern the program.

use crate::files::Files;
use crate::host::{Configured, Host};
use crate::place::normal;
use flow_compiler::World;
use flow_plan::{CapabilitySpec, Catalog};
use jiff::civil::Date;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The files around a program: the open documents by their paths, and the disk below them.
#[derive(Debug)]
pub(crate) struct Open {
    /// The open documents that are files.
    pub(crate) documents: HashMap<PathBuf, Arc<str>>,
    /// The disk.
    pub(crate) files: Arc<Files>,
}

impl Open {
    /// The text of a file; the reason in a few words where there is none.
    pub(crate) fn read(&self, path: &Path) -> Result<Arc<str>, String> {
        match self.documents.get(path) {
            Some(text) => Ok(text.clone()),
            None => self.files.read(path),
        }
    }
}

/// The world of one compilation.
pub(crate) struct EditorWorld<'w> {
    root: &'w Path,
    open: &'w Open,
    // The program itself, whose name may be no file's.
    main: (&'w str, Arc<str>),
    configured: &'w Configured,
    capabilities: Vec<&'static CapabilitySpec>,
    today: Option<Date>,
    asked: Mutex<Vec<PathBuf>>,
}

impl<'w> EditorWorld<'w> {
    /// The world of the program `main` in a folder.
    pub(crate) fn new(
        host: &dyn Host,
        (root, configured): (&'w Path, &'w Configured),
        main: (&'w str, Arc<str>),
        open: &'w Open,
    ) -> Self {
        let (capabilities, today) = (host.capabilities(), host.today());
        EditorWorld { root, open, main, configured, capabilities, today, asked: Mutex::default() }
    }

    /// The files that were asked for, there or not.
    pub(crate) fn asked(self) -> Vec<PathBuf> {
        self.asked.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World for EditorWorld<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, String> {
        if path == self.main.0 {
            return Ok(self.main.1.clone());
        }
        let full = normal(&self.root.join(path));
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(full.clone());
        self.open.read(&full)
    }

    fn catalog(&self) -> &Catalog {
        &self.configured.catalog
    }

    fn capabilities(&self) -> &[&'static CapabilitySpec] {
        &self.capabilities
    }

    fn model_override(&self, name: &str) -> Option<String> {
        self.configured.models.get(name).cloned()
    }

    fn today(&self) -> Option<Date> {
        self.today
    }
}
