//! `pii(value)`: personal data that can be told by its shape: e-mail addresses, phone numbers, payment
//! cards, IBANs, US social security numbers and IP addresses.
//!
//! Names, postal addresses and what only its sense gives away are not found. Whatever has a check
//! digit must pass it. `else redact` puts `[email]`, `[phone]`, `[card]`, `[iban]`, `[ssn]` or `[ip]`
//! in its place.

use super::phrases::replaced_by;
use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, TypeSpec, Value};
use regex::Regex;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

/// Personal data by its shape.
#[derive(Debug)]
pub(super) struct Pii;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "pii",
    params: &[VALUE],
    returns: TypeSpec::First,
    doc: "Fails where a text holds personal data that can be told by its shape: e-mail addresses, phone numbers, payment cards, IBANs, US social security numbers, IP addresses. \
          `else redact` replaces each with `[email]`, `[phone]`, `[card]`, `[iban]`, `[ssn]` or `[ip]`. \
          Names and postal addresses are not found. \
          [Guards](guards.md#how-good-they-are) says how much of it is found.",
    examples: &["checked = pii(reply) else redact"],
    can_redact: true,
    clears: true,
    streams: true,
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for Pii {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let mut kinds: Vec<&str> = Vec::new();
        for text in args.first().map(texts::texts).unwrap_or_default() {
            for (_, kind) in find(&text) {
                if !kinds.contains(&kind.shown()) {
                    kinds.push(kind.shown());
                }
            }
        }
        // What was found is not repeated: the reason may be logged.
        Ok(match kinds.split_last() {
            None => Verdict::Pass,
            Some((last, [])) => Verdict::Fail(format!("it holds {last}")),
            Some((last, rest)) => Verdict::Fail(format!("it holds {} and {last}", rest.join(", "))),
        })
    }

    fn redact(&self, args: &[Value]) -> Value {
        args.first().map(|value| texts::map(value, &redacted)).unwrap_or_default()
    }
}

/// A kind of personal data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Email,
    Iban,
    Card,
    Ssn,
    Ip,
    Phone,
}

impl Kind {
    fn placeholder(self) -> &'static str {
        match self {
            Kind::Email => "[email]",
            Kind::Iban => "[iban]",
            Kind::Card => "[card]",
            Kind::Ssn => "[ssn]",
            Kind::Ip => "[ip]",
            Kind::Phone => "[phone]",
        }
    }

    fn shown(self) -> &'static str {
        match self {
            Kind::Email => "an e-mail address",
            Kind::Iban => "an IBAN",
            Kind::Card => "a card number",
            Kind::Ssn => "a social security number",
            Kind::Ip => "an IP address",
            Kind::Phone => "a phone number",
        }
    }
}

fn redacted(text: &str) -> String {
    replaced_by(text, find(text).into_iter().map(|(at, kind)| (at, kind.placeholder())))
}

/// What stands for a datum of this kind: `[email]`.
pub(super) fn placeholder(kind: Kind) -> &'static str {
    kind.placeholder()
}

/// Each piece of personal data, in order, without overlaps: the surer kind wins.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, Kind)> {
    let mut found: Vec<(Range<usize>, Kind)> = Vec::new();
    let mut add = |at: Range<usize>, kind: Kind| {
        if !found.iter().any(|(other, _)| at.start < other.end && other.start < at.end) {
            found.push((at, kind));
        }
    };
    EMAIL.find_iter(text).for_each(|m| add(m.range(), Kind::Email));
    for m in IBAN_START.find_iter(text) {
        if let Some(end) = iban_end(&text[m.start()..]) {
            add(m.start()..m.start() + end, Kind::Iban);
        }
    }
    for m in DIGITS.find_iter(text).filter(|m| stands_alone(text, &m.range())) {
        if is_card(m.as_str(), follows(text, m.start(), &CARD_WORD)) {
            add(m.range(), Kind::Card);
        }
    }
    for m in SSN.find_iter(text).filter(|m| stands_alone(text, &m.range())) {
        let separated = m.as_str().len() == 11;
        if is_ssn(m.as_str()) && (separated || follows(text, m.start(), &SSN_WORD)) {
            add(m.range(), Kind::Ssn);
        }
    }
    for m in IPV4.find_iter(text).filter(|m| stands_alone(text, &m.range())) {
        let address = m.as_str().parse::<Ipv4Addr>();
        let version = follows(text, m.start(), &VERSION_WORD);
        if address.is_ok_and(|a| !a.is_loopback() && !a.is_unspecified()) && !version {
            add(m.range(), Kind::Ip);
        }
    }
    for m in IPV6.find_iter(text).filter(|m| stands_alone(text, &m.range())) {
        let address = m.as_str().parse::<Ipv6Addr>();
        if address.is_ok_and(|a| !a.is_loopback() && !a.is_unspecified()) {
            add(m.range(), Kind::Ip);
        }
    }
    for m in PHONE.find_iter(text).filter(|m| stands_alone(text, &m.range())) {
        let rest = &text[m.end()..];
        let announced = follows(text, m.start(), &PHONE_WORD) || PHONE_KIND.is_match(rest);
        // `515 385 Main Street` begins like a number and is an address.
        if is_phone(m.as_str(), announced) && (announced || !STREET.is_match(rest)) {
            add(m.range(), Kind::Phone);
        }
    }
    found.sort_by_key(|(at, _)| at.start);
    found
}

