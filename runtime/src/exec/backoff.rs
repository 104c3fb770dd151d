//! How long to wait before trying again.

use super::halt::Again;
use flow_plan::Millis;

const FIRST: u64 = 250;
const MOST: u64 = 20_000;
// Who asks for more patience than this is not asked again.
const PATIENCE: u64 = 60_000;

/// The wait before another try after `tries` tries, the last of which failed: exponential, with
/// jitter over its upper half so that callers do not come back all at once, and never less than the
/// other side asked for. `None` where trying again makes no sense.
pub(super) fn wait(again: Again, tries: u32) -> Option<Millis> {
    let Again::May(asked) = again else { return None };
    let full = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(MOST);
    let jittered = fastrand::u64(full / 2..=full);
    match asked {
        Some(Millis(asked)) if asked > PATIENCE => None,
        Some(Millis(asked)) => Some(Millis(jittered.max(asked))),
        None => Some(Millis(jittered)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_within_bounds_and_honour_what_was_asked() {
        for (tries, low, high) in [(1, 125, 250), (2, 250, 500), (4, 1000, 2000), (30, 10_000, 20_000)] {
            let waited = wait(Again::May(None), tries);
            assert!(waited.is_some_and(|w| (low..=high).contains(&w.0)), "{tries}: {waited:?}");
        }
        assert_eq!(wait(Again::May(Some(Millis(30_000))), 1), Some(Millis(30_000)));
        assert_eq!(wait(Again::May(Some(Millis(61_000))), 1), None);
        assert_eq!(wait(Again::Never, 1), None);
    }
}
