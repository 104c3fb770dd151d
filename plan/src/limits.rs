//! Limits that the compiler counts with and the runtime keeps.

use crate::{Callee, Millis, Tokens, Type};

/// The longest wait before another try, for attempts of this `timeout`: who asks for more patience is
/// not asked again.
pub fn longest_wait(timeout: Option<Millis>) -> Millis {
    const MOST: Millis = Millis(10_000);
    timeout.map_or(MOST, |timeout| timeout.min(MOST))
}

/// The full wait before the second try; before each further one it is twice as long, up to the longest.
/// Half of it is waited at least.
pub const FIRST_WAIT: Millis = Millis(250);

/// The least that is waited before so many further tries together, for attempts of this `timeout`.
pub fn least_waits(tries: u64, timeout: Option<Millis>) -> Millis {
    let most = longest_wait(timeout).0;
    let waits = (0..tries).map(|before| full_wait(before).min(most) / 2);
    Millis(waits.fold(0, u64::saturating_add))
}

/// The full wait behind so many tries that were tried again already.
pub fn full_wait(before: u64) -> u64 {
    FIRST_WAIT.0.saturating_mul(1 << before.min(16))
}

/// The longest that a cache is waited for, each time it is asked or told something.
pub const CACHE: Millis = Millis(250);

/// The longest that answers to nearly the same words are looked for: what is kept is read when it is
/// first needed.
pub const NEAREST: Millis = Millis(1_000);

/// The longest that an embedding is waited for, where the step's attempts have this `timeout`.
pub fn longest_embedding(timeout: Option<Millis>) -> Millis {
    const MOST: Millis = Millis(10_000);
    timeout.map_or(MOST, |timeout| timeout.min(MOST))
}

/// The most texts of a prompt that are compared each by itself; where there are more, they are compared
/// as one.
pub const MOST_COMPARED: usize = 8;

/// What a provider may count beside each text that is sent for an embedding: its first and last marks.
pub const AROUND_TEXT: u64 = 4;

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

impl Type {
    /// Whether a cache by similarity compares what is pasted of this type by its meaning. Numbers, days,
    /// names of an enum and the like are the same or are not.
    pub fn has_words(&self) -> bool {
        match self {
            Type::Text { .. } | Type::Json(_) | Type::Error | Type::Map(..) => true,
            Type::List(item, _) | Type::Optional(item) => item.has_words(),
            Type::Record(record) => record.fields.iter().any(|field| field.ty.has_words()),
            _ => false,
        }
    }
}

impl Callee {
    /// How long one attempt may take where the step has no `timeout`; `None` for guards and flows of
    /// the program, which take what their steps take.
    pub fn longest(&self) -> Option<Millis> {
        Some(match self {
            Callee::Prompt(_) => Millis(600_000),
            Callee::Lookup(_) => Millis(30_000),
            Callee::Builtin(_) => Millis(5_000),
            Callee::Action(_) => Millis(10_000),
            Callee::Review(review) => review.within,
            Callee::Guard(_) | Callee::Flow(_) => return None,
        })
    }
}
