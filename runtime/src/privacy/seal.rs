//! Sealed values: private data as a journal or a cache keeps it.
//!
//! XChaCha20-Poly1305 with a key that is not beside them. The nonce is made of the value and of what
//! it belongs to, so that equal inputs of one run are equal when they are sealed, which is how a
//! journal knows them again; nothing else can be told of two of them but their length.

use super::PRIVATE;
use super::key::{self, Key};
use crate::{Environment, RunError, codec};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::Value;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Seals and opens values, with a key that is looked up when the first of them is there.
#[derive(Debug, Default)]
pub struct Vault {
    variable: Option<String>,
    file: Option<PathBuf>,
    key: OnceLock<Result<Option<Key>, RunError>>,
    // A key that ends with the process: for what is kept no longer.
    own: OnceLock<Option<Key>>,
}

/// The one field of a sealed value.
const FIELD: &str = "$sealed";
/// A value that could not be kept, since there was no key.
const LOST: &str = "-";
const VERSION: &str = "1";
const NONCE: usize = 24;

impl Vault {
    /// A vault whose key is `FLOW_STATE_KEY` of the environment, or else in this file, which is made
    /// when the first value is sealed.
    pub fn new(env: &Environment, file: Option<PathBuf>) -> Vault {
        Vault { variable: env.get(key::VARIABLE).map(str::to_owned), file, ..Vault::default() }
    }

    /// Makes ready to seal, and says whether what is sealed will be kept: it is not where there is no place
    /// for a key. E0810 where there is a key that can't be used.
    pub(crate) fn keeps(&self) -> Result<bool, RunError> {
        self.key().map(|key| key.is_some())
    }

    /// The value as it may be kept by whoever must not read it.
    pub fn seal(&self, value: &Value, about: &[u8]) -> Value {
        let text = match self.key() {
            Ok(Some(key)) => encrypted(key, codec::encode(value).as_bytes(), about),
            _ => LOST.into(),
        };
        Value::record([(FIELD.into(), Value::Text(text))])
    }

    /// The same for what may be lost with the process: also where there is no key, by one of its own.
    /// Nothing where no key can be made.
    pub(crate) fn seal_for_now(&self, value: &Value, about: &[u8]) -> Option<Value> {
        let key = match self.key() {
            Ok(Some(key)) => key,
            _ => self.own.get_or_init(|| key::fresh().ok()).as_ref()?,
        };
        let text = encrypted(key, codec::encode(value).as_bytes(), about);
        Some(Value::record([(FIELD.into(), Value::Text(text))]))
    }

    /// The value with all that is sealed in it as it was. E0810 where the key is another one, or is
    /// gone.
    pub fn open(&self, value: &Value, about: &[u8]) -> Result<Value, RunError> {
        match value {
            Value::Record(entries) => match text_of(value) {
                Some(text) => self.opened(text, about),
                None => {
                    let open = |(name, v): (&EcoString, &Value)| Ok((name.clone(), self.open(v, about)?));
                    Ok(Value::record(entries.iter().map(open).collect::<Result<Vec<_>, RunError>>()?))
                }
            },
            Value::List(items) => Ok(Value::List(
                items.iter().map(|v| self.open(v, about)).collect::<Result<Vec<_>, _>>()?.into(),
            )),
            other => Ok(other.clone()),
        }
    }

    /// A text that is sealed, as a text.
    pub fn seal_text(&self, text: &str, about: &[u8]) -> String {
        self.seal(&Value::text(text), about).to_json().to_string()
    }

    /// What [`Vault::seal_text`] was given; any other text is as it is. E0810 as for [`Vault::open`].
    pub fn open_text(&self, text: &str, about: &[u8]) -> Result<String, RunError> {
        match serde_json::from_str(text).map(|json| Value::from_json(&json)) {
            Ok(sealed) if text_of(&sealed).is_some() => {
                Ok(self.open(&sealed, about)?.as_text().unwrap_or_default().to_owned())
            }
            _ => Ok(text.to_owned()),
        }
    }

