//! What stays out of a cassette: secrets of the environment, and the private values of a run.
//!
//! In: the plan and the environment, and the values that the plan calls `private`. Out: texts without
//! them. A secret becomes `***` for good; a private value becomes `<private:NAME>`, and when the
//! cassette is played, the value of that run stands there again.
//! What is made of such a value, such as its capitals, is not known as it.

use crate::Environment;
use crate::privacy::{PRIVATE, is_in_word, small};
use crate::provider::builtin;
use ecow::EcoString;
use flow_plan::{Arg, Config, Plan};
use std::collections::BTreeSet;
use std::ops::Range;

/// The secrets that a program may come by.
#[derive(Clone, Default)]
pub struct Hidden {
    // The longest first, so that none is taken for a part of another.
    secrets: Vec<String>,
}

/// Private values of a run.
#[derive(Clone, Default)]
pub(crate) struct Privates {
    /// Those that a call itself is given, by name.
    pub(crate) named: Vec<(EcoString, String)>,
    /// Those that other calls of the run were given.
    pub(crate) others: Vec<String>,
}

// What is shorter may stand in any text, and guards nothing.
const SHORTEST: usize = 5;
// Shorter private values, such as a two-digit number, would hide half of a text.
const SHORTEST_PRIVATE: usize = 3;
// How much of a private text that was cut gives it away.
const BEGINNING: usize = 16;
// How much of a secret at the end of an answer that was cut off does.
const TAIL: usize = 8;

const SECRET: &str = "***";

impl Hidden {
    /// The values of the providers' keys, of every `env(…)` of the program, of variables that are read
    /// from files by `X_FILE`, and of those whose names say that they are secret.
    pub fn of(plan: &Plan, env: &Environment) -> Hidden {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for provider in builtin() {
            names.extend(provider.spec().service.into_iter().flat_map(|s| s.keys));
        }
        for model in &plan.models {
            for config in [&model.settings.base_url, &model.settings.api_key].into_iter().flatten() {
                if let Config::Env(name) = config {
                    names.insert(name);
                }
            }
        }
        let args = plan.lookups.iter().flat_map(|l| &l.args).chain(plan.actions.iter().flat_map(|a| &a.args));
        for (_, arg) in args {
            if let Arg::Env(name) = arg {
                names.insert(name);
            }
        }
        for name in env.vars.keys() {
            match name.strip_suffix("_FILE") {
                Some(name) => drop(names.insert(name)),
                None if sounds_secret(name) => drop(names.insert(name)),
                None => {}
            }
        }
        let mut secrets = BTreeSet::new();
        for value in names.into_iter().filter_map(|name| env.get(name)) {
            forms(value, &mut secrets);
        }
        let mut secrets: Vec<String> = secrets.into_iter().collect();
        secrets.sort_by_key(|s| std::cmp::Reverse(s.len()));
        Hidden { secrets }
    }

    /// The text without secrets and private values.
    pub(crate) fn hide(&self, text: &str, privates: &Privates) -> String {
        let text = self.without_secrets(text);
        let named = privates.named.iter().enumerate();
        let mut all: Vec<(&str, String)> =
            named.map(|(i, (name, value))| (value.as_str(), mark(&privates.named, i, name))).collect();
        all.extend(privates.others.iter().map(|value| (value.as_str(), PRIVATE.to_owned())));
        // The longest first: one may be a part of another.
        all.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        all.iter().fold(text, |text, (value, mark)| replaced(&text, value, mark))
    }

    /// Whether a text holds a secret.
    pub(super) fn hides(&self, text: &str) -> bool {
        self.without_secrets(text) != text
    }

    fn without_secrets(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), SECRET);
            }
            // An answer may be cut off within one.
            let begins = (TAIL..secret.len()).rev().filter(|n| secret.is_char_boundary(*n));
            if let Some(begun) = begins.map(|n| &secret[..n]).find(|begun| text.ends_with(begun)) {
                text.truncate(text.len() - begun.len());
                text.push_str(SECRET);
            }
        }
        text
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.secrets.len())
    }
}

