//! A UDP socket that sends without copying and, where the system can, many datagrams at a time.

use crate::Watch;
use socket2::{SockAddr, SockRef};
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// The most datagrams, and the most octets of them, that the system takes in one call.
const MAX_SEGMENTS: usize = 64;
const MAX_OCTETS: usize = 65_000;

/// A socket, and whoever looks on.
pub(crate) struct Port<'w> {
    socket: UdpSocket,
    local: SocketAddr,
    /// The length of all datagrams but the last that one call sends; none: one datagram a call.
    segment: Option<usize>,
    watch: &'w mut dyn Watch,
    watched: bool,
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    looks: Looks,
}

/// Whether looking for a datagram without having waited for it finds one.
#[derive(Default)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
struct Looks {
    /// The last look found one.
    found: bool,
    /// So many looks in a row did not, with no two in between that did.
    vain: u8,
    /// How often nobody looks any more, before it is tried again.
    rest: u8,
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
impl Looks {
    fn found(&mut self, found: bool) {
        match found {
            true if self.found => self.vain = 0,
            true => {}
            false => self.vain += 1,
        }
        self.found = found;
        if self.vain >= 3 {
            self.vain = 2;
            self.rest = 64;
        }
    }

    const fn are_in_vain(&mut self) -> bool {
        let rest = self.rest > 0;
        self.rest = self.rest.saturating_sub(1);
        rest
    }
}

impl<'w> Port<'w> {
    pub(crate) fn new(socket: UdpSocket, watch: &'w mut dyn Watch) -> io::Result<Self> {
        Ok(Self {
            local: socket.local_addr()?,
            socket,
            segment: None,
            watched: watch.wants_datagrams(),
            looks: Looks::default(),
            watch,
        })
    }

    pub(crate) fn watch(&mut self) -> &mut dyn Watch {
        self.watch
    }

    /// From now on [`send_all`](Self::send_all) sends datagrams of `len` octets, and the last one
    /// may be shorter.
    pub(crate) fn segment(&mut self, len: usize) {
        // whoever looks on sees single datagrams, so they are sent as such
        let begun = !self.watched && segmentation::begin(&self.socket, len);
        self.segment = begun.then_some(len);
    }

    /// How many datagrams of `len` octets [`send_all`](Self::send_all) takes.
    pub(crate) fn batch(&self, len: usize) -> usize {
        match self.segment {
            Some(_) => MAX_SEGMENTS.min(MAX_OCTETS / len.max(1)).max(1),
            None => 1,
        }
    }

    /// Sends one datagram, made of `parts`. A datagram that the system refuses is as good as lost.
    pub(crate) async fn send(&mut self, to: SocketAddr, parts: &[IoSlice<'_>]) -> io::Result<()> {
        if self.watched {
            let datagram: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
            self.watch.sent(self.local, to, &datagram);
        }
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let cut = self.segment.filter(|&segment| len > segment);
        if cut.is_some() {
            // an OACK or an ERROR may be longer than small blocks, and must stay in one piece
            segmentation::end(&self.socket);
        }
        let sent = match self.call(to, parts).await {
            // while it is on, the system may refuse single datagrams, too
            Err(error) if self.ends_segmentation(&error) => self.call(to, parts).await,
            sent => sent,
        };
        if let (Some(segment), Some(_)) = (cut, self.segment) {
            self.segment(segment);
        }
        lost_is_lost(sent)
    }

    /// Sends datagrams, each made of two of the `parts`.
    pub(crate) async fn send_all(
        &mut self,
        to: SocketAddr,
        parts: &[IoSlice<'_>],
    ) -> io::Result<()> {
        if parts.len() > 2 && self.segment.is_some() {
            match self.call(to, parts).await {
                Err(error) if self.ends_segmentation(&error) => {}
                sent => return lost_is_lost(sent),
            }
        }
        for datagram in parts.chunks(2) {
            self.send(to, datagram).await?;
        }
        Ok(())
    }

    /// Whether an error is due to segmentation, which is over then.
    fn ends_segmentation(&mut self, error: &io::Error) -> bool {
        let ends = self.segment.is_some() && segmentation::is_refused(error);
        if ends {
            segmentation::end(&self.socket);
            self.segment = None;
        }
        ends
    }

    async fn call(&mut self, to: SocketAddr, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let to = SockAddr::from(to);
        let call = || SockRef::from(&self.socket).send_to_vectored(parts, &to);
        match self.socket.try_io(Interest::WRITABLE, call) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.socket.async_io(Interest::WRITABLE, call).await
            }
            sent => sent,
        }
        .map(drop)
    }

