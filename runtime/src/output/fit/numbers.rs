//! Numbers as people write them: with separators, a currency, a percent sign.

use serde_json::{Number, Value as Json};

/// The first whole number behind which a float leaves some out.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number. A percentage is one where only the number before the sign can be meant, and `7/10`
/// is 7 where 10 is the most that the range has.
pub(super) fn whole(text: &str, range: Option<(i64, i64)>) -> Option<Json> {
    if let Some(text) = text.strip_suffix('%') {
        let n: i64 = plain(text.trim_end())?.parse().ok()?;
        let is_of_hundred = range.is_some_and(|(_, high)| high == 100);
        let could_be_share = n % 100 == 0 && n != 0;
        return (is_of_hundred || !could_be_share).then(|| n.into());
    }
    if let Some((given, most)) = out_of(text) {
        let (low, high) = range?;
        let n: i64 = given.parse().ok()?;
        return (most.parse() == Ok(high) && (low..=high).contains(&n)).then(|| n.into());
    }
    if let Some(n) = hexadecimal(text) {
        return Some(n.into());
    }
    if let Some(power) = exponent(text) {
        // What a float does not hold exactly may be another number.
        let n = power.parse::<f64>().ok().filter(|n| n.fract() == 0.0 && n.abs() < EXACT)?;
        return Some((n as i64).into());
    }
    let digits = plain(without_currency(text))?;
    match digits.split_once('.') {
        None => digits.parse::<i64>().ok().map(Json::from),
        // `4.00` is a whole number.
        Some((whole, fraction)) => {
            // `1.000` may be a thousand.
            let is_whole = fraction.len() != 3 && fraction.bytes().all(|b| b == b'0');
            is_whole.then(|| whole.parse::<i64>().ok()).flatten().map(Json::from)
        }
    }
}

/// A number as programs write it and JSON does not: `0xFF`, `+5`, `.5`, `5.`, `1_000`, `1,000`.
pub(super) fn of_a_language(text: &str) -> Option<Json> {
    if let Some(n) = hexadecimal(text) {
        return Some(n.into());
    }
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_written = body.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'_'));
    // `007` is a name, and `1.2.3` a version.
    let is_name = body.starts_with('0') && body.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if let Some(power) = exponent(text) {
        return power.parse::<Number>().ok().map(Json::Number);
    }
    if body.is_empty() || !is_written || is_name || body.matches('.').count() > 1 {
        return None;
    }
    plain(text)?.parse::<Number>().ok().map(Json::Number)
}

/// Whether a text looks like a number and is none: `1e`, `2.5e-`, `12,5`, `1 2`, `--5`.
pub(super) fn is_broken(text: &str) -> bool {
    let is_written = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
    if is_written && text.contains(',') {
        return plain(text).is_none();
    }
    let is_split = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b' ' | b'-' | b'+'));
    if is_split && (text.contains(' ') || text.starts_with(['-', '+'])) && plain(text).is_none() {
        return true;
    }
    let digits = text.trim_end_matches(['+', '-']).strip_suffix(['e', 'E']);
    digits.is_some_and(|digits| serde_json::from_str::<Number>(digits).is_ok())
}

/// Whether a number begins with a zero that says nothing: in a list, it may be the end of `1,000`.
pub(super) fn may_be_group(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}

fn hexadecimal(text: &str) -> Option<i64> {
    let (sign, body) = text.strip_prefix('-').map_or((1, text), |body| (-1, body));
    let digits = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X"))?;
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then(|| i64::from_str_radix(digits, 16).ok()).flatten().map(|n| sign * n)
}

/// A number. A percentage is one where the range leaves one reading of it, and `7.5/10` is 7.5 where 10
/// is the most that the range has.
pub(super) fn number(text: &str, range: Option<(f64, f64)>) -> Option<Json> {
    if let Some(text) = text.strip_suffix('%') {
        let n: f64 = plain(text.trim_end())?.parse().ok()?;
        let (low, high) = range?;
        let is_in = |n: f64| (low..=high).contains(&n);
        return match (is_in(n), is_in(n / 100.0)) {
            (true, true) if n == 0.0 => Some(n.into()),
            (true, false) => Some(n.into()),
            (false, true) => Some((n / 100.0).into()),
            _ => None,
        };
    }
    if let Some((given, most)) = out_of(text) {
        let (low, high) = range?;
        let (n, most): (f64, f64) = (given.parse().ok()?, most.parse().ok()?);
        // Of one, it would be a share.
        return (most == high && high > 1.0 && (low..=high).contains(&n)).then(|| n.into());
    }
    let amount = without_currency(text);
    let digits = match plain(amount) {
        // `1.250 €` may be more than a thousand.
        Some(digits) if amount.len() < text.len() && is_thousand(&digits) => return None,
        Some(digits) => digits,
        None => exponent(text)?,
    };
    digits.parse::<Number>().ok().map(Json::Number)
}

/// An amount in dollars. Another currency is none.
pub(super) fn dollars(text: &str) -> Option<Json> {
    let lower = text.to_ascii_lowercase();
    let amount = ["us$", "usd", "$"].iter().find_map(|sign| lower.strip_prefix(sign)).unwrap_or(&lower);
    let units = ["us dollars", "dollars", "dollar", "usd", "$"];
    let amount = units.iter().find_map(|unit| amount.strip_suffix(unit)).unwrap_or(amount).trim();
    let digits = plain(amount)?;
    // `$1.250` may be more than a thousand.
    let is_clear = amount.contains(',') || !is_thousand(&digits);
    if !is_clear {
        return None;
    }
    digits.parse::<Number>().ok().map(Json::Number)
}

