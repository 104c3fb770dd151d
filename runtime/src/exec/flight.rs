//! Equal calls under way: the first is made, and the others wait for its answer.
//!
//! Not here: calls that are over, which the cache knows.

use crate::cache::{CacheKey, Entry};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// The calls under way whose answers others may share.
#[derive(Default)]
pub(super) struct Flights {
    under_way: Mutex<HashMap<CacheKey, watch::Receiver<Option<Entry>>>>,
}

/// What a call is to those that are equal to it.
pub(super) enum Turn<'a> {
    /// It is made, and its answer is theirs.
    First(Leader<'a>),
    /// Another is made already.
    Later(Follower),
}

/// The call that is made. Dropped without an answer, it has failed.
pub(super) struct Leader<'a> {
    flights: &'a Flights,
    key: CacheKey,
    answer: watch::Sender<Option<Entry>>,
}

/// A call that waits for an equal one.
pub(super) struct Follower(watch::Receiver<Option<Entry>>);

impl Flights {
    /// Takes a call's turn.
    pub(super) fn turn(&self, key: CacheKey) -> Turn<'_> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        match under_way.get(&key) {
            Some(other) => Turn::Later(Follower(other.clone())),
            None => {
                let (answer, answered) = watch::channel(None);
                under_way.insert(key, answered);
                Turn::First(Leader { flights: self, key, answer })
            }
        }
    }
}

impl Leader<'_> {
    /// Gives the answer to those that wait for it.
    pub(super) fn answers(self, entry: &Entry) {
        self.answer.send_replace(Some(entry.clone()));
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.flights.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Follower {
    /// The answer of the call that is made; `None` where it failed.
    pub(super) async fn answer(mut self) -> Option<Entry> {
        // An error says that the other call is gone without an answer.
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}
