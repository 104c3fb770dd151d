//! Logistic regression over the best window of each text, by stochastic gradients.
//!
//! In: texts as features by word. Out: weights. A text is an attack if one of its windows is, so each
//! step is taken on the window that has the highest sum at that time.

use flow_injection::features::{self, BUCKETS};
use flow_injection::model::Sums;

/// A text to learn from.
pub(crate) struct Sample {
    /// Each feature: the word it ends at, its bucket, and how often it counts.
    pub(crate) features: Vec<(u32, u32, f32)>,
    /// Whether it is an attack.
    pub(crate) attack: bool,
    /// How much it counts beside others.
    pub(crate) weight: f32,
    every: usize,
}

impl Sample {
    pub(crate) fn new(plain: &str, attack: bool, weight: f32) -> Sample {
        let mut features = Vec::new();
        features::each(plain, |word, bucket, times| {
            features.push((word as u32, bucket as u32, times as f32))
        });
        Sample { features, attack, weight, every: 1 }
    }

    /// The same, looked at in one round of so many.
    pub(crate) fn every(self, rounds: usize) -> Sample {
        Sample { every: rounds, ..self }
    }
}

/// Weights in full.
pub(crate) struct Learned {
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: f32,
}

impl Learned {
    /// The highest sum of any window, and which window that is.
    pub(crate) fn score(&self, sample: &Sample) -> (f32, (usize, usize)) {
        let mut sums = Sums::default();
        for &(word, bucket, times) in &sample.features {
            sums.add(word as usize, self.weights[bucket as usize] * times, times);
        }
        let (start, end, sum) = sums.highest().unwrap_or((0, 0, 0.0));
        (sum + self.bias, (start, end))
    }
}

/// How long and how boldly.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) models: usize,
    pub(crate) rounds: usize,
    pub(crate) rate: f32,
    pub(crate) decay: f32,
}

/// Learns, the same from the same seed: the mean of as many models as the pace says, each in another order,
/// which all see something else in the few cases at the border.
pub(crate) fn learn(samples: &[&Sample], pace: Pace, seed: u64) -> Learned {
    let mut mean = Learned { weights: vec![0.0; BUCKETS], bias: 0.0 };
    let share = 1.0 / pace.models as f32;
    for model in 0..pace.models {
        let learned = learn_once(samples, pace, seed + model as u64);
        mean.weights.iter_mut().zip(&learned.weights).for_each(|(sum, weight)| *sum += weight * share);
        mean.bias += learned.bias * share;
    }
    mean
}

fn learn_once(samples: &[&Sample], pace: Pace, seed: u64) -> Learned {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut learned = Learned { weights: vec![0.0; BUCKETS], bias: 0.0 };
    let mut squares = vec![1e-3f32; BUCKETS];
    let mut mean = vec![0.0f64; BUCKETS];
    let mut mean_bias = 0.0f64;
    let mut order: Vec<usize> = (0..samples.len()).collect();
    let averaged = pace.rounds / 2;
    for round in 0..pace.rounds {
        random.shuffle(&mut order);
        for &at in order.iter().filter(|at| (**at + round).is_multiple_of(samples[**at].every)) {
            let sample = samples[at];
            let (score, (start, end)) = learned.score(sample);
            let target = if sample.attack { 1.0 } else { 0.0 };
            let slope = (1.0 / (1.0 + (-score).exp()) - target) * sample.weight;
            let window = sample.features.iter().filter(|(word, ..)| (start..end).contains(&(*word as usize)));
            let count: f32 = window.clone().map(|(.., times)| times).sum();
            let unit = 1.0 / count.max(1.0).sqrt();
            for &(_, bucket, times) in window {
                let bucket = bucket as usize;
                let gradient = slope * times * unit + pace.decay * learned.weights[bucket];
                squares[bucket] += gradient * gradient;
                learned.weights[bucket] -= pace.rate * gradient / squares[bucket].sqrt();
            }
            learned.bias -= 0.01 * slope;
        }
        if round >= averaged {
            let share = 1.0 / (pace.rounds - averaged) as f64;
            for (sum, weight) in mean.iter_mut().zip(&learned.weights) {
                *sum += f64::from(*weight) * share;
            }
            mean_bias += f64::from(learned.bias) * share;
        }
    }
    Learned { weights: mean.into_iter().map(|w| w as f32).collect(), bias: mean_bias as f32 }
}
