//! The client that measures every server: it fetches a file and throws it away.
//!
//! [`Download`] is the conversation without a socket; [`download`] drives one of them with a
//! blocking socket, `crowd.rs` drives many.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use wirelore_core::escape;

/// How long nothing may come until the last packet is sent again.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);

/// How often a packet is sent again in vain until the transfer has failed.
pub(crate) const RESENDS: u32 = 5;

/// The longest datagram of any server: 65464 octets of content (RFC 2348) and their header.
pub(crate) const LONGEST: usize = 65_468;

/// The size of a block and of a window. What is not asked for is 512 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) block: u16,
    pub(crate) window: u16,
}

/// A file on the servers, by the name the server wants to hear.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) octets: u64,
    pub(crate) sizes: Sizes,
}

/// What went wrong or was in vain during one or more transfers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Packets that the client sent again.
    pub(crate) resent: u64,
    /// Blocks that came again.
    pub(crate) repeated: u64,
    /// Blocks that were missing from a window.
    pub(crate) gaps: u64,
}

/// A transfer that ended well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    /// From before the request until after the last acknowledgement.
    pub(crate) took: Duration,
    pub(crate) granted: Sizes,
    pub(crate) trouble: Trouble,
}

/// What to do after a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send [`Download::packet`].
    Send,
    /// Send [`Download::packet`]; it is the last one.
    Finish,
    /// Wait for more.
    Wait,
}

/// One download: RFC 1350 in mode octet, with RFC 2347 to 2349 and 7440 where sizes ask for them.
pub(crate) struct Download {
    octets: u64,
    asked: Sizes,
    granted: Sizes,
    /// The block that comes next, counted from 1 without wrapping.
    next: u64,
    received: u64,
    /// Blocks since the last acknowledgement.
    in_window: u16,
    /// Whether a gap was answered and nothing has come in order since.
    rewinding: bool,
    packet: Vec<u8>,
    pub(crate) trouble: Trouble,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            block: 512,
            window: 1,
        }
    }
}

impl std::ops::AddAssign for Trouble {
    fn add_assign(&mut self, other: Self) {
        self.resent += other.resent;
        self.repeated += other.repeated;
        self.gaps += other.gaps;
    }
}

/// Fetches a file; `sink` sees its content.
pub(crate) fn download(
    server: SocketAddr,
    wanted: &Wanted,
    mut sink: impl FnMut(&[u8]),
) -> Result<Report, String> {
    let mut datagram = vec![0; LONGEST + 1];
    let mut download = Download::new(wanted);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|e| e.to_string())?;
    let failed = |e: io::Error| e.to_string();
    socket.set_read_timeout(Some(TIMEOUT)).map_err(failed)?;
    let start = Instant::now();
    socket
        .send_to(download.packet(), server)
        .map_err(|e| e.to_string())?;
    let (mut connected, mut silences) = (false, 0);
    loop {
        let received = if connected {
            socket.recv(&mut datagram)
        } else {
            first(&socket, server, &mut datagram, &mut connected)
        };
        let next = match received {
            Ok(len) => {
                silences = 0;
                download.receive(&datagram[..len], &mut sink)?
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                silences += 1;
                if silences > RESENDS {
                    return Err(download.silence());
                }
                download.time_out();
                Next::Send
            }
            Err(e) => return Err(e.to_string()),
        };
        match next {
            Next::Wait => continue,
            _ if connected => socket.send(download.packet()).map_err(failed)?,
            _ => socket
                .send_to(download.packet(), server)
                .map_err(|e| e.to_string())?,
        };
        if next == Next::Finish {
            return Ok(Report {
                took: start.elapsed(),
                granted: download.granted,
                trouble: download.trouble,
            });
        }
    }
}

/// The first datagram of a server, from whichever port: from then on the socket hears only that
/// one (RFC 1350, section 4).
pub(crate) fn first(
    socket: &UdpSocket,
    server: SocketAddr,
    datagram: &mut [u8],
    connected: &mut bool,
) -> io::Result<usize> {
    loop {
        let (len, from) = socket.recv_from(datagram)?;
        if from.ip() == server.ip() {
            socket.connect(from)?;
            *connected = true;
            return Ok(len);
        }
    }
}

