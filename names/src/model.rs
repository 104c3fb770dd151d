//! The weights, and the likeliest marks of a row of words: a linear-chain conditional random field
//! (Lafferty, McCallum and Pereira, 2001), decoded by Viterbi's algorithm.

use crate::features::{self, BUCKETS};
use crate::words::Word;
use std::sync::LazyLock;

/// The marks of words: outside, first and further of a person, first and further of an address.
pub const MARKS: usize = 5;

/// The bytes of the set of common words.
pub const COMMON_BYTES: usize = 4096;

/// The numbers before it: scale, the thresholds of both kinds, the start of each mark, each step.
pub const NUMBERS: usize = 3 + MARKS + MARKS * MARKS;

/// What a step costs that cannot be, such as to the further part of a name from outside.
pub const NEVER: f32 = -40.0;

/// The model that comes with the crate.
pub static MODEL: LazyLock<Model> = LazyLock::new(|| Model::read(include_bytes!("../model.bin")));

/// A trained model.
#[derive(Debug)]
pub struct Model {
    weights: Vec<[i8; MARKS - 1]>,
    common: Vec<u8>,
    scale: f32,
    thresholds: [f32; 2],
    starts: [f32; MARKS],
    steps: [[f32; MARKS]; MARKS],
    powers: [[f32; MARKS]; MARKS],
}

/// A row of marked words: `from..to` are its words.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The first word.
    pub from: usize,
    /// Behind the last word.
    pub to: usize,
    /// 0 for a person, 1 for an address.
    pub kind: usize,
    /// The probability of the least certain of its words.
    pub confidence: f32,
}

/// The first of the further marks cannot follow just anything.
pub fn may_follow(before: Option<usize>, mark: usize) -> bool {
    match mark {
        2 => matches!(before, Some(1 | 2)),
        4 => matches!(before, Some(3 | 4)),
        _ => true,
    }
}

impl Model {
    /// From its file: little-endian numbers, the common words, four bytes for each bucket. What is missing
    /// counts as zero.
    pub fn read(bytes: &[u8]) -> Model {
        let number = |i: usize| {
            bytes.get(4 * i..4 * i + 4).and_then(|b| b.try_into().ok()).map_or(0.0, f32::from_le_bytes)
        };
        let rest = bytes.get(4 * NUMBERS..).unwrap_or_default();
        let common = rest.get(..COMMON_BYTES).unwrap_or(&[0]).to_vec();
        let mut weights: Vec<[i8; MARKS - 1]> = rest
            .get(COMMON_BYTES..)
            .unwrap_or_default()
            .chunks_exact(MARKS - 1)
            .map(|b| std::array::from_fn(|i| b[i] as i8))
            .collect();
        weights.resize(BUCKETS, [0; MARKS - 1]);
        let steps: [[f32; MARKS]; MARKS] =
            std::array::from_fn(|a| std::array::from_fn(|b| number(3 + MARKS + MARKS * a + b)));
        Model {
            weights,
            common,
            scale: number(0),
            thresholds: [number(1), number(2)],
            starts: std::array::from_fn(|m| number(3 + m)),
            powers: steps.map(|row| row.map(power)),
            steps,
        }
    }

    /// The set of common words.
    pub fn common(&self) -> &[u8] {
        &self.common
    }

    /// The confidence from which on a row of a kind counts.
    pub fn threshold(&self, kind: usize) -> f32 {
        self.thresholds[kind]
    }

