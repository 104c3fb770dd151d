//! Amounts in the worst case, for each way out of a step, and how they add up.

use ecow::EcoString;
use flow_diagnostics::Span;
use flow_plan::{Cost, Millis, Tokens};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// The most that something takes, each measure by itself, and what makes up the dollars and the time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worst {
    pub(crate) usd: Cost,
    pub(crate) calls: u64,
    pub(crate) input: Tokens,
    pub(crate) output: Tokens,
    /// In and out together.
    pub(crate) tokens: Tokens,
    pub(crate) time: Millis,
    /// What the dollars are spent on.
    pub(crate) spent_on: Sum,
    /// What the time is spent on.
    pub(crate) waited_for: Sum,
}

/// A sum that can still be taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) enum Sum {
    #[default]
    Nothing,
    Line(Arc<Line>),
    Both(Arc<(Sum, Sum)>),
    Times(u64, Arc<Sum>),
}

/// One kind of call, or of waiting.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Line {
    /// The step, with the steps around it: `checked.tone`.
    pub(crate) step: EcoString,
    /// Where it is written.
    pub(crate) span: Span,
    /// Who is asked, or what is waited for.
    pub(crate) what: EcoString,
    pub(crate) usd: Cost,
    pub(crate) input: Tokens,
    pub(crate) output: Tokens,
    pub(crate) time: Millis,
}

impl Sum {
    fn and(&self, other: &Sum) -> Sum {
        match (self, other) {
            (Sum::Nothing, s) | (s, Sum::Nothing) => s.clone(),
            (a, b) => Sum::Both(Arc::new((a.clone(), b.clone()))),
        }
    }

    fn times(&self, n: u64) -> Sum {
        match (self, n) {
            (Sum::Nothing, _) | (_, 0) => Sum::Nothing,
            (s, 1) => s.clone(),
            (s, n) => Sum::Times(n, Arc::new(s.clone())),
        }
    }

    /// Every line with how often it counts; equal lines are one.
    pub(crate) fn lines(&self) -> Vec<(u64, Arc<Line>)> {
        // Parts are shared, so that a sum is larger than it looks: each is taken apart once, when it
        // is known how often it counts.
        let mut counts: FxHashMap<*const (), u64> = self.id().into_iter().map(|id| (id, 1)).collect();
        let order = self.parts();
        for part in order.iter().rev() {
            let all = part.id().and_then(|id| counts.get(&id).copied()).unwrap_or(1);
            let (inner, times) = part.inner();
            for id in inner.into_iter().flatten().filter_map(Sum::id) {
                let count = counts.entry(id).or_default();
                *count = count.saturating_add(all.saturating_mul(times));
            }
        }
        let mut out: Vec<(u64, Arc<Line>)> = Vec::new();
        let mut at: FxHashMap<Arc<Line>, usize> = FxHashMap::default();
        let mut add = |line: &Arc<Line>, times: u64| match at.get(line) {
            Some(known) => {
                let (n, _): &mut (u64, _) = &mut out[*known];
                *n = n.saturating_add(times);
            }
            None => {
                at.insert(line.clone(), out.len());
                out.push((times, line.clone()));
            }
        };
        let mut seen: FxHashSet<*const ()> = FxHashSet::default();
        let mut left = vec![(1u64, self)];
        while let Some((times, sum)) = left.pop() {
            if let Sum::Line(line) = sum {
                add(line, times);
            }
            let Some(id) = sum.id().filter(|id| seen.insert(*id)) else { continue };
            let all = counts.get(&id).copied().unwrap_or(1);
            let (inner, times) = sum.inner();
            left.extend(inner.into_iter().flatten().rev().map(|part| (all.saturating_mul(times), part)));
        }
        out
    }

    // Every part that has parts, each once and behind those that it has.
    fn parts(&self) -> Vec<&Sum> {
        let mut seen: FxHashSet<*const ()> = FxHashSet::default();
        let mut out = Vec::new();
        let mut left = vec![(self, false)];
        while let Some((sum, is_done)) = left.pop() {
            if is_done {
                out.push(sum);
            } else if sum.id().is_some_and(|id| seen.insert(id)) {
                left.push((sum, true));
                left.extend(sum.inner().0.into_iter().flatten().map(|part| (part, false)));
            }
        }
        out
    }

