//! Private data out of what is told: errors, warnings and what is noted of calls.
//!
//! In: the private values that a run comes by, and the answers that models make of them. Out: texts
//! without them. A value goes wherever it stands, in capitals too; so does the greater part of one, and
//! what an error quotes of one. What has lost its likeness, such as a sum, is not known as it.

use super::PRIVATE;
use ecow::EcoString;
use flow_plan::{Plan, Type};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// The private texts that a run has come by.
#[derive(Default)]
pub(crate) struct Masks {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<String, usize>,
    texts: Vec<Known>,
    // Pieces of the texts, and whose they are: what shares enough with a text has one of them whole.
    pieces: HashMap<u64, Vec<u32>>,
}

struct Known {
    name: EcoString,
    folded: String,
}

// What is shorter may stand in any text; it is taken out only where it is quoted.
const SHORTEST: usize = 3;
// What is shorter counts only as words of its own.
const LONG: usize = 16;
const PIECE: usize = 8;
// A quoted part of a text that is shorter may be anything, and so may its beginning where it was cut off.
const QUOTED: usize = 4;
// Behind this, an error shows a part of a reply, in quotes as JSON has them.
const EXCERPT: &str = "; the reply: ";

impl Masks {
    /// Takes a private text in.
    pub(crate) fn add(&self, name: &EcoString, text: &str) {
        let folded = fold(text.trim()).text;
        let mut state = self.lock();
        if folded.is_empty() || state.known.contains_key(&folded) {
            return;
        }
        let number = state.texts.len();
        let chars: Vec<char> = folded.chars().collect();
        for piece in chars.chunks_exact(PIECE) {
            state.pieces.entry(hash(piece)).or_default().push(number as u32);
        }
        state.known.insert(folded.clone(), number);
        state.texts.push(Known { name: name.clone(), folded });
    }