    /// The next datagram, if there is one now.
    pub(crate) fn receive(&mut self, buf: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>> {
        match self.socket.try_recv_from(buf) {
            Ok((len, from)) => {
                if self.watched {
                    self.watch.received(self.local, from, &buf[..len]);
                }
                Ok(Some((len, from)))
            }
            Err(error) if is_nothing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The next datagrams, at most two, each in a buffer of its own, as far as there are any now.
    ///
    /// Two that answer each other have one datagram under way. Where the answer to ours is there as
    /// soon as it is sent, looking for it once more saves the wait; with many peers it never is,
    /// and then one call for two datagrams saves the look in vain. Which it is, is learnt.
    #[cfg(target_os = "linux")]
    pub(crate) fn receive_two(
        &mut self,
        first: &mut [u8],
        second: &mut [u8],
    ) -> io::Result<[Option<(usize, SocketAddr)>; 2]> {
        if !self.looks.are_in_vain() {
            let came = self.receive(first)?;
            self.looks.found(came.is_some());
            return Ok([came, None]);
        }
        let mut came = [None, None];
        let received = self.socket.try_io(Interest::READABLE, || {
            match two::receive(&self.socket, [&mut *first, &mut *second], &mut came)? {
                2 => Ok(()),
                // that there is nothing more is known as of this call
                _ => Err(ErrorKind::WouldBlock.into()),
            }
        });
        match received {
            Err(error) if !is_nothing(&error) => return Err(error),
            _ => {}
        }
        for (came, buf) in came.iter().zip([first, second]) {
            if let (Some((len, from)), true) = (*came, self.watched) {
                self.watch.received(self.local, from, &buf[..len]);
            }
        }
        Ok(came)
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn receive_two(
        &mut self,
        first: &mut [u8],
        _: &mut [u8],
    ) -> io::Result<[Option<(usize, SocketAddr)>; 2]> {
        Ok([self.receive(first)?, None])
    }

    pub(crate) async fn readable(&mut self) -> io::Result<()> {
        // cheaper than `readable()`, which allows many to wait
        poll_fn(|cx| self.socket.poll_recv_ready(cx)).await
    }
}

fn lost_is_lost(sent: io::Result<()>) -> io::Result<()> {
    match sent {
        Err(error) if is_passing(&error) => Ok(()),
        sent => sent,
    }
}

/// Whether an error of sending is about one datagram, or one moment, and not about the socket.
fn is_passing(error: &io::Error) -> bool {
    let passing = matches!(
        error.kind(),
        ErrorKind::OutOfMemory | ErrorKind::PermissionDenied
    );
    passing || is_nothing(error) || segmentation::is_out_of_buffers(error)
}

/// Whether an error of receiving only says that there is nothing now, or, in the words of ICMP, what
/// became of a datagram that was sent: lost is lost. The next call need not say the same.
pub(crate) fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
    )
}

#[cfg(target_os = "linux")]
pub(crate) fn address(storage: &nix::sys::socket::SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage
        .as_sockaddr_in()
        .map(|&v4| SocketAddr::V4(v4.into()));
    v4.or_else(|| {
        storage
            .as_sockaddr_in6()
            .map(|&v6| SocketAddr::V6(v6.into()))
    })
}

/// Two datagrams with one call.
#[cfg(target_os = "linux")]
mod two {
    use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg};
    use std::cell::RefCell;
    use std::io::{self, IoSliceMut};
    use std::net::SocketAddr;
    use std::os::fd::AsRawFd;
    use tokio::net::UdpSocket;

    thread_local! {
        static HEADERS: RefCell<MultiHeaders<SockaddrStorage>> =
            RefCell::new(MultiHeaders::preallocate(2, None));
    }

    pub(super) fn receive(
        socket: &UdpSocket,
        [first, second]: [&mut [u8]; 2],
        came: &mut [Option<(usize, SocketAddr)>; 2],
    ) -> io::Result<usize> {
        HEADERS.with_borrow_mut(|headers| {
            let mut slices = [[IoSliceMut::new(first)], [IoSliceMut::new(second)]];
            let flags = MsgFlags::MSG_DONTWAIT;
            let messages = recvmmsg(socket.as_raw_fd(), headers, slices.iter_mut(), flags, None)?;
            let mut count = 0;
            for (message, came) in messages.zip(came) {
                count += 1;
                let from = message.address.as_ref().and_then(super::address);
                *came = from.map(|from| (message.bytes, from));
            }
            Ok(count)
        })
    }
}

/// Generic segmentation offload: one call, one walk through the network stack, many datagrams.
#[cfg(target_os = "linux")]
mod segmentation {
    use nix::errno::Errno;
    use nix::sys::socket::{setsockopt, sockopt};
    use std::io;
    use tokio::net::UdpSocket;

    pub(super) fn begin(socket: &UdpSocket, len: usize) -> bool {
        let len = i32::try_from(len).unwrap_or(i32::MAX);
        setsockopt(socket, sockopt::UdpGsoSegment, &len).is_ok()
    }

    pub(super) fn end(socket: &UdpSocket) {
        let _ = setsockopt(socket, sockopt::UdpGsoSegment, &0);
    }

    /// The datagrams do not fit into the frames of this link, or its driver cannot do it.
    pub(super) fn is_refused(error: &io::Error) -> bool {
        let errors = [
            Errno::EINVAL,
            Errno::EMSGSIZE,
            Errno::EIO,
            Errno::EOPNOTSUPP,
        ];
        let code = error.raw_os_error();
        errors.iter().any(|&errno| code == Some(errno as i32))
    }

