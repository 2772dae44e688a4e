//! The nonces of Digest. One tells by itself when it was made and that it was made here, so those that
//! nobody comes back with cost nothing; only those in use are remembered.

use super::alike::{differs, mac};
use rustls::crypto::ring;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A nonce count may be so much behind the largest that was seen: requests of one client come over
/// several connections, and not in order.
const WINDOW: u32 = 128;

/// What is made here, and what came back.
pub(super) struct Nonces {
    key: [u8; 32],
    opaque: String,
    lifetime: Duration,
    /// So many are remembered.
    capacity: usize,
    began: Instant,
    made: AtomicU64,
    used: Mutex<Used>,
}

/// Whether a nonce and its count may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// They were not used yet.
    First,
    /// They were used before.
    Again,
    /// The client needs another nonce: this one was not made here, it is too old, or it cannot be
    /// told any more what was used.
    Stale,
}

/// When it was made, in microseconds, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id(u64, u64);

/// Nonces in use, in the order in which they were made.
#[derive(Default)]
struct Used {
    counts: BTreeMap<Id, Counts>,
    /// Of those that were made up to this one, all that may still be used are in `counts`.
    forgotten: Option<Id>,
}

/// What was used of a nonce.
enum Counts {
    /// These counts: the largest, and in bit n whether the one that is n less was there.
    Upto(u32, u128),
    /// It was used without a count, and can only be so once.
    Once,
}

impl Nonces {
    /// `None` if the system has no random numbers.
    pub(super) fn new(lifetime: Duration, capacity: usize, began: Instant) -> Option<Self> {
        let mut key = [0; 32];
        let random = ring::default_provider().secure_random;
        random.fill(&mut key).ok()?;
        let opaque = mac(&key, &[b"opaque"]);
        Some(Self {
            key,
            opaque: hex::encode(opaque.get(..16)?),
            lifetime,
            capacity,
            began,
            made: AtomicU64::new(0),
            used: Mutex::default(),
        })
    }

    /// What clients send back as it is; another one after the next start.
    pub(super) fn opaque(&self) -> &str {
        &self.opaque
    }

    /// Another one.
    pub(super) fn make(&self, now: Instant) -> String {
        let id = Id(self.micros(now), self.made.fetch_add(1, Ordering::Relaxed));
        let mut nonce = [0; 48];
        let (octets, seal) = nonce.split_at_mut(16);
        octets.copy_from_slice(&id.octets());
        seal.copy_from_slice(&mac(&self.key, &[&id.octets()]));
        hex::encode(nonce)
    }

    /// Uses a nonce, the credentials with it being right. What comes without a count, from clients
    /// older than RFC 2617, can be used once.
    pub(super) fn spend(&self, nonce: &[u8], count: Option<u32>, now: Instant) -> Use {
        let now = self.micros(now);
        let lifetime = u64::try_from(self.lifetime.as_micros()).unwrap_or(u64::MAX);
        let Some(id) = self.id(nonce) else {
            return Use::Stale;
        };
        if now.saturating_sub(id.0) > lifetime {
            return Use::Stale;
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = used.counts.get_mut(&id) {
            return counts.spend(count);
        }
        if used.forgotten.is_some_and(|last| id <= last) {
            return Use::Stale;
        }
        // room for it: those that are too old, or else the oldest
        while let Some(first) = used.counts.first_entry() {
            let oldest = *first.key();
            let expired = now.saturating_sub(oldest.0) > lifetime;
            if !expired && used.counts.len() < self.capacity {
                break;
            }
            if !expired && oldest > id {
                // it would be the oldest itself
                return Use::Stale;
            }
            used.counts.pop_first();
            used.forgotten = used.forgotten.max(Some(oldest));
        }
        used.counts.insert(id, Counts::first(count));
        Use::First
    }

    fn micros(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.began);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    /// What it says of itself, if it was made here.
    fn id(&self, nonce: &[u8]) -> Option<Id> {
        let mut octets = [0; 48];
        hex::decode_to_slice(nonce, &mut octets).ok()?;
        let (id, seal) = octets.split_at(16);
        let ours = mac(&self.key, &[id]);
        let sent: &[u8; 32] = seal.try_into().ok()?;
        let (at, number) = id.split_at(8);
        let id = Id(
            u64::from_be_bytes(at.try_into().ok()?),
            u64::from_be_bytes(number.try_into().ok()?),
        );
        (differs(&ours, sent) == 0).then_some(id)
    }
}

impl Id {
    fn octets(self) -> [u8; 16] {
        (u128::from(self.0) << 64 | u128::from(self.1)).to_be_bytes()
    }
}

impl Counts {
    const fn first(count: Option<u32>) -> Self {
        match count {
            Some(count) => Self::Upto(count, 1),
            None => Self::Once,
        }
    }

