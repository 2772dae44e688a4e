//! What comes from stdin: a terminal, a pipe or a file.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc as plain;
use std::thread;
use tokio::sync::mpsc;
use tokio::task::consume_budget;

/// So many octets are read at once.
const PIECE: usize = 16 << 10;

/// Stdin, which stays in blocking mode: whoever shares it (a shell) must not notice. A thread waits
/// until there is something, and reads nothing.
pub(crate) struct Input {
    fd: OwnedFd,
    ask: plain::Sender<()>,
    answers: mpsc::Receiver<()>,
    /// The thread was asked and has not answered.
    asked: bool,
}

impl Input {
    pub(crate) fn stdin() -> io::Result<Self> {
        let fd = io::stdin().as_fd().try_clone_to_owned()?;
        let watched = fd.try_clone()?;
        let (ask, asked) = plain::channel();
        let (answer, answers) = mpsc::channel(1);
        thread::Builder::new().name("stdin".into()).spawn(move || {
            while asked.recv().is_ok() {
                // should the system refuse, reading tells why
                let _ = events(&watched, None);
                if answer.blocking_send(()).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self {
            fd,
            ask,
            answers,
            asked: false,
        })
    }

    /// Waits for octets and appends them; 0 at the end. Cancel safe.
    pub(crate) async fn read(&mut self, to: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            // others have their turn even if there is always something
            consume_budget().await;
            if events(&self.fd, Some(&Timespec::default()))?.is_empty() {
                if !self.asked {
                    let _ = self.ask.send(());
                    self.asked = true;
                }
                let _ = self.answers.recv().await;
                self.asked = false;
                continue;
            }
            let mut piece = [0; PIECE];
            match read(&self.fd, &mut piece) {
                Ok(count) => {
                    to.extend_from_slice(&piece[..count]);
                    return Ok(count);
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                // a terminal that is gone
                Err(Errno::IO) => return Ok(0),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the other end of it is gone for good.
    pub(crate) fn is_gone(&self) -> bool {
        let gone = PollFlags::HUP | PollFlags::ERR;
        events(&self.fd, Some(&Timespec::default())).is_ok_and(|events| events.intersects(gone))
    }
}

/// What there is, after so long at most.
fn events(fd: &OwnedFd, limit: Option<&Timespec>) -> io::Result<PollFlags> {
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    match poll(&mut fds, limit) {
        Ok(_) => Ok(fds[0].revents()),
        Err(Errno::INTR) => Ok(PollFlags::empty()),
        Err(error) => Err(error.into()),
    }
}
