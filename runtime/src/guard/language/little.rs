//! Little words that tell a language at once: a text with many of them is in it. Of the most used languages only;
//! whoever has none of their words here is looked at more closely, which takes longer.

use std::collections::HashSet;
use std::sync::LazyLock;
use whatlang::Lang;

/// Whether a text has so many little words of one of these languages that it can be in no other one.
pub(super) fn is_plainly(text: &str, wanted: &[Lang]) -> bool {
    let tables: Vec<&Table> = TABLES.iter().filter(|table| wanted.contains(&table.lang)).collect();
    if tables.is_empty() {
        return false;
    }
    let text = text.to_lowercase();
    let (mut all, mut known) = (0, vec![0; tables.len()]);
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        all += 1;
        for (table, count) in tables.iter().zip(&mut known) {
            *count += usize::from(table.words.contains(word));
        }
    }
    all >= LEAST && tables.iter().zip(known).any(|(table, known)| known * 100 >= all * table.percent)
}

/// How many words a text must have.
const LEAST: usize = 6;

struct Table {
    lang: Lang,
    // The share of its little words from which on a text is in the language: above what related ones have.
    percent: usize,
    words: HashSet<&'static str>,
}

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let table = |(lang, percent, words): &(Lang, usize, &'static str)| Table {
        lang: *lang,
        percent: *percent,
        words: words.split(' ').collect(),
    };
    WORDS.iter().map(table).collect()
});

#[rustfmt::skip]
const WORDS: &[(Lang, usize, &str)] = &[
    (Lang::Eng, 15, "the and that with you this are was from which would their they what your about how when there not please should if but my has been were could into than these those why where whether its our us"),
    (Lang::Deu, 15, "und ist nicht mit ein eine einen einer einem für auf auch sich wie wir sind oder zu von wird kann sie ich nach über wenn haben durch dass sein bei"),
    (Lang::Fra, 13, "les des est une dans pour vous pas avec nous cette sont être mais qui sur aux leur ces votre je elle plus par"),
    (Lang::Spa, 11, "los las el y del con una más muy pero cuando usted sus también está lo"),
    (Lang::Ita, 11, "il che è non per della sono gli alla nel anche più questo delle dei dal si"),
    (Lang::Por, 11, "não com uma os as do da em um mais você são ao dos das pelo pela"),
    (Lang::Nld, 10, "een niet voor zijn wordt deze naar ik je uw kunt worden bij door het"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_is_told_and_a_short_or_foreign_one_is_not() {
        let texts = [
            (Lang::Eng, "Could you tell me when the museum opens, and what the tickets are?"),
            (Lang::Deu, "Wir haben die Schuhe bei Ihnen gekauft, und sie sind nach drei Tagen kaputt."),
            (Lang::Fra, "Nous vous remercions pour votre message, mais cette offre est terminée."),
            (Lang::Spa, "El tren y los autobuses de la ciudad están muy llenos cuando llueve."),
            (Lang::Ita, "Il museo è chiuso, ma non per sempre: questo mese si fanno dei lavori."),
            (Lang::Por, "Você pode ver os quadros com um guia, e as crianças não pagam."),
            (Lang::Nld, "Je kunt deze schoenen niet ruilen, want ze worden voor een feest gekocht."),
        ];
        for (lang, text) in texts {
            for (other, _) in texts {
                assert_eq!(is_plainly(text, &[other]), lang == other, "{other:?}: {text}");
            }
            assert!(is_plainly(text, &[Lang::Rus, lang]));
        }
        assert!(!is_plainly("The end of this.", &[Lang::Eng]));
        assert!(!is_plainly("Kan du fortælle mig om det, for han har en bil til salg", &[Lang::Eng]));
    }
}