impl Download {
    pub(crate) fn new(wanted: &Wanted) -> Self {
        let (asked, default) = (wanted.sizes, Sizes::default());
        let mut packet = vec![0, 1];
        let mut push = |text: &str| {
            packet.extend_from_slice(text.as_bytes());
            packet.push(0);
        };
        push(&wanted.name);
        push("octet");
        if asked.block != default.block {
            push("blksize");
            push(&asked.block.to_string());
        }
        if asked.window != default.window {
            push("windowsize");
            push(&asked.window.to_string());
        }
        Self {
            octets: wanted.octets,
            asked,
            granted: default,
            next: 1,
            received: 0,
            in_window: 0,
            rewinding: false,
            packet,
            trouble: Trouble::default(),
        }
    }

    /// What is to be sent, or sent again.
    pub(crate) fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// What the server agreed to.
    pub(crate) fn granted(&self) -> Sizes {
        self.granted
    }

    /// Nothing came for [`TIMEOUT`]: [`Self::packet`] is to be sent again.
    pub(crate) fn time_out(&mut self) {
        self.trouble.resent += 1;
        if self.next > 1 {
            self.acknowledge();
        }
    }

    /// What a server did that stopped talking.
    pub(crate) fn silence(&self) -> String {
        format!("silent after {} of {} octets", self.received, self.octets)
    }

    /// Takes a datagram of the server's.
    pub(crate) fn receive(
        &mut self,
        datagram: &[u8],
        sink: &mut impl FnMut(&[u8]),
    ) -> Result<Next, String> {
        match datagram {
            [0, 3, high, low, content @ ..] => {
                self.data(u16::from_be_bytes([*high, *low]), content, sink)
            }
            [0, 6, options @ ..] => self.oack(options),
            [0, 5, high, low, text @ ..] => {
                let (code, text) = (u16::from_be_bytes([*high, *low]), text.strip_suffix(b"\0"));
                Err(format!("ERROR {code} {}", escape(text.unwrap_or_default())))
            }
            _ => Err(format!("what is {}?", escape(datagram))),
        }
    }

    fn data(
        &mut self,
        number: u16,
        content: &[u8],
        sink: &mut impl FnMut(&[u8]),
    ) -> Result<Next, String> {
        let ahead = number.wrapping_sub(self.next as u16);
        if ahead != 0 {
            return self.out_of_order(ahead);
        }
        let full = usize::from(self.granted.block);
        if content.len() > full {
            return Err(format!("a block of {} octets, not {full}", content.len()));
        }
        sink(content);
        self.received += content.len() as u64;
        self.next += 1;
        self.in_window += 1;
        self.rewinding = false;
        if content.len() < full {
            if self.received != self.octets {
                return Err(format!("{} octets, not {}", self.received, self.octets));
            }
            self.acknowledge();
            return Ok(Next::Finish);
        }
        if self.in_window < self.granted.window {
            return Ok(Next::Wait);
        }
        self.acknowledge();
        Ok(Next::Send)
    }

    /// A block that came before is not acknowledged again: if the acknowledgement was lost, the
    /// timeout repeats it. A gap in a window makes the server go back, once.
    fn out_of_order(&mut self, ahead: u16) -> Result<Next, String> {
        if ahead >= 1 << 15 {
            self.trouble.repeated += 1;
            return Ok(Next::Wait);
        }
        if ahead >= self.granted.window {
            return Err(format!("{ahead} blocks ahead of the next, {}", self.next));
        }
        if self.rewinding {
            return Ok(Next::Wait);
        }
        self.rewinding = true;
        self.trouble.gaps += 1;
        self.acknowledge();
        Ok(Next::Send)
    }