    // What it is made of, and how often that counts.
    fn inner(&self) -> ([Option<&Sum>; 2], u64) {
        match self {
            Sum::Nothing | Sum::Line(_) => ([None, None], 0),
            Sum::Both(both) => ([Some(&both.0), Some(&both.1)], 1),
            Sum::Times(n, inner) => ([Some(inner), None], *n),
        }
    }

    // The same for every clone of a sum with parts.
    fn id(&self) -> Option<*const ()> {
        match self {
            Sum::Nothing | Sum::Line(_) => None,
            Sum::Both(both) => Some(Arc::as_ptr(both).cast()),
            Sum::Times(_, inner) => Some(Arc::as_ptr(inner).cast()),
        }
    }
}

impl Worst {
    /// Of a line that is one call.
    pub(crate) fn call(line: Line) -> Worst {
        let line = Arc::new(line);
        Worst {
            usd: line.usd,
            calls: 1,
            input: line.input,
            output: line.output,
            tokens: Tokens(line.input.0.saturating_add(line.output.0)),
            time: line.time,
            spent_on: Sum::Line(line.clone()),
            waited_for: Sum::Line(line),
        }
    }

    /// Of a line that only takes time.
    pub(crate) fn wait(line: Line) -> Worst {
        Worst { time: line.time, waited_for: Sum::Line(Arc::new(line)), ..Worst::default() }
    }

    /// This and then the other.
    pub(crate) fn then(&self, next: &Worst) -> Worst {
        Worst {
            time: Millis(self.time.0.saturating_add(next.time.0)),
            waited_for: self.waited_for.and(&next.waited_for),
            ..self.beside(next)
        }
    }

    /// This and the other at the same time.
    pub(crate) fn beside(&self, other: &Worst) -> Worst {
        let longer = if other.time > self.time { other } else { self };
        Worst {
            usd: self.usd.plus(other.usd),
            calls: self.calls.saturating_add(other.calls),
            input: Tokens(self.input.0.saturating_add(other.input.0)),
            output: Tokens(self.output.0.saturating_add(other.output.0)),
            tokens: Tokens(self.tokens.0.saturating_add(other.tokens.0)),
            time: longer.time,
            spent_on: self.spent_on.and(&other.spent_on),
            waited_for: longer.waited_for.clone(),
        }
    }

    /// The larger of the two, each measure by itself.
    pub(crate) fn or(&self, other: &Worst) -> Worst {
        let dearer = if other.usd > self.usd { other } else { self };
        let longer = if other.time > self.time { other } else { self };
        Worst {
            usd: dearer.usd,
            calls: self.calls.max(other.calls),
            input: self.input.max(other.input),
            output: self.output.max(other.output),
            tokens: self.tokens.max(other.tokens),
            time: longer.time,
            spent_on: dearer.spent_on.clone(),
            waited_for: longer.waited_for.clone(),
        }
    }

    /// The smaller of the two, each measure by itself.
    pub(crate) fn at_most(&self, other: &Worst) -> Worst {
        let cheaper = if other.usd < self.usd { other } else { self };
        let shorter = if other.time < self.time { other } else { self };
        Worst {
            usd: cheaper.usd,
            calls: self.calls.min(other.calls),
            input: self.input.min(other.input),
            output: self.output.min(other.output),
            tokens: self.tokens.min(other.tokens),
            time: shorter.time,
            spent_on: cheaper.spent_on.clone(),
            waited_for: shorter.waited_for.clone(),
        }
    }

    /// Whether no measure of the other is more.
    pub(crate) fn covers(&self, other: &Worst) -> bool {
        self.usd >= other.usd
            && self.calls >= other.calls
            && self.input >= other.input
            && self.output >= other.output
            && self.tokens >= other.tokens
            && self.time >= other.time
    }

