//! The outside as the compiler sees it from the command line: files on the disk, the models that are
//! known, what this runtime can do, the models that a profile or `--model` swaps, and the day.

use crate::today;
use flow_compiler::World;
use flow_plan::{CapabilitySpec, Catalog};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest file a program may be made of, in bytes.
pub(crate) const LARGEST: u64 = 4 << 20;
/// The largest file of data beside it: a `tokenizer.json` has up to some 35 MB.
const LARGEST_DATA: u64 = 64 << 20;

/// Files below a program's folder, read when they are asked for and not kept.
pub(crate) struct DiskWorld {
    root: PathBuf,
    catalog: Catalog,
    capabilities: Vec<&'static CapabilitySpec>,
    models: BTreeMap<String, String>,
}

impl DiskWorld {
    /// The world of a program in this folder, with these models known and these swapped.
    pub(crate) fn new(root: &Path, catalog: Catalog, models: BTreeMap<String, String>) -> DiskWorld {
        DiskWorld { root: root.to_owned(), catalog, capabilities: flow_runtime::capabilities(), models }
    }
}

impl World for DiskWorld {
    fn read(&self, path: &str) -> Result<Arc<str>, String> {
        let most = if path.ends_with(".json") { LARGEST_DATA } else { LARGEST };
        read_up_to(&self.root.join(path), most).map(Into::into)
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
        today::today()
    }
}

/// The text of a file; the reason in a few words where there is none.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    read_up_to(path, LARGEST)
}

fn read_up_to(path: &Path, most: u64) -> Result<String, String> {
    let file = File::open(path).map_err(|e| reason(&e))?;
    let kind = file.metadata().map_err(|e| reason(&e))?;
    if kind.is_dir() {
        return Err("it is a folder".to_owned());
    }
    let too_large = || format!("it is larger than {} MiB", most >> 20);
    if kind.len() > most {
        return Err(too_large());
    }
    // A file may grow while it is read, and a device has no length at all.
    let mut bytes = Vec::with_capacity(usize::try_from(kind.len()).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| reason(&e))?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        format!("it is not UTF-8 text (line {line})")
    })
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        std::io::ErrorKind::NotADirectory => "a part of its path is a file, not a folder".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_has_a_reason() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes);
        write("ok.flow", "// é".as_bytes())?;
        write("latin1.flow", b"// a\n// \xe9")?;
        write("large.flow", &vec![b' '; LARGEST as usize + 1])?;
        let read = |name: &str| read_text(&dir.path().join(name));
        assert_eq!(read("ok.flow").as_deref(), Ok("// é"));
        assert_eq!(read("latin1.flow").as_deref(), Err(&"it is not UTF-8 text (line 2)".to_owned()));
        assert_eq!(read("large.flow").as_deref(), Err(&"it is larger than 4 MiB".to_owned()));
        assert_eq!(read(".").as_deref(), Err(&"it is a folder".to_owned()));
        assert_eq!(read("none.flow").as_deref(), Err(&"there is no such file".to_owned()));
        assert_eq!(
            read("ok.flow/x").as_deref(),
            Err(&"a part of its path is a file, not a folder".to_owned())
        );
        // A tokenizer's file may be larger than a program.
        write("tokenizer.json", &vec![b' '; LARGEST as usize + 1])?;
        let world = DiskWorld::new(dir.path(), Catalog::default(), BTreeMap::new());
        assert_eq!(world.read("tokenizer.json").map(|text| text.len()), Ok(LARGEST as usize + 1));
        assert!(world.read("large.flow").is_err());
        Ok(())
    }
}