fn stands_alone(text: &str, at: &Range<usize>) -> bool {
    let before = text[..at.start].chars().next_back();
    let mut after = text[at.end..].chars();
    let next = after.next();
    let joined = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '€' | '£');
    // `=` and `://` announce a value; a single slash is a path or a fraction.
    let goes_back = |c: char| {
        joined(c) || matches!(c, '.' | '+' | '#') || (c == '/' && !text[..at.start].ends_with("://"))
    };
    // A point or comma with a digit behind it goes on; one with a space ends the sentence.
    let goes_on = matches!(next, Some('.' | ',')) && after.next().is_some_and(|c| c.is_ascii_digit());
    !(goes_on || before.is_some_and(goes_back) || next.is_some_and(|c| joined(c) || c == '%'))
}

// Whether a telling word stands within the few words before.
fn follows(text: &str, at: usize, word: &Regex) -> bool {
    let start = text[..at].char_indices().rev().nth(40).map_or(0, |(i, _)| i);
    word.is_match(&text[start..at])
}

fn digits(text: &str) -> impl DoubleEndedIterator<Item = u32> {
    text.chars().filter_map(|c| c.to_digit(10))
}

// By check digit (Luhn) and issuer (ISO/IEC 7812), or a telling word in its place.
fn is_card(text: &str, announced: bool) -> bool {
    let digits: Vec<u32> = digits(text).collect();
    if !(12..=19).contains(&digits.len()) {
        return false;
    }
    let lead = |n: usize| digits[..n].iter().fold(0, |sum, d| sum * 10 + d);
    let issuer = digits[0] == 4
        || matches!(lead(2), 34..=39 | 30 | 50..=69)
        || (2221..=2720).contains(&lead(4))
        || matches!(lead(4), 1800 | 2131);
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &d)| match i % 2 {
            0 => d,
            _ => 2 * d - if d > 4 { 9 } else { 0 },
        })
        .sum();
    (issuer || announced) && sum.is_multiple_of(10) && digits.iter().any(|d| *d != digits[0])
}

fn is_ssn(text: &str) -> bool {
    let digits: Vec<u32> = digits(text).collect();
    let area = digits[..3].iter().fold(0, |sum, d| sum * 10 + d);
    area != 0 && area != 666 && area < 900 && digits[3..5] != [0, 0] && digits[5..] != [0, 0, 0, 0]
}

// The end of an IBAN at the start of a text, by its country's length and check digits (ISO 13616).
fn iban_end(text: &str) -> Option<usize> {
    let country = text.get(..2)?.to_ascii_uppercase();
    let length =
        IBAN_LENGTHS.split(' ').find_map(|entry| entry.strip_prefix(&country))?.parse::<usize>().ok()?;
    let mut signs = Vec::with_capacity(length);
    let mut end = 0;
    for (at, c) in text.char_indices() {
        match c {
            c if c.is_ascii_alphanumeric() => signs.push(c.to_digit(36)?),
            ' ' | '-' if signs.len() % 4 == 0 => continue,
            _ => return None,
        }
        end = at + 1;
        if signs.len() == length {
            break;
        }
    }
    let ended = !text[end..].starts_with(|c: char| c.is_alphanumeric());
    let lead = 4.min(signs.len());
    signs.rotate_left(lead);
    let rest = signs.iter().fold(0u32, |rest, &sign| (rest * if sign > 9 { 100 } else { 10 } + sign) % 97);
    (signs.len() == length && ended && rest == 1).then_some(end)
}

