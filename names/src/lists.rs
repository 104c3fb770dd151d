//! Given names, surnames, words of streets, titles, places and organisations of many countries, in
//! `lists/*.txt`: common knowledge, written down by hand, without accents and apostrophes.
//!
//! In: the hash of a word without accents. Out: the lists that hold it, as bits.

use crate::words::mix;
use std::sync::LazyLock;

/// A given name.
pub const GIVEN: u8 = 1;
/// A surname.
pub const SURNAME: u8 = 2;
/// A word of an address.
pub const STREET: u8 = 4;
/// An ordinary word.
pub const COMMON: u8 = 8;
/// A word before a name.
pub const TITLE: u8 = 16;
/// A city or country.
pub const PLACE: u8 = 32;
/// An organisation, a product or a word of its name.
pub const ORGANISATION: u8 = 64;

/// The lists with their bits.
pub const LISTS: [(&str, u8); 6] = [
    (include_str!("../lists/given.txt"), GIVEN),
    (include_str!("../lists/surnames.txt"), SURNAME),
    (include_str!("../lists/streets.txt"), STREET),
    (include_str!("../lists/titles.txt"), TITLE),
    (include_str!("../lists/places.txt"), PLACE),
    (include_str!("../lists/orgs.txt"), ORGANISATION),
];

const SLOTS: usize = 1 << 14;

// Open addressing: a hash and its lists in each slot, no lists where it is free.
static TABLE: LazyLock<Vec<(u32, u8)>> = LazyLock::new(|| {
    let mut table = vec![(0, 0); SLOTS];
    for (words, bit) in LISTS {
        for word in words.split_whitespace() {
            let hash = word.chars().fold(3, fold);
            let slot = slot(&table, hash);
            table[slot] = (hash, table[slot].1 | bit);
        }
    }
    table
});

fn slot(table: &[(u32, u8)], hash: u32) -> usize {
    let mut at = hash as usize % SLOTS;
    while table[at].1 != 0 && table[at].0 != hash {
        at = (at + 1) % SLOTS;
    }
    at
}

/// The lists that hold a word, by the hash that [`fold`] made of it.
pub fn of(folded: u32) -> u8 {
    let table = &*TABLE;
    table[slot(table, folded)].1
}

/// Adds a lower-case letter to a hash, without its accent; apostrophes and hyphens count for nothing.
pub fn fold(hash: u32, c: char) -> u32 {
    let plain = match c {
        'a'..='z' => c,
        '\'' | '’' | '-' | '\u{300}'..='\u{36f}' => return hash,
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' | 'ģ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' | 'į' => 'i',
        'ķ' => 'k',
        'ł' | 'ľ' | 'ļ' => 'l',
        'ñ' | 'ń' | 'ň' | 'ņ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ť' | 'ț' | 'ţ' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => c,
    };
    mix(hash, u32::from(plain))
}
