//! Datagrams from addresses that have no part in a transfer (RFC 1350 section 4).

use crate::wire::{ErrorCode, ErrorPacket, Packet, ParseError};
use wirelore_core::{Duration, Instant, Transmit};

/// Answers each with ERROR 5, so many a second, without disturbing anything. An ERROR is never
/// answered, nor is what is no TFTP packet.
#[derive(Clone, Debug)]
pub(crate) struct Strays<A> {
    limit: u32,
    second_began: Instant,
    in_second: u32,
    due: Option<A>,
}

impl<A: Copy> Strays<A> {
    pub(crate) const fn new(limit: u32) -> Self {
        Self {
            limit,
            second_began: Instant::ORIGIN,
            in_second: 0,
            due: None,
        }
    }

    pub(crate) fn came(&mut self, now: Instant, from: A, packet: &Result<Packet<'_>, ParseError>) {
        if matches!(packet, Err(_) | Ok(Packet::Error(_))) {
            return;
        }
        if self.may_reply(now) {
            self.due = Some(from);
        }
    }

    /// Whether one more reply may go out; counts it.
    pub(crate) fn may_reply(&mut self, now: Instant) -> bool {
        if now.since(self.second_began) >= Duration::from_secs(1) {
            self.second_began = now;
            self.in_second = 0;
        }
        let may = self.in_second < self.limit;
        self.in_second += u32::from(may);
        may
    }

    pub(crate) fn poll_transmit(&mut self, buf: &mut [u8]) -> Option<Transmit<A>> {
        let to = self.due.take()?;
        let len = Packet::Error(ErrorPacket {
            code: ErrorCode::UNKNOWN_TRANSFER_ID,
            message: b"unknown transfer ID",
        })
        .encode(buf)
        .ok()?;
        Some(Transmit::one(to, len))
    }
}