// By its form; where the form alone could be another number, only after a telling word.
fn is_phone(text: &str, announced: bool) -> bool {
    let number = text.split(['x', 'X']).next().unwrap_or(text).trim();
    let count = digits(number).count();
    let groups: Vec<&str> = number.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).collect();
    // What looks like a social security number and is none is no phone number either.
    if number.matches('-').count() == 2 && groups.iter().map(|g| g.len()).eq([3, 2, 4]) {
        return false;
    }
    let international = number.starts_with('+') || number.starts_with("00");
    if international {
        return (8..=15).contains(&count);
    }
    if !(7..=13).contains(&count) || is_date(&groups) {
        return false;
    }
    if groups.len() == 1 {
        return announced && count >= 9;
    }
    let plausible = groups.iter().all(|g| g.len() <= 8) && groups.iter().skip(1).all(|g| g.len() >= 2);
    // `1 250 000` and `2019-2024` are numbers too.
    let thousands = groups[0].len() <= 3 && groups.iter().skip(1).all(|g| g.len() == 3);
    let years = groups.iter().all(|g| g.len() == 4 && (g.starts_with("19") || g.starts_with("20")));
    let marked = number.contains('(')
        || (number.starts_with('0') && groups.len() > 2)
        || (number.contains('-') && groups.len() > 2);
    // Two groups with a space between are a number's usual form only where they are 3 and 4, or 4 and 4.
    let pair = groups.len() == 2 && !marked && !matches!((groups[0].len(), groups[1].len()), (3..=4, 4));
    plausible && !years && (announced || !pair) && (announced || marked || !thousands)
}

fn is_date(groups: &[&str]) -> bool {
    let numbers: Vec<u32> = groups.iter().filter_map(|g| g.parse().ok()).collect();
    let lengths: Vec<usize> = groups.iter().map(|g| g.len()).collect();
    match (lengths.as_slice(), numbers.as_slice()) {
        ([4, 1..=2, 1..=2, ..], [year, month, day, ..]) => {
            (1800..2200).contains(year) && *month <= 12 && *day <= 31
        }
        ([1..=2, 1..=2, 4, ..], [a, b, year, ..]) => (1800..2200).contains(year) && *a <= 31 && *b <= 31,
        _ => false,
    }
}

const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is fixed and tested"));
    };
}

pattern!(EMAIL, r"(?i)[\p{L}\d](?:[\p{L}\d._%+'-]{0,63})@(?:[\p{L}\d](?:[\p{L}\d-]{0,62})\.)+\p{L}{2,24}");
pattern!(IBAN_START, r"(?i)\b[a-z]{2}\d{2}[ -]?[a-z0-9]{4}");
pattern!(DIGITS, r"\d(?:[ -]?\d){11,18}");
pattern!(SSN, r"\d{3}[- ]\d{2}[- ]\d{4}|\d{9}");
pattern!(CARD_WORD, r"(?i)\b(?:(?:credit|debit|payment|bank) ?card|visa|mastercard|maestro|amex)\b");
pattern!(IPV4, r"\d{1,3}(?:\.\d{1,3}){3}");
pattern!(IPV6, r"(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}");
pattern!(PHONE, r"(?:\+ ?|\()?\d(?:[ ()./-]{0,3}\d){6,14}(?: ?(?:x|ext\.? ?)\d{1,6})?");
pattern!(SSN_WORD, r"(?i)\b(?:ssn|social security)\b");
pattern!(PHONE_KIND, r"(?i)^\W{0,3}(?:office|fax|mobile|cell|home|work)\b");
pattern!(STREET, r"^ +\p{Lu}");
pattern!(VERSION_WORD, r"(?i)\b(?:v|version|release|section|chapter)\s*$");
pattern!(
    PHONE_WORD,
    r"(?i)\b(?:phone|telephone|tel|call|called|calling|ring|mobile|cell|fax|reach|contact|whatsapp|sms|text|dial|hotline|number|answer(?:ing|s)?|messages?)\b"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_replaced_and_the_rest_left() {
        for (text, redacted_text) in [
            ("Write to ann.lee@mail.example.org.", "Write to [email]."),
            ("Card 4539 1488 0343 6467, please.", "Card [card], please."),
            ("IBAN DE89 3704 0044 0532 0130 00 is mine", "IBAN [iban] is mine"),
            ("gb82west12345698765432!", "[iban]!"),
            ("SSN: 536-22-1234", "SSN: [ssn]"),
            ("http://10.1.2.3:80/a?card=4539148803436467", "http://[ip]:80/a?card=[card]"),
            ("my debit card 060426070011", "my debit card [card]"),
            ("from 10.1.2.3 and 2001:db8::8a2e:370:7334", "from [ip] and [ip]"),
            ("Call +49 (0)30 901820 or 555-010-4477 x12", "Call [phone] or [phone]"),
        ] {
            assert_eq!(redacted(text), redacted_text);
        }
    }

    #[test]
    fn other_numbers_are_left() {
        for text in [
            "Order 4539148803436468 was sent",
            "DE89 3704 0044 0532 0130 01",
            "On 2026-11-23 at 12:30:45, version 10.1.2.3",
            "It cost $1,250,000 between 2019-2024",
            "about 1 250 000 people",
            "000-12-3456",
            "localhost is 127.0.0.1",
            "ticket 123456789",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    #[test]
    fn a_reason_names_the_kinds_and_not_the_data() {
        let found = find("ann@example.org, 4539148803436467");
        let kinds: Vec<Kind> = found.into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, [Kind::Email, Kind::Card]);
    }
}
