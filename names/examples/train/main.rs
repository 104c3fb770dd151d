//! Trains the model: `train PII.jsonl [ORDINARY.jsonl] [--write]`.
//!
//! The first file has records `{text, spans}`, the second `{text, label}`, of which those with label 0 are
//! ordinary prompts. Folds go by template: records that differ only in what was filled in stay together.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for whoever trains the model")]

mod learn;
mod made;

use flow_names::model::{COMMON_BYTES, Model};
use flow_names::words::{self, class};
use flow_names::{Found, find_all, lists};
use learn::{Example, Span, learn};
use std::collections::{HashMap, HashSet};

const FOLDS: usize = 5;
const ROUNDS: usize = 5;
const MADE: usize = 16_000;
/// What the thresholds aim at: the precision on the folds, for persons and addresses.
const PRECISION: [f64; 2] = [0.98, 0.98];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let pii = records(&args[0]);
    let prompts: Vec<serde_json::Value> =
        args.get(1).filter(|a| !a.starts_with("--")).map(|p| records(p)).unwrap_or_default();
    let common = common(pii.iter().chain(&prompts));
    let ordinary: Vec<String> =
        prompts.iter().filter(|r| r["label"] == 0).map(|r| r["text"].as_str().unwrap().to_owned()).collect();

    let examples: Vec<(usize, Example, Vec<Span>)> =
        pii.iter().map(|r| (fold_of(&skeleton(r)), example(r), golden(r))).collect();
    let ordinary: Vec<(usize, Example)> = ordinary
        .into_iter()
        .map(|text| (fold_of(&text), Example { text, spans: Vec::new(), weight: 1.0 }))
        .collect();
    let training = |left_out: usize| -> Vec<Example> {
        let mut all: Vec<Example> =
            examples.iter().filter(|e| e.0 != left_out).map(|e| e.1.clone()).collect();
        all.extend(
            ordinary.iter().filter(|(f, e)| *f != left_out && !may_name(&e.text)).map(|(_, e)| e.clone()),
        );
        // Templates that read like a record that is left out are left out with it.
        let known: HashSet<String> = pii
            .iter()
            .zip(&examples)
            .filter(|(_, e)| e.0 == left_out)
            .flat_map(|(r, _)| runs(&skeleton(r)))
            .collect();
        all.extend(made::sentences(MADE, 11, |t| runs(&plain(t)).iter().any(|run| known.contains(run))));
        all
    };

    // Each found place out of fold: its confidence and whether it is right, by kind.
    let mut found: [Vec<(f32, bool)>; 2] = Default::default();
    let mut golds: [Vec<f32>; 2] = Default::default();
    let mut exact = [0usize; 2];
    let mut marked: Vec<(f32, usize, String)> = Vec::new();
    for fold in 0..FOLDS {
        let model = Model::read(&learn(&training(fold), &common, ROUNDS, 5).bytes([0.0; 2], &common));
        for (_, e, gold) in examples.iter().filter(|e| e.0 == fold) {
            let places = find_all(&model, &e.text, &[]);
            for p in &places {
                let kind = p.kind as usize;
                let covered: usize = e.spans.iter().filter(|s| s.2 == kind).map(|s| overlap(p, s)).sum();
                found[kind].push((p.confidence, 2 * covered >= p.end - p.start));
                exact[kind] += usize::from(e.spans.contains(&(p.start, p.end, kind)));
                if 2 * covered < p.end - p.start && p.confidence > 0.5 && args.iter().any(|a| a == "--wrong")
                {
                    println!(
                        "wrong {kind} {:.3} {:?} in {:?}",
                        p.confidence,
                        &e.text[p.start..p.end],
                        e.text
                    );
                }
            }
            for s in gold {
                // A span counts as found from the confidence on that half of it is covered at.
                let mut same: Vec<&Found> = places.iter().filter(|p| p.kind as usize == s.2).collect();
                same.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
                let mut covered = 0;
                let at = same.iter().find(|p| {
                    covered += overlap(p, s);
                    2 * covered >= s.1 - s.0
                });
                golds[s.2].push(at.map_or(0.0, |p| p.confidence));
                if at.is_none_or(|p| p.confidence < 0.6) && args.iter().any(|a| a == "--wrong") {
                    println!("missed {} {:?} in {:?}", s.2, &e.text[s.0..s.1], e.text);
                }
            }
        }
        for (_, e) in ordinary.iter().filter(|(f, _)| *f == fold) {
            for p in find_all(&model, &e.text, &[]) {
                marked.push((
                    p.confidence,
                    p.kind as usize,
                    format!("{:?} in {:?}", &e.text[p.start..p.end], e.text),
                ));
            }
        }
    }
    let mut thresholds = [0f32; 2];
    for kind in 0..2 {
        println!("{}: {} of {} found exactly", ["person", "address"][kind], exact[kind], golds[kind].len());
        for aim in [0.95, 0.97, 0.98, 0.99] {
            let (threshold, precision) = threshold(&mut found[kind], aim);
            let recall =
                golds[kind].iter().filter(|c| **c >= threshold).count() as f64 / golds[kind].len() as f64;
            let prompts = marked.iter().filter(|m| m.1 == kind && m.0 >= threshold).count();
            println!(
                "  aim {aim}: from {threshold:.3} precision {precision:.3} recall {recall:.3}, marks in ordinary prompts {prompts}"
            );
            if aim == PRECISION[kind] {
                thresholds[kind] = threshold;
            }
        }
    }
    let mut prompts: Vec<&str> =
        marked.iter().filter(|m| m.0 >= thresholds[m.1]).map(|m| m.2.as_str()).collect();
    prompts.sort_by_key(|m| m.split_once(" in ").map(|p| p.1.to_owned()));
    for m in &prompts {
        println!("marked {m:.160}");
    }
    prompts.dedup_by_key(|m| m.split_once(" in ").map(|p| p.1.to_owned()));
    println!("ordinary prompts with a mark: {} of {}", prompts.len(), ordinary.len());
    if args.iter().any(|a| a == "--write") {
        let bytes = learn(&training(FOLDS), &common, ROUNDS, 5).bytes(thresholds, &common);
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/model.bin"), &bytes).unwrap();
        println!("{} bytes", bytes.len());
    }
}

