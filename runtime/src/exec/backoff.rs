//! How long to wait before trying again.

use super::halt::Again;
use super::step::Site;
use flow_plan::Millis;
use flow_plan::limits::{full_wait, longest_wait};

/// The wait of a step before another try after `tries` tries, the last of which failed. `None` where
/// trying again makes no sense, and where the other side asks for more patience than there is.
pub(super) fn before(site: Site<'_>, again: Again, tries: u32) -> Option<Millis> {
    let jitter = |full: u64| match site.run().engine.director {
        // Who stands in for the world has it as short as it can be.
        Some(_) => full / 2,
        None => fastrand::u64(full / 2..=full),
    };
    wait(again, tries, longest_wait(site.step.settings.timeout), jitter)
}

// Exponential, with jitter over its upper half so that callers do not come back all at once, and never
// less than the other side asked for, up to the `longest`.
fn wait(again: Again, tries: u32, longest: Millis, jitter: impl Fn(u64) -> u64) -> Option<Millis> {
    let Again::May(asked) = again else { return None };
    let jittered = jitter(full_wait(u64::from(tries.saturating_sub(1))).min(longest.0));
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
        let wait = |again, tries, longest| wait(again, tries, longest, |full| full / 2);
        for (tries, waited) in [(1, 125), (2, 250), (4, 1000), (30, 5_000)] {
            assert_eq!(wait(Again::May(None), tries, LONGEST), Some(Millis(waited)), "{tries}");
        }
        assert_eq!(wait(Again::May(Some(Millis(9_000))), 1, LONGEST), Some(Millis(9_000)));
        assert_eq!(wait(Again::May(Some(Millis(10_001))), 1, LONGEST), None);
        assert_eq!(wait(Again::Never, 1, LONGEST), None);
    }
}
