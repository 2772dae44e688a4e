//! A TCP connection with urgent data: the stream that sees marks and sets them.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
use self::linux as system;
#[cfg(not(target_os = "linux"))]
use self::other as system;

use core::fmt;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use socket2::SockRef;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::consume_budget;

/// The end of a mark that was announced, and whose octet was not read yet.
const AHEAD: u64 = u64::MAX;

/// What the system has received and nobody has read.
#[derive(Default)]
struct Seen {
    /// A read would return something, be it the end or an error.
    readable: bool,
    /// An urgent octet.
    urgent: bool,
    /// The end of the stream, or an error: nothing more will come.
    closed: bool,
}

/// A TCP connection whose urgent octets stay in their places (`SO_OOBINLINE`) and whose urgent mark
/// is seen and set: what the TELNET Synch of RFC 854 needs, and the control connection of FTP.
///
/// Without the option the system takes the urgent octet out of the stream. Most TELNET clients mark
/// the IAC of `IAC DM`, so that a server that knows nothing of urgent data receives a lone 242,
/// which is a character then.
///
/// Use this stream in the place of the `TcpStream`, below a [`TapStream`](crate::TapStream) if
/// there is one, and tell the driver of it with
/// [`Driver::with_urgent`](crate::Driver::with_urgent):
///
/// ```
/// # use wirelore_core::lines::LineReceiver as Machine;
/// use wirelore_tokio::{Connection, Driver, DriverConfig, UrgentStream};
///
/// async fn serve(connection: Connection) -> std::io::Result<()> {
///     let stream = UrgentStream::new(connection.stream)?;
///     let config = DriverConfig::default();
///     let mut driver = Driver::new(Machine::new(Default::default()), stream, &config).with_urgent();
/// #   let _ = driver.next().await;
///     // ...
/// #   Ok(())
/// }
/// ```
///
/// It reads once where a `TcpStream` does, and looks for a mark before that with one `poll` that
/// does not wait. It also reads on where a `TcpStream` on tokio would stand still: a read ends in
/// front of the urgent octet, which tokio takes for a sign that nothing more has come.
///
/// # What is seen
///
/// A mark is seen when its octet has arrived and was not read yet. TCP announces it earlier if the
/// octet has to wait for room, but Linux does not say so: behind more than the buffers of both
/// systems hold, the mark is seen only after some of that was read. A mark that comes before the
/// octet of an earlier one was read takes its place. The system takes the urgent pointer for the
/// place behind the urgent octet, as BSD and RFC 6093 do; with the Linux setting `tcp_stdurg` it does
/// not, and the marks of most peers are then seen one octet late, behind the DM.
///
/// Marks are seen on Linux only. Elsewhere the option is set, and the urgent octet is sent as such,
/// but no mark is ever reported.
pub struct UrgentStream {
    tcp: TcpStream,
    /// tokio was told that all was read, which may not be so.
    hushed: bool,
    /// Octets that were read.
    received: u64,
    /// The place behind the last urgent octet that is known of, counted as `received` is.
    end: u64,
    /// Octets that were written.
    sent: u64,
    /// Places of octets that are to be written as urgent ones, counted as `sent` is. In order.
    marks: VecDeque<u64>,
}

impl UrgentStream {
    /// Sets `SO_OOBINLINE` on the connection.
    ///
    /// Do so before you read from it. An urgent octet that came before is still there, but of two
    /// the system may have dropped the first; set the option on the listener too, from which
    /// connections inherit it, if that matters.
    ///
    /// # Errors
    /// Of the system, for a connection that is gone already.
    pub fn new(tcp: TcpStream) -> io::Result<Self> {
        SockRef::from(&tcp).set_out_of_band_inline(true)?;
        Ok(Self {
            tcp,
            hushed: false,
            received: 0,
            end: 0,
            sent: 0,
            marks: VecDeque::new(),
        })
    }

    /// The connection itself. Whoever reads from it may read past a mark.
    pub const fn inner(&self) -> &TcpStream {
        &self.tcp
    }

    /// The connection itself. The option stays set.
    pub fn into_inner(self) -> TcpStream {
        self.tcp
    }

    /// Whether an urgent octet is known of that is not among the first `consumed` of the stream.
    pub(crate) const fn is_urgent_after(&self, consumed: u64) -> bool {
        self.end > consumed
    }

    /// Octets that were read.
    pub(crate) const fn received(&self) -> u64 {
        self.received
    }

    /// Looks for a mark, without reading.
    pub(crate) fn look(&mut self) {
        if system::look(&self.tcp).urgent {
            self.end = AHEAD;
        }
    }

