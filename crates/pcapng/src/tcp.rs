//! A TCP connection that never was: segments synthesised around the octets of both directions.

use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::error::Misuse;
use crate::headers::{self, Route, TcpFlags, TcpHeader};
use crate::packet::Direction;
use crate::writer::{Sheet, Stamp, Writer};

/// The window in every header, scaled by `2^WINDOW_SCALE` after the handshake: 8 MiB less 128.
const WINDOW: u16 = u16::MAX;
const WINDOW_SCALE: u8 = 7;
/// The other side acknowledges by a segment of its own when this many octets are outstanding.
const ACK_AFTER: u32 = 65536;

/// One end of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The end that opened the connection.
    Client,
    /// The end that accepted it.
    Server,
}

impl Side {
    /// The other one.
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// How a [`TcpFlow`] is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpConfig {
    /// The most octets of payload in one segment. Raised to 1, lowered to what one IP datagram
    /// holds: 65495 over IPv4, 65515 over IPv6.
    pub mss: u16,
    /// The client's initial sequence number.
    pub client_sequence: u32,
    /// The server's initial sequence number.
    pub server_sequence: u32,
    /// Which side captures: its segments are marked as outbound, the others as inbound.
    pub local: Option<Side>,
}

impl Default for TcpConfig {
    /// 1460 octets a segment, both sequence numbers from 0, no directions.
    fn default() -> Self {
        Self {
            mss: 1460,
            client_sequence: 0,
            server_sequence: 0,
            local: None,
        }
    }
}

/// A TCP connection whose streams are known and whose segments are made up: handshake, running
/// sequence and acknowledgment numbers, acknowledgments now and then, FIN or RST.
///
/// The direction in the stamps does not count: [`TcpConfig::local`] does. A comment goes to the
/// first segment of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpFlow {
    client: End,
    server: End,
    /// From client to server.
    route: Route,
    mss: usize,
    local: Option<Side>,
    reset: bool,
}

/// What one side has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    address: SocketAddr,
    /// Its next sequence number.
    next: u32,
    /// How far the other side has acknowledged it.
    acknowledged: u32,
    fin: bool,
}

