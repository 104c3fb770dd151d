//! What each model came to: its answers counted, and what they took.

use super::candidates::Candidate;
use super::cases::Case;
use super::running::Ran;
use crate::cmd::run::exit_of;
use crate::exit::Exit;
use flow_plan::{Cost, Millis, Value};
use flow_runtime::{RunReport, RunStatus};
use std::collections::BTreeMap;

/// A comparison that has ended.
pub(super) struct Compared {
    /// The flow.
    pub(super) flow: String,
    /// One for each model.
    pub(super) models: Vec<Figures>,
    /// The lines of the cases in their file.
    pub(super) lines: Vec<usize>,
    /// By case, then by model; `None` for a run that has not come to its end.
    pub(super) reports: Vec<Vec<Option<RunReport>>>,
    /// Whether somebody stopped it.
    pub(super) interrupted: bool,
    // What runs that were stopped have spent.
    lost: Cost,
}

/// What one model came to over all cases that were done.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Figures {
    /// The model's id.
    pub(super) model: String,
    /// Runs with an answer.
    pub(super) answered: usize,
    /// Runs in which the flow refused.
    pub(super) refused: usize,
    /// Runs that failed, by the code of their error, with a message of each.
    pub(super) failed: BTreeMap<&'static str, (usize, String)>,
    /// Answers that are those of the first model; `None` for that one.
    pub(super) same: Option<usize>,
    /// What all runs cost, the failed ones included.
    pub(super) usd: Cost,
    /// What a run can cost.
    pub(super) worst: Cost,
    /// Dollars of a run that did not fail.
    pub(super) each: Spread<Cost>,
    /// Its time.
    pub(super) time: Spread<Millis>,
    /// Its tokens in.
    pub(super) input: Spread<u64>,
    /// Its tokens out.
    pub(super) output: Spread<u64>,
}

/// Percentiles; each is a value that was seen, the nearest by rank.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Spread<T> {
    /// Half of the runs took no more.
    pub(super) median: Option<T>,
    /// A twentieth of the runs took more.
    pub(super) p95: Option<T>,
}

impl Compared {
    /// Puts together what runs came to.
    pub(super) fn of(flow: &str, candidates: &[Candidate], cases: &[Case], ran: Ran) -> Compared {
        let Ran { reports, interrupted, lost } = ran;
        let models = candidates.iter().enumerate().map(|(i, c)| Figures::of(c, i, &reports)).collect();
        let lines = cases.iter().map(|case| case.line).collect();
        Compared { flow: flow.to_owned(), models, lines, reports, interrupted, lost }
    }

    /// How many runs came to their end.
    pub(super) fn done(&self) -> usize {
        self.reports.iter().flatten().flatten().count()
    }

    /// How many there are.
    pub(super) fn all(&self) -> usize {
        self.lines.len() * self.models.len()
    }

    /// What all of it cost.
    pub(super) fn spent(&self) -> Cost {
        self.models.iter().fold(self.lost, |sum, figures| sum.plus(figures.usd))
    }

    /// The code that the command ends with: that of its runs where they fail alike.
    pub(super) fn exit(&self) -> Exit {
        let failed = self.reports.iter().flatten().flatten().filter(|r| is_failed(r));
        let mut exits: Vec<Exit> = failed.map(exit_of).collect();
        exits.dedup();
        match exits[..] {
            [] => Exit::Fine,
            [exit] => exit,
            _ => Exit::Failed,
        }
    }
}

impl Figures {
    fn of(candidate: &Candidate, i: usize, reports: &[Vec<Option<RunReport>>]) -> Figures {
        let done: Vec<&RunReport> = reports.iter().filter_map(|case| case[i].as_ref()).collect();
        let good: Vec<&RunReport> = done.iter().copied().filter(|r| !is_failed(r)).collect();
        let mut failed = BTreeMap::new();
        for error in done.iter().filter(|r| is_failed(r)).filter_map(|r| r.error.as_ref()) {
            failed.entry(error.code.name()).or_insert_with(|| (0, error.message.clone())).0 += 1;
        }
        let same = |case: &&Vec<Option<RunReport>>| {
            let answer = |report: &Option<RunReport>| report.as_ref().and_then(|r| r.output.clone());
            let equal = |a: Value, b: Value| flow_plan::equal(&a, &b);
            answer(&case[0]).zip(answer(&case[i])).is_some_and(|(first, own)| equal(first, own))
        };
        Figures {
            model: candidate.model.clone(),
            answered: good.iter().filter(|r| r.status == RunStatus::Ok).count(),
            refused: good.iter().filter(|r| r.status == RunStatus::Stopped).count(),
            failed,
            same: (i > 0).then(|| reports.iter().filter(same).count()),
            usd: done.iter().fold(Cost::ZERO, |sum, r| sum.plus(r.spent.usd)),
            worst: candidate.worst,
            each: Spread::of(good.iter().map(|r| r.spent.usd).collect()),
            time: Spread::of(good.iter().map(|r| r.took).collect()),
            input: Spread::of(good.iter().map(|r| r.spent.input.0).collect()),
            output: Spread::of(good.iter().map(|r| r.spent.output.0).collect()),
        }
    }

    /// Runs that failed.
    pub(super) fn failures(&self) -> usize {
        self.failed.values().map(|(n, _)| n).sum()
    }
}

impl<T: Ord + Copy> Spread<T> {
    fn of(mut all: Vec<T>) -> Spread<T> {
        all.sort_unstable();
        let rank = |percent: usize| all.get((all.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Spread { median: rank(50), p95: rank(95) }
    }
}

/// Whether a run has failed: it has no answer, and the flow did not refuse one.
pub(super) fn is_failed(report: &RunReport) -> bool {
    matches!(report.status, RunStatus::Failed | RunStatus::Waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let of = |n: u64| Spread::of((1..=n).rev().collect());
        assert_eq!(of(0), Spread { median: None, p95: None });
        assert_eq!(of(1), Spread { median: Some(1), p95: Some(1) });
        assert_eq!(of(20), Spread { median: Some(10), p95: Some(19) });
        assert_eq!(of(100), Spread { median: Some(50), p95: Some(95) });
    }
}
