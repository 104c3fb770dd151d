//! `--from-runs`: what runs took, from the events that they wrote.
//!
//! In: files of `flowc run --events`, each with one run or several. Out: for each flow what its runs
//! took, as mean and spread, and the same for each of its steps. A run that has not ended is left
//! out.

use super::rows::Shown;
use crate::console::counted;
use crate::exit::{Exit, Failure};
use crate::figures::{Round, dollars};
use flow_plan::Cost;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// What runs of flows took, by the flow's name.
#[derive(Debug, Default)]
pub(super) struct Past {
    flows: BTreeMap<String, Vec<Run>>,
}

/// Dollars, tokens in, tokens out, seconds.
type Measures = [f64; 4];
const NAMES: [&str; 4] = ["usd", "input_tokens", "output_tokens", "seconds"];

#[derive(Debug, Default)]
struct Run {
    took: Measures,
    /// By the step's name, all its elements, rounds and tries together.
    steps: HashMap<String, Measures>,
}

/// What so many runs took.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Ran {
    /// How many runs.
    pub(super) runs: usize,
    spreads: [Spread; 4],
}

/// A mean and its spread. Each percentile is a value that was seen, the nearest by rank.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Spread {
    /// The mean.
    pub(super) mean: f64,
    /// A tenth of the runs took no more.
    pub(super) p10: f64,
    /// Half of the runs took no more.
    pub(super) p50: f64,
    /// A tenth of the runs took more.
    pub(super) p90: f64,
    /// A twentieth of the runs took more.
    pub(super) p95: f64,
    /// The most that one took.
    pub(super) max: f64,
}

impl Past {
    /// Reads the files.
    pub(super) fn read(files: &[PathBuf]) -> Result<Past, Failure> {
        let mut past = Past::default();
        for file in files {
            let text = std::fs::read_to_string(file).map_err(|e| Failure::unreadable(file, &e))?;
            let ended = past.add(&text).map_err(|line| Failure::Message {
                exit: Exit::Failed,
                message: format!("line {line} of `{}` is no event of a run", file.display()),
                help: Some("give it files that `flowc run --events FILE` wrote".to_owned()),
            })?;
            if ended == 0 {
                let message = format!("`{}` holds no run that has ended", file.display());
                let help = Some("give it files that `flowc run --events FILE` wrote".to_owned());
                return Err(Failure::Message { exit: Exit::Failed, message, help });
            }
        }
        Ok(past)
    }

    /// What runs of a flow took.
    pub(super) fn flow(&self, flow: &str) -> Option<Ran> {
        let runs = self.flows.get(flow)?;
        Ran::of(runs.iter().map(|run| run.took).collect())
    }

    /// What a step took in the runs of a flow; nothing in those that passed it over.
    pub(super) fn step(&self, flow: &str, step: &str) -> Option<Ran> {
        let runs = self.flows.get(flow)?;
        Ran::of(runs.iter().map(|run| run.steps.get(step).copied().unwrap_or_default()).collect())
    }

    /// Why there is nothing to show: the runs are of other flows.
    pub(super) fn of_others(&self, shown: &[Shown<'_>]) -> Failure {
        let here: Vec<&str> = shown.iter().map(|s| s.flow.name.as_str()).collect();
        let there: Vec<&str> = self.flows.keys().map(String::as_str).collect();
        Failure::Message {
            exit: Exit::Failed,
            message: format!("there are only runs of `{}`", there.join("`, `")),
            help: Some(format!("give it files with runs of `{}`", here.join("`, `"))),
        }
    }

    // Takes the events of a file; how many runs ended in it, or the number of a line that is no event.
    fn add(&mut self, text: &str) -> Result<usize, usize> {
        let mut going: HashMap<String, (String, Run)> = HashMap::new();
        let mut ended = 0;
        let last = text.lines().count();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let Some((event, run, kind)) = event(line) else {
                // A run that was ended from outside may leave half a line.
                if i + 1 == last && !text.ends_with('\n') && i > 0 {
                    continue;
                }
                return Err(i + 1);
            };
            match kind.as_str() {
                "run_started" => {
                    let flow = event["flow"].as_str().ok_or(i + 1)?;
                    going.insert(run, (flow.to_owned(), Run::default()));
                }
                "step_finished" => {
                    if let (Some((_, run)), Some(step)) = (going.get_mut(&run), event["step"].as_str()) {
                        let sum = run.steps.entry(step_name(step)).or_default();
                        for (sum, more) in sum.iter_mut().zip(measures(&event, &event)) {
                            *sum += more;
                        }
                    }
                }
                "run_finished" => {
                    if let Some((flow, mut run)) = going.remove(&run) {
                        run.took = measures(&event["spent"], &event);
                        self.flows.entry(flow).or_default().push(run);
                        ended += 1;
                    }
                }
                _ => {}
            }
        }
        Ok(ended)
    }
}

