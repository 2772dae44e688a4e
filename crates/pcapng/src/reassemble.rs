//! UDP datagrams out of IP fragments, within fixed bounds.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use crate::dissect::{Fragment, udp_datagram};
use crate::headers::{PROTOCOL_UDP, finish, pseudo_sum, sum};

/// The most octets of an IP payload.
const MAX_PAYLOAD: usize = u16::MAX as usize;

/// What a [`Reassembler`] keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReassemblyLimits {
    /// The most unfinished datagrams. 64 by default, at least 1.
    pub max_datagrams: usize,
    /// The most octets of fragments of all unfinished datagrams. 1 MiB by default.
    pub max_octets: usize,
    /// The most fragments of one datagram. 128 by default, enough for links of 576 octets.
    pub max_fragments: usize,
    /// How long a datagram may stay unfinished, by the timestamps of the capture. 30 s by default.
    pub max_age: Duration,
}

impl Default for ReassemblyLimits {
    fn default() -> Self {
        Self {
            max_datagrams: 64,
            max_octets: 1 << 20,
            max_fragments: 128,
            max_age: Duration::from_secs(30),
        }
    }
}

/// A UDP datagram that was put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The sender.
    pub source: SocketAddr,
    /// The receiver.
    pub destination: SocketAddr,
    /// The octets behind the UDP header.
    pub payload: Vec<u8>,
}

/// Why fragments were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// The fragment is not of UDP.
    NotUdp,
    /// The fragment has no payload, a length that is no multiple of 8 although more follow, or an
    /// end beyond 65535 octets.
    Malformed,
    /// The fragment alone is above [`ReassemblyLimits::max_octets`].
    TooLong,
    /// The datagram came in more than [`ReassemblyLimits::max_fragments`] pieces.
    TooManyFragments,
    /// The fragment contradicts earlier ones of its datagram: it covers octets of them but is not
    /// equal, or disagrees about the end. The earlier ones are dropped, this one starts afresh.
    Overlap,
    /// The datagram is whole, but its UDP header is malformed or its checksum is wrong: the
    /// fragments are of different datagrams that shared an identification (RFC 4963).
    Checksum,
    /// The datagram was unfinished for longer than [`ReassemblyLimits::max_age`].
    Expired,
    /// The datagram was the oldest when room was needed.
    Evicted,
}

const REASONS: usize = DropReason::Evicted as usize + 1;

/// Puts fragmented UDP datagrams together again, IPv4 and IPv6.
///
/// It holds at most [`ReassemblyLimits::max_octets`] of fragments and allocates nothing for octets
/// that have not arrived.
#[derive(Clone, Debug)]
pub struct Reassembler {
    limits: ReassemblyLimits,
    /// Oldest first.
    unfinished: VecDeque<Unfinished>,
    octets: usize,
    dropped: [u64; REASONS],
}

#[derive(Clone, Debug)]
struct Unfinished {
    source: IpAddr,
    destination: IpAddr,
    identification: u32,
    since: Duration,
    /// Known when the last fragment has come.
    total: Option<usize>,
    octets: usize,
    /// Sorted, without overlap.
    pieces: Vec<(usize, Vec<u8>)>,
}

impl Default for Reassembler {
    fn default() -> Self {
        Self::new(ReassemblyLimits::default())
    }
}

impl Reassembler {
    /// A reassembler without fragments.
    pub const fn new(limits: ReassemblyLimits) -> Self {
        Self {
            limits,
            unfinished: VecDeque::new(),
            octets: 0,
            dropped: [0; REASONS],
        }
    }

    /// Takes a fragment that was captured at `time` since the Unix epoch. Returns the datagram
    /// when it is whole, `None` while others are awaited.
    ///
    /// A second copy of a fragment is ignored. An IPv6 datagram with extension headers behind the
    /// fragment header counts as [`DropReason::NotUdp`].
    ///
    /// # Errors
    /// Why this fragment (or for [`DropReason::Overlap`] the earlier ones of its datagram) was
    /// dropped; never [`DropReason::Expired`] or [`DropReason::Evicted`], which concern other
    /// datagrams and are only counted.
    pub fn push(
        &mut self,
        time: Duration,
        fragment: &Fragment<'_>,
    ) -> Result<Option<Datagram>, DropReason> {
        while self
            .unfinished
            .front()
            .is_some_and(|oldest| time.saturating_sub(oldest.since) > self.limits.max_age)
        {
            self.remove(0);
            self.count(DropReason::Expired);
        }
        self.insert(time, fragment)
            .inspect_err(|reason| self.count(*reason))
    }

    /// How many fragments (by reasons that concern one) or datagrams were dropped so far.
    pub const fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// How many datagrams are unfinished.
    pub fn unfinished(&self) -> usize {
        self.unfinished.len()
    }

    /// How many octets of fragments are held.
    pub const fn octets(&self) -> usize {
        self.octets
    }

