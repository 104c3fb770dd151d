//! What the words around a value say of it: that it is announced, held back, taken back, or not the whole.
//!
//! Words are looked for, not understood: where one of them stands, the value is refused rather than guessed.

use super::parse::folded;
use flow_plan::Type;

/// What a value is called that is no answer.
const LABELS: &str = "bad before draft example format incorrect initial input invalid not old original \
    placeholder previous previously reflection rejected request sample schema scratchpad \
    template wrong";

/// Words of a line before a value that say that it is none, or not the one.
const HELD_BACK: &str = "assuming avoid beispiel cannot case contains could default ejemplo either excluded \
    exemple guess if instead last like might never proposed rule said says sent should \
    suggested tempted typical unless unlike when would wrote yesterdays";

/// Words that stand for a value that is shown, beside the labels of one.
const EXAMPLES: &str = "beispiel ejemplo entwurf examples exemple falsch initially instance looks samples";

/// Words with which a line says what it announces, so that other words in it say nothing against that.
const GIVEN: &str = "based below following here heres hier voici";

/// Words that change what stands before them.
const CHANGED: &str = "adds also alternatively although another but correction doch edit except exception \
    hmm however incorrect instead mejor miscounted mistake nein nicht no non not oops \
    otherwise pardon perdon plus provided rather recount revised scratch should sorry \
    still though thought today unless until wait wrong yet";

/// Words with which a sentence begins that takes back what stands before it.
const TAKEN_BACK: &str = "actually hmm oops pardon perdon";

/// The same where a sign stands behind the word: `Wait, …`, and not `Wait for the answer.`
const TAKEN_BACK_ALONE: &str = "correction edit nein non sorry wait";

/// The same in more than one word, and in Chinese, where it may stand anywhere.
const PHRASES: [&str; 5] = ["hold on", "no wait", "no, wait", "on second thought", "scratch that"];
const CHINESE: [&str; 4] = ["不对", "更正", "应该", "抱歉"];

/// "For example" in Chinese.
const FOR_EXAMPLE: &str = "例如";

/// How long a sentence may be that announces something, in bytes.
const LONGEST_SENTENCE: usize = 400;

/// How much is looked at of what stands around a value, in bytes.
pub(super) const LONGEST: usize = 16 * 1024;

/// Whether a word, folded, is what a value is called that is no answer.
pub(super) fn is_label(word: &str) -> bool {
    is_in(LABELS, word)
}

/// Whether what stands before fields on lines of their own says that they are no answer. In a sentence that
/// has ended, less is looked for.
pub(super) fn holds_back(before: &str) -> bool {
    let line = before.trim_end().lines().next_back().unwrap_or_default();
    let line = line.trim_end_matches(['*', '_', ' ']);
    let is_ended = line.ends_with(['.', '!']);
    let line = last_sentence(line.trim_end_matches(['.', '!']));
    if line.len() > LONGEST_SENTENCE {
        return true;
    }
    let is_given = has(line, |word| is_in(GIVEN, word));
    let is_shown = has(line, |word| is_in(EXAMPLES, word) || (is_ended || !is_given) && is_label(word));
    let is_denied = has_denial(line) || line.contains(FOR_EXAMPLE);
    is_shown || is_denied || !is_ended && has(line, |word| is_in(HELD_BACK, word))
}

/// Whether a line says of the one behind it that it is no answer: `Definitely not:`, `Wrong answer:`.
pub(super) fn denies_next(line: &str) -> bool {
    let line = last_sentence(line.trim_end_matches(['*', '_', ' ']));
    let is_open = !line.ends_with(['.', '!', '?']);
    let is_shown = || has(line, |word| is_in(EXAMPLES, word) || is_label(word) || word == "if");
    is_open && line.len() <= LONGEST_SENTENCE && (has_denial(line) || line.ends_with(':') && is_shown())
}

/// Whether what stands before bullets announces them, with a colon. Behind other words it must say so.
pub(super) fn announces_list(before: &str, item: &Type) -> bool {
    const DENIED: &str = "absent alternatives candidates considered could decided discarded dropped either \
        examples excluded far first how instance left need omitted removed ruled samples \
        skipped some why";
    const OPTIONS: &str = "choose one options possible";
    const LISTS: &str = "answer answers below extracted final following found here identified list output \
        result results these";
    let before = before.trim();
    let line = before.lines().next_back().unwrap_or_default().trim_end_matches(['*', '_', ' ']);
    let clause = last_sentence(line);
    if clause.len() > LONGEST_SENTENCE {
        return false;
    }
    let is_alone = clause.len() == before.trim_end_matches(['*', '_', ' ']).len();
    let is_given = has(clause, |word| is_in(GIVEN, word));
    let is_enum = matches!(item.present(), Type::Enum(_));
    let is_denied = has(clause, |word| {
        is_in(DENIED, word) && !(is_given && word == "could")
            || is_enum && is_in(OPTIONS, word)
            || is_label(word) && !(is_given && word != "example")
    });
    let says = is_alone || has(clause, |word| is_in(LISTS, word));
    line.ends_with([':', '：']) && says && !is_denied && !has_denial(clause)
}

