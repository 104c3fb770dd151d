//! Names of an enum as models say them: in another case, with their description, in a sentence.

use crate::output::parse::folded;
use ecow::EcoString;
use flow_plan::{EnumType, Variant};

/// The variant that a text is: its name, also in another form (`Not Spam` for `not_spam`), what stands
/// in its doc, or both.
pub(in crate::output) fn variant(e: &EnumType, text: &str) -> Option<String> {
    let name = |v: &EcoString| v.to_string();
    if let Some(v) = e.variants.iter().find(|v| v.name == text) {
        return Some(name(&v.name));
    }
    if is_struck(text) {
        return None;
    }
    let text = text.trim_matches(|c: char| c.is_whitespace() || "*_`'\"“”‘’.!#:()[]<>".contains(c));
    if let Some(v) = e.variants.iter().find(|v| v.name == text) {
        return Some(name(&v.name));
    }
    let wanted = folded(text);
    if wanted.is_empty() {
        return None;
    }
    let is_described = |v: &&Variant| {
        let rest = wanted.strip_prefix(&folded(&v.name));
        !v.doc.is_empty() && rest.is_some_and(|rest| rest == folded(&v.doc))
    };
    only(e.variants.iter().filter(|v| folded(&v.name) == wanted))
        .or_else(|| only(e.variants.iter().filter(|v| folded(&v.doc) == wanted)))
        .or_else(|| only(e.variants.iter().filter(is_described)))
        .map(|v| name(&v.name))
}

// Signs that take a name back, or ask for it: `!spam`, `~~spam~~`, `spam?`.
fn is_struck(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || "*_`'\"“”‘’.#:()[]<>".contains(c));
    let is_crossed =
        text.contains(['❌', '🚫', '✗', '✘', '⛔']) || text.contains("不是") || text.contains("并非");
    is_crossed || text.starts_with(['!', '¬', '~', '≠']) || text.ends_with('?') || text.contains("~~")
}

/// The variant that a sentence names: the only one, and not denied.
pub(in crate::output) fn variant_in(e: &EnumType, text: &str) -> Option<String> {
    // A question states nothing.
    if text.contains(['?', '~', '¬', '≠']) || text.contains("e.g.") || is_struck(text) {
        return None;
    }
    let words = words(text);
    let found = mentions(e, &words);
    let first = found.first()?;
    if found.iter().any(|m| is_denied(&words, m)) {
        return None;
    }
    if found.iter().all(|m| m.variant == first.variant) {
        return is_said(&words, first, found.len()).then(|| e.variants[first.variant].name.to_string());
    }
    // A name in its own capitals is one; the same letters in small ones may be an ordinary word.
    let mut exact = found.iter().filter(|m| m.is_exact && has_capitals(&e.variants[m.variant].name));
    let best = exact.next()?;
    let is_only = exact.all(|m| m.variant == best.variant);
    let others_small = found.iter().all(|m| m.variant == best.variant || (!m.is_exact && m.is_small));
    (is_only && others_small).then(|| e.variants[best.variant].name.to_string())
}

/// The variants that a text names, wherever.
pub(in crate::output) fn names_in<'e>(e: &'e EnumType, text: &str) -> impl Iterator<Item = &'e str> {
    mentions(e, &words(text)).into_iter().map(|m| &*e.variants[m.variant].name)
}

// What the variants may be called in a sentence: by their names, and by a doc of a few words.
fn said_as(e: &EnumType) -> Vec<(String, usize)> {
    let few = |doc: &&str| doc.split_whitespace().count() <= 3;
    let all = e.variants.iter().enumerate().flat_map(|(at, v)| {
        let doc = Some(&*v.doc).filter(few);
        [Some(&*v.name), doc].into_iter().flatten().map(move |text| (folded(text), at))
    });
    all.filter(|(name, _)| !name.is_empty()).collect()
}

struct Mention {
    variant: usize,
    /// The words it stands on.
    from: usize,
    to: usize,
    /// Whether it is written as in the program.
    is_exact: bool,
    /// Whether it is written in small letters.
    is_small: bool,
}

