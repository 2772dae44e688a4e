//! Signals that end a copy before its time.

use super::codes::{Code, Failure};
use std::io;

pub(crate) struct Signals {
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// From now on they no longer end the process by themselves.
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Failure {
        tokio::select! {
            _ = self.hangup.recv() => Failure::new(Code::HANGUP, "ended by SIGHUP"),
            _ = self.interrupt.recv() => Failure::new(Code::INTERRUPTED, "interrupted"),
            _ = self.terminate.recv() => Failure::new(Code::TERMINATED, "ended by SIGTERM"),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) -> Failure {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Failure::new(Code::INTERRUPTED, "interrupted"),
            Err(_) => std::future::pending().await,
        }
    }
}
