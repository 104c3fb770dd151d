//! Finds the nearest of many vectors.
//!
//! In: what a cache has placed. Out: the calls whose texts are all at least as near as is asked for.
//! A first look goes over 512 bits of each vector, which is fast; those that differ least are then
//! compared exactly. So nothing is taken for nearer than it is, and of very many that are nearly as near
//! the nearest may be missed, which costs a call.
//!
//! The bits are the signs of a vector that was turned at random (random hyperplanes: Charikar, 2002), by
//! two rounds of random signs and a Walsh-Hadamard transform: the more bits two vectors share, the
//! smaller is the angle between them.

use super::place::{Places, Vectors};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// The vectors that a process knows, by their group.
#[derive(Default)]
pub struct Nearest {
    groups: Mutex<HashMap<[u8; 32], Arc<Group>>>,
}

/// Vectors that may be compared with each other.
#[derive(Default)]
pub struct Group {
    known: RwLock<Known>,
    // Up to where it is known what is placed, and since when.
    read: Mutex<(u64, Option<Instant>)>,
}

#[derive(Default)]
struct Known {
    shape: (u16, usize),
    codes: Vec<Code>,
    numbers: Vec<i8>,
    calls: Vec<([u8; 32], i64)>,
    at: HashMap<[u8; 32], usize>,
    // Where the next one goes when there is no more room.
    oldest: usize,
}

type Code = [u64; BITS / 64];

/// The bits of the first look.
const BITS: usize = 512;
/// How many are compared exactly.
const EXACTLY: usize = 512;
/// The most vectors of a group, and of all groups.
const MOST: usize = 131_072;
const MOST_OF_ALL: usize = 262_144;
/// What another process has placed is seen after so long at the latest.
const FRESH: Duration = Duration::from_secs(1);

impl Nearest {
    /// The group of this digest.
    pub fn group(&self, group: &[u8; 32]) -> Arc<Group> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = groups.get(group) {
            return known.clone();
        }
        // Groups that were not read for the longest make room; they are read again when they are asked.
        while groups.values().map(|g| g.len()).sum::<usize>() > MOST_OF_ALL {
            let Some(oldest) = groups.iter().min_by_key(|(_, g)| g.read_at()).map(|(key, _)| *key) else {
                break;
            };
            groups.remove(&oldest);
        }
        groups.entry(*group).or_default().clone()
    }
}

impl Group {
    /// From where it has to be read what was placed, if it is time for that.
    pub fn due(&self) -> Option<u64> {
        let (upto, at) = *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        at.is_none_or(|at| at.elapsed() >= FRESH).then_some(upto)
    }

    /// Takes in what was placed.
    pub fn learn(&self, places: Places) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        *read = (places.upto.max(read.0), (!places.more).then(Instant::now));
        drop(read);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for placed in places.placed {
            known.put(placed.call, &placed.vectors, placed.until);
        }
    }

    /// Adds one.
    pub fn add(&self, call: [u8; 32], vectors: &Vectors, until: i64) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).put(call, vectors, until);
    }

    /// Forgets one whose answer is gone.
    pub fn forget(&self, call: &[u8; 32]) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = known.at.get(call).copied() {
            known.calls[at].1 = i64::MIN;
        }
    }

    /// The calls that are still good at `now` and near enough, nearest first, three at most; each with
    /// the cosine of its texts that are least alike.
    pub fn nearest(&self, vectors: &Vectors, least: f64, now: i64) -> Vec<([u8; 32], f64)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.shape != vectors.shape() {
            return Vec::new();
        }
        let length = vectors.numbers().len();
        let each = length / usize::from(vectors.shape().0);
        let mut found: Vec<([u8; 32], f64)> = Vec::new();
        for at in known.promising(&code(vectors.numbers())) {
            let (call, until) = known.calls[at];
            if until <= now {
                continue;
            }
            let numbers = &known.numbers[at * length..][..length];
            let alike = numbers.chunks_exact(each).zip(vectors.numbers().chunks_exact(each));
            let cosine = alike.map(|(a, b)| cosine(a, b)).fold(1.0, f64::min);
            // A cosine of 1 is rarely exactly 1.
            if cosine >= least - 1e-9 {
                found.push((call, cosine));
            }
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found.truncate(3);
        found
    }

    fn len(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).calls.len()
    }

    fn read_at(&self) -> Option<Instant> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

