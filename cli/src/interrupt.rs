//! The wish that a run stops: Ctrl-C, or a process manager's SIGTERM.

/// How it is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Interrupt {
    /// By a person, who waits for it.
    Pressed,
    /// By a process manager, which gives some time.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no signals"))]
    Terminated,
}

/// Every such wish, from when this was made: none is lost between two looks.
#[cfg(unix)]
pub(crate) struct Interrupts {
    pressed: Option<tokio::signal::unix::Signal>,
    terminated: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Interrupts {
    /// Listens from now on. Where signals cannot be heard, the system's own way to end a process works.
    pub(crate) fn listen() -> Interrupts {
        use tokio::signal::unix::{SignalKind, signal};
        Interrupts {
            pressed: signal(SignalKind::interrupt()).ok(),
            terminated: signal(SignalKind::terminate()).ok(),
        }
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Interrupt {
        tokio::select! {
            () = next_of(&mut self.pressed) => Interrupt::Pressed,
            () = next_of(&mut self.terminated) => Interrupt::Terminated,
        }
    }
}

#[cfg(unix)]
async fn next_of(signal: &mut Option<tokio::signal::unix::Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}

/// Every such wish.
#[cfg(not(unix))]
pub(crate) struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    /// Listens from the first [`Interrupts::next`] on.
    pub(crate) fn listen() -> Interrupts {
        Interrupts
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Interrupt {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Interrupt::Pressed
    }
}
