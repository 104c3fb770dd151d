//! `pii(value)`: personal data that can be told by its shape: e-mail addresses, phone numbers, payment
//! cards, IBANs, US social security numbers, other national numbers, IP addresses and dates of birth.
//!
//! Names of persons and street addresses are looked for where `kinds` says so, by a small tagger; what only its
//! sense gives away is not found. Whatever has a check digit must pass it. `else redact` puts `[email]`, `[phone]`, `[card]`, `[iban]`, `[ssn]`,
//! `[national id]`, `[ip]` or `[date of birth]` in its place.

mod birth;
mod kind;
mod national;

pub(super) use kind::{KINDS, Kind, Kinds};

use super::phrases::replaced_by;
use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::words::is_unspaced;
use crate::{Context, RunError, sentences};
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
    params: &[VALUE, KINDS],
    returns: TypeSpec::First,
    doc: "Fails where a text holds personal data that can be told by its shape: e-mail addresses, phone numbers, payment cards, IBANs, US social security numbers, national numbers of 24 other countries, IP addresses, dates of birth. \
          `else redact` replaces each with `[email]`, `[phone]`, `[card]`, `[iban]`, `[ssn]`, `[national id]`, `[ip]` or `[date of birth]`. \
          Names and street addresses are looked for where `kinds` names them: `kinds: [\"all\"]`. \
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
        let wanted = Kinds::of(args.get(1));
        let mut found: Vec<&str> = Vec::new();
        for text in args.first().map(texts::texts).unwrap_or_default() {
            for (_, kind) in find(&text, wanted) {
                if !found.contains(&kind.shown()) {
                    found.push(kind.shown());
                }
            }
        }
        // What was found is not repeated: the reason may be logged.
        Ok(match found.split_last() {
            None => Verdict::Pass,
            Some((last, [])) => Verdict::Fail(format!("it holds {last}")),
            Some((last, rest)) => Verdict::Fail(format!("it holds {} and {last}", rest.join(", "))),
        })
    }

    fn redact(&self, args: &[Value]) -> Value {
        let wanted = Kinds::of(args.get(1));
        args.first().map(|value| texts::map(value, &|text| redacted(text, wanted))).unwrap_or_default()
    }
}

fn redacted(text: &str, wanted: Kinds) -> String {
    replaced_by(text, find(text, wanted).into_iter().map(|(at, kind)| (at, kind.placeholder())))
}

/// Each piece of personal data of these kinds, in order, without overlaps: the surer kind wins.
pub(super) fn find(text: &str, wanted: Kinds) -> Vec<(Range<usize>, Kind)> {
    let mut found = find_exact(text);
    if wanted.has(Kind::Person) || wanted.has(Kind::Address) {
        for name in flow_names::find(text, &sentences::ends(text)) {
            let at = name.start..name.end;
            if !found.iter().any(|(other, _)| at.start < other.end && other.start < at.end) {
                let kind = match name.kind {
                    flow_names::Kind::Person => Kind::Person,
                    flow_names::Kind::Address => Kind::Address,
                };
                found.push((at, kind));
            }
        }
        found.sort_by_key(|(at, _)| at.start);
    }
    found.retain(|(_, kind)| wanted.has(*kind));
    found
}