// The lowest confidence from which on the precision is what is aimed at.
fn threshold(found: &mut [(f32, bool)], aim: f64) -> (f32, f64) {
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut best) = (0, (1.01, 1.0));
    for (i, (confidence, is_right)) in found.iter().enumerate() {
        right += usize::from(*is_right);
        let precision = right as f64 / (i + 1) as f64;
        if precision >= aim {
            best = (*confidence, precision);
        }
    }
    best
}

fn overlap(p: &Found, s: &Span) -> usize {
    p.end.min(s.1).saturating_sub(p.start.max(s.0))
}

fn records(path: &str) -> Vec<serde_json::Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

// The offsets of the records count characters.
fn spans(record: &serde_json::Value) -> Vec<(usize, usize, String)> {
    let text = record["text"].as_str().unwrap();
    let at = |n: &serde_json::Value| {
        text.char_indices().nth(n.as_u64().unwrap() as usize).map_or(text.len(), |(i, _)| i)
    };
    let mut spans: Vec<(usize, usize, String)> = record["spans"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|s| (at(&s["start"]), at(&s["end"]), s["type"].as_str().unwrap().to_owned()))
        .collect();
    spans.sort();
    spans
}

fn example(record: &serde_json::Value) -> Example {
    let text = record["text"].as_str().unwrap();
    let mut marked: Vec<Span> = Vec::new();
    // The parts of an address are marked one by one in the records: what stands together is learnt as one,
    // with its city.
    let mut block: Option<(usize, usize, bool)> = None;
    let mut close = |block: &mut Option<(usize, usize, bool)>| {
        if let Some((start, end, true)) = block.take() {
            marked.push((start, end, 1));
        }
    };
    let mut persons = Vec::new();
    for (start, end, kind) in spans(record) {
        match kind.as_str() {
            "PERSON" => persons.push((start, end, 0)),
            "STREET_ADDRESS" | "GPE" | "ZIP_CODE" | "NRP" => {
                let street = kind == "STREET_ADDRESS";
                let near = block.is_some_and(|b| {
                    let gap = text.get(b.1..start).unwrap_or_default();
                    !gap.contains(char::is_alphabetic) && gap.len() <= 12
                });
                if !near {
                    close(&mut block);
                }
                block = Some(block.map_or((start, end, street), |b| (b.0, b.1.max(end), b.2 | street)));
            }
            _ => {}
        }
    }
    close(&mut block);
    marked.extend(persons);
    marked.sort_unstable();
    Example { text: text.to_owned(), spans: marked, weight: 1.0 }
}