    fn oack(&mut self, options: &[u8]) -> Result<Next, String> {
        if self.next > 1 {
            self.trouble.repeated += 1;
            return Ok(Next::Wait);
        }
        let mut granted = Sizes::default();
        let mut strings = options.split(|&octet| octet == 0);
        while let (Some(name), Some(value)) = (strings.next(), strings.next()) {
            let number = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
            let (asked, granted) = match name.to_ascii_lowercase().as_slice() {
                b"blksize" => (self.asked.block, &mut granted.block),
                b"windowsize" => (self.asked.window, &mut granted.window),
                _ => return Err(format!("option {} was not asked for", escape(name))),
            };
            match number {
                Some(number @ 1..) if number <= asked => *granted = number,
                _ => return Err(format!("{} granted as {}", escape(name), escape(value))),
            }
        }
        self.granted = granted;
        self.acknowledge();
        Ok(Next::Send)
    }

    /// Makes the acknowledgement of everything that came in order, which begins a window.
    fn acknowledge(&mut self) {
        let [high, low] = ((self.next - 1) as u16).to_be_bytes();
        self.packet.clear();
        self.packet.extend_from_slice(&[0, 4, high, low]);
        self.in_window = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(octets: u64, block: u16, window: u16) -> Wanted {
        Wanted {
            name: "f".into(),
            octets,
            sizes: Sizes { block, window },
        }
    }

    fn data(number: u16, len: usize) -> Vec<u8> {
        let [high, low] = number.to_be_bytes();
        [vec![0, 3, high, low], vec![7; len]].concat()
    }

    #[test]
    fn a_request_names_only_what_differs_from_the_default() {
        assert_eq!(
            Download::new(&wanted(0, 512, 1)).packet(),
            b"\0\x01f\0octet\0"
        );
        assert_eq!(
            Download::new(&wanted(0, 1428, 16)).packet(),
            b"\0\x01f\0octet\0blksize\x001428\0windowsize\x0016\0"
        );
    }

    #[test]
    fn every_window_is_acknowledged_once() {
        let mut download = Download::new(&wanted(33, 8, 2));
        let mut seen = 0;
        let mut sink = |content: &[u8]| seen += content.len();
        let oack = b"\0\x06blksize\x008\0windowsize\x002\0";
        assert_eq!(download.receive(oack, &mut sink), Ok(Next::Send));
        assert_eq!(download.packet(), [0, 4, 0, 0]);
        let steps = [
            (1, 8, Next::Wait),
            (2, 8, Next::Send),
            (4, 8, Next::Send), // 3 is missing
            (4, 8, Next::Wait),
            (3, 8, Next::Wait),
            (3, 8, Next::Wait), // again
            (4, 8, Next::Send),
            (5, 1, Next::Finish),
        ];
        for (number, len, next) in steps {
            assert_eq!(download.receive(&data(number, len), &mut sink), Ok(next));
        }
        assert_eq!(download.packet(), [0, 4, 0, 5]);
        assert_eq!((download.trouble.gaps, download.trouble.repeated), (1, 1));
        assert_eq!(seen, 33);
    }

    #[test]
    fn block_numbers_wrap() {
        let mut download = Download::new(&wanted(65_536 * 512, 512, 1));
        let mut last = Ok(Next::Wait);
        for number in 1..=65_536_u32 {
            last = download.receive(&data(number as u16, 512), &mut |_| ());
        }
        assert_eq!(
            (last, download.packet()),
            (Ok(Next::Send), &[0, 4, 0, 0][..])
        );
        assert_eq!(download.receive(&data(1, 0), &mut |_| ()), Ok(Next::Finish));
    }

    #[test]
    fn what_is_not_the_file_is_an_error() {
        let bad: [&[u8]; 6] = [
            &data(1, 513),
            &data(1, 5), // the file has 1000 octets
            &data(2, 512),
            b"\0\x06tsize\x001000\0",
            b"\0\x05\0\x01no\0",
            b"",
        ];
        for datagram in bad {
            let mut download = Download::new(&wanted(1000, 512, 1));
            assert!(download.receive(datagram, &mut |_| ()).is_err());
        }
    }
}