    /// Ready when a mark has come that was not known of. For times in which nothing is read.
    pub(crate) fn poll_mark(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.end != AHEAD && system::MARKS {
            if ready!(self.tcp.poll_read_ready(cx)).is_err() {
                break;
            }
            // Every octet that arrives is news to tokio, if it believes that the last one was read.
            let mut seen = Seen::default();
            let _ = self.tcp.try_io(Interest::READABLE, || {
                seen = system::look(&self.tcp);
                Err::<(), _>(ErrorKind::WouldBlock.into())
            });
            self.hushed = true;
            if seen.urgent {
                self.end = AHEAD;
                return Poll::Ready(());
            }
            if seen.closed {
                break;
            }
        }
        Poll::Pending
    }

    /// The last of the next `count` octets that are written will be the urgent one.
    pub(crate) fn mark(&mut self, count: usize) {
        let Some(place) = count.checked_sub(1) else {
            return;
        };
        let place = self.sent + place as u64;
        if self.marks.back().is_none_or(|last| *last < place) {
            self.marks.push_back(place);
        }
    }

    /// Reads what is there, if there is something. The flag says whether an urgent octet was ahead.
    fn read(&mut self, spare: &mut [u8]) -> (bool, io::Result<usize>) {
        let mut urgent = false;
        let mut read = None;
        let tcp = &self.tcp;
        let mut attempt = || {
            let seen = system::look(tcp);
            urgent = seen.urgent;
            if !seen.readable {
                // What comes from now on could begin with an urgent octet, which nobody has seen.
                return Err(ErrorKind::WouldBlock.into());
            }
            let count = Read::read(&mut &*SockRef::from(tcp), spare)?;
            read = Some(count);
            // tokio need not ask again when all was read. A mark that came after the look, and that
            // cut the read short, is news to it.
            match 0 < count && count < spare.len() && !urgent && system::MARKS {
                true => Err(ErrorKind::WouldBlock.into()),
                false => Ok(()),
            }
        };
        let tried = match self.hushed {
            true => attempt(),
            false => tcp.try_io(Interest::READABLE, attempt),
        };
        let blocks = |error: &io::Error| error.kind() == ErrorKind::WouldBlock;
        if tried.as_ref().is_err_and(blocks) {
            self.hushed = false;
        }
        let read = match (read, tried) {
            (Some(count), _) => Ok(count),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(ErrorKind::WouldBlock.into()),
        };
        (urgent, read)
    }

    /// So many octets were read; whether an urgent one was ahead before.
    fn note(&mut self, count: usize, urgent: bool) {
        let start = self.received;
        self.received += count as u64;
        if urgent {
            // The read that passes an urgent octet begins with it.
            self.end = match system::look(&self.tcp).urgent {
                true => AHEAD,
                false => start + 1,
            };
        } else if self.end == AHEAD {
            // A later mark took its place, and its octet has not arrived yet.
            self.end = start;
        }
    }

    /// How many of `count` octets may be written in one piece: none, if the first is an urgent one.
    fn plain(&mut self, count: usize) -> usize {
        while self.marks.front().is_some_and(|place| *place < self.sent) {
            self.marks.pop_front();
        }
        let left = self.marks.front().map(|place| place - self.sent);
        left.map_or(count, |left| {
            usize::try_from(left).unwrap_or(count).min(count)
        })
    }

    fn poll_write_urgent(&self, cx: &mut Context<'_>, octet: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.tcp.poll_write_ready(cx))?;
            let send = || system::send_urgent(&self.tcp, octet);
            match self.tcp.try_io(Interest::WRITABLE, send) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }
}

impl AsyncRead for UrgentStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        let spare = buf.initialize_unfilled();
        if spare.is_empty() {
            return Poll::Ready(Ok(()));
        }
        loop {
            match stream.hushed {
                // Without tokio's word; but its other tasks have their turn as ever.
                true => ready!(pin!(consume_budget()).poll(cx)),
                false => ready!(stream.tcp.poll_read_ready(cx))?,
            }
            let (urgent, read) = stream.read(spare);
            match read {
                Ok(count) => {
                    stream.note(count, urgent);
                    buf.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for UrgentStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        let count = ready!(match stream.plain(buf.len()) {
            0 if !buf.is_empty() => stream.poll_write_urgent(cx, &buf[..1]),
            count => Pin::new(&mut stream.tcp).poll_write(cx, &buf[..count]),
        })?;
        stream.sent += count as u64;
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        let all = bufs.iter().map(|buf| buf.len()).sum();
        if stream.plain(all) < all {
            let first = bufs.iter().find(|buf| !buf.is_empty());
            return Pin::new(stream).poll_write(cx, first.map_or(&[], |buf| buf));
        }
        let count = ready!(Pin::new(&mut stream.tcp).poll_write_vectored(cx, bufs))?;
        stream.sent += count as u64;
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}

/// So that [`Driver::with_urgent`](crate::Driver::with_urgent) finds it, alone or in a wrapper.
impl AsMut<Self> for UrgentStream {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl fmt::Debug for UrgentStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrgentStream")
            .field("tcp", &self.tcp)
            .finish_non_exhaustive()
    }
}
