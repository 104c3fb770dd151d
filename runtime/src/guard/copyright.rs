//! `copyright(value, texts)`: long stretches of given texts, word for word.
//!
//! It knows the texts that it is given and no others, and finds what was copied, not what was retold.

use super::phrases::{Word, replaced, words_of};
use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

/// What was copied.
#[derive(Debug)]
pub(super) struct Copyright;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "copyright",
    params: &[
        VALUE,
        ParamSpec {
            name: "texts",
            ty: TypeSpec::Any,
            required: true,
            doc: "The texts that must not be copied: texts, or records of texts.",
        },
        ParamSpec {
            name: "words",
            ty: TypeSpec::Int,
            required: false,
            doc: "How many words in a row count as copied: 20, unless it is said.",
        },
    ],
    returns: TypeSpec::First,
    doc: "Fails where a text repeats many words in a row of given texts, and says how many and where they begin. \
          Case, punctuation and line breaks do not count; of writing without spaces, characters are counted. \
          `else redact` replaces each such stretch with `[…]`. \
          What is told in other words is not found.",
    examples: &["checked = copyright(draft, passages, 12) else retry 1"],
    can_redact: true,
    ..CapabilitySpec::BASE
};

const USUAL: usize = 20;

#[async_trait]
impl Guard for Copyright {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let least = least(args.get(2))?;
        let sources = Sources::of(args.get(1), least);
        let mut longest: Option<(usize, String)> = None;
        for text in args.first().map(texts::texts).unwrap_or_default() {
            for (at, words) in sources.copied(&text) {
                if longest.as_ref().is_none_or(|(most, _)| words > *most) {
                    let start: String = text[at].chars().take(60).collect();
                    longest = Some((words, start));
                }
            }
        }
        Ok(match longest {
            None => Verdict::Pass,
            Some((words, start)) => {
                let start = start.split_whitespace().collect::<Vec<_>>().join(" ");
                Verdict::Fail(format!("{words} words in a row are those of a given text: `{start}…`"))
            }
        })
    }

    fn redact(&self, args: &[Value]) -> Value {
        let Ok(least) = least(args.get(2)) else { return Value::Null };
        let sources = Sources::of(args.get(1), least);
        let redacted = |text: &str| replaced(text, sources.copied(text).into_iter().map(|(at, _)| at), "[…]");
        args.first().map(|value| texts::map(value, &redacted)).unwrap_or_default()
    }
}

// Fewer words stand in any two texts.
fn least(words: Option<&Value>) -> Result<usize, RunError> {
    match words {
        None | Some(Value::Null) => Ok(USUAL),
        Some(Value::Int(n)) if (3..=1000).contains(n) => Ok(*n as usize),
        Some(other) => {
            let message =
                format!("`copyright` counts from 3 to 1000 words in a row, not {}", other.to_json());
            Err(RunError::new(Code::E0813, message))
        }
    }
}

/// The texts that must not be copied.
struct Sources {
    texts: Vec<Vec<Word>>,
    // Where each run of `least` words begins: the text, and the word in it.
    runs: HashMap<u64, Vec<(u32, u32)>>,
    least: usize,
}

impl Sources {
    fn of(texts: Option<&Value>, least: usize) -> Sources {
        let texts: Vec<Vec<Word>> =
            texts.map(texts::texts).unwrap_or_default().iter().map(|text| words_of(text)).collect();
        let mut runs: HashMap<u64, Vec<(u32, u32)>> = HashMap::new();
        for (number, words) in texts.iter().enumerate() {
            for (at, run) in words.windows(least).enumerate() {
                runs.entry(hash(run)).or_default().push((number as u32, at as u32));
            }
        }
        Sources { texts, runs, least }
    }

    // What of a text is copied, and how many words each stretch has.
    fn copied(&self, text: &str) -> Vec<(Range<usize>, usize)> {
        let words = words_of(text);
        let mut out = Vec::new();
        let mut next = 0;
        while next + self.least <= words.len() {
            let begun = self.runs.get(&hash(&words[next..next + self.least]));
            let longest = begun.into_iter().flatten().map(|(number, at)| {
                let source = &self.texts[*number as usize][*at as usize..];
                source.iter().zip(&words[next..]).take_while(|(a, b)| a.plain == b.plain).count()
            });
            match longest.max().filter(|same| *same >= self.least) {
                Some(same) => {
                    out.push((words[next].at.start..words[next + same - 1].at.end, same));
                    next += same;
                }
                None => next += 1,
            }
        }
        out
    }
}

fn hash(words: &[Word]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.iter().for_each(|word| word.plain.hash(&mut hasher));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_stretches_are_found_however_they_are_laid_out() {
        let source = "It was a bright cold day in April, and the clocks were striking thirteen.";
        let sources = Sources::of(Some(&Value::List(vec![Value::text(source)].into())), 6);
        let copied =
            |text: &str| sources.copied(text).into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        assert_eq!(copied("He wrote: it was a BRIGHT cold\nday in april. And then?"), [9]);
        assert_eq!(copied("It was a bright cold morning in April"), [0; 0]);
        assert_eq!(copied("the clocks were striking thirteen"), [0; 0]);
        let redacted = Copyright.redact(&[
            Value::text("So, it was a bright cold day; done."),
            Value::text(source),
            Value::Int(5),
        ]);
        assert_eq!(redacted, Value::text("So, […]; done."));
    }
}
