//! Which of the things that lost their name is which of those that are new: by what they say.

use std::collections::HashMap;

/// Something that may be another thing under a new name.
pub(crate) struct Candidate {
    /// What has to be the same.
    pub(crate) head: String,
    /// What should be, sorted.
    pub(crate) words: Vec<String>,
}

/// Under this share of common words, two things are two things.
const LEAST: f64 = 0.6;
/// Beyond so many comparisons only what is quite the same is matched, so that a large project is
/// compared in the time it takes to read it.
const MOST: usize = 250_000;

/// Pairs of indices, the most alike first; none is in two.
pub(crate) fn pairs(old: &[Candidate], new: &[Candidate]) -> Vec<(usize, usize)> {
    let mut scored: Vec<(f64, usize, usize)> = Vec::new();
    if old.len().saturating_mul(new.len()) <= MOST {
        for (i, a) in old.iter().enumerate() {
            let scores = new.iter().enumerate().map(|(j, b)| (likeness(a, b), i, j));
            scored.extend(scores.filter(|(score, ..)| *score >= LEAST));
        }
    } else {
        let mut same: HashMap<(&str, &[String]), Vec<usize>> = HashMap::new();
        for (j, b) in new.iter().enumerate().rev() {
            same.entry((&b.head, &b.words)).or_default().push(j);
        }
        for (i, a) in old.iter().enumerate() {
            scored.extend(
                same.get_mut(&(a.head.as_str(), a.words.as_slice())).and_then(Vec::pop).map(|j| (1.0, i, j)),
            );
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut taken_old, mut taken_new) = (vec![false; old.len()], vec![false; new.len()]);
    let mut out = Vec::new();
    for (_, i, j) in scored {
        if !taken_old[i] && !taken_new[j] {
            (taken_old[i], taken_new[j]) = (true, true);
            out.push((i, j));
        }
    }
    out
}

// The share of words that both have (Dice's coefficient over multisets), 0 to 1.
fn likeness(a: &Candidate, b: &Candidate) -> f64 {
    if a.head != b.head {
        return 0.0;
    }
    let total = a.words.len() + b.words.len();
    if total == 0 {
        return 1.0;
    }
    let most = 2 * a.words.len().min(b.words.len());
    if (most as f64) < LEAST * total as f64 {
        return 0.0;
    }
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.words.get(i), b.words.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, common) = (i + 1, j + 1, common + 1),
        }
    }
    2.0 * f64::from(common) / total as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(head: &str, words: &str) -> Candidate {
        let mut words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        words.sort();
        Candidate { head: head.into(), words }
    }

    #[test]
    fn the_most_alike_are_paired_and_the_unlike_are_not() {
        let old = [candidate("a", "x y z"), candidate("a", "p q r s"), candidate("b", "x y z")];
        let new = [candidate("a", "p q r t"), candidate("a", "x y z"), candidate("a", "m n")];
        assert_eq!(pairs(&old, &new), [(0, 1), (1, 0)]);
    }

    #[test]
    fn many_are_paired_only_where_they_are_the_same() {
        let many = |from: usize| -> Vec<Candidate> {
            (from..from + 1_000).map(|i| candidate("a", &format!("w{i} same same same"))).collect()
        };
        assert_eq!(pairs(&many(0), &many(500)).len(), 500);
    }
}
