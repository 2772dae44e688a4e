//! Signals, as the session sees them.

use super::ends::{Code, Failure};
use std::io;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

/// What has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Hangup,
    Interrupt,
    Quit,
    Terminate,
    Suspend,
    Resume,
    Window,
}

pub(crate) struct Signals {
    hangup: Listener,
    interrupt: Listener,
    quit: Listener,
    terminate: Listener,
    terminal: Option<Terminal>,
}

/// Those that concern a terminal only; without one the system's defaults hold.
struct Terminal {
    suspend: Listener,
    resume: Listener,
    window: Listener,
}

impl Signals {
    /// From now on they no longer do by themselves what they did.
    pub(crate) fn listen(with_terminal: bool) -> io::Result<Self> {
        let terminal = with_terminal.then(Terminal::listen).transpose()?;
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            terminal,
        })
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> Signal {
        let terminal = async {
            match &mut self.terminal {
                Some(terminal) => terminal.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.hangup.recv() => Signal::Hangup,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.quit.recv() => Signal::Quit,
            _ = self.terminate.recv() => Signal::Terminate,
            signal = terminal => signal,
        }
    }
}

impl Terminal {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            suspend: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            resume: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            window: signal(SignalKind::window_change())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.suspend.recv() => Signal::Suspend,
            _ = self.resume.recv() => Signal::Resume,
            _ = self.window.recv() => Signal::Window,
        }
    }
}

impl Signal {
    /// How a session ends by it, if it does.
    pub(crate) fn ends(self) -> Option<Failure> {
        match self {
            Self::Hangup => Some(Failure::new(Code::HANGUP, "ended by SIGHUP")),
            Self::Interrupt => Some(Failure::new(Code::INTERRUPTED, "interrupted")),
            Self::Quit => Some(Failure::new(Code::ABORTED, "ended by SIGQUIT")),
            Self::Terminate => Some(Failure::new(Code::TERMINATED, "ended by SIGTERM")),
            Self::Suspend | Self::Resume | Self::Window => None,
        }
    }
}
