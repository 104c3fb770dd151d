//! Units as types: tokens, money, time. No bare numbers cross a seam.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A number of model tokens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Tokens(pub u64);

/// An amount of money in nano-dollars (10⁻⁹ $). Negative amounts only arise in differences.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Cost(pub i64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Millis(pub u64);

impl Cost {
    /// Nothing.
    pub const ZERO: Cost = Cost(0);

    /// The amount in dollars, for output only: money is never computed with floats.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The sum, held at the greatest amount there is.
    pub fn plus(self, other: Cost) -> Cost {
        Cost(self.0.saturating_add(other.0))
    }

    /// The price of `tokens` at this price a million, rounded up to a whole nano-dollar.
    pub fn per_million(self, tokens: Tokens) -> Cost {
        let nanos = i128::from(self.0) * i128::from(tokens.0);
        let rounded = (nanos + 999_999).div_euclid(1_000_000);
        Cost(i64::try_from(rounded).unwrap_or(i64::MAX))
    }

    /// Reads a plain decimal number of dollars (`0.02`, `1600`), with at most nine decimals.
    pub fn parse_dollars(text: &str) -> Option<Cost> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty()
            || !digits(whole)
            || !digits(fraction)
            || fraction.len() > 9
        {
            return None;
        }
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let fraction: i64 = format!("{fraction:0<9}").parse().ok()?;
        whole.checked_mul(1_000_000_000)?.checked_add(fraction).map(Cost)
    }
}

impl fmt::Display for Cost {
    /// `$0.02`, `$1,600.00`: exact, with at least two decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let fraction = format!("{:09}", nanos % 1_000_000_000);
        let fraction = fraction.trim_end_matches('0');
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}${}.{fraction:0<2}", grouped(nanos / 1_000_000_000))
    }
}

impl fmt::Display for Tokens {
    /// `2,605 tokens`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", grouped(self.0), if self.0 == 1 { "token" } else { "tokens" })
    }
}

impl Millis {
    /// As the standard library's duration.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl From<Duration> for Millis {
    fn from(d: Duration) -> Self {
        Millis(u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Millis {
    /// The largest unit that divides it, as in the language: `200ms`, `5s`, `15m`, `1h`, `7d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (size, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
            if self.0 > 0 && self.0.is_multiple_of(size) {
                return write!(f, "{}{unit}", self.0 / size);
            }
        }
        write!(f, "{}ms", self.0)
    }
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_both_ways() {
        for (text, nanos, shown) in [
            ("0.02", 20_000_000, "$0.02"),
            ("1600", 1_600_000_000_000, "$1,600.00"),
            ("0.000000001", 1, "$0.000000001"),
            ("12.5", 12_500_000_000, "$12.50"),
        ] {
            assert_eq!(Cost::parse_dollars(text), Some(Cost(nanos)));
            assert_eq!(Cost(nanos).to_string(), shown);
        }
        assert_eq!(Cost::parse_dollars("0.0000000001"), None);
        assert_eq!(Cost::parse_dollars("."), None);
    }

    #[test]
    fn prices_round_up() {
        assert_eq!(Cost(150_000_000).per_million(Tokens(1)), Cost(150));
        assert_eq!(Cost(1).per_million(Tokens(1)), Cost(1));
        assert_eq!(Cost(1).per_million(Tokens(0)), Cost(0));
    }

    #[test]
    fn times_read_as_they_are_written() {
        let shown: Vec<String> =
            [200, 5_000, 900_000, 3_600_000, 604_800_000, 0].map(|m| Millis(m).to_string()).into();
        assert_eq!(shown, ["200ms", "5s", "15m", "1h", "7d", "0ms"]);
    }
}
