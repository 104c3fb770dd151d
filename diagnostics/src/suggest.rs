//! "Did you mean": the known name that is most like a wrong one.

/// The candidate closest to `name`, if one is close enough to be meant.
///
/// Close is at most one edit for every three characters of the longer one and four in all (insertions, deletions,
/// replacements and swaps of neighbours count one each); case does not count.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<char>>();
    let wanted = lower(name);
    candidates
        .into_iter()
        .filter(|c| *c != name)
        .filter_map(|c| {
            let candidate = lower(c);
            let allowed = (wanted.len().max(candidate.len()) / 3).min(4);
            if wanted.len().abs_diff(candidate.len()) > allowed {
                return None;
            }
            let distance = distance(&wanted, &candidate);
            (distance <= allowed).then_some((distance, c))
        })
        .min_by_key(|(d, c)| (*d, *c))
        .map(|(_, c)| c)
}

// Optimal string alignment distance (Damerau 1964, restricted to adjacent swaps).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn near_names_are_meant_and_far_ones_are_not() {
        let known = ["answer", "passages", "question"];
        assert_eq!(did_you_mean("anwser", known), Some("answer"));
        assert_eq!(did_you_mean("Question", known), Some("question"));
        assert_eq!(did_you_mean("invoice", known), None);
        assert_eq!(did_you_mean("q", ["p", "r"]), None);
    }
}
