//! What a flow assumes: how large a value is at most, and how often something happens.
//!
//! A [`Assumed`] is checked while the flow runs, so that bounds may follow from it. A [`Rate`] is never
//! checked, and no bound follows from it: it says what is expected.

use crate::VarId;
use ecow::EcoString;
use flow_diagnostics::Span;
use std::fmt;

/// `assume: len(rows) <= 200`: a variable of a block that is never larger. A run in which it is ends.
#[derive(Clone, PartialEq, Debug)]
pub struct Assumed {
    /// Whose size it is: an input of the block, or the result of one of its steps.
    pub var: VarId,
    /// Its name.
    pub name: EcoString,
    /// The most there is of it.
    pub most: Size,
    /// As it is written behind `assume:`.
    pub text: EcoString,
    /// Where the size itself is written.
    pub at: Span,
    /// Where.
    pub span: Span,
}

/// A size of a value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Size {
    /// Elements of a list, entries of a map.
    Items(u64),
    /// Tokens of a text, for each model of the program.
    Tokens(u64),
    /// Unicode characters of a text.
    Chars(u64),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
}

impl fmt::Display for Size {
    /// `200 elements`, `300 tokens`, `7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |n: u64, unit: &str| if n == 1 { unit.to_owned() } else { format!("{unit}s") };
        match *self {
            Size::Items(n) => write!(f, "{n} {}", one(n, "element")),
            Size::Tokens(n) => write!(f, "{n} {}", one(n, "token")),
            Size::Chars(n) => write!(f, "{n} {}", one(n, "character")),
            Size::Int(n) => write!(f, "{n}"),
            Size::Float(n) => write!(f, "{n}"),
        }
    }
}

/// `assume: draft fails 2%`: one fact of what is expected of a step or an input.
#[derive(Clone, PartialEq, Debug)]
pub struct Rate {
    /// The step, with the steps around it, or the input: `pages.draft`. Of `taken`, the arm stands
    /// behind the step: `room.billing`.
    pub of: EcoString,
    /// What is said of it.
    pub fact: Fact,
    /// How often, or how many.
    pub value: Often,
    /// Where; nowhere if it was given on the command line.
    pub span: Option<Span>,
}

/// What a rate is a rate of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// An attempt of the step fails.
    Fails,
    /// An answer leaves doubt and is escalated.
    Escalates,
    /// The cache answers.
    Hits,
    /// A second attempt begins beside a slow one.
    Hedges,
    /// The condition of an `if` holds; the arm of a `match` is the one.
    Taken,
    /// So many elements, tokens, characters or rounds on average.
    Averages,
}

/// The value of a rate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Often {
    /// A share from 0 to 1: `2%`.
    Share(f64),
    /// A number of elements or rounds.
    Number(f64),
    /// A size of a text.
    Text(Size),
}

impl Fact {
    /// Every fact.
    pub const ALL: [Fact; 6] =
        [Fact::Fails, Fact::Escalates, Fact::Hits, Fact::Hedges, Fact::Taken, Fact::Averages];

    /// The word that stands for it.
    pub fn word(self) -> &'static str {
        match self {
            Fact::Fails => "fails",
            Fact::Escalates => "escalates",
            Fact::Hits => "hits",
            Fact::Hedges => "hedges",
            Fact::Taken => "taken",
            Fact::Averages => "averages",
        }
    }

    /// The fact of a word.
    pub fn of(word: &str) -> Option<Fact> {
        Fact::ALL.into_iter().find(|f| f.word() == word)
    }
}
