//! `grounded(answer, passages)`: every sentence of the answer must be borne out by a passage.
//!
//! By words, not by sense: a sentence stands where one passage has enough of its telling words and all
//! of its numbers. It finds what is made up about another matter, and changed numbers; it does not
//! find a sentence that says the opposite with the same words.

use super::{Guard, Verdict, texts};
use crate::words::{sentences, stems, words};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};
use std::collections::HashSet;

/// An answer borne out by passages.
#[derive(Debug)]
pub(super) struct Grounded;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "grounded",
    params: &[
        ParamSpec {
            name: "answer",
            ty: TypeSpec::Any,
            required: true,
            doc: "The answer: a text, or a record of texts.",
        },
        ParamSpec {
            name: "passages",
            ty: TypeSpec::Any,
            required: true,
            doc: "What it must be borne out by: texts or records.",
        },
    ],
    returns: TypeSpec::First,
    doc: "Fails where a sentence of the answer is not borne out by a passage, and names each such sentence (five at most). \
          A sentence stands where one passage has at least half of its telling words and all of its numbers. \
          Sentences that say nothing of the matter (greetings, \"the passages don't say\") stand by themselves.",
    examples: &["checked = grounded(draft, passages) else retry 1"],
    streams: true,
    ..CapabilitySpec::BASE
};

/// How many sentences are named.
const NAMED: usize = 5;
/// The share of a sentence's telling words that one passage must have.
const SHARE: f64 = 0.5;

#[async_trait]
impl Guard for Grounded {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let passages: Vec<Passage> = match args.get(1) {
            Some(Value::List(list)) => list.iter().map(Passage::of).collect(),
            Some(one) => vec![Passage::of(one)],
            None => vec![],
        };
        let texts = args.first().map(texts::texts).unwrap_or_default();
        let sentences = texts.iter().flat_map(|text| sentences(text));
        let alone: Vec<String> = sentences.filter(|sentence| !is_borne_out(sentence, &passages)).collect();
        if alone.is_empty() {
            return Ok(Verdict::Pass);
        }
        let named = alone[..alone.len().min(NAMED)].join("`, nor `");
        let more = match alone.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", nor {more} more"),
        };
        Ok(Verdict::Fail(format!("no passage bears out `{named}`{more}")))
    }
}

struct Passage {
    stems: HashSet<String>,
    numbers: HashSet<String>,
}

impl Passage {
    fn of(value: &Value) -> Passage {
        let text = match value {
            Value::Text(text) => text.to_string(),
            // Numbers and dates of a record count as said.
            other => format!("{}\n{other}", texts::texts(other).join("\n")),
        };
        Passage { stems: stems(&text).into_iter().collect(), numbers: numbers(&text).collect() }
    }
}

fn is_borne_out(sentence: &str, passages: &[Passage]) -> bool {
    let numbers: Vec<String> = numbers(sentence).collect();
    let stems: HashSet<String> = stems(sentence).into_iter().filter(|s| !is_number(s)).collect();
    // A single word is a name or a choice and claims nothing.
    let claims = stems.len() > 1 || !numbers.is_empty();
    if !claims || is_aside(sentence, &numbers) {
        return true;
    }
    passages.iter().any(|passage| {
        let shared = stems.iter().filter(|s| passage.stems.contains(*s)).count() as f64;
        shared >= SHARE * stems.len() as f64 && numbers.iter().all(|n| passage.numbers.contains(n))
    })
}

// What says that nothing is said, or says nothing.
fn is_aside(sentence: &str, numbers: &[String]) -> bool {
    let lower = sentence.to_lowercase().replace('’', "'");
    let begins = |list: &[&str]| list.iter().any(|start| lower.starts_with(start));
    let has = |list: &[&str]| list.iter().any(|part| lower.contains(part));
    numbers.is_empty()
        && (has(&[
            "don't say",
            "do not say",
            "doesn't say",
            "does not say",
            "don't know",
            "do not know",
            "not sure",
            "no information",
            "not mention",
            "isn't mentioned",
            "can't answer",
            "cannot answer",
            "can't find",
            "cannot find",
            "couldn't find",
            "could not find",
            "unable to find",
            "unable to answer",
        ]) || begins(&[
            "hello",
            "hi ",
            "hi,",
            "dear ",
            "thank you",
            "thanks",
            "you're welcome",
            "i hope",
            "happy to help",
            "glad to help",
            "let me know",
            "please let",
            "feel free",
            "best regards",
            "kind regards",
            "sorry",
            "i'm sorry",
            "great question",
            "good question",
        ]) && words(sentence).count() <= 12)
}

fn is_number(stem: &str) -> bool {
    stem.starts_with(|c: char| c.is_ascii_digit()) || spelled(stem).is_some()
}

// The numbers of a text, spelled ones too, without separators of thousands.
fn numbers(text: &str) -> impl Iterator<Item = String> {
    words(text).filter_map(|word| {
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            return spelled(&word.to_lowercase()).map(str::to_owned);
        }
        let plain: String = word.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        // `12.50` and `12.5` are one price.
        let plain =
            if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { &plain };
        Some(plain.to_owned())
    })
}

fn spelled(word: &str) -> Option<&'static str> {
    Some(match word {
        "two" => "2",
        "three" => "3",
        "four" => "4",
        "five" => "5",
        "six" => "6",
        "seven" => "7",
        "eight" => "8",
        "nine" => "9",
        "ten" => "10",
        "twelve" => "12",
        "fourteen" => "14",
        "fifteen" => "15",
        "twenty" => "20",
        "thirty" => "30",
        "forty" => "40",
        "fifty" => "50",
        "sixty" => "60",
        "ninety" => "90",
        "hundred" => "100",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passages() -> Vec<Passage> {
        let texts = [
            "Returns. You can return unworn shoes within thirty days of delivery.",
            "Shipping. We ship within 2 working days; express costs $12.50.",
        ];
        texts.iter().map(|t| Passage::of(&Value::text(*t))).collect()
    }

    #[test]
    fn what_the_passages_say_stands_in_other_words_too() {
        for sentence in [
            "You have 30 days to return your shoes.",
            "Express shipping costs $12.5.",
            "Thanks for asking!",
            "The passages don't say whether boots count.",
            "returns",
        ] {
            assert!(is_borne_out(sentence, &passages()), "{sentence}");
        }
    }

    #[test]
    fn each_sentence_that_stands_alone_is_named() {
        use crate::Environment;
        use futures::FutureExt;
        let context = Context::new(Environment::default(), ".", ".flow");
        let check = |answer: &str| {
            let args = [answer, "You can return unworn shoes within thirty days."].map(Value::text);
            Grounded.check(&context, &args).now_or_never().and_then(Result::ok)
        };
        let answer =
            "You can return shoes within 30 days. Our store in Berlin repairs bags. Express costs $9.";
        let reason = "no passage bears out `Our store in Berlin repairs bags.`, nor `Express costs $9.`";
        assert_eq!(check(answer), Some(Verdict::Fail(reason.to_owned())));
        let many = "Bags cost 7 dollars. ".repeat(7);
        let Some(Verdict::Fail(reason)) = check(&many) else { panic!("nothing bears that out") };
        assert!(reason.ends_with(", nor 2 more"), "{reason}");
    }

    #[test]
    fn made_up_matters_and_changed_numbers_do_not() {
        for sentence in [
            "You can return shoes within 60 days of delivery.",
            "Our store in Berlin repairs leather bags.",
            "Thanks for your order of 3 shoes.",
        ] {
            assert!(!is_borne_out(sentence, &passages()), "{sentence}");
        }
    }
}
