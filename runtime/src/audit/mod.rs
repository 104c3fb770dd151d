//! The audit record: which data went to which model under which rule, what guards found and what people
//! decided, in a chain of hashes.
//!
//! In: what the executor and the journal say. Out: [`Record`]s, one canonical JSON text each, which names the
//! hash of the one before; [`verify`] finds what was changed or taken out, [`report`] tells it to people.
//! No value stands in it: data is named by a keyed digest, since what can be guessed (a birthday, a yes) could
//! be found out from a plain one.

mod chain;
mod report;
mod verify;

pub use chain::{Head, Opening, Record, Trail};
pub use report::{markdown, report};
pub use verify::{Broken, verify};

use crate::RunError;
use crate::key_file::{self, hex};
use flow_plan::Value;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The variable with a project's key, for journals that several machines share.
pub const FLOW_AUDIT_KEY: &str = "FLOW_AUDIT_KEY";

/// The key by which data is named. Whoever has it can tell whether a value that they know was there.
#[derive(Clone)]
pub struct AuditKey {
    key: Vec<u8>,
    id: String,
}

impl AuditKey {
    /// The key in this text.
    pub fn new(text: &str) -> AuditKey {
        let key = text.trim().as_bytes().to_vec();
        // Which key it is, and nothing of what it is.
        let id = hex(&keyed(&key, b"flow audit key"))[..16].to_owned();
        AuditKey { key, id }
    }

    /// The key in `audit.key` of a state folder, which is made where it is missing, and then only its owner
    /// may read. E0810 where it can't be read or made.
    pub fn kept_in(state: &Path) -> Result<AuditKey, RunError> {
        let path = state.join("audit.key");
        let wrong = |why: String| {
            let message = format!("runs can't be recorded in `{}`: {why}", path.display());
            RunError::outside(message).help(
                "give `[state] dir` in `flow.toml`, or FLOW_STATE_DIR, a folder that can be written, or set \
                 FLOW_AUDIT_KEY; `--no-journal` runs without a record, and then nothing can be resumed",
            )
        };
        for _ in 0..2 {
            match std::fs::read_to_string(&path) {
                Ok(text) if text.trim().len() >= 32 => return Ok(AuditKey::new(&text)),
                Ok(_) => return Err(wrong("it is no key".to_owned())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    key_file::make(&path).map_err(|error| wrong(error.to_string()))?;
                }
                Err(error) => return Err(wrong(error.to_string())),
            }
        }
        Err(wrong("it is gone again".to_owned()))
    }

    /// Which key it is.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The name of a value: equal values have the same.
    pub(crate) fn value(&self, value: &Value) -> String {
        self.bytes(crate::codec::encode(value).as_bytes())
    }

    /// The name of bytes.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        hex(&keyed(&self.key, bytes))
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditKey({})", self.id)
    }
}

fn keyed(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    // A key of any length will do; the type says so by an error that does not come.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

/// SHA-256 as hexadecimal digits.
fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;

    #[test]
    fn a_key_is_made_once_and_names_nothing_without_it() {
        let state = tempfile::tempdir().unwrap();
        let key = AuditKey::kept_in(state.path()).unwrap();
        let again = AuditKey::kept_in(state.path()).unwrap();
        let (yes, no) = (Value::text("yes"), Value::text("no"));
        assert_eq!(key.value(&yes), again.value(&yes));
        assert_ne!(key.value(&yes), key.value(&no));
        assert_ne!(key.value(&yes), AuditKey::new("another").value(&yes));
        // RFC 4231, case 2; FIPS 180-4, "abc".
        let known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(AuditKey::new("Jefe").bytes(b"what do ya want for nothing?"), known);
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        std::fs::write(state.path().join("audit.key"), "short").unwrap();
        assert!(AuditKey::kept_in(state.path()).is_err());
    }
}