    /// The rows of marked words, whatever their confidence.
    pub fn rows(&self, words: &[Word]) -> Vec<Row> {
        let manner = features::manner(words);
        let scores: Vec<[f32; MARKS]> = (0..words.len())
            .map(|i| {
                let mut sums = [0i32; MARKS - 1];
                features::each(words, i, manner, |_, bucket| {
                    let weights = self.weights[bucket];
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum += i32::from(weight);
                    }
                });
                std::array::from_fn(|m| if m == 0 { 0.0 } else { sums[m - 1] as f32 * self.scale })
            })
            .collect();
        let marks = self.likeliest(&scores);
        if marks.iter().all(|m| *m == 0) {
            return Vec::new();
        }
        let chances = chances(&scores, &self.starts.map(power), &self.powers);
        let mut rows: Vec<Row> = Vec::new();
        for (i, &mark) in marks.iter().enumerate().filter(|(_, m)| **m > 0) {
            let first = 1 + (mark - 1) / 2 * 2;
            let chance = chances[i][first] + chances[i][first + 1];
            match rows.last_mut() {
                Some(row) if mark != first && row.to == i => {
                    row.to = i + 1;
                    row.confidence = row.confidence.min(chance);
                }
                _ => rows.push(Row { from: i, to: i + 1, kind: (mark - 1) / 2, confidence: chance }),
            }
        }
        rows
    }

    fn likeliest(&self, scores: &[[f32; MARKS]]) -> Vec<usize> {
        let mut best = self.starts;
        let mut back: Vec<[u8; MARKS]> = Vec::with_capacity(scores.len());
        for (i, score) in scores.iter().enumerate() {
            let mut from = [0u8; MARKS];
            let mut next = best;
            if i > 0 {
                for b in 0..MARKS {
                    let mut top = f32::NEG_INFINITY;
                    for (a, before) in best.iter().enumerate() {
                        let sum = before + self.steps[a][b];
                        if sum > top {
                            top = sum;
                            from[b] = a as u8;
                        }
                    }
                    next[b] = top;
                }
            }
            best = std::array::from_fn(|m| next[m] + score[m]);
            back.push(from);
        }
        let mut mark = (0..MARKS).fold(0, |a, b| if best[b] > best[a] { b } else { a });
        let mut marks = vec![0; scores.len()];
        for i in (0..scores.len()).rev() {
            marks[i] = mark;
            mark = usize::from(back[i][mark]);
        }
        marks
    }
}

/// A step's score as what its chance is multiplied by.
pub fn power(score: f32) -> f32 {
    if score <= NEVER { 0.0 } else { score.exp().max(1e-8) }
}

/// The probability of each mark at each word, by the forward-backward algorithm.
pub fn chances(
    scores: &[[f32; MARKS]],
    starts: &[f32; MARKS],
    steps: &[[f32; MARKS]; MARKS],
) -> Vec<[f32; MARKS]> {
    let (ahead, behind, _) = sweep(scores, starts, steps);
    ahead
        .iter()
        .zip(&behind)
        .map(|(a, b)| {
            let both: [f32; MARKS] = std::array::from_fn(|m| a[m] * b[m]);
            let sum: f32 = both.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            both.map(|x| x / sum)
        })
        .collect()
}

/// From the scores of words and the powers of starts and steps: both directions, each word's sums scaled
/// to one, and the powers of the scores.
#[expect(clippy::type_complexity, reason = "three rows of the same length")]
pub fn sweep(
    scores: &[[f32; MARKS]],
    starts: &[f32; MARKS],
    steps: &[[f32; MARKS]; MARKS],
) -> (Vec<[f32; MARKS]>, Vec<[f32; MARKS]>, Vec<[f32; MARKS]>) {
    // Bounds on what is small keep clear of denormal numbers, which are slow: outside can always follow,
    // so that no row is all zero.
    let one = |row: [f32; MARKS]| {
        let sum = row.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        row.map(|x| if x < sum * 1e-12 { 0.0 } else { x / sum })
    };
    let powers: Vec<[f32; MARKS]> = scores
        .iter()
        .map(|s| {
            let top = s.iter().copied().fold(0.0, f32::max);
            s.map(|x| (x - top).exp().max(1e-9))
        })
        .collect();
    let mut ahead: Vec<[f32; MARKS]> = Vec::with_capacity(scores.len());
    for (i, powers) in powers.iter().enumerate() {
        ahead.push(one(std::array::from_fn(|b| match i {
            0 => starts[b] * powers[b],
            _ => (0..MARKS).map(|a| ahead[i - 1][a] * steps[a][b]).sum::<f32>() * powers[b],
        })));
    }
    let mut behind = vec![[1.0; MARKS]; scores.len()];
    for i in (0..scores.len().saturating_sub(1)).rev() {
        behind[i] = one(std::array::from_fn(|a| {
            (0..MARKS).map(|b| steps[a][b] * powers[i + 1][b] * behind[i + 1][b]).sum()
        }));
    }
    (ahead, behind, powers)
}