impl Known {
    fn put(&mut self, call: [u8; 32], vectors: &Vectors, until: i64) {
        if self.calls.is_empty() {
            self.shape = vectors.shape();
        }
        // A model that makes other vectors now than it did.
        if self.shape != vectors.shape() {
            *self = Known { shape: vectors.shape(), ..Known::default() };
        }
        let (code, length) = (code(vectors.numbers()), vectors.numbers().len());
        let place = match self.at.get(&call) {
            Some(place) => Some(*place),
            None if self.calls.len() >= MOST => {
                let place = self.oldest;
                self.oldest = (self.oldest + 1) % MOST;
                Some(place)
            }
            None => None,
        };
        match place {
            Some(place) => {
                let before = self.calls[place].0;
                self.at.remove(&before);
                self.codes[place] = code;
                self.numbers[place * length..][..length].copy_from_slice(vectors.numbers());
                self.calls[place] = (call, until);
                self.at.insert(call, place);
            }
            None => {
                self.at.insert(call, self.calls.len());
                self.codes.push(code);
                self.numbers.extend_from_slice(vectors.numbers());
                self.calls.push((call, until));
            }
        }
    }

    /// Those whose bits differ least.
    fn promising(&self, wanted: &Code) -> Vec<usize> {
        let mut counts = [0usize; BITS + 1];
        let differ: Vec<u16> = self.codes.iter().map(|code| differing(code, wanted)).collect();
        for n in &differ {
            counts[usize::from(*n)] += 1;
        }
        let (mut most, mut sum) = (0, 0);
        while most < BITS && sum + counts[most] <= EXACTLY {
            sum += counts[most];
            most += 1;
        }
        // Of those at the edge as many as there is room for.
        let mut edge = EXACTLY - sum.min(EXACTLY);
        let mut promising = Vec::with_capacity(EXACTLY);
        for (at, n) in differ.iter().enumerate() {
            let n = usize::from(*n);
            if n < most || n == most && edge > 0 {
                edge -= usize::from(n == most);
                promising.push(at);
            }
        }
        promising
    }
}

fn differing(a: &Code, b: &Code) -> u16 {
    let differing: u32 = a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum();
    differing as u16
}

fn cosine(a: &[i8], b: &[i8]) -> f64 {
    let dot = |a: &[i8], b: &[i8]| -> i32 {
        a.iter().zip(b).map(|(a, b)| i32::from(i16::from(*a)) * i32::from(i16::from(*b))).sum()
    };
    let lengths = (f64::from(dot(a, a)) * f64::from(dot(b, b))).sqrt();
    if lengths > 0.0 { f64::from(dot(a, b)) / lengths } else { 0.0 }
}

/// The bits of a vector.
fn code(numbers: &[i8]) -> Code {
    let mut turned: Vec<f32> = numbers.iter().map(|n| f32::from(*n)).collect();
    turned.resize(numbers.len().next_power_of_two().max(BITS), 0.0);
    let mut random = fastrand::Rng::with_seed(0x0f10_3a7e);
    for _ in 0..2 {
        turned.iter_mut().for_each(|n| *n = if random.bool() { *n } else { -*n });
        transform(&mut turned);
    }
    let mut code = [0; BITS / 64];
    for (bits, numbers) in code.iter_mut().zip(turned.chunks(64)) {
        *bits = numbers.iter().fold(0, |bits, n| bits << 1 | u64::from(*n > 0.0));
    }
    code
}

