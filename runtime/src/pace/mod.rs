//! How fast providers and models are asked, over all runs of a process.
//!
//! [`limiter`] holds a provider to the limits that are configured for it, in turn between runs;
//! [`room`] keeps to what a provider itself says of the rest of its own limits; [`breaker`] stops asking a
//! model that keeps failing. What a call does with them is `exec::turn`'s.

mod breaker;
mod limiter;
mod room;
mod window;

pub(crate) use breaker::{Breaker, Pass};
pub(crate) use limiter::{Limiter, Permit};
pub(crate) use room::{Going, Wait};

pub use limiter::Limit;
pub use room::Room;

use ecow::EcoString;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// The limits of providers, and what they have said of their own. Clones share both: engines that are
/// given the same are held to them together.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    limiters: Arc<HashMap<EcoString, Arc<Limiter>>>,
    rooms: Arc<Mutex<HashMap<EcoString, Arc<Room>>>>,
}

impl Limits {
    /// Limits by the name of the provider: `openai`.
    pub fn new(limits: BTreeMap<String, Limit>) -> Limits {
        let limiter = |(name, limit): (String, Limit)| {
            let name = EcoString::from(name);
            (name.clone(), Arc::new(Limiter::new(name, limit)))
        };
        Limits { limiters: Arc::new(limits.into_iter().map(limiter).collect()), rooms: Arc::default() }
    }

    /// What holds for a model of a provider.
    pub(crate) fn of(&self, provider: &str, model: &str) -> (Option<Arc<Limiter>>, Arc<Room>) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.entry(ecow::eco_format!("{provider}/{model}")).or_default().clone();
        (self.limiters.get(provider).cloned(), room)
    }
}
