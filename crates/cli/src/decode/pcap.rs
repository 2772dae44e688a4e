//! The UDP conversations of a capture, one line a datagram. The capture may still be growing: it is
//! read piece by piece and every line is written as soon as it is known.

use super::json::{self, Case, Config};
use super::render::{Annotation, DIM, NOTE};
use super::{Decoder, open};
use crate::exit::{Failure, Verdict};
use serde::Serialize;
use serde_json::value::RawValue;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use wirelore_pcapng::{Dissected, DropReason, Error, Limits, Next, Packet, Reader, Reassembler};

/// A datagram of the capture.
pub(crate) struct Seen<'d> {
    /// Since the Unix epoch.
    pub(crate) time: Option<Duration>,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) payload: &'d [u8],
}

/// Knows which datagrams belong to a protocol.
pub(crate) trait Follow {
    /// A remark on the datagram, maybe empty; `None` when it is of another protocol.
    fn see(&mut self, seen: &Seen<'_>) -> Option<String>;
    /// A line for every conversation.
    fn summary(&self) -> Vec<String>;
}

/// Begins to follow what is asked for at these ports, or at the usual ones.
pub(crate) type Begin = fn(&[u16]) -> Box<dyn Follow>;

/// How to show a capture.
pub(crate) struct Options {
    pub(crate) ports: Vec<u16>,
    pub(crate) json: bool,
    /// Annotated hex under every line.
    pub(crate) annotate: bool,
    pub(crate) full: bool,
}

/// Reads the capture at `path` to its end.
pub(crate) fn run(
    path: &Path,
    decoder: &Decoder,
    follow: Begin,
    options: &Options,
    out: &mut impl Write,
) -> Result<Verdict, Failure> {
    let mut file = open(Some(path))?;
    let mut report = Report {
        decoder,
        options,
        follow: follow(&options.ports),
        out,
        reassembler: Reassembler::default(),
        packets: 0,
        datagrams: 0,
        shown: 0,
        cut: 0,
        bad: false,
        origin: None,
        width: 0,
    };
    let mut reader = Reader::new(Limits::default());
    let (mut buffer, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    let (mut start, mut last) = (0, false);
    let stopped = loop {
        let step = match reader.step(&buffer[start..], last) {
            Ok(step) => step,
            Err(error) => break Err(error),
        };
        match step.next {
            Next::Packet(packet) => report.packet(&packet)?,
            Next::Done => break Ok(()),
            Next::NeedMore => {
                report.out.flush()?;
                let read = file.read(&mut piece);
                let read = read.map_err(|error| Failure::unreadable(path, &error))?;
                buffer.drain(..start + step.consumed);
                buffer.extend_from_slice(&piece[..read]);
                (start, last) = (0, read == 0);
                continue;
            }
        }
        start += step.consumed;
    };
    report.end(path, stopped)
}

struct Report<'a, W> {
    decoder: &'a Decoder,
    options: &'a Options,
    follow: Box<dyn Follow>,
    out: &'a mut W,
    reassembler: Reassembler,
    packets: u64,
    datagrams: u64,
    shown: u64,
    /// Packets that are not whole.
    cut: u64,
    bad: bool,
    /// The time of the first packet.
    origin: Option<Duration>,
    /// The widest pair of addresses so far.
    width: usize,
}

impl<W: Write> Report<'_, W> {
    fn packet(&mut self, packet: &Packet<'_>) -> Result<(), Failure> {
        self.packets += 1;
        self.origin = self.origin.or(packet.timestamp);
        let time = packet.timestamp;
        match packet.dissect() {
            Ok(Dissected::Udp(udp)) => self.datagram(&Seen {
                time,
                from: udp.source,
                to: udp.destination,
                payload: udp.payload,
            }),
            Ok(Dissected::Fragment(fragment)) => {
                // why a fragment is dropped is counted there and told at the end
                match self.reassembler.push(time.unwrap_or_default(), &fragment) {
                    Ok(Some(udp)) => self.datagram(&Seen {
                        time,
                        from: udp.source,
                        to: udp.destination,
                        payload: &udp.payload,
                    }),
                    Ok(None) | Err(_) => Ok(()),
                }
            }
            Err(Error::Cut { .. }) => {
                self.cut += 1;
                Ok(())
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn datagram(&mut self, seen: &Seen<'_>) -> Result<(), Failure> {
        self.datagrams += 1;
        let Some(remark) = self.follow.see(seen) else {
            return Ok(());
        };
        self.shown += 1;
        if self.options.json {
            self.line_of_json(seen)
        } else {
            self.line_of_words(seen, &remark)
        }
    }

    fn line_of_json(&mut self, seen: &Seen<'_>) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Place {
            packet: u64,
            time: Option<Box<RawValue>>,
            from: SocketAddr,
            to: SocketAddr,
        }
        let case = Case {
            chunks: vec![seen.payload.to_vec()],
            eof: true,
            config: Config::new(),
        };
        let outcome = (self.decoder.decode)(&case).map_err(Failure::Input)?;
        self.bad |= outcome.end.error().is_some();
        let place = Place {
            packet: self.packets,
            time: seen.time.map(seconds),
            from: seen.from,
            to: seen.to,
        };
        writeln!(self.out, "{}", json::answer(Some(place), &outcome))?;
        Ok(())
    }

    fn line_of_words(&mut self, seen: &Seen<'_>, remark: &str) -> Result<(), Failure> {
        let annotation: Annotation =
            (self.decoder.annotate)(seen.payload, &Config::new()).map_err(Failure::Input)?;
        self.bad |= annotation.is_error();
        let time = match (seen.time, self.origin) {
            (Some(time), Some(origin)) if time >= origin => {
                format!("{:.6}", (time - origin).as_secs_f64())
            }
            (Some(time), Some(origin)) => format!("-{:.6}", (origin - time).as_secs_f64()),
            _ => "-".into(),
        };
        let ends = format!("{} > {}", seen.from, seen.to);
        let widest = format!("{}:65535 > {}:65535", seen.from.ip(), seen.to.ip());
        self.width = self.width.max(ends.len()).max(widest.len());
        let (number, width) = (self.packets, self.width);
        write!(
            self.out,
            "{DIM}{number:5} {time:>11}{DIM:#}  {ends:width$}  "
        )?;
        write!(self.out, "{}", annotation.title())?;
        if !remark.is_empty() {
            write!(self.out, "  {NOTE}({remark}){NOTE:#}")?;
        }
        writeln!(self.out)?;
        if self.options.annotate {
            annotation.write(seen.payload, self.options.full, self.out)?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn end(self, path: &Path, stopped: Result<(), Error>) -> Result<Verdict, Failure> {
        let summary = self.follow.summary();
        if !self.options.json && !summary.is_empty() {
            if !self.options.annotate {
                writeln!(self.out)?;
            }
            for line in summary {
                writeln!(self.out, "{line}")?;
            }
        }
        self.out.flush()?;
        let path = path.display();
        if self.cut > 0 {
            anstream::eprintln!("wirelore: {path}: {} packets are not whole", self.cut);
        }
        let unjoined = [
            DropReason::Malformed,
            DropReason::TooLong,
            DropReason::TooManyFragments,
            DropReason::Overlap,
            DropReason::Checksum,
            DropReason::Expired,
            DropReason::Evicted,
        ];
        let dropped: u64 = unjoined
            .iter()
            .map(|&why| self.reassembler.dropped(why))
            .sum();
        if dropped > 0 {
            anstream::eprintln!("wirelore: {path}: {dropped} times fragments could not be joined");
        }
        if let Err(error) = stopped {
            return Err(Failure::Input(format!("{path}: {error}")));
        }
        if self.shown == 0 {
            return Err(Failure::Input(format!(
                "{path}: no {} among {} packets, {} of them UDP datagrams",
                self.decoder.name, self.packets, self.datagrams,
            )));
        }
        Ok(Verdict::good(!self.bad))
    }
}

/// A JSON number with all nine decimals, which a float would round.
fn seconds(time: Duration) -> Box<RawValue> {
    let digits = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    RawValue::from_string(digits).expect("digits, a point and digits are a JSON number")
}