// The names that stand in the words; where several do at one place, the longest.
fn mentions(e: &EnumType, words: &[Word<'_>]) -> Vec<Mention> {
    let names = said_as(e);
    let longest = names.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut out = Vec::new();
    let mut from = 0;
    while from < words.len() {
        let mut best: Option<Mention> = None;
        let mut joined = String::new();
        for to in from..words.len().min(from + 8) {
            if to > from && words[to].is_new_clause {
                break;
            }
            joined.push_str(&words[to].folded);
            if joined.len() > longest * 4 {
                break;
            }
            if let Some((_, variant)) = names.iter().find(|(name, _)| *name == joined) {
                let variant = *variant;
                let is_only = names.iter().all(|(name, of)| *name != joined || *of == variant);
                let text = words[from..=to].iter().map(|w| w.text).collect::<Vec<_>>();
                let is_exact = text.len() == 1 && e.variants[variant].name == text[0];
                let is_small = text.iter().all(|t| !has_capitals(t));
                if is_only || is_exact {
                    best = Some(Mention { variant, from, to: to + 1, is_exact, is_small });
                }
            }
        }
        match best {
            Some(mention) => {
                from = mention.to;
                out.push(mention);
            }
            None => from += 1,
        }
    }
    out
}

// Whether a word before the name takes it back.
fn is_denied(words: &[Word<'_>], mention: &Mention) -> bool {
    const NO: &[&str] = &[
        "not", "no", "never", "neither", "nor", "isnt", "isn", "wasnt", "arent", "aren", "doesnt", "doesn",
        "dont", "don", "without", "than", "cannot", "cant", "wouldnt", "unlike", "hardly", "if", "unless",
        "either", "or", "maybe", "perhaps", "possibly", "might", "could", "versus", "vs", "between",
        "instead", "opposite", "non", "except", "rather", "rule", "exclude", "excluded", "unable", "need",
        "unclear", "unsure", "far", "anything", "nothing", "nobody", "nowhere", "barely", "scarcely",
        "hesitate", "fail", "fails", "failed", "refuse", "refused", "lack", "lacks", "lacking", "false",
        "less", "least", "above", "below", "un", "anti", "example", "sample", "ignore", "nicht", "kein",
        "keine", "pas", "nao", "unlikely", "rules", "ruled", "avoid", "stop", "forget", "mistook", "tempted",
        "supposed", "niemals", "andere", "guere", "loin", "sauf", "menos", "tampoco", "excepto", "ni",
        "geen", "не", "wenn",
    ];
    const WHEN: &[&str] = &["if", "unless", "whether", "or"];
    let before = words[..mention.from].iter().rev();
    let is_denied = before.clone().take(6).any(|w| NO.contains(&w.folded.as_str()));
    const AFTER: &[&str] =
        &["not", "isnt", "opposite", "wrong", "incorrect", "excluded", "unlikely", "would", "first"];
    let after = words[mention.to..].iter().take_while(|w| !w.is_new_clause).take(5);
    let is_taken_back = after.clone().any(|w| AFTER.contains(&w.folded.as_str()));
    // `I don't think that all of this is positive.`
    let clause = words[..mention.from].iter().rev().scan(false, |ended, w| {
        let is_in = !std::mem::replace(ended, w.is_new_clause);
        is_in.then_some(w.folded.as_str())
    });
    const DOUBT: &[&str] = &["dont", "doubt", "wouldnt", "cant", "cannot"];
    let is_doubted = clause.take(40).any(|w| DOUBT.contains(&w));
    // `Positive: false`, `Positive - no`, and `Positive, but that would be wrong`.
    let rest: Vec<&str> = words[mention.to..].iter().take(40).map(|w| w.folded.as_str()).collect();
    let is_answered = matches!(rest[..], ["no" | "false" | "0"]);
    let is_wrong = rest.windows(3).any(|w| {
        matches!(w, ["that" | "this" | "it", "is" | "was", "wrong" | "incorrect"])
            || matches!(w, ["would", "be", "wrong" | "incorrect"])
    });
    let is_open = before.take(40).chain(after.take(2)).any(|w| WHEN.contains(&w.folded.as_str()));
    is_denied || is_taken_back || is_doubted || is_answered || is_wrong || is_open
}

// Whether the sentence says so, and does not just use the word. Short ones do; in longer ones the name
// stands at the start before a sign, behind `is` or a colon, in emphasis, or at the end.
fn is_said(words: &[Word<'_>], mention: &Mention, times: usize) -> bool {
    const SAYS: &[&str] = &[
        "is",
        "as",
        "answer",
        "category",
        "label",
        "class",
        "classification",
        "sentiment",
        "choose",
        "chose",
        "pick",
        "select",
        "selected",
        "be",
        "result",
        "output",
        "value",
        "verdict",
        "say",
        "was",
    ];
    let before = words[..mention.from].iter().rev().take(3);
    let says = before.clone().any(|w| SAYS.contains(&w.folded.as_str()));
    let is_marked = words[mention.from].is_marked;
    let at_start = mention.from == 0 && words.get(mention.to).is_none_or(|w| w.is_new_clause);
    let at_end = mention.to == words.len();
    words.len() <= 4 && times == 1 || says || is_marked || at_start || at_end
}

struct Word<'t> {
    text: &'t str,
    folded: String,
    /// Whether a sign that divides stands before it: a colon, a dash, a stop, a line break.
    is_new_clause: bool,
    /// Whether it is in emphasis, quotes or backticks.
    is_marked: bool,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut out: Vec<Word<'_>> = Vec::new();
    let mut end = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if !is_part(c) {
            continue;
        }
        let mut stop = start + c.len_utf8();
        while let Some((at, c)) = rest.next_if(|(at, c)| {
            // An apostrophe inside a word belongs to it.
            is_part(*c)
                || (matches!(c, '\'' | '’') && text[at + c.len_utf8()..].starts_with(char::is_alphabetic))
        }) {
            stop = at + c.len_utf8();
        }
        let (start, stop) = (start, stop);
        let gap = &text[end..start];
        let word = text[start..stop].trim_matches('_');
        out.push(Word {
            text: word,
            folded: folded(word),
            // A dot inside a name divides nothing.
            is_new_clause: gap.contains([':', ';', ',', '!', '?', '\n', '(', ')', '—', '–', '/', '|'])
                || gap.contains('.') && gap != "."
                || gap.contains(" - "),
            is_marked: gap.ends_with(['*', '`', '"', '“', '\'', '_']) || text[start..stop].starts_with('_'),
        });
        end = stop;
    }
    out
}

fn has_capitals(text: &str) -> bool {
    text.chars().any(char::is_uppercase)
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> EnumType {
        let variants = names.iter().map(|n| Variant { name: (*n).into(), doc: "".into() }).collect();
        EnumType { name: "Kind".into(), doc: "".into(), variants }
    }

    #[test]
    fn a_sentence_names_one_or_none() {
        let mood = of(&["Positive", "Negative", "Neutral"]);
        for (text, name) in [
            ("The sentiment is Positive.", Some("Positive")),
            ("POSITIVE: because they like it", Some("Positive")),
            ("positive - they like it", Some("Positive")),
            ("It is not positive.", None),
            ("It isn't negative", None),
            ("Positive or negative?", None),
            ("either Positive", None),
            ("The positive words outweigh the rest of the review by far", None),
            ("Negative. There is nothing good in it.", Some("Negative")),
        ] {
            assert_eq!(variant_in(&mood, text).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn the_longest_name_counts() {
        let mail = of(&["spam", "not_spam"]);
        assert_eq!(variant_in(&mail, "This is not spam.").as_deref(), Some("not_spam"));
        assert_eq!(variant(&mail, "Not Spam").as_deref(), Some("not_spam"));
        assert_eq!(variant_in(&mail, "It is spam").as_deref(), Some("spam"));
    }

    #[test]
    fn capitals_tell_a_name_from_a_word() {
        let number = of(&["ONE", "TWO"]);
        assert_eq!(variant_in(&number, "TWO is one of the right ones").as_deref(), Some("TWO"));
        assert_eq!(variant_in(&number, "Two is one of the right ones"), None);
        assert_eq!(variant_in(&number, "ONE is right, TWO is wrong"), None);
    }
}
