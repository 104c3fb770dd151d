//! Analyses that follow edits: what an editor is told after many small changes is what a fresh start
//! says. Programs of the corpus are edited at random, most of the time so that they stay whole, since
//! bounds are derived of whole programs only; both are compared after every edit.
//!
//! `FLOW_FUZZ_EDITS=100000` makes as many edits, `FLOW_FUZZ_SEED=7` others.

use fastrand::Rng;
use flow_compiler::{Analysis, Before, analyse};
use flow_tests::cases::{Case, cases};
use flow_tests::world::FolderWorld;

/// Edits of one program before the next one is taken.
const EDITS_EACH: usize = 12;

#[test]
fn what_is_known_after_edits_is_what_a_fresh_start_knows() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let edits = number("FLOW_FUZZ_EDITS").unwrap_or(1_500);
    let mut random = Rng::with_seed(number("FLOW_FUZZ_SEED").unwrap_or(1));
    let all: Vec<Case> =
        ["check", "cost", "run"].into_iter().flat_map(|area| cases(area, "flow")).filter(is_small).collect();
    assert!(all.len() > 100, "the corpus is there");
    let (mut whole, mut made) = (0, 0);
    while made < edits {
        let case = &all[random.usize(..all.len())];
        let mut world = FolderWorld::at(case.folder());
        let mut before = Before::default();
        let mut texts = vec![case.text.clone()];
        for _ in 0..EDITS_EACH {
            let now = match random.u8(..10) {
                // Back to what it was before.
                0..4 if texts.len() > 1 => {
                    texts.pop();
                    texts.last().cloned().unwrap_or_default()
                }
                _ => edited(&mut random, texts.last().map_or("", String::as_str)),
            };
            texts.push(now.clone());
            world = world.with(&case.file_name(), &now);
            let again = analyse(&world, &case.file_name(), &mut before);
            let anew = analyse(&world, &case.file_name(), &mut Before::default());
            assert_eq!(known(&again), known(&anew), "{}:\n{now}", case.name);
            whole += u32::from(anew.plan.is_some());
            made += 1;
        }
    }
    assert!(u64::from(whole) > edits / 5, "too few programs were whole: {whole} of {edits}");
}

fn is_small(case: &Case) -> bool {
    case.text.len() < 6_000
}

// All that is known of a program, as text.
fn known(analysis: &Analysis) -> String {
    let outcome = &analysis.outcome;
    let bounds = outcome.bounds.as_ref().map(|bounds| &bounds.flows);
    let plan = analysis.plan.as_ref().map(|plan| (plan.dump(), format!("{plan:#?}")));
    let (found, files, hir) = (&outcome.diagnostics, &outcome.files, &outcome.hir);
    format!("{found:#?}\n{files:#?}\n{hir:#?}\n{bounds:#?}\n{plan:#?}")
}

fn edited(random: &mut Rng, text: &str) -> String {
    let mut out = text.to_owned();
    match random.u8(..8) {
        // A line of its own, which moves all behind it.
        0..3 => {
            let starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).chain([0]).collect();
            out.insert_str(starts[random.usize(..starts.len())], ["\n", "// é\n"][random.usize(..2)]);
        }
        // Another number.
        3..5 => {
            let digits: Vec<usize> =
                text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
            if !digits.is_empty() {
                let at = digits[random.usize(..digits.len())];
                out.replace_range(at..at + 1, &random.u8(1..10).to_string());
            }
        }
        // One word instead of another, once.
        5..7 => {
            let words: Vec<&str> = text
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .filter(|w| !w.is_empty())
                .collect();
            if words.len() > 1 {
                let (word, other) = (words[random.usize(..words.len())], words[random.usize(..words.len())]);
                let places: Vec<usize> = text.match_indices(word).map(|(at, _)| at).collect();
                let at = places[random.usize(..places.len())];
                out.replace_range(at..at + word.len(), other);
            }
        }
        // A character less.
        _ => {
            let mut places = text.char_indices();
            if let Some((at, _)) = places.nth(random.usize(..text.chars().count().max(1))) {
                out.remove(at);
            }
        }
    }
    out
}