    /// So many times, one after the other.
    pub(crate) fn times(&self, n: u64) -> Worst {
        Worst {
            usd: Cost(self.usd.0.saturating_mul(i64::try_from(n).unwrap_or(i64::MAX))),
            calls: self.calls.saturating_mul(n),
            input: Tokens(self.input.0.saturating_mul(n)),
            output: Tokens(self.output.0.saturating_mul(n)),
            tokens: Tokens(self.tokens.0.saturating_mul(n)),
            time: Millis(self.time.0.saturating_mul(n)),
            spent_on: self.spent_on.times(n),
            waited_for: self.waited_for.times(n),
        }
    }

    /// The same in another time.
    pub(crate) fn taking(self, other: &Worst) -> Worst {
        Worst { time: other.time, waited_for: other.waited_for.clone(), ..self }
    }
}

/// The worst case of each way out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    /// It gives a value.
    pub(crate) ok: Worst,
    /// It fails, and the `retry` of a step around it tries again.
    pub(crate) failed: Option<Worst>,
    /// It fails and would fail again, so that no `retry` tries: what cannot be computed, a requirement
    /// that does not hold, a flow that refuses or has no time left.
    pub(crate) lasting: Option<Worst>,
    /// The flow ends with `else stop`.
    pub(crate) stopped: Option<Worst>,
}

impl Ways {
    /// What gives a value in any case.
    pub(crate) fn certain(ok: Worst) -> Ways {
        Ways { ok, ..Ways::default() }
    }

    /// Whatever happens.
    pub(crate) fn any(&self) -> Worst {
        let mut any = self.ok.clone();
        for way in self.failed.iter().chain(&self.lasting).chain(&self.stopped) {
            any = any.or(way);
        }
        any
    }

    /// It fails, whether that lasts or not.
    pub(crate) fn fails(&self) -> Option<Worst> {
        either(&self.failed, &self.lasting)
    }

    /// The same for each way on which there is no value.
    pub(crate) fn ended(self, end: impl Fn(Worst) -> Worst) -> Ways {
        let Ways { ok, failed, lasting, stopped } = self;
        Ways { ok, failed: failed.map(&end), lasting: lasting.map(&end), stopped: stopped.map(&end) }
    }

    /// It may fail for good, at this cost.
    pub(crate) fn or_lasting(self, worst: Worst) -> Ways {
        Ways { lasting: either(&self.lasting, &Some(worst)), ..self }
    }

    /// One or the other.
    pub(crate) fn or(&self, other: &Ways) -> Ways {
        Ways {
            ok: self.ok.or(&other.ok),
            failed: either(&self.failed, &other.failed),
            lasting: either(&self.lasting, &other.lasting),
            stopped: either(&self.stopped, &other.stopped),
        }
    }

    /// This and, where it gives a value, the other.
    pub(crate) fn then(&self, next: &Ways) -> Ways {
        let after = |way: &Option<Worst>| way.as_ref().map(|w| self.ok.then(w));
        Ways {
            ok: self.ok.then(&next.ok),
            failed: either(&self.failed, &after(&next.failed)),
            lasting: either(&self.lasting, &after(&next.lasting)),
            stopped: either(&self.stopped, &after(&next.stopped)),
        }
    }

    /// What is in both, each measure by itself: a way that is not in one of them does not happen.
    pub(crate) fn at_most(&self, other: &Ways) -> Ways {
        let both = |a: &Option<Worst>, b: &Option<Worst>| Some(a.as_ref()?.at_most(b.as_ref()?));
        Ways {
            ok: self.ok.at_most(&other.ok),
            failed: both(&self.failed, &other.failed),
            lasting: both(&self.lasting, &other.lasting),
            stopped: both(&self.stopped, &other.stopped),
        }
    }

    /// So many times, one after the other, up to the first that gives no value.
    pub(crate) fn repeated(&self, n: u64) -> Ways {
        let before = self.ok.times(n.saturating_sub(1));
        if n == 0 {
            return Ways::default();
        }
        let ok = self.ok.times(n);
        Ways { ok, ..self.clone().ended(|last| before.then(&last)) }
    }
}

/// The larger of two ways, where they are there.
pub(crate) fn either(a: &Option<Worst>, b: &Option<Worst>) -> Option<Worst> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.or(b)),
        (a, b) => a.as_ref().or(b.as_ref()).cloned(),
    }
}
