//! Plays a cassette: equal calls are answered in the order in which they were recorded.
//!
//! Of several equal calls, a step is given its own; else the first that nobody has had. A call that is
//! not there is E0815, which nothing in the program handles.

use super::{Asked, Cassette, Hidden, Outcome, Privates, differs};
use crate::RunError;
use ecow::EcoString;
use flow_diagnostics::Code;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Answers from cassettes.
#[derive(Debug)]
pub struct Replay {
    hidden: Hidden,
    shelves: Vec<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    /// The prompt whose calls it answers; every prompt, if missing.
    prompt: Option<EcoString>,
    cassette: Cassette,
    /// The calls of the cassette by what makes them equal, in their order.
    equal: HashMap<EcoString, Vec<usize>>,
    used: Mutex<Vec<bool>>,
}

/// What a cassette says of a call.
pub(crate) enum Played {
    /// It was recorded, and this came of it.
    Found(Outcome),
    /// It was not recorded.
    Missing(RunError),
    /// No cassette is meant for the prompt.
    Elsewhere,
}

impl Replay {
    /// Answers every call from one cassette. What `hidden` knows is left out of what is compared.
    pub fn new(cassette: Cassette, hidden: Hidden) -> Replay {
        Replay { hidden, shelves: vec![Shelf::of(None, cassette)] }
    }

    /// Answers the calls of some prompts: a test. What is said has to be the same, and who is asked has
    /// not; the last of several equal calls answers all later ones.
    pub(crate) fn of_prompts(cassettes: Vec<(EcoString, Cassette)>, hidden: Hidden) -> Replay {
        let shelf = |(prompt, cassette)| Shelf::of(Some(prompt), cassette);
        Replay { hidden, shelves: cassettes.into_iter().map(shelf).collect() }
    }

    /// How many of the recorded calls were not made.
    pub fn left(&self) -> usize {
        let unused = |shelf: &Shelf| {
            let used = shelf.used.lock().unwrap_or_else(PoisonError::into_inner);
            used.iter().filter(|used| !**used).count()
        };
        self.shelves.iter().map(unused).sum()
    }

    /// What is left out of what is compared.
    pub(crate) fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// What came of a call that a step makes now. `json` says that what is answered is JSON.
    pub(crate) fn play(&self, step: &str, asked: &Asked, (privates, json): (&Privates, bool)) -> Played {
        let meant = |shelf: &&Shelf| shelf.prompt.as_ref().is_none_or(|prompt| *prompt == asked.prompt);
        let mut missing = None;
        for shelf in self.shelves.iter().filter(meant) {
            match shelf.take(step, asked) {
                Some(outcome) => {
                    return Played::Found(outcome.without(|text| privates.restore(text, json)));
                }
                None => missing = missing.or_else(|| Some(shelf.missing(step, asked))),
            }
        }
        missing.map_or(Played::Elsewhere, Played::Missing)
    }
}

impl Shelf {
    fn of(prompt: Option<EcoString>, cassette: Cassette) -> Shelf {
        let mut equal: HashMap<EcoString, Vec<usize>> = HashMap::new();
        for (i, exchange) in cassette.exchanges.iter().enumerate() {
            let digest = if prompt.is_some() { exchange.asked.words() } else { exchange.asked.digest() };
            equal.entry(digest).or_default().push(i);
        }
        let used = Mutex::new(vec![false; cassette.exchanges.len()]);
        Shelf { prompt, cassette, equal, used }
    }

    fn take(&self, step: &str, asked: &Asked) -> Option<Outcome> {
        let is_test = self.prompt.is_some();
        let equal = self.equal.get(&if is_test { asked.words() } else { asked.digest() });
        // Where a secret was left out, it may be another now, or none.
        let equal = equal.cloned().or_else(|| self.fitting(asked))?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = equal.iter().copied().filter(|i| !used[*i]);
        let own = free.clone().find(|i| self.cassette.exchanges[*i].step == step);
        let last = is_test.then(|| equal.last().copied()).flatten();
        let taken = own.or_else(|| free.next()).or(last)?;
        used[taken] = true;
        Some(self.cassette.exchanges[taken].outcome.clone())
    }

    fn fitting(&self, asked: &Asked) -> Option<Vec<usize>> {
        let is_test = self.prompt.is_some();
        let all = self.cassette.exchanges.iter().enumerate();
        let found: Vec<usize> = all.filter(|(_, e)| e.asked.fits(asked, is_test)).map(|(i, _)| i).collect();
        (!found.is_empty()).then_some(found)
    }

    fn missing(&self, step: &str, asked: &Asked) -> RunError {
        let differs = differs::why(&self.cassette.exchanges, (step, asked), self.prompt.is_some());
        let Cassette { name, .. } = &self.cassette;
        let message =
            format!("the cassette `{name}` does not have this call of `{}`: {differs}", asked.prompt);
        let help = match self.prompt {
            Some(_) => "record it again with `flowc run --record`, or change the program back",
            None => "record it again with `--record`, or change back what is different",
        };
        RunError::new(Code::E0815, message).help(help)
    }
}
