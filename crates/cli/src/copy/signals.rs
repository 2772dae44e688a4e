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
    /// SIGUSR1: somebody wants to know.
    #[cfg(unix)]
    asked: Option<tokio::signal::unix::Signal>,
}

/// What a signal wants.
pub(crate) enum Wanted {
    /// The end.
    End(Failure),
    /// To see what is open.
    Connections,
}

impl Signals {
    /// From now on they no longer end the process by themselves; SIGUSR1 only if it can be `asked`.
    #[cfg(unix)]
    pub(crate) fn listen(asked: bool) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            asked: asked
                .then(|| signal(SignalKind::user_defined1()))
                .transpose()?,
        })
    }

    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Wanted {
        let asked = async {
            match &mut self.asked {
                Some(asked) => asked.recv().await,
                None => std::future::pending().await,
            }
        };
        Wanted::End(tokio::select! {
            _ = self.hangup.recv() => Failure::new(Code::HANGUP, "ended by SIGHUP"),
            _ = self.interrupt.recv() => Failure::new(Code::INTERRUPTED, "interrupted"),
            _ = self.terminate.recv() => Failure::new(Code::TERMINATED, "ended by SIGTERM"),
            _ = asked => return Wanted::Connections,
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn listen(_: bool) -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) -> Wanted {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Wanted::End(Failure::new(Code::INTERRUPTED, "interrupted")),
            Err(_) => std::future::pending().await,
        }
    }
}