// Whether three digits stand behind the point, as in a thousand of some countries.
fn is_thousand(digits: &str) -> bool {
    digits.split_once('.').is_some_and(|(_, rest)| rest.len() == 3)
}

// `7/10`, `7 out of 10`: what was given, and the most that could be.
fn out_of(text: &str) -> Option<(String, String)> {
    // The shortest is `1 out of 2`.
    let is_long = text.len() >= 10;
    let (given, most) =
        text.split_once('/').or_else(|| is_long.then(|| text.split_once(" out of ")).flatten())?;
    let (given, most) = (plain(given.trim())?, plain(most.trim())?);
    // `3/12` and `12/31` may be days.
    let is_day = text.contains('/') && matches!(most.as_str(), "12" | "31");
    (!is_day).then_some((given, most))
}

fn without_currency(text: &str) -> &str {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    match rest.strip_prefix(['$', '€', '£']) {
        Some(amount) if !sign => amount.trim_start(),
        _ => text.strip_suffix(['$', '€', '£']).map_or(text, str::trim_end),
    }
}

/// A number's digits as JSON writes them, out of a form that can be read in one way only: `1,234.50`,
/// `1.234,50`, `1 234`, `007`, `+5`, `.5`.
fn plain(text: &str) -> Option<String> {
    let (sign, body) = match text.strip_prefix('-').or_else(|| text.strip_prefix('−')) {
        Some(body) => ("-", body),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if body.is_empty() || body.len() > 64 {
        return None;
    }
    // Python lets them stand anywhere between digits.
    let without = body.replace('_', "");
    let is_between = body.split(['_', '.']).all(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let is_inside = body.split('_').all(|part| !part.is_empty() && !part.starts_with('.'));
    let body = if is_between && is_inside && body.contains('_') { &*without } else { body };
    let (whole, fraction) = match (body.rfind('.'), body.rfind(',')) {
        (Some(dot), Some(comma)) if dot > comma => (grouped(&body[..dot], ',')?, &body[dot + 1..]),
        (Some(dot), Some(comma)) => {
            // Only the last sign can be the decimal one, so the dots separate thousands.
            debug_assert!(comma > dot);
            (grouped(&body[..comma], '.')?, &body[comma + 1..])
        }
        (Some(dot), None) => match body[..dot].contains('.') {
            true => (grouped(body, '.')?, ""),
            false => (spaced(&body[..dot])?, &body[dot + 1..]),
        },
        // `12 345,6`: spaces separate thousands, so the comma does not.
        (None, Some(comma)) if body[..comma].contains([' ', '\u{a0}', '\u{202f}']) => {
            (spaced(&body[..comma])?, &body[comma + 1..])
        }
        (None, Some(_)) => (grouped(body, ',')?, ""),
        (None, None) => (spaced(body)?, ""),
    };
    let fraction_is_digits = fraction.bytes().all(|b| b.is_ascii_digit());
    if !fraction_is_digits || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

// The digits of groups of three.
fn grouped(text: &str, separator: char) -> Option<String> {
    let mut groups = text.split(separator);
    let first = groups.next()?;
    let is_first = (1..=3).contains(&first.len()) && !first.starts_with('0');
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    (is_first && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

// Digits, or groups of three behind spaces, thin spaces, apostrophes or underscores.
fn spaced(text: &str) -> Option<String> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    [' ', '\u{a0}', '\u{202f}', '\'', '_'].into_iter().find_map(|separator| grouped(text, separator))
}

// `1e3`, and `.1e-23`, `+1e3` and `12.e3`, as programs write it.
fn exponent(text: &str) -> Option<String> {
    let (digits, power) = text.split_once(['e', 'E'])?;
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits.strip_prefix('+').unwrap_or(digits)),
    };
    let nought = if digits.starts_with('.') && digits.len() > 1 { "0" } else { "" };
    let json = format!("{sign}{nought}{}e{power}", digits.strip_suffix('.').unwrap_or(digits));
    serde_json::from_str::<Number>(&json).is_ok().then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_where_one_reading_is_possible() {
        for (text, digits) in [
            ("1,234", Some("1234")),
            ("-2,000.00", Some("-2000.00")),
            ("1.234.567", Some("1234567")),
            ("12.111,5", Some("12111.5")),
            ("1 234", Some("1234")),
            ("1_000_000", Some("1000000")),
            ("007", Some("7")),
            (".5", Some("0.5")),
            ("+5", Some("5")),
            ("12,5", None),
            ("0,123", None),
            ("1,23,456", None),
            ("1/5", None),
            ("five", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(plain(text).as_deref(), digits, "{text}");
        }
    }

    #[test]
    fn percentages_need_one_reading() {
        assert_eq!(number("50%", Some((0.0, 1.0))), Some(0.5.into()));
        assert_eq!(number("0.5%", Some((0.0, 1.0))), None);
        assert_eq!(number("50%", Some((0.0, 100.0))), None);
        assert_eq!(number("50%", None), None);
        assert_eq!(whole("85%", Some((0, 100))), Some(85.into()));
        assert_eq!(whole("100%", None), None);
    }

    #[test]
    fn other_currencies_are_no_dollars() {
        assert_eq!(dollars("$1,250.50").map(|n| n.to_string()).as_deref(), Some("1250.5"));
        assert_eq!(dollars("12.5 USD").map(|n| n.to_string()).as_deref(), Some("12.5"));
        assert_eq!(dollars("€12"), None);
        assert_eq!(dollars("12k"), None);
        assert_eq!(dollars("$1.250"), None);
    }
}
