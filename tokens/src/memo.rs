//! Counts that were made before, for who counts the same texts again and again.

use crate::Counter;
use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::sync::{Mutex, PoisonError};

/// More bytes of texts than this are not kept: then all are forgotten.
const MOST_BYTES: usize = 8 << 20;

/// Counts by text and tokenizer. A tokenizer that was read from a file is not remembered.
#[derive(Debug, Default)]
pub struct Memo {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    counts: HashMap<Discriminant<Counter>, HashMap<Box<str>, u64>>,
    bytes: usize,
}

impl Memo {
    /// How many tokens a text has.
    pub(crate) fn count(&self, counter: &Counter, text: &str) -> u64 {
        #[cfg(feature = "huggingface")]
        if let Counter::File(_) = counter {
            return counter.count(text);
        }
        let kind = discriminant(counter);
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = lock().counts.get(&kind).and_then(|counts| counts.get(text)) {
            return *count;
        }
        let count = counter.count(text);
        let mut kept = lock();
        if kept.bytes + text.len() > MOST_BYTES {
            *kept = Kept::default();
        }
        kept.bytes += text.len();
        kept.counts.entry(kind).or_default().insert(text.into(), count);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::Memo;
    use crate::Counter;

    #[test]
    fn what_is_remembered_is_what_is_counted() {
        let memo = Memo::default();
        for text in ["", "a text", "é <|im_start|>", "a text"] {
            assert_eq!(memo.count(&Counter::Bytes, text), Counter::Bytes.count(text));
            #[cfg(feature = "openai")]
            for counter in [Counter::O200k, Counter::Cl100k] {
                assert_eq!(memo.count(&counter, text), counter.count(text));
            }
        }
        let long = "x".repeat(super::MOST_BYTES);
        for _ in 0..2 {
            assert_eq!(memo.count(&Counter::Bytes, &long), long.len() as u64);
            assert_eq!(memo.count(&Counter::Bytes, "short"), 5);
        }
    }
}