    fn opened(&self, text: &str, about: &[u8]) -> Result<Value, RunError> {
        if text == LOST {
            let message = "what is private in this run was not kept, since there was no place for a key";
            return Err(wrong(message.to_owned()).help(format!(
                "start a new run, with a key in {}: `openssl rand -hex 32` makes one",
                key::VARIABLE
            )));
        }
        let mut parts = text.split('.');
        let (version, id, body) = (parts.next(), parts.next().unwrap_or_default(), parts.next());
        let body = body.and_then(|body| BASE64.decode(body).ok()).filter(|body| body.len() > NONCE);
        let (Some(VERSION), Some(body)) = (version, body) else {
            return Err(wrong("a private value is not as it was sealed".to_owned())
                .help("a newer flowc has sealed it, or the record was changed: start a new run"));
        };
        let own = self.own.get().cloned().flatten().filter(|key| key.id() == id);
        let key = match own {
            Some(own) => own,
            None => match key::found(self.variable.as_deref(), self.file.as_deref())? {
                Some(key) if key.id() == id => key,
                other => return Err(key::another(id, other.as_ref(), self.file.as_deref())),
            },
        };
        let (nonce, body) = body.split_at(NONCE);
        let nonce = XNonce::try_from(nonce).map_err(|_| changed())?;
        let payload = Payload { msg: body, aad: about };
        let plain = XChaCha20Poly1305::new(&key.0.into()).decrypt(&nonce, payload).map_err(|_| changed())?;
        let plain = String::from_utf8(plain).map_err(|_| changed())?;
        codec::decode(&plain).map_err(|_| changed())
    }

    fn key(&self) -> Result<Option<&Key>, RunError> {
        let key = self.key.get_or_init(|| key::found_or_made(self.variable.as_deref(), self.file.as_deref()));
        key.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }
}

/// The value as people may see it: `<private>` stands for what is sealed.
pub fn shown(value: &Value) -> Value {
    match value {
        sealed if text_of(sealed).is_some() => Value::text(PRIVATE),
        Value::Record(entries) => Value::record(entries.iter().map(|(name, v)| (name.clone(), shown(v)))),
        Value::List(items) => Value::List(items.iter().map(shown).collect()),
        other => other.clone(),
    }
}

fn text_of(value: &Value) -> Option<&str> {
    let Value::Record(entries) = value else { return None };
    if entries.len() != 1 {
        return None;
    }
    entries.get(FIELD)?.as_text()
}

fn encrypted(key: &Key, plain: &[u8], about: &[u8]) -> EcoString {
    let nonce = key.nonce(plain, about);
    let payload = Payload { msg: plain, aad: about };
    let Ok(body) = XChaCha20Poly1305::new(&key.0.into()).encrypt(&XNonce::from(nonce), payload) else {
        // Only what has hundreds of gigabytes can't be.
        return LOST.into();
    };
    let all: Vec<u8> = nonce.into_iter().chain(body).collect();
    ecow::eco_format!("{VERSION}.{}.{}", key.id(), BASE64.encode(all))
}

fn changed() -> RunError {
    wrong("a private value was changed where it was kept, or belongs to another run".to_owned())
        .help("restore the record, or start a new run")
}

fn wrong(message: String) -> RunError {
    RunError::new(Code::E0810, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;

    fn vault(key: &str) -> Vault {
        let vars = [("FLOW_STATE_KEY".to_owned(), key.to_owned())].into();
        Vault::new(&Environment { vars }, None)
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_alone() {
        let (one, two) = (vault(&"ab".repeat(32)), vault(&"cd".repeat(32)));
        let value = Value::record([("mail".into(), Value::text("ada@example.org"))]);
        let sealed = one.seal(&value, b"run");
        assert!(!codec::encode(&sealed).contains("ada"));
        assert_eq!(sealed, one.seal(&value, b"run"), "a journal compares inputs");
        assert_ne!(sealed, one.seal(&value, b"another run"));
        let around = Value::List(vec![sealed.clone(), Value::Int(1)].into());
        assert_eq!(one.open(&around, b"run").unwrap(), Value::List(vec![value, Value::Int(1)].into()));
        assert_eq!(shown(&around).to_json(), serde_json::json!(["<private>", 1]));
        assert!(one.open(&sealed, b"another run").unwrap_err().message.contains("another run"));
        let error = two.open(&sealed, b"run").unwrap_err();
        assert!(error.message.contains("another key"), "{error}");
    }

    #[test]
    fn without_a_place_for_a_key_nothing_is_kept() {
        let none = Vault::default();
        assert_eq!(none.keeps(), Ok(false));
        let sealed = none.seal(&Value::text("ada@example.org"), b"run");
        assert_eq!(text_of(&sealed), Some("-"));
        assert!(none.open(&sealed, b"run").unwrap_err().message.contains("was not kept"));
    }

    #[test]
    fn a_key_that_is_none_is_said() {
        let error = vault("hunter2").keeps().unwrap_err();
        assert!(error.message.contains("`FLOW_STATE_KEY` is no key"), "{error}");
        assert!(!error.message.contains("hunter2"));
    }
}
