//! The files of the disk that programs read beside what is open, kept as long as someone holds them.
//!
//! In: a path. Out: its text, which is read again where the file has been written since. A tokenizer has
//! megabytes, and is asked for at every keystroke.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

/// The largest file that is read for a program, in bytes.
const LARGEST: u64 = 64 << 20;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Files {
    known: Mutex<HashMap<PathBuf, (Stamp, Weak<str>)>>,
}

/// When a file was written, and how many bytes it has.
type Stamp = (SystemTime, u64);

impl Files {
    /// The text of a file; the reason in a few words where there is none.
    pub(crate) fn read(&self, path: &Path) -> Result<Arc<str>, String> {
        let stamp = stamp(path);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(stamp), Some((then, text))) = (stamp, known().get(path))
            && *then == stamp
            && let Some(text) = text.upgrade()
        {
            return Ok(text);
        }
        let text = read(path)?;
        let mut known = known();
        known.retain(|_, (_, text)| text.strong_count() > 0);
        if let Some(stamp) = stamp {
            known.insert(path.to_owned(), (stamp, Arc::downgrade(&text)));
        }
        Ok(text)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_when_it_was_written_or_nobody_holds_it() -> std::io::Result<()> {
        let folder = std::env::temp_dir().join(format!("flow-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let (path, files) = (folder.join("a.json"), Files::default());
        assert_eq!(files.read(&path), Err("there is no such file".to_owned()));
        std::fs::write(&path, "one")?;
        let first = files.read(&path);
        let again = files.read(&path);
        assert!(first.as_ref().ok().zip(again.ok()).is_some_and(|(a, b)| Arc::ptr_eq(a, &b)), "{first:?}");
        std::fs::write(&path, "two, longer")?;
        assert_eq!(files.read(&path).as_deref(), Ok("two, longer"));
        assert_eq!(files.read(&folder), Err("it is a folder".to_owned()));
        std::fs::remove_dir_all(&folder)
    }
}
