//! The key that private data is sealed with: from the environment, or from a file that nobody else may
//! read. It is never beside what it seals, and never printed; its name is made of it.

use crate::RunError;
use crate::key_file::{self, BYTES};
use flow_diagnostics::Code;
use std::fmt;
use std::io;
use std::path::Path;

/// Where the key may stand in the environment.
pub(super) const VARIABLE: &str = "FLOW_STATE_KEY";

/// A key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(pub(super) [u8; BYTES]);

impl Key {
    /// A short name by which it is told from others.
    pub(super) fn id(&self) -> String {
        key_file::hex(&blake3::derive_key("flow 2026 name of a state key", &self.0)[..4])
    }

    /// The nonce of a value: another one for each value and for each thing that it belongs to.
    pub(super) fn nonce(&self, plain: &[u8], about: &[u8]) -> [u8; 24] {
        let mut hasher = blake3::Hasher::new_keyed(&blake3::derive_key("flow 2026 nonces", &self.0));
        hasher.update(&(about.len() as u64).to_le_bytes()).update(about).update(plain);
        let mut nonce = [0; 24];
        hasher.finalize_xof().fill(&mut nonce);
        nonce
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}", self.id())
    }
}

/// The key, if there is one.
pub(super) fn found(variable: Option<&str>, file: Option<&Path>) -> Result<Option<Key>, RunError> {
    match (variable, file) {
        (Some(text), _) => read(text).map(Some).ok_or_else(|| {
            RunError::new(Code::E0810, format!("`{VARIABLE}` is no key: one has 64 hexadecimal digits"))
                .help("`openssl rand -hex 32` makes one")
        }),
        (None, Some(file)) => of_file(file),
        (None, None) => Ok(None),
    }
}

/// The key; a new one in the file where there is none. Nothing where it can't be kept.
pub(super) fn found_or_made(variable: Option<&str>, file: Option<&Path>) -> Result<Option<Key>, RunError> {
    match (found(variable, file)?, file) {
        (Some(key), _) => Ok(Some(key)),
        // Another process may have been faster.
        (None, Some(file)) => key_file::make(file).map_or(Ok(None), |()| of_file(file)),
        (None, None) => Ok(None),
    }
}

/// A new key that is kept nowhere.
pub(super) fn fresh() -> io::Result<Key> {
    key_file::random().map(Key)
}

/// What is said where a value was sealed with another key.
pub(super) fn another(wanted: &str, here: Option<&Key>, file: Option<&Path>) -> RunError {
    let here = match here {
        Some(key) => format!("the one here is {}", key.id()),
        None => "there is none here".to_owned(),
    };
    let message = format!("what is private in this run was sealed with another key: {wanted}, and {here}");
    let place = file.map(|file| format!(", or bring `{}` back", file.display())).unwrap_or_default();
    RunError::new(Code::E0810, message)
        .help(format!("set `{VARIABLE}` to the key of that time{place}; without it, start a new run"))
}

fn read(text: &str) -> Option<Key> {
    let text = text.trim();
    if text.len() != 2 * BYTES || !text.is_ascii() {
        return None;
    }
    let mut key = [0; BYTES];
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Key(key))
}

fn of_file(file: &Path) -> Result<Option<Key>, RunError> {
    let shown = file.display();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => {
            let message = format!("the key for private data, `{shown}`, cannot be read: {error}");
            return Err(RunError::new(Code::E0810, message)
                .help(format!("make it readable for whoever runs flowc alone, or set `{VARIABLE}`")));
        }
    };
    if is_open_to_others(file) {
        let message = format!("the key for private data, `{shown}`, can be read by others");
        return Err(RunError::new(Code::E0810, message).help(format!("`chmod 600 {shown}`")));
    }
    read(&text).map(Some).ok_or_else(|| {
        RunError::new(Code::E0810, format!("`{shown}` holds no key: one has 64 hexadecimal digits")).help(
            "bring it back as it was; where nothing has to be resumed, delete it, and a new one is made",
        )
    })
}

#[cfg(unix)]
fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(file).is_ok_and(|meta| meta.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flow/state.key");
        assert_eq!(found(None, Some(&file)), Ok(None));
        let made = found_or_made(None, Some(&file)).unwrap().unwrap();
        assert_eq!(found_or_made(None, Some(&file)), Ok(Some(made)));
        assert!(!is_open_to_others(&file));
        assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.key");
        found_or_made(None, Some(&file)).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(found(None, Some(&file)).unwrap_err().message.contains("can be read by others"));
    }
}
