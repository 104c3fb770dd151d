//! Texts that may have swallowed what stands around them.
//!
//! A quote that is missing, doubled or of another kind can be read past: the text that comes of it has a
//! quote where none belongs, and is refused.

use super::Spot;
use super::string::{Quote, Seen};

const QUOTES: [char; 7] = ['\'', '"', '`', '‘', '’', '“', '”'];

/// Whether a text whose own quote is missing ends with one of any kind, which may be meant.
pub(super) fn ends_with_quote(text: &str) -> bool {
    text.trim_end().trim_end_matches(',').ends_with(QUOTES)
}

/// Whether a text whose own quote is missing may have ended before: at a quote of another kind or one that is
/// escaped, or before a comment.
pub(super) fn is_past_its_end(text: &str) -> bool {
    ends_with_quote(text) || has_half_a_pair(text) || holds_note(text)
}

/// Whether a comment may begin in a text.
pub(super) fn holds_note(text: &str) -> bool {
    [" //", " /*", " # "].iter().any(|sign| text.contains(sign))
}

/// Whether a text in quotes holds one more than it can hold by itself.
pub(super) fn is_swallowing(quote: Quote, spot: Spot<'_>, inside: &str, seen: &Seen) -> bool {
    let is_key = matches!(spot, Spot::Key(_));
    if is_key && inside.contains(':') && inside.contains("\":") {
        return true;
    }
    if quote != Quote::Double && memchr::memmem::find(inside.as_bytes(), b"\",\"").is_some() {
        return true;
    }
    let is_plain = seen.inner == 0 && !seen.apostrophe && !seen.escaped && !seen.broken;
    if is_plain && !inside.ends_with(',') {
        return false;
    }
    let is_list = seen.broken
        && matches!(spot, Spot::Element)
        && inside.lines().rev().skip(1).any(|line| line.trim_end().ends_with(','));
    let is_mixed = seen.inner % 2 == 1 && inside.contains("\\\"");
    let holds_other = || {
        seen.inner > 0
            || seen.escapes.are_odd()
            || inside.contains("\\'")
            || inside.contains(['“', '”', '‘', '’', '`'])
    };
    if is_list
        || is_mixed
        || holds_an_end(inside, seen)
        || seen.escaped && has_half_a_pair(inside) && holds_other()
    {
        return true;
    }
    match quote {
        Quote::Double if seen.inner > 0 && holds_two_openings(inside) => true,
        Quote::Double if inside.ends_with("\"\"") || seen.escaped && inside.starts_with('"') => true,
        Quote::Double if seen.inner == 1 && inside.ends_with('"') => !is_length(&inside[..inside.len() - 1]),
        Quote::Single | Quote::SmartSingle if seen.inner > 0 || seen.apostrophe => {
            let loose = Loose::of(inside);
            loose.at_edge || loose.is_open || loose.any && is_key
        }
        _ => false,
    }
}

/// Whether one of its escaped quotes has no other: `"a\", "b": …`. It may be the one that ends the text.
fn has_half_a_pair(inside: &str) -> bool {
    let bytes = inside.as_bytes();
    let is_quote = |at: &usize| bytes.get(at + 1) == Some(&b'"');
    memchr::memchr_iter(b'\\', bytes).filter(is_quote).count() % 2 == 1
}

// Whether the second of two quotes inside opens something, as the first does, or one is that of a key or an
// element.
fn holds_two_openings(inside: &str) -> bool {
    // JSON has keys of its own.
    if inside.trim_start().starts_with(['{', '[']) {
        return false;
    }
    let is_escaped = |at: usize| inside[..at].ends_with('\\');
    let mut count = 0;
    inside.match_indices('"').any(|(at, _)| {
        let (before, behind) = (&inside[..at], &inside[at + 1..]);
        // `"a": "b"`, and `a,"b"`: in prose, a space stands behind a comma.
        let value = behind.trim_start().strip_prefix(':').map(str::trim_start);
        let is_entry = value.is_some_and(|value| value.trim_start_matches('\\').starts_with('"'));
        let is_element = behind.strip_prefix(',').is_some_and(|rest| !rest.starts_with(char::is_whitespace))
            || behind.starts_with(['‘', '’', '“', '”']);
        if is_entry || is_element || before.ends_with(',') {
            return true;
        }
        count += usize::from(!is_escaped(at));
        let opens = before.ends_with(char::is_whitespace) && behind.starts_with(char::is_alphanumeric);
        count % 2 == 0 && opens && !is_escaped(at)
    })
}

// Whether a comma with a quote before it or on the next line ends a line inside, as it does between two texts,
// or a comma and a line break the text itself.
fn holds_an_end(inside: &str, seen: &Seen) -> bool {
    let line = inside.trim_end();
    if let Some(before) = line.strip_suffix(',')
        && (inside[line.len()..].contains('\n') || before.ends_with(QUOTES))
    {
        return true;
    }
    if !seen.broken && !inside.contains('"') {
        return false;
    }
    let is_note = |rest: &str| ["//", "/*", "# "].iter().any(|sign| rest.starts_with(sign));
    let is_end =
        |at: usize| inside[at + 1..].strip_prefix(',').is_some_and(|rest| is_note(rest.trim_start()));
    if memchr::memchr_iter(b'"', inside.as_bytes()).any(is_end) {
        return true;
    }
    seen.broken
        && inside.match_indices('\n').any(|(at, _)| {
            let line = inside[..at].trim_end_matches([' ', '\t', '\r']);
            let ends = line.ends_with(QUOTES) && !line.ends_with("\\\"");
            let begins = || inside[at..].trim_start().trim_start_matches('\\').starts_with(QUOTES);
            ends && begins()
                || line.strip_suffix(',').is_some_and(|line| line.trim_end().ends_with(QUOTES) || begins())
        })
}

// Whether a text ends with feet and inches, behind which a quote is a sign: `5'10`.
fn is_length(text: &str) -> bool {
    let inches = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let feet = inches.trim_end().strip_suffix(['\'', '′', '’']);
    inches.len() < text.len() && feet.is_some_and(|feet| feet.ends_with(|c: char| c.is_ascii_digit()))
}

/// Apostrophes that do not stand inside a word.
#[derive(Default)]
struct Loose {
    any: bool,
    /// Whether one is the first or the last sign.
    at_edge: bool,
    /// Whether the last of them opens something that does not end.
    is_open: bool,
}

impl Loose {
    fn of(text: &str) -> Loose {
        let mut loose = Loose::default();
        for (at, sign) in text.match_indices(['\'', '’', '‘']) {
            let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let before = text[..at].chars().next_back();
            let after = text[at + sign.len()..].chars().next();
            if text[..at].ends_with('\\') || is_letter(before) && is_letter(after) {
                continue;
            }
            loose.any = true;
            loose.at_edge |= before.is_none() || after.is_none();
            loose.is_open = !is_letter(before) && after.is_some_and(|c| !c.is_whitespace() && c != ',');
        }
        loose
    }
}
