//! The thread that analyses. It is one and the same for all programs, so that what one analysis gives
//! back to the allocator the next one takes, and it is where old analyses are taken apart.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;

type Task = Box<dyn FnOnce() + Send>;

/// The thread, as others see it. It ends when the last of these is gone.
#[derive(Clone)]
pub(crate) struct Analyst {
    tasks: Sender<Task>,
}

impl Analyst {
    /// Starts the thread.
    pub(crate) fn start() -> std::io::Result<Analyst> {
        let (tasks, queue) = channel::<Task>();
        let thread = std::thread::Builder::new().name("analyst".to_owned());
        // Programs nest as deep as the compiler lets them, which needs more than a thread usually has.
        thread.stack_size(16 << 20).spawn(move || {
            for task in queue {
                task();
            }
        })?;
        Ok(Analyst { tasks })
    }

    /// Does something there. Nothing where it panicked, which the hook for panics has said.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, answer) = oneshot::channel();
        let task = move || {
            if let Ok(made) = catch_unwind(AssertUnwindSafe(work)) {
                // Whoever asked may be gone.
                let _ = done.send(made);
            }
        };
        self.tasks.send(Box::new(task)).ok()?;
        answer.await.ok()
    }

    /// Takes something apart there, when there is time.
    pub(crate) fn discard<T: Send + 'static>(&self, old: T) {
        // Where the thread is gone, it is taken apart here.
        let _ = self.tasks.send(Box::new(move || drop(old)));
    }
}
