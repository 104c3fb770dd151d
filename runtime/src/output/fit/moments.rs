//! Dates, moments and lengths of time as people write them, where one reading is possible.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

/// A day: `2026/03/14`, `14 March 2026`, `March 14th, 2026`, `25.12.2026`; not `03/04/2026`.
pub(super) fn date(text: &str) -> Option<Json> {
    let text = text.trim().trim_end_matches('.');
    if let Ok(date) = text.parse::<Date>() {
        return Some(date.to_string().into());
    }
    // A moment at the day's start.
    for midnight in ["T00:00:00Z", "T00:00:00.000Z", "T00:00:00+00:00", " 00:00:00"] {
        if let Some(date) = text.strip_suffix(midnight).and_then(|t| t.parse::<Date>().ok()) {
            return Some(date.to_string().into());
        }
    }
    numeric(text).or_else(|| spoken(text)).map(|date| date.to_string().into())
}

/// A moment, in UTC or with its offset; one without either can be anywhere.
pub(super) fn time(text: &str) -> Option<Json> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.to_string().into());
    }
    let utc = text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT"))?.trim_end();
    format!("{utc}Z").parse::<Timestamp>().ok().map(|time| time.to_string().into())
}

/// A length of time with its unit, in seconds: `90s`, `1h 30m`, `2 days`, `PT2H`. A bare number is
/// seconds already.
pub(super) fn seconds(text: &str) -> Option<Json> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0).then(|| seconds.into());
    }
    // `1,5 hours` may be fifteen.
    let signs = text.as_bytes().windows(3);
    if signs.into_iter().any(|w| w[1] == b',' && w[0].is_ascii_digit() && w[2].is_ascii_digit()) {
        return None;
    }
    let lower = text.to_lowercase();
    let units = [
        ("days", 86_400.0),
        ("day", 86_400.0),
        ("weeks", 604_800.0),
        ("week", 604_800.0),
        ("d", 86_400.0),
        ("w", 604_800.0),
    ];
    for (unit, size) in units {
        if let Some(count) = lower.strip_suffix(unit).and_then(|n| n.trim().parse::<f64>().ok()) {
            return (count.is_finite() && count >= 0.0).then(|| whole_or(count * size));
        }
    }
    let duration: SignedDuration = lower.parse().or_else(|_| text.parse()).ok()?;
    (!duration.is_negative()).then(|| whole_or(duration.as_secs_f64()))
}

fn whole_or(seconds: f64) -> Json {
    if seconds.fract() == 0.0 && seconds < 9e15 { (seconds as i64).into() } else { seconds.into() }
}

// Numbers alone: the year first, or a day that can be no month.
fn numeric(text: &str) -> Option<Date> {
    let separator = text.chars().find(|c| matches!(c, '/' | '.' | '-'))?;
    let parts: Vec<&str> = text.split(separator).collect();
    let [a, b, c] = parts[..] else { return None };
    let number = |part: &str| -> Option<i16> {
        (part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    let (x, y, z) = (number(a)?, number(b)?, number(c)?);
    if a.len() == 4 {
        return day(x, y, z);
    }
    if c.len() != 4 {
        return None;
    }
    match (x > 12, y > 12) {
        (true, false) => day(z, y, x),
        (false, true) => day(z, x, y),
        (false, false) if x == y => day(z, x, y),
        _ => None,
    }
}

fn day(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

// With the month's name: a day, a month and a year of four digits in either order.
fn spoken(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let lower = text.to_lowercase();
    let mut words = lower.split([' ', ',', '-']).filter(|w| !w.is_empty() && *w != "of").peekable();
    words.next_if(|w| DAYS.iter().any(|d| *d == *w || (w.len() == 3 && d.starts_with(*w))));
    let (a, b, c) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let month = |w: &str| {
        let w = w.trim_end_matches('.');
        let found = MONTHS.iter().position(|m| *m == w || (w.len() >= 3 && w.len() <= 4 && m.starts_with(w)));
        found.and_then(|at| i16::try_from(at + 1).ok())
    };
    let ordinal = |w: &str| {
        let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| w.strip_suffix(end)).unwrap_or(w);
        digits.parse::<i16>().ok().filter(|n| (1..=31).contains(n))
    };
    let year = c.parse::<i16>().ok().filter(|_| c.len() == 4)?;
    match (month(a), month(b)) {
        (Some(month), _) => day(year, month, ordinal(b)?),
        (None, Some(month)) => day(year, month, ordinal(a)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_one_reading_are_read() {
        for (text, read) in [
            ("2026/03/14", Some("2026-03-14")),
            ("14 March 2026", Some("2026-03-14")),
            ("March 14th, 2026", Some("2026-03-14")),
            ("Saturday, Mar 14, 2026", Some("2026-03-14")),
            ("14.03.2026", Some("2026-03-14")),
            ("03/14/2026", Some("2026-03-14")),
            ("2026-03-14T00:00:00Z", Some("2026-03-14")),
            ("03/04/2026", None),
            ("March 2026", None),
            ("14/15/2026", None),
            ("tomorrow", None),
        ] {
            assert_eq!(date(text).as_ref().and_then(Json::as_str), read, "{text}");
        }
    }

    #[test]
    fn lengths_need_a_unit_or_are_seconds() {
        for (text, read) in [
            ("90", Some(90.0)),
            ("90s", Some(90.0)),
            ("1h 30m", Some(5400.0)),
            ("2 hours", Some(7200.0)),
            ("PT2H", Some(7200.0)),
            ("2 days", Some(172_800.0)),
            ("1 month", None),
            ("-5s", None),
            ("soon", None),
        ] {
            assert_eq!(seconds(text).as_ref().and_then(Json::as_f64), read, "{text}");
        }
    }

    #[test]
    fn moments_need_an_offset() {
        assert_eq!(time("2026-03-14 09:30:00 UTC"), Some("2026-03-14T09:30:00Z".into()));
        assert_eq!(time("2026-03-14T10:30:00+01:00"), Some("2026-03-14T09:30:00Z".into()));
        assert_eq!(time("2026-03-14 09:30"), None);
    }
}
