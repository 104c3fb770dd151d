//! The rounds of a `repeat`: the first goes through what it starts from, and each behind it through what
//! the one before has made.
//!
//! Where that differs, the first round has a block of its own in the plan, so that the runtime holds its
//! calls to what is proven of them.

use super::infer::{Env, opened, widest};
use super::walk::{Place, Walk};
use super::worst::{Ways, Worst};
use ecow::EcoString;
use flow_diagnostics::Span;
use flow_plan::{Block, FirstRound, Step, Type, VarId};

/// A `repeat` without what it starts from.
pub(super) struct Rounds<'s> {
    pub(super) up_to: u32,
    pub(super) body: &'s mut Block,
    pub(super) until: Option<&'s mut Block>,
    pub(super) first: &'s mut Option<Box<FirstRound>>,
}

/// What the `it` of a `repeat` holds behind the first round, where that starts from `first` with these
/// variables in sight.
pub(crate) struct Settled {
    env: Env,
    first: Type,
    it: Type,
}

/// What a round takes.
struct Round {
    // `until` before it, and whether that holds in every run.
    asked: Option<(Ways, bool)>,
    work: Ways,
    made: Type,
}

impl Round {
    fn is_done(&self) -> bool {
        self.asked.as_ref().is_some_and(|(_, holds)| *holds)
    }

    fn ways(&self) -> Ways {
        match &self.asked {
            Some((asked, true)) => asked.clone(),
            Some((asked, false)) => asked.then(&self.work),
            None => self.work.clone(),
        }
    }
}

// In more loops than these, rounds are not told apart: each loop doubles what there is to look at.
const MOST_INSIDE: usize = 3;

// How many steps are looked at for what the `it` of a `repeat` grows to, all of them together. Loops
// in loops that each make what they go through larger could be looked at for ever.
const MOST_LOOKED: usize = 20_000;

impl Walk<'_> {
    /// The worst case of a `repeat`, and what it gives.
    pub(super) fn repeat(
        &mut self,
        step: &Step,
        rounds: Rounds<'_>,
        from: Type,
        env: &Env,
        place: &Place,
    ) -> (Ways, Type) {
        let Rounds { up_to, body, mut until, first } = rounds;
        *first = None;
        self.rounds += 1;
        let later = (up_to > 1).then(|| self.settled(step.span, body, env, &from, up_to));
        let is_told_apart = self.rounds <= MOST_INSIDE && self.settling == 0;
        let (ways, ty) = match later {
            Some(later) if (later != from || self.has_first(step.span)) && is_told_apart => {
                let mut one = FirstRound { body: body.clone(), until: until.as_deref().cloned() };
                let (unbounded, needless) = (self.unbounded.len(), self.needless.len());
                let began = self.in_first(step.span, |walk| {
                    walk.round(step, (&mut one.body, one.until.as_mut()), (&from, 1), env, place)
                });
                // What is wrong is told once.
                let open = self.unbounded.split_off(unbounded);
                self.needless.truncate(needless);
                let more = u64::from(up_to) - 1;
                // Where it is done before the first round, no other begins.
                let calls = self.calls.clone();
                let next = self.round(step, (body, until), (&later, more), env, place);
                if self.unbounded.len() == unbounded {
                    self.unbounded.extend(open);
                }
                *first = Some(Box::new(one));
                let may_end = began.asked.is_some();
                if began.is_done() {
                    self.calls = calls;
                    (began.ways(), from)
                } else {
                    let more = if next.is_done() { 1 } else { more };
                    let ways = began.ways().then(&next.ways().repeated(more));
                    let made = widest(&later, &next.made);
                    (ways, if may_end { widest(&from, &made) } else { made })
                }
            }
            later => {
                let it = later.map_or_else(|| from.clone(), |later| widest(&from, &later));
                let each = self.round(step, (body, until.take()), (&it, u64::from(up_to)), env, place);
                let may_end = each.asked.is_some();
                match each.is_done() {
                    true => (each.ways(), it),
                    false => {
                        let ways = each.ways().repeated(u64::from(up_to));
                        (ways, if may_end { widest(&it, &each.made) } else { each.made })
                    }
                }
            }
        };
        self.rounds -= 1;
        (ways.or_lasting(Worst::default()), ty)
    }

    // One round, so many times.
    fn round(
        &mut self,
        step: &Step,
        (body, until): (&mut Block, Option<&mut Block>),
        (it, times): (&Type, u64),
        env: &Env,
        place: &Place,
    ) -> Round {
        let inside = place.within(&step.name, times);
        let mut inner = env.clone();
        inner.set(VarId(body.vars.start), it.clone());
        let asked = until.map(|until| {
            let mut inner = env.clone();
            inner.set(VarId(until.vars.start), it.clone());
            let place = Place { times: inside.times, ..place.clone() };
            let (asked, _) = self.block(until, &mut inner, &place);
            let holds = until.result.as_ref().and_then(|holds| self.inference().known(holds, &inner));
            (asked, holds == Some(true))
        });
        let is_done = asked.as_ref().is_some_and(|(_, holds)| *holds);
        let (work, made) = match is_done {
            true => self.unseen(body, &inner, &inside),
            false => self.block(body, &mut inner, &inside),
        };
        Round { asked, work, made }
    }

    // What `it` holds at most behind the first round: what a round makes may be larger than what it was
    // given.
    fn settled(&mut self, at: Span, body: &Block, env: &Env, first: &Type, up_to: u32) -> Type {
        if let Some(known) = self.settled.get(&at).filter(|k| k.first == *first && k.env == *env) {
            return known.it.clone();
        }
        self.settling += 1;
        let it = self.looked_aside(|walk| walk.grown(&mut body.clone(), env, first, up_to));
        self.settling -= 1;
        self.settled.insert(at, Settled { env: env.clone(), first: first.clone(), it: it.clone() });
        it
    }

    fn grown(&mut self, body: &mut Block, env: &Env, first: &Type, up_to: u32) -> Type {
        let mut it = self.made(body, env, first);
        for _ in 2..up_to {
            if self.looked > MOST_LOOKED {
                return opened(&widest(first, &it));
            }
            let wider = widest(&it, &self.made(body, env, &it));
            if wider == it {
                return it;
            }
            it = wider;
        }
        it
    }

    fn made(&mut self, body: &mut Block, env: &Env, it: &Type) -> Type {
        let mut inner = env.clone();
        inner.set(VarId(body.vars.start), it.clone());
        self.block(body, &mut inner, &Place { inside: EcoString::new(), times: 0 }).1
    }
}