// By its shape. One kind rules out another, so that all are looked for, whichever are wanted.
fn find_exact(text: &str) -> Vec<(Range<usize>, Kind)> {
    let mut found: Vec<(Range<usize>, Kind)> = Vec::new();
    let mut add = |at: Range<usize>, kind: Kind| {
        if !found.iter().any(|(other, _)| at.start < other.end && other.start < at.end) {
            found.push((at, kind));
        }
    };
    for m in EMAIL.find_iter(text).filter(|m| !NO_EMAIL.is_match(m.as_str())) {
        add(mail_alone(m.as_str(), m.start()), Kind::Email);
    }
    let is_apart = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() && !is_unspaced(c));
    for m in IBAN_START.find_iter(text).filter(|m| is_apart(m.start())) {
        if let Some(end) = iban_end(&text[m.start()..]) {
            add(m.start()..m.start() + end, Kind::Iban);
        }
    }
    // Their checks are stricter than those of what is looked for behind them.
    for at in national::find(text) {
        add(at, Kind::NationalNumber);
    }
    for at in birth::find(text) {
        add(at, Kind::BirthDate);
    }
    for m in DIGITS.find_iter(text).filter(|m| stands_alone(text, &m.range(), Kind::Card)) {
        let announced = follows(text, m.start(), &CARD_WORD);
        if is_card(m.as_str(), announced) && (announced || !is_named(text, m.start())) {
            add(m.range(), Kind::Card);
        }
    }
    for m in SSN.find_iter(text).filter(|m| stands_alone(text, &m.range(), Kind::Ssn)) {
        let announced = follows(text, m.start(), &SSN_WORD);
        let usual = is_grouped(m.as_str());
        // `call +992 372 12 3456`
        let phone = follows(text, m.start(), &PHONE_WORD) || follows(text, m.start(), &COUNTRY_CODE);
        if is_ssn(m.as_str()) && (announced || usual && !phone && !is_named(text, m.start())) {
            add(m.range(), Kind::Ssn);
        }
    }
    // `::ffff:192.0.2.1`
    for m in IPV6_OF_IPV4.find_iter(text).filter(|m| stands_alone(text, &m.range(), Kind::Ip)) {
        if m.as_str().parse::<Ipv6Addr>().is_ok() {
            add(m.range(), Kind::Ip);
        }
    }
    for m in IPV4.find_iter(text).filter(|m| stands_alone(text, &m.range(), Kind::Ip)) {
        let address = m.as_str().parse::<Ipv4Addr>();
        let version = follows(text, m.start(), &VERSION_WORD);
        // Loopback and masks of networks are nobody's.
        let somebody = |a: Ipv4Addr| !a.is_loopback() && !a.is_unspecified() && a.octets()[0] != 255;
        if address.is_ok_and(somebody) && !version {
            add(m.range(), Kind::Ip);
        }
    }
    for m in IPV6.find_iter(text).filter(|m| stands_alone(text, &m.range(), Kind::Ip)) {
        // `It was fe80::1: no answer`.
        let shown = match m.as_str().strip_suffix(':') {
            Some(rest) if !rest.ends_with(':') => rest,
            _ => m.as_str(),
        };
        let address = shown.parse::<Ipv6Addr>();
        // `cafe::add` is a path of code.
        let digits = m.as_str().contains(|c: char| c.is_ascii_digit());
        if digits && address.is_ok_and(|a| !a.is_loopback() && !a.is_unspecified()) {
            add(m.start()..m.start() + shown.len(), Kind::Ip);
        }
    }
    for m in PHONE.find_iter(text).filter(|m| stands_alone(text, &m.range(), Kind::Phone)) {
        let rest = &text[m.end()..];
        let announced = follows(text, m.start(), &PHONE_WORD) || PHONE_KIND.is_match(rest);
        // Eight digits in a row may be a date or anything, but for what is called a phone.
        let called = follows(text, m.start(), &PHONE_ONLY) && is_eight(m.as_str());
        let named = is_named(text, m.start());
        // `515 385 Main Street` begins like a number and is an address.
        if (called || is_phone(m.as_str(), announced && !named))
            && (announced || !STREET.is_match(rest))
            && (!named || m.as_str().starts_with('+'))
        {
            // The parenthesis around a whole number is not its own.
            let open = m.as_str().starts_with('(') && !m.as_str().contains(')');
            add(m.start() + usize::from(open)..m.end(), Kind::Phone);
        }
    }
    found.sort_by_key(|(at, _)| at.start);
    found
}

fn stands_alone(text: &str, at: &Range<usize>, kind: Kind) -> bool {
    let mut earlier = text[..at.start].chars().rev();
    let before = earlier.next();
    let mut after = text[at.end..].chars();
    let next = after.next();
    let joined = |c: char| c.is_alphanumeric() && !is_unspaced(c) || matches!(c, '_' | '$' | '€' | '£');
    // `=` and `://` announce a value; a single slash is a path or a fraction.
    let goes_back = |c: char| {
        joined(c)
            || matches!(c, '.' | '+')
            || (c == '#' && kind != Kind::Card)
            || (c == '/' && !text[..at.start].ends_with("://") && !text[..at.start].ends_with("wa.me/"))
    };
    // A point or comma with a digit behind it goes on; one with a space ends the sentence. Cards have no
    // decimals: behind their comma is the next column.
    let goes_on = (next == Some('.') || next == Some(',') && kind != Kind::Card)
        && after.clone().next().is_some_and(|c| c.is_ascii_digit());
    // Part of a longer code: `123-45-6789-01`, `a716-446655440000`.
    let code_on = next.is_some_and(is_dash) && after.next().is_some_and(|c| c.is_ascii_digit());
    let code_back = before.is_some_and(is_dash)
        && earlier.take_while(|c| c.is_alphanumeric()).any(|c| c.is_ascii_digit());
    // The zone of a link: `fe80::1%eth0`.
    let share = next == Some('%') && kind != Kind::Ip;
    let part =
        matches!(kind, Kind::Card | Kind::Ssn | Kind::Phone | Kind::NationalNumber) && (code_on || code_back);
    !(goes_on || share || part || before.is_some_and(goes_back) || next.is_some_and(joined))
}

