//! The file of a model's tokenizer, as the program names it.
//!
//! Not here: what is made of it. This crate keeps that for whoever reads the file, so that it is read
//! once, however many models and prompts are counted with it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The text of a `tokenizer.json`, with what was made of it. Clones share both.
#[derive(Clone)]
pub struct TokenizerFile {
    text: Arc<str>,
    made: Arc<OnceLock<Arc<dyn Any + Send + Sync>>>,
}

impl TokenizerFile {
    /// A file with this text.
    pub fn new(text: Arc<str>) -> TokenizerFile {
        TokenizerFile { text, made: Arc::default() }
    }

    /// Whether this is its text.
    pub fn is_of(&self, text: &Arc<str>) -> bool {
        Arc::ptr_eq(&self.text, text) || self.text == *text
    }

    /// What `make` makes of the text; made once, unless that fails or something of another type was
    /// made of it first.
    pub fn made<T: Any + Send + Sync, E>(
        &self,
        make: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let kept = self.made.get().cloned().and_then(|made| made.downcast::<T>().ok());
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let new = Arc::new(make(&self.text)?);
        // Who was first, if two did it at once, is as good.
        let kept = self.made.get_or_init(|| new.clone()).clone();
        Ok(kept.downcast::<T>().unwrap_or(new))
    }
}

impl PartialEq for TokenizerFile {
    fn eq(&self, other: &TokenizerFile) -> bool {
        self.is_of(&other.text)
    }
}

impl fmt::Debug for TokenizerFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenizerFile({} bytes)", self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_a_file_is_made_once_for_all_its_clones() {
        let file = TokenizerFile::new("abc".into());
        let fails: Result<Arc<usize>, &str> = file.made(|_| Err("no"));
        assert_eq!(fails, Err("no"));
        let first = file.clone().made(|text| Ok::<_, ()>(text.len()));
        let again = file.made(|_| Err::<usize, ()>(()));
        assert!(first.is_ok() && first == again, "{first:?} {again:?}");
    }
}