/// Whether what stands behind a value is no part of it, and does not say that there is more:
/// `Let me know if you need anything else.`
pub(super) fn is_farewell(behind: &str) -> bool {
    const STARTS: [&str; 9] = [
        "let me know",
        "please let me know",
        "i hope this",
        "i hope that",
        "hope this",
        "hope that",
        "feel free",
        "if you need",
        "is there anything",
    ];
    const MORE: &str = "add all continue go next other others own real remaining rest should";
    let text = behind.trim();
    let starts = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let is_one = !text.contains('\n') && text.len() <= 120;
    is_one && STARTS.into_iter().any(starts) && !has(text, |word| is_in(MORE, word)) && !has_denial(text)
}

/// Whether words behind fields say nothing that could change them: sentences without a number, a question or a
/// word such as `but`.
pub(super) fn is_quiet(behind: &str) -> bool {
    let text = behind.trim();
    let is_sentence = text.starts_with(char::is_uppercase);
    let is_changed = text.contains(|c: char| c.is_numeric() || c == '?')
        || has(text, |word| is_in(CHANGED, word))
        || has_denial(text);
    text.is_empty() || is_sentence && !is_changed && !is_taken_back(text)
}

/// Whether a sentence behind a value takes it back: `Wait, it is 9.`
pub(super) fn is_taken_back(behind: &str) -> bool {
    let behind = &behind[..behind.floor_char_boundary(LONGEST)];
    let begins = |sentence: &str| {
        let sentence = sentence.trim_start_matches([' ', '-', '*', '(']);
        let starts = |phrase: &&str| {
            sentence.get(..phrase.len()).is_some_and(|start| start.eq_ignore_ascii_case(phrase))
        };
        let (word, rest) =
            sentence.split_at(sentence.find(|c: char| !c.is_alphabetic()).unwrap_or(sentence.len()));
        let (word, rest) = (folded(word), rest.trim_start());
        let has_sign = rest.is_empty() || rest.starts_with([',', ':', '-', '–', '—']);
        is_in(TAKEN_BACK, &word) || has_sign && is_in(TAKEN_BACK_ALONE, &word) || PHRASES.iter().any(starts)
    };
    let is_thought = ["<think", "<thought", "<reasoning>", "<scratchpad>"];
    behind.split(['.', '!', '?', '\n']).any(begins)
        || CHINESE.iter().any(|sign| behind.contains(sign))
        || is_thought.iter().any(|tag| behind.contains(tag))
}

/// Whether what is announced right before a value is another than the answer: `Draft 1:`, `For instance:`,
/// `If the parcel is lost:`.
pub(super) fn announces_other(label: &str) -> bool {
    let is_short = label.split_whitespace().count() <= 4;
    let is_given = has(label, |word| is_in(GIVEN, word) || word == "json");
    let starts = |word: &str| matches!(word, "assuming" | "if" | "when");
    let is_condition = label.split_whitespace().next().is_some_and(|word| starts(&folded(word)));
    // `Action Input:` announces the input of an action, `On reflection:` an answer.
    let may_be_one = |word: &str| matches!(word, "format" | "input" | "reflection" | "request" | "schema");
    let is_one = label.split_whitespace().count() == 1;
    let is_other = is_short
        && has(label, |word| is_in(EXAMPLES, word) || is_label(word) && (is_one || !may_be_one(word)));
    label.contains(FOR_EXAMPLE) || !is_given && (is_condition || is_other)
}

/// Whether words behind a list say that it is not all.
pub(super) fn counts_more(behind: &str) -> bool {
    let behind = &behind[..behind.floor_char_boundary(LONGEST)];
    let is_left_out = |word: &str| matches!(word, "omitted" | "truncated" | "continued" | "brevity");
    let words: Vec<&str> =
        behind.split_whitespace().map(|word| word.trim_matches(['(', ')', '.', ','])).collect();
    let is_counted = |pair: &[&str]| pair[1] == "more" && pair[0].bytes().all(|b| b.is_ascii_digit());
    has(behind, is_left_out) || words.windows(2).any(is_counted)
}

/// Whether words say that there is no answer, or ask for what is needed for one.
pub(super) fn is_refusal(text: &str) -> bool {
    const WORDS: &str = "access cannot cant paste provide schicken schick sorry unable";
    has(text, |word| is_in(WORDS, word))
}

fn last_sentence(line: &str) -> &str {
    [". ", "! ", "? "]
        .iter()
        .filter_map(|sign| line.rsplit_once(sign))
        .map(|(_, last)| last)
        .min_by_key(|s| s.len())
        .unwrap_or(line)
}

// Whether a word is one of a list of words with spaces between.
fn is_in(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

fn has(text: &str, is: impl Fn(&str) -> bool) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
    // No word that is looked for is longer.
    text.split(|c| !is_part(c)).any(|word| (1..=32).contains(&word.len()) && is(&folded(word)))
}

// `isn't`, `not` and the like.
fn has_denial(text: &str) -> bool {
    text.contains("n't")
        || text.contains("n’t")
        || has(text, |word| matches!(word, "not" | "never" | "nicht" | "dont"))
}
