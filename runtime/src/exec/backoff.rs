//! How long to wait before trying again.

use super::halt::Again;
use flow_plan::Millis;

const FIRST: u64 = 250;

/// The wait before another try after `tries` tries, the last of which failed: exponential, with
/// jitter over its upper half so that callers do not come back all at once, and never less than the
/// other side asked for, up to the `longest`. `None` where trying again makes no sense, and where the other side asks for more
/// patience than there is.
pub(super) fn wait(again: Again, tries: u32, longest: Millis) -> Option<Millis> {
    let Again::May(asked) = again else { return None };
    let full = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(longest.0);
    let jittered = fastrand::u64(full / 2..=full);
    match asked {
        Some(Millis(asked)) if asked > longest.0 => None,
        Some(Millis(asked)) => Some(Millis(jittered.max(asked))),
        None => Some(Millis(jittered)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Millis = Millis(10_000);

    #[test]
    fn waits_grow_within_bounds_and_honour_what_was_asked() {
        for (tries, low, high) in [(1, 125, 250), (2, 250, 500), (4, 1000, 2000), (30, 5_000, 10_000)] {
            let waited = wait(Again::May(None), tries, LONGEST);
            assert!(waited.is_some_and(|w| (low..=high).contains(&w.0)), "{tries}: {waited:?}");
        }
        assert_eq!(wait(Again::May(Some(Millis(9_000))), 1, LONGEST), Some(Millis(9_000)));
        assert_eq!(wait(Again::May(Some(Millis(10_001))), 1, LONGEST), None);
        assert_eq!(wait(Again::Never, 1, LONGEST), None);
    }
}
