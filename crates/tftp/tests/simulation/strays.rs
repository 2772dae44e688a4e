//! Strangers: datagrams from addresses that have no part in a transfer, and what they must get.

use wirelore_testkit::Rng;
use wirelore_tftp::wire::{Ack, Data, Direction, ErrorPacket, Packet, encode_oack, encode_request};
use wirelore_tftp::{Duration, ErrorCode, Instant};

/// When the next stranger comes to a node, and with what.
#[derive(Debug)]
pub(crate) struct Strays {
    interval: Option<Duration>,
    rng: Rng,
    next_at: Option<Instant>,
}

impl Strays {
    pub(crate) fn new(interval: Option<Duration>, mut rng: Rng) -> Self {
        let next_at = interval.map(|interval| Instant::ORIGIN + rng.up_to(interval));
        Self {
            interval,
            rng,
            next_at,
        }
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.next_at
    }

    /// Who comes at `now`, to which of `addresses`, and with what. `host`: the half of the address
    /// that a neighbour of the peer would have; `None` when it must be somebody from elsewhere.
    pub(crate) fn come(
        &mut self,
        now: Instant,
        host: Option<u32>,
        addresses: impl IntoIterator<Item = u32>,
    ) -> Option<(u32, u32, Vec<u8>)> {
        self.next_at.filter(|&at| at <= now)?;
        // not more than ten a second, so that each of them deserves an answer
        let pause = Duration::from_millis(110) + self.rng.up_to(self.interval?);
        self.next_at = Some(now + pause);
        let host = host
            .filter(|_| self.rng.below(2) == 0)
            .unwrap_or(0x0007_0000);
        let from = host | 0x9000 | self.rng.below(0x1000) as u32;
        let addresses: Vec<u32> = addresses.into_iter().collect();
        let to = *self.rng.pick(&addresses);
        Some((from, to, self.datagram()))
    }

    fn datagram(&mut self) -> Vec<u8> {
        let rng = &mut self.rng;
        let mut buf = [0; 600];
        let block = *rng.pick(&[0, 1, 2, 3, 65535]);
        let content = [0x55; 512];
        let payload = &content[..*rng.pick(&[0, 7, 512])];
        let len = match rng.below(7) {
            0 => Packet::Data(Data { block, payload }).encode(&mut buf),
            1 | 2 => Packet::Ack(Ack { block }).encode(&mut buf),
            3 => encode_oack([(&b"blksize"[..], &b"8"[..])], &mut buf),
            4 => {
                let (code, message) = (ErrorCode(block), &b"stray"[..]);
                Packet::Error(ErrorPacket { code, message }).encode(&mut buf)
            }
            5 => encode_request(Direction::Read, b"file0", b"mail", [], &mut buf),
            _ => return rng.octets(block as usize % 6),
        };
        buf[..len.expect("it fits")].to_vec()
    }
}

/// How a machine that knows its peer must answer a datagram from somebody else: with one ERROR 5,
/// unless it was an ERROR or no TFTP at all.
pub(crate) fn deserves_error_5(datagram: &[u8]) -> bool {
    matches!(Packet::parse(datagram), Ok(packet) if !matches!(packet, Packet::Error(_)))
}

/// Counts strangers, since only so many a second are answered.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    recent: Vec<Instant>,
}

impl Rate {
    /// Whether a stranger at `now` is certain to be answered, `limit` a second being promised.
    pub(crate) fn is_low(&mut self, now: Instant, limit: usize) -> bool {
        self.recent
            .retain(|&at| now.since(at) <= Duration::from_secs(1));
        self.recent.push(now);
        self.recent.len() <= limit
    }
}
