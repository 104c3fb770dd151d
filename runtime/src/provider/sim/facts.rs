//! Facts that a simulated model finds in a text by their shape or by the word before them: a number
//! after `total`, a date, an address.

use crate::words::{stem, words};
use jiff::civil::Date;
use regex::Regex;
use std::sync::LazyLock;

/// The text that stands after one of the names: `Name: Ann`, `my name is Ann`, `order no. A-17`.
pub(super) fn named_text(text: &str, name: &str) -> Option<String> {
    let name = spoken(name);
    if name.contains("email") || name == "mail" {
        return first(&EMAIL, text);
    }
    if matches!(&*name, "url" | "link" | "website") {
        return first(&URL, text);
    }
    if name.contains("phone") {
        return first(&PHONE, text);
    }
    let after = after_name(text, &name)?;
    let value = after.trim_start_matches(['"', '“', '\'']);
    let end = value.find(['\n', ',', ';', '"', '”', '!', '?']).unwrap_or(value.len());
    let end = value.find(". ").map_or(end, |stop| stop.min(end));
    let value = value[..end].trim().trim_end_matches('.');
    (!value.is_empty() && value.split(' ').count() <= 8).then(|| value.to_owned())
}

/// The number that stands after the name, or right before it: `total: 12.50`, `3 nights`.
pub(super) fn named_number(text: &str, name: &str) -> Option<f64> {
    let name = spoken(name);
    if let Some(found) = after_name(text, &name).and_then(|after| NUMBER_FIRST.captures(after)) {
        return number(&found[1]);
    }
    let unit = stem(name.rsplit(' ').next()?);
    NUMBER_THEN_WORD
        .captures_iter(text)
        .find(|c| stem(&c[2].to_lowercase()) == unit)
        .and_then(|c| number(&c[1]))
}

/// The first amount of money.
pub(super) fn money(text: &str) -> Option<f64> {
    MONEY.captures(text).and_then(|c| number(c.get(1).or(c.get(2))?.as_str()))
}

/// The first length of time, in seconds.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let found = SPAN.captures(text)?;
    let unit = match found[2].to_lowercase().as_bytes() {
        [b's', ..] => 1.0,
        [b'm', b'o', ..] => 2_592_000.0,
        [b'm', ..] => 60.0,
        [b'h', ..] => 3_600.0,
        [b'd', ..] => 86_400.0,
        [b'w', ..] => 604_800.0,
        _ => 31_536_000.0,
    };
    number(&found[1]).map(|n| n * unit)
}

/// The first day: `2026-03-14`, `14 March 2026`, `March 14, 2026`.
pub(super) fn date(text: &str) -> Option<Date> {
    if let Some(found) = ISO_DATE.find(text).and_then(|m| m.as_str().parse().ok()) {
        return Some(found);
    }
    let spoken = SPOKEN_DATE.captures(text)?;
    let part = |a, b| spoken.get(a).or(spoken.get(b)).map(|m| m.as_str());
    let month = MONTHS.iter().position(|m| part(2, 4).is_some_and(|p| p.to_lowercase().starts_with(m)))?;
    Date::new(spoken[6].parse().ok()?, i8::try_from(month).ok()? + 1, part(1, 5)?.parse().ok()?).ok()
}

/// A field's name as it is spoken: `order_id` is `order id`.
pub(super) fn spoken(name: &str) -> String {
    name.replace('_', " ").to_lowercase()
}

// What follows the name and its `:`, `is` or the like; plain neighbourhood is no sign.
fn after_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut from = 0;
    let lower = text.to_lowercase();
    // Lower-casing may change lengths; then the two do not share offsets, and nothing is found.
    if lower.len() != text.len() {
        return None;
    }
    while let Some(at) = lower[from..].find(name) {
        let start = from + at;
        let end = start + name.len();
        let alone = !lower[..start].ends_with(char::is_alphanumeric);
        if let (true, Some(link)) = (alone, text.get(end..).and_then(|rest| LINK_WORD.find(rest))) {
            return Some(&text[end + link.end()..]);
        }
        from = end;
    }
    None
}

fn first(pattern: &Regex, text: &str) -> Option<String> {
    pattern.find(text).map(|m| m.as_str().trim_end_matches(['.', ',', ')']).to_owned())
}

fn number(text: &str) -> Option<f64> {
    words(text)
        .next()?
        .replace(',', "")
        .parse::<f64>()
        .ok()
        .map(|n| if text.starts_with('-') { -n } else { n })
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is fixed and tested"));
    };
}

pattern!(EMAIL, r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+");
pattern!(URL, r#"https?://[^\s<>"]+"#);
pattern!(PHONE, r"\+?\(?\d[\d ()./-]{6,}\d");
pattern!(
    LINK_WORD,
    r"^(?i:(?:\s+(?:is|are|was|were|of|no\.?|number|id))?\s*[:=#]\s*|\s+(?:is|are|was|were|no\.?|number)\s+)"
);
pattern!(NUMBER_FIRST, r"^[^\d\n-]{0,4}(-?\d[\d,]*(?:\.\d+)?)");
pattern!(NUMBER_THEN_WORD, r"(-?\d[\d,]*(?:\.\d+)?)\s+(\p{L}+)");
pattern!(
    MONEY,
    r"[$€£]\s?(\d[\d,]*(?:\.\d{1,2})?)|(\d[\d,]*(?:\.\d{1,2})?)\s?(?:USD|EUR|GBP|dollars|euros|pounds)\b"
);
pattern!(
    SPAN,
    r"(?i)(\d+(?:\.\d+)?)[ -]?(s|seconds?|m|min(?:ute)?s?|h|hours?|d|days?|weeks?|months?|years?)\b"
);
pattern!(ISO_DATE, r"\b\d{4}-\d{2}-\d{2}\b");
pattern!(
    SPOKEN_DATE,
    r"(?i)\b(?:(\d{1,2})(?:st|nd|rd|th)? (?:of )?((jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)|((?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*) (\d{1,2})(?:st|nd|rd|th)?),? (\d{4})\b"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_found_by_name_and_by_shape() {
        let text = "Hello, my name is Ann Lee. Order no. A-17, placed on March 3, 2026 for 3 nights. Total: $1,240.50. Write to ann@example.org.";
        assert_eq!(named_text(text, "name").as_deref(), Some("Ann Lee"));
        assert_eq!(named_text(text, "order").as_deref(), Some("A-17"));
        assert_eq!(named_text(text, "contact_email").as_deref(), Some("ann@example.org"));
        assert_eq!(named_text(text, "city"), None);
        assert_eq!(named_number(text, "total"), Some(1240.5));
        assert_eq!(named_number(text, "nights"), Some(3.0));
        assert_eq!(named_number(text, "guests"), None);
        assert_eq!(money(text), Some(1240.5));
        assert_eq!(date(text).map(|d| d.to_string()).as_deref(), Some("2026-03-03"));
        assert_eq!(date("on the 9th of July 2025").map(|d| d.to_string()).as_deref(), Some("2025-07-09"));
        assert_eq!(seconds("within 30 days"), Some(2_592_000.0));
    }
}