// Without the words of writing without spaces around it: `是ann@example.org。`.
fn mail_alone(found: &str, start: usize) -> Range<usize> {
    let (name, host) = found.split_once('@').unwrap_or((found, ""));
    let before = match name.trim_start_matches(is_unspaced) {
        own if !own.is_empty() && !own.contains(is_unspaced) => name.len() - own.len(),
        _ => 0,
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let behind = match last.trim_end_matches(is_unspaced) {
        own if !own.is_empty() && !own.contains(is_unspaced) => last.len() - own.len(),
        _ => 0,
    };
    start + before..start + found.len() - behind
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2013}')
}

// Whether it is said right before that the number is one of something else: `order no. 123-45-6789`.
fn is_named(text: &str, at: usize) -> bool {
    follows(text, at, &OTHER_NUMBER)
}

// Whether a telling word stands within the few words before.
fn follows(text: &str, at: usize, word: &Regex) -> bool {
    let start = text[..at].char_indices().rev().nth(40).map_or(0, |(i, _)| i);
    word.is_match(&text[start..at])
}

fn digits(text: &str) -> impl DoubleEndedIterator<Item = u32> {
    text.chars().filter_map(digit)
}

// Of the scripts that write their own: Arabic, Persian, Devanagari, Bengali, Thai, and wide Latin.
fn digit(c: char) -> Option<u32> {
    const ZEROS: [u32; 7] = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10];
    ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10))
}

// By check digit (Luhn) and issuer with the lengths that it gives out (ISO/IEC 7812), or a telling word in
// place of the issuer.
fn is_card(text: &str, announced: bool) -> bool {
    let digits: Vec<u32> = digits(text).collect();
    if !(12..=19).contains(&digits.len()) {
        return false;
    }
    let lead = |n: usize| digits[..n].iter().fold(0, |sum, d| sum * 10 + d);
    let issuer = match (lead(2), digits.len()) {
        (40..=49, 13 | 16 | 19) | (10..=19 | 34 | 37, 15) | (30 | 36 | 38 | 39, 14 | 16) | (35, 16..=19) => {
            true
        }
        (51..=55, 16) | (50 | 56..=69, _) => true,
        _ => (2221..=2720).contains(&lead(4)) && digits.len() == 16 || matches!(lead(4), 1800 | 2131),
    };
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

// `536-22-1234`, with the same sign in both places.
fn is_grouped(text: &str) -> bool {
    let mut signs = text.chars().filter(|c| digit(*c).is_none());
    matches!((signs.next(), signs.next()), (Some(one), Some(two)) if one == two)
}

fn is_ssn(text: &str) -> bool {
    if text.contains(|c| digit(c).is_none()) && !is_grouped(text) {
        return false;
    }
    let digits: Vec<u32> = digits(text).collect();
    if digits.len() != 9 {
        return false;
    }
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
            ' ' | '-' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2010}'..='\u{2013}'
                if signs.len() % 4 == 0 =>
            {
                continue;
            }
            _ => return None,
        }
        end = at + c.len_utf8();
        if signs.len() == length {
            break;
        }
    }
    let ended = !text[end..].starts_with(|c: char| c.is_alphanumeric() && !is_unspaced(c));
    let lead = 4.min(signs.len());
    signs.rotate_left(lead);
    let rest = signs.iter().fold(0u32, |rest, &sign| (rest * if sign > 9 { 100 } else { 10 } + sign) % 97);
    (signs.len() == length && ended && rest == 1).then_some(end)
}

