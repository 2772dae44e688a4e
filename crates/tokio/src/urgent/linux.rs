use super::Seen;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::net::{SendFlags, send};
use std::io;
use tokio::net::TcpStream;

/// Marks are seen.
pub(super) const MARKS: bool = true;

/// Looks without waiting.
pub(super) fn look(tcp: &TcpStream) -> Seen {
    let wanted = PollFlags::IN | PollFlags::PRI | PollFlags::RDHUP;
    let mut fds = [PollFd::new(tcp, wanted)];
    // Should the system refuse, reading tells why.
    let looked = retry_on_intr(|| poll(&mut fds, Some(&Timespec::default())));
    let seen = fds[0].revents();
    Seen {
        readable: looked.is_err() || !seen.difference(PollFlags::PRI).is_empty(),
        urgent: seen.contains(PollFlags::PRI),
        closed: !seen.difference(PollFlags::IN | PollFlags::PRI).is_empty(),
    }
}

/// Sends the octet as an urgent one.
pub(super) fn send_urgent(tcp: &TcpStream, octet: &[u8]) -> io::Result<usize> {
    Ok(send(tcp, octet, SendFlags::OOB | SendFlags::NOSIGNAL)?)
}
