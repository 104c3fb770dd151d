//! The outside as the compiler sees it from the editor: open documents before the disk.
//!
//! In: the open documents and a folder. Out: a [`World`] that notes what was asked for, so that a
//! change of one of those files is known to concern the program.

use crate::host::{Configured, Host};
use crate::place::normal;
use flow_compiler::World;
use flow_plan::{CapabilitySpec, Catalog};
use jiff::civil::Date;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The open documents that are files, by their paths.
pub(crate) type Open = HashMap<PathBuf, Arc<str>>;

/// The largest file that is read for a program, in bytes.
const LARGEST: u64 = 64 << 20;

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
        match self.open.get(&full) {
            Some(text) => Ok(text.clone()),
            None => read(&full),
        }
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

/// The text of a file on the disk; the reason in a few words where there is none.
pub(crate) fn read(path: &Path) -> Result<Arc<str>, String> {
    let reason = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        _ => error.to_string(),
    };
    let file = std::fs::File::open(path).map_err(reason)?;
    if file.metadata().map_err(reason)?.is_dir() {
        return Err("it is a folder".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(reason)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    String::from_utf8(bytes).map(Into::into).map_err(|_| "it is not UTF-8 text".to_owned())
}