// By its form; where the form alone could be another number, only after a telling word.
fn is_phone(text: &str, announced: bool) -> bool {
    let number = text.split(['x', 'X', 'e', 'E']).next().unwrap_or(text).trim();
    let count = digits(number).count();
    let groups: Vec<&str> = number.split(|c: char| digit(c).is_none()).filter(|g| !g.is_empty()).collect();
    let lengths: Vec<usize> = groups.iter().map(|g| g.chars().count()).collect();
    let international = number.starts_with('+') || number.starts_with("00");
    // What looks like a social security number and is none is no phone number either.
    let as_ssn = lengths.windows(3).any(|w| w == [3, 2, 4]);
    if !number.starts_with('+') && as_ssn && (!announced || number.contains(is_dash)) {
        return false;
    }
    // A place on the map: `40.7127 -74.0059`.
    if number.contains('.') && number.contains(" -") {
        return false;
    }
    if international {
        // `+683 7012`: small islands have few numbers.
        let least = if number.starts_with('+') && (announced || groups.len() > 1) { 7 } else { 8 };
        return (least..=15).contains(&count)
            && (number.starts_with('+') || groups.iter().any(|g| !g.starts_with("000")));
    }
    // A date may stand behind another number: `430 2021-07-27 09:12`.
    if !(7..=13).contains(&count)
        || is_date(&groups)
        || groups.windows(3).any(|g| g[0].len() == 4 && is_date(g))
    {
        return false;
    }
    if groups.len() == 1 {
        return announced && count >= 9;
    }
    let zero = digit(number.trim_start_matches('(').chars().next().unwrap_or(' ')) == Some(0);
    // `90 18 20-0` is answered by a desk.
    let extension = usize::from(zero && number.contains(is_dash) && lengths.last() == Some(&1));
    let middle = &lengths[1..lengths.len() - extension];
    let plausible = lengths.iter().all(|n| *n <= 8) && middle.iter().all(|n| *n >= 2);
    // `1 250 000` and `2019-2024` are numbers too.
    let thousands = lengths[0] <= 3 && lengths.iter().skip(1).all(|n| *n == 3);
    let is_year = |g: &&str| g.len() == 4 && (g.starts_with("19") || g.starts_with("20"));
    let is_past = |g: &&str| g.len() == 4 && matches!(g.parse::<u32>(), Ok(1000..2200));
    let years = match announced {
        true => groups.iter().all(is_year),
        false => groups.iter().all(is_past) || is_year(&groups[0]),
    };
    let marked =
        number.contains('(') || (zero && groups.len() > 2) || (number.contains(is_dash) && groups.len() > 2);
    // Two groups with a space between are a number's usual form only where they are 3 and 4, or 4 and 4, or
    // where they begin with a zero. A row of short numbers is a row of numbers.
    let pair = groups.len() == 2 && !marked && !zero && !matches!((lengths[0], lengths[1]), (3..=4, 4));
    let row = !marked
        && (lengths.iter().all(|n| *n == 2) || lengths == [4, 4, 4] || lengths[0] == 1 && lengths.len() < 4);
    plausible && !years && (announced || !pair && !row) && (announced || marked || !thousands)
}

fn is_eight(text: &str) -> bool {
    text.len() == 8
        && text.bytes().all(|b| b.is_ascii_digit())
        && !text.starts_with("19")
        && !text.starts_with("20")
}