impl Privates {
    /// The text with the private values of this run in their places; `json` says that it is JSON.
    pub(crate) fn restore(&self, text: &str, json: bool) -> String {
        let mut text = text.to_owned();
        for (i, (name, value)) in self.named.iter().enumerate() {
            let value = if json { escaped(value) } else { value.clone() };
            text = text.replace(&mark(&self.named, i, name), &value);
        }
        text
    }
}

/// Adds a private text to those that are known, with the name of its input or field.
pub(crate) fn add(name: &EcoString, text: &str, found: &mut Vec<(EcoString, String)>) {
    let text = text.trim();
    if text.len() >= SHORTEST_PRIVATE && !found.iter().any(|(_, known)| known == text) {
        found.push((name.clone(), text.to_owned()));
    }
}

// Values of one name are numbered in the order of the inputs.
fn mark(named: &[(EcoString, String)], i: usize, name: &EcoString) -> String {
    match named[..i].iter().filter(|(other, _)| other == name).count() {
        0 => format!("<private:{name}>"),
        before => format!("<private:{name} {}>", before + 1),
    }
}

// Of variables that the program does not name.
fn sounds_secret(name: &str) -> bool {
    const WORDS: [&str; 8] =
        ["KEY", "APIKEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "CREDENTIALS"];
    name.split('_').any(|word| WORDS.iter().any(|w| word.eq_ignore_ascii_case(w)))
}

/// Whether a text may be the one that was recorded, with whatever stands where a secret stood.
pub(super) fn fits(recorded: &str, text: &str) -> bool {
    let mut parts = recorded.split(SECRET);
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let found = if parts.peek().is_none() {
            rest.ends_with(part).then(|| rest.len() - part.len())
        } else {
            rest.find(part)
        };
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

// All that a secret may look like in a text: as it is, without the word before it in a header, each
// line of a long one, and as it stands in JSON.
fn forms(value: &str, out: &mut BTreeSet<String>) {
    let mut add = |text: &str| {
        let text = text.trim();
        if text.len() >= SHORTEST {
            out.insert(text.to_owned());
            out.insert(escaped(text));
        }
    };
    add(value);
    if let Some((scheme, rest)) = value.split_once(' ')
        && ["bearer", "basic", "token", "apikey"].contains(&scheme.to_ascii_lowercase().as_str())
    {
        add(rest);
    }
    value.lines().filter(|line| line.len() >= BEGINNING && line.len() < value.len()).for_each(add);
}

// A text as it stands between the quotes of JSON.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

// Every place of a private value: as it is, as it stands in JSON, its beginning where it was cut, and
// its lines where they were set apart.
fn replaced(text: &str, value: &str, mark: &str) -> String {
    let mut out = whole(text, value, mark);
    let quoted = escaped(value);
    if quoted != value {
        out = whole(&out, &quoted, mark);
    }
    for form in [value, &quoted] {
        if !form.is_empty() {
            out = without_case(&out, form);
        }
    }
    if out != text {
        return out;
    }
    let lines =
        value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST && line.len() < value.len());
    for line in lines {
        out = out.replace(line, PRIVATE);
    }
    let begins = value.char_indices().map(|(at, _)| at).find(|at| *at >= BEGINNING);
    if let Some(begun) = begins.and_then(|end| out.find(&value[..end])) {
        let same = out[begun..].chars().zip(value.chars()).take_while(|(a, b)| a == b);
        let end = begun + same.map(|(a, _)| a.len_utf8()).sum::<usize>();
        out.replace_range(begun..end, PRIVATE);
    }
    out
}

// A value in other letters: there is no way back from it.
fn without_case(text: &str, value: &str) -> String {
    let (wanted, (folded, origin)) = (small(value).0, small(text));
    let mut out = String::new();
    let mut done = 0;
    for (at, found) in folded.match_indices(&wanted) {
        let end = at + found.len();
        // What is in the value's own letters stays: another text may say what becomes of it.
        let written = &text[origin(at)..origin(end)];
        if written != value && !is_part(&folded, &(at..end), value) {
            out.push_str(&text[done..origin(at)]);
            out.push_str(PRIVATE);
            done = origin(end);
        }
    }
    out.push_str(&text[done..]);
    out
}

fn whole(text: &str, value: &str, mark: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, found) in text.match_indices(value) {
        let end = at + found.len();
        if !is_part(text, &(at..end), value) {
            out.push_str(&text[done..at]);
            out.push_str(mark);
            done = end;
        }
    }
    out.push_str(&text[done..]);
    out
}

