//! What requests hold at most in single cases: where values exclude each other, a run has only one of
//! them, and less is proven of it than of all together.

use crate::{ModelId, Tokens};
use flow_diagnostics::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The inputs that are proven of requests in single cases, by the step that asks and the model.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    known: BTreeMap<(Span, ModelId), Proven>,
}

#[derive(Clone, Debug)]
enum Proven {
    Some(BTreeSet<Tokens>),
    // More than are told apart.
    Any,
}

// So many inputs of one step and model are told apart.
const MOST: usize = 32;

impl Cases {
    /// Notes what a request of this step to this model holds at most in one case.
    pub fn note(&mut self, at: (Span, ModelId), most: Tokens) {
        let known = self.known.entry(at).or_insert_with(|| Proven::Some(BTreeSet::new()));
        if let Proven::Some(all) = known {
            all.insert(most);
            if all.len() > MOST {
                *known = Proven::Any;
            }
        }
    }

    /// The least that is proven of a request with so many tokens, and at most `most`.
    ///
    /// In the case that a run is in, the request has no more than is proven of it there. So the least
    /// of what is proven in any case that holds the request is never more than that.
    pub fn least(&self, at: (Span, ModelId), input: Tokens, most: Tokens) -> Tokens {
        match self.known.get(&at) {
            None => most,
            Some(Proven::Any) => input.min(most),
            Some(Proven::Some(all)) => all.range(input..).next().map_or(most, |least| (*least).min(most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_case_that_holds_a_request_counts() {
        let at = (Span::default(), ModelId(0));
        let least = |cases: &Cases, input| cases.least(at, Tokens(input), Tokens(90)).0;
        let mut cases = Cases::default();
        assert_eq!(least(&cases, 10), 90);
        [70, 20, 40].into_iter().for_each(|most| cases.note(at, Tokens(most)));
        let found = [0, 20, 21, 41, 70, 71, 90].map(|input| least(&cases, input));
        assert_eq!(found, [20, 20, 40, 70, 70, 90, 90]);
        (100..200).for_each(|most| cases.note(at, Tokens(most)));
        assert_eq!([10, 90].map(|input| least(&cases, input)), [10, 90]);
    }
}
