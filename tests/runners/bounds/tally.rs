//! What many programs came to, in figures for people.

use super::Verdict;
use super::play::{Fault, Reached};
use std::collections::BTreeMap;

/// What many programs came to.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) programs: u32,
    pub(super) invalid: u32,
    pub(super) too_much: u32,
    pub(super) runs: u32,
    pub(super) fault: Option<(u64, Fault)>,
    // How runs ended, and the model calls they made.
    ends: BTreeMap<String, u32>,
    calls: u64,
    most_calls: u64,
    // Why programs were refused, and one that was not valid.
    codes: BTreeMap<String, u32>,
    example: Option<(u64, String)>,
    // For each program with a bound, the nearest that a run came to it.
    reached: Vec<(u64, Reached)>,
}

impl Tally {
    pub(super) fn add(&mut self, seed: u64, verdict: Verdict) {
        self.programs += 1;
        match verdict {
            Verdict::Invalid(why) => {
                self.invalid += 1;
                self.example = Some((seed, why));
            }
            Verdict::TooMuch(code) => {
                self.too_much += 1;
                *self.codes.entry(code).or_default() += 1;
            }
            Verdict::Ran(ends, reached) => {
                self.runs += ends.len() as u32;
                for (end, calls) in ends {
                    *self.ends.entry(end).or_default() += 1;
                    self.calls += calls;
                    self.most_calls = self.most_calls.max(calls);
                }
                self.reached.extend(reached.map(|reached| (seed, reached)));
            }
        }
    }

    /// Prints the figures.
    #[expect(clippy::print_stderr, reason = "the figures are read in the output of a run with --nocapture")]
    pub(super) fn show(&self, what: &str) {
        let Tally { programs, invalid, too_much, runs, reached, calls, most_calls, .. } = self;
        eprintln!(
            "{what}: {programs} programs, {invalid} not valid, {too_much} over a limit {:?}",
            self.codes
        );
        eprintln!("  {runs} runs with {calls} calls, {most_calls} at most; {:?}", self.ends);
        eprintln!("  {} programs have a bound", reached.len());
        if let Some((seed, why)) = &self.example {
            eprintln!("  seed {seed} is not valid:\n{why}");
        }
        if !reached.is_empty() {
            eprintln!(
                "  measured by bound, tokens:  {}",
                spread(reached.iter().map(|(_, r)| r.tokens).collect())
            );
            eprintln!(
                "  measured by bound, dollars: {}",
                spread(reached.iter().map(|(_, r)| r.usd).collect())
            );
            let mut furthest: Vec<_> = reached.iter().map(|(seed, r)| (r.usd, r.tokens, *seed)).collect();
            furthest.sort_by(|a, b| a.0.min(a.1).total_cmp(&b.0.min(b.1)));
            furthest.truncate(60);
            eprintln!("  furthest from it, with their seeds: {furthest:.4?}");
        }
    }

    /// The program whose run came least near to its bound in tokens: how near, and its seed.
    pub(super) fn least_tokens(&self) -> Option<(f64, u64)> {
        self.reached.iter().map(|(seed, r)| (r.tokens, *seed)).min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// The share of programs of which a run cost exactly its bound.
    pub(super) fn exact_in_dollars(&self) -> f64 {
        share(&self.reached.iter().map(|(_, r)| r.usd).collect::<Vec<_>>())
    }
}

// The share that reaches the bound.
fn share(parts: &[f64]) -> f64 {
    parts.iter().filter(|p| **p >= 0.999_999).count() as f64 / parts.len().max(1) as f64
}

// The distribution: quantiles, and the share that reaches the bound.
fn spread(mut parts: Vec<f64>) -> String {
    parts.sort_by(f64::total_cmp);
    let at = |quantile: f64| parts[((parts.len() - 1) as f64 * quantile) as usize];
    let exact = share(&parts);
    let quantiles: Vec<String> = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0]
        .iter()
        .map(|q| format!("{:.0}%: {:.4}", q * 100.0, at(*q)))
        .collect();
    format!("{} | exact in {:.2}%", quantiles.join("  "), exact * 100.0)
}

#[test]
fn a_spread_counts_what_reaches_the_bound() {
    assert!(spread(vec![0.5, 1.0, 1.0, 1.0]).ends_with("100%: 1.0000 | exact in 75.00%"));
}