// The places as the records mark them, which recall is counted on.
fn golden(record: &serde_json::Value) -> Vec<Span> {
    let kind = |name: &str| ["PERSON", "STREET_ADDRESS"].iter().position(|k| *k == name);
    spans(record).into_iter().filter_map(|s| Some((s.0, s.1, kind(&s.2)?))).collect()
}

// A record's template: the words in lower case outside of all that was filled in.
fn skeleton(record: &serde_json::Value) -> String {
    let text = record["text"].as_str().unwrap();
    let mut outside = String::new();
    let mut at = 0;
    for (start, end, _) in spans(record) {
        outside.push_str(text.get(at..start).unwrap_or_default());
        outside.push(' ');
        at = at.max(end);
    }
    outside.push_str(&text[at..]);
    plain(&outside)
}

// Each four words in a row.
fn runs(skeleton: &str) -> Vec<String> {
    skeleton.split(' ').collect::<Vec<_>>().windows(4).map(|w| w.join(" ")).collect()
}

fn plain(outside: &str) -> String {
    outside
        .split(|c: char| !c.is_alphabetic())
        .filter(|w| w.chars().count() > 1 && w.chars().all(char::is_lowercase))
        .collect::<Vec<_>>()
        .join(" ")
}

fn fold_of(key: &str) -> usize {
    (key.chars().fold(17, |h, c| words::mix(h, u32::from(c))) >> 7) as usize % FOLDS
}

// Whether an ordinary prompt may hold a name: two words with a capital in a row, or a listed name.
fn may_name(text: &str) -> bool {
    let mut all = Vec::new();
    words::cut(text, 0, 1000, &[0], &mut all);
    let capital = |w: &words::Word| matches!(w.class, class::CAPITALISED | class::MIXED);
    let named = |w: &words::Word| capital(w) && w.lists & (lists::GIVEN | lists::SURNAME) != 0;
    all.windows(2).any(|w| capital(&w[0]) && named(&w[1]) || named(&w[0]) && capital(&w[1]))
}

// The words that stand at least three times in lower case, as a set of bits.
fn common<'a>(records: impl Iterator<Item = &'a serde_json::Value>) -> Vec<u8> {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for record in records {
        let text = record["text"].as_str().unwrap();
        let mut from = 0;
        let mut all = Vec::new();
        while from < text.len() {
            all.clear();
            from = words::cut(text, from, 256, &[0], &mut all);
            for w in all.iter().filter(|w| w.class == class::LOWER) {
                *counts.entry(w.lower).or_default() += 1;
            }
        }
    }
    let mut set = vec![0u8; COMMON_BYTES];
    for (hash, _) in counts.iter().filter(|c| *c.1 >= 3) {
        let bit = *hash as usize % (COMMON_BYTES * 8);
        set[bit / 8] |= 1 << (bit % 8);
    }
    set
}
