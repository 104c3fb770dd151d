//! What is seen of a word and its neighbours, each feature as a bucket of the model's table.

use crate::lists::{COMMON, GIVEN, SURNAME};
use crate::words::{Word, class, mix};

/// How many buckets the table has.
pub const BUCKETS: usize = 64_512;

/// From this template on, features see the lists.
pub const OF_LISTS: u32 = 32;

/// Up to this template, features see the letters of the word itself.
pub const OF_LETTERS: u32 = 8;

/// How a sentence is written: 0 as usual, 1 mostly with capitals, as headings are.
pub fn manner(words: &[Word]) -> u32 {
    let (mut capitalised, mut lower) = (0, 0);
    for word in words {
        match word.class {
            class::CAPITALISED | class::UPPER | class::MIXED => capitalised += 1,
            class::LOWER => lower += 1,
            _ => {}
        }
    }
    u32::from(capitalised > 3 && capitalised > 2 * lower)
}

/// Calls `see` with the template and the bucket of each feature of the word at `i`.
#[inline]
pub fn each(words: &[Word], i: usize, manner: u32, mut see: impl FnMut(u32, usize)) {
    let mut add = |template: u32, value: u32| {
        let hash = mix(template + 101, value);
        see(template, ((u64::from(hash) * BUCKETS as u64) >> 32) as usize);
    };
    let none = Word::default();
    let near = |by: isize| i.checked_add_signed(by).and_then(|at| words.get(at)).unwrap_or(&none);
    let (before2, before, word, after, after2) = (near(-2), near(-1), &words[i], near(1), near(2));
    let class = u32::from(word.class);
    let pair = |a: u8, b: u8| u32::from(a) << 8 | u32::from(b);
    // A capital at the start of a sentence or a line says little.
    let first = matches!(before.class, 0 | class::LINE) || before.class == class::SIGN && before2.class == 0;
    let look = class | u32::from(first) << 4 | manner << 5;

    add(1, word.lower);
    for n in 0..3 {
        if word.heads[n] != 0 {
            add(2 + n as u32, word.heads[n]);
            add(5 + n as u32, word.tails[n]);
        }
    }
    add(9, look);
    add(10, word.shape);
    add(11, before.lower);
    add(12, after.lower);
    add(13, before2.lower);
    add(14, after2.lower);
    add(15, mix(before.lower, look));
    add(16, mix(after.lower, look));
    add(17, mix(mix(before2.lower, before.lower), class));
    add(18, pair(before.class, word.class) << 8 | u32::from(after.class));
    add(19, mix(before.shape, word.shape));
    add(20, mix(word.shape, after.shape));
    add(21, pair(before2.class, before.class) << 16 | pair(word.class, after.class));

    // `Mr. Lee`, `"Lee`: the word before, whatever sign is between.
    let heard = if before.class == class::SIGN { before2 } else { before };
    add(22, mix(heard.lower, look));

    let lists = word.lists;
    add(OF_LISTS, u32::from(lists) << 8 | look);
    add(OF_LISTS + 1, pair(before.lists, word.class) << 8 | u32::from(before.class));
    add(OF_LISTS + 2, pair(after.lists, word.class) << 8 | u32::from(after.class));
    add(OF_LISTS + 3, pair(before.lists, lists) << 8 | look);
    add(OF_LISTS + 4, pair(lists, after.lists) << 8 | look);
    let named = |w: &Word| u32::from(w.lists & (GIVEN | SURNAME | COMMON)) << 4 | u32::from(w.class);
    add(OF_LISTS + 5, named(before) << 16 | named(word) << 8 | named(after));
    add(OF_LISTS + 6, pair(after2.lists, word.class));
    add(OF_LISTS + 8, pair(heard.lists, lists) << 8 | look);
    add(OF_LISTS + 7, pair(before2.lists, word.class));
}