    /// Whether there is anything to take out.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().texts.is_empty()
    }

    /// The text without private data. What is quoted and is a word of the program stays; a part of a
    /// reply that has private data is left out as a whole.
    pub(crate) fn hide(&self, text: &str, words: &HashSet<EcoString>) -> String {
        let Some((before, excerpt)) = text.split_once(EXCERPT) else { return self.hidden(text, words) };
        let hidden = self.hidden(excerpt, words);
        let shown = if hidden == excerpt { excerpt } else { PRIVATE };
        format!("{}{EXCERPT}{shown}", self.hidden(before, words))
    }

    fn hidden(&self, text: &str, words: &HashSet<EcoString>) -> String {
        let state = self.lock();
        if state.texts.is_empty() {
            return text.to_owned();
        }
        let folded = fold(text);
        let mut found: Vec<(Range<usize>, Option<usize>)> = Vec::new();
        state.whole(&folded, &mut found);
        state.shared(&folded, &mut found);
        state.begun(&folded.text, &mut found);
        let quotes = quoted(&folded.text);
        for (quote, written) in
            quotes.iter().map(|q| (q, &text[folded.origin(q.start)..folded.origin(q.end)]))
        {
            if !words.contains(written) && state.quotes(&folded.text[quote.clone()]) {
                found.push((quote.clone(), None));
            }
        }
        // A word of the program that is quoted is no private text, whatever somebody is called.
        found.retain(|(at, _)| {
            !quotes
                .iter()
                .any(|q| q == at && words.contains(&text[folded.origin(q.start)..folded.origin(q.end)]))
        });
        state.replaced(text, &folded, found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    // Every place of a whole text: as it is, and as it stands in JSON.
    fn whole(&self, text: &Folded, found: &mut Vec<(Range<usize>, Option<usize>)>) {
        for (number, known) in self.texts.iter().enumerate() {
            if known.folded.len() < SHORTEST {
                continue;
            }
            let quoted = serde_json::Value::from(known.folded.as_str()).to_string();
            let escaped = &quoted[1..quoted.len() - 1];
            for form in [known.folded.as_str(), escaped] {
                for (at, _) in text.text.match_indices(form) {
                    let end = at + form.len();
                    let is_part = form.chars().count() < LONG && is_in_word(&text.text, &(at..end));
                    if !is_part {
                        found.push((at..end, Some(number)));
                    }
                }
                if escaped == known.folded {
                    break;
                }
            }
        }
    }

    // Where the text has a long run of characters in common with a private one.
    fn shared(&self, text: &Folded, found: &mut Vec<(Range<usize>, Option<usize>)>) {
        let starts: Vec<usize> =
            text.text.char_indices().map(|(at, _)| at).chain([text.text.len()]).collect();
        let chars: Vec<char> = text.text.chars().collect();
        for (first, piece) in chars.windows(PIECE).enumerate() {
            for number in self.pieces.get(&hash(piece)).into_iter().flatten() {
                let known = &self.texts[*number as usize].folded;
                let is_in = |from: usize, to: usize| known.contains(&text.text[starts[from]..starts[to]]);
                let (mut from, mut to) = (first, first + PIECE);
                if !is_in(from, to) {
                    continue;
                }
                while to < chars.len() && is_in(from, to + 1) {
                    to += 1;
                }
                while from > 0 && is_in(from - 1, to) {
                    from -= 1;
                }
                if to - from >= LONG {
                    found.push((starts[from]..starts[to], None));
                }
            }
        }
    }

    // Where a private text was cut off.
    fn begun(&self, text: &str, found: &mut Vec<(Range<usize>, Option<usize>)>) {
        let ends = text.match_indices('…').map(|(at, _)| at).chain([text.len()]);
        for end in ends.filter(|end| *end > 0) {
            for known in &self.texts {
                let cuts = known.folded.char_indices().map(|(at, _)| at).skip(QUOTED);
                let cut = cuts.filter(|cut| text[..end].ends_with(&known.folded[..*cut])).last();
                if let Some(cut) = cut.filter(|cut| !is_in_word(text, &(end - cut..text.len()))) {
                    found.push((end - cut..end, None));
                }
            }
        }
    }

    // Whether what is quoted is a private text, or a part of one.
    fn quotes(&self, quote: &str) -> bool {
        let part = quote.trim_matches(|c: char| c == '…' || c.is_whitespace());
        if part.is_empty() {
            return false;
        }
        self.known.contains_key(part)
            || part.chars().count() >= QUOTED && self.texts.iter().any(|known| known.folded.contains(part))
    }

    fn replaced(&self, text: &str, folded: &Folded, mut found: Vec<(Range<usize>, Option<usize>)>) -> String {
        // The longest of those that begin together first, and a named one before another of its length.
        found.sort_by_key(|(at, whose)| (at.start, std::cmp::Reverse(at.end), whose.is_none()));
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (at, whose) in found {
            let (start, end) = (folded.origin(at.start), folded.origin(at.end));
            if end <= done {
                continue;
            }
            if start >= done {
                out.push_str(&text[done..start]);
                match whose.map(|number| &self.texts[number].name).filter(|name| !name.is_empty()) {
                    Some(name) => out.push_str(&format!("<private:{name}>")),
                    None => out.push_str(PRIVATE),
                }
            }
            done = end;
        }
        out.push_str(&text[done..]);
        out
    }
}

/// The words of a program: its names, and those of its types.
pub(crate) fn words_of(plan: &Plan) -> HashSet<EcoString> {
    let mut words = HashSet::new();
    words.extend(plan.models.iter().flat_map(|m| [m.name.clone(), m.id().into(), m.model.clone()]));
    words.extend(plan.flows.iter().map(|f| f.name.clone()));
    words.extend(plan.actions.iter().map(|a| a.name.clone()));
    words.extend(
        plan.guards.iter().flat_map(|g| g.requires.iter().map(|r| r.text.clone()).chain([g.name.clone()])),
    );
    words.extend(plan.lookups.iter().flat_map(|l| [l.name.clone(), l.source.clone()]));
    words.extend(plan.prompts.iter().map(|p| p.name.clone()));
    let params = plan.prompts.iter().map(|p| &p.params).chain(plan.flows.iter().map(|f| &f.params));
    let params =
        params.chain(plan.actions.iter().map(|a| &a.params)).chain(plan.lookups.iter().map(|l| &l.params));
    for param in params.flatten() {
        words.insert(param.name.clone());
        names(&param.ty, &mut words);
    }
    plan.prompts.iter().map(|p| &p.output).for_each(|ty| names(ty, &mut words));
    plan.lookups.iter().map(|l| &l.output).for_each(|ty| names(ty, &mut words));
    plan.flows.iter().for_each(|f| {
        f.body.each_step(&mut |step| {
            words.insert(step.name.clone());
        })
    });
    words
}

fn names(ty: &Type, words: &mut HashSet<EcoString>) {
    match ty.present() {
        Type::Record(record) => {
            words.extend(record.name.clone());
            for field in &record.fields {
                words.insert(field.name.clone());
                names(&field.ty, words);
            }
        }
        Type::List(element, _) | Type::Map(element, _) => names(element, words),
        Type::Enum(of) => words.extend(of.variants.iter().map(|v| v.name.clone())),
        _ => {}
    }
}

/// A text in small letters, with where each of its characters stood.
struct Folded {
    text: String,
    at: Vec<(usize, usize)>,
    end: usize,
}

impl Folded {
    fn origin(&self, at: usize) -> usize {
        self.at.binary_search_by_key(&at, |(folded, _)| *folded).map_or(self.end, |i| self.at[i].1)
    }
}

/// Whether letters or digits go on before or behind this part of a text. Those of `\n` and `\u00a0` in JSON
/// and of `%0a` in an address are none.
pub(crate) fn is_in_word(text: &str, at: &Range<usize>) -> bool {
    let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let before = &text[..at.start];
    let hex = |sign: &str, count: usize| {
        let digits = before.len().checked_sub(count).map(|at| before.as_bytes().split_at(at));
        digits.is_some_and(|(rest, digits)| {
            rest.ends_with(sign.as_bytes()) && digits.iter().all(u8::is_ascii_hexdigit)
        })
    };
    let escaped = ["\\n", "\\t", "\\r", "\\b", "\\f"].iter().any(|sign| before.ends_with(sign));
    joins(text[at.end..].chars().next())
        || joins(before.chars().next_back()) && !escaped && !hex("\\u", 4) && !hex("%", 2)
}

/// A text in small letters, each of its characters in its place.
pub(crate) fn small(text: &str) -> (String, impl Fn(usize) -> usize) {
    let folded = fold(text);
    (folded.text.clone(), move |at| folded.origin(at))
}

fn fold(text: &str) -> Folded {
    let mut folded = Folded { text: String::with_capacity(text.len()), at: Vec::new(), end: text.len() };
    for (at, c) in text.char_indices() {
        folded.at.push((folded.text.len(), at));
        let mut small = c.to_lowercase();
        folded.text.push(match (small.next(), small.next()) {
            (Some(small), None) => small,
            _ => c,
        });
    }
    folded
}

// The places between backticks.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let ticks: Vec<usize> = text.match_indices('`').map(|(at, _)| at).collect();
    ticks.chunks_exact(2).map(|pair| pair[0] + 1..pair[1]).collect()
}

