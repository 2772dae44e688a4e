use super::{Tap, related};
use crate::UrgentStream;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use wirelore_pcapng::{Misuse, Side, TcpConfig, TcpFlow, Writer};

/// A stream whose octets are copied to a [`Tap`], both directions, as a TCP connection.
///
/// Recorded is what passes here: above TLS it is plain text. Handshake, acknowledgments and the end
/// of each direction are made up; a connection that is reset ends with a reset.
pub struct TapStream<S> {
    stream: S,
    tap: Tap,
    /// None when the addresses do not go together.
    flow: Option<TcpFlow>,
    ours: Side,
    /// Our direction has ended in the capture.
    finished: bool,
    /// The peer's direction has.
    peer_finished: bool,
}

impl Tap {
    /// Copies `stream` to the capture; `ours` says which side we are.
    pub fn stream<S>(
        &self,
        stream: S,
        ours: Side,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> TapStream<S> {
        let (local, peer) = related(local, peer);
        let (client, server) = match ours {
            Side::Client => (local, peer),
            Side::Server => (peer, local),
        };
        let config = TcpConfig {
            local: Some(ours),
            ..TcpConfig::default()
        };
        let mut flow = None;
        self.record(|writer, now, out| {
            flow = Some(TcpFlow::open(writer, now, client, server, &config, out)?);
            Ok(())
        });
        TapStream {
            stream,
            tap: self.clone(),
            flow,
            ours,
            finished: false,
            peer_finished: false,
        }
    }

    /// Copies a TCP connection to the capture, with the addresses that it has.
    ///
    /// # Errors
    /// When it has none, because it is gone already.
    pub fn tcp(&self, stream: TcpStream, ours: Side) -> io::Result<TapStream<TcpStream>> {
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        Ok(self.stream(stream, ours, local, peer))
    }
}

impl<S> TapStream<S> {
    /// The stream itself.
    pub const fn inner(&self) -> &S {
        &self.stream
    }

    /// The stream itself. What is read or written past the tap is not recorded.
    pub const fn inner_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    fn data(&mut self, side: Side, octets: &[u8]) {
        self.record(|flow, writer, now, out| flow.data(writer, now, side, octets, out));
    }

    fn finish(&mut self, side: Side) {
        let finished = if side == self.ours {
            &mut self.finished
        } else {
            &mut self.peer_finished
        };
        if !core::mem::replace(finished, true) {
            self.record(|flow, writer, now, out| flow.finish(writer, now, side, out));
        }
    }

    /// An error of the stream: a reset by the peer stands in the capture.
    fn failed(&mut self, error: &io::Error) {
        let reset = match error.kind() {
            ErrorKind::ConnectionReset => !(self.finished && self.peer_finished),
            // As long as our direction is open, only a reset by the peer breaks it.
            ErrorKind::BrokenPipe => !self.finished,
            _ => false,
        };
        if reset {
            (self.finished, self.peer_finished) = (true, true);
            let side = self.ours.peer();
            self.record(|flow, writer, now, out| flow.reset(writer, now, side, out));
        }
    }

    fn record(
        &mut self,
        write: impl FnOnce(&mut TcpFlow, &Writer, Duration, &mut Vec<u8>) -> Result<(), Misuse>,
    ) {
        if let Some(flow) = &mut self.flow {
            self.tap
                .record(|writer, now, out| match write(flow, writer, now, out) {
                    // Octets after the end in the capture: the stream has taken them all the same.
                    Err(Misuse::FlowClosed) => Ok(()),
                    wrote => wrote,
                });
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TapStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let tapped = self.get_mut();
        let theirs = tapped.ours.peer();
        let (before, room) = (buf.filled().len(), buf.remaining());
        let read = ready!(Pin::new(&mut tapped.stream).poll_read(cx, buf));
        match &read {
            Ok(()) if buf.filled().len() > before => tapped.data(theirs, &buf.filled()[before..]),
            Ok(()) if room > 0 => tapped.finish(theirs),
            Ok(()) => {}
            Err(error) => tapped.failed(error),
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TapStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let tapped = self.get_mut();
        let wrote = ready!(Pin::new(&mut tapped.stream).poll_write(cx, buf));
        match &wrote {
            Ok(count) => tapped.data(tapped.ours, &buf[..*count]),
            Err(error) => tapped.failed(error),
        }
        Poll::Ready(wrote)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tapped = self.get_mut();
        let wrote = ready!(Pin::new(&mut tapped.stream).poll_write_vectored(cx, bufs));
        match &wrote {
            Ok(count) => {
                let mut left = *count;
                for buf in bufs {
                    let part = &buf[..left.min(buf.len())];
                    tapped.data(tapped.ours, part);
                    left -= part.len();
                }
            }
            Err(error) => tapped.failed(error),
        }
        Poll::Ready(wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tapped = self.get_mut();
        let flushed = ready!(Pin::new(&mut tapped.stream).poll_flush(cx));
        if let Err(error) = &flushed {
            tapped.failed(error);
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tapped = self.get_mut();
        let shut = ready!(Pin::new(&mut tapped.stream).poll_shutdown(cx));
        match &shut {
            Ok(()) => tapped.finish(tapped.ours),
            Err(error) => tapped.failed(error),
        }
        Poll::Ready(shut)
    }
}

/// So that [`Driver::with_urgent`](crate::Driver::with_urgent) finds it below the tap.
impl<S: AsMut<UrgentStream>> AsMut<UrgentStream> for TapStream<S> {
    fn as_mut(&mut self) -> &mut UrgentStream {
        self.stream.as_mut()
    }
}

impl<S> Drop for TapStream<S> {
    /// A stream that is closed has ended.
    fn drop(&mut self) {
        self.finish(self.ours);
    }
}

impl<S: fmt::Debug> fmt::Debug for TapStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapStream")
            .field("stream", &self.stream)
            .field("ours", &self.ours)
            .finish_non_exhaustive()
    }
}
