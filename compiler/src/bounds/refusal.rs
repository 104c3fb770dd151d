//! What a model is shown when a guard behind it does not let its answer pass and asks again: the answer
//! and the reason, each no longer than what is known of them; and `else retry`, which asks again.

use super::call::waiting;
use super::walk::{Place, Walk};
use super::worst::{Ways, Worst, either};
use ecow::EcoString;
use flow_plan::limits::COMPLAINT;
use flow_plan::{
    Block, Bound, Callee, Expr, Guard, OnFail, Plan, RequestBound, Step, StepKind, Tokens, Type, complaint,
};
use flow_tokens::{Measure, json_tokens, without_marks};
use petgraph::graph::NodeIndex;

/// What is shown to a model behind a prompt.
#[derive(Clone, Copy)]
pub(super) struct Behind<'a> {
    /// The longest answer.
    pub(super) reply: Tokens,
    /// The guards that ask again.
    pub(super) refusal: Option<&'a Refusal>,
    /// What an answer is.
    pub(super) output: &'a Type,
}

/// What is said to a model behind a prompt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// An answer that cannot be used, and why.
    Unusable,
    /// An answer that a guard has not let pass, and why.
    Refused,
    /// One or the other.
    Anything,
}

impl Said {
    /// What a request holds then.
    pub(super) fn input(self, request: &RequestBound) -> Tokens {
        match self {
            Said::Nothing => request.input,
            Said::Unusable => request.again,
            Said::Refused => request.refused.input,
            Said::Anything => request.again.max(request.refused.input),
        }
    }
}

/// The guards behind a step that ask it again.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Refusal {
    /// How often one of them does at most.
    pub(crate) times: u32,
    // All that they may say to it, where that is known.
    said: Option<Vec<EcoString>>,
}

impl Refusal {
    /// Those behind a step of a block, if there are any.
    pub(super) fn behind(plan: &Plan, block: &Block, node: NodeIndex) -> Option<Refusal> {
        let var = block.var_of(node);
        let asks = |step: &Step| match (&step.on_fail, &step.kind) {
            (
                Some(OnFail::Retry(times)),
                StepKind::Call(callee @ (Callee::Guard(_) | Callee::Builtin(_)), args),
            ) if args.first() == Some(&Expr::Var(var)) => {
                let said = match callee {
                    Callee::Guard(id) => said(&plan.guards[id.index()]),
                    _ => None,
                };
                Some(Refusal { times: *times, said })
            }
            _ => None,
        };
        block.steps.node_weights().filter_map(asks).reduce(|a, b| Refusal {
            times: a.times.max(b.times),
            said: a.said.zip(b.said).map(|(a, b)| [a, b].concat()),
        })
    }

    /// The most tokens of what is said of the answer.
    pub(super) fn reason(&self, measure: &Measure) -> Tokens {
        let count = |text: &EcoString| measure.count(&without_marks(text));
        let known = self.said.as_ref().and_then(|said| said.iter().map(count).max());
        Tokens(known.unwrap_or(COMPLAINT.0)).min(COMPLAINT)
    }
}

// A guard that asks nobody says which of its requirements does not hold. What is said of one that can't
// be computed is cut to the same length.
fn said(guard: &Guard) -> Option<Vec<EcoString>> {
    let asks_nobody = guard.body.steps.node_count() == 0;
    asks_nobody.then(|| guard.requires.iter().map(|r| complaint(&guard.refusal(r)).into()).collect())
}

/// The most tokens of an answer of this type as it is shown again, where none longer than `most` is. Texts
/// without a bound are bounded by the caller.
pub(super) fn answer(output: &Type, most: Tokens, measure: &Measure) -> Tokens {
    let own = match output {
        Type::Text { bound, .. } => bound.map_or(most.0, Bound::tokens),
        other => json_tokens(other, measure),
    };
    Tokens(own).min(most)
}

impl Walk<'_> {
    /// `else retry`: asked again with what was wrong, this many times.
    pub(super) fn asked_again(
        &mut self,
        step: &Step,
        author: Option<&Step>,
        first: Ways,
        times: u64,
        place: &Place,
    ) -> Ways {
        let Some(mut failed) = first.fails().filter(|_| times > 0) else { return first };
        let mut times = times;
        let round = match (author, &step.kind) {
            (Some(author), _) => match author.bounds.clone() {
                Some(bounds) => {
                    // Behind the first refusal, an answer that cannot be used may be what is shown.
                    let first_round =
                        self.answered(author, &bounds, self.doubt(author), place, Said::Refused);
                    let first_round = first_round.then(&first);
                    self.note(author, &bounds, place, 1, Said::Refused);
                    if times == 1 {
                        first_round
                    } else {
                        failed = failed.then(&first_round.fails().unwrap_or_default());
                        times -= 1;
                        self.note(author, &bounds, place, times, Said::Anything);
                        self.answered(author, &bounds, self.doubt(author), place, Said::Anything).then(&first)
                    }
                }
                None => first.clone(),
            },
            (None, StepKind::Call(Callee::Prompt(id), _)) => match step.bounds.clone() {
                Some(bounds) => {
                    let said = match may_be_refused(&self.plan.prompts[id.index()].output) {
                        true => Said::Unusable,
                        false => Said::Nothing,
                    };
                    self.note(step, &bounds, place, times, said);
                    self.answered(step, &bounds, self.doubt(step), place, said)
                }
                None => first.clone(),
            },
            _ => first.clone(),
        };
        // A model that has answered is not waited for.
        let wait = match author {
            Some(_) => Worst::default(),
            None => Worst::wait(waiting(step, place)),
        };
        let again = Ways::certain(wait).then(&round);
        let fails = again.fails().unwrap_or_default();
        let before = failed.then(&fails.times(times - 1));
        let last = Ways::certain(before).then(&again);
        Ways { ok: first.ok.or(&last.ok), stopped: either(&first.stopped, &last.stopped), ..last }
    }
}

// A text without a bound can be anything, and one that is cut at its bound as well, so that none is
// refused and shown again.
pub(super) fn may_be_refused(output: &Type) -> bool {
    !matches!(output.present(), Type::Text { bound: None, .. } | Type::Text { truncate: true, .. })
}