// A short value counts only as a word of its own.
fn is_part(text: &str, at: &Range<usize>, value: &str) -> bool {
    value.len() < BEGINNING && is_in_word(text, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(secrets: &[&str]) -> Hidden {
        let mut all = BTreeSet::new();
        secrets.iter().for_each(|s| forms(s, &mut all));
        let mut secrets: Vec<String> = all.into_iter().collect();
        secrets.sort_by_key(|s| std::cmp::Reverse(s.len()));
        Hidden { secrets }
    }

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let hidden = hidden(&["Bearer tr0ub4dor&3", "with \"quotes\" in it", "tr0ub4dor&3-longer"]);
        let none = Privates::default();
        for (text, want) in [
            ("key Bearer tr0ub4dor&3!", "key ***!"),
            ("key tr0ub4dor&3!", "key ***!"),
            ("tr0ub4dor&3-longer", "***"),
            ("{\"x\": \"with \\\"quotes\\\" in it\"}", "{\"x\": \"***\"}"),
            ("it was cut off: tr0ub4dor", "it was cut off: ***"),
            ("nothing here", "nothing here"),
        ] {
            assert_eq!(hidden.hide(text, &none), want);
        }
    }

    #[test]
    fn a_text_fits_with_anything_where_a_secret_stood() {
        for (recorded, text, fit) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("the key *** is his", "the key k-1 is his", true),
            ("*** and ***", "one and two and three", true),
            ("***", "", true),
            ("the key *** is his", "the key k-1 is hers", false),
        ] {
            assert_eq!(fits(recorded, text), fit, "{recorded} {text}");
        }
    }

    #[test]
    fn names_of_variables_are_read_by_their_words() {
        assert!(["MY_KEY", "aws_secret_access_key", "GH_TOKEN"].iter().all(|n| sounds_secret(n)));
        assert!(!["KEYMAP", "FLOW_LIMITS_OPENAI_TOKENS_PER_MINUTE", "HOME"].iter().any(|n| sounds_secret(n)));
    }

    #[test]
    fn private_values_come_back_and_those_of_other_calls_do_not() {
        let named = [("name", "Ada"), ("mail", "ada@example.org"), ("mail", "b \"c\" d")];
        let named = named.map(|(name, value)| (EcoString::from(name), value.to_owned())).to_vec();
        let privates = Privates { named, others: vec!["Grace Hopper of the Navy".to_owned()] };
        let hide = |text: &str| Hidden::default().hide(text, &privates);
        assert_eq!(hide("Ada in Canada: ada@example.org"), "<private:name> in Canada: <private:mail>");
        assert_eq!(hide("ADA wrote from ADA@Example.org"), "<private> wrote from <private>");
        assert_eq!(hide("Grace Hopper of the Navy"), "<private>");
        assert_eq!(hide("a cut: Grace Hopper of t…"), "a cut: <private>…");
        let json = r#"{"to": "b \"c\" d"}"#;
        assert_eq!(hide(json), r#"{"to": "<private:mail 2>"}"#);
        assert_eq!(privates.restore(&hide(json), true), json);
        assert_eq!(privates.restore("Dear <private:name>", false), "Dear Ada");
    }
}
