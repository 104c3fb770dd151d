//! Learning: the gradient of the likelihood, steps by AdaGrad (Duchi, Hazan and Singer, 2011).
#![expect(clippy::needless_range_loop, reason = "rows and columns of matrices go by their numbers")]

use flow_names::features::{self, BUCKETS, OF_LETTERS, OF_LISTS};
use flow_names::model::{COMMON_BYTES, MARKS, NEVER, may_follow, power, sweep};
use flow_names::words::{self, Word};

/// Start, end and kind: 0 a person, 1 an address.
pub(crate) type Span = (usize, usize, usize);

/// A text with the spans of persons (0) and addresses (1).
#[derive(Clone)]
pub(crate) struct Example {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
    /// How much it counts.
    pub(crate) weight: f32,
}

struct Row {
    features: Vec<Vec<(u32, u32)>>,
    marks: Vec<usize>,
    weight: f32,
}

pub(crate) struct Learnt {
    weights: Vec<[f32; MARKS - 1]>,
    starts: [f32; MARKS],
    steps: [[f32; MARKS]; MARKS],
}

fn marks(words: &[Word], spans: &[Span]) -> Vec<usize> {
    let span_of = |w: &Word| spans.iter().position(|s| w.start < s.1 && s.0 < w.end);
    let mut before = None;
    words
        .iter()
        .map(|w| {
            let span = span_of(w);
            let mark = span.map_or(0, |s| 1 + 2 * spans[s].2 + usize::from(before == Some(s)));
            before = span;
            mark
        })
        .collect()
}

fn row(example: &Example, common: &[u8]) -> Row {
    let mut words = Vec::new();
    words::cut(&example.text, 0, 256, common, &mut words);
    let manner = features::manner(&words);
    let features = (0..words.len())
        .map(|i| {
            let mut seen = Vec::new();
            features::each(&words, i, manner, |t, b| seen.push((t, b as u32)));
            seen
        })
        .collect();
    Row { features, marks: marks(&words, &example.spans), weight: example.weight }
}

/// How often what a word's letters say, and what the lists say of it, is hidden while learning, so that
/// neither is all that is learnt.
const HIDDEN: f32 = 0.15;

/// What pulls weights to zero.
const SHRINK: f32 = 3e-4;

pub(crate) fn learn(examples: &[Example], common: &[u8], rounds: usize, seed: u64) -> Learnt {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut rows: Vec<Row> =
        examples.iter().map(|e| row(e, common)).filter(|r| !r.marks.is_empty()).collect();
    let mut weights = vec![[0f32; MARKS - 1]; BUCKETS];
    let mut squares = vec![[1e-2f32; MARKS - 1]; BUCKETS];
    let mut starts = [0f32; MARKS];
    let mut steps = [[0f32; MARKS]; MARKS];
    let mut step_squares = [[1f32; MARKS]; MARKS];
    for b in 0..MARKS {
        if !may_follow(None, b) {
            starts[b] = NEVER;
        }
        for a in 0..MARKS {
            if !may_follow(Some(a), b) {
                steps[a][b] = NEVER;
            }
        }
    }
    for round in 0..rounds {
        rng.shuffle(&mut rows);
        let rate = 0.15 * (1.0 - 0.8 * round as f32 / rounds as f32);
        for row in &rows {
            let hidden: Vec<(bool, bool)> =
                row.marks.iter().map(|_| (rng.f32() < HIDDEN, rng.f32() < HIDDEN)).collect();
            let shown = |i: usize, t: u32| {
                let (letters, lists) = hidden[i];
                !(letters && t <= OF_LETTERS || lists && t >= OF_LISTS)
            };
            let scores: Vec<[f32; MARKS]> = row
                .features
                .iter()
                .enumerate()
                .map(|(i, seen)| {
                    let mut sums = [0f32; MARKS];
                    for &(_, b) in seen.iter().filter(|f| shown(i, f.0)) {
                        for m in 1..MARKS {
                            sums[m] += weights[b as usize][m - 1];
                        }
                    }
                    sums
                })
                .collect();
            let chances = steps.map(|row| row.map(power));
            let (ahead, behind, powers) = sweep(&scores, &starts.map(power), &chances);
            for (i, seen) in row.features.iter().enumerate() {
                let both: [f32; MARKS] = std::array::from_fn(|m| ahead[i][m] * behind[i][m]);
                let sum: f32 = both.iter().sum::<f32>().max(f32::MIN_POSITIVE);
                let gradient: [f32; MARKS] = std::array::from_fn(|m| {
                    row.weight * (f32::from(u8::from(row.marks[i] == m)) - both[m] / sum)
                });
                if gradient.iter().all(|g| g.abs() < 1e-4) {
                    continue;
                }
                for &(_, b) in seen.iter().filter(|f| shown(i, f.0)) {
                    let b = b as usize;
                    for m in 1..MARKS {
                        let g = gradient[m] - SHRINK * weights[b][m - 1];
                        squares[b][m - 1] += g * g;
                        weights[b][m - 1] += rate * g / squares[b][m - 1].sqrt();
                    }
                }
                if i > 0 {
                    let mut pairs = [[0f32; MARKS]; MARKS];
                    let mut total = 0f32;
                    for a in 0..MARKS {
                        for b in 0..MARKS {
                            pairs[a][b] = ahead[i - 1][a] * chances[a][b] * powers[i][b] * behind[i][b];
                            total += pairs[a][b];
                        }
                    }
                    for a in 0..MARKS {
                        for b in 0..MARKS {
                            let is = row.marks[i - 1] == a && row.marks[i] == b;
                            let g = row.weight
                                * (f32::from(u8::from(is)) - pairs[a][b] / total.max(f32::MIN_POSITIVE));
                            if may_follow(Some(a), b) {
                                step_squares[a][b] += g * g;
                                steps[a][b] += rate * g / step_squares[a][b].sqrt();
                            }
                        }
                    }
                }
            }
        }
    }
    Learnt { weights, starts, steps }
}

impl Learnt {
    /// The model's file.
    pub(crate) fn bytes(&self, thresholds: [f32; 2], common: &[u8]) -> Vec<u8> {
        let mut sizes: Vec<f32> =
            self.weights.iter().flatten().map(|w| w.abs()).filter(|w| *w > 0.0).collect();
        sizes.sort_by(f32::total_cmp);
        // The few largest weights are cut, so that the others are finer.
        let top = sizes.get(sizes.len() * 9995 / 10_000).copied().unwrap_or(1.0);
        let scale = top / 127.0;
        let mut bytes = Vec::new();
        let numbers = [scale, thresholds[0], thresholds[1]].into_iter().chain(self.starts);
        for number in numbers.chain(self.steps.iter().flatten().copied()) {
            bytes.extend(number.to_le_bytes());
        }
        assert_eq!(common.len(), COMMON_BYTES);
        bytes.extend(common);
        bytes.extend(
            self.weights.iter().flatten().map(|w| (w / scale).round().clamp(-127.0, 127.0) as i8 as u8),
        );
        bytes
    }
}