fn hash(piece: &[char]) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    piece.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(texts: &[(&str, &str)]) -> Masks {
        let masks = Masks::default();
        texts.iter().for_each(|(name, text)| masks.add(&(*name).into(), text));
        masks
    }

    #[test]
    fn values_go_wherever_they_stand() {
        let masks = masks(&[
            ("name", "Ada"),
            ("mail", "ada@example.org"),
            ("note", "says \"no\" to everything"),
            ("age", "42"),
            ("", "Dear Ada, your appointment with Doctor Moreau is on Monday."),
        ]);
        let words = HashSet::from([EcoString::from("appointment")]);
        for (text, want) in [
            ("ADA in Canada", "<private:name> in Canada"),
            ("to ada@example.org!", "to <private:mail>!"),
            (r#"{"note": "says \"no\" to everything"}"#, r#"{"note": "<private:note>"}"#),
            ("an answer with Doctor Moreau is on M", "an answer<private>"),
            ("found `Moreau`, 42 and `42`", "found `<private>`, 42 and `<private>`"),
            ("cut: `…with Doctor M…`", "cut: `<private>`"),
            ("it broke off: dear doctor ada@exam", "it broke off: dear doctor <private>"),
            (
                r#"{"all": "she is\nAda,\u0020ada\n"}"#,
                r#"{"all": "she is\n<private:name>,\u0020<private:name>\n"}"#,
            ),
            ("?q=is%20Ada&nada", "?q=is%20<private:name>&nada"),
            ("no note; the reply: \"for ada@example.org\"", "no note; the reply: <private>"),
            ("no note; the reply: \"for nobody\"", "no note; the reply: \"for nobody\""),
            ("`appointment` is missing", "`appointment` is missing"),
            ("the answer is no date", "the answer is no date"),
        ] {
            assert_eq!(masks.hide(text, &words), want);
        }
    }

    #[test]
    fn texts_of_other_writings_stay_whole() {
        let masks = masks(&[("name", "İpek Ünal"), ("city", "北京市朝阳区")]);
        let hide = |text: &str| masks.hide(text, &HashSet::new());
        assert_eq!(hide("frag İpek ÜNAL — bitte"), "frag <private:name> — bitte");
        assert_eq!(hide("在 北京市朝阳区 的"), "在 <private:city> 的");
        assert_eq!(hide("nothing İ here"), "nothing İ here");
    }
}