fn is_date(groups: &[&str]) -> bool {
    let numbers: Vec<u32> =
        groups.iter().map(|g| digits(g).fold(0, |sum: u32, d| sum.wrapping_mul(10) + d)).collect();
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

// The names of files and of remote sources have the shape of an address too: `icon@2x.png`.
// Without upper bounds on its parts: each repetition of letters of all scripts is a machine of its own.
pattern!(
    EMAIL,
    r"[\p{L}\d_][\p{L}\d._%+'-]*@(?:[\p{L}\d][\p{L}\d-]*\.)+(?:[Xx][Nn]--[A-Za-z\d-]{2,}|\p{L}{2,})"
);
pattern!(NO_EMAIL, r"(?i)@\dx\.(?:png|jpe?g|gif|svg|webp|avif)$|^git@");
pattern!(IBAN_START, r"(?i)[a-z]{2}\d{2}[ \x{a0}\x{202f}\x{2009}\x{2010}-\x{2013}-]?[a-z0-9]{4}");
pattern!(DIGITS, r"\d(?:[ \x{a0}\x{202f}\x{2009}\x{2010}-\x{2013}.-]?\d){11,18}");
pattern!(SSN, r"\d{3}[ \x{a0}\x{2010}-\x{2013}.-]\d{2}[ \x{a0}\x{2010}-\x{2013}.-]\d{4}|\d{9}");
pattern!(
    CARD_WORD,
    r"(?i)\b(?:(?:credit|debit|payment|bank) ?card|visa|mastercard|maestro|amex|discover|cc|pan)\b|(?:^|[^\w ]|\b(?:my|the|your|a|this|his|her|with|by|new|on))\s*card(?: (?:no|nr|num|number))?[\s.:#=\x22']*$"
);
pattern!(IPV4, r"\d{1,3}(?:\.\d{1,3}){3}");
pattern!(IPV6_OF_IPV4, r"(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){1,6}:\d{1,3}(?:\.\d{1,3}){3}");
pattern!(IPV6, r"(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}");
pattern!(
    PHONE,
    r"(?:\+ ?|\()?\d(?:[ ()./\x{a0}\x{202f}\x{2009}\x{2010}-\x{2013}-]{0,3}\d){6,14}(?:,? ?(?:x|ext\.? ?)\d{1,6})?"
);
pattern!(SSN_WORD, r"(?i)\b(?:ssn|social security)\b");
pattern!(
    PHONE_ONLY,
    r"(?i)\b(?:phone|telephone|mobile|cell|cellphone|fax|whatsapp|tel[eé]fono|t[eé]l[eé]phone|telefon|handy|m[oó]vil|celular|tel\.?|my number is)\W{0,3}$"
);
pattern!(COUNTRY_CODE, r"\+\d{1,3}[ -]$");
pattern!(PHONE_KIND, r"(?i)^\W{0,3}(?:office|fax|mobile|cell|home|work)\b");
pattern!(STREET, r"^ +\p{Lu}");
pattern!(
    VERSION_WORD,
    r"(?i)(?:\b(?:v|ver|versions?|release|releases|section|sections|chapter|build|firmware|driver|clause|paragraph|figure|fig\.|table|oid|update|upgraded?|patch)|§)(?: to)?(?: ?[:=#])?\s*[\x22']?$"
);
pattern!(
    OTHER_NUMBER,
    r"(?i)\b(?:order|invoice|ticket|tracking|parcel|shipment|serial|imei|imsi|iccid|ean|gtin|upc|isbn|issn|doi|sku|part|item|model|product|catalog(?:ue)?|article|reference|ref|case|commit|build|version|batch|lot|timestamp|transaction|booking|file|document|id|uuid|vin|asin|meter|coordinates|position|range|pages?|lines?|rows?|ports?|between)(?:[ -]?(?:no|nr|num|number|numbers|id|code|is|was))*[.]?\s?[:=#]?\s?[#\x22']?$"
);
pattern!(
    PHONE_WORD,
    r"(?i)\b(?:phone|telephone|tel|call|called|calling|ring|mobile|cell|fax|reach|contact|whatsapp|sms|text|texted|phoned|rang|dial|dial+ed|hotline|number|answer(?:ing|s)?|messages?|tlf|tfn|telefon|telefono|telefone|telefoon|tel[eé]fono|t[eé]l[eé]phone|t[eé]l|handy|mobil|m[oó]vil|celular|cellulare|gsm|anruf\w*|rufen?|appelez|llame|llamar|chiama|numara|bel|тел|телефон\w*|позвоните|звоните)\b|电话|手机|電話|携帯|전화|هاتف|फ़ोन|फोन|โทร|wa\.me/"
);

#[cfg(test)]
mod cases;

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
            ("call +992 372 12 3456 or +683 7012", "call [phone] or [phone]"),
            ("Phone: 57123456", "Phone: [phone]"),
            ("my card: 122000000000003", "my card: [card]"),
            ("from ::ffff:192.0.2.1 to 64:ff9b::192.0.2.9", "from [ip] to [ip]"),
        ] {
            assert_eq!(redacted(text, Kinds::of(None)), redacted_text);
        }
    }

    #[test]
    fn names_and_addresses_are_looked_for_where_they_are_wanted() {
        let text =
            "Dear Mr. John Smith, 12 Baker Street, London: write to john@example.org. On Monday we met.";
        let named = |kinds: &[&str]| {
            let kinds = Value::List(kinds.iter().map(|kind| Value::text(*kind)).collect());
            redacted(text, Kinds::of(Some(&kinds)))
        };
        assert_eq!(redacted(text, Kinds::of(None)), text.replace("john@example.org", "[email]"));
        assert_eq!(named(&["email", "card"]), text.replace("john@example.org", "[email]"));
        let all = named(&["all"]);
        assert!(all.contains("[person]") && all.contains("[address]") && all.contains("[email]"), "{all}");
        assert!(
            !all.contains("Smith") && !all.contains("Baker") && all.ends_with("On Monday we met."),
            "{all}"
        );
        let person = named(&["person"]);
        assert!(person.contains("Baker Street") && person.contains("john@example.org"), "{person}");
        assert!(!person.contains("Smith"), "{person}");
    }

    #[test]
    fn an_address_is_replaced_whole_however_long_its_name() {
        let text = format!("{}.lee@mail.example.org is it", "ann".repeat(40));
        assert_eq!(redacted(&text, Kinds::of(None)), "[email] is it");
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
            assert_eq!(redacted(text, Kinds::of(None)), text);
        }
    }

    #[test]
    fn a_reason_names_the_kinds_and_not_the_data() {
        let found = find_exact("ann@example.org, 4539148803436467");
        let kinds: Vec<Kind> = found.into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, [Kind::Email, Kind::Card]);
    }
}