    fn insert(
        &mut self,
        time: Duration,
        fragment: &Fragment<'_>,
    ) -> Result<Option<Datagram>, DropReason> {
        let Fragment {
            protocol,
            offset,
            more,
            payload,
            ..
        } = *fragment;
        if protocol != PROTOCOL_UDP {
            return Err(DropReason::NotUdp);
        }
        if payload.is_empty()
            || more && payload.len() % 8 != 0
            || payload.len() > MAX_PAYLOAD.saturating_sub(offset)
        {
            return Err(DropReason::Malformed);
        }
        if payload.len() > self.limits.max_octets {
            return Err(DropReason::TooLong);
        }
        while self.octets + payload.len() > self.limits.max_octets {
            self.evict();
        }
        let known = self
            .unfinished
            .iter()
            .position(|unfinished| unfinished.is_of(fragment));
        let index = known.unwrap_or_else(|| self.start(time, fragment));
        let unfinished = &mut self.unfinished[index];
        match unfinished.place(fragment) {
            Place::Duplicate => return Ok(None),
            Place::Conflict => {
                self.remove(index);
                let index = self.start(time, fragment);
                self.unfinished[index].add(0, fragment);
                self.octets += payload.len();
                return Err(DropReason::Overlap);
            }
            Place::At(_) if unfinished.pieces.len() >= self.limits.max_fragments => {
                self.remove(index);
                return Err(DropReason::TooManyFragments);
            }
            Place::At(place) => {
                unfinished.add(place, fragment);
                self.octets += payload.len();
            }
        }
        if unfinished.total != Some(unfinished.octets) {
            return Ok(None);
        }
        match self.remove(index).and_then(Unfinished::join) {
            Some(datagram) => Ok(Some(datagram)),
            None => Err(DropReason::Checksum),
        }
    }

    /// Adds a datagram without fragments and returns its index.
    fn start(&mut self, since: Duration, fragment: &Fragment<'_>) -> usize {
        while self.unfinished.len() >= self.limits.max_datagrams.max(1) {
            self.evict();
        }
        self.unfinished.push_back(Unfinished {
            source: fragment.source,
            destination: fragment.destination,
            identification: fragment.identification,
            since,
            total: None,
            octets: 0,
            pieces: Vec::new(),
        });
        self.unfinished.len() - 1
    }

    fn evict(&mut self) {
        self.remove(0);
        self.count(DropReason::Evicted);
    }

    fn remove(&mut self, index: usize) -> Option<Unfinished> {
        let unfinished = self.unfinished.remove(index)?;
        self.octets -= unfinished.octets;
        Some(unfinished)
    }

    fn count(&mut self, reason: DropReason) {
        self.dropped[reason as usize] += 1;
    }
}

/// Where a fragment belongs.
enum Place {
    At(usize),
    Duplicate,
    Conflict,
}

impl Unfinished {
    fn is_of(&self, fragment: &Fragment<'_>) -> bool {
        (self.identification, self.source, self.destination)
            == (
                fragment.identification,
                fragment.source,
                fragment.destination,
            )
    }

    fn place(&self, fragment: &Fragment<'_>) -> Place {
        let (start, end) = (fragment.offset, fragment.offset + fragment.payload.len());
        let index = self.pieces.partition_point(|(offset, _)| *offset < start);
        let next = self.pieces.get(index);
        let agreed = match (self.total, fragment.more) {
            (Some(total), true) => end < total,
            (Some(total), false) => end == total,
            (None, true) => true,
            (None, false) => next.is_none(),
        };
        let free = self.pieces[..index]
            .last()
            .is_none_or(|(at, data)| at + data.len() <= start)
            && next.is_none_or(|(offset, _)| end <= *offset);
        match next {
            Some((offset, data)) if agreed && *offset == start && data == fragment.payload => {
                Place::Duplicate
            }
            _ if agreed && free => Place::At(index),
            _ => Place::Conflict,
        }
    }

    fn add(&mut self, index: usize, fragment: &Fragment<'_>) {
        self.pieces
            .insert(index, (fragment.offset, fragment.payload.to_vec()));
        self.octets += fragment.payload.len();
        if !fragment.more {
            self.total = Some(fragment.offset + fragment.payload.len());
        }
    }

    /// The datagram, if its header and checksum are right. All pieces are there.
    fn join(self) -> Option<Datagram> {
        let mut data = Vec::with_capacity(self.octets);
        for (_, piece) in &self.pieces {
            data.extend_from_slice(piece);
        }
        let udp = udp_datagram(self.source, self.destination, &data).ok()?;
        let (source, destination, end) = (udp.source, udp.destination, 8 + udp.payload.len());
        data.truncate(end);
        let unprotected = data[6..8] == [0, 0];
        let pseudo = pseudo_sum(self.source, self.destination, PROTOCOL_UDP, end);
        if unprotected && self.source.is_ipv6() || !unprotected && finish(pseudo + sum(&data)) != 0
        {
            return None;
        }
        data.drain(..8);
        Some(Datagram {
            source,
            destination,
            payload: data,
        })
    }
}