// The fast Walsh-Hadamard transform; the length is a power of two.
fn transform(numbers: &mut [f32]) {
    let mut half = 1;
    while half < numbers.len() {
        for pair in numbers.chunks_exact_mut(half * 2) {
            let (left, right) = pair.split_at_mut(half);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;
    use crate::cache::Placed;

    fn random(rng: &mut fastrand::Rng, length: usize) -> Vec<f32> {
        // Nearly normal, so that no direction is preferred.
        (0..length).map(|_| (0..6).map(|_| rng.f32() - 0.5).sum()).collect()
    }

    // A vector whose cosine with this one is so large.
    fn at(rng: &mut fastrand::Rng, of: &[f32], cosine: f32) -> Vec<f32> {
        let other = random(rng, of.len());
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let along = dot(&other, of) / dot(of, of);
        let across: Vec<f32> = other.iter().zip(of).map(|(o, v)| o - along * v).collect();
        let (long, wide) = (dot(of, of).sqrt(), dot(&across, &across).sqrt());
        let sine = (1.0 - cosine * cosine).sqrt();
        of.iter().zip(&across).map(|(v, a)| cosine * v / long + sine * a / wide).collect()
    }

    fn vectors(one: Vec<f32>) -> Vectors {
        Vectors::of(&[one]).unwrap()
    }

    #[test]
    fn the_nearest_is_found_among_many_that_are_less_near() {
        let mut rng = fastrand::Rng::with_seed(7);
        let middle = random(&mut rng, 384);
        let group = Group::default();
        // Questions of one kind: all fairly near to each other.
        for i in 0..3000u32 {
            let mut call = [0; 32];
            call[..4].copy_from_slice(&i.to_le_bytes());
            group.add(call, &vectors(at(&mut rng, &middle, 0.8)), 100);
        }
        let mut missed = 0;
        for i in 0..100u8 {
            let asked = at(&mut rng, &middle, 0.8);
            group.add([200 + i % 50; 32], &vectors(at(&mut rng, &asked, 0.95)), 100);
            let found = group.nearest(&vectors(asked.clone()), 0.93, 50);
            match found.first() {
                Some((call, cosine)) => {
                    assert_eq!(*call, [200 + i % 50; 32]);
                    assert!((0.945..0.955).contains(cosine), "{cosine}");
                }
                None => missed += 1,
            }
            assert_eq!(group.nearest(&vectors(asked.clone()), 0.96, 50), []);
            assert_eq!(group.nearest(&vectors(asked), 0.93, 100), [], "its time is over");
        }
        assert!(missed <= 1, "{missed} of 100 were missed");
    }

    #[test]
    fn every_text_must_be_near() {
        let (one, other) = (vec![1.0, 0.0, 0.0, 0.0], vec![0.0, 1.0, 0.0, 0.0]);
        let group = Group::default();
        group.add([1; 32], &Vectors::of(&[one.clone(), one.clone()]).unwrap(), 9);
        let same = Vectors::of(&[one.clone(), one.clone()]).unwrap();
        let half = Vectors::of(&[one.clone(), other]).unwrap();
        assert_eq!(group.nearest(&same, 1.0, 0), [([1; 32], 1.0)]);
        assert_eq!(group.nearest(&half, 0.4, 0), []);
        assert_eq!(group.nearest(&vectors(one), 0.4, 0), [], "it has another shape");
        group.forget(&[1; 32]);
        assert_eq!(group.nearest(&same, 1.0, 0), []);
    }

    #[test]
    fn what_is_read_is_read_once_a_second() {
        let group = Nearest::default().group(&[0; 32]);
        assert_eq!(group.due(), Some(0));
        let placed = vec![Placed { call: [1; 32], vectors: vectors(vec![1.0]), until: 9 }];
        group.learn(Places { placed: placed.clone(), upto: 7, more: true, spoilt: 0 });
        assert_eq!(group.due(), Some(7));
        group.learn(Places { placed, upto: 8, more: false, spoilt: 0 });
        assert_eq!(group.due(), None);
        assert_eq!(group.nearest(&vectors(vec![2.0]), 0.9, 0).len(), 1);
    }
}