    fn spend(&mut self, count: Option<u32>) -> Use {
        let (Self::Upto(largest, seen), Some(count)) = (self, count) else {
            return Use::Again;
        };
        if count > *largest {
            *seen = seen.checked_shl(count - *largest).unwrap_or(0) | 1;
            *largest = count;
            return Use::First;
        }
        let behind = *largest - count;
        if behind >= WINDOW {
            return Use::Stale;
        }
        let bit = 1_u128 << behind;
        if *seen & bit != 0 {
            return Use::Again;
        }
        *seen |= bit;
        Use::First
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(300);
    const SECOND: Duration = Duration::from_secs(1);

    fn nonces(capacity: usize) -> (Nonces, Instant) {
        let began = Instant::now();
        let nonces = Nonces::new(LIFETIME, capacity, began).expect("has random numbers");
        (nonces, began)
    }

    /// RFC 7616 §3.3, RFC 7616 §3.4.
    #[test]
    fn rfc7616_3_4_a_count_is_used_once() {
        let (nonces, now) = nonces(8);
        let nonce = nonces.make(now);
        let spend = |count| nonces.spend(nonce.as_bytes(), Some(count), now);
        assert_eq!(spend(1), Use::First);
        assert_eq!(spend(1), Use::Again);
        assert_eq!(spend(2), Use::First);
        // not in order, as over several connections
        assert_eq!(spend(9), Use::First);
        assert_eq!(spend(5), Use::First);
        assert_eq!(spend(5), Use::Again);
        assert_eq!(spend(9), Use::Again);
        assert_eq!(spend(2), Use::Again);
        // far ahead; what is far behind then cannot be told any more
        assert_eq!(spend(1000), Use::First);
        assert_eq!(spend(1000 - WINDOW), Use::Stale);
        assert_eq!(spend(1001 - WINDOW), Use::First);
        assert_eq!(spend(9), Use::Stale);
        assert_eq!(spend(u32::MAX), Use::First);
        assert_eq!(spend(u32::MAX), Use::Again);
        assert_eq!(spend(u32::MAX - 127), Use::First);
        assert_eq!(spend(0), Use::Stale);
    }

    #[test]
    fn without_a_count_it_is_used_once_whatever_comes_before_or_behind() {
        let (nonces, now) = nonces(8);
        let spend = |nonce: &str, count| nonces.spend(nonce.as_bytes(), count, now);
        let nonce = nonces.make(now);
        assert_eq!(spend(&nonce, None), Use::First);
        assert_eq!(spend(&nonce, None), Use::Again);
        assert_eq!(spend(&nonce, Some(1)), Use::Again);
        let nonce = nonces.make(now);
        assert_eq!(spend(&nonce, Some(1)), Use::First);
        assert_eq!(spend(&nonce, None), Use::Again);
    }

    #[test]
    fn what_was_not_made_here_is_stale() {
        let (ours, now) = nonces(8);
        let (others, _) = nonces(8);
        let nonce = others.make(now);
        assert_eq!(ours.spend(nonce.as_bytes(), Some(1), now), Use::Stale);
        let nonce = ours.make(now).into_bytes();
        for at in 0..nonce.len() {
            let mut changed = nonce.clone();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(ours.spend(&changed, Some(1), now), Use::Stale, "{at}");
        }
        for wrong in [&b""[..], b"00", &nonce[1..], &[&nonce[..], b"00"].concat()] {
            assert_eq!(ours.spend(wrong, Some(1), now), Use::Stale);
        }
        assert_eq!(ours.spend(&nonce, Some(1), now), Use::First);
        assert_ne!(ours.make(now), ours.make(now));
        assert_ne!(ours.opaque(), others.opaque());
    }

    #[test]
    fn it_grows_old() {
        let (nonces, now) = nonces(8);
        let nonce = nonces.make(now);
        let spend = |count, now| nonces.spend(nonce.as_bytes(), Some(count), now);
        assert_eq!(spend(1, now + LIFETIME), Use::First);
        let late = now + LIFETIME + Duration::from_micros(1);
        assert_eq!(spend(2, late), Use::Stale);
        // and is forgotten when another one comes
        let other = nonces.make(late);
        assert_eq!(nonces.spend(other.as_bytes(), Some(1), late), Use::First);
        assert_eq!(nonces.used.lock().expect("whole").counts.len(), 1);
    }

    #[test]
    fn when_as_many_are_in_use_as_are_remembered_the_oldest_is_stale() {
        let (nonces, now) = nonces(3);
        let spend = |nonce: &String, count| nonces.spend(nonce.as_bytes(), Some(count), now);
        let all: Vec<String> = (0..5).map(|at| nonces.make(now + SECOND * at)).collect();
        for nonce in &all[1..4] {
            assert_eq!(spend(nonce, 1), Use::First);
        }
        // one that was made before all that are remembered has no room
        assert_eq!(spend(&all[0], 1), Use::Stale);
        assert_eq!(spend(&all[4], 1), Use::First);
        // its room was the oldest's, which cannot be replayed nevertheless
        assert_eq!(spend(&all[1], 1), Use::Stale);
        assert_eq!(spend(&all[1], 2), Use::Stale);
        assert_eq!(spend(&all[0], 1), Use::Stale);
        for nonce in &all[2..] {
            assert_eq!(spend(nonce, 1), Use::Again);
            assert_eq!(spend(nonce, 2), Use::First);
        }
        assert_eq!(nonces.used.lock().expect("whole").counts.len(), 3);
    }

    #[test]
    fn whatever_order_they_come_in_nothing_is_accepted_twice() {
        let (nonces, now) = nonces(4);
        let all: Vec<String> = (0..12).map(|_| nonces.make(now)).collect();
        let mut accepted = std::collections::HashSet::new();
        let mut state = 1_u32;
        for _ in 0..5000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (at, count) = ((state >> 8) as usize % 12, state >> 20 & 7);
            if nonces.spend(all[at].as_bytes(), Some(count), now) == Use::First {
                assert!(accepted.insert((at, count)), "{at} {count}");
            }
            let remembered = nonces.used.lock().expect("whole").counts.len();
            assert!(remembered <= 4);
        }
        assert!(accepted.len() >= 16);
    }
}
