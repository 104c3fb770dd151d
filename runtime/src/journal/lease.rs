//! The right to drive a run: held by one process at a time.

use super::RunId;
use std::fmt;

/// The right to drive a run. Dropped before the run's end, the run can be resumed by anyone.
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// Grows with each driver of the run; what comes with an older one is not written.
    pub fence: u64,
    // The run's number in its store.
    pub(super) number: i64,
    // Nothing more is written of a run that has ended for good.
    pub(super) over: bool,
    pub(super) give_back: Option<GiveBack>,
}

/// Says that the run of this number is no longer driven with this fence.
pub(super) type GiveBack = Box<dyn FnOnce(i64, u64) + Send + Sync>;

impl Lease {
    /// Whether the run has ended for good.
    pub fn is_over(&self) -> bool {
        self.over
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({} {})", self.run, self.fence)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(give_back) = self.give_back.take() {
            give_back(self.number, self.fence);
        }
    }
}