    pub(super) fn is_out_of_buffers(error: &io::Error) -> bool {
        error.raw_os_error() == Some(Errno::ENOBUFS as i32)
    }
}

#[cfg(not(target_os = "linux"))]
mod segmentation {
    use std::io;
    use tokio::net::UdpSocket;

    pub(super) fn begin(_: &UdpSocket, _: usize) -> bool {
        false
    }

    pub(super) fn end(_: &UdpSocket) {}

    pub(super) fn is_refused(_: &io::Error) -> bool {
        false
    }

    pub(super) fn is_out_of_buffers(_: &io::Error) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn pair(watch: &mut dyn Watch) -> (Port<'_>, SocketAddr, std::net::UdpSocket) {
        let other = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        other
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = Port::new(socket, watch).unwrap();
        (port, other.local_addr().unwrap(), other)
    }

    fn receives(socket: &std::net::UdpSocket) -> Vec<u8> {
        let mut buf = [0; 65_536];
        let len = socket.recv(&mut buf).unwrap();
        buf[..len].to_vec()
    }

    /// Datagrams that are sent at once arrive as those that were put in, the last one shorter.
    #[tokio::test]
    async fn many_at_once_arrive_one_by_one() {
        let mut watch = ();
        let (mut port, to, other) = pair(&mut watch).await;
        port.segment(12);
        let (heads, bodies) = ([[1; 4], [2; 4], [3; 4]], [[7; 8], [8; 8], [9; 8]]);
        let mut parts = Vec::new();
        for (head, body) in heads.iter().zip(&bodies) {
            parts.extend([IoSlice::new(head), IoSlice::new(body)]);
        }
        parts[5] = IoSlice::new(&bodies[2][..3]);
        port.send_all(to, &parts).await.unwrap();
        assert_eq!(receives(&other), [&[1; 4][..], &[7; 8]].concat());
        assert_eq!(receives(&other), [&[2; 4][..], &[8; 8]].concat());
        assert_eq!(receives(&other), [&[3; 4][..], &[9; 3]].concat());
    }

    /// A single datagram stays in one piece, though it is longer than those that are sent at once;
    /// and those are still sent at once afterwards.
    #[tokio::test]
    async fn a_long_one_is_not_cut() {
        let mut watch = ();
        let (mut port, to, other) = pair(&mut watch).await;
        port.segment(12);
        let before = port.batch(12);
        for len in [1, 11, 12, 13, 24, 500] {
            port.send(to, &[IoSlice::new(&vec![5; len])]).await.unwrap();
            assert_eq!(receives(&other).len(), len);
        }
        assert_eq!(port.batch(12), before);
        let head = [1; 4];
        let parts = [IoSlice::new(&head), IoSlice::new(&[2; 8])].repeat(3);
        port.send_all(to, &parts).await.unwrap();
        for _ in 0..3 {
            assert_eq!(receives(&other).len(), 12);
        }
    }

    /// A batch fits into what the system takes in one call, whatever the length.
    #[tokio::test]
    async fn batches_are_bounded() {
        let mut watch = ();
        let (mut port, ..) = pair(&mut watch).await;
        assert_eq!(port.batch(516), 1, "not before it is asked for");
        port.segment(516);
        for len in [0, 1, 12, 516, 1432, 8196, 65_468, usize::MAX] {
            let batch = port.batch(len);
            assert!((1..=MAX_SEGMENTS).contains(&batch));
            assert!(batch == 1 || batch * len <= MAX_OCTETS);
        }
    }

    /// What ICMP says of a datagram is not the end of a socket.
    #[tokio::test]
    async fn a_port_that_nobody_has() {
        let mut watch = ();
        let (mut port, to, other) = pair(&mut watch).await;
        drop(other);
        for _ in 0..3 {
            port.send(to, &[IoSlice::new(b"anybody?")]).await.unwrap();
            assert!(port.receive(&mut [0; 10]).unwrap().is_none());
        }
    }

    #[test]
    fn errors_that_pass_and_errors_that_stay() {
        let lost = [
            ErrorKind::ConnectionRefused,
            ErrorKind::HostUnreachable,
            ErrorKind::WouldBlock,
        ];
        assert!(
            lost.iter()
                .all(|&kind| is_passing(&kind.into()) && is_nothing(&kind.into()))
        );
        // of receiving, these would be said again at once: waiting for them would be a busy loop
        let stays = [ErrorKind::OutOfMemory, ErrorKind::PermissionDenied];
        assert!(
            stays
                .iter()
                .all(|&kind| is_passing(&kind.into()) && !is_nothing(&kind.into()))
        );
        let ends = [
            ErrorKind::InvalidInput,
            ErrorKind::NotConnected,
            ErrorKind::Other,
        ];
        assert!(
            ends.iter()
                .all(|&kind| !is_passing(&kind.into()) && !is_nothing(&kind.into()))
        );
    }
}
