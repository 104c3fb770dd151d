//! Means: what parts of a program take on average, and how often they give a value.
//!
//! Not here: which parts there are and how often they come about (`expected`).

use super::{Amount, joined};
use ecow::EcoString;
use flow_plan::{ModelId, Step};

/// A mean of each measure but time, of which calls say nothing.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Mean {
    /// Dollars.
    pub usd: f64,
    /// Calls of models.
    pub calls: f64,
    /// Tokens in.
    pub input: f64,
    /// Tokens out.
    pub output: f64,
}

impl Mean {
    pub(super) fn plus(self, other: Mean) -> Mean {
        Mean {
            usd: self.usd + other.usd,
            calls: self.calls + other.calls,
            input: self.input + other.input,
            output: self.output + other.output,
        }
    }

    pub(super) fn times(self, n: f64) -> Mean {
        Mean { usd: self.usd * n, calls: self.calls * n, input: self.input * n, output: self.output * n }
    }

    // A mean of what is never more.
    pub(super) fn at_most(self, worst: Amount) -> Mean {
        Mean {
            usd: self.usd.min(worst.usd.dollars()),
            calls: self.calls.min(worst.calls as f64),
            input: self.input.min(worst.input.0 as f64),
            output: self.output.min(worst.output.0 as f64),
        }
    }
}

/// What a part of a program takes.
#[derive(Clone)]
pub(super) struct Part {
    /// How often it gives a value.
    pub(super) ok: f64,
    /// What it takes on average, however it ends.
    pub(super) takes: Mean,
    pub(super) calls: Vec<(EcoString, ModelId, Mean)>,
}

impl Part {
    pub(super) fn nothing() -> Part {
        Part { ok: 1.0, takes: Mean::default(), calls: Vec::new() }
    }

    // Adds what another part takes where it comes about this often; not how it ends.
    pub(super) fn add(&mut self, other: Part, share: f64) {
        self.takes = self.takes.plus(other.takes.times(share));
        self.calls
            .extend(other.calls.into_iter().map(|(step, model, mean)| (step, model, mean.times(share))));
    }

    pub(super) fn scaled(self, n: f64) -> Part {
        let mut out = Part::nothing();
        let ok = self.ok;
        out.add(self, n);
        Part { ok, ..out }
    }

    pub(super) fn inside(mut self, step: &str) -> Part {
        self.calls.iter_mut().for_each(|(name, ..)| *name = joined(step, name));
        self
    }

    // With the tries of its step, each of which fails this often besides what fails in it.
    pub(super) fn tried(self, step: &Step, fails: f64) -> Part {
        let lost = 1.0 - self.ok * (1.0 - fails);
        let tries = f64::from(step.settings.retry) + 1.0;
        Part { ok: 1.0 - lost.powf(tries), ..self.scaled(power_sum(lost, tries)) }
    }
}

// 1 + q + q² + … with n terms; n need not be whole.
pub(super) fn power_sum(q: f64, n: f64) -> f64 {
    if q >= 1.0 { n } else { (1.0 - q.powf(n)) / (1.0 - q) }
}

// The same where the last power is known: of n rounds that all succeed this often.
pub(super) fn power_sum_of(all: f64, n: f64) -> f64 {
    if n <= 0.0 { 0.0 } else { power_sum(all.powf(1.0 / n), n) }
}

pub(super) fn mixed(parts: Vec<(f64, Part)>) -> Part {
    let mut out = Part::nothing();
    out.ok = 0.0;
    for (share, part) in parts {
        out.ok += share * part.ok;
        out.add(part, share);
    }
    out
}

// All of it the dearest of them.
pub(super) fn dearest(parts: Vec<Part>) -> Vec<(f64, Part)> {
    let key = |part: &Part| (part.takes.usd, part.takes.calls);
    let best = parts.into_iter().reduce(|a, b| if key(&b) > key(&a) { b } else { a });
    best.map(|part| (1.0, part)).into_iter().collect()
}
