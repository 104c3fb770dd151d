//! What is worth a place in a provider's prompt cache: a long beginning that is sent again and again.
//!
//! Writing to the cache costs more than plain input, and reading from it a fraction. So a beginning is
//! marked from its second call within five minutes on, which is how long the caches keep one: a prompt
//! that is sent once costs nothing extra. What writing costs is in the bound of every call.

use super::Request;
use flow_plan::Role;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The beginnings that were sent lately.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    sent: Mutex<HashMap<u64, Instant>>,
}

/// How long the caches keep what is not read again.
const KEPT: Duration = Duration::from_secs(300);
/// The least that a cache takes is 1,024 tokens, and a token has four bytes or so.
const LEAST: usize = 4096;
/// How many beginnings are remembered; a program has far fewer prompts.
const MOST: usize = 1024;

impl Prefixes {
    /// How many of the messages are to be marked; 0 for none.
    pub(super) fn marked(&self, request: &Request<'_>) -> usize {
        let price = &request.model.card.price;
        // Without both prices the bound does not know what the cache costs.
        if price.cached_input.is_none() || price.cache_write.is_none() {
            return 0;
        }
        let fixed = request.fixed.min(request.messages.len());
        let (begin, rest) = request.messages.split_at(fixed);
        let long: usize = begin.iter().map(|m| m.text.len()).sum();
        // What is said to the system goes before all else, so what changes there ends the beginning.
        let changes = rest.iter().any(|m| m.role == Role::System);
        if long < LEAST || changes || begin.iter().any(|m| !m.images.is_empty()) {
            return 0;
        }
        if self.again(request, begin) { fixed } else { 0 }
    }

    // Whether the beginning was sent lately; from now on it was.
    fn again(&self, request: &Request<'_>, begin: &[super::Message]) -> bool {
        let mut hasher = DefaultHasher::new();
        (&request.model.model, request.prompt).hash(&mut hasher);
        for message in begin {
            message.text.hash(&mut hasher);
        }
        let now = Instant::now();
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.len() >= MOST {
            sent.retain(|_, at| now.duration_since(*at) < KEPT);
        }
        if sent.len() >= MOST {
            sent.clear();
        }
        let before = sent.insert(hasher.finish(), now);
        before.is_some_and(|at| now.duration_since(at) < KEPT)
    }
}
