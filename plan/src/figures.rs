//! Figures as people compare them: money to three digits, counts with their thousands apart, times
//! in seconds.
//!
//! Not here: exact amounts, which `Cost` and `Tokens` print themselves.

use crate::{Cost, Millis};

/// Which way a figure is rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Round {
    /// For what is at most so much.
    Up,
    /// For what is at least so much.
    Down,
}

/// An amount of money to three digits, and to cents from a dollar on: `$0.00313`, `$12.40`.
pub fn dollars(cost: Cost, round: Round) -> String {
    let mut unit = 1i64;
    while cost.0 / unit >= 1000 && unit < 10_000_000 {
        unit *= 10;
    }
    let more = if round == Round::Up { unit - 1 } else { 0 };
    Cost(cost.0.saturating_add(more) / unit * unit).to_string()
}

/// A count with its thousands apart: `2,605`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A time in seconds: `0.25s`, `16s`, `1,240s`.
pub fn seconds(time: Millis) -> String {
    let fraction = format!("{:03}", time.0 % 1000);
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{}{dot}{fraction}s", count(time.0 / 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_three_digits_and_never_flatters() {
        for (nanos, up, down) in [
            (0, "$0.00", "$0.00"),
            (3_126_450, "$0.00313", "$0.00312"),
            (61_000_000, "$0.061", "$0.061"),
            (999_999_999, "$1.00", "$0.999"),
            (12_345_678_901, "$12.35", "$12.34"),
            (7, "$0.000000007", "$0.000000007"),
        ] {
            assert_eq!(
                (dollars(Cost(nanos), Round::Up), dollars(Cost(nanos), Round::Down)),
                (up.into(), down.into())
            );
        }
        assert!(dollars(Cost(i64::MAX), Round::Up).starts_with("$9,223,372,036.8"));
    }

    #[test]
    fn counts_and_times_are_read_at_a_glance() {
        assert_eq!([count(7), count(2605), count(1_000_000)], ["7", "2,605", "1,000,000"]);
        assert_eq!([250, 16_000, 1_240_000].map(|t| seconds(Millis(t))), ["0.25s", "16s", "1,240s"]);
    }
}
