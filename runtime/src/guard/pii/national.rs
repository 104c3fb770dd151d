//! National numbers of persons: by their form, their check digits or letters, and, where these alone would
//! take other numbers for one, by their name in the words around.
//!
//! In: a text. Out: the places of the numbers. US social security numbers have a kind of their own.

mod checks;
mod forms;

use super::{CARD_WORD, Kind, follows, is_named, stands_alone};
use forms::FORMS;
use regex::Regex;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

/// The places of national numbers, in order, without overlaps.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let run = bytes[at..].iter().take_while(|c| c.is_ascii_alphanumeric()).count();
        // Nothing begins with a plain word.
        let is_start = bytes[at..].iter().take(8).any(u8::is_ascii_digit);
        let end = if is_start { number_end(text, at) } else { None };
        if let Some(end) = end {
            out.push(at..end);
        }
        at = end.unwrap_or(at + run);
    }
    out
}

// The end of the national number that begins here.
fn number_end(text: &str, start: usize) -> Option<usize> {
    let mut signs = Vec::with_capacity(18);
    FORMS.iter().enumerate().find_map(|(which, form)| {
        let shapes = form.sure.iter().map(|s| (s, true)).chain(form.unsure.iter().map(|s| (s, false)));
        shapes.into_iter().find_map(|(shape, sure)| {
            let end = start + shape_end(&text[start..], shape, &mut signs)?;
            let alone = stands_alone(text, &(start..end), Kind::NationalNumber) && !is_cut(text, start..end);
            let fits = alone && (form.check)(&signs);
            (fits && (is_announced(text, start..end, which) || sure && !is_other(text, start))).then_some(end)
        })
    })
}

// `9` is a digit, `A` a letter, `X` either, `_` a space, a dash, a point or nothing; others are themselves, a space and
// a dash of any kind. What is read without signs between goes to `signs`.
fn shape_end(text: &str, shape: &str, signs: &mut Vec<u8>) -> Option<usize> {
    signs.clear();
    let mut rest = text.chars();
    for wanted in shape.chars() {
        let before = rest.clone();
        let c = rest.next();
        match (wanted, c) {
            ('9', Some(c)) if c.is_ascii_digit() => signs.push(c as u8),
            ('A', Some(c)) if c.is_ascii_alphabetic() => signs.push(c.to_ascii_uppercase() as u8),
            ('X', Some(c)) if c.is_ascii_alphanumeric() => signs.push(c.to_ascii_uppercase() as u8),
            ('_', Some(c)) if is_space(c) || super::is_dash(c) || c == '.' => {}
            ('_', _) => rest = before,
            (' ', Some(c)) if is_space(c) => {}
            ('-', Some(c)) if super::is_dash(c) => {}
            ('.' | '+' | '/', Some(c)) if c == wanted => {}
            _ => return None,
        }
    }
    Some(text.len() - rest.as_str().len())
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

// Part of a longer row of digits: `12 943 476 5919`.
fn is_cut(text: &str, at: Range<usize>) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut before = text[..at.start].chars().rev();
    let mut after = text[at.end..].chars();
    text[at.clone()].contains(is_space)
        && (before.next().is_some_and(is_space) && digit(before.next())
            || after.next().is_some_and(is_space) && digit(after.next()))
}

// Whether what stands before says that it is something else.
fn is_other(text: &str, start: usize) -> bool {
    is_named(text, start) || follows(text, start, &OTHER_NOUN) || follows(text, start, &CARD_WORD)
}

// Whether its name stands before it or right behind it, in its sentence.
fn is_announced(text: &str, at: Range<usize>, which: usize) -> bool {
    let Some(word) = word(which) else { return false };
    let start = text[..at.start].char_indices().rev().nth(70).map_or(0, |(i, _)| i);
    let before = SENTENCE_END.find_iter(&text[start..at.start]).last().map_or(start, |m| start + m.end());
    let before = &text[before..at.start];
    if let Some(last) = word.find_iter(before).last() {
        // Nothing else is named between.
        return !OTHER_NOUN.is_match(&before[last.end()..]);
    }
    let end = text[at.end..].char_indices().nth(60).map_or(text.len(), |(i, _)| at.end + i);
    let behind = &text[at.end..end];
    let near = |m: regex::Match<'_>| BRIDGE.is_match(&behind[..m.start()]);
    word.find(behind).is_some_and(near) && !is_other(text, at.start)
}

// The words of a form, which most texts have no use for.
fn word(which: usize) -> Option<&'static Regex> {
    static WORDS: [OnceLock<Regex>; FORMS.len()] = [const { OnceLock::new() }; FORMS.len()];
    let words = FORMS.get(which)?.words;
    Some(WORDS.get(which)?.get_or_init(|| {
        let pattern = format!(
            r"(?i)(?:{words})(?:[ -]?(?:patient|id|nr|no|number|num|code|card|tax|reference|ref)\b\.?)*"
        );
        Regex::new(&pattern).expect("the pattern is fixed and tested")
    }))
}

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is fixed and tested"));
    };
}

pattern!(SENTENCE_END, r"[.!?]\s+\p{Lu}|[。！？]|\n\s*\n|\n\s*[-*•]\s");
// `943 476 5919 (NHS)`, `943 476 5919 is my NHS number`.
pattern!(
    BRIDGE,
    r"(?i)^\W{0,3}(?:(?:is|as|ist|est|es|è|is|är|on|jest) )?(?:(?:my|his|her|the|your|their|our|a|an|meine|seine|ihre|die|mon|son|le|mi|su|el|il mio|la mia|o meu|mijn|het|min|mit) )?$"
);
pattern!(
    OTHER_NOUN,
    r"(?i)\b(?:phone|telephone|tel|mobile|cell|fax|call(?:ed)?|sms|whatsapp|hotline|visa|mastercard|iban|account|konto\w*|kontonummer|compte|cuenta|conto|rekening\w*|order\w*|invoice\w*|tickets?|tracking|parcel|shipment|serial|imei|ean|gtin|isbn|sku|part|item|model|product|article|case|commit|build|version|batch|lot|timestamp|transaction|booking|file (?:no|number)|document|uuid|bestell\w*|auftrag\w*|rechnung\w*|kunden\w*|telefon\w*|handy|commande|facture|pedido|factura|fatura|ordine|fattura|faktu\w*|factuur\w*|ordre\w*|tilausnumero|lasku\w*|zam[oó]wieni\w*|sipariş|encomenda|amount|total|price|seconds?|bytes|meter|until|paid|spent|budget|cost)\b|订单|注文|주문|电话|電話|전화|手机"
);

#[cfg(test)]
mod tests;