impl TcpFlow {
    /// Writes the handshake, three segments.
    ///
    /// # Errors
    /// [`Misuse::MixedFamilies`], [`Misuse::NoSuchInterface`], [`Misuse::NotEthernet`],
    /// [`Misuse::TextTooLong`].
    pub fn open<'t>(
        writer: &Writer,
        stamp: impl Into<Stamp<'t>>,
        client: SocketAddr,
        server: SocketAddr,
        config: &TcpConfig,
        out: &mut Vec<u8>,
    ) -> Result<Self, Misuse> {
        let end = |address, next| End {
            address,
            next,
            acknowledged: next,
            fin: false,
        };
        let route = Route::new(client, server)?;
        let mut flow = Self {
            client: end(client, config.client_sequence),
            server: end(server, config.server_sequence),
            route,
            mss: usize::from(config.mss).clamp(1, route.max_segment()),
            local: config.local,
            reset: false,
        };
        let mut sheet = writer.ethernet_sheet(stamp.into())?;
        flow.segment(&mut sheet, Side::Client, TcpFlags::SYN, 0, &[], out);
        flow.segment(
            &mut sheet,
            Side::Server,
            TcpFlags::SYN | TcpFlags::ACK,
            0,
            &[],
            out,
        );
        flow.segment(&mut sheet, Side::Client, TcpFlags::ACK, 0, &[], out);
        Ok(flow)
    }

    /// Writes what `side` sent, cut into segments. Nothing is written for no octets.
    ///
    /// # Errors
    /// [`Misuse::FlowClosed`], [`Misuse::NoSuchInterface`], [`Misuse::NotEthernet`],
    /// [`Misuse::TextTooLong`].
    pub fn data<'t>(
        &mut self,
        writer: &Writer,
        stamp: impl Into<Stamp<'t>>,
        side: Side,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        self.stream(writer, stamp.into(), side, TcpFlags(0), payload, out)
    }

    /// Like [`data`](Self::data) with the urgent flag: the urgent pointer leads to the octet
    /// behind `payload` (as BSD counts, RFC 6093), so its last octet is the urgent one.
    ///
    /// # Errors
    /// Those of [`data`](Self::data).
    pub fn urgent<'t>(
        &mut self,
        writer: &Writer,
        stamp: impl Into<Stamp<'t>>,
        side: Side,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        self.stream(writer, stamp.into(), side, TcpFlags::URG, payload, out)
    }

    /// Writes the FIN of `side` and the other side's acknowledgment. The other side may go on
    /// sending until its own FIN.
    ///
    /// # Errors
    /// [`Misuse::FlowClosed`], [`Misuse::NoSuchInterface`], [`Misuse::NotEthernet`],
    /// [`Misuse::TextTooLong`].
    pub fn finish<'t>(
        &mut self,
        writer: &Writer,
        stamp: impl Into<Stamp<'t>>,
        side: Side,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let mut sheet = self.sheet(writer, stamp.into(), side)?;
        self.segment(&mut sheet, side, TcpFlags::FIN | TcpFlags::ACK, 0, &[], out);
        self.segment(&mut sheet, side.peer(), TcpFlags::ACK, 0, &[], out);
        Ok(())
    }

    /// Writes a RST of `side`: nothing may follow from either side.
    ///
    /// # Errors
    /// [`Misuse::FlowClosed`] when both sides have finished or one has reset,
    /// [`Misuse::NoSuchInterface`], [`Misuse::NotEthernet`], [`Misuse::TextTooLong`].
    pub fn reset<'t>(
        &mut self,
        writer: &Writer,
        stamp: impl Into<Stamp<'t>>,
        side: Side,
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        if self.is_closed() {
            return Err(Misuse::FlowClosed);
        }
        let mut sheet = writer.ethernet_sheet(stamp.into())?;
        self.segment(&mut sheet, side, TcpFlags::RST | TcpFlags::ACK, 0, &[], out);
        self.reset = true;
        Ok(())
    }

    /// Whether both sides have finished or one has reset.
    pub const fn is_closed(&self) -> bool {
        self.reset || self.client.fin && self.server.fin
    }

    fn stream(
        &mut self,
        writer: &Writer,
        stamp: Stamp<'_>,
        side: Side,
        extra: TcpFlags,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Misuse> {
        let mut sheet = self.sheet(writer, stamp, side)?;
        let mut rest = payload;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.mss));
            let push = if later.is_empty() {
                TcpFlags::PSH
            } else {
                TcpFlags(0)
            };
            let urgent = if extra.has(TcpFlags::URG) {
                rest.len().min(0xffff) as u16
            } else {
                0
            };
            self.segment(
                &mut sheet,
                side,
                TcpFlags::ACK | push | extra,
                urgent,
                now,
                out,
            );
            let end = self.end(side);
            if end.next.wrapping_sub(end.acknowledged) >= ACK_AFTER {
                self.segment(&mut sheet, side.peer(), TcpFlags::ACK, 0, &[], out);
            }
            rest = later;
        }
        Ok(())
    }

    /// Checks the stamp, and that `side` may still send.
    fn sheet<'t>(
        &mut self,
        writer: &Writer,
        stamp: Stamp<'t>,
        side: Side,
    ) -> Result<Sheet<'t>, Misuse> {
        if self.reset || self.end(side).fin {
            return Err(Misuse::FlowClosed);
        }
        writer.ethernet_sheet(stamp)
    }

    /// One segment. The comment goes out with it and is gone.
    fn segment(
        &mut self,
        sheet: &mut Sheet<'_>,
        side: Side,
        flags: TcpFlags,
        urgent: u16,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) {
        let (from, to) = (*self.end(side), *self.end(side.peer()));
        let syn = flags.has(TcpFlags::SYN);
        let ack = flags.has(TcpFlags::ACK);
        let header = TcpHeader {
            ports: (from.address.port(), to.address.port()),
            sequence: from.next,
            acknowledgment: if ack { to.next } else { 0 },
            flags,
            window: WINDOW,
            urgent,
            offer: syn.then_some((self.mss as u16, WINDOW_SCALE)),
        };
        let route = if side == Side::Client {
            self.route
        } else {
            self.route.reversed()
        };
        sheet.stamp.direction = match self.local {
            None => Direction::Unknown,
            Some(local) if local == side => Direction::Outbound,
            Some(_) => Direction::Inbound,
        };
        sheet.write(
            headers::tcp(route, &header, payload).as_slice(),
            payload,
            out,
        );
        sheet.stamp.comment = "";

        let fin = flags.has(TcpFlags::FIN);
        let octets = payload.len() as u32 + u32::from(syn) + u32::from(fin);
        let end = self.end(side);
        end.next = end.next.wrapping_add(octets);
        end.fin |= fin;
        if ack {
            self.end(side.peer()).acknowledged = to.next;
        }
    }

    const fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dissected, TcpSegment, packets};
    use core::time::Duration;

    const NOW: Duration = Duration::from_secs(1);

    fn client() -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], 40000))
    }

    fn server() -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 2], 80))
    }

    fn segments(capture: &[u8]) -> Vec<TcpSegment<'_>> {
        let dissected = packets(capture).map(|packet| packet.unwrap().dissect().unwrap());
        dissected
            .map(|dissected| match dissected {
                Dissected::Tcp(segment) => segment,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    /// (from the client?, flags, sequence, acknowledgment, payload length)
    fn summary(capture: &[u8]) -> Vec<(bool, u8, u32, u32, usize)> {
        let line = |s: &TcpSegment<'_>| {
            (
                s.source == client(),
                s.flags.0,
                s.sequence,
                s.acknowledgment,
                s.payload.len(),
            )
        };
        segments(capture).iter().map(line).collect()
    }

    #[test]
    fn every_segment_of_a_conversation_across_the_wrap_of_the_sequence_numbers() {
        let mut out = Vec::new();
        let writer = Writer::ethernet("", "", &mut out).unwrap();
        let config = TcpConfig {
            mss: 4,
            client_sequence: u32::MAX,
            ..TcpConfig::default()
        };
        let mut flow = TcpFlow::open(&writer, NOW, client(), server(), &config, &mut out).unwrap();
        flow.data(&writer, NOW, Side::Client, b"sixsix", &mut out)
            .unwrap();
        flow.data(&writer, NOW, Side::Server, b"", &mut out)
            .unwrap();
        flow.data(&writer, NOW, Side::Server, b"abc", &mut out)
            .unwrap();
        flow.finish(&writer, NOW, Side::Client, &mut out).unwrap();
        flow.data(&writer, NOW, Side::Server, b"d", &mut out)
            .unwrap();
        assert!(!flow.is_closed());
        flow.finish(&writer, NOW, Side::Server, &mut out).unwrap();
        assert!(flow.is_closed());
        assert_eq!(
            summary(&out),
            [
                (true, 0x02, u32::MAX, 0, 0),
                (false, 0x12, 0, 0, 0),
                (true, 0x10, 0, 1, 0),
                (true, 0x10, 0, 1, 4),
                (true, 0x18, 4, 1, 2),
                (false, 0x18, 1, 6, 3),
                (true, 0x11, 6, 4, 0),
                (false, 0x10, 4, 7, 0),
                (false, 0x18, 4, 7, 1),
                (false, 0x11, 5, 7, 0),
                (true, 0x10, 7, 6, 0),
            ]
        );
    }

    #[test]
    fn urgent_pointers_lead_behind_the_payload() {
        let mut out = Vec::new();
        let writer = Writer::ethernet("", "", &mut out).unwrap();
        let config = TcpConfig {
            mss: 4,
            ..TcpConfig::default()
        };
        let mut flow = TcpFlow::open(&writer, NOW, client(), server(), &config, &mut out).unwrap();
        flow.urgent(
            &writer,
            NOW,
            Side::Client,
            b"\xff\xf4\xff\xfd\xf2",
            &mut out,
        )
        .unwrap();
        let segments = segments(&out);
        assert_eq!((segments[3].flags.0, segments[3].urgent_pointer), (0x30, 5));
        assert_eq!((segments[4].flags.0, segments[4].urgent_pointer), (0x38, 1));
        assert_eq!(segments[2].urgent_pointer, 0);
    }

    #[test]
    fn one_way_traffic_is_acknowledged_now_and_then() {
        let mut out = Vec::new();
        let writer = Writer::ethernet("", "", &mut out).unwrap();
        let config = TcpConfig {
            mss: u16::MAX,
            ..TcpConfig::default()
        };
        let mut flow = TcpFlow::open(&writer, NOW, client(), server(), &config, &mut out).unwrap();
        let data = alloc::vec![0; 200_000];
        flow.data(&writer, NOW, Side::Server, &data, &mut out)
            .unwrap();
        assert_eq!(
            summary(&out)[3..],
            [
                (false, 0x10, 1, 1, 65495),
                (false, 0x10, 65496, 1, 65495),
                (true, 0x10, 1, 130_991, 0),
                (false, 0x10, 130_991, 1, 65495),
                (false, 0x18, 196_486, 1, 3515),
                (true, 0x10, 1, 200_001, 0),
            ]
        );
    }

    #[test]
    fn nothing_follows_a_reset_and_no_data_follows_a_fin() {
        let mut out = Vec::new();
        let writer = Writer::ethernet("", "", &mut out).unwrap();
        let config = TcpConfig::default();
        let mut flow = TcpFlow::open(&writer, NOW, client(), server(), &config, &mut out).unwrap();
        flow.finish(&writer, NOW, Side::Client, &mut out).unwrap();
        let len = out.len();
        let closed = Err(Misuse::FlowClosed);
        assert_eq!(
            flow.data(&writer, NOW, Side::Client, b"x", &mut out),
            closed
        );
        assert_eq!(flow.finish(&writer, NOW, Side::Client, &mut out), closed);
        assert_eq!(out.len(), len);
        flow.reset(&writer, NOW, Side::Server, &mut out).unwrap();
        assert_eq!(summary(&out).last(), Some(&(false, 0x14, 1, 2, 0)));
        let len = out.len();
        assert_eq!(
            flow.data(&writer, NOW, Side::Server, b"x", &mut out),
            closed
        );
        assert_eq!(flow.reset(&writer, NOW, Side::Client, &mut out), closed);
        assert_eq!(out.len(), len);
        assert!(flow.is_closed());
    }

    #[test]
    fn the_local_side_gives_the_direction_and_a_comment_stands_once() {
        let mut out = Vec::new();
        let writer = Writer::ethernet("", "", &mut out).unwrap();
        let config = TcpConfig {
            local: Some(Side::Server),
            ..TcpConfig::default()
        };
        let stamp = Stamp::sent(NOW).comment("accepted");
        TcpFlow::open(&writer, stamp, client(), server(), &config, &mut out).unwrap();
        let packets: Vec<_> = packets(&out).map(Result::unwrap).collect();
        let direction: Vec<_> = packets.iter().map(|p| p.direction()).collect();
        assert_eq!(
            direction,
            [Direction::Inbound, Direction::Outbound, Direction::Inbound]
        );
        let comments: Vec<_> = packets.iter().map(|p| p.comments().next()).collect();
        assert_eq!(comments, [Some("accepted"), None, None]);
    }
}
