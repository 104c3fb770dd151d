//! Limits that the compiler counts with and the runtime keeps.

use crate::{Callee, Millis, Tokens};

/// The longest wait before another try, for attempts of this `timeout`: who asks for more patience is
/// not asked again.
pub fn longest_wait(timeout: Option<Millis>) -> Millis {
    const MOST: Millis = Millis(10_000);
    timeout.map_or(MOST, |timeout| timeout.min(MOST))
}

/// The longest that a cache is waited for, each time it is asked or told something.
pub const CACHE: Millis = Millis(250);

/// The longest that a call waits for an equal one under way, where its attempts have this `timeout`.
pub fn longest_shared(callee: &Callee, timeout: Option<Millis>) -> Millis {
    timeout.or(callee.longest()).unwrap_or_default()
}

/// The most that is said of an answer that could not be used, when a model is asked again.
pub const COMPLAINT: Tokens = Tokens(200);

/// The longest time that a value may be: a trillion seconds. A sum that is longer is held at it.
pub const LONGEST_TIME: Millis = Millis(1_000_000_000_000_000);

/// What an unfenced joint between two texts may add to the sum of their tokens.
///
/// Splitting a text can change how both its parts are read. Over 60,000 hostile strings the most that
/// was seen is 4 for cl100k and 5 for o200k; a whole prompt is counted in any case.
pub const JOINT: u64 = 8;

/// The most keys of a map, in tokens each.
pub const MOST_KEY: u64 = 64;

impl Callee {
    /// How long one attempt may take where the step has no `timeout`; `None` for guards and flows of
    /// the program, which take what their steps take.
    pub fn longest(&self) -> Option<Millis> {
        Some(match self {
            Callee::Prompt(_) => Millis(600_000),
            Callee::Lookup(_) => Millis(30_000),
            Callee::Builtin(_) => Millis(5_000),
            Callee::Action(_) => Millis(10_000),
            Callee::Guard(_) | Callee::Flow(_) => return None,
        })
    }
}