impl Ran {
    fn of(runs: Vec<Measures>) -> Option<Ran> {
        if runs.is_empty() {
            return None;
        }
        let spread = |i: usize| {
            let mut all: Vec<f64> = runs.iter().map(|m| m[i]).collect();
            all.sort_by(f64::total_cmp);
            // The nearest rank: a value that was seen.
            let rank = |percent: usize| all[(all.len() * percent).div_ceil(100).max(1) - 1];
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let (p10, p50, p90, p95) = (rank(10), rank(50), rank(90), rank(95));
            Spread { mean, p10, p50, p90, p95, max: rank(100) }
        };
        Some(Ran { runs: runs.len(), spreads: [spread(0), spread(1), spread(2), spread(3)] })
    }

    /// Dollars.
    pub(super) fn usd(&self) -> Spread {
        self.spreads[0]
    }

    /// For programs.
    pub(super) fn document(&self) -> Value {
        let mut out = json!({"source": "runs", "runs": self.runs});
        for (name, spread) in NAMES.iter().zip(self.spreads) {
            let Spread { mean, p10, p50, p90, p95, max } = spread;
            out[*name] = json!({"mean": mean, "p10": p10, "p50": p50, "p90": p90, "p95": p95, "max": max});
        }
        out
    }
}

/// `$0.0004 by 41 runs (p50 $0.0003, p95 $0.0009, max $0.001)`.
pub(super) fn shown(ran: &Ran) -> String {
    let Spread { mean, p50, p95, max, .. } = ran.usd();
    let runs = counted(ran.runs, "run");
    let [mean, p50, p95, max] = [mean, p50, p95, max].map(about);
    format!("{mean} by {runs} (p50 {p50}, p95 {p95}, max {max})")
}

/// `$0.0004`.
pub(super) fn mean(ran: &Ran) -> String {
    about(ran.usd().mean)
}

/// An amount of dollars that is no bound, to three digits.
pub(super) fn about(usd: f64) -> String {
    dollars(Cost((usd * 1e9).round() as i64), Round::Down)
}

// An event with its run and its name.
fn event(line: &str) -> Option<(Value, String, String)> {
    let event: Value = serde_json::from_str(line).ok()?;
    let (run, kind) = (event["run"].as_str()?.to_owned(), event["event"].as_str()?.to_owned());
    Some((event, run, kind))
}

fn measures(spent: &Value, event: &Value) -> Measures {
    let number = |value: &Value| value.as_f64().unwrap_or(0.0);
    [
        number(&spent["usd"]),
        number(&spent["input_tokens"]),
        number(&spent["output_tokens"]),
        number(&event["ms"]) / 1000.0,
    ]
}

// The step as the bounds name it: without its element, round and try, and with what stands in for
// a failure beside the step that failed.
fn step_name(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = path.split('.').peekable();
    while let Some(part) = rest.next() {
        let part = part.split(['[', '#']).next().unwrap_or(part);
        match part {
            "else" if rest.peek().is_some() => drop(parts.pop()),
            "unless" => {}
            part => parts.push(part),
        }
    }
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_named_as_in_the_table() {
        for (path, name) in [
            ("draft", "draft"),
            ("pages[3].page", "pages.page"),
            ("pages#2[3].page#4", "pages.page"),
            ("checked.else.checked.else", "checked.else"),
            ("draft.unless.judge", "draft.judge"),
            ("polish[0].until.judge", "polish.until.judge"),
        ] {
            assert_eq!(step_name(path), name, "{path}");
        }
    }

    #[test]
    fn a_mean_has_its_spread() {
        let runs = (1..=20).map(|n| [f64::from(n), 0.0, 0.0, 0.0]).collect();
        let usd = Ran::of(runs).map(|e| e.usd());
        let spread = Spread { mean: 10.5, p10: 2.0, p50: 10.0, p90: 18.0, p95: 19.0, max: 20.0 };
        assert_eq!(usd, Some(spread));
        assert_eq!(Ran::of(Vec::new()), None);
    }

    #[test]
    fn runs_are_told_apart_and_what_has_not_ended_is_left_out() {
        let text = r#"{"event":"run_started","run":"a","flow":"f"}
{"event":"run_started","run":"b","flow":"f"}
{"event":"step_finished","run":"a","step":"x[0].y","usd":1.0,"input_tokens":10,"output_tokens":1,"ms":5}
{"event":"step_finished","run":"a","step":"x[1].y","usd":2.0,"input_tokens":20,"output_tokens":1,"ms":5}
{"event":"run_finished","run":"a","spent":{"usd":3.0,"input_tokens":30,"output_tokens":2},"ms":9}
{"event":"step_fini"#;
        let mut past = Past::default();
        assert_eq!(past.add(text), Ok(1));
        assert_eq!(past.flow("f").map(|e| (e.runs, e.usd().mean)), Some((1, 3.0)));
        assert_eq!(past.step("f", "x.y").map(|e| e.usd().mean), Some(3.0));
        assert_eq!(past.step("f", "z").map(|e| e.usd().mean), Some(0.0));
        assert_eq!(past.flow("g"), None);
        assert_eq!(Past::default().add("{}\n"), Err(1));
        assert_eq!(Past::default().add("half"), Err(1));
    }
}
