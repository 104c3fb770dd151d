//! How the tokens of a model are counted: its tokenizer, or a plan for those without a public one.

use crate::{Counter, Memo};
use flow_plan::TokenizerFile;
use std::fmt;
use std::sync::Arc;

/// What counts tokens: a tokenizer, or one with its memory.
pub trait Counts {
    /// How many tokens a text has.
    fn count(&self, text: &str) -> u64;

    /// Whether counts add exactly at a fence.
    fn splits_at_fences(&self) -> bool;

    /// Whether the count of two texts together is the sum of their counts.
    fn adds(&self) -> bool;
}

impl Counts for Counter {
    fn count(&self, text: &str) -> u64 {
        Counter::count(self, text)
    }

    fn splits_at_fences(&self) -> bool {
        Counter::splits_at_fences(self)
    }

    fn adds(&self) -> bool {
        Counter::adds(self)
    }
}

impl Counts for Measure {
    fn count(&self, text: &str) -> u64 {
        Measure::count(self, text)
    }

    fn splits_at_fences(&self) -> bool {
        self.counter.splits_at_fences()
    }

    fn adds(&self) -> bool {
        self.counter.adds()
    }
}

/// What counts for a model whose tokenizer is not known: 2.3 times the tokens of o200k.
pub const DEFAULT_TOKENIZER: &str = "o200k_base*2.3";

/// How the tokens of a model are counted.
///
/// Bounds of texts are in the tokens of [`Measure::counter`]; what is sent to a model counts
/// [`Measure::scaled`]. The two are the same for a model with a public tokenizer.
#[derive(Clone, Debug)]
pub struct Measure {
    counter: Counter,
    // In hundredths.
    factor: u64,
    memo: Option<Arc<Memo>>,
}

/// A tokenizer that is not known, in a message for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownTokenizer(pub String);

impl fmt::Display for UnknownTokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One token for each byte: the bound of last resort.
pub static BYTES: Measure = Measure { counter: Counter::Bytes, factor: 100, memo: None };

impl Measure {
    /// The measure of this name: `o200k_base`, `cl100k_base`, `bytes`, the path of a
    /// `tokenizer.json`, which `file` is, each with a factor behind it where the model is only
    /// planned by it: `o200k_base*1.6`.
    pub fn named(name: &str, file: Option<&TokenizerFile>) -> Result<Measure, UnknownTokenizer> {
        let (base, factor) = match name.split_once('*') {
            Some((base, factor)) => (base, hundredths(factor.trim()).ok_or_else(|| odd_factor(name))?),
            None => (name, 100),
        };
        let counter = match base.trim() {
            #[cfg(feature = "openai")]
            "o200k_base" => Counter::O200k,
            #[cfg(feature = "openai")]
            "cl100k_base" => Counter::Cl100k,
            "bytes" => Counter::Bytes,
            path if path.ends_with(".json") => from_file(path, file)?,
            other => return Err(unknown(other)),
        };
        Ok(Measure { counter, factor, memo: None })
    }

    /// What counts tokens.
    pub fn counter(&self) -> &Counter {
        &self.counter
    }

    /// How many tokens a text has.
    pub fn count(&self, text: &str) -> u64 {
        match &self.memo {
            Some(memo) => memo.count(&self.counter, text),
            None => self.counter.count(text),
        }
    }

    /// The same measure, which asks first whether a text was counted before.
    #[must_use]
    pub fn remembering(mut self, memo: &Arc<Memo>) -> Measure {
        self.memo = Some(memo.clone());
        self
    }

    /// What so many tokens count as for the model: never less.
    pub fn scaled(&self, tokens: u64) -> u64 {
        let scaled = (u128::from(tokens) * u128::from(self.factor)).div_ceil(100);
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }

    /// Whether a text has as many tokens for the other, before what they count for the model.
    pub fn counts_like(&self, other: &Measure) -> bool {
        self.counter.is_same(&other.counter)
    }

    /// Whether the model's own tokenizer counts.
    pub fn is_exact(&self) -> bool {
        self.factor == 100 && !matches!(self.counter, Counter::Bytes)
    }
}

fn hundredths(factor: &str) -> Option<u64> {
    let (whole, fraction) = factor.split_once('.').unwrap_or((factor, ""));
    if whole.is_empty() || fraction.len() > 2 {
        return None;
    }
    let value: u64 = format!("{whole}{fraction:0<2}").parse().ok()?;
    (100..=100_000).contains(&value).then_some(value)
}

fn odd_factor(name: &str) -> UnknownTokenizer {
    UnknownTokenizer(format!(
        "the factor of the tokenizer \"{name}\" is not a number from 1 to 1000 with two decimals at most"
    ))
}

fn unknown(name: &str) -> UnknownTokenizer {
    UnknownTokenizer(format!(
        "unknown tokenizer \"{name}\": there are \"o200k_base\", \"cl100k_base\", \"bytes\" and the path of a `tokenizer.json`"
    ))
}

#[cfg(feature = "huggingface")]
fn from_file(path: &str, file: Option<&TokenizerFile>) -> Result<Counter, UnknownTokenizer> {
    let Some(file) = file else {
        return Err(UnknownTokenizer(format!("the tokenizer \"{path}\" was not read")));
    };
    // Reading one takes longer than all else that is done to check a program.
    let read = |text: &str| {
        let mut tokenizer = text.parse::<tokenizers::Tokenizer>()?;
        // A file may ask for a cut or for padding, which would make counts wrong.
        let _ = tokenizer.with_truncation(None);
        tokenizer.with_padding(None);
        Ok::<_, tokenizers::Error>(tokenizer)
    };
    file.made(read)
        .map(Counter::File)
        .map_err(|error| UnknownTokenizer(format!("\"{path}\" is not a tokenizer: {error}")))
}

#[cfg(not(feature = "huggingface"))]
fn from_file(path: &str, _: Option<&TokenizerFile>) -> Result<Counter, UnknownTokenizer> {
    Err(UnknownTokenizer(format!("this build cannot read the tokenizer \"{path}\"")))
}
