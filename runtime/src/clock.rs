//! The time of day, by which people's time to decide is counted. `FLOW_CLOCK` moves it, for rehearsals of
//! what happens days later.
//!
//! Not here: how long calls take, which is measured and can't be moved.

use crate::Environment;
use jiff::{SignedDuration, Timestamp};

/// The variable that moves the clock: `+7d`, `-12h`.
pub const FLOW_CLOCK: &str = "FLOW_CLOCK";

/// A clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Clock {
    ahead: SignedDuration,
}

impl Clock {
    /// The system's clock, moved as `FLOW_CLOCK` says. What is wrong with it, where it says nothing that
    /// can be understood.
    pub fn of(env: &Environment) -> Result<Clock, String> {
        let Some(text) = env.get(FLOW_CLOCK) else { return Ok(Clock::default()) };
        let ahead = moved(text).ok_or_else(|| format!("`{FLOW_CLOCK}` says nothing of a clock: `{text}`"))?;
        Ok(Clock { ahead })
    }

    /// The time of day, to the millisecond.
    pub fn now(self) -> Timestamp {
        let now = Timestamp::now();
        let now = now.checked_add(self.ahead).unwrap_or(now);
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

fn moved(text: &str) -> Option<SignedDuration> {
    let (sign, length) = match text.split_at_checked(1)? {
        ("+", length) => (1, length),
        ("-", length) => (-1, length),
        _ => return None,
    };
    let number = length.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let each = match &length[number.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let number: i64 = number.parse().ok().filter(|n| *n >= 0)?;
    number.checked_mul(each * sign).map(SignedDuration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_moved_by_a_sign_a_number_and_a_unit() {
        assert_eq!(moved("+7d"), Some(SignedDuration::from_hours(168)));
        assert_eq!(moved("-90m"), Some(SignedDuration::from_mins(-90)));
        for wrong in ["", "7d", "+", "+d", "+7", "+7y", "+-7d", "+1.5h", "ü7d", "+9223372036854775807d"] {
            assert_eq!(moved(wrong), None, "{wrong}");
        }
    }
}
