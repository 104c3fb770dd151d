//! Ending a run in good order: nothing more is begun, and what is under way is finished and recorded.
//!
//! Steps say when they work and when they rest. A step that would begin something after the wish stays
//! where it is for ever; when none works any more, the run ends, and drops those that rest.

use super::step::Site;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The wish that a run begins nothing more, and who is still at work.
#[derive(Default)]
pub(crate) struct Finish {
    wish: Option<CancellationToken>,
    // INVARIANT: how many steps have `Work::on`.
    working: AtomicUsize,
    rested: Notify,
}

/// Whether a step is at work.
#[derive(Default)]
pub(super) struct Work {
    on: AtomicBool,
}

impl Finish {
    /// Ends when this fires, where it is given.
    pub(crate) fn on(wish: Option<CancellationToken>) -> Finish {
        Finish { wish, ..Finish::default() }
    }

    /// Waits until the run should begin nothing more, and nothing is under way.
    pub(crate) async fn done(&self) {
        self.wished().await;
        while self.working.load(Ordering::Acquire) > 0 {
            self.rested.notified().await;
        }
    }

    /// Waits until the run should begin nothing more.
    pub(super) async fn wished(&self) {
        match &self.wish {
            Some(wish) => wish.cancelled().await,
            None => std::future::pending().await,
        }
    }

    fn is_wished(&self) -> bool {
        self.wish.as_ref().is_some_and(CancellationToken::is_cancelled)
    }
}

impl Site<'_> {
    /// Goes to work; never where the run should begin nothing more.
    pub(super) async fn begin(&self) {
        if self.run().finish.is_wished() {
            self.rest();
            std::future::pending::<()>().await;
        }
        self.work();
    }

    /// What follows belongs to what is under way.
    pub(super) fn work(&self) {
        if !self.tally.work.on.swap(true, Ordering::AcqRel) {
            self.run().finish.working.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Nothing is under way in this step itself.
    pub(super) fn rest(&self) {
        let finish = &self.run().finish;
        if self.tally.work.on.swap(false, Ordering::AcqRel)
            && finish.working.fetch_sub(1, Ordering::AcqRel) == 1
        {
            finish.rested.notify_one();
        }
    }
}
