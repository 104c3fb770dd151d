//! Dates of birth: a date right behind words that say whose day it is.
//!
//! In: a text. Out: the places of the dates, without those words. A year alone is left.

use super::{Range, Regex};
use std::sync::LazyLock;

/// The places of dates of birth, in order.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    if !HINT.is_match(text) {
        return Vec::new();
    }
    WORD.find_iter(text)
        .filter_map(|word| {
            let rest = &text[word.end()..];
            let m = DATE.captures(rest)?.get(1)?;
            let goes_on = rest[m.end()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
            (!goes_on && is_date(m.as_str())).then(|| word.end() + m.start()..word.end() + m.end())
        })
        .collect()
}

// Whether a day and a month can be so, in either order, or the year first.
fn is_date(text: &str) -> bool {
    let numbers: Vec<u32> =
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    let day = |n: u32| (1..=31).contains(&n);
    let year = |n: u32| n < 100 || (1850..2100).contains(&n);
    match numbers[..] {
        [y, m, d] if y > 31 => year(y) && (1..=12).contains(&m) && day(d),
        [a, b, y] => day(a) && day(b) && a.min(b) <= 12 && year(y),
        // The month is a word.
        [d, y] => day(d) && year(y),
        [d] => day(d),
        _ => false,
    }
}

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is fixed and tested"));
    };
}

// One of these stands in every wording: literals, which are found at once.
pattern!(
    HINT,
    r"[Bb]orn|BORN|[Bb]irth|BIRTH|[Dd]ob|DOB|[Dd]\.[Oo]\.[Bb]|[Gg]eb[ou.]|GEB|[Nn]ée?|NÉ|[Nn]aissance|NAISSANCE|[Nn]aci|NACI|[Nn]at[oa]|NAT[OA]|[Nn]asci|NASCI"
);
pattern!(
    WORD,
    r"(?i)\b(?:born(?: in [^0-9\n.;:]{2,30}?)?(?: on)?|date[ _-]?of[ _-]?birth|birth[ _-]?(?:date|day)|dob\b|d\.o\.b\.?|geb(?:oren|\.)(?: in [^0-9\n.;:]{2,30}?)?(?: am| op)?|geburts(?:datum|tag)|né(?:\(e\)|e)?(?: à [^0-9\n.;:]{2,30}?)? le|date de naissance|fecha de nacimiento|nacid[oa](?: en [^0-9\n.;:]{2,30}?)? el|nat[oa](?: a [^0-9\n.;:]{2,30}?)? il|data di nascita|geboortedatum|nascid[oa](?: em [^0-9\n.;:]{2,30}?)?(?: em| a)|data de nascimento)"
);
// `12.03.1980`, `1980-03-12`, `3/12/80`, `12 March 1980`, `March 12th, 1980`, `1er mars 1980`, `12 de marzo de 1980`.
pattern!(
    DATE,
    r#"(?ix)^(?:\s*\(?(?:dd|mm|tt|jj|gg|aa)[^)\n]{0,12}\))?["'*_`]{0,3}\s*(?:[:=]|is|was|on|ist|war|est|es|è|é)?\s*["'*_`]{0,3}\s*(?:am|le|el|il|op|em|the|den)?\s*
    ( (?:18|19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}
    | \d{1,2}\ ?[-/.]\ ?\d{1,2}\ ?[-/.]\ ?(?:(?:18|19|20)\d\d|\d\d)
    | \d{1,2}(?:st|nd|rd|th|er|\.|º|°)?[\ -](?:of\ |de\ )?(?:jan(?:uary|uar|vier|uari|eiro)?|jänner|janv|ene(?:ro)?|gen(?:naio)?|feb(?:ruary|ruar|rero|braio|ruari)?|févr?(?:ier)?|fev(?:ereiro)?|mar(?:ch|s|zo|ço)?|märz|maart|mrt|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|may|mai|mayo|maggio|mag|mei|maio|jun(?:e|i|io|ho)?|juin|giu(?:gno)?|jul(?:y|i|io|ho)?|juil(?:let)?|lug(?:lio)?|aug(?:ust|ustus)?|août|ago(?:sto)?|sept?(?:ember|embre|tembre|iembre)?|set(?:tembre|embro|iembre)?|o[ck]t(?:ober|obre|ubre)?|ott(?:obre)?|out(?:ubro)?|nov(?:ember|embre|iembre|embro)?|de[cz](?:ember|embro)?|déc(?:embre)?|dic(?:embre|iembre)?)\.?(?:,?[\ -](?:de\ |del\ )?(?:18|19|20)\d\d)
    | (?:jan(?:uary|uar|vier|uari|eiro)?|jänner|janv|ene(?:ro)?|gen(?:naio)?|feb(?:ruary|ruar|rero|braio|ruari)?|févr?(?:ier)?|fev(?:ereiro)?|mar(?:ch|s|zo|ço)?|märz|maart|mrt|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|may|mai|mayo|maggio|mag|mei|maio|jun(?:e|i|io|ho)?|juin|giu(?:gno)?|jul(?:y|i|io|ho)?|juil(?:let)?|lug(?:lio)?|aug(?:ust|ustus)?|août|ago(?:sto)?|sept?(?:ember|embre|tembre|iembre)?|set(?:tembre|embro|iembre)?|o[ck]t(?:ober|obre|ubre)?|ott(?:obre)?|out(?:ubro)?|nov(?:ember|embre|iembre|embro)?|de[cz](?:ember|embro)?|déc(?:embre)?|dic(?:embre|iembre)?)\.?\ \d{1,2}(?:st|nd|rd|th)?,?\ (?:18|19|20)\d\d
    )"#
);
