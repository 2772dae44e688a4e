//! What happens to datagrams on their way in one direction.

use wirelore_core::{Duration, Instant};

use crate::Rng;

/// One direction of a path. The probabilities are per mille of datagrams and independent of each
/// other. The default is a perfect path of 100 microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Lost.
    pub loss: u32,
    /// Loss that comes in bursts, in addition to `loss`.
    pub burst: Option<Burst>,
    /// Delivered twice, each copy with its own jitter.
    pub duplicate: u32,
    /// Delivered once more, `late_by` after it could first have arrived.
    pub late_duplicate: u32,
    /// How late the late duplicates are.
    pub late_by: Duration,
    /// The shortest time on the way.
    pub delay: Duration,
    /// Up to this much is added to `delay`, evenly distributed: datagrams overtake each other when
    /// it is longer than the time between them.
    pub jitter: Duration,
    /// Delivered with one to four octets changed, or truncated.
    pub corrupt: u32,
    /// What is sent from the first instant on and before the second is lost.
    pub partitions: Vec<(Instant, Instant)>,
    /// Everything sent from here on is lost.
    pub silent_from: Option<Instant>,
    /// After `n - 1` datagrams in a row were lost or corrupted, the next one is delivered as it is:
    /// a protocol that tries more often than that must succeed. Partitions and silence are
    /// stronger, and what they swallow is not counted.
    pub deliver_at_least_one_in: Option<u32>,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            loss: 0,
            burst: None,
            duplicate: 0,
            late_duplicate: 0,
            late_by: Duration::ZERO,
            delay: Duration::from_micros(100),
            jitter: Duration::ZERO,
            corrupt: 0,
            partitions: Vec::new(),
            silent_from: None,
            deliver_at_least_one_in: None,
        }
    }
}

/// Two-state loss: good times and bad times, changing from datagram to datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Per mille of datagrams before which a good time ends.
    pub enter: u32,
    /// Per mille of datagrams before which a bad time ends.
    pub leave: u32,
    /// Per mille of datagrams lost in a bad time.
    pub loss: u32,
}

/// What happened to the datagrams of one direction (or of all of them).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Given to the network, without injected ones.
    pub sent: u64,
    /// Never to arrive: by chance, partition or silence.
    pub lost: u64,
    /// Extra copies made.
    pub duplicated: u64,
    /// Changed or truncated on the way.
    pub corrupted: u64,
    /// Handed to the receiver, with copies and injected ones.
    pub delivered: u64,
}

impl Counters {
    pub(super) fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.corrupted += other.corrupted;
        self.delivered += other.delivered;
    }
}

/// What becomes of one datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lost,
    Delivered { after: Duration, corrupt: bool },
}

/// A link with its memory.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) link: Link,
    pub(super) rng: Rng,
    pub(super) counters: Counters,
    bad_time: bool,
    missed_in_a_row: u32,
}

impl Channel {
    pub(super) fn new(link: Link, rng: Rng) -> Self {
        Self {
            link,
            rng,
            counters: Counters::default(),
            bad_time: false,
            missed_in_a_row: 0,
        }
    }

    /// Decides about a datagram sent at `now`.
    pub(super) fn fate(&mut self, now: Instant) -> Fate {
        self.counters.sent += 1;
        if self.cut_off(now) {
            self.counters.lost += 1;
            return Fate::Lost;
        }
        let mut lost = self.rng.chance_per_mille(self.link.loss);
        if let Some(burst) = self.link.burst {
            let turn = if self.bad_time {
                burst.leave
            } else {
                burst.enter
            };
            self.bad_time ^= self.rng.chance_per_mille(turn);
            lost |= self.bad_time && self.rng.chance_per_mille(burst.loss);
        }
        let mut corrupt = !lost && self.rng.chance_per_mille(self.link.corrupt);
        let allowed = self.link.deliver_at_least_one_in.map(|n| n.max(1) - 1);
        if allowed.is_some_and(|allowed| self.missed_in_a_row >= allowed) {
            (lost, corrupt) = (false, false);
        }
        if lost || corrupt {
            self.missed_in_a_row = self.missed_in_a_row.saturating_add(1);
        } else {
            self.missed_in_a_row = 0;
        }
        self.counters.lost += u64::from(lost);
        self.counters.corrupted += u64::from(corrupt);
        if lost {
            return Fate::Lost;
        }
        Fate::Delivered {
            after: self.on_the_way(),
            corrupt,
        }
    }

    /// After how long the extra copies of a datagram that was not lost arrive.
    pub(super) fn copies(&mut self) -> [Option<Duration>; 2] {
        let soon = self.rng.chance_per_mille(self.link.duplicate);
        let late = self.rng.chance_per_mille(self.link.late_duplicate);
        self.counters.duplicated += u64::from(soon) + u64::from(late);
        [
            soon.then(|| self.on_the_way()),
            late.then(|| self.on_the_way() + self.link.late_by),
        ]
    }

    /// Changes one to four octets of `datagram`, or truncates it; an empty one gets an octet.
    pub(super) fn corrupt(&mut self, datagram: &mut Vec<u8>) {
        let rng = &mut self.rng;
        if datagram.is_empty() {
            datagram.push(rng.below(256) as u8);
        } else if rng.chance_per_mille(250) {
            datagram.truncate(rng.index(datagram.len()));
        } else {
            for _ in 0..rng.between(1, 4) {
                let at = rng.index(datagram.len());
                datagram[at] = datagram[at].wrapping_add(rng.between(1, 63) as u8);
            }
        }
    }

    fn on_the_way(&mut self) -> Duration {
        self.link.delay + self.rng.up_to(self.link.jitter)
    }

    fn cut_off(&self, now: Instant) -> bool {
        self.link.silent_from.is_some_and(|from| now >= from)
            || self
                .link
                .partitions
                .iter()
                .any(|&(a, b)| now >= a && now < b)
    }
}
