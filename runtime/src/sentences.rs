//! Sentences: where one ends, and the next one is known to begin. `Call Dr.` may go on with a name, `555.` with
//! more of a number, and a line with the next one: in doubt a sentence goes on.

use crate::words;

/// Where the last whole sentence of a text ends, and the next one is known to begin.
pub(crate) fn end(text: &str) -> Option<usize> {
    ends(text).last().copied()
}

/// Where each whole sentence ends, and the next one is known to begin.
pub(crate) fn ends(text: &str) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::new();
    // Up to where the words before a gap go, and whether they end like a sentence.
    let (mut words, mut stop) = (0, None);
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if c.is_whitespace() {
            continue;
        }
        let gap = &text[words..at];
        if !gap.is_empty() && begins(&text[ends.last().copied().unwrap_or(0)..words], stop, gap, &text[at..])
        {
            ends.push(at);
        }
        stop = match c {
            '.' | '!' | '?' | '…' | ':' => Some(c),
            c if is_full_stop(c) => Some(c),
            c if is_closing(c) && gap.is_empty() => stop,
            _ => None,
        };
        if stop.is_some_and(is_full_stop) {
            ends.push(end);
        }
        words = end;
    }
    // A blank line ends what stands before it, whatever comes.
    let rest = &text[words..];
    if rest.matches('\n').count() > 1 {
        ends.push(text.len());
    }
    ends
}

// Whether a sentence begins at `next`, behind a gap of white space.
fn begins(before: &str, stop: Option<char>, gap: &str, next: &str) -> bool {
    let lines = gap.matches('\n').count();
    if lines > 1 || stop.is_some_and(is_full_stop) {
        return true;
    }
    let first = next.chars().next().unwrap_or(' ');
    // A number may go on: `030. 901820`.
    let in_number = first == '(' && before.trim_end_matches('.').ends_with(|c: char| c.is_ascii_digit());
    let goes_on = first.is_lowercase() || first.is_numeric() || in_number;
    match stop {
        _ if lines == 1 && begins_block(next) => true,
        Some(':') => lines == 1,
        Some('.') => !goes_on && !is_abbreviated(before),
        Some(_) => !goes_on,
        None => false,
    }
}

// What ends a sentence by itself, in scripts that need no space behind it.
fn is_full_stop(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡' | '।' | '॥' | '؟' | '۔' | '։' | '።' | '။' | '។')
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '»' | '”' | '’' | '“' | '」' | '』' | '）' | '】' | '*' | '_')
}

// A heading, an item of a list, a row of a table, a quote, a fence: known by its first signs.
fn begins_block(line: &str) -> bool {
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with(['#', '|', '>', '•'])
        || ["- ", "* ", "+ ", "```"].iter().any(|mark| line.starts_with(mark))
        || numbered.len() < line.len() && (numbered.starts_with(". ") || numbered.starts_with(") "))
}

// Whether the point at the end of a text may be that of a shortened word.
fn is_abbreviated(text: &str) -> bool {
    let Some(text) = text.strip_suffix('.') else { return false };
    let text = text.trim_end_matches('.');
    let word = text.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"')).next().unwrap_or_default();
    // `U.S`, `z.B`, `p.m`, `г`.
    let letter = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    let dotted = word.contains('.') && word.split('.').all(|part| part.chars().count() <= 2);
    letter || dotted || words::is_abbreviation(text) || SHORTENED.contains(&word.to_lowercase().as_str())
}

// What a name, a number or an address comes behind.
const SHORTENED: [&str; 40] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "núm", "tel", "tél", "ph", "mob", "fax", "ext", "str",
    "av", "ave", "blvd", "rd", "bd", "apt", "jr", "sr", "sra", "mme", "mlle", "hr", "fr", "gen", "col",
    "capt", "sgt", "rev", "hon", "fig", "vol", "acct", "ул", "тел",
];

#[cfg(test)]
mod tests {
    use super::end;

    #[test]
    fn a_sentence_ends_where_the_next_one_begins() {
        for (text, told) in [
            ("It costs 12.50 dollars", ""),
            ("It costs 12.50 dollars.", ""),
            ("It costs 12.50 dollars. Write to a", "It costs 12.50 dollars. "),
            ("He said \"no.\" Then he", "He said \"no.\" "),
            ("- one\n- tw", "- one\n"),
            ("好的。请", "好的。"),
            ("One. Two! Three", "One. Two! "),
            ("ada@example.org", ""),
        ] {
            assert_eq!(end(text).map_or("", |at| &text[..at]), told);
        }
    }

    // Each text is given sign by sign, and cut where its sentences end: nothing is told in between.
    #[test]
    fn no_part_of_a_sentence_is_told() {
        for sentences in [
            // Abbreviations, initials, numbers.
            &["Call Dr. Smith at St. Mary's, Tel. 030 901820. ", "He knows."][..],
            &["Ask J. R. Ewing, e.g. by mail. ", "Good luck!"],
            &["Der Preis gilt z.B. für Hr. Maier, d.h. ab 9 Uhr. ", "Mehr nicht."],
            &["Son n° est le 01. 42. 68. 53. 00, tél. privé. ", "Merci."],
            &["It opens at 9 a.m. on weekdays. ", "It closes at 5."],
            &["Dial 555. 010 4477 or wait. ", "Bye."],
            &["In the U.S. Army he was Col. Ray. ", "Since 1999."],
            &["Ask Yahoo! in doubt, or whom? me. ", "So."],
            &["Well... maybe. ", "Or not…"],
            // Other scripts.
            &["好的。", "他说：“可以！", "”我走了"],
            &["これは鍵です。", "どうぞ！", "ありがとう"],
            &["यह मेरा नंबर है।", " धन्यवाद।"],
            &["هل تعرف رقمه؟", " نعم، أعرفه. ", "شكرا"],
            &["یہ میرا پتہ ہے۔", " شکریہ"],
            &["Сообщение для г. Иванова, ул. Мира, тел. 12-34. ", "Готово."],
            &["สวัสดีครับ ผมชื่อแดง โทร 02 123 4567"],
            &["Ես գիտեմ։", " Լավ"],
            // No punctuation, lines that are wrapped, lists, code.
            &["my number is 555 010 4477 and hers is 555 010 4478"],
            &["Ignore all previous\ninstructions and the\nrules above. ", "Thanks."],
            &["## Title\n\n", "A first line\nthat goes on.\n\n", "- one\n", "- two\n", "1. three"],
            &["Run this:\n", "```\nexport KEY=abc\ncurl -u a:b x\n", "```\n\n", "Done."],
            &["fn main() {\n    let key = \"a. b\";\n}\n\n", "fn other() {}"],
            &["**Bold.** ", "*Then* more. ", "\"Quoted.\" ", "(Aside.) ", "End"],
        ] {
            let text = sentences.concat();
            let ends: Vec<usize> = (0..=sentences.len()).map(|n| sentences[..n].concat().len()).collect();
            let mut looked = 0;
            for (at, c) in text.char_indices() {
                let so_far = &text[looked..at + c.len_utf8()];
                looked += end(so_far).unwrap_or(0);
                assert!(ends.contains(&looked), "{:?} is told", &text[..looked]);
            }
            // And they are told before the text is whole: all but the last, or but that and a full stop.
            assert!(looked >= ends[sentences.len() - 1], "only {:?} is told", &text[..looked]);
        }
    }
}
