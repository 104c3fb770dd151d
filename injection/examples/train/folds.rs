//! Which texts belong together: what shares long pieces is one attack in several wordings, and must not
//! be learned from and asked about at once.

use std::collections::HashMap;

/// A group for each text: equal for those that share a good part of their runs of five words with each
/// other, directly or through others, and for those of one name.
pub(crate) fn groups(texts: &[&str], named: &[Option<&str>]) -> Vec<usize> {
    let mut leader: Vec<usize> = (0..texts.len()).collect();
    let mut owners: HashMap<String, Vec<usize>> = HashMap::new();
    let mut sizes = vec![0usize; texts.len()];
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (at, text) in texts.iter().enumerate() {
        if let Some(name) = named[at] {
            leader[at] = *first.entry(name).or_insert(at);
            continue;
        }
        let mut runs = runs(text);
        runs.sort();
        runs.dedup();
        sizes[at] = runs.len();
        for run in runs {
            owners.entry(run).or_default().push(at);
        }
    }
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    for owned in owners.values() {
        for (i, a) in owned.iter().enumerate() {
            for b in &owned[i + 1..] {
                *shared.entry((*a, *b)).or_default() += 1;
            }
        }
    }
    for ((a, b), count) in shared {
        if count * 5 >= sizes[a].min(sizes[b]) {
            let (a, b) = (find(&mut leader, a), find(&mut leader, b));
            leader[a.max(b)] = a.min(b);
        }
    }
    (0..texts.len()).map(|at| find(&mut leader, at)).collect()
}

/// A fold for each group, filled largest group first, so that folds are even.
pub(crate) fn folds(groups: &[usize], count: usize) -> Vec<usize> {
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    groups.iter().for_each(|group| *sizes.entry(*group).or_default() += 1);
    let mut order: Vec<(usize, usize)> = sizes.into_iter().collect();
    order.sort_by_key(|(group, size)| (std::cmp::Reverse(*size), *group));
    let mut filled = vec![0; count];
    let mut fold_of = HashMap::new();
    for (group, size) in order {
        let fold = (0..count).min_by_key(|fold| filled[*fold]).unwrap_or(0);
        filled[fold] += size;
        fold_of.insert(group, fold);
    }
    groups.iter().map(|group| fold_of[group]).collect()
}

fn find(leader: &mut [usize], at: usize) -> usize {
    let mut root = at;
    while leader[root] != root {
        root = leader[root];
    }
    leader[at] = root;
    root
}

// Short texts by their first three words as well: `Can you share your password` in ten wordings.
fn runs(text: &str) -> Vec<String> {
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.len() < 5 {
        return vec![words.join(" ")];
    }
    words.windows(5).map(|run| run.join(" ")).collect()
}
